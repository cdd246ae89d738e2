// What random streams are for: the second half of a stream's name.
#pragma once

#include <cstdint>

#include "engine/random_stream.hpp"

namespace parley::agentic {

enum class Purpose : std::uint32_t {
    prototype = 1,    // item: class; entity 0
    offered_classes,  // item: 0 named, or the draw
    price,            // item: class, here and below
    quality,
    instance_median,
    embedding,
    sybil_claim,
    sybil_behaviour,   // item: 0
    refresh_phase,     // item: class
    drift_start,       // item: class
    drift_toggle,      // item: number of the toggle; variant: class
    one_way_delay,     // item: the sender's number of the message
    workflow_arrival,  // item: number of the workflow; variant: with churn, the on-time since when
    step_class,        // item: workflow and step, here and below
    shard_choice,
    intent,
    choice_noise,
    outcome_check,      // variant: rank of the candidate
    evidence_check,     // variant: rank of the candidate
    execution_time,     // item: number of the task
    execution_outcome,  // item: number of the task
    canary_outcome,     // item: number of the canary
    place,              // item: 0
    loss,               // item: the sender's number of the message
    behind_nat,         // item: 0
    direct_path,        // entity: the receiver; item: the sender
    relay,              // item: the sender's number of the message
    onoff_phase,        // item: 0
    sybil_targets,      // item: 0
    drift_ou,           // item: number of the grid step; variant: class
    signing_key,        // item: 0
    forgery_interval,   // item: number of the forgery, here and below
    forgery,
    churn,        // item: number of the on- or off-time
    praise_time,  // item: number of the praise
    praised,      // item: number of the praise
};

// `variant` splits a purpose further.
inline RandomStream stream_of(std::uint64_t seed, std::uint32_t entity, Purpose purpose, std::uint32_t item,
                              std::uint32_t variant = 0) {
    return RandomStream(seed, EntityId{entity}, static_cast<std::uint32_t>(purpose) | (variant << 8), item);
}

}  // namespace parley::agentic
