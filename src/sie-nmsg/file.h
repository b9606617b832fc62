// Containers: in files and pipes, and one by one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sie-nmsg/types.h"

namespace sie_nmsg {

// Reads a file, or standard input ("-"); gzip, xz and zstd by content.
class SIE_NMSG_API FileReader {
  public:
    // Null if it cannot be opened.
    [[nodiscard]] static std::unique_ptr<FileReader> open(const std::string& path, Error& error,
                                                          const Limits& limits = {}) noexcept;
    ~FileReader();
    FileReader(const FileReader&) = delete;
    FileReader& operator=(const FileReader&) = delete;

    // The next payload; its octets stay until the next call. False at the end and at damage: error() tells
    // which. What stood whole ahead of the damage was given out. A payload with a wrong CRC is dropped and
    // counted.
    [[nodiscard]] bool next(Payload& payload) noexcept;
    [[nodiscard]] const Error& error() const noexcept;
    [[nodiscard]] Counts counts() const noexcept;

  private:
    struct State;
    explicit FileReader(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

// Takes containers as they come from elsewhere (datagrams, message queues), fragments too.
class SIE_NMSG_API ContainerReader {
  public:
    explicit ContainerReader(const Limits& limits = {}) noexcept;
    ~ContainerReader();
    ContainerReader(const ContainerReader&) = delete;
    ContainerReader& operator=(const ContainerReader&) = delete;

    // One whole container with its header. `sender` tells fragments of different senders apart, and `now`
    // (seconds of any clock) lets go of those that waited for more than 30 s. True: next() has payloads,
    // until there are no more or the next open(); `container` stays in place until then. False without an
    // error: a fragment, kept.
    [[nodiscard]] bool open(Octets container, Error& error, std::uint64_t sender = 0,
                            std::int64_t now = 0) noexcept;
    [[nodiscard]] bool next(Payload& payload) noexcept;
    [[nodiscard]] Counts counts() const noexcept;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

enum class Compression : std::uint8_t { none, fast, normal, best };  // zlib

struct WriterOptions {
    Compression compression = Compression::none;
    // A container is closed before it would grow past this: 512 … 1,048,576 octets.
    std::size_t container_octets = 1'048'576;
};

// Writes a file, or standard output ("-"). A file that exists is emptied.
class SIE_NMSG_API FileWriter {
  public:
    [[nodiscard]] static std::unique_ptr<FileWriter> open(const std::string& path, Error& error,
                                                          const WriterOptions& options = {}) noexcept;
    // Closes; call close() to learn of errors.
    ~FileWriter();
    FileWriter(const FileWriter&) = delete;
    FileWriter& operator=(const FileWriter&) = delete;

    // Takes a copy. After an error nothing more is written, and every call fails.
    [[nodiscard]] bool put(const Payload& payload, Error& error) noexcept;
    // Writes the open container, if it holds any payload.
    [[nodiscard]] bool flush(Error& error) noexcept;
    [[nodiscard]] bool close(Error& error) noexcept;

  private:
    struct State;
    explicit FileWriter(std::unique_ptr<State> state) noexcept;
    template <class Work>
    bool attempt(Error& error, const Work& work) noexcept;
    std::unique_ptr<State> state_;
};

}  // namespace sie_nmsg
