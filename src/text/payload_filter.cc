#include "text/payload_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/number.h"
#include "base/quoted.h"
#include "dns/name.h"
#include "text/decoded_payload.h"
#include "text/filter_value.h"
#include "text/time_text.h"

namespace sie::text {

namespace {

constexpr std::size_t most_octets = std::size_t{64} << 10, most_leaves = 1000, most_levels = 100;

enum class EnvelopeField : std::uint8_t {
    time,
    vname,
    mname,
    vid,
    msgtype,
    source,
    group_operator,
    group,
    size
};
constexpr std::array<std::string_view, 9> envelope_names{"time",   "vname",    "mname", "vid", "msgtype",
                                                         "source", "operator", "group", "size"};
constexpr std::string_view message_prefix = "message.";

using Moment = std::pair<WholeNumber, std::uint32_t>;

struct Leaf {
    Compare compare = Compare::there;
    // Of the envelope,
    std::optional<EnvelopeField> envelope{};
    WholeNumber number{};
    std::uint32_t nanoseconds = 0;
    Pattern pattern{};
    // or of each type that has such a field and for which the value means something.
    struct Target {
        const PayloadType* type;
        std::size_t row;
        FilterValue value;
    };
    std::vector<Target> targets{};
};

struct Node {
    enum class Kind : std::uint8_t { both, either, negated, leaf } kind = Kind::leaf;
    std::size_t left = 0, right = 0;  // nodes; of a leaf: `left` is its number
};

}  // namespace

struct PayloadFilter::Program {
    std::vector<Node> nodes;
    std::vector<Leaf> leaves;
    std::size_t root = 0;

    DecodedPayload decoded;
    TextBuffer scratch;
    const nmsg::Payload* payload = nullptr;
    std::optional<bool> is_decoded;

    bool decode() {
        if (!is_decoded) is_decoded = decoded.decode(*payload) == DecodedPayload::Outcome::decoded;
        return *is_decoded;
    }
    bool holds(std::size_t node) {
        const Node& n = nodes[node];
        switch (n.kind) {
            case Node::Kind::both: return holds(n.left) && holds(n.right);
            case Node::Kind::either: return holds(n.left) || holds(n.right);
            case Node::Kind::negated: return !holds(n.left);
            case Node::Kind::leaf: break;
        }
        const Leaf& leaf = leaves[n.left];
        return leaf.envelope ? envelope_holds(leaf) : field_holds(leaf);
    }
    bool envelope_holds(const Leaf& leaf) {
        const auto optional = [&](const std::optional<std::uint32_t>& has) {
            const std::uint32_t value = has.value_or(0);  // N9: zero is unset
            if (value == 0) return leaf.compare == Compare::unequal;
            return text::holds(WholeNumber::of_unsigned(value), leaf.compare, leaf.number);
        };
        const auto number = [&](std::uint64_t has) {
            return text::holds(WholeNumber::of_unsigned(has), leaf.compare, leaf.number);
        };
        const auto name = [&](std::string_view has) {
            if (leaf.compare == Compare::there) return !has.empty();
            return fits(leaf.pattern, has) == (leaf.compare == Compare::equal);
        };
        switch (*leaf.envelope) {
            case EnvelopeField::time:
                return ordered(Moment{WholeNumber::of(payload->time_sec), payload->time_nsec}, leaf.compare,
                               Moment{leaf.number, leaf.nanoseconds});
            case EnvelopeField::vname: return name(vendor_name(payload->vendor));
            case EnvelopeField::mname: {
                const PayloadType* type = find_type(payload->vendor, payload->type);
                return name(type == nullptr ? std::string_view{} : type->name);
            }
            case EnvelopeField::vid: return number(payload->vendor);
            case EnvelopeField::msgtype: return number(payload->type);
            case EnvelopeField::size: return number(payload->octets.size());
            case EnvelopeField::source: return optional(payload->source);
            case EnvelopeField::group_operator: return optional(payload->group_operator);
            case EnvelopeField::group: return optional(payload->group);
        }
        return false;
    }
    bool field_holds(const Leaf& leaf) {
        const PayloadType* type = find_type(payload->vendor, payload->type);
        const auto target = std::find_if(leaf.targets.begin(), leaf.targets.end(),
                                         [&](const Leaf::Target& each) { return each.type == type; });
        // A != B is not (A = B).
        if (target == leaf.targets.end() || !decode()) return leaf.compare == Compare::unequal;
        const FieldRow& row = type->rows[target->row];
        if (leaf.compare == Compare::there) return is_there(row, target->row);
        if (row.kind == Kind::dnsqr_delay) {
            const auto delay = decoded.dnsqr_delay();
            return delay ? text::holds(*delay, leaf.compare, std::get<double>(target->value))
                         : leaf.compare == Compare::unequal;
        }
        if (row.label == Label::repeated) {
            const Compare each = leaf.compare == Compare::unequal ? Compare::equal : leaf.compare;
            bool any = false;
            RdataType rdata;
            if (row.kind == Kind::rdata) static_cast<void>(decoded.rdata_type(rdata.type, rdata.rrclass));
            decoded.fields().each(target->row, [&](const FieldValue& value) {
                any = any || text::holds(row, value, each, target->value, scratch, rdata);
            });
            return any == (leaf.compare == each);
        }
        const auto has = decoded.value(target->row);
        return has ? text::holds(row, *has, leaf.compare, target->value, scratch)
                   : leaf.compare == Compare::unequal;
    }
    bool is_there(const FieldRow& row, std::size_t at) {
        switch (row.kind) {
            case Kind::dnsqr_delay: return decoded.dnsqr_delay().has_value();
            case Kind::dnsqr_query:
            case Kind::dnsqr_response:
            case Kind::dnsqr_dns: return decoded.dnsqr_message(row.kind != Kind::dnsqr_query).has_value();
            case Kind::ncap_dns: {
                const auto ends = decoded.ncap_ends();
                return ends && ends->data;
            }
            default:
                return row.label == Label::repeated ? decoded.fields().count(at) != 0
                                                    : decoded.value(at).has_value();
        }
    }
};

namespace {

class Parser {
  public:
    Parser(const std::string& option, std::string_view text, const PayloadFilter::Alias& operator_number,
           const PayloadFilter::Alias& group_number, std::vector<Node>& nodes, std::vector<Leaf>& leaves)
        : option_(option),
          text_(text),
          operator_number_(operator_number),
          group_number_(group_number),
          nodes_(nodes),
          leaves_(leaves) {}

    Result<std::size_t> parse() {
        if (text_.size() > most_octets) return refused("the expression is longer than 64 KiB");
        auto whole = either();
        if (!whole) return whole;
        skip_blanks();
        if (at_ != text_.size()) return refused("and, or, or the end is expected here");
        return whole;
    }

  private:
    tl::unexpected<Error> refused(std::string why, std::string remedy = {}) const {
        return fail(Error{ErrorKind::usage, option_, at_,
                          fmt::format("{} ({})", std::move(why), sie::quoted(text_.substr(at_), 40)),
                          std::move(remedy)});
    }
    void skip_blanks() {
        while (at_ < text_.size() && std::string_view(" \t\n").find(text_[at_]) != std::string_view::npos)
            ++at_;
    }
    static bool ends_word(char c) {
        return std::string_view(" \t\n()=!<>'\"").find(c) != std::string_view::npos;
    }
    std::string_view peek_word() {
        skip_blanks();
        std::size_t end = at_;
        while (end < text_.size() && !ends_word(text_[end])) ++end;
        return text_.substr(at_, end - at_);
    }
    bool take_keyword(std::string_view keyword) {
        const std::string_view word = peek_word();
        if (dns::lowered(word) != keyword) return false;
        at_ += word.size();
        return true;
    }
    bool take(std::string_view sign) {
        skip_blanks();
        if (!text_.substr(at_).starts_with(sign)) return false;
        at_ += sign.size();
        return true;
    }
    std::size_t add(Node node) {
        nodes_.push_back(node);
        return nodes_.size() - 1;
    }
    template <class Part>
    Result<std::size_t> row_of(std::string_view keyword, Node::Kind kind, const Part& part) {
        auto left = part();
        while (left && take_keyword(keyword)) {
            auto right = part();
            if (!right) return right;
            left = add({kind, *left, *right});
        }
        return left;
    }
    Result<std::size_t> either() {
        return row_of("or", Node::Kind::either,
                      [&] { return row_of("and", Node::Kind::both, [&] { return negated(); }); });
    }
    Result<std::size_t> negated() {
        if (++level_ > most_levels) return refused("more than 100 levels");
        auto inner = [&]() -> Result<std::size_t> {
            if (take_keyword("not")) {
                auto what = negated();
                if (!what) return what;
                return add({Node::Kind::negated, *what, 0});
            }
            if (!take("(")) return comparison();
            auto what = either();
            if (what && !take(")")) return refused("a ) is missing here");
            return what;
        }();
        --level_;
        return inner;
    }
    Result<std::size_t> comparison() {
        const std::string_view field = peek_word();
        if (field.empty()) return refused("a field is expected here", "such as qname=*.example.com");
        if (leaves_.size() == most_leaves) return refused("more than 1,000 comparisons");
        const std::size_t field_at = at_;
        at_ += field.size();
        Leaf leaf;
        std::string value;
        for (const auto& [sign, compare] : {std::pair{"!=", Compare::unequal},
                                            {"<=", Compare::at_most},
                                            {">=", Compare::at_least},
                                            {"==", Compare::equal},
                                            {"=", Compare::equal},
                                            {"<", Compare::less},
                                            {">", Compare::greater}})
            if (take(sign)) {
                leaf.compare = compare;
                break;
            }
        if (leaf.compare != Compare::there) {
            auto read = take_value();
            if (!read) return fail(std::move(read.error()));
            value = std::move(*read);
        }
        auto bound = bind(leaf, field, value);
        if (!bound) {
            bound.error().offset = field_at;
            return fail(std::move(bound.error()));
        }
        leaves_.push_back(std::move(leaf));
        return add({Node::Kind::leaf, leaves_.size() - 1, 0});
    }
    Result<std::string> take_value() {
        skip_blanks();
        if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) {
            const std::size_t end = text_.find(text_[at_], at_ + 1);
            if (end == std::string_view::npos) return refused("the quotation mark is not closed");
            std::string value(text_.substr(at_ + 1, end - at_ - 1));
            at_ = end + 1;
            return value;
        }
        const std::string_view word = peek_word();
        if (word.empty()) return refused("a value is expected here");
        at_ += word.size();
        return std::string(word);
    }
    Result<void> bind(Leaf& leaf, std::string_view field, const std::string& value) {
        const std::string name = dns::lowered(field);
        const auto envelope = std::find(envelope_names.begin(), envelope_names.end(), name);
        if (envelope != envelope_names.end()) {
            leaf.envelope = static_cast<EnvelopeField>(envelope - envelope_names.begin());
            if (leaf.compare == Compare::there || bind_envelope(leaf, value)) return {};
            return fail(ErrorKind::usage, option_,
                        fmt::format("{} is no value for {}", sie::quoted(value), name));
        }
        const std::string_view own =
            std::string_view(name).substr(name.starts_with(message_prefix) ? message_prefix.size() : 0);
        bool known = false;
        for (const PayloadType& type : all_types())
            for (std::size_t row = 0; row < type.rows.size(); ++row) {
                if (type.rows[row].name != own) continue;
                known = true;
                if (leaf.compare == Compare::there)
                    leaf.targets.push_back({&type, row, std::string{}});
                else if (auto meant = filter_value(type.rows[row], leaf.compare, value))
                    leaf.targets.push_back({&type, row, std::move(*meant)});
                break;
            }
        if (!known)
            return fail(ErrorKind::usage, option_, fmt::format("no field is called {}", sie::quoted(field)),
                        "fields have the names that -o and -J show");
        if (leaf.targets.empty())
            return fail(
                ErrorKind::usage, option_,
                fmt::format("{} is no value for {}, or cannot be compared so", sie::quoted(value), own));
        return {};
    }
    bool bind_envelope(Leaf& leaf, const std::string& value) {
        const bool order = leaf.compare >= Compare::less;
        const auto number = [&](std::optional<std::uint64_t> meant) {
            if (meant) leaf.number = WholeNumber::of_unsigned(*meant);
            return meant.has_value();
        };
        const auto alias = [&](const PayloadFilter::Alias& number_of) {
            if (number_of)
                if (const auto named = number_of(value)) return number(*named);
            return number(whole_number<std::uint32_t>(value));
        };
        switch (*leaf.envelope) {
            case EnvelopeField::time:
                if (const auto seconds = whole_number<std::int64_t>(value)) {
                    leaf.number = WholeNumber::of(*seconds);
                    return true;
                }
                if (const auto time = time_from_text(value)) {
                    leaf.number = WholeNumber::of(time->first);
                    leaf.nanoseconds = time->second;
                    return true;
                }
                return false;
            case EnvelopeField::vname:
            case EnvelopeField::mname: leaf.pattern = {dns::lowered(value), true}; return !order;
            case EnvelopeField::vid:
            case EnvelopeField::msgtype:
            case EnvelopeField::size: return number(whole_number<std::uint64_t>(value));
            case EnvelopeField::source:
                return number(
                    whole_number<std::uint32_t>(value.starts_with("0x") ? value.substr(2) : value, 16));
            case EnvelopeField::group_operator: return alias(operator_number_);
            case EnvelopeField::group: return alias(group_number_);
        }
        return false;
    }

    const std::string& option_;
    const std::string_view text_;
    const PayloadFilter::Alias &operator_number_, &group_number_;
    std::vector<Node>& nodes_;
    std::vector<Leaf>& leaves_;
    std::size_t at_ = 0, level_ = 0;
};

}  // namespace

Result<PayloadFilter> PayloadFilter::parse(const std::string& option, std::string_view expression,
                                           const Alias& operator_number, const Alias& group_number) {
    auto program = std::make_unique<Program>();
    auto root =
        Parser(option, expression, operator_number, group_number, program->nodes, program->leaves).parse();
    if (!root) return fail(std::move(root.error()));
    program->root = *root;
    return PayloadFilter(std::move(program));
}

bool PayloadFilter::matches(const nmsg::Payload& payload) {
    program_->payload = &payload;
    program_->is_decoded.reset();
    return program_->holds(program_->root);
}

PayloadFilter::PayloadFilter(std::unique_ptr<Program> program) : program_(std::move(program)) {}
PayloadFilter::PayloadFilter(PayloadFilter&&) noexcept = default;
PayloadFilter& PayloadFilter::operator=(PayloadFilter&&) noexcept = default;
PayloadFilter::~PayloadFilter() = default;

}  // namespace sie::text
