// How the C library gives memory back to the system.
#pragma once

namespace sie::tools {

// Blocks of the size of a container and larger are returned as soon as they are freed, whichever thread took
// them: after a burst the sensor is as small as before. Without it the C library raises the size from which
// it does so with the first such block, and keeps the rest. To be called at start. Linux only.
void return_large_blocks();

}  // namespace sie::tools
