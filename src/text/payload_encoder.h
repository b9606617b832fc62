// The octets of a payload, from values of its type's rows in any order.
//
// start(), add() each value, finish(): fields stand in ascending number, values of one field in the order in
// which they were added, those of an inner message in their holder. Memory is used again. One thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "text/payload_types.h"
#include "text/value_text.h"

namespace sie::text {

class PayloadEncoder {
  public:
    void start(const PayloadType& type);
    // A row of the type, stored (its number is not 0).
    void add(const FieldRow& row, const StoredValue& value);
    [[nodiscard]] bool has(const FieldRow& row) const;
    // The message, valid until the next start(). Error (damaged): a required field is missing.
    [[nodiscard]] Result<Octets> finish();

  private:
    struct Encoded {
        std::uint32_t number;
        std::string octets;
    };
    [[nodiscard]] static Encoded encoded(const FieldRow& row, const StoredValue& value);

    const PayloadType* type_ = nullptr;
    std::vector<Encoded> outer_, inner_;
    std::string octets_;
};

// What a value of this row looks like, for messages: "a domain name".
[[nodiscard]] std::string wanted(const FieldRow& row);

}  // namespace sie::text
