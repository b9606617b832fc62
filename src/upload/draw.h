// Where chance comes from: a function that tests replace.
#pragma once

#include <cstdint>
#include <functional>

namespace sie::upload {

// Any whole number from 0 to `most`, both included, each as likely as the others.
using Draw = std::function<std::uint64_t(std::uint64_t most)>;

// Seeded by the operating system.
[[nodiscard]] Draw random_draw();

}  // namespace sie::upload
