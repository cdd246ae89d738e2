// Communication between ranks. Serial is an implementation like any other; <mpi.h> is seen by mpi_transport.cpp
// alone. All calls but rank() and size() are collective; only the main thread calls them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace parley {

using Bytes = std::vector<std::byte>;

class Transport {
   public:
    virtual ~Transport() = default;
    virtual int rank() const = 0;
    virtual int size() const = 0;
    bool is_root() const { return rank() == 0; }

    // Sends outgoing[r] to rank r (outgoing[rank()] must be empty), clears it, and appends what came from the
    // others to `incoming`, in the order of their ranks. Returns the minimum of `local_minimum` over all ranks,
    // which rides along.
    virtual std::int64_t exchange(std::vector<Bytes>& outgoing, Bytes& incoming, std::int64_t local_minimum) = 0;

    // Replaces each value by its sum over all ranks. Integers only: their sum has no order.
    virtual void sum(std::span<std::uint64_t> values) = 0;

    // Replaces each value by its maximum over all ranks.
    virtual void maximum(std::span<std::uint64_t> values) = 0;

    // Everybody's `mine` in order of ranks, on every rank.
    virtual std::vector<Bytes> gather_all(const Bytes& mine) = 0;

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
