"""What peers do as requesters: workflows, discovery, verification, delegation."""

import math

import numpy as np

from .draws import normalise
from .parameters import POLICY_TIER, RISK_TIER
from .plane import Plane
from .trust import LocalTable
from .workflow import Delegation, Probe, Step, Workflow


class Requesters(Plane):
    """Every honest peer's workflows (model sections 4 to 6)."""

    def __init__(self, simulation):
        super().__init__(simulation)
        self.peer = self.pop.peer.tolist()
        self.sybil = self.pop.sybil.tolist()
        self.tables = [LocalTable(self.p) for _ in range(self.pop.count)]
        self.steps = self._step_list()
        self.query_size = 96 + 4 * int(self.p["capability.dimension"])

    def _step_list(self):
        """(class or None for `any`, tier, side effect) of each step (model sections 5, 6 and 9)."""
        text = self.p["workflow.steps"]
        if not text:
            first, second = ("any", "any") if self.pop.generated else ("image_generation", "publishing")
            text = f"{first}:medium:0,{second}:high:1"
        steps = []
        for item in text.split(","):
            name, risk, side_effect = item.split(":")
            policy = self.p["policy.name"]
            tier = RISK_TIER[risk] if policy == "risk_aware" else POLICY_TIER[policy]
            cls = None if name == "any" else self.pop.names.index(name)
            steps.append((cls, tier, side_effect == "1"))
        return steps

    def start(self):
        """First arrivals."""
        for peer in np.flatnonzero(~self.pop.is_sybil).tolist():
            self.at(self.draws.exponential(1 / self.p["peers.workflow_rate"]), self.arrive, peer)

    # ---- workflows and discovery --------------------------------------------------------------------------

    def arrive(self, peer):
        """Poisson arrival of a workflow at an honest peer (model section 5)."""
        self.at(self.now + self.draws.exponential(1 / self.p["peers.workflow_rate"]), self.arrive, peer)
        classes = [self.pop.draw_class() if cls is None else cls for cls, _, _ in self.steps]
        workflow = Workflow(peer, self.now, classes)
        self.metrics.count("workflows_started")
        self.at(self.now + self.p["workflow.deadline"], self.deadline, workflow)
        self.begin_step(workflow)

    def deadline(self, workflow):
        if not workflow.ended:
            self.fail(workflow, "deadline")

    def begin_step(self, workflow):
        """Draw the intent, choose the shards, send the query (model section 4)."""
        p, rng = self.p, self.draws.generator
        _, tier, side_effect = self.steps[workflow.index]
        step = Step(workflow, workflow.classes[workflow.index], tier, side_effect)
        d = int(p["capability.dimension"])
        noise = p["query.spread"] / math.sqrt(d) * rng.standard_normal(d)
        step.intent = normalise(self.pop.prototype[step.cls] + noise)
        first, available = int(self.pop.first_shard[step.cls]), int(self.pop.shards_per_cell[step.cls])
        if available == 1:
            step.shards = [first]
        else:
            chosen = rng.choice(available, min(int(p["registry.fanout"]), available), replace=False)
            step.shards = [first + int(s) for s in chosen]
        step.sent = self.now
        self.send_query(step)

    def send_query(self, step):
        for shard in step.shards:
            self.metrics.control(self.query_size)
            self.send(self.simulation.registry.query, shard, step)
        self.at(self.now + self.p["query.timeout"], self.query_timeout, step)

    def query_timeout(self, step):
        """Merge what has come, or send again, or give up (model section 4)."""
        if step.discovered or step.workflow.ended:
            return
        if step.answers:
            self.discover(step)
        elif step.tries < self.p["query.retries"]:
            step.tries += 1
            self.send_query(step)
        else:
            self.fail(step.workflow, "discovery_failed")

    def answer(self, step, shard, answer):
        """An answer reaches the requester; merge when all shards have answered."""
        if step.discovered or step.workflow.ended:
            return
        step.answers.setdefault(shard, answer)
        if len(step.answers) == len(step.shards):
            self.discover(step)

    def discover(self, step):
        """Merge the answers, filter by trust used, put the candidates in order (model sections 4 and 6)."""
        step.discovered = True
        self.metrics.sample("discovery", self.now - step.sent)
        parts = list(step.answers.values())
        chosen, match, quality, published = (np.concatenate([part[i] for part in parts]) for i in range(4))
        removed = any(part[4] for part in parts)
        if len(parts) > 1:
            best = np.lexsort((self.pop.peer[chosen], -match))[:int(self.p["registry.candidates"])]
            chosen, match, quality, published = chosen[best], match[best], quality[best], published[best]
        if not len(chosen):
            self.fail(step.workflow, "no_trusted_candidate" if removed else "no_candidate")
            return
        step.order = self.rank(step, chosen, match, quality, published)
        step.reason = "no_trusted_candidate"         # if the requester's own filter left nobody
        self.advance(step)

    def rank(self, step, chosen, match, quality, published):
        """Candidates that pass the filter, best first: softmax by Gumbel noise, or argmax (model section 6)."""
        p, pop = self.p, self.pop
        price, time = pop.price[chosen], pop.time[chosen]
        utility = (p["policy.weight_match"] * match + p["policy.weight_quality"] * quality
                   + p["policy.weight_price"] * (1 - price / (price + p["capability.price_median"]))
                   + p["policy.weight_time"] * (1 - time / (time + pop.mean_time[step.cls])))
        if step.tier >= 1:
            table, w = self.tables[step.workflow.requester], p["policy.weight_trust"]
            trust = np.array([table.blend(self.peer[i], t, self.now) for i, t in zip(chosen.tolist(), published.tolist())])
            utility = (1 - w) * utility + w * trust
            keep = trust >= p["policy.threshold"]
            chosen, utility = chosen[keep], utility[keep]
        if p["policy.select"] == "softmax":
            utility = utility / p["policy.temperature"] + self.draws.generator.gumbel(size=len(chosen))
        return chosen[np.lexsort((pop.peer[chosen], -utility))].tolist()

    # ---- candidates, canaries, delegation -----------------------------------------------------------------

    def advance(self, step):
        """Go on with the best candidate left: probe it (tiers 2 and 3) or delegate to it (model section 6)."""
        while step.position < len(step.order):
            if step.tier < 2:
                self.delegate(step)
                return
            probe = step.probes.get(step.position)
            if probe is None:
                last = min(step.position + int(self.p["canary.parallel"]), len(step.order))
                for position in range(step.position, last):
                    self.send_canaries(step, position)
                return
            if probe.state == "pending":
                return
            if probe.state == "passed":
                self.delegate(step)
                return
            step.position += 1                       # failed its canary
        self.fail(step.workflow, step.reason)

    def send_canaries(self, step, position):
        """Send `count` canaries at once to one candidate (model section 6)."""
        count = int(self.p["canary.count"])
        probe = step.probes[position] = Probe(step, step.order[position], count)
        self.metrics.count("canaries_sent", count)
        self.metrics.control(512 * count)
        for _ in range(count):
            self.send(self.simulation.providers.canary_arrives, probe)
        self.at(self.now + self.p["canary.timeout"], self.canary_timeout, probe)

    def canary_answer(self, probe, passed):
        """A canary's answer at the requester."""
        if probe.expired:
            return
        probe.waiting -= 1
        if passed:
            self.metrics.count("canaries_passed")
            if self.sybil[probe.instance]:
                self.metrics.count("canaries_evaded")
        else:
            self.metrics.count("canaries_failed")
        if probe.state == "pending":
            if not passed:
                self.resolve(probe, "failed")
            elif probe.waiting == 0:
                self.resolve(probe, "passed")

    def canary_timeout(self, probe):
        probe.expired = True
        self.metrics.count("canaries_failed", probe.waiting)
        if probe.state == "pending":
            self.resolve(probe, "failed")

    def resolve(self, probe, state):
        """A probe is decided; a failed one is blamed, a passed one counts for nothing."""
        step, probe.state = probe.step, state
        if step.workflow.ended:
            return
        if state == "failed":
            self.feedback(step, probe.instance, good=False)
            step.reason = "verification_exhausted"
        if not step.delegating:
            self.advance(step)

    def delegate(self, step):
        """Hand the task to the candidate at the present position (model section 5)."""
        step.delegating = True
        delegation = Delegation(step, step.order[step.position])
        self.metrics.data(4096)
        self.send(self.simulation.providers.task_arrives, delegation)
        self.at(self.now + self.p["execution.timeout"], self.delegation_timeout, delegation)

    # ---- outcomes at the requester ------------------------------------------------------------------------

    def _close(self, delegation):
        """True if the delegation was still being waited for; it is not any more."""
        was_open, delegation.open = delegation.open, False
        return was_open and not delegation.step.workflow.ended

    def busy(self, delegation):
        """Busy: next candidate in every tier, no blame, no attempt used (model section 5)."""
        if self._close(delegation):
            step = delegation.step
            step.delegating, step.reason = False, "busy"
            step.position += 1
            self.advance(step)

    def delegation_timeout(self, delegation):
        if self._close(delegation):
            self.reject(delegation, "timeout")

    def result(self, delegation, good):
        """A result: verify the evidence (tier 3) or check the outcome (model sections 5 and 6)."""
        if not self._close(delegation):
            return
        if delegation.step.tier == 3:
            self.at(self.now + self.p["evidence.verify_time"], self.verified, delegation, good)
        elif not good and self.draws.uniform() < self.p["execution.outcome_detection"]:
            self.reject(delegation, "execution_failed")
        else:
            self.accept(delegation, good)

    def verified(self, delegation, good):
        """The evidence package has been verified (model section 6, tier 3)."""
        if delegation.step.workflow.ended:
            return
        self.metrics.count("evidence_verified")
        chance = self.p["evidence.false_reject"] if good else self.p["evidence.detection"]
        if self.draws.uniform() < chance:
            self.metrics.count("evidence_rejected")
            self.reject(delegation, "verification_exhausted")
        else:
            self.accept(delegation, good)

    def reject(self, delegation, reason):
        """The provider failed: blame it; tiers 2 and 3 go on, up to max_attempts (model section 6)."""
        step = delegation.step
        self.feedback(step, delegation.instance, good=False)
        step.delegating, step.reason = False, reason
        step.attempts += 1
        step.position += 1
        if step.tier < 2 or step.attempts >= self.p["policy.max_attempts"]:
            self.fail(step.workflow, reason)
        else:
            self.advance(step)

    def accept(self, delegation, good):
        """The step is accepted; go on or end the workflow (model section 5)."""
        workflow = delegation.step.workflow
        self.feedback(delegation.step, delegation.instance, good=True)
        workflow.tainted |= not good
        workflow.index += 1
        if workflow.index < len(self.steps):
            self.begin_step(workflow)
            return
        self.metrics.count("workflows_compromised" if workflow.tainted else "workflows_success")
        self.metrics.sample("end_to_end", self.now - workflow.started)
        self._end(workflow)

    def fail(self, workflow, reason):
        self.metrics.count("workflows_failed")
        self.metrics.count("failed:" + reason)
        if workflow.tainted:
            self.metrics.count("workflows_tainted")
        self._end(workflow)

    def _end(self, workflow):
        workflow.ended = True
        self.metrics.sample("end_to_end_all", self.now - workflow.started)

    def feedback(self, step, instance, good):
        """Local table and signed report, for tiers 1 to 3 (model section 6)."""
        if step.tier == 0:
            return
        rater, ratee = step.workflow.requester, self.peer[instance]
        self.tables[rater].update(ratee, good, self.now)
        self.metrics.control(160)
        self.send(self.simulation.reputation.report, rater, ratee, good)
