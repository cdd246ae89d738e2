#include "engine/huge_pages.hpp"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

namespace parley {

std::byte* allocate_pages(std::size_t bytes) {
    const std::size_t alignment = bytes >= huge_page_bytes ? huge_page_bytes : 4096;
    const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
    auto* memory = static_cast<std::byte*>(std::aligned_alloc(alignment, rounded));
    if (memory == nullptr) throw std::bad_alloc();
    if (bytes >= huge_page_bytes) madvise(memory, rounded, MADV_HUGEPAGE);
    return memory;
}

void free_pages(std::byte* memory) { std::free(memory); }

void* HugePageResource::do_allocate(std::size_t bytes, std::size_t) { return allocate_pages(bytes); }

void HugePageResource::do_deallocate(void* memory, std::size_t, std::size_t) {
    free_pages(static_cast<std::byte*>(memory));
}

HugePageResource& huge_pages() {
    static HugePageResource resource;
    return resource;
}

}  // namespace parley
