"""The named probes (探针): what an attacker tries against the wall, each the very code that leaks when the wall is off.

A probe gets a :class:`Ring`, acts as the attacker's district and returns how many foreign rows it read, changed or made,
or how many facts about them it learned. 0 means that the wall held. ``still`` names what holds a probe when the policies
are gone; without it the probe must leak then, or it proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.wall.ring import Ring

Act = Callable[[Ring], int]


@dataclass(frozen=True)
class Probe:
    """One attack: its number, its short name, the layer it goes through, and what holds it."""

    id: str
    name: str
    layer: str
    holds: str
    still: str
    act: Act

    @property
    def story(self) -> str:
        """What the attacker does, in one sentence."""
        return " ".join((self.act.__doc__ or "").split())


PROBES: dict[str, Probe] = {}


def probe(number: str, name: str, layer: str, holds: str, *, still: str = "") -> Callable[[Act], Act]:
    """Enter a function into the table of probes."""

    def enter(act: Act) -> Act:
        assert number not in PROBES, f"{number} is taken by {PROBES[number].name}"
        PROBES[number] = Probe(number, name, layer, holds, still, act)
        return act

    return enter
