// Ed25519 against the test vectors of RFC 8032, section 7.1.
#include "models/agentic/identity/ed25519.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace parley::agentic::ed25519 {
namespace {

std::vector<std::uint8_t> bytes_of(const std::string& hex) {
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    }
    return bytes;
}

template <class Array>
Array array_of(const std::string& hex) {
    const std::vector<std::uint8_t> bytes = bytes_of(hex);
    Array array{};
    EXPECT_EQ(bytes.size(), array.size());
    std::copy(bytes.begin(), bytes.end(), array.begin());
    return array;
}

struct Vector {
    const char* name;
    const char* secret_key;
    const char* public_key;
    const char* message;
    const char* signature;
};

const Vector vectors[] = {
    {"TEST 1", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe246"
     "5"
     "5141438e7a100b"},
    {"TEST 2", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb"
     "0"
     "0d291612bb0c00"},
    {"TEST 3", "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc"
     "0"
     "27beceea1ec40a"},
};

TEST(Ed25519, AgreesWithThePublishedVectors) {
    initialise();
    for (const Vector& vector : vectors) {
        const auto seed = array_of<Seed>(vector.secret_key);
        const PublicKey key = public_key(seed);
        EXPECT_EQ(key, array_of<PublicKey>(vector.public_key)) << vector.name;
        const auto message = bytes_of(vector.message);
        const Signature signature = sign(seed, key, message);
        EXPECT_EQ(signature, array_of<Signature>(vector.signature)) << vector.name;
        EXPECT_TRUE(verify(key, message, signature)) << vector.name;
    }
}

TEST(Ed25519, RejectsWhatDiffersInOneBit) {
    initialise();
    const Vector& vector = vectors[2];
    const auto key = array_of<PublicKey>(vector.public_key);
    const auto message = bytes_of(vector.message);
    const auto signature = array_of<Signature>(vector.signature);
    ASSERT_TRUE(verify(key, message, signature));
    for (std::size_t bit = 0; bit < 8 * message.size(); ++bit) {
        auto other = message;
        other[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        EXPECT_FALSE(verify(key, other, signature)) << "bit " << bit << " of the message";
    }
    for (std::size_t bit = 0; bit < 8 * signature.size(); ++bit) {
        auto other = signature;
        other[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        EXPECT_FALSE(verify(key, message, other)) << "bit " << bit << " of the signature";
    }
    EXPECT_FALSE(verify(array_of<PublicKey>(vectors[1].public_key), message, signature));
}

}  // namespace
}  // namespace parley::agentic::ed25519
