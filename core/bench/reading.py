"""What reading a trial nation takes (读取测速): ranks, a comparison of districts, and whether every seal and count holds."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from datetime import date
from typing import Any

from core.bench.ground import trial
from core.bench.nation import Nation, Tell, lay_nation
from core.bench.plan import Size
from core.campaigns.registry import installed
from core.figures.nationwide import figure_table, rank_indicator
from core.figures.seals import verify
from tenants.scope import ScopedSession, Wall

COMPARED, MONTHS = 30, 11


def read_nation(
    tenants: int, results: int, findings: int, months: int, today: date, rounds: int, *, tell: Tell
) -> dict[str, Any]:
    """Lay a nation on a server of its own and read it; gives what was written and the milliseconds of each reading."""
    campaign = installed().campaigns["civilized_city"]
    with trial() as at:
        nation = lay_nation(at.wall, campaign, Size(tenants, results, findings, months, today), tell=tell)
        at.settle()
        codes = [one.code for one in campaign.edition.indicators]
        periods = nation.size.periods
        few = [ref.id for ref in nation.districts[:COMPARED]]
        acts: dict[str, Callable[[ScopedSession], object]] = {
            f"rank {tenants} districts on one indicator": lambda s: rank_indicator(
                s, None, campaign.key, codes[0], periods[-1]
            ),
            f"compare {len(few)} districts x 20 indicators x {len(periods[-MONTHS:])} months": lambda s: figure_table(
                s, None, campaign.key, codes[:20], periods[-MONTHS:], few
            ),
        }
        times = {name: _times(at.wall, nation, act, rounds) for name, act in acts.items()}
        broken = _broken_seals(at.wall, nation)
    return _said(nation, times, broken)


def _times(wall: Wall, nation: Nation, act: Callable[[ScopedSession], object], rounds: int) -> list[float]:
    """The milliseconds of a reading by the nation's reader, each in a session of its own; the first is thrown away."""
    found = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        with wall.open(nation.reader.id) as session:
            act(session)
        found.append((time.perf_counter() - began) * 1000)
    return found[1:]


def _broken_seals(wall: Wall, nation: Nation) -> int:
    """How many seals of the first city's districts do not hold."""
    first = next(iter(nation.cities.values()))
    with wall.open(first.id) as session:
        return len(verify(session))


def _said(nation: Nation, times: dict[str, list[float]], broken: int) -> dict[str, Any]:
    lines = [*nation.tally.lines(), ""]
    for name, found in times.items():
        lines.append(f"{name:<60}{statistics.median(found):>9.1f} ms  ({min(found):.1f} - {max(found):.1f})")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    lines += ["", f"memory {memory} MB, broken seals {broken}"]
    return {
        "tenants": nation.size.tenants,
        "rows": nation.tally.rows,
        "seconds": {kind: round(spent, 1) for kind, spent in nation.tally.seconds.items()},
        "milliseconds": {name: round(statistics.median(found), 1) for name, found in times.items()},
        "memory_mb": memory,
        "broken_seals": broken,
        "lines": lines,
    }
