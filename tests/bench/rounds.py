"""Acts measured in turns (交替测量): each round asks everybody, in an order that turns, so that noise falls on all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Act = Callable[[], object]


@dataclass(frozen=True)
class Target:
    """A ratio or a time that the issue wants (指标要求), with what was measured in each round."""

    name: str
    measured: str
    wanted: str
    values: tuple[float, ...]
    most: float | None = None
    least: float | None = None

    @property
    def middle(self) -> float:
        """The median over the rounds."""
        return statistics.median(self.values)

    @property
    def is_met(self) -> bool:
        """Whether the median keeps what is wanted."""
        return (self.most is None or self.middle <= self.most) and (self.least is None or self.middle >= self.least)

    @property
    def line(self) -> str:
        """The row of the Markdown table."""
        verdict = "—" if self.most is None and self.least is None else "met" if self.is_met else "**missed**"
        low, high = min(self.values), max(self.values)
        return f"| {self.name} | {self.measured} | {self.wanted} | {self.middle:.2f} | {low:.2f} - {high:.2f} | {verdict} |"


HEAD = "| What | Measured | Wanted | Median | Spread over rounds | |\n|---|---|---|---|---|---|"


def interleave(acts: Mapping[str, Act], rounds: int, each: int) -> dict[str, list[float]]:
    """The median milliseconds of each act in each round of ``each`` calls; one round before that is thrown away."""
    names = list(acts)
    found: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds + 1):
        times: dict[str, list[float]] = {name: [] for name in names}
        for number in range(each):
            start = (turn + number) % len(names)
            for name in names[start:] + names[:start]:
                began = time.perf_counter()
                acts[name]()
                times[name].append((time.perf_counter() - began) * 1000)
        if turn:
            for name in names:
                found[name].append(statistics.median(times[name]))
    return found


def ratios(over: list[float], under: list[float]) -> tuple[float, ...]:
    """One time over another, round by round."""
    return tuple(a / b for a, b in zip(over, under, strict=True))
