// When one output file ends and the next begins: whole multiples of an interval, plus an offset, in seconds
// since 1970 UTC (REFERENCE §3). Arithmetic only; the caller has the clock.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace sie::spool {

struct Rotation {
    std::int64_t interval_s = 0;  // 0: never
    std::int64_t offset_s = 0;
};

// The first boundary behind `now`, in whole seconds; nothing if there is no rotation. A `now` on a boundary
// belongs to the file that begins there.
[[nodiscard]] std::optional<std::int64_t> boundary_after(Time now, Rotation rotation);

// The boundaries as a wall clock meets them, which may be set back or forward at any time. Forward past a
// boundary, however far: one rotation. Back: the open file goes on, and ends at the first boundary of the new
// time. (A stamp that is used already is never given twice: OutputFile::open_free().) One thread.
class WallRotation {
  public:
    explicit WallRotation(Rotation rotation) : rotation_(rotation) {}
    // A file begins.
    void begin(Time now);
    // Is the end of the file that was begun last reached? Not before the first begin().
    [[nodiscard]] bool due(Time now);
    // The boundary at which due() will say so; nothing without rotation or before begin().
    [[nodiscard]] std::optional<std::int64_t> next_s() const { return next_s_; }

  private:
    Rotation rotation_;
    std::optional<std::int64_t> next_s_;
};

}  // namespace sie::spool
