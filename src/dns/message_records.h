// A whole DNS message as questions and records (FACTS N44, N66): what the text forms print.
//
// In: octets of a message. Out: where everything stands in them. The gate for messages: behind parse() every
// name can be read and every rdata of a known layout is well formed. Memory of an earlier message is used
// again. A message that ends between two records before its counts are met is taken with what is there;
// octets behind the last record are ignored.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/text_buffer.h"

#include "dns/message.h"
#include "dns/rdata_text.h"

namespace sie::dns {

struct Record {
    std::uint32_t name_at = 0;
    std::uint16_t type = 0, rrclass = 0;
    std::uint32_t ttl = 0;                       // of a question: none
    std::uint32_t rdata_from = 0, rdata_to = 0;  // of a question: none, both behind it
};

struct Edns {
    std::uint16_t udp_size = 0, flags = 0;
    std::uint8_t version = 0, extended_rcode = 0;
    Octets options;
    [[nodiscard]] bool dnssec_ok() const { return (flags & 0x8000) != 0; }
};

enum class Section : std::uint8_t { question, answer, authority, additional };
constexpr std::size_t section_count = 4;

class MessageRecords {
  public:
    // False: it is no DNS message. The octets must outlive the views. `known`: a whole name in wire form,
    // without pointers, that the first question may have.
    [[nodiscard]] bool parse(Octets message, Octets known = {});

    [[nodiscard]] const Header& header() const { return header_; }
    [[nodiscard]] const std::optional<Edns>& edns() const { return edns_; }  // of the first OPT record
    [[nodiscard]] std::span<const Record> of(Section section) const {
        const std::size_t from = sections_[static_cast<std::size_t>(section)],
                          to = sections_[static_cast<std::size_t>(section) + 1];
        return {records_.data() + from, to - from};
    }
    // Has the first question the name that was known to parse()?
    [[nodiscard]] bool has_known_name() const { return has_known_name_; }
    // The four bits of the header and the eight of EDNS above them (RFC 6891 §6.1.3).
    [[nodiscard]] std::uint16_t rcode() const {
        return static_cast<std::uint16_t>(header_.rcode() | (edns_ ? edns_->extended_rcode << 4 : 0));
    }
    // Is the owner a pointer to the name of the first question?
    [[nodiscard]] bool has_question_name(const Record& record) const {
        return question_pointer_ != 0 && pointer_at(record.name_at) == question_pointer_;
    }
    // Where the owner is nothing but a pointer, its two octets: equal ones mean the same name. Else 0.
    [[nodiscard]] std::uint16_t owner_pointer(const Record& record) const {
        return pointer_at(record.name_at);
    }
    // True: it holds neither a backslash nor a quotation mark.
    bool append_name_of(const Record& record, TextBuffer& text) const;
    [[nodiscard]] Rdata rdata_of(const Record& record) const {
        return {message_, record.rdata_from, record.rdata_to, record.type, record.rrclass, true};
    }
    // Record sets of a section: the records with one owner (whatever its case), type and class, in the order
    // in which each set first appears. heads: the first record of each set; next[i]: the record that follows
    // i in its set, or none.
    static constexpr std::uint32_t none = UINT32_MAX;
    void group(Section section, std::vector<std::uint32_t>& heads, std::vector<std::uint32_t>& next) const;

  private:
    static constexpr std::size_t few = 12;  // records that are compared each with each
    void group_few(std::span<const Record> records, std::vector<std::uint32_t>& heads,
                   std::vector<std::uint32_t>& next) const;
    [[nodiscard]] bool same_set(const Record& a, const Record& b) const;
    [[nodiscard]] std::uint16_t pointer_at(std::size_t at) const {
        constexpr std::uint8_t pointer = 0xc0;
        return message_.size() - at >= 2 && message_[at] >= pointer ? load_be16(message_.data() + at) : 0;
    }
    template <Section section>
    [[nodiscard]] bool read_section(unsigned count, std::size_t& at, Octets known);
    template <bool question>
    [[nodiscard]] bool read_record(std::size_t& at, Octets known);

    Octets message_;
    std::uint16_t question_pointer_ = 0;  // c0 0c once the first question, whose name is there, was read
    std::uint16_t read_pointer_ = 0;      // the last owner that was a pointer, and no bad one
    Header header_;
    std::optional<Edns> edns_;
    bool has_known_name_ = false;
    std::vector<Record> records_;                            // of all sections
    std::array<std::size_t, section_count + 1> sections_{};  // where each begins in it, and the end
};

}  // namespace sie::dns
