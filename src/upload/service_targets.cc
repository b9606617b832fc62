#include "upload/service_targets.h"

#include <arpa/nameser.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <utility>

#include "base/quoted.h"

namespace sie::upload {
namespace {

constexpr std::size_t most_targets = 64;
constexpr std::size_t srv_fixed_octets = 6;

[[nodiscard]] tl::unexpected<Error> not_an_answer(const std::string& name) {
    return fail(ErrorKind::system, name, "the DNS server's answer is damaged",
                "see what the resolver of this machine answers: dig SRV " + name);
}

}  // namespace

bool is_host_name(std::string_view name) {
    if (name.empty() || name.size() > 253) return false;
    for (std::size_t at = 0; at <= name.size();) {
        const std::size_t end = std::min(name.find('.', at), name.size());
        const std::string_view label = name.substr(at, end - at);
        if (label.empty() || label.size() > 63 || label.front() == '-') return false;
        for (const char c : label)
            if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_'))
                return false;
        at = end + 1;
    }
    return true;
}

Result<std::vector<ServiceTarget>> service_targets_in(Octets answer, const std::string& name) {
    ns_msg message{};
    if (answer.size() > std::numeric_limits<std::uint16_t>::max() ||
        ns_initparse(answer.data(), static_cast<int>(answer.size()), &message) != 0)
        return not_an_answer(name);

    std::vector<ServiceTarget> targets;
    std::string unsound;  // the first one that cannot be used
    bool is_absent = false;
    for (int i = 0; i < ns_msg_count(message, ns_s_an) && targets.size() < most_targets; ++i) {
        ns_rr record{};
        if (ns_parserr(&message, ns_s_an, i, &record) != 0) return not_an_answer(name);
        if (ns_rr_type(record) != ns_t_srv || ns_rr_class(record) != ns_c_in) continue;
        const std::uint8_t* const data = ns_rr_rdata(record);
        if (ns_rr_rdlen(record) <= srv_fixed_octets) return not_an_answer(name);
        // RFC 2782 forbids compression here; it is undone where it occurs.
        std::array<char, NS_MAXDNAME> text{};
        const int length = ns_name_uncompress(ns_msg_base(message), ns_msg_end(message),
                                              data + srv_fixed_octets, text.data(), text.size());
        if (length < 0 || srv_fixed_octets + static_cast<std::size_t>(length) != ns_rr_rdlen(record))
            return not_an_answer(name);
        ServiceTarget target{load_be16(data), load_be16(data + 2), load_be16(data + 4), text.data()};
        if (target.host.empty() || target.host == ".") {
            is_absent = true;
        } else if (!is_host_name(target.host) || target.port == 0) {
            if (unsound.empty()) unsound = fmt::format("{} port {}", quoted(target.host), target.port);
        } else {
            targets.push_back(std::move(target));
        }
    }
    if (targets.empty() && is_absent)
        return fail(ErrorKind::system, name, "the DNS says that this service is not there (SRV target \".\")",
                    "ask the operator of the collector, or set another submitserver");
    if (targets.empty() && !unsound.empty())
        return fail(ErrorKind::system, name, "the SRV record names no usable host: " + unsound,
                    "tell the operator of the collector");
    return targets;
}

void put_in_order(std::vector<ServiceTarget>& targets, const Draw& draw) {
    std::ranges::stable_sort(targets, {},
                             [](const ServiceTarget& t) { return std::pair(t.priority, t.weight != 0); });
    for (auto begin = targets.begin(); begin != targets.end(); ++begin) {
        auto end = begin;
        std::uint64_t sum = 0;
        for (; end != targets.end() && end->priority == begin->priority; ++end) sum += end->weight;
        const std::uint64_t drawn = draw(sum);
        std::uint64_t running = 0;
        auto chosen = begin;
        for (; chosen + 1 != end; ++chosen)
            if ((running += chosen->weight) >= drawn) break;
        std::rotate(begin, chosen, chosen + 1);
    }
}

}  // namespace sie::upload
