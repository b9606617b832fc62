#include "nmsg/fragments.h"

#include "base/crc32c.h"
#include "nmsg/protobuf.h"

namespace sie::nmsg {
namespace pb = protobuf;
namespace {

enum : std::uint32_t { field_id = 1, field_current, field_last, field_fragment, field_crc };

// What keeping a piece costs beside its octets (a node of the map, a block of the heap), so that empty pieces
// count as well.
constexpr std::size_t piece_cost = 128;

constexpr std::int64_t longest_wait_ns = 30 * Time::per_second;  // N24

}  // namespace

std::optional<Fragment> decode_fragment(Octets octets) {
    Fragment fragment;
    std::uint32_t seen = 0;
    pb::FieldWalk walk(octets);
    for (pb::Field field; walk.next(field);) {
        pb::Wire wanted = pb::Wire::varint;
        switch (field.number) {
            case field_id: fragment.id = field.as_uint32(); break;
            case field_current: fragment.current = field.as_uint32(); break;
            case field_last: fragment.last = field.as_uint32(); break;
            case field_fragment:
                wanted = pb::Wire::bytes;
                fragment.octets = field.octets;
                break;
            case field_crc: fragment.crc = field.as_uint32(); break;
            default: continue;
        }
        if (field.wire != wanted) return {};
        seen |= std::uint32_t{1} << field.number;
    }
    constexpr std::uint32_t required = 0b1'1110;  // fields 1 to 4
    if (walk.damaged() || (seen & required) != required) return {};
    return fragment;
}

std::optional<Octets> FragmentSets::add(const Fragment& fragment, std::uint64_t sender, Time now) {
    while (!sets_.empty() && now.ns - sets_.front().begun.ns > longest_wait_ns)
        drop(sets_.begin(), counts_.fragments_incomplete);
    if (fragment.current > fragment.last || fragment.last >= limits_.fragment_octets / piece_cost) {
        ++counts_.fragments_rejected;
        return {};
    }
    const Place set = find_or_start(fragment, sender, now);
    if (set->last != fragment.last) {
        ++counts_.fragments_rejected;
        return {};
    }
    const auto [piece, fresh] = set->pieces.try_emplace(fragment.current);
    if (!fresh) return {};
    piece->second.assign(fragment.octets.begin(), fragment.octets.end());
    set->octets += fragment.octets.size();
    held_ += fragment.octets.size() + piece_cost;
    if (set->octets > limits_.container_octets) {
        drop(set, counts_.fragments_rejected);
        return {};
    }
    if (set->pieces.size() > fragment.last) return complete(set);
    evict_beyond_limits();
    return {};
}

FragmentSets::Place FragmentSets::find_or_start(const Fragment& fragment, std::uint64_t sender, Time now) {
    for (Place set = sets_.begin(); set != sets_.end(); ++set)
        if (set->id == fragment.id && set->crc == fragment.crc && set->sender == sender) return set;
    sets_.push_back({fragment.id, fragment.last, fragment.crc, sender, now, {}, 0});
    return std::prev(sets_.end());
}

std::optional<Octets> FragmentSets::complete(Place set) {
    whole_.clear();
    whole_.reserve(set->octets);
    for (const auto& [current, octets] : set->pieces)
        whole_.insert(whole_.end(), octets.begin(), octets.end());
    if (set->crc && detail::swap(*set->crc) != crc32c(whole_)) {  // N7: stored with its octets swapped
        drop(set, counts_.fragments_rejected);
        return {};
    }
    std::uint64_t used = 0;
    drop(set, used);
    return whole_;
}

void FragmentSets::evict_beyond_limits() {
    while (!sets_.empty() && (sets_.size() > limits_.fragment_sets || held_ > limits_.fragment_octets))
        drop(sets_.begin(), counts_.fragments_incomplete);
}

void FragmentSets::drop(Place set, std::uint64_t& count) {
    count += set->pieces.size();
    held_ -= set->octets + set->pieces.size() * piece_cost;
    sets_.erase(set);
}

void FragmentSets::give_up() {
    while (!sets_.empty()) drop(sets_.begin(), counts_.fragments_incomplete);
}

}  // namespace sie::nmsg
