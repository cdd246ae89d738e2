"""What the planes have in common."""


class Plane:
    """A part of the simulation; it reaches the others, and the clock, by `simulation`."""

    def __init__(self, simulation):
        self.simulation, self.p = simulation, simulation.p
        self.pop, self.draws, self.metrics = simulation.pop, simulation.draws, simulation.metrics
        self.at, self.send = simulation.at, simulation.send

    @property
    def now(self):
        return self.simulation.now
