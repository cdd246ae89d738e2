// Records of running steps, to a checkpoint and back; what is damaged does not reach beyond a record.
#include <gtest/gtest.h>

#include "engine/archive.hpp"
#include "models/agentic/execution/workflow.hpp"
#include "test_parameters.hpp"

namespace parley::agentic {
namespace {

Workflow step_with_candidates(std::uint8_t candidates) {
    Workflow workflow{};
    workflow.number = 7;
    workflow.due = SimTime{1'000};
    workflow.candidates = candidates;
    return workflow;
}

// A peer's list with one record, and candidates 10, 11, ... behind it.
Bytes stored(Workflow workflow) {
    ArchiveWriter archive;
    std::uint32_t count = 1;
    archive(count, workflow);
    for (std::uint32_t i = 0; i < workflow.candidates; ++i) {
        RankedCandidate candidate{10 + i, CandidateState::untried, 0};
        archive(candidate);
    }
    archive.bytes().resize(archive.bytes().size() +
                           std::size_t{256} * sizeof(Candidate));  // whatever else is asked for
    return archive.bytes();
}

template <class Change>
bool is_restored(const Parameters& parameters, const Change& change) {
    Workflow workflow = step_with_candidates(2);
    change(workflow);
    const Bytes bytes = stored(workflow);
    WorkflowPool pool(parameters);
    std::uint32_t first = WorkflowPool::end;
    ArchiveReader archive(bytes);
    try {
        pool.transfer(archive, first);
    } catch (const std::runtime_error&) {
        return false;
    }
    return true;
}

TEST(WorkflowPool, ARecordComesBackWithItsCandidates) {
    const Parameters parameters = parameters_with({});
    const Bytes bytes = stored(step_with_candidates(3));
    WorkflowPool pool(parameters);
    std::uint32_t first = WorkflowPool::end;
    ArchiveReader archive(bytes);
    pool.transfer(archive, first);
    Workflow& workflow = pool.at(first);
    EXPECT_EQ(workflow.number, 7U);
    EXPECT_EQ(workflow.due, SimTime{1'000});
    EXPECT_EQ(workflow.next, WorkflowPool::end);
    ASSERT_EQ(pool.ranked(workflow).size(), 3U);
    EXPECT_EQ(pool.ranked(workflow)[2].peer, 12U);
}

TEST(WorkflowPool, ADamagedCheckpointHasNoMoreCandidatesThanARecordHolds) {
    const Parameters one = parameters_with({});
    const auto most = static_cast<std::uint8_t>(one.candidates);
    EXPECT_TRUE(is_restored(one, [&](Workflow& w) { w.candidates = most; }));
    EXPECT_FALSE(is_restored(one, [&](Workflow& w) { w.candidates = static_cast<std::uint8_t>(most + 1); }));
    EXPECT_FALSE(is_restored(one, [&](Workflow& w) { w.rank = most; }));
    EXPECT_FALSE(is_restored(one, [&](Workflow& w) { w.merged = 1; })) << "there is no room for it";
    const Parameters two = parameters_with({"registry.fanout=2"});
    EXPECT_TRUE(is_restored(two, [&](Workflow& w) { w.merged = most; }));
    EXPECT_FALSE(is_restored(two, [&](Workflow& w) { w.merged = static_cast<std::uint8_t>(most + 1); }));
}

TEST(WorkflowPool, ADamagedCheckpointHasNoStolenNamesBeyondTheCandidates) {
    const Parameters parameters = parameters_with({"adversary.forge_rate=1", "identity.verify=false"});
    Workflow workflow = step_with_candidates(0);
    for (const std::uint32_t names : {0U, parameters.candidates, parameters.candidates + 1, UINT32_MAX}) {
        ArchiveWriter writer;
        std::uint32_t count = 1;
        std::uint32_t stolen = names;
        writer(count, workflow, stolen);
        writer.bytes().resize(writer.bytes().size() + 1000);
        WorkflowPool pool(parameters);
        std::uint32_t first = WorkflowPool::end;
        ArchiveReader archive(writer.bytes());
        if (names <= parameters.candidates) {
            EXPECT_NO_THROW(pool.transfer(archive, first)) << names;
        } else {
            EXPECT_THROW(pool.transfer(archive, first), std::runtime_error) << names;
        }
    }
}

TEST(WorkflowPool, ADamagedCheckpointNamesOnlyWhatThereIs) {
    const Parameters p = parameters_with({});
    EXPECT_FALSE(is_restored(p, [&](Workflow& w) { w.step = static_cast<std::uint8_t>(p.steps.size()); }));
    EXPECT_FALSE(
        is_restored(p, [&](Workflow& w) { w.capability_class = static_cast<std::uint16_t>(p.classes.size()); }));
    EXPECT_FALSE(is_restored(p, [&](Workflow& w) { w.phase = static_cast<Phase>(5); }));
    EXPECT_FALSE(is_restored(p, [&](Workflow& w) { w.tier = 4; }));
    EXPECT_FALSE(is_restored(p, [&](Workflow& w) { w.last_failure = static_cast<Failure>(failure_count); }));
}

}  // namespace
}  // namespace parley::agentic
