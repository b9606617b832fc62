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

#include "base/text_append.h"
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
    struct ShownRow;
    [[nodiscard]] char* put_line(char* out, const ShownRow& row, const FieldValue& value) const;
    void use_type();
    void presentation_value(TextBuffer& text, const FieldRow& row, const FieldValue& value);
    void presentation_name(TextBuffer& text, Octets name);
    void presentation_message(TextBuffer& text, std::string_view name, Octets message);
    void json_rows(TextBuffer& json);
    void json_row(TextBuffer& json, const ShownRow& row);
    void json_list(TextBuffer& json, const ShownRow& row);
    void json_value(TextBuffer& json, const ShownRow& row, const FieldValue& value);
    void json_name(TextBuffer& json, const ShownRow& row, Octets name);
    void json_message(TextBuffer& json, const ShownRow& row, Octets message);
    void json_encoded(TextBuffer& json, Octets octets);
    [[nodiscard]] char* put_value(char* out, const ShownRow& row, const FieldValue& value) const;
    void append_other_value(TextBuffer& json, const ShownRow& row, const FieldValue& value);
    void presentation_ncap_payload(TextBuffer& text);

    EnvelopeStyle style_;
    DecodedPayload decoded_;
    MessageText message_text_;
    TextPiece<32> date_;
    std::size_t response_at_ = 0, response_size_ = 0;  // of the JSON in hand: where the response stands
    std::int64_t date_second_ = INT64_MIN;
    // What is worked out once for the rows of one type: how each is written, and the pieces of text that are
    // written for it again and again.
    enum class Way : std::uint8_t {
        value,  // stored once, and short
        other_value,
        list,
        name,
        other,
    };
    using Piece = TextPiece<32>;
    struct ShownRow {
        const FieldRow* is = nullptr;
        std::size_t number = 0;  // of the row
        Way way = Way::other;
        Piece key, twin_key;           // as they are written; in JSON with a comma in front
        std::vector<Piece> symbols{};  // by their values, as they are written; an empty one is none
    };
    void use_rows_in_json();
    void use_rows_in_presentation();
    const PayloadType* in_use_ = nullptr;
    TextPiece<64> names_in_json_;  // of vendor and type
    std::vector<ShownRow> rows_in_json_, rows_in_presentation_;
    std::uint64_t undecodable_ = 0, unknown_ = 0;
};

}  // namespace sie::text
