"""Random draws, and the hash and the vectors that go with them."""

import math

import numpy as np


class Draws:
    """Scalar random draws, taken from numpy in blocks because single calls are slow."""

    BLOCK = 4096

    def __init__(self, seed):
        self.generator = np.random.default_rng(seed)
        self._uniform, self._normal, self._exponential = [], [], []

    def uniform(self):
        if not self._uniform:
            self._uniform = self.generator.random(self.BLOCK).tolist()
        return self._uniform.pop()

    def exponential(self, mean):
        if not self._exponential:
            self._exponential = self.generator.standard_exponential(self.BLOCK).tolist()
        return mean * self._exponential.pop()

    def lognormal(self, median, sigma):
        if not self._normal:
            self._normal = self.generator.standard_normal(self.BLOCK).tolist()
        return median * math.exp(sigma * self._normal.pop())


def normalise(vectors):
    """Vectors scaled to length one along their last axis."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def mix64(value):
    """A 64-bit hash of a peer's number (splitmix64), for its shard in a cell."""
    mask = (1 << 64) - 1
    value = (value + 0x9E3779B97F4A7C15) & mask
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & mask
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & mask
    return value ^ (value >> 31)
