#include "engine/event_pages.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace parley {

namespace {
constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;
}

void PagePool::SlabDeleter::operator()(std::byte* slab) const { std::free(slab); }

void PagePool::add_slab() {
    // Small at first, for runs of a hundred peers; later slabs are whole huge pages.
    const std::size_t bytes =
        reserved_bytes_ < huge_page_bytes ? std::max<std::size_t>(page_bytes_ * 16, 65536) : 2 * huge_page_bytes;
    const std::size_t alignment = bytes >= huge_page_bytes ? huge_page_bytes : 4096;
    auto* slab = static_cast<std::byte*>(std::aligned_alloc(alignment, bytes));
    if (slab == nullptr) throw std::bad_alloc();
    slabs_.emplace_back(slab);
    if (bytes >= huge_page_bytes) madvise(slab, bytes, MADV_HUGEPAGE);
    reserved_bytes_ += bytes;
    for (std::size_t offset = bytes; offset >= page_bytes_; offset -= page_bytes_) {
        give_back(reinterpret_cast<Page*>(slab + (offset - page_bytes_)));
    }
}

}  // namespace parley
