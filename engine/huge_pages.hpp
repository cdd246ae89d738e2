// Memory for large arrays that are accessed at random: in huge pages, which spare most misses of the address
// translation cache.
#pragma once

#include <cstddef>
#include <memory_resource>

namespace parley {

inline constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

// `bytes` of memory, aligned to 4 KiB, or to a huge page and advised so from that size on. Throws std::bad_alloc.
std::byte* allocate_pages(std::size_t bytes);
void free_pages(std::byte* memory);

// Hands out memory of allocate_pages.
class HugePageResource final : public std::pmr::memory_resource {
   private:
    void* do_allocate(std::size_t bytes, std::size_t alignment) override;
    void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override;
    bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }
};

// The one of the program.
HugePageResource& huge_pages();

}  // namespace parley
