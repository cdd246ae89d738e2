#include "models/agentic/identity/ed25519.hpp"

#include <sodium.h>

#include <algorithm>

#include "engine/error.hpp"

namespace parley::agentic::ed25519 {

static_assert(std::tuple_size_v<Seed> == crypto_sign_ed25519_SEEDBYTES);
static_assert(std::tuple_size_v<PublicKey> == crypto_sign_ed25519_PUBLICKEYBYTES);
static_assert(std::tuple_size_v<Signature> == crypto_sign_ed25519_BYTES);

namespace {

// As the library wants it: the seed, then the public key.
using SecretKey = std::array<std::uint8_t, crypto_sign_ed25519_SECRETKEYBYTES>;

}  // namespace

void initialise() {
    if (sodium_init() < 0) {
        throw SimulationError(
            "libsodium cannot be initialised (it finds no source of random numbers); use identity.signature = "
            "modelled");
    }
}

PublicKey public_key(const Seed& seed) {
    PublicKey key;
    SecretKey secret;
    crypto_sign_ed25519_seed_keypair(key.data(), secret.data(), seed.data());
    return key;
}

Signature sign(const Seed& seed, const PublicKey& key, std::span<const std::uint8_t> message) {
    SecretKey secret;
    std::copy(key.begin(), key.end(), std::copy(seed.begin(), seed.end(), secret.begin()));
    Signature signature;
    crypto_sign_ed25519_detached(signature.data(), nullptr, message.data(), message.size(), secret.data());
    return signature;
}

bool verify(const PublicKey& key, std::span<const std::uint8_t> message, const Signature& signature) {
    return crypto_sign_ed25519_verify_detached(signature.data(), message.data(), message.size(), key.data()) == 0;
}

}  // namespace parley::agentic::ed25519
