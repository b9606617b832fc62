#include "text/payload_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "nmsg/protobuf.h"

namespace sie::text {

namespace pb = nmsg::protobuf;

std::string wanted(const FieldRow& row) {
    switch (row.kind) {
        case Kind::enumeration:
        case Kind::dnsqr_checksum: return "one of its names";
        case Kind::ip:
        case Kind::ncap_source:
        case Kind::ncap_destination: return "an address";
        case Kind::f64: return "a number with a fraction";
        case Kind::boolean: return "true or false";
        case Kind::string:
        case Kind::multiline: return "a text";
        case Kind::name: return "a domain name";
        case Kind::rrtype: return "a type, such as A or TYPE65000";
        case Kind::rrclass: return "a class, such as IN or CLASS77";
        case Kind::rcode: return "an rcode, such as NXDOMAIN or 15";
        case Kind::proto: return "UDP, TCP, ICMP or a number as text";
        case Kind::rdata: return "rdata of its rrtype and rrclass";
        case Kind::hex: return "up to eight hexadecimal digits";
        case Kind::u16:
        case Kind::i16: return "a number of 16 bits";
        case Kind::u32:
        case Kind::i32: return "a number of 32 bits";
        case Kind::u64:
        case Kind::i64: return "a number of 64 bits";
        default: return "base64";
    }
}

void PayloadEncoder::start(const PayloadType& type) {
    type_ = &type;
    outer_.clear();
    inner_.clear();
}

PayloadEncoder::Encoded PayloadEncoder::encoded(const FieldRow& row, const StoredValue& value) {
    Encoded out{row.number, {}};
    std::array<std::uint8_t, 2 * pb::longest_varint> head;
    std::uint8_t* end = head.data();
    switch (row.storage) {
        case Storage::varint: end = pb::write_varint_field(end, row.number, value.number); break;
        case Storage::fixed32:
            end = pb::write_fixed32_field(end, row.number, static_cast<std::uint32_t>(value.number));
            break;
        case Storage::fixed64: end = pb::write_fixed64_field(end, row.number, value.number); break;
        case Storage::bytes: end = pb::write_bytes_start(end, row.number, value.octets.size()); break;
    }
    out.octets.assign(reinterpret_cast<const char*>(head.data()),
                      static_cast<std::size_t>(end - head.data()));
    if (row.storage == Storage::bytes) out.octets += value.octets;
    return out;
}

void PayloadEncoder::add(const FieldRow& row, const StoredValue& value) {
    (row.inside != 0 ? inner_ : outer_).push_back(encoded(row, value));
}

bool PayloadEncoder::has(const FieldRow& row) const {
    const std::vector<Encoded>& of = row.inside != 0 ? inner_ : outer_;
    return std::any_of(of.begin(), of.end(), [&](const Encoded& each) { return each.number == row.number; });
}

Result<Octets> PayloadEncoder::finish() {
    const auto append_sorted = [](std::vector<Encoded>& fields, std::string& to) {
        std::stable_sort(fields.begin(), fields.end(),
                         [](const Encoded& a, const Encoded& b) { return a.number < b.number; });
        for (const Encoded& field : fields) to += field.octets;
    };
    for (const FieldRow& row : type_->rows)
        if (row.label == Label::required && (row.inside == 0 || !inner_.empty()) && !has(row))
            return fail(ErrorKind::damaged, fmt::format("{}.{}", type_->name, row.name), "is missing",
                        "write " + wanted(row));
    if (!inner_.empty()) {
        StoredValue nested;
        append_sorted(inner_, nested.octets);
        const auto inside = std::find_if(type_->rows.begin(), type_->rows.end(),
                                         [](const FieldRow& row) { return row.inside != 0; });
        const auto holder = std::find_if(type_->rows.begin(), type_->rows.end(), [&](const FieldRow& row) {
            return row.inside == 0 && row.number == inside->inside;
        });
        outer_.push_back(encoded(*holder, nested));
    }
    octets_.clear();
    append_sorted(outer_, octets_);
    return as_octets(octets_);
}

}  // namespace sie::text
