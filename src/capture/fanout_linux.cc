#include "capture/fanout_linux.h"

#include <linux/filter.h>
#include <linux/if_packet.h>

#include "capture/filter_program.h"

namespace sie::capture {
namespace {

using Label = FilterProgram::Label;

constexpr std::uint32_t base_cell = 0, hash_cell = 1, sum_cell = 2, word_cell = 3;

// A ^= A >> bits
void fold(FilterProgram& p, std::uint32_t bits) {
    p.instruction(bpf::exclusive_or_x);
    p.instruction(bpf::load_x_cell, word_cell);
    p.instruction(bpf::load_cell, hash_cell);
    p.instruction(bpf::store, word_cell);
    p.instruction(bpf::shift_right, bits);
    p.instruction(bpf::store, hash_cell);
}

// The number from what stands at [X + source], [X + destination]: symmetric, since of each pair of words only
// their sum and their exclusive or are used. Mixed so that any part of it is fit for a modulus.
Label mix(FilterProgram& p, std::uint32_t source, std::uint32_t destination, std::uint32_t words) {
    p.instruction(bpf::give_a);
    fold(p, 16);
    p.instruction(bpf::multiply, 0xc2b2ae35);
    fold(p, 13);
    p.instruction(bpf::multiply, 0x85ebca6b);
    fold(p, 16);
    for (std::uint32_t word = words; word-- > 0;) {
        // hash = (hash · c + (a ^ b)) · c' + (a + b)
        const auto pair = [&](std::uint16_t both, std::uint32_t factor) {
            p.instruction(bpf::add_x);
            p.instruction(bpf::load_x_cell, sum_cell);
            p.instruction(bpf::multiply, factor);
            p.instruction(bpf::load_cell, hash_cell);
            p.instruction(bpf::store, sum_cell);
            p.instruction(both);
            p.instruction(bpf::load_x_cell, word_cell);
            p.instruction(bpf::load_word_at_x, destination + 4 * word);
            p.instruction(bpf::store, word_cell);
            p.instruction(bpf::load_word_at_x, source + 4 * word);
            p.instruction(bpf::load_x_cell, base_cell);
        };
        pair(bpf::add_x, 0x9e3779b1);
        p.instruction(bpf::store, hash_cell);
        pair(bpf::exclusive_or_x, 0x85ebca77);
        if (word > 0) p.instruction(bpf::store, hash_cell);
    }
    p.instruction(bpf::store, hash_cell);
    p.instruction(bpf::load_constant, 0);
    return p.instruction(bpf::store_x, base_cell);
}

}  // namespace

// The kernel runs it on received frames from the network header on, on sent ones from the link header on.
std::vector<FilterInstruction> make_fanout_program(bool ethernet) {
    constexpr std::uint32_t ancillary = static_cast<std::uint32_t>(SKF_AD_OFF),
                            network = static_cast<std::uint32_t>(SKF_NET_OFF);
    FilterProgram p;
    const Label none = p.instruction(bpf::give_constant, 0);
    const Label v6 = mix(p, 8, 24, 4), v4 = mix(p, 12, 16, 1);
    const auto by_type = [&](Label tagged) {
        Label next = none;
        if (tagged != none)
            for (const std::uint32_t type : {0x9100U, 0x88a8U, 0x8100U})
                next = p.branch(bpf::if_equal, type, tagged, next);
        next = p.branch(bpf::if_equal, 0x86dd, v6, next);
        return p.branch(bpf::if_equal, 0x0800, v4, next);
    };
    Label tagged = none;
    for (int tags = 0; tags < 2; ++tags) {
        by_type(tagged);
        p.instruction(bpf::load_half_at_x, static_cast<std::uint32_t>(-2));
        p.instruction(bpf::a_to_x);
        p.instruction(bpf::add_x);
        tagged = p.instruction(bpf::load_constant, 4);
    }
    const Label start = by_type(tagged);
    const Label type = p.instruction(bpf::load_word, ancillary + SKF_AD_PROTOCOL);
    const Label received = p.instruction(bpf::load_x_constant, 0);
    Label sent;
    if (ethernet) {
        p.go_on_at(start);
        p.instruction(bpf::load_half, 12);
        sent = p.instruction(bpf::load_x_constant, 14);
    } else {
        p.go_on_at(type);
        sent = p.instruction(bpf::load_x_constant, network);
    }
    p.branch(bpf::if_equal, PACKET_OUTGOING, sent, received);
    p.instruction(bpf::load_word, ancillary + SKF_AD_PKTTYPE);
    return p.finished();
}

}  // namespace sie::capture
