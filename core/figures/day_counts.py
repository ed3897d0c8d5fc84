"""What days brought (日计数), read from the counts kept by day and unit: exact at every moment, whatever is still marked.

A day that was marked since its last count is counted afresh within the same statement; the others are sums of what is
kept. So nobody sees a number that is behind, and nobody counts a year to draw a line.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.work.counting.statements import all_kinds
from tenants.scope import ScopedSession

MARKED = "SELECT DISTINCT day, unit_id FROM day_mark WHERE tenant_id = :tenant AND day BETWEEN :first AND :last"


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
        whole = before.possible + each * sums["visits"]
        found[row["code"]] = DaySums(**added, possible=whole, percent=before.percent + percent)
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
    fresh = dict(
        zip(("item", "form", "opened", "closed"), all_kinds("JOIN marked p USING (day, unit_id)"), strict=True)
    )
    names = ", ".join((*keys, *(f"sum({name}) AS {name}" for name in sums)))
    chosen = "kind = :kind AND campaign = :campaign AND basis = :basis AND day BETWEEN :first AND :last"
    chosen += " AND unit_id = ANY(:units)" if units else ""
    statement = f"""
WITH marked AS ({MARKED})
SELECT {names} FROM (
  SELECT * FROM day_count d WHERE d.tenant_id = :tenant
    AND NOT EXISTS (SELECT FROM marked k WHERE k.day = d.day AND k.unit_id = d.unit_id)
  UNION ALL ({fresh[kind]})) c
WHERE {chosen} GROUP BY {", ".join(keys)} ORDER BY {", ".join(keys)}
"""  # noqa: S608 - names of our own columns
    given = {"tenant": session.tenant_id, "kind": kind, "campaign": campaign, "basis": basis}
    given |= {"first": first, "last": last} | ({"units": list(units)} if units else {})
    return session.execute(text(statement), given).mappings()
