// The messages in payloads of vendor base: their fields by name, read and written.
//
// The names are those that the text forms show (docs/json.md): qname, response_ip, rdata …
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sie-nmsg/types.h"

namespace sie_nmsg {

// Numbers of a vendor and a type by their names in any case; false if there are none.
[[nodiscard]] SIE_NMSG_API bool find_type(std::string_view vendor, std::string_view type,
                                          Payload& payload) noexcept;
// "dnsqr"; empty for types that the library does not know. Valid for ever.
[[nodiscard]] SIE_NMSG_API std::string_view type_name(std::uint32_t vendor, std::uint32_t type) noexcept;

// Reads fields. Memory is used again from one payload to the next.
class SIE_NMSG_API Message {
  public:
    Message() noexcept;
    ~Message();
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;

    // False: a type that is not known, or octets that are no such message. The payload's octets stay in place
    // as long as fields are read.
    [[nodiscard]] bool decode(const Payload& payload) noexcept;

    // How many values a field has; 0 for names that the type does not have.
    [[nodiscard]] std::size_t count(std::string_view field) const noexcept;
    // A value that is a number (also of types, rcodes, enumerations, true and false).
    [[nodiscard]] std::optional<std::uint64_t> number(std::string_view field,
                                                      std::size_t index = 0) const noexcept;
    [[nodiscard]] std::optional<double> real(std::string_view field, std::size_t index = 0) const noexcept;
    // A value that is octets: addresses, names in wire form, packets.
    [[nodiscard]] std::optional<Octets> octets(std::string_view field, std::size_t index = 0) const noexcept;
    // As text: names, addresses, types, classes, rcodes, symbols, texts and numbers; nothing for other
    // octets.
    [[nodiscard]] std::optional<std::string> text(std::string_view field,
                                                  std::size_t index = 0) const noexcept;

    // Of base:dnsqr: the DNS message in the recorded packets, put together from fragments. Valid until the
    // next call.
    [[nodiscard]] std::optional<Octets> dns_message(bool response) noexcept;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// Makes the octets of a payload.
class SIE_NMSG_API MessageBuilder {
  public:
    // A type of vendor base by its name. What it does not know fails in finish().
    explicit MessageBuilder(std::string_view type) noexcept;
    ~MessageBuilder();
    MessageBuilder(const MessageBuilder&) = delete;
    MessageBuilder& operator=(const MessageBuilder&) = delete;

    // Adds a value: of repeated fields one more, of others the value. Returns *this; a field that the type
    // does not have, or that holds something else, fails in finish().
    MessageBuilder& number(std::string_view field, std::uint64_t value) noexcept;
    MessageBuilder& real(std::string_view field, double value) noexcept;
    MessageBuilder& octets(std::string_view field, Octets value) noexcept;
    // As text() of Message gives it: names, addresses, types, symbols, texts.
    MessageBuilder& text(std::string_view field, std::string_view value) noexcept;

    // Sets vendor, type and octets of the payload; the octets belong to the builder and stay until it is used
    // again. Then the builder is empty. False: an error of a value, or a required field is missing.
    [[nodiscard]] bool finish(Payload& payload, Error& error) noexcept;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sie_nmsg
