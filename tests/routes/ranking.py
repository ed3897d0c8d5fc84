"""Task ranks and appraisals for the routes' world (任务排名、考核): kept days, a rule in force, a frozen month that two have signed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import select

from core.figures.periods import Period, containing
from core.figures.task_figures.appraising import freeze_period
from core.figures.task_figures.places import MINIMUM, compute_day
from core.work.appraisals.freezing import sign
from core.work.appraisals.keeping import keep_rule, move_rule
from core.work.tables import AppraisalRule, TaskDay
from tenants.access import Actor
from tenants.db import now
from tenants.models import Unit
from tenants.scope import ScopedSession

BODY = {"parts": [{"code": "task_rate", "weight": 10_000}]}
COUNTS = {"total": 4, "done": 3, "verified": 2, "overdue": 1, "at_risk": 0, "red": 1, "amber": 0, "green": 3}


def give_ranks(session: ScopedSession, actors: Mapping[str, Actor], today: date) -> dict[str, str]:
    """The places of today as tomorrow would keep them, those of a day of last month, and that month frozen."""
    office, month = actors["hq_office"], last_month(today)
    compute_day(session, today, now=now() + timedelta(days=1))
    street = session.scalars(select(Unit).where(Unit.kind == "subdistrict").order_by(Unit.id)).first()
    assert street
    facts = {"group": "subdistrict", "minimum": MINIMUM, "counts": COUNTS}
    row = TaskDay(day=month.start, revision=1, campaign="", league="area", unit_id=street.id, unit_name=street.name)
    row.rank, row.numerator, row.denominator, row.facts = 1, COUNTS["done"], COUNTS["total"], facts
    session.add(row)
    session.flush()
    rule = _rule(session, office, "路由考核")
    move_rule(session, office, rule.id, "activate", version=1, now=now())
    frozen = freeze_period(session, office, rule, month, now=now())
    for who in (office, actors["leader"]):
        sign(session, who, frozen.id, sha256=frozen.sha256, now=now())
    ids = {"appraisal_rule_id": str(rule.id), "appraisal_id": str(frozen.id), "appraised_id": str(street.id)}
    return ids | {"appraisal_sha256": frozen.sha256}


def last_month(today: date) -> Period:
    """The month before."""
    return containing("month", today).previous


def _rule(session: ScopedSession, office: Actor, name: str) -> AppraisalRule:
    return keep_rule(session, office, name=name, league="subdistrict", body=BODY, now=now())


def new_appraisal_rule(session: ScopedSession, actors: Mapping[str, Actor]) -> dict[str, str]:
    """A draft of version 1."""
    return {"appraisal_rule_id": str(_rule(session, actors["hq_office"], "新考核").id)}


def new_frozen(session: ScopedSession, actors: Mapping[str, Actor], today: date) -> dict[str, str]:
    """A frozen month of a rule of its own that nobody has signed; its hash is what a signature names."""
    rule = _rule(session, actors["hq_office"], "又一考核")
    frozen = freeze_period(session, actors["hq_office"], rule, last_month(today), now=now())
    return {"appraisal_id": str(frozen.id), "appraisal_sha256": frozen.sha256}
