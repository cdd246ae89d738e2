// The textbook sequential engine: one std::priority_queue of 32-byte events, handled in the total order. The
// comparator of the PHOLD benchmark, and the oracle of its digest: same handlers, same random streams.
#pragma once

#include <queue>
#include <vector>

#include "models/phold/phold_model.hpp"

namespace parley::bench {

struct TextbookResult {
    std::uint64_t events = 0;
    std::uint64_t digest = 0;
};

class TextbookPhold {
   public:
    explicit TextbookPhold(const phold::Parameters& parameters) : p_(parameters), entities_(parameters.entities) {
        for (std::uint32_t entity = 0; entity < p_.entities; ++entity) {
            send(SimTime{}, entity, {entity, phold::first_delay(p_, entity)});
        }
    }

    TextbookResult run() {
        TextbookResult result;
        while (!pending_.empty() && pending_.top().header.time < p_.end) {
            const EventHeader event = pending_.top().header;
            pending_.pop();
            const std::uint32_t self = event.destination.value;
            phold::Entity& entity = entities_[self];
            phold::fold(entity, event, p_.work);
            send(event.time, self, phold::decide(p_, self, entity.handled++));
            ++result.events;
        }
        result.digest = phold::digest_of(entities_, 0);
        return result;
    }

   private:
    struct alignas(32) Pending {
        EventHeader header;
    };
    struct Later {
        bool operator()(const Pending& a, const Pending& b) const { return precedes(b.header, a.header); }
    };

    void send(SimTime now, std::uint32_t from, const phold::Decision& decision) {
        pending_.push({{now + decision.delay, EntityId{decision.destination}, EntityId{from},
                        entities_[from].sequence++, 0, 24}});
    }

    const phold::Parameters& p_;
    std::vector<phold::Entity> entities_;
    std::priority_queue<Pending, std::vector<Pending>, Later> pending_;
};

}  // namespace parley::bench
