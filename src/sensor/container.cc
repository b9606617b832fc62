#include "sensor/container.h"

#include <random>

#include "nmsg/container.h"

namespace sie::sensor {

Octets frame(const Container& container, nmsg::Compressor& compressor, std::vector<std::uint8_t>& framed) {
    if (compressor.level() == nmsg::Compression::none && !container.oversized) return container.octets;
    framed.clear();
    const std::uint32_t fragment_id = container.oversized ? std::random_device{}() : 0;
    nmsg::frame_container(Octets(container.octets).subspan(nmsg::header_octets), container.oversized,
                          nmsg::most_container, compressor, fragment_id, framed);
    return framed;
}

}  // namespace sie::sensor
