#include "engine/thread_waiting.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace parley {

void limit_spinning(char** arguments) {
    if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
    const char* threads = std::getenv("OMP_NUM_THREADS");
    if (threads != nullptr && std::string_view(threads) == "1") return;
    if (setenv("GOMP_SPINCOUNT", "10000", 1) != 0) return;
    execv("/proc/self/exe", arguments);  // returns only where that is not possible: then it stays as it is
}

}  // namespace parley
