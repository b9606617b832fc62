// Payloads, as they stand in a container: decoded and encoded they are the same, and both text forms show
// them.
#include "fuzz/json_holds.h"
#include "fuzz/payload_holds.h"
#include "nmsg/payload.h"
#include "text/transaction_line.h"

namespace sie::fuzz::payloads {
namespace {

// Decoded and encoded, then once more: nothing changes after the first.
void encodes_as_itself(const nmsg::Payload& payload) {
    Bytes octets(nmsg::encoded_size(payload)), scattered;
    require(nmsg::encode(payload, octets.data()) == octets.data() + octets.size(),
            "a payload takes what it said");
    const auto again = nmsg::decode_payload(octets, &scattered);
    require(again.has_value(), "a payload that was written is read");
    Bytes second(nmsg::encoded_size(*again));
    nmsg::encode(*again, second.data());
    require(octets == second, "a payload that was read is written as it was");
}

void transaction_holds(const nmsg::Payload& payload) {
    const auto decoded = nmsg::decode_dnsqr(payload.octets);
    if (!decoded) return;
    reads_as_written(written(decoded->payload, {}));
    for (const char c : text::transaction_line(decoded->payload, payload.time_sec, payload.time_nsec))
        require(c >= 0x20 && c < 0x7f, "a line for people is printable");
}

}  // namespace
}  // namespace sie::fuzz::payloads

SIE_FUZZ_TARGET(payload) {
    using namespace sie;
    using namespace sie::fuzz;
    using namespace sie::fuzz::payloads;
    Bytes scattered;
    const auto payload = nmsg::decode_payload(input, &scattered);
    if (!payload) return;
    encodes_as_itself(*payload);
    if (payload->vendor == nmsg::vendor_base && payload->type == nmsg::type_dnsqr)
        transaction_holds(*payload);
    for (const dns::RdataForm form : {dns::RdataForm::reference, dns::RdataForm::standard}) {
        text::EnvelopeStyle style;
        style.rdata_form = form;
        text::PayloadText writer(style);
        TextBuffer text;
        writer.append_presentation(text, *payload);
        require(text.ends_with('\n'), "presentation ends its lines");
        writer.append_json(text, *payload);
    }
    comes_back(*payload, From::anywhere);
}
