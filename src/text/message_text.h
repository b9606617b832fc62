// DNS messages in the text forms: presentation (FACTS N42–N44) and JSON (N51).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/text_buffer.h"

#include "dns/message_records.h"
#include "dns/rdata_form.h"

namespace sie::text {

class MessageText {
  public:
    explicit MessageText(dns::RdataForm form = dns::RdataForm::reference) : form_(form) {}
    // A name in wire form, and where its text, as it stands in a message's, stands in the text in hand: the
    // first question repeats it if it has that name. Until forget_name(), which is due before the text in
    // hand changes otherwise than at its end; the octets stay as long.
    void know_name(Octets wire, std::size_t at, std::size_t size);
    void forget_name() { known_name_ = {}; }
    // The lines of a message, each with its line end; false (and nothing appended) if it is none.
    [[nodiscard]] bool append_presentation(TextBuffer& text, Octets message);
    // One object, or null.
    void append_json(TextBuffer& json, Octets message);

  private:
    void append_json_header(TextBuffer& json);  // up to the first question
    template <class Append>
    void append_owner(TextBuffer& text, const dns::Record& record, const Append& append);
    template <class Append>
    void append_question_name(TextBuffer& text, bool first, const Append& append);
    void append_presentation_header(TextBuffer& text);
    void append_presentation_record(TextBuffer& text, const dns::Record& record);
    void append_json_records(TextBuffer& json, dns::Section section);
    void append_json_set(TextBuffer& json, std::span<const dns::Record> records, std::uint32_t head,
                         bool more);

    const dns::RdataForm form_;
    dns::MessageRecords records_;
    Octets known_name_;  // empty: none
    std::size_t known_at_ = 0, known_size_ = 0;
    std::size_t question_name_at_ = 0, question_name_size_ = 0;  // in the text in hand
    std::size_t owner_at_ = 0, owner_size_ = 0;  // the same of the last owner that is nothing but a pointer
    std::uint16_t owner_pointer_ = 0;
    std::vector<std::uint32_t> heads_, next_;  // of the record sets of a section
};

}  // namespace sie::text
