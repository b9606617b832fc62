// Which known name a misspelt one was meant to be.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace sie::service {

// Letters that must be put in, taken out, replaced or exchanged with their neighbour to make one of the
// other (optimal string alignment); case and underscores are not counted. Costs the product of the lengths.
[[nodiscard]] std::size_t spelling_distance(std::string_view one, std::string_view other);

// The nearest of `known`, the first of equals; empty if none is near (more than a third of its letters
// differ). A name of more than 64 octets is near to nothing.
[[nodiscard]] std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known);

}  // namespace sie::service
