// What must hold in every run, whatever the model. A violation is an error of the program, not of the user:
// std::logic_error, exit code 1, no result.
//
// In every build: no event for a time that is done comes from another partition (Partition::accept), and no message has
// less delay than the lookahead (Context::send). With PARLEY_CHECK_INVARIANTS, as in the sanitizer build, also event by
// event: within its window, and at each entity in the total order of (time, sender, serial number).
#pragma once

#include <stdexcept>
#include <string>
#include <unordered_map>

#include "engine/event.hpp"
#include "engine/window.hpp"

namespace parley::invariants {

[[noreturn]] inline void refuse(const std::string& what) {
    throw std::logic_error(what + "; this is an error of the program, please report it");
}

#ifdef PARLEY_CHECK_INVARIANTS

// The last event that each entity of a partition has handled.
class OrderOfEvents {
   public:
    void check(const EventHeader& event, const Window& window) {
        const std::string entity = "entity " + std::to_string(event.destination.value);
        if (event.time < window.begin || event.time >= window.end) {
            refuse(entity + " handles an event of " + std::to_string(event.time.nanoseconds) +
                   " ns in the window from " + std::to_string(window.begin.nanoseconds) + " to " +
                   std::to_string(window.end.nanoseconds) + " ns");
        }
        const auto [at, first] = last_.try_emplace(event.destination.value, event);
        if (first) return;
        if (event.time < at->second.time) {
            refuse(entity + " goes back from " + std::to_string(at->second.time.nanoseconds) + " ns to " +
                   std::to_string(event.time.nanoseconds) + " ns");
        }
        // A timer for the present time fires after the event that set it, whoever sent that.
        const bool timer = event.sender == event.destination;
        if (!timer && event.time == at->second.time && !precedes(at->second, event)) {
            refuse(entity + " handles simultaneous events out of order");
        }
        at->second = event;
    }

   private:
    std::unordered_map<std::uint32_t, EventHeader> last_;
};

#else

class OrderOfEvents {
   public:
    void check(const EventHeader&, const Window&) {}
};

#endif

}  // namespace parley::invariants
