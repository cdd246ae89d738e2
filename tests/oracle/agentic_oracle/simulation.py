"""The event loop."""

import heapq

from .draws import Draws
from .metrics import Metrics
from .parameters import DEFAULTS, INFINITY
from .population import Population
from .providers import Providers
from .registry import Registry
from .requesters import Requesters
from .trust import Reputation


class Simulation:
    """The event loop, and the planes, which schedule and send by it."""

    def __init__(self, parameters, seed):
        unknown = set(parameters) - set(DEFAULTS)
        if unknown:
            raise ValueError(f"unknown parameters: {sorted(unknown)}")
        self.p = p = {**DEFAULTS, **parameters}
        self.draws = Draws(seed)
        self.pop = Population(p, self.draws)
        self.metrics = Metrics(p)
        self.now, self.events, self.serial = 0.0, [], 0
        self.reputation = Reputation(p, self.pop.count)
        self.registry, self.providers, self.requesters = Registry(self), Providers(self), Requesters(self)

    def at(self, time, action, *arguments):
        """Schedule an event."""
        self.serial += 1
        heapq.heappush(self.events, (time, self.serial, action, arguments))

    def send(self, action, *arguments, after=0.0):
        """Schedule a message's arrival: one-way delay of model section 2, leaving `after` from now."""
        p = self.p
        delay = p["network.min_latency"] + self.draws.lognormal(p["network.median"], p["network.sigma"])
        self.at(self.now + after + delay, action, *arguments)

    def run(self):
        """Run to the horizon; publications and samples come before every event at or after their time."""
        self.providers.start()
        self.requesters.start()
        horizon, epoch = self.p["run.duration"], self.p["reputation.epoch"]
        published, sampled = 1, 1                    # the next boundary of each kind
        while True:
            upcoming = self.events[0][0] if self.events else INFINITY
            boundary = min(published * epoch, float(sampled))
            if min(upcoming, boundary) > horizon:
                return self.metrics.summary(self.pop)
            if boundary <= upcoming:
                self.now = self.metrics.now = boundary
                if published * epoch <= boundary:
                    self.reputation.publish(boundary)
                    published += 1
                if sampled <= boundary:
                    self.metrics.take_levels(self.pop, self.registry, self.providers.degraded, self.reputation.trust)
                    sampled += 1
                continue
            time, _, action, arguments = heapq.heappop(self.events)
            self.now = self.metrics.now = time
            action(*arguments)
