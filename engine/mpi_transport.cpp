// Ranks over MPI. The only file that sees <mpi.h>.
#include <mpi.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "engine/transport.hpp"

namespace parley {

namespace {

int checked_count(std::size_t bytes) {
    if (bytes > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
        throw std::runtime_error("one message between two ranks exceeds 2 GiB; use more ranks");
    }
    return static_cast<int>(bytes);
}

class MpiTransport final : public Transport {
   public:
    MpiTransport(int* argc, char*** argv) {
        // Where ranks share cores, a waiting rank must let the others work; on cores of their own it costs next to
        // nothing.
        setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
        int provided = 0;
        MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided);
        if (provided < MPI_THREAD_FUNNELED) throw std::runtime_error("this MPI library does not allow threads");
        MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
        MPI_Comm_size(MPI_COMM_WORLD, &size_);
        use(ExchangeStrategy::automatic);
    }
    ~MpiTransport() override { MPI_Finalize(); }
    MpiTransport(const MpiTransport&) = delete;
    MpiTransport& operator=(const MpiTransport&) = delete;

    int rank() const override { return rank_; }
    int size() const override { return size_; }

    void use(ExchangeStrategy strategy) override {
        sparse_ = strategy == ExchangeStrategy::sparse ||
                  (strategy == ExchangeStrategy::automatic && size_ > most_ranks_for_alltoallv);
    }

    std::int64_t exchange(Outgoing& outgoing, Bytes& incoming, std::int64_t local_minimum) override {
        // A rank can be one exchange ahead of another, never two: two tags keep their messages apart.
        tag_ ^= 1;
        const std::int64_t minimum = sparse_ ? exchange_sparse(outgoing, incoming, local_minimum)
                                             : exchange_alltoallv(outgoing, incoming, local_minimum);
        outgoing.clear();
        return minimum;
    }

    void sum(std::span<std::uint64_t> values) override {
        MPI_Allreduce(MPI_IN_PLACE, values.data(), checked_count(values.size()), MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    }

    void maximum(std::span<std::uint64_t> values) override {
        MPI_Allreduce(MPI_IN_PLACE, values.data(), checked_count(values.size()), MPI_UINT64_T, MPI_MAX, MPI_COMM_WORLD);
    }

    std::vector<Bytes> gather_all(const Bytes& mine) override {
        const auto ranks = static_cast<std::size_t>(size_);
        std::vector<int> counts(ranks);
        const int count = checked_count(mine.size());
        MPI_Allgather(&count, 1, MPI_INT, counts.data(), 1, MPI_INT, MPI_COMM_WORLD);
        std::vector<int> offsets(ranks);
        std::size_t total = 0;
        for (std::size_t r = 0; r < ranks; ++r) {
            offsets[r] = checked_count(total);
            total += static_cast<std::size_t>(counts[r]);
        }
        Bytes all(total);
        MPI_Allgatherv(mine.data(), count, MPI_BYTE, all.data(), counts.data(), offsets.data(), MPI_BYTE,
                       MPI_COMM_WORLD);
        std::vector<Bytes> parts;
        for (std::size_t r = 0; r < ranks; ++r) {
            parts.emplace_back(all.begin() + offsets[r], all.begin() + offsets[r] + counts[r]);
        }
        return parts;
    }

    void gather_parts(std::span<std::byte> array, std::span<const std::size_t> begins) override {
        const auto ranks = static_cast<std::size_t>(size_);
        std::vector<int> offsets(ranks);
        std::vector<int> counts(ranks);
        for (std::size_t r = 0; r < ranks; ++r) {
            offsets[r] = checked_count(begins[r]);
            counts[r] = checked_count(begins[r + 1] - begins[r]);
        }
        MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, array.data(), counts.data(), offsets.data(), MPI_BYTE,
                       MPI_COMM_WORLD);
    }

    void send(int to, const Bytes& message) override {
        MPI_Send(message.data(), checked_count(message.size()), MPI_BYTE, to, direct_tag, MPI_COMM_WORLD);
    }

    Bytes receive(int from) override {
        MPI_Message message = MPI_MESSAGE_NULL;
        MPI_Status status;
        MPI_Mprobe(from, direct_tag, MPI_COMM_WORLD, &message, &status);
        Bytes bytes;
        receive(message, status, bytes);
        return bytes;
    }

    [[noreturn]] void abort(int exit_code) override {
        MPI_Abort(MPI_COMM_WORLD, exit_code);
        std::abort();  // MPI_Abort does not return; the compiler does not know
    }

   private:
    static constexpr int most_ranks_for_alltoallv = 512;
    static constexpr int direct_tag = 2;  // exchanges have 0 and 1

    // One message to and from every other rank; the minimum is its last eight bytes.
    std::int64_t exchange_alltoallv(Outgoing& outgoing, Bytes& incoming, std::int64_t local_minimum) {
        requests_.assign(static_cast<std::size_t>(size_), MPI_REQUEST_NULL);
        for (int other = 0; other < size_; ++other) {
            if (other == rank_) continue;
            std::memcpy(outgoing.append(static_cast<std::size_t>(other), sizeof local_minimum), &local_minimum,
                        sizeof local_minimum);
            const Bytes& message = outgoing.to(other);
            MPI_Isend(message.data(), checked_count(message.size()), MPI_BYTE, other, tag_, MPI_COMM_WORLD,
                      &requests_[static_cast<std::size_t>(other)]);
        }
        std::int64_t minimum = local_minimum;
        for (int other = 0; other < size_; ++other) {
            if (other == rank_) continue;
            MPI_Message message = MPI_MESSAGE_NULL;
            MPI_Status status;
            MPI_Mprobe(other, tag_, MPI_COMM_WORLD, &message, &status);
            receive(message, status, incoming);
            std::int64_t theirs = 0;
            std::memcpy(&theirs, incoming.data() + incoming.size() - sizeof theirs, sizeof theirs);
            incoming.resize(incoming.size() - sizeof theirs);
            minimum = std::min(minimum, theirs);
        }
        MPI_Waitall(size_, requests_.data(), MPI_STATUSES_IGNORE);
        return minimum;
    }

    // Synchronous sends; once all of mine have been received I enter the reduction, and once it ends so have
    // everybody's.
    std::int64_t exchange_sparse(Outgoing& outgoing, Bytes& incoming, std::int64_t local_minimum) {
        requests_.clear();
        for (const int other : outgoing.receivers()) {
            const Bytes& message = outgoing.to(other);
            MPI_Issend(message.data(), checked_count(message.size()), MPI_BYTE, other, tag_, MPI_COMM_WORLD,
                       &requests_.emplace_back(MPI_REQUEST_NULL));
        }
        std::int64_t minimum = 0;
        MPI_Request reduction = MPI_REQUEST_NULL;
        bool reducing = false;
        for (;;) {
            receive_one_if_any(incoming);
            int done = 0;
            if (reducing) {
                MPI_Test(&reduction, &done, MPI_STATUS_IGNORE);
                if (done != 0) return minimum;
            } else {
                MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &done, MPI_STATUSES_IGNORE);
                if (done == 0) continue;
                MPI_Iallreduce(&local_minimum, &minimum, 1, MPI_INT64_T, MPI_MIN, MPI_COMM_WORLD, &reduction);
                reducing = true;
            }
        }
    }

    void receive_one_if_any(Bytes& incoming) const {
        int there = 0;
        MPI_Message message = MPI_MESSAGE_NULL;
        MPI_Status status;
        MPI_Improbe(MPI_ANY_SOURCE, tag_, MPI_COMM_WORLD, &there, &message, &status);
        if (there != 0) receive(message, status, incoming);
    }

    static void receive(MPI_Message& message, const MPI_Status& status, Bytes& incoming) {
        int bytes = 0;
        MPI_Get_count(&status, MPI_BYTE, &bytes);
        const std::size_t before = incoming.size();
        incoming.resize(before + static_cast<std::size_t>(bytes));
        MPI_Mrecv(incoming.data() + before, bytes, MPI_BYTE, &message, MPI_STATUS_IGNORE);
    }

    int rank_ = 0;
    int size_ = 1;
    int tag_ = 0;
    bool sparse_ = false;
    std::vector<MPI_Request> requests_;
};

}  // namespace

bool started_by_mpi_launcher() {
    for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"}) {
        if (std::getenv(name) != nullptr) return true;
    }
    return false;
}

std::unique_ptr<Transport> make_mpi_transport(int* argc, char*** argv) {
    return std::make_unique<MpiTransport>(argc, argv);
}

}  // namespace parley
