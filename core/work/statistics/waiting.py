"""What of the statistics waits for whom (统计待办): what is due and not handed in, what was returned, what is to be judged.

Numbers that are asked of the same unit by the same day are one duty: a department hands in a page, not thirty things.
What is due is the last finished period of each frequency, and those before it that ended within a month (ours).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Integer,
    Select,
    String,
    Text,
    Uuid,
    and_,
    case,
    cast,
    column,
    exists,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from core.periods import KINDS, Period
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.roles import ANSWER, DIRECT
from core.work.statistics.dictionary import in_force
from core.work.statistics.steps import RETURNED, REVIEWED, SUBMITTED
from core.work.statistics.writing import last_finished
from core.work.tables import Observation, Statistic
from tenants.access import ROOTS, Actor, reach, reach_of
from tenants.models import EnabledCampaign, Unit

BACK = timedelta(days=31)  # how long ago a period may have ended and still be asked for, beside the last one (ours)
NAME = "waiting_numbers"  # the derived table: its columns are named before it exists


def _named(name: str, kind: Any) -> ColumnElement[Any]:
    return literal_column(f"{NAME}.{name}", kind)


UNIT, OWN, FIRST = _named("unit_id", Uuid()), _named("own", Integer()), _named("first_id", Uuid())
UNIT_NAME, TITLE_ZH, TITLE_EN = (_named(name, String()) for name in ("unit_name", "name_zh", "name_en"))
KIND, START, DUE = _named("period_kind", String()), _named("period_start", Date()), _named("due_on", Date())
COUNT, STATE, SINCE = _named("count", Integer()), _named("state", String()), _named("since", DateTime(timezone=True))
CAMPAIGNS: Any = literal_column(f"{NAME}.campaigns", ARRAY(Text))  # an array knows more operators than a column says
# What a line shows; what is among the keys as well needs a second name.
_SAID = (COUNT, TITLE_ZH, TITLE_EN, CAMPAIGNS)
DUE_COLUMNS = (UNIT.label("place_id"), OWN, UNIT_NAME, KIND, START, DUE.label("day"), *_SAID)
JUDGING_COLUMNS = (UNIT.label("place_id"), UNIT_NAME, KIND, START, STATE, *_SAID)


def of_campaign(_actor: Actor, campaign: str) -> ColumnElement[bool]:
    """Filter on a bundle: some of its numbers are asked for by a campaign, or by all."""
    asked: ColumnElement[bool] = CAMPAIGNS.overlap(cast(["", campaign], ARRAY(Text)))
    return asked


def value_of_campaign(_actor: Actor, campaign: str) -> ColumnElement[bool]:
    """Filter on Statistic: the same of one number."""
    return Statistic.campaign.in_(("", campaign))


@lru_cache(8)
def finished_periods(today: date) -> tuple[Period, ...]:
    """The periods that are asked for on a day (应报周期), of every frequency."""
    found = []
    for kind in KINDS:
        period = last_finished(kind, today)
        found.append(period)
        while today - period.previous.end <= BACK:
            period = period.previous
            found.append(period)
    return tuple(found)


def due_query(actor: Actor, now: datetime) -> Select[Any]:
    """Numbers that the actor enters and that nobody has handed in, bundled by unit, period and day (待报统计)."""
    on, tenant = local_day(now), actor.tenant.id
    own = _enters_for(actor, Statistic.owner_unit_id, on)
    mine = and_(Statistic.unit_kind != "", _mine(actor, ANSWER, Unit.id, on))
    found = (
        unhanded(tenant, on).add_columns(own.label("owned"), mine.label("mine")).subquery("found")
    )  # each asked once
    unit = case((found.c.owned, found.c.owner_unit_id), else_=found.c.about_id)
    each = (
        select(found, unit.label("unit_id"), case((found.c.owned, 1), else_=0).label("own"))
        .where(or_(found.c.owned, found.c.mine))
        .subquery("each")
    )
    place = Unit.__table__.alias("place")
    key = (each.c.unit_id, each.c.own, each.c.period_kind, each.c.period_start, each.c.due_on)
    query = select(*key, place.c.name.label("unit_name"), *_gathered(each)).join(
        place, and_(place.c.tenant_id == tenant, place.c.id == each.c.unit_id)
    )
    return select(literal(1)).select_from(query.group_by(*key, place.c.name).subquery(NAME))


def unhanded(tenant_id: int, on: date) -> Select[Any]:
    """Every number, with its unit and period, that is asked for on a day and was never handed in, with its due day."""
    asked = _periods(on)
    due: ColumnElement[Any] = asked.c.period_end + Statistic.due_days
    handed = exists().where(
        Observation.tenant_id == tenant_id,
        Observation.statistic_id == Statistic.id,
        Observation.unit_id == Unit.id,
        Observation.period_start == asked.c.period_start,
        Observation.period_kind == asked.c.period_kind,
        Observation.first_submitted_at.is_not(None),
    )
    whole = and_(Statistic.unit_kind == "", Unit.kind.in_(ROOTS))
    return (
        select(
            Statistic.id,
            Statistic.code,
            Statistic.name_zh,
            Statistic.name_en,
            Statistic.campaign,
            Statistic.owner_unit_id,
            Statistic.unit_kind,
            Unit.id.label("about_id"),
            asked.c.period_kind,
            asked.c.period_start,
            due.label("due_on"),
        )
        .select_from(Statistic)
        .join(asked, asked.c.period_kind == Statistic.frequency)
        .join(
            Unit,
            and_(
                Unit.tenant_id == tenant_id,
                Unit.tree == "administration",
                valid_on(Unit, on),
                or_(whole, and_(Statistic.unit_kind != "", Unit.kind == Statistic.unit_kind)),
            ),
        )
        .where(
            Statistic.tenant_id == tenant_id,
            asked.c.period_end >= Statistic.valid_from,
            _asked_for(tenant_id, on),
            ~handed.correlate(Statistic, Unit, asked),
        )
    )


def _periods(on: date) -> Any:
    asked = finished_periods(on)
    lists = (
        cast([one.kind for one in asked], ARRAY(Text)),
        cast([one.start for one in asked], ARRAY(Date)),
        cast([one.end for one in asked], ARRAY(Date)),
    )
    columns = (column("period_kind", Text), column("period_start", Date), column("period_end", Date))
    return func.unnest(*lists).table_valued(*columns, name="asked").render_derived()


def _asked_for(tenant_id: int, on: date) -> ColumnElement[bool]:
    """Filter on Statistic: asked for on a day, by all or by a campaign that runs."""
    running = select(EnabledCampaign.campaign).where(
        EnabledCampaign.tenant_id == tenant_id, EnabledCampaign.state == "enabled"
    )
    since, until, _named_ones = in_force((), on)
    return and_(since, until, or_(Statistic.campaign == "", Statistic.campaign.in_(running)))


def _gathered(each: Any) -> tuple[ColumnElement[Any], ...]:
    """What a bundle says of its numbers: how many, the first one's name, and who asks for them."""

    def first(name: str) -> ColumnElement[Any]:
        ordered = aggregate_order_by(each.c[name], each.c.code, each.c.id)
        found: ColumnElement[Any] = func.array_agg(ordered, type_=ARRAY(each.c[name].type))[1]
        return found.label({"id": "first_id"}.get(name, name))

    campaigns = func.array_agg(each.c.campaign.distinct()).label("campaigns")
    return func.count().label("count"), first("id"), first("name_zh"), first("name_en"), campaigns


def returned_query(actor: Actor, now: datetime) -> Select[Any]:
    """Values that came back with a reason, for whoever enters them (退回待改的统计)."""
    on = local_day(now)
    mine = or_(
        _enters_for(actor, Statistic.owner_unit_id, on),
        and_(Statistic.unit_kind != "", _mine(actor, ANSWER, Observation.unit_id, on)),
    )
    return _values(actor.tenant.id).where(Observation.state == RETURNED, mine)


def _values(tenant_id: int) -> Select[Any]:
    """Values with their statistics and units."""
    return (
        select(Observation)
        .join(Statistic, and_(Statistic.tenant_id == tenant_id, Statistic.id == Observation.statistic_id))
        .join(Unit, and_(Unit.tenant_id == tenant_id, Unit.id == Observation.unit_id))
        .where(Observation.tenant_id == tenant_id)
    )


def judging_query(actor: Actor, now: datetime) -> Select[Any]:
    """Values of others that wait for review or for the lock, bundled by owner, period and step (待审核锁定的统计)."""
    on, tenant = local_day(now), actor.tenant.id
    another = or_(Observation.submitted_by.is_(None), Observation.submitted_by != actor.person_id)
    each = (
        _values(tenant)
        .with_only_columns(
            Observation.id,
            Statistic.code,
            Statistic.name_zh,
            Statistic.name_en,
            Statistic.campaign,
            Statistic.owner_unit_id.label("unit_id"),
            Observation.period_kind,
            Observation.period_start,
            Observation.state,
            Observation.submitted_at,
        )
        .where(Observation.state.in_((SUBMITTED, REVIEWED)), another, _mine(actor, DIRECT, Statistic.owner_unit_id, on))
        .subquery("each")
    )
    place = Unit.__table__.alias("place")
    key = (each.c.unit_id, each.c.period_kind, each.c.period_start, each.c.state)
    query = select(
        *key, place.c.name.label("unit_name"), func.min(each.c.submitted_at).label("since"), *_gathered(each)
    ).join(place, and_(place.c.tenant_id == tenant, place.c.id == each.c.unit_id))
    return select(literal(1)).select_from(query.group_by(*key, place.c.name).subquery(NAME))


def _enters_for(actor: Actor, owner: Any, on: date) -> ColumnElement[bool]:
    """Who answers for the owner enters its numbers; where the office itself owns some, its own people do."""
    own = [duty.unit_id for duty in actor.duties if DIRECT in duty.verbs and duty.campaign is None]
    return or_(_mine(actor, ANSWER, owner, on), owner.in_(own) if own else false())


def _mine(actor: Actor, verb: str, unit: Any, on: date) -> ColumnElement[bool]:
    """The unit lies under the actor's posts with the verb; a post for one campaign counts for that one's and shared numbers."""
    if not actor.has(verb):
        return false()
    limits: Iterable[str | None] = {duty.campaign for duty in actor.duties if verb in duty.verbs}
    named = sorted(one for one in limits if one is not None)
    if not named:
        return unit.in_(reach(actor, verb, on))  # type: ignore[no-any-return]  # a column of unit ids
    terms = [and_(Statistic.campaign == "", unit.in_(reach(actor, verb, on)))]
    terms += [and_(Statistic.campaign == key, unit.in_(reach(actor, verb, on, campaign=key))) for key in named]
    terms.append(and_(Statistic.campaign.not_in(("", *named)), unit.in_(reach_of(actor, verb, on, None))))
    return or_(*terms)


def say_bundle(first: str, first_en: str, count: int) -> tuple[str, str]:
    """A bundle in a few words of both languages: its first number and how many more there are."""
    english = first_en or first
    english = english[:1].upper() + english[1:]
    if count == 1:
        return first, english
    return f"{first}等 {count} 项", f"{english} and {count - 1} more"
