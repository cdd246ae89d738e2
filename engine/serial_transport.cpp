// One rank: nothing to send, nothing to wait for.
#include <cstdlib>
#include <stdexcept>

#include "engine/transport.hpp"

namespace parley {

namespace {

class SerialTransport final : public Transport {
   public:
    int rank() const override { return 0; }
    int size() const override { return 1; }
    std::int64_t exchange(Outgoing&, Bytes&, std::int64_t local_minimum) override { return local_minimum; }
    void use(ExchangeStrategy) override {}
    void sum(std::span<std::uint64_t>) override {}
    void maximum(std::span<std::uint64_t>) override {}
    std::vector<Bytes> gather_all(const Bytes& mine) override { return {mine}; }
    void gather_parts(std::span<std::byte>, std::span<const std::size_t>) override {}
    void send(int, const Bytes&) override { throw std::logic_error("there is no other rank to send to"); }
    Bytes receive(int) override { throw std::logic_error("there is no other rank to receive from"); }
    [[noreturn]] void abort(int exit_code) override { std::exit(exit_code); }
};

}  // namespace

std::unique_ptr<Transport> make_serial_transport() { return std::make_unique<SerialTransport>(); }

}  // namespace parley
