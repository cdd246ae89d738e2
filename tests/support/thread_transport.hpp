// Several ranks in one process, for tests: every rank is a thread, and they meet at barriers.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/transport.hpp"

namespace parley {

// What the ranks of a run share.
class Meeting {
   public:
    explicit Meeting(int ranks) : barrier_(ranks), sent(static_cast<std::size_t>(ranks)), minima(sent.size()) {}
    void meet() { barrier_.arrive_and_wait(); }

   private:
    std::barrier<> barrier_;

   public:
    std::mutex mutex;
    std::vector<std::vector<Bytes>> sent;  // by sender, then receiver
    std::vector<std::int64_t> minima;
    std::vector<std::uint64_t> totals;
    std::map<std::pair<int, int>, std::deque<Bytes>> mail;  // by sender, receiver
    std::condition_variable delivered;
};

class ThreadTransport final : public Transport {
   public:
    ThreadTransport(Meeting& meeting, int rank, int size) : meeting_(meeting), rank_(rank), size_(size) {}
    int rank() const override { return rank_; }
    int size() const override { return size_; }
    std::int64_t exchange(Outgoing& outgoing, Bytes& incoming, std::int64_t local_minimum) override {
        const auto me = static_cast<std::size_t>(rank_);
        std::vector<Bytes>& mine = meeting_.sent[me];
        mine.assign(meeting_.sent.size(), {});
        for (const int to : outgoing.receivers()) {
            EXPECT_NE(to, rank_);
            mine[static_cast<std::size_t>(to)] = outgoing.to(to);
        }
        outgoing.clear();
        meeting_.minima[me] = local_minimum;
        meeting_.meet();
        std::int64_t minimum = local_minimum;
        for (std::size_t from = 0; from < meeting_.sent.size(); ++from) {
            const Bytes& bytes = meeting_.sent[from][me];
            incoming.insert(incoming.end(), bytes.begin(), bytes.end());
            minimum = std::min(minimum, meeting_.minima[from]);
        }
        meeting_.meet();
        return minimum;
    }
    void use(ExchangeStrategy) override {}
    void sum(std::span<std::uint64_t> values) override {
        combine(values, [](std::uint64_t a, std::uint64_t b) { return a + b; });
    }
    void maximum(std::span<std::uint64_t> values) override {
        combine(values, [](std::uint64_t a, std::uint64_t b) { return std::max(a, b); });
    }
    std::vector<Bytes> gather_all(const Bytes& mine) override {
        meeting_.sent[static_cast<std::size_t>(rank_)] = {mine};
        meeting_.meet();
        std::vector<Bytes> all;
        for (const auto& bytes : meeting_.sent) all.push_back(bytes[0]);
        meeting_.meet();
        return all;
    }
    void gather_parts(std::span<std::byte> array, std::span<const std::size_t> begins) override {
        const auto me = static_cast<std::size_t>(rank_);
        const auto part_of = [&](std::size_t rank) {
            return array.subspan(begins[rank], begins[rank + 1] - begins[rank]);
        };
        const auto all = gather_all({part_of(me).begin(), part_of(me).end()});
        for (std::size_t rank = 0; rank < all.size(); ++rank) {
            EXPECT_EQ(all[rank].size(), part_of(rank).size());
            std::copy(all[rank].begin(), all[rank].end(), part_of(rank).begin());
        }
    }
    void send(int to, const Bytes& message) override {
        const std::lock_guard lock(meeting_.mutex);
        meeting_.mail[{rank_, to}].push_back(message);
        meeting_.delivered.notify_all();
    }
    Bytes receive(int from) override {
        std::unique_lock lock(meeting_.mutex);
        auto& box = meeting_.mail[{from, rank_}];
        meeting_.delivered.wait(lock, [&] { return !box.empty(); });
        Bytes message = std::move(box.front());
        box.pop_front();
        return message;
    }
    [[noreturn]] void abort(int exit_code) override { std::exit(exit_code); }

   private:
    template <class Operation>
    void combine(std::span<std::uint64_t> values, Operation operation) {
        {
            const std::lock_guard lock(meeting_.mutex);
            meeting_.totals.resize(values.size());
            for (std::size_t i = 0; i < values.size(); ++i) {
                meeting_.totals[i] = operation(meeting_.totals[i], values[i]);
            }
        }
        meeting_.meet();
        std::copy(meeting_.totals.begin(), meeting_.totals.end(), values.begin());
        meeting_.meet();
        if (rank_ == 0) meeting_.totals.clear();
        meeting_.meet();
    }

    Meeting& meeting_;
    int rank_;
    int size_;
};

// Runs `work(transport)` as each of `ranks` ranks.
template <class Work>
void run_as_ranks(int ranks, Work&& work) {
    Meeting meeting(ranks);
    std::vector<std::thread> threads;
    threads.reserve(static_cast<std::size_t>(ranks));
    for (int rank = 0; rank < ranks; ++rank) {
        threads.emplace_back([&, rank] {
            ThreadTransport transport(meeting, rank, ranks);
            work(transport);
        });
    }
    for (std::thread& thread : threads) thread.join();
}

}  // namespace parley
