"""What days brought (日计数), read from the counts kept by day and unit: exact at every moment, whatever is still marked.

A day that was marked since its last count is counted afresh within the same statement; the others are sums of what is
kept. So nobody sees a number that is behind, and nobody counts a year to draw a line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.work.counting.statements import one_kind
from tenants.scope import ScopedSession

MARKED = "SELECT DISTINCT day, unit_id FROM day_mark WHERE tenant_id = :tenant AND day BETWEEN :first AND :last"
DAY, MONTH = "day", "month"
_STEPS = {DAY: "c.day", MONTH: "CAST(date_trunc('month', c.day) AS date)"}
_UNDER = """
  JOIN unit_path p ON p.tenant_id = :tenant AND p.unit_id = c.unit_id AND p.ancestor_id = ANY(:units)
    AND p.valid_from <= c.day AND (p.valid_to IS NULL OR p.valid_to > c.day)"""


_PAIRS = "SELECT * FROM unnest(CAST(:campaigns AS text[]), CAST(:codes AS text[]))"


@dataclass(frozen=True, slots=True)
class DaySums:
    """The sums of one code over days and units (合计): visits, of them passed; points of 1/100; ``n`` findings or n of m.

    ``percent`` is the sum of scores out of 100, exact.
    """

    visits: int = 0
    passed: int = 0
    earned: int = 0
    possible: int = 0
    n: int = 0
    m: int = 0
    raw: int = 0
    percent: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class DayLine:
    """What one day or month brought in a unit, None for the whole district (逐日): all of it was verified or self-checked.

    ``visits`` answered a form of the campaign, ``clean`` of them without a failed item; ``answered`` items (not applicable
    left out), ``passed`` of them. ``opened`` and ``closed`` are findings of all campaigns.
    """

    day: date
    unit_id: UUID | None
    visits: int = 0
    clean: int = 0
    answered: int = 0
    passed: int = 0
    opened: int = 0
    closed: int = 0

    def __add__(self, other: DayLine) -> DayLine:
        pair = zip(self.counts, other.counts, strict=True)
        return DayLine(min(self.day, other.day), self.unit_id, *(one + two for one, two in pair))

    @property
    def counts(self) -> tuple[int, int, int, int, int, int]:
        """The numbers, in their order."""
        return self.visits, self.clean, self.answered, self.passed, self.opened, self.closed

    @property
    def rate(self) -> Fraction | None:
        """Items passed of items answered, in percent; None of nothing."""
        return Fraction(self.passed * 100, self.answered) if self.answered else None


def day_lines(
    session: ScopedSession,
    first: date,
    last: date,
    *,
    campaign: str,
    basis: str = "verified",
    units: Collection[UUID] = (),
    step: str = DAY,
) -> list[DayLine]:
    """What each day or month of a span brought, in the tree of each day under some units (none: the whole district).

    A unit and one under it may both be asked for; days without anything have no line. One statement; reach is the caller's.
    """
    visited = "kind = 'visit' AND campaign = :campaign"
    names = ", ".join(
        (
            *(f"coalesce(sum({name}) FILTER (WHERE kind = 'visit'), 0)" for name in ("visits", "passed", "m", "n")),
            *(f"coalesce(sum(n) FILTER (WHERE kind = '{kind}'), 0)" for kind in ("opened", "closed")),
        )
    )
    place = "p.ancestor_id" if units else "CAST(NULL AS uuid)"
    statement = f"""
{_counted(("visit", "opened", "closed"), "d.campaign IN ('', :campaign)")}
SELECT {_STEPS[step]} AS step, {place} AS place, {names}
FROM counted c {_UNDER if units else ""}
WHERE basis = :basis AND day BETWEEN :first AND :last AND (({visited}) OR kind IN ('opened', 'closed'))
GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 - names of our own columns
    given = {"tenant": session.tenant_id, "campaign": campaign, "basis": basis, "first": first, "last": last}
    rows = session.execute(text(statement), given | ({"units": list(units)} if units else {}))
    return [DayLine(row[0], row[1], *(int(value) for value in row[2:])) for row in rows]


def item_sums(
    session: ScopedSession,
    items: Collection[tuple[str, str]],
    first: date,
    last: date,
    *,
    basis: str = "verified",
    units: Collection[UUID] = (),
    step: str = DAY,
) -> dict[tuple[date, UUID | None], dict[str, int]]:
    """The sums of some items (campaign, code) by day or month and unit: visits, passed, n and m. One statement."""
    names = ("visits", "passed", "n", "m")
    statement = f"""
{_counted(("item",), f"(d.campaign, d.code) IN ({_PAIRS})")}
SELECT {_STEPS[step]} AS step, {"p.ancestor_id" if units else "CAST(NULL AS uuid)"} AS place,
  {", ".join(f"sum({name}) AS {name}" for name in names)}
FROM counted c {_UNDER if units else ""}
WHERE basis = :basis AND day BETWEEN :first AND :last
  AND (campaign, code) IN ({_PAIRS})
GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 - names of our own columns
    pairs = sorted(items)
    given = {"tenant": session.tenant_id, "basis": basis, "first": first, "last": last}
    given |= {"campaigns": [one for one, _ in pairs], "codes": [code for _, code in pairs]}
    rows = session.execute(text(statement), given | ({"units": list(units)} if units else {})).mappings()
    return {(row["step"], row["place"]): {name: int(row[name]) for name in names} for row in rows}


def whole(lines: Iterable[DayLine]) -> DayLine | None:
    """Some lines of one place added up; None of none."""
    total: DayLine | None = None
    for one in lines:
        total = one if total is None else total + one
    return total


def daily(
    session: ScopedSession, kind: str, first: date, last: date, *, campaign: str = "", basis: str = "verified"
) -> dict[date, int]:
    """What each day brought in the whole tenant: findings for ``opened`` and ``closed``, else visits (item: results)."""
    counted = "n" if kind in ("opened", "closed") else "visits"
    rows = _read(session, kind, first, last, campaign, basis, ("day",), counted)
    return {row["day"]: int(row[counted]) for row in rows}


def sums_by_code(
    session: ScopedSession,
    kind: str,
    first: date,
    last: date,
    *,
    campaign: str = "",
    basis: str = "verified",
    units: Collection[UUID] = (),
) -> dict[str, DaySums]:
    """The sums of each item, form or category over some days, of some units by their own stamp (none: all)."""
    names = ("visits", "passed", "earned", "n", "m", "raw")
    found: dict[str, DaySums] = {}
    for row in _read(session, kind, first, last, campaign, basis, ("code", "possible"), *names, units=units):
        each, sums = int(row["possible"]), {name: int(row[name]) for name in names}
        before = found.get(row["code"], DaySums())
        percent = Fraction(sums["earned"] * 100, each) if each else Fraction(0)
        added = {name: getattr(before, name) + value for name, value in sums.items()}
        whole_points = before.possible + each * sums["visits"]
        found[row["code"]] = DaySums(**added, possible=whole_points, percent=before.percent + percent)
    return found


def _read(
    session: ScopedSession,
    kind: str,
    first: date,
    last: date,
    campaign: str,
    basis: str,
    keys: tuple[str, ...],
    *sums: str,
    units: Collection[UUID] = (),
) -> Any:
    """Kept counts of unmarked days and fresh counts of marked ones, added up by some keys."""
    names = ", ".join((*keys, *(f"sum({name}) AS {name}" for name in sums)))
    chosen = "kind = :kind AND campaign = :campaign AND basis = :basis AND day BETWEEN :first AND :last"
    chosen += " AND unit_id = ANY(:units)" if units else ""
    statement = f"""
{_counted((kind,), "d.campaign = :campaign")}
SELECT {names} FROM counted c
WHERE {chosen} GROUP BY {", ".join(keys)} ORDER BY {", ".join(keys)}
"""  # noqa: S608 - names of our own columns
    given = {"tenant": session.tenant_id, "kind": kind, "campaign": campaign, "basis": basis}
    given |= {"first": first, "last": last} | ({"units": list(units)} if units else {})
    return session.execute(text(statement), given).mappings()


def _counted(kinds: Sequence[str], kept: str = "TRUE") -> str:
    """The beginning of a statement over ``counted``: what is kept of unmarked days, and marked days counted afresh.

    ``kept`` narrows the first early, so that an index answers for it; the statement narrows both.
    """
    fresh = " UNION ALL ".join(f"({one_kind(kind, 'JOIN marked p USING (day, unit_id)')})" for kind in kinds)
    named = ", ".join(f"'{kind}'" for kind in kinds)
    return f"""
WITH marked AS ({MARKED}), counted AS (
  SELECT * FROM day_count d WHERE d.tenant_id = :tenant AND d.kind IN ({named})
    AND d.basis = :basis AND d.day BETWEEN :first AND :last AND ({kept})
    AND NOT EXISTS (SELECT FROM marked k WHERE k.day = d.day AND k.unit_id = d.unit_id)
  UNION ALL {fresh})"""  # noqa: S608 - our own statements
