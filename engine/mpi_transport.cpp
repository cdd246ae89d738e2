// Ranks over MPI. The only file that sees <mpi.h>.
#include <mpi.h>

#include <algorithm>
#include <cstdlib>
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
        int provided = 0;
        MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided);
        if (provided < MPI_THREAD_FUNNELED) throw std::runtime_error("this MPI library does not allow threads");
        MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
        MPI_Comm_size(MPI_COMM_WORLD, &size_);
        requests_.resize(static_cast<std::size_t>(size_), MPI_REQUEST_NULL);
    }
    ~MpiTransport() override { MPI_Finalize(); }
    MpiTransport(const MpiTransport&) = delete;
    MpiTransport& operator=(const MpiTransport&) = delete;

    int rank() const override { return rank_; }
    int size() const override { return size_; }

    // One message to and from every other rank; the minimum is its last eight bytes.
    std::int64_t exchange(std::vector<Bytes>& outgoing, Bytes& incoming, std::int64_t local_minimum) override {
        for (int other = 0; other < size_; ++other) {
            if (other == rank_) continue;
            Bytes& message = outgoing[static_cast<std::size_t>(other)];
            const auto* minimum = reinterpret_cast<const std::byte*>(&local_minimum);
            message.insert(message.end(), minimum, minimum + sizeof local_minimum);
            MPI_Isend(message.data(), checked_count(message.size()), MPI_BYTE, other, 0, MPI_COMM_WORLD,
                      &requests_[static_cast<std::size_t>(other)]);
        }
        std::int64_t minimum = local_minimum;
        for (int other = 0; other < size_; ++other) {
            if (other != rank_) minimum = std::min(minimum, receive_from(other, incoming));
        }
        MPI_Waitall(size_, requests_.data(), MPI_STATUSES_IGNORE);
        for (Bytes& message : outgoing) message.clear();
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

    [[noreturn]] void abort(int exit_code) override {
        MPI_Abort(MPI_COMM_WORLD, exit_code);
        std::abort();  // MPI_Abort does not return; the compiler does not know
    }

   private:
    // Appends the message of `other` without its trailing minimum, which is returned.
    std::int64_t receive_from(int other, Bytes& incoming) const {
        MPI_Message message = MPI_MESSAGE_NULL;
        MPI_Status status;
        MPI_Mprobe(other, 0, MPI_COMM_WORLD, &message, &status);
        int bytes = 0;
        MPI_Get_count(&status, MPI_BYTE, &bytes);
        const std::size_t before = incoming.size();
        incoming.resize(before + static_cast<std::size_t>(bytes));
        MPI_Mrecv(incoming.data() + before, bytes, MPI_BYTE, &message, MPI_STATUS_IGNORE);
        std::int64_t minimum = 0;
        std::copy_n(incoming.end() - sizeof minimum, sizeof minimum, reinterpret_cast<std::byte*>(&minimum));
        incoming.resize(incoming.size() - sizeof minimum);
        return minimum;
    }

    int rank_ = 0;
    int size_ = 1;
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
