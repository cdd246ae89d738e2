"""Independent reference implementation of the agentic peer-to-peer model ("the oracle").

A plain sequential event-driven simulation written from the text of the model alone: sections 1-6 and 8,
and of section 7 index poisoning by malicious and silent Sybils. It shares no code and no random stream with
the engine; the two agree statistically, not bit by bit.

Not modelled: churn, loss, NAT, several regions, forging, budget, real signatures, DAGs, drift kinds other than
the two-state chain with truthful claims, the commit gate, adaptive adversaries, eigentrust, sybilrank.

Readings of the text where it leaves a choice
---------------------------------------------
Execution and verification
 1. Evidence comes with the result (tier 3); the workflow waits verify_time, then accepts or rejects. The delegation
    timer stops when the result arrives.
 2. A probe of a candidate has failed as soon as one failing canary answer arrives, or at the time-out; it makes one bad
    outcome, whatever canary.count is. An honest provider's canary is decided by its state at the canary's completion.
 3. A step of tier 2 or 3 that runs out fails for the reason of the last removal of a candidate: canary failed or
    evidence rejected -> verification_exhausted; noticed bad -> execution_failed; time-out -> timeout; busy -> busy.
    Tiers 0 and 1: noticed bad -> execution_failed, time-out -> timeout, busy everywhere -> busy.
 4. An empty answer -> no_trusted_candidate if min_trust removed something, else no_candidate; everything removed by
    the requester's own filter (blended trust >= threshold, besides the registry's on published trust) -> no_trusted_candidate.
 5. canary.parallel = p: the next p candidates are probed together; results not used stay valid for the step, and the
    next p are asked only when all those before them have failed.
 6. queue_capacity tasks wait besides the one in service. A provider is never told that a requester gave up.
 7. A Sybil executes in LogNormal(own median, sigma), own median drawn as for an honest instance; side by side, no
    queue. A silent Sybil executes nothing, so it causes no unsafe action.
 8. Tier 0 sends no feedback and keeps no local entries. One Gumbel draw per candidate and step fixes the order.
Discovery
 9. Signing time (25 us) delays nothing; verifying (100 us) is charged to the registry only.
10. Sybils refresh like honest peers; their claims are drawn once. Their classes are distinct, drawn by popularity (all
    named classes are equally popular). The 10 % quantiles are the exact ones of the honest laws, not sample quantiles.
11. "class mean" = class median * exp(0.25^2/2 + sigma^2/2), the mean of honest executions; price median = 1.
12. Embedding gain g: normalise((1-g)*honest_draw + g*prototype).
13. An answer is computed with state and published trust at the query's arrival; a discovery counts (latency too)
    even if its answer is empty.
14. With named classes the expected entries of a cell are honest*share + Sybils*min(1, descriptors/classes).
15. Steps of class `any` draw independently of each other; a workflow may draw one class twice.
Reputation
16. Global counts decay by whole epochs; the reports of the closing epoch enter undecayed, after the cap. Eviction from a
    ratings account happens when the epoch is folded in.
17. Local counts decay continuously; trust used is computed once per step, when the answer has come.
18. reputation.kind defaults to beta; all Sybils malicious by default.
Metrics
19. run.duration includes the warm-up: everything counts over [warmup, duration], by the time of the event (a message:
    when it is sent). Levels: mean over the samples at whole seconds in (warmup, duration], taken after publication.
20. end_to_end_latency: of workflows with all steps accepted (success or compromised); end_to_end_latency_all_*: of all
    that ended. Percentiles are of the raw values. Queue wait: honest providers, tasks started (zero waits included).
21. stale_entry_share = sum of stale / sum of live over the samples, stale = live honest entry whose claimed state is
    not the present one; stale_nominal_share likewise among live honest entries that claim nominal.
22. evidence_verified counts every package checked, rejected ones too. canaries_failed counts failing answers and
    unanswered canaries; canaries_evaded = passed by a Sybil; both at the requester.
"""

from .parameters import DEFAULTS
from .simulation import Simulation

__all__ = ["DEFAULTS", "run"]


def run(parameters, seed):
    """Run one simulation: parameters override DEFAULTS; returns the summary values."""
    return Simulation(parameters, seed).run()
