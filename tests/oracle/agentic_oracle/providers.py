"""The execution plane: what peers do as providers."""

from collections import deque

import numpy as np

from .plane import Plane


class Providers(Plane):
    """Present state of instances and the queues of providers (model section 5)."""

    def __init__(self, simulation):
        super().__init__(simulation)
        self.peer = self.pop.peer.tolist()
        self.sybil = self.pop.sybil.tolist()
        self.quality = self.pop.quality.tolist()
        self.own_median = self.pop.own_median.tolist()
        p, total = self.p, len(self.peer)
        self.degraded = np.zeros(total, dtype=bool)
        if p["drift.enabled"]:
            share = p["drift.mean_degraded"] / (p["drift.mean_nominal"] + p["drift.mean_degraded"])
            self.degraded = (self.draws.generator.random(total) < share) & ~self.pop.sybil
        self.serving = [False] * self.pop.count
        self.queues = [deque() for _ in range(self.pop.count)]
        self.register_size = 576 + 4 * int(p["capability.dimension"])

    def start(self):
        """First events: refreshes at a random phase, drift."""
        period = self.p["descriptor.refresh_fraction"] * self.p["descriptor.ttl"]
        for instance in range(len(self.peer)):
            self.at(period * self.draws.uniform(), self.refresh, instance)
            if self.p["drift.enabled"] and not self.sybil[instance]:
                self.at(self._dwell(instance), self.flip, instance)

    # ---- drift and soft state -----------------------------------------------------------------------------

    def _dwell(self, instance):
        """Time left in the present state (model section 5, capability drift)."""
        return self.draws.exponential(self.p["drift.mean_degraded" if self.degraded[instance] else "drift.mean_nominal"])

    def flip(self, instance):
        """An honest instance changes between nominal and degraded."""
        self.degraded[instance] = not self.degraded[instance]
        self.at(self.now + self._dwell(instance), self.flip, instance)

    def refresh(self, instance):
        """Issue the descriptor again; honest claims are true at issue time (model section 4)."""
        degraded = bool(self.degraded[instance])
        quality = self.p["drift.q_degraded"] if degraded else self.quality[instance]
        self.metrics.count("register_messages")
        self.metrics.control(self.register_size)
        self.send(self.simulation.registry.register, instance, self.now, quality, degraded)
        self.at(self.now + self.p["descriptor.refresh_fraction"] * self.p["descriptor.ttl"], self.refresh, instance)

    # ---- canaries and tasks -------------------------------------------------------------------------------

    def canary_arrives(self, probe):
        self.at(self.now + self.p["canary.exec_time"], self.canary_done, probe)

    def canary_done(self, probe):
        """The provider has done the canary, outside its queue (model section 6)."""
        p = self.p
        if self.sybil[probe.instance]:
            chance = p["canary.guess"]
        else:
            chance = p["drift.q_degraded"] if self.degraded[probe.instance] else p["canary.pass_nominal"]
        self.metrics.control(640)
        self.send(self.simulation.requesters.canary_answer, probe, self.draws.uniform() < chance)

    def task_arrives(self, delegation):
        """A provider accepts, queues or refuses a task; Sybils keep no queue (model sections 5 and 7)."""
        provider = self.peer[delegation.instance]
        delegation.arrived = self.now
        if self.pop.is_sybil[provider]:
            if not self.pop.silent[provider]:
                self.at(self.now + self._execution_time(delegation.instance), self.complete, delegation)
        elif not self.serving[provider]:
            self.start_task(provider, delegation)
        elif len(self.queues[provider]) < self.p["execution.queue_capacity"]:
            self.queues[provider].append(delegation)
        else:
            self.metrics.count("busy_answers")
            self.metrics.data(96)
            self.send(self.simulation.requesters.busy, delegation)

    def _execution_time(self, instance):
        return self.draws.lognormal(self.own_median[instance], self.p["execution.sigma"])

    def start_task(self, provider, delegation):
        self.serving[provider] = True
        self.metrics.sample("queue_wait", self.now - delegation.arrived)
        self.at(self.now + self._execution_time(delegation.instance), self.complete, delegation)

    def complete(self, delegation):
        """An execution ends: good or bad, by the state at completion (model section 5)."""
        instance, step = delegation.instance, delegation.step
        provider = self.peer[instance]
        if self.sybil[instance]:
            good = False
        else:
            chance = self.p["drift.q_degraded"] if self.degraded[instance] else self.quality[instance]
            good = self.draws.uniform() < chance
            if self.queues[provider]:
                self.start_task(provider, self.queues[provider].popleft())
            else:
                self.serving[provider] = False
        if step.side_effect and not good:
            self.metrics.count("unsafe_actions")
        self.metrics.data(16384)
        if step.tier == 3:
            self.metrics.control(4096)
        self.send(self.simulation.requesters.result, delegation, good)
