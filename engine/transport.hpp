// Communication between ranks. Serial is an implementation like any other; <mpi.h> is seen by mpi_transport.cpp
// alone. All calls but rank(), size(), send() and receive() are collective; only the main thread calls them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace parley {

using Bytes = std::vector<std::byte>;

// What a rank sends to the others in one exchange. Costs nothing for ranks that get nothing.
class Outgoing {
   public:
    explicit Outgoing(int ranks) : to_(static_cast<std::size_t>(ranks)) {}

    // Appends to what goes to `rank`; the bytes are to be written at once.
    std::byte* append(std::size_t rank, std::size_t bytes) {
        Bytes& buffer = to_[rank];
        if (buffer.empty()) receivers_.push_back(static_cast<int>(rank));
        buffer.resize(buffer.size() + bytes);
        return buffer.data() + (buffer.size() - bytes);
    }
    const std::vector<int>& receivers() const { return receivers_; }
    Bytes& to(int rank) { return to_[static_cast<std::size_t>(rank)]; }
    void clear() {
        for (const int rank : receivers_) to(rank).clear();
        receivers_.clear();
    }

   private:
    std::vector<Bytes> to_;
    std::vector<int> receivers_;  // those with something to receive, in order of first use
};

// How ranks exchange events.
enum class ExchangeStrategy {
    automatic,  // alltoallv up to 512 ranks, then sparse (docs/scaling.md)
    alltoallv,  // one message to every other rank, empty or not; the minimum rides along
    sparse,     // messages only where there is something to send, ended by a reduction (Hoefler et al. 2010, NBX)
};

class Transport {
   public:
    virtual ~Transport() = default;
    virtual int rank() const = 0;
    virtual int size() const = 0;
    bool is_root() const { return rank() == 0; }

    // Sends `outgoing` and clears it; appends what came from the others to `incoming`, in any order. Returns the
    // minimum of `local_minimum` over all ranks.
    virtual std::int64_t exchange(Outgoing& outgoing, Bytes& incoming, std::int64_t local_minimum) = 0;
    virtual void use(ExchangeStrategy strategy) = 0;

    // Replaces each value by its sum over all ranks. Integers only: their sum has no order.
    virtual void sum(std::span<std::uint64_t> values) = 0;

    // Replaces each value by its maximum over all ranks.
    virtual void maximum(std::span<std::uint64_t> values) = 0;

    // Everybody's `mine` in order of ranks, on every rank.
    virtual std::vector<Bytes> gather_all(const Bytes& mine) = 0;

    // Makes an array known to all ranks, in place: rank r brings the bytes [begins[r], begins[r + 1]), and gets the
    // others'. `begins` has size() + 1 elements and is, as the size of the array, the same on all ranks.
    virtual void gather_parts(std::span<std::byte> array, std::span<const std::size_t> begins) = 0;

    // Point to point, between the root and another rank; messages from one to the other keep their order. Not
    // collective. A send may wait for its receive.
    virtual void send(int to, const Bytes& message) = 0;
    virtual Bytes receive(int from) = 0;

    // Ends every rank with this exit code, at once.
    [[noreturn]] virtual void abort(int exit_code) = 0;
};

std::unique_ptr<Transport> make_serial_transport();
// Whether this process was started by mpirun, srun or the like. A process started alone uses the serial transport:
// initialising MPI costs more than a small run.
bool started_by_mpi_launcher();
// Initialises MPI; the destructor finalises it.
std::unique_ptr<Transport> make_mpi_transport(int* argc, char*** argv);

}  // namespace parley
