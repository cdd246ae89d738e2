#include "models/agentic/adversary/targeting.hpp"

#include <algorithm>

#include "models/agentic/purpose.hpp"

namespace parley::agentic {

double sybil_share(const Parameters& p, std::uint32_t c, double popularity) {
    switch (p.targeting) {
        case Targeting::popularity:
            return std::min(1.0, p.sybil_descriptors * popularity);
        case Targeting::uniform:
            return std::min(1.0, p.sybil_descriptors / static_cast<double>(p.classes.size()));
        case Targeting::cells:
            if (std::find(p.cells.begin(), p.cells.end(), c) == p.cells.end()) return 0;
            return std::min(1.0, p.sybil_descriptors / static_cast<double>(p.cells.size()));
    }
    return 0;
}

void append_targets(const Parameters& p, std::uint32_t peer, std::vector<std::uint16_t>& classes) {
    const bool cells = p.targeting == Targeting::cells;
    const auto size = static_cast<std::uint32_t>(cells ? p.cells.size() : p.classes.size());
    const std::size_t first = classes.size();
    const auto target = [&](std::uint32_t i) { return cells ? p.cells[i] : static_cast<std::uint16_t>(i); };
    if (size <= p.sybil_descriptors) {
        for (std::uint32_t i = 0; i < size; ++i) classes.push_back(target(i));
        return;
    }
    RandomStream stream = stream_of(p.seed, peer, Purpose::sybil_targets, 0);
    while (classes.size() - first < p.sybil_descriptors) {
        const std::uint16_t c = target(stream.below(size));
        if (std::find(classes.begin() + static_cast<std::ptrdiff_t>(first), classes.end(), c) == classes.end()) {
            classes.push_back(c);
        }
    }
}

}  // namespace parley::agentic
