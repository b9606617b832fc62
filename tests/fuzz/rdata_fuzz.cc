// Rdata that stands alone, of every type and class.
//
//   0 type   2 class, but for 3 of 4 inputs IN   3 the rdata
#include "fuzz/rdata_holds.h"

SIE_FUZZ_TARGET(rdata) {
    using namespace sie::fuzz;
    Choices choices(input);
    const std::uint16_t type = choices.number16(), rrclass = choices.octet();
    if (choices.rest().size() > 65'535) return;
    rdata_holds(
        sie::dns::Rdata::alone(choices.rest(), type, (rrclass & 3) != 0 ? std::uint16_t{1} : rrclass));
}
