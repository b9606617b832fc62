// The judge of rdata passes items of fixed size in one step: against one item after the other.
#include "dns/rdata_text.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "dns/rdata_layout.h"

namespace sie::dns {
namespace {

// How many octets an item of fixed size has; 0 for the others.
std::size_t size_of(Item item) {
    switch (item) {
        case Item::u8: return 1;
        case Item::u16:
        case Item::type: return 2;
        case Item::u32:
        case Item::ipv4: return 4;
        case Item::ipv6: return 16;
        default: return 0;
    }
}

// The plain twin, for layouts whose items are fixed, names, or take the rest.
bool item_by_item(const std::vector<Item>& items, const std::vector<std::uint8_t>& rdata) {
    std::size_t at = 0;
    for (const Item item : items) {
        if (at == rdata.size()) return true;
        if (item == Item::name) {
            for (;;) {
                if (at == rdata.size() || rdata[at] > 63) return false;
                const std::size_t length = rdata[at++];
                if (length == 0) break;
                if (rdata.size() - at < length) return false;
                at += length;
            }
        } else if (const std::size_t size = size_of(item); size != 0) {
            if (rdata.size() - at < size) return false;
            at += size;
        } else {
            at = rdata.size();
        }
    }
    return at == rdata.size();
}

TEST(RdataIsWellFormed, AgreesWithOneItemAfterTheOther) {
    std::mt19937 random(29);
    std::size_t types = 0, sound = 0, unsound = 0;
    for (std::uint16_t type = 0; type < 300; ++type) {
        const RdataLayout* const layout = layout_of(type);
        if (layout == nullptr) continue;
        const std::vector<Item> items(layout->items.begin(), layout->items.end());
        bool simple = true;
        for (const Item item : items)
            simple = simple && (size_of(item) != 0 || item == Item::name || item == Item::hex ||
                                item == Item::base64 || item == Item::quoted || item == Item::octet_pairs);
        if (!simple) continue;
        ++types;
        for (int round = 0; round < 4000; ++round) {
            std::vector<std::uint8_t> rdata(random() % 40);
            for (std::uint8_t& octet : rdata)
                octet = static_cast<std::uint8_t>(random() % 3 == 0 ? 0 : random() % 6);
            const bool expected = item_by_item(items, rdata);
            ASSERT_EQ(rdata_is_well_formed(Rdata::alone(rdata, type, 1)), expected) << type;
            ++(expected ? sound : unsound);
        }
    }
    EXPECT_GT(types, 25U);
    EXPECT_GT(sound, 10'000U);
    EXPECT_GT(unsound, 10'000U);
}

}  // namespace
}  // namespace sie::dns
