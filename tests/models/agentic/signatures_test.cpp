// Which messages are signed, over which bytes, and what receivers find out. The largest event that may come of it.
#include "models/agentic/identity/signatures.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <stdexcept>
#include <vector>

#include "models/agentic/agentic_model.hpp"
#include "test_parameters.hpp"

namespace parley::agentic {
namespace {

constexpr std::uint32_t receiver = 101;
const std::vector<std::string> real{"identity.signature=ed25519", "peers.count=30"};

// A message as it arrives.
template <class Payload>
class Arrived {
   public:
    Arrived(EventKind kind, std::uint32_t sender, const Payload& payload, std::uint32_t destination = receiver)
        : bytes_(event_bytes<Payload>() / sizeof(std::uint64_t)) {
        const EventHeader header{SimTime{1}, EntityId{destination}, EntityId{sender}, 0,
                                 code(kind), event_bytes<Payload>()};
        std::memcpy(bytes_.data(), &header, sizeof header);
        std::memcpy(reinterpret_cast<std::byte*>(bytes_.data()) + sizeof header, &payload, sizeof payload);
    }
    Event event() const { return Event(reinterpret_cast<const EventHeader*>(bytes_.data())); }

   private:
    std::vector<std::uint64_t> bytes_;
};

TEST(Signatures, CoverKindReceiverAndContentLowestByteFirst) {
    const auto bytes = [](const auto& message) {
        const ByteString string = canonical(0x01020304, message);
        return std::vector<std::uint8_t>(string.bytes().begin(), string.bytes().end());
    };
    const auto kind = [](EventKind k) { return static_cast<std::uint8_t>(code(k)); };
    using Bytes = std::vector<std::uint8_t>;
    EXPECT_EQ(bytes(RegisterDescriptor{7, true, false, 0x1122, 0x0102030405060708}),
              (Bytes{kind(EventKind::register_descriptor),
                     0,
                     4,
                     3,
                     2,
                     1,
                     7,
                     0,
                     0,
                     0,
                     1,
                     0,
                     0x22,
                     0x11,
                     8,
                     7,
                     6,
                     5,
                     4,
                     3,
                     2,
                     1}));
    const TaskName name{5, 1, 2, 0x0304};
    const Bytes named{5, 0, 0, 0, 1, 2, 4, 3};
    const auto with = [&](EventKind k, const Bytes& rest) {
        Bytes all{kind(k), 0, 4, 3, 2, 1};
        for (const std::uint8_t byte : named) all.push_back(byte);
        for (const std::uint8_t byte : rest) all.push_back(byte);
        return all;
    };
    // Ground truth is not part of what is signed.
    for (const std::uint8_t sybil : {std::uint8_t{0}, std::uint8_t{1}}) {
        EXPECT_EQ(bytes(CanaryResponse{name, 1, sybil, 0, 9}),
                  with(EventKind::canary_response, {1, 9, 0, 0, 0, 0, 0, 0, 0}));
    }
    EXPECT_EQ(bytes(Result{name, 1, 0, {}}), with(EventKind::result, {1}));
    EXPECT_EQ(bytes(Commit{name, 1, 0, 0}), with(EventKind::commit, {}));
    EXPECT_EQ(bytes(Committed{name}), with(EventKind::committed, {}));
    EXPECT_EQ(bytes(Report{6, 1, {}}), (Bytes{kind(EventKind::report), 0, 4, 3, 2, 1, 6, 0, 0, 0, 1}));
}

TEST(Signatures, AreThoseOfTheirIssuerForTheirReceiver) {
    const Signatures signatures(parameters_with(real), 2);
    std::set<ed25519::Signature> all;
    for (std::uint32_t issuer = 0; issuer < 30; ++issuer) {
        const auto message = signatures.sign(issuer, receiver, Report{6, 1, {}});
        all.insert(message.signature);
        for (std::uint32_t other = 0; other < 30; ++other) {
            EXPECT_EQ(signatures.verify(other, receiver, message), other == issuer);
        }
        EXPECT_FALSE(signatures.verify(issuer, receiver + 1, message));
    }
    EXPECT_EQ(all.size(), 30U);
    // Keys follow from the seed.
    const Signatures again(parameters_with(real), 1);
    EXPECT_TRUE(again.verify(4, receiver, signatures.sign(4, receiver, Committed{})));
    std::vector<std::string> other_seed = real;
    other_seed.emplace_back("run.seed=2");
    const Signatures others(parameters_with(other_seed), 1);
    EXPECT_FALSE(others.verify(4, receiver, signatures.sign(4, receiver, Committed{})));
}

TEST(Signatures, TellAForgedDescriptor) {
    const Signatures signatures(parameters_with(real), 1);
    const RegisterDescriptor descriptor{7, false, false, 0, 5};
    const auto own = signatures.sign(7, receiver, descriptor);
    EXPECT_TRUE(signatures.check(Arrived(EventKind::register_descriptor, 7, own).event()));
    const auto forged = signatures.sign(8, receiver, descriptor);
    EXPECT_FALSE(signatures.check(Arrived(EventKind::register_descriptor, 8, forged).event()));
    for (auto change : {+[](RegisterDescriptor& d) { d.degraded = true; }, +[](RegisterDescriptor& d) { ++d.issued; },
                        +[](RegisterDescriptor& d) { ++d.quality; }, +[](RegisterDescriptor& d) { d.newest = true; },
                        +[](RegisterDescriptor& d) { ++d.peer; }}) {
        auto changed = own;
        change(changed.payload);
        EXPECT_FALSE(signatures.check(Arrived(EventKind::register_descriptor, 7, changed).event()));
    }
}

// What only its issuer sends has to be signed by its sender; anything else is an error of the program.
template <class Payload, class Change>
void expect_unsigned_refused(EventKind kind, const Payload& payload, Change change) {
    const Signatures signatures(parameters_with(real), 1);
    const auto own = signatures.sign(7, receiver, payload);
    EXPECT_TRUE(signatures.check(Arrived(kind, 7, own).event()));
    EXPECT_THROW(signatures.check(Arrived(kind, 8, own).event()), std::logic_error);
    EXPECT_THROW(signatures.check(Arrived(kind, 7, own, receiver + 1).event()), std::logic_error);
    auto changed = own;
    change(changed.payload);
    EXPECT_THROW(signatures.check(Arrived(kind, 7, changed).event()), std::logic_error);
}

TEST(Signatures, RefuseWhatIsNotSignedByItsSender) {
    const TaskName name{5, 1, 2, 3};
    expect_unsigned_refused(EventKind::canary_response, CanaryResponse{name, 0, 0, 0, 9},
                            [](auto& m) { m.passed = 1; });
    expect_unsigned_refused(EventKind::result, Result{name, 0, 0, {}}, [](auto& m) { m.good = 1; });
    expect_unsigned_refused(EventKind::commit, Commit{name, 0, 0, 0}, [](auto& m) { ++m.name.workflow; });
    expect_unsigned_refused(EventKind::committed, Committed{name}, [](auto& m) { ++m.name.step; });
    expect_unsigned_refused(EventKind::report, Report{6, 0, {}}, [](auto& m) { m.good = 1; });
    const Signatures signatures(parameters_with(real), 1);
    EXPECT_THROW(signatures.check(Arrived(EventKind::report, 7, Report{6, 0, {}}).event()), std::logic_error);
    // A result without evidence carries no signature.
    EXPECT_TRUE(signatures.check(Arrived(EventKind::result, 7, Result{name, 0, 0, {}}).event()));
}

// --- sizes of events: 24 bytes of header, 8 of an answer's head, 24 a candidate, 4 an address, 64 a signature

std::size_t largest(std::vector<std::string> settings) {
    settings.emplace_back("peers.count=100");
    return AgenticModel(parameters_with(settings), nullptr, 1).largest_event();
}

TEST(LargestEvent, HoldsAnAnswerWithTheAddressesOfStolenNames) {
    EXPECT_EQ(largest({"registry.candidates=8"}), 24U + 8 + 8 * 24);
    const std::vector<std::string> forged{"adversary.forge_rate=1", "identity.verify=false"};
    const auto with = [&](const std::string& candidates, std::vector<std::string> settings) {
        settings.push_back("registry.candidates=" + candidates);
        return largest(std::move(settings));
    };
    EXPECT_EQ(with("8", forged), 24U + 8 + 8 * 28);
    EXPECT_EQ(with("7", forged), 24U + 8 + 7 * 28 + 4);  // a multiple of 8
    EXPECT_EQ(with("64", forged), 24U + 8 + 64 * 28);
    EXPECT_LE(with("64", forged), max_event_bytes);
    // Rejected forgeries need no room.
    EXPECT_EQ(with("8", {"adversary.forge_rate=1"}), 24U + 8 + 8 * 24);
}

TEST(LargestEvent, HoldsASignature) {
    // The largest signed message is a canary response: 24 bytes.
    EXPECT_EQ(largest({"registry.candidates=1"}), 24U + 8 + 24);
    EXPECT_EQ(largest({"registry.candidates=1", "identity.signature=ed25519"}), 24U + 24 + 64);
    EXPECT_EQ(event_bytes<Signed<CanaryResponse>>(), 24U + 24 + 64);
    EXPECT_EQ(event_bytes<Signed<RegisterDescriptor>>(), 24U + 16 + 64);
}

}  // namespace
}  // namespace parley::agentic
