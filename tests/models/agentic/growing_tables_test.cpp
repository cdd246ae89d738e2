// Tables that grow on demand keep their entries, apart from each other, and reuse the blocks they outgrow.
#include "models/agentic/growing_tables.hpp"

#include <gtest/gtest.h>

#include <random>

namespace parley::agentic {
namespace {

TEST(TablePool, KeepsManyTablesThatGrowTogether) {
    TablePool<std::uint64_t> pool;
    std::vector<TableHandle> tables(1000);
    std::vector<std::vector<std::uint64_t>> wanted(tables.size());
    std::mt19937 random(6);
    for (std::uint64_t i = 0; i < 50'000; ++i) {
        // A few tables get most entries.
        const std::size_t t = random() % (random() % 2 == 0 ? 20 : tables.size());
        EXPECT_EQ(pool.append(tables[t], i), i);
        wanted[t].push_back(i);
    }
    for (std::size_t t = 0; t < tables.size(); ++t) {
        const auto view = pool.view(tables[t]);
        ASSERT_EQ(std::vector<std::uint64_t>(view.begin(), view.end()), wanted[t]);
    }
}

TEST(TablePool, ShowsAnEmptyTable) {
    TablePool<int> pool;
    EXPECT_TRUE(pool.view(TableHandle{}).empty());
    EXPECT_EQ(pool.bytes(), 0U);
}

TEST(TablePool, LetsEntriesBeChanged) {
    TablePool<int> pool;
    TableHandle table;
    for (int i = 0; i < 5; ++i) pool.append(table, i);
    pool.view(table)[4] = 44;
    pool.append(table, 5);
    EXPECT_EQ(pool.view(table)[4], 44);
    EXPECT_EQ(pool.view(table)[5], 5);
}

TEST(TablePool, ReusesBlocksThatTablesHaveOutgrown) {
    TablePool<int> pool;
    // Each table passes through the blocks of 4 and 8 on its way to 16: those serve the next table.
    TableHandle first;
    for (int i = 0; i < 16; ++i) pool.append(first, i);
    const std::size_t bytes = pool.bytes();
    std::vector<TableHandle> tables(200);
    for (TableHandle& table : tables) {
        for (int i = 0; i < 16; ++i) pool.append(table, i);
    }
    EXPECT_EQ(pool.bytes(), bytes);
}

}  // namespace
}  // namespace parley::agentic
