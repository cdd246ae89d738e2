// How long threads spin before they sleep when they wait for each other at the end of a window.
#pragma once

namespace parley {

// GNU OpenMP spins for milliseconds by default. On cores of its own that costs nothing; where another process wants a
// core, each window then waits for it: measured, twenty times slower. The library reads its setting when it is loaded,
// so this sets a spin of some 30 us and starts the program anew. Does nothing where the user has chosen
// (OMP_WAIT_POLICY, GOMP_SPINCOUNT), or runs one thread. To be called first of all.
void limit_spinning(char** arguments);

}  // namespace parley
