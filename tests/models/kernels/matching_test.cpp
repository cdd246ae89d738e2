// Top-k matching against its definition: scores are sums in order in float (this file, too, is compiled without
// fused multiply-add), and the index of bytes never changes a result.
#include "models/kernels/matching.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

namespace parley::kernels {
namespace {

constexpr std::uint8_t any_level = 1;
constexpr float excluded = -std::numeric_limits<float>::infinity();

using Vector = std::vector<float>;

Vector unit_vector(std::mt19937& random, std::size_t dimension) {
    std::normal_distribution<float> normal;
    Vector values(dimension);
    float squares = 0;
    for (float& value : values) {
        value = normal(random);
        squares += value * value;
    }
    for (float& value : values) value /= std::sqrt(squares);
    return values;
}

// The definition of a score.
float sum_in_order(const Vector& intent, const Vector& embedding) {
    float sum = 0;
    for (std::size_t k = 0; k < intent.size(); ++k) sum += intent[k] * embedding[k];
    return sum;
}

// An index beside the plain embeddings it was made from.
struct Entries {
    explicit Entries(std::uint32_t dimension) : index(dimension) {}
    void append(const Vector& embedding, std::uint8_t its_level = 1) {
        index.append(embedding);
        index.set_level(embeddings.size(), its_level);
        embeddings.push_back(embedding);
        level.push_back(its_level);
        peer.push_back(static_cast<std::uint32_t>((embeddings.size() * 7919) % 100'003));
    }

    MatchIndex index;
    std::vector<Vector> embeddings;
    std::vector<std::uint8_t> level;
    std::vector<std::uint32_t> peer;
};

struct Wanted {
    Vector intent;
    std::uint8_t min_level = any_level;
    std::size_t k = 8;
    std::function<bool(std::uint32_t)> eligible = {};
};

// What the index is told: which entries are eligible, and how ties are broken.
struct Told : AllEntries {
    const Entries& of;
    std::uint32_t tie(std::uint32_t entry) const { return of.peer[entry]; }
};
struct ToldWithConstraint : Told {
    static constexpr bool all_eligible = false;
    const std::function<bool(std::uint32_t)>& constraint;
    bool eligible(std::uint32_t entry) const { return constraint(entry); }
};

// Matches, best first.
using Matches = std::vector<std::pair<std::uint32_t, float>>;

Matches by_definition(const Entries& entries, const Wanted& wanted) {
    std::vector<Match> all;
    for (std::uint32_t i = 0; i < entries.embeddings.size(); ++i) {
        if (entries.level[i] < wanted.min_level || (wanted.eligible && !wanted.eligible(i))) {
            continue;
        }
        all.push_back({i, std::max(0.0F, sum_in_order(wanted.intent, entries.embeddings[i]))});
    }
    std::sort(all.begin(), all.end(), [&](const Match& a, const Match& b) {
        return a.score != b.score ? a.score > b.score : entries.peer[a.entry] < entries.peer[b.entry];
    });
    all.resize(std::min(all.size(), wanted.k));
    Matches matches;
    for (const Match& match : all) matches.emplace_back(match.entry, match.score);
    return matches;
}

// What the index finds for several queries at once.
std::vector<Matches> by_index(const Entries& entries, const std::vector<Wanted>& all) {
    MatchScratch scratch;
    std::vector<MatchQuery> queries;
    for (const Wanted& wanted : all) queries.push_back({wanted.intent, wanted.min_level});
    std::vector<std::vector<Match>> best(all.size(), {{1, 2.0F}});  // rests of an earlier query
    const Wanted& first = all.front();
    if (first.eligible) {
        top_matches(entries.index, queries, first.k, ToldWithConstraint{{{}, entries}, first.eligible}, scratch,
                    std::span(best));
    } else {
        top_matches(entries.index, queries, first.k, Told{{}, entries}, scratch, std::span(best));
    }
    std::vector<Matches> found(all.size());
    for (std::size_t q = 0; q < all.size(); ++q) {
        for (const Match& match : best[q]) found[q].emplace_back(match.entry, match.score);
    }
    return found;
}

Matches by_index(const Entries& entries, const Wanted& wanted) { return by_index(entries, std::vector{wanted})[0]; }

// Approximate scores of all entries, the rest of the last block included.
struct Approximation {
    Approximation(const MatchIndex& index, const Vector& intent, std::uint8_t min_level)
        : scores(index.block_count() * coarse::block_entries), lane_best((index.block_count() + 7) / 8 * 16) {
        IntentCodes codes;
        codes.set(intent);
        error = index.error_bound(codes);
        const Sweep all = index.blocks(0, index.block_count());
        const SweepQuery query{&codes, min_level, scores.data(), lane_best.data()};
        sweep(all, {&query, 1});
        Vector portable_scores(scores.size());
        Vector portable_best(lane_best.size());
        sweep_portable(all, {&codes, min_level, portable_scores.data(), portable_best.data()});
        EXPECT_EQ(scores, portable_scores);
        EXPECT_EQ(lane_best, portable_best);
    }
    Vector scores;
    Vector lane_best;
    float error = 0;
};

TEST(MatchIndex, ScoresAreSumsInOrder) {
    for (const std::uint32_t dimension : {2U, 3U, 31U, 32U, 33U, 1024U}) {
        for (const std::size_t count : {0U, 1U, 15U, 16U, 17U, 63U, 64U, 65U, 2000U}) {
            if (dimension == 1024 && count > 65) continue;
            std::mt19937 random(static_cast<unsigned>(dimension * 10'000ULL + count));
            Entries entries(dimension);
            for (std::size_t i = 0; i < count; ++i) entries.append(unit_vector(random, dimension));
            ASSERT_EQ(entries.index.size(), count);
            const Vector intent = unit_vector(random, dimension);
            for (std::size_t i = 0; i < count; ++i) {
                ASSERT_EQ(entries.index.exact_score(i, intent), sum_in_order(intent, entries.embeddings[i]))
                    << "entry " << i << " of " << count << ", dimension " << dimension;
            }
            // The same for any selection of entries at once.
            std::vector<std::uint32_t> chosen;
            for (std::uint32_t i = 0; i < count; ++i) {
                if (random() % 3 != 0) chosen.push_back(i);
            }
            Vector scores(chosen.size());
            entries.index.exact_scores(chosen, intent, scores);
            for (std::size_t c = 0; c < chosen.size(); ++c) {
                ASSERT_EQ(scores[c], sum_in_order(intent, entries.embeddings[chosen[c]]));
            }
        }
    }
}

// 2^24 absorbs a 1 that comes after it: of all orders only those that add the last 1 last give 1.
TEST(MatchIndex, SumsFromTheFirstDimensionToTheLast) {
    MatchIndex index(4);
    index.append(Vector{16777216.0F, 1.0F, -16777216.0F, 1.0F});
    EXPECT_EQ(index.exact_score(0, Vector{1, 1, 1, 1}), 1.0F);
    MatchIndex reversed(4);
    reversed.append(Vector{1.0F, -16777216.0F, 1.0F, 16777216.0F});
    EXPECT_EQ(reversed.exact_score(0, Vector{1, 1, 1, 1}), 2.0F);
}

TEST(MatchIndex, ApproximatesWithinItsErrorBound) {
    for (const std::uint32_t dimension : {2U, 5U, 32U, 100U}) {
        std::mt19937 random(dimension);
        Entries entries(dimension);
        for (int i = 0; i < 500; ++i) entries.append(unit_vector(random, dimension));
        for (int query = 0; query < 20; ++query) {
            const Vector intent = unit_vector(random, dimension);
            const Approximation approximation(entries.index, intent, any_level);
            EXPECT_LT(approximation.error, 0.2F);  // it prunes something
            for (std::size_t i = 0; i < entries.embeddings.size(); ++i) {
                double exact = 0;
                for (std::size_t k = 0; k < dimension; ++k) exact += 1.0 * intent[k] * entries.embeddings[i][k];
                ASSERT_LE(std::abs(approximation.scores[i] - exact), approximation.error) << "dimension " << dimension;
            }
        }
    }
}

TEST(MatchIndex, ExcludesEntriesOfALowerLevel) {
    std::mt19937 random(1);
    Entries entries(8);
    for (int i = 0; i < 40; ++i) entries.append(unit_vector(random, 8), static_cast<std::uint8_t>(i % 5));
    const Approximation approximation(entries.index, unit_vector(random, 8), 2);
    const Vector& scores = approximation.scores;
    for (std::size_t i = 0; i < 40; ++i) {
        EXPECT_EQ(scores[i] == excluded, i % 5 < 2) << i;
    }
    for (std::size_t i = 40; i < scores.size(); ++i) EXPECT_EQ(scores[i], excluded);  // the rest of the last block
    for (std::size_t lane = 0; lane < 16; ++lane) {                                   // three blocks: one band
        EXPECT_EQ(approximation.lane_best[lane], std::max({scores[lane], scores[16 + lane], scores[32 + lane]}));
    }
}

TEST(MatchIndex, FindsNothingBeforeAnEntryHasALevel) {
    MatchIndex index(2);
    index.append(Vector{1, 0});
    const auto score = [&] { return Approximation(index, Vector{1, 0}, any_level).scores[0]; };
    EXPECT_EQ(score(), excluded);
    index.set_level(0, 1);
    EXPECT_NEAR(score(), 1, 0.02);
    index.set_level(0, 0);
    EXPECT_EQ(score(), excluded);
}

TEST(TopMatches, AreThoseOfTheDefinition) {
    for (const std::size_t count : {0U, 1U, 7U, 8U, 9U, 15U, 16U, 17U, 63U, 64U, 65U, 2000U}) {
        std::mt19937 random(static_cast<unsigned>(count));
        Entries entries(32);
        for (std::size_t i = 0; i < count; ++i) {
            entries.append(unit_vector(random, 32), static_cast<std::uint8_t>(random() % 4));
        }
        for (const std::size_t k : {1U, 8U, 64U}) {
            for (const std::uint8_t min_level : {std::uint8_t{1}, std::uint8_t{2}, std::uint8_t{200}}) {
                Wanted wanted{unit_vector(random, 32), min_level, k};
                ASSERT_EQ(by_index(entries, wanted), by_definition(entries, wanted)) << count << " entries, k = " << k;
                wanted.eligible = [](std::uint32_t i) { return i % 7 != 3; };
                ASSERT_EQ(by_index(entries, wanted), by_definition(entries, wanted)) << count << " entries, k = " << k;
            }
        }
    }
}

// Replaced entries are found by what they are now, whether or not the block's step grows; levels stay.
TEST(TopMatches, AreThoseOfTheDefinitionAfterReplacements) {
    std::mt19937 random(77);
    for (const std::uint32_t dimension : {3U, 32U}) {
        Entries entries(dimension);
        for (int i = 0; i < 200; ++i) {
            entries.append(unit_vector(random, dimension), static_cast<std::uint8_t>(random() % 3));
        }
        for (int round = 0; round < 300; ++round) {
            const std::size_t entry = random() % entries.embeddings.size();
            Vector embedding = unit_vector(random, dimension);
            // Half of them so large that the others of the block need another step, half smaller.
            const float size = round % 2 == 0 ? 1.0F + static_cast<float>(round) / 100 : 0.5F;
            for (float& x : embedding) x *= size;
            entries.index.replace(entry, embedding);
            entries.embeddings[entry] = embedding;
            if (round % 10 != 9) continue;
            const Wanted wanted{unit_vector(random, dimension)};
            ASSERT_EQ(by_index(entries, wanted), by_definition(entries, wanted)) << "round " << round;
            const Approximation approximation(entries.index, wanted.intent, any_level);
            for (std::size_t i = 0; i < entries.embeddings.size(); ++i) {
                ASSERT_EQ(entries.index.exact_score(i, wanted.intent),
                          sum_in_order(wanted.intent, entries.embeddings[i]));
                if (entries.level[i] == 0) continue;
                ASSERT_LE(std::abs(approximation.scores[i] - sum_in_order(wanted.intent, entries.embeddings[i])),
                          approximation.error);
            }
        }
    }
}

// More entries than are swept at once, and more queries than share a sweep.
TEST(TopMatches, DoNotDependOnHowManyQueriesAreAnsweredTogether) {
    std::mt19937 random(31);
    Entries entries(32);
    const Vector centre = unit_vector(random, 32);
    for (int i = 0; i < 10'000; ++i) {
        Vector embedding = unit_vector(random, 32);
        for (std::size_t k = 0; k < 32; ++k) embedding[k] = 0.4F * embedding[k] + centre[k];
        entries.append(embedding, static_cast<std::uint8_t>(i % 4));
    }
    for (const bool constrained : {false, true}) {
        std::vector<Wanted> wanted;
        for (int q = 0; q < 40; ++q)
            wanted.push_back({unit_vector(random, 32), static_cast<std::uint8_t>(1 + q % 2), 9});
        if (constrained) wanted[0].eligible = [](std::uint32_t i) { return i % 50 == 1; };
        const std::vector<Matches> together = by_index(entries, wanted);
        for (std::size_t q = 0; q < wanted.size(); ++q) {
            Wanted alone = wanted[q];
            alone.eligible = wanted[0].eligible;
            ASSERT_EQ(together[q], by_definition(entries, alone)) << "query " << q;
            ASSERT_EQ(by_index(entries, alone), together[q]) << "query " << q;
        }
    }
}

// Entries that differ less than the bytes can tell: the exact scores have to decide.
TEST(TopMatches, AreExactAmongEntriesThatTheBytesCannotTellApart) {
    std::mt19937 random(12);
    const Vector centre = unit_vector(random, 32);
    std::normal_distribution<float> normal;
    for (const float spread : {1e-7F, 1e-5F, 1e-3F, 1e-2F}) {
        Entries entries(32);
        for (int i = 0; i < 1000; ++i) {
            Vector embedding = centre;
            for (float& x : embedding) x += spread * normal(random);
            entries.append(embedding);
        }
        for (int query = 0; query < 10; ++query) {
            const Wanted wanted{query == 0 ? centre : unit_vector(random, 32)};
            ASSERT_EQ(by_index(entries, wanted), by_definition(entries, wanted)) << spread;
        }
    }
}

TEST(TopMatches, BreakTiesByTheLowerNumber) {
    std::mt19937 random(2);
    const Vector same = unit_vector(random, 16);
    Entries entries(16);
    for (int i = 0; i < 100; ++i) entries.append(same);
    const Wanted wanted{same};
    const auto found = by_index(entries, wanted);
    EXPECT_EQ(found, by_definition(entries, wanted));
    std::vector<std::uint32_t> peers = entries.peer;
    std::sort(peers.begin(), peers.end());
    for (const auto& [entry, score] : found) EXPECT_LE(entries.peer[entry], peers[7]);
}

TEST(TopMatches, TieAtZeroWhenTheIntentPointsAway) {
    std::mt19937 random(3);
    const Vector centre = unit_vector(random, 4);
    Vector away = centre;
    for (float& x : away) x = -x;
    std::normal_distribution<float> normal;
    Entries entries(4);
    for (int i = 0; i < 300; ++i) {
        Vector embedding = centre;
        for (float& x : embedding) x += 0.6F * normal(random);
        entries.append(embedding);
    }
    for (const std::size_t k : {1U, 8U, 64U, 300U, 400U}) {
        const Wanted wanted{away, any_level, k};
        ASSERT_EQ(by_index(entries, wanted), by_definition(entries, wanted)) << k;
    }
}

TEST(TopMatches, TakeExtremeVectors) {
    Entries entries(5);
    entries.append({0, 0, 0, 0, 0});
    entries.append({1, 0, 0, 0, 0});
    entries.append({0, 0, 0, 0, -1});
    entries.append({1e-30F, 1e-30F, 0, 0, 0});
    entries.append({0.4472136F, 0.4472136F, 0.4472136F, 0.4472136F, 0.4472136F});
    for (const Vector& intent :
         {Vector{0, 0, 0, 0, 0}, Vector{1, 0, 0, 0, 0}, Vector{0, 0, 0, 0, -1}, Vector{1e-30F, 0, 0, 0, 0}}) {
        for (const std::size_t k : {1U, 2U, 5U}) {
            const Wanted wanted{intent, any_level, k};
            ASSERT_EQ(by_index(entries, wanted), by_definition(entries, wanted));
        }
    }
}

}  // namespace
}  // namespace parley::kernels
