// Text forms of payloads: presentation, JSON, filter expressions.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sie-nmsg/types.h"

namespace sie_nmsg {

// Appends payloads as text. Memory is used again from one payload to the next.
class SIE_NMSG_API TextWriter {
  public:
    TextWriter() noexcept;
    ~TextWriter();
    TextWriter(const TextWriter&) = delete;
    TextWriter& operator=(const TextWriter&) = delete;

    // A record that ends in an empty line. False: out of memory.
    [[nodiscard]] bool append_presentation(std::string& text, const Payload& payload) noexcept;
    // One line.
    [[nodiscard]] bool append_json(std::string& json, const Payload& payload) noexcept;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// Reads the lines that append_json() writes.
class SIE_NMSG_API JsonReader {
  public:
    JsonReader() noexcept;
    ~JsonReader();
    JsonReader(const JsonReader&) = delete;
    JsonReader& operator=(const JsonReader&) = delete;

    // The payload's octets belong to the reader and stay until the next call. A line without a time gets the
    // one given.
    [[nodiscard]] bool read(std::string_view line, Payload& payload, Error& error, std::int64_t now_sec = 0,
                            std::uint32_t now_nsec = 0) noexcept;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// The expressions of nmsgtool --filter, such as "qname=*.example.com and not rcode=NOERROR".
class SIE_NMSG_API Filter {
  public:
    [[nodiscard]] static std::unique_ptr<Filter> parse(std::string_view expression, Error& error) noexcept;
    ~Filter();
    Filter(const Filter&) = delete;
    Filter& operator=(const Filter&) = delete;
    [[nodiscard]] bool matches(const Payload& payload) noexcept;

  private:
    struct State;
    explicit Filter(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

}  // namespace sie_nmsg
