#include "dns/type_name.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <span>

#include "base/text_append.h"
#include "dns/standard_types.h"

namespace sie::dns {

namespace {

struct Row {
    std::uint16_t number;
    std::string_view name;
};

// In ascending order of numbers: found by binary search, or at once for the low ones.
constexpr Row types[] = {
    {1, "A"},        {2, "NS"},      {3, "MD"},          {4, "MF"},       {5, "CNAME"},       {6, "SOA"},
    {7, "MB"},       {8, "MG"},      {9, "MR"},          {10, "NULL"},    {11, "WKS"},        {12, "PTR"},
    {13, "HINFO"},   {14, "MINFO"},  {15, "MX"},         {16, "TXT"},     {17, "RP"},         {18, "AFSDB"},
    {19, "X25"},     {20, "ISDN"},   {21, "RT"},         {22, "NSAP"},    {23, "NSAP-PTR"},   {24, "SIG"},
    {25, "KEY"},     {26, "PX"},     {27, "GPOS"},       {28, "AAAA"},    {29, "LOC"},        {30, "NXT"},
    {31, "EID"},     {32, "NIMLOC"}, {33, "SRV"},        {34, "ATMA"},    {35, "NAPTR"},      {36, "KX"},
    {37, "CERT"},    {38, "A6"},     {39, "DNAME"},      {40, "SINK"},    {41, "OPT"},        {42, "APL"},
    {43, "DS"},      {44, "SSHFP"},  {45, "IPSECKEY"},   {46, "RRSIG"},   {47, "NSEC"},       {48, "DNSKEY"},
    {49, "DHCID"},   {50, "NSEC3"},  {51, "NSEC3PARAM"}, {52, "TLSA"},    {55, "HIP"},        {56, "NINFO"},
    {57, "RKEY"},    {58, "TALINK"}, {59, "CDS"},        {60, "CDNSKEY"}, {61, "OPENPGPKEY"}, {62, "CSYNC"},
    {64, "SVCB"},    {65, "HTTPS"},  {99, "SPF"},        {100, "UINFO"},  {101, "UID"},       {102, "GID"},
    {103, "UNSPEC"}, {104, "NID"},   {105, "L32"},       {106, "L64"},    {107, "LP"},        {108, "EUI48"},
    {109, "EUI64"},  {249, "TKEY"},  {250, "TSIG"},      {251, "IXFR"},   {252, "AXFR"},      {253, "MAILB"},
    {254, "MAILA"},  {255, "ANY"},   {256, "URI"},       {257, "CAA"},    {32768, "TA"},      {32769, "DLV"}};
constexpr Row classes[] = {{1, "IN"}, {3, "CH"}, {4, "HS"}, {254, "NONE"}, {255, "ANY"}};
constexpr Row opcodes[] = {{0, "QUERY"}, {1, "IQUERY"}, {2, "STATUS"}, {4, "NOTIFY"}, {5, "UPDATE"}};
constexpr Row rcodes[] = {{0, "NOERROR"}, {1, "FORMERR"}, {2, "SERVFAIL"}, {3, "NXDOMAIN"},
                          {4, "NOTIMP"},  {5, "REFUSED"}, {6, "YXDOMAIN"}, {7, "YXRRSET"},
                          {8, "NXRRSET"}, {9, "NOTAUTH"}, {10, "NOTZONE"}, {16, "BADVERS"}};

[[nodiscard]] std::string_view name_in(std::span<const Row> rows, std::uint16_t number) {
    for (const Row& row : rows) {
        if (row.number == number) return row.name;
    }
    return {};
}

// By number, as long as numbers are below `size`; the few names above are searched.
template <std::size_t size>
constexpr std::array<std::string_view, size> names_below(std::span<const Row> rows) {
    std::array<std::string_view, size> names{};
    for (const Row& row : rows)
        if (row.number < size) names[row.number] = row.name;
    return names;
}
constexpr auto low_types = names_below<258>(types);  // up to CAA, which are nearly all that is seen
constexpr auto low_classes = names_below<5>(classes);
constexpr auto all_opcodes = names_below<16>(opcodes);
constexpr auto all_rcodes = names_below<17>(rcodes);
static_assert(std::end(rcodes)[-1].number < all_rcodes.size());

// The same as octets of one size, so that the copy of a name takes no branch on how long it is.
struct Block {
    std::array<char, 15> text{};
    std::uint8_t size = 0;
};
template <std::size_t size>
constexpr std::array<Block, size> blocks_of(const std::array<std::string_view, size>& names) {
    std::array<Block, size> blocks{};
    for (std::size_t i = 0; i < size; ++i) {
        std::copy(names[i].begin(), names[i].end(), blocks[i].text.begin());
        blocks[i].size = static_cast<std::uint8_t>(names[i].size());
    }
    return blocks;
}
constexpr auto type_blocks = blocks_of(low_types);
constexpr auto class_blocks = blocks_of(low_classes);
constexpr auto opcode_blocks = blocks_of(all_opcodes);
constexpr auto rcode_blocks = blocks_of(all_rcodes);
static_assert(sizeof(Block) <= name_room);

// Null, and nothing written, if `number` has no block or the block no name.
template <std::size_t size>
[[gnu::always_inline]] inline char* put_block(char* out, const std::array<Block, size>& blocks,
                                              std::uint16_t number) {
    if (number >= size || blocks[number].size == 0) return nullptr;
    const Block& block = blocks[number];
    std::memcpy(out, &block, sizeof block);
    return out + block.size;
}

char* put_other(char* out, std::string_view name, std::string_view unnamed, std::uint16_t number) {
    const std::string_view word = name.empty() ? unnamed : name;
    out = std::copy(word.begin(), word.end(), out);
    return name.empty() ? put_decimal(out, number) : out;
}

[[nodiscard]] char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

[[nodiscard]] bool starts_with(std::string_view text, std::string_view upper_case) {
    return text.size() >= upper_case.size() && std::equal(upper_case.begin(), upper_case.end(), text.begin(),
                                                          [](char a, char b) { return a == upper(b); });
}

[[nodiscard]] std::optional<std::uint16_t> number_in(std::span<const Row> rows, std::string_view text) {
    for (const Row& row : rows) {
        if (row.name.size() == text.size() && starts_with(text, row.name)) return row.number;
    }
    return std::nullopt;
}

[[nodiscard]] std::optional<std::uint16_t> whole_number(std::string_view digits, int base = 10) {
    std::uint16_t value = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (error != std::errc{} || stop != digits.data() + digits.size()) return std::nullopt;
    return value;
}

// RFC 3597 §5: TYPE65000, CLASS77.
[[nodiscard]] std::optional<std::uint16_t> unnamed(std::string_view word, std::string_view text) {
    return starts_with(text, word) ? whole_number(text.substr(word.size())) : std::nullopt;
}

}  // namespace

std::string_view type_name(std::uint16_t type) {
    return type < low_types.size() ? low_types[type] : name_in(types, type);
}
std::string_view class_name(std::uint16_t qclass) {
    return qclass < low_classes.size() ? low_classes[qclass] : name_in(classes, qclass);
}
std::string_view opcode_name(std::uint8_t opcode) {
    return opcode < all_opcodes.size() ? all_opcodes[opcode] : std::string_view{};
}
std::string_view rcode_name(std::uint16_t rcode) {
    return rcode < all_rcodes.size() ? all_rcodes[rcode] : std::string_view{};
}

char* put_type(char* out, std::uint16_t type) {
    char* const end = put_block(out, type_blocks, type);
    return end != nullptr ? end : put_other(out, type_name(type), "TYPE", type);
}

char* put_class(char* out, std::uint16_t qclass) {
    char* const end = put_block(out, class_blocks, qclass);
    return end != nullptr ? end : put_other(out, class_name(qclass), "CLASS", qclass);
}

char* put_opcode_name(char* out, std::uint8_t opcode) { return put_block(out, opcode_blocks, opcode); }
char* put_rcode_name(char* out, std::uint16_t rcode) { return put_block(out, rcode_blocks, rcode); }

void append_type(TextBuffer& text, std::uint16_t type) { text.grow_to(put_type(text.room(name_room), type)); }

void append_class(TextBuffer& text, std::uint16_t qclass) {
    text.grow_to(put_class(text.room(name_room), qclass));
}

void append_rcode(TextBuffer& text, std::uint16_t rcode) {
    const std::string_view name = rcode_name(rcode);
    name.empty() ? append_decimal(text, rcode) : void(text += name);
}

std::string type_text(std::uint16_t type) {
    TextBuffer text;
    append_type(text, type);
    return text.str();
}

std::string class_text(std::uint16_t qclass) {
    TextBuffer text;
    append_class(text, qclass);
    return text.str();
}

std::string rcode_text(std::uint16_t rcode) {
    TextBuffer text;
    append_rcode(text, rcode);
    return text.str();
}

// Names that the reference tool does not print are read all the same: --rdata=standard writes them.
std::optional<std::uint16_t> type_from_text(std::string_view text) {
    if (const auto named = number_in(types, text)) return named;
    for (const StandardType& row : standard_types())
        if (row.name.size() == text.size() && starts_with(text, row.name)) return row.number;
    return unnamed("TYPE", text);
}

std::optional<std::uint16_t> class_from_text(std::string_view text) {
    const auto named = number_in(classes, text);
    return named ? named : unnamed("CLASS", text);
}

std::optional<std::uint8_t> rcode_from_text(std::string_view text) {
    auto rcode = number_in(rcodes, text);
    if (!rcode && starts_with(text, "0X")) rcode = whole_number(text.substr(2), 16);
    if (!rcode && (text.size() == 1 || !text.starts_with('0'))) rcode = whole_number(text);
    if (!rcode || *rcode > 15) return std::nullopt;
    return static_cast<std::uint8_t>(*rcode);
}

}  // namespace sie::dns
