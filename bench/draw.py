"""Collect templates, and draw packets from them: all that is random in the captures."""

from collections.abc import Mapping
from typing import Final, TypeVar

import numpy as np

from bench.captures import POOL, Column, Packets
from bench.wire import Template

CLIENTS: Final = 4000
EPHEMERAL: Final = (49152, 65536)  # RFC 6335 §6

T = TypeVar("T")


class Draw:
    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.templates: list[Template] = []

    def add(self, template: Template) -> int:
        self.templates.append(template)
        return len(self.templates) - 1

    def packets(self, template: Column, at: Column, **given: Column) -> Packets:
        """Give a row to each template and time; what is not given is drawn."""
        count = len(template)
        drawn = {
            "client": self.random.integers(0, CLIENTS, count),
            "port": self.random.integers(*EPHEMERAL, count),
            "word": self.random.integers(0, 65536, count),
            "identification": self.random.integers(1, 65536, count),
            "tail": self.random.integers(0, POOL // 2, count) * 2,
        }
        return Packets(template=template, at=at, **{**drawn, **given})

    def times(self, count: int, span: float) -> Column:
        return (self.random.random(count) * span).astype(np.int64)

    def is_so(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def one(self, shares: Mapping[T, float]) -> T:
        """Draw one by its share."""
        return list(shares)[int(self.random.choice(len(shares), p=list(shares.values())))]

    def size(self, shares: Mapping[tuple[int, int], float]) -> int:
        """Draw a number from ranges by their share."""
        low, high = self.one(shares)
        return int(self.random.integers(low, high + 1))
