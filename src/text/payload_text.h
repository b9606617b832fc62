// Payloads as text: presentation (FACTS N35–N44) and JSON (N45–N52).
//
// In: payloads, with what is to be shown of their envelopes. Out: text appended to a string of the caller's.
// A payload of an unknown type, or one that does not decode, prints as what it is (REFERENCE §4) and is
// counted. Memory is used again from one payload to the next. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/text_buffer.h"

#include "nmsg/payload.h"
#include "text/decoded_payload.h"
#include "text/message_text.h"

namespace sie::text {

// What replaces the values of the envelope, and the names of operators and groups.
struct EnvelopeStyle {
    std::optional<std::uint32_t> source, group_operator, group;
    std::function<std::string_view(std::uint32_t)> operator_name, group_name;  // "" if it has none
    std::string end_of_line = "\n";                                            // of presentation
    dns::RdataForm rdata_form = dns::RdataForm::reference;  // of rdata and the names of types
};

class PayloadText {
  public:
    explicit PayloadText(EnvelopeStyle style = {})
        : style_(std::move(style)), message_text_(style_.rdata_form) {}

    void append_presentation(TextBuffer& text, const nmsg::Payload& payload);
    void append_json(TextBuffer& json, const nmsg::Payload& payload);

    [[nodiscard]] std::uint64_t undecodable() const { return undecodable_; }
    [[nodiscard]] std::uint64_t unknown() const { return unknown_; }

  private:
    // How one field comes out; each has a writer for both forms.
    void append_time(TextBuffer& text, std::int64_t seconds, std::uint32_t nanoseconds);
    [[nodiscard]] bool body_is_shown(const nmsg::Payload& payload);
    void presentation_rows(TextBuffer& text);
    void presentation_row(TextBuffer& text, std::size_t row);
    void presentation_value(TextBuffer& text, const FieldRow& row, const FieldValue& value);
    void presentation_message(TextBuffer& text, std::string_view name, Octets message);
    void json_rows(TextBuffer& json);
    void json_row(TextBuffer& json, const FieldRow& is, std::size_t row);
    void json_value(TextBuffer& json, const FieldRow& row, const FieldValue& value);
    void json_other_value(TextBuffer& json, const FieldRow& row, const FieldValue& value);
    void json_list(TextBuffer& json, const FieldRow& row, std::size_t number);
    void json_key(TextBuffer& json, const FieldRow& row);
    void json_key(TextBuffer& json, std::string_view name);
    void use_type();
    void json_message(TextBuffer& json, const FieldRow& row, Octets message);
    void json_encoded(TextBuffer& json, Octets octets);
    void presentation_ncap_payload(TextBuffer& text);

    EnvelopeStyle style_;
    DecodedPayload decoded_;
    MessageText message_text_;
    TextBuffer date_;
    std::size_t response_at_ = 0, response_size_ = 0;  // of the JSON in hand: where the response stands
    std::int64_t date_second_ = INT64_MIN;
    bool first_key_ = true;
    // What is worked out once for the rows of one type: how each is written in JSON, and its key as it is
    // written (copied whole, whatever its size).
    enum class Way : std::uint8_t { hidden, stored, list, other };
    struct RowInJson {
        Way way = Way::hidden;
        std::uint8_t key_size = 0;
        std::array<char, 32> key{};
    };
    const PayloadType* in_use_ = nullptr;
    std::vector<RowInJson> rows_in_json_;
    std::uint64_t undecodable_ = 0, unknown_ = 0;
};

}  // namespace sie::text
