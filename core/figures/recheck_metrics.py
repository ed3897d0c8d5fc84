"""Sums over re-inspections (回头看取数): how many closed findings were looked at again, and how many had relapsed.

A finding counts once a period in each term, however often it was looked at. What is still to be looked at, or was
dropped, counts nowhere: without a re-inspection the relapse rate is not assessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from core.figures.finding_metrics import FindingPart, described, own_findings, part_of
from core.figures.frames import Frame, SliceKey, by_moment
from core.figures.terms import FindingTerm, RecheckTerm
from core.work.loop.transitions import DISMISSED
from core.work.tables import Finding, Recheck

Counts = dict[FindingTerm | RecheckTerm, Fraction]


def read_rechecks(
    session: Session, frame: Frame, terms: Iterable[RecheckTerm], campaign: str
) -> dict[SliceKey, Counts]:
    """The findings of a frame by the day they were looked at again; no query when nothing is asked."""
    wanted = list(dict.fromkeys(terms))
    found: dict[SliceKey, Counts] = {key: dict.fromkeys(wanted, Fraction(0)) for key in frame.slices}
    if not wanted:
        return found
    base = _looked_at(frame, campaign, wanted).subquery("base")
    c = base.c
    each = [func.bool_or(c.recheck_state.in_(sorted(t.states))).label(f"in_{n}") for n, t in enumerate(wanted)]
    once = select(c.unit, c.span, *each).group_by(c.unit, c.span, c.id).subquery("once")
    counts = [func.count().filter(once.c[f"in_{n}"]) for n in range(len(wanted))]
    for row in session.execute(select(once.c.unit, once.c.span, *counts).group_by(once.c.unit, once.c.span)):
        found[row.unit, row.span] = {term: Fraction(row[2 + n]) for n, term in enumerate(wanted)}
    return found


def recheck_parts(
    session: Session, frame: Frame, terms: tuple[RecheckTerm, ...], campaign: str
) -> list[tuple[FindingPart, tuple[bool, ...], datetime]]:
    """The findings behind some terms in a frame of one slice: whether each counts, and when it was last looked at."""
    query = described(_looked_at(frame, campaign, terms), frame).order_by(Recheck.done_at, Finding.id)
    seen: dict[Any, tuple[FindingPart, set[str], datetime]] = {}
    for row in session.execute(query).mappings():
        states = seen[row["id"]][1] if row["id"] in seen else set()
        seen[row["id"]] = (part_of(row), states | {row["recheck_state"]}, row["done_at"])
    return [(part, tuple(bool(states & t.states) for t in terms), at) for part, states, at in seen.values()]


def _looked_at(frame: Frame, campaign: str, terms: Iterable[RecheckTerm]) -> Select[Any]:
    """One row for each re-inspection of the campaign's findings in the frame."""
    states = sorted({state for term in terms for state in term.states})
    again = and_(Recheck.tenant_id == frame.tenant_id, Recheck.finding_id == Finding.id)
    query = own_findings(frame, campaign).add_columns(Recheck.state.label("recheck_state"), Recheck.done_at)
    query = query.join(Recheck, again).where(Recheck.state.in_(states), Finding.state.not_in(DISMISSED))
    return by_moment(frame, query, Recheck.done_at, Finding.unit_id, Finding.site_id)
