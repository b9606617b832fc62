#include "upload/draw.h"

#include <memory>
#include <random>

namespace sie::upload {

Draw random_draw() {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return [engine = std::make_shared<std::mt19937_64>(seed)](std::uint64_t most) {
        return std::uniform_int_distribution<std::uint64_t>(0, most)(*engine);
    };
}

}  // namespace sie::upload
