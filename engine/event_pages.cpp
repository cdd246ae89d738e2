#include "engine/event_pages.hpp"

#include <algorithm>

#include "engine/huge_pages.hpp"

namespace parley {

void PagePool::SlabDeleter::operator()(std::byte* slab) const { free_pages(slab); }

void PagePool::add_slab() {
    // Small at first, for runs of a hundred peers; later slabs are whole huge pages.
    const std::size_t bytes =
        reserved_bytes_ < huge_page_bytes ? std::max<std::size_t>(page_bytes_ * 16, 65536) : 2 * huge_page_bytes;
    std::byte* slab = allocate_pages(bytes);
    slabs_.emplace_back(slab);
    reserved_bytes_ += bytes;
    for (std::size_t offset = bytes; offset >= page_bytes_; offset -= page_bytes_) {
        give_back(reinterpret_cast<Page*>(slab + (offset - page_bytes_)));
    }
}

}  // namespace parley
