"""Shares of the decomposition that wait (待办分工): to be accepted by a unit, one line a table; sent back, for whoever split them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Select, and_, cast, exists, false, null, or_, select
from sqlalchemy.orm import aliased

from core.work.calendar import local_day
from core.work.desk.inbox_duty import Duty
from core.work.roles import ANSWER, DIRECT, LEAD
from core.work.splits.sight import GROUP_VERBS
from core.work.splits.states import ISSUED, RETURNED
from core.work.tables import Split, SplitRow, SplitShare
from tenants.access import ROOTS, Actor, reach_of
from tenants.models import Unit

SPLIT_ACCEPT, SPLIT_RETURNED = "split_accept", "split_returned"


def accept_query(actor: Actor, now: datetime) -> Select[Any]:
    """Shares of issued tables that his units have not answered (待接收的分工), one of each unit and table."""
    other = aliased(SplitShare)
    earlier = exists().where(
        other.tenant_id == SplitShare.tenant_id,
        other.split_id == SplitShare.split_id,
        other.unit_id == SplitShare.unit_id,
        other.state == ISSUED,
        other.id < SplitShare.id,
    )
    mine = [
        _of_campaign(campaign, SplitShare.unit_id.in_(reach_of(actor, ANSWER, local_day(now), campaign)))
        for campaign in _campaigns(actor, frozenset({ANSWER}))
    ]
    return _shares(actor, SplitShare.state == ISSUED, or_(false(), *mine), ~earlier)


def returned_query(actor: Actor, _now: datetime) -> Select[Any]:
    """Shares that units sent back, for the group that owns the clause and the HQ office (退回待调整的分工)."""
    top = select(Unit.id).where(Unit.tenant_id == actor.tenant.id, Unit.kind.in_(ROOTS), Unit.tree == "administration")
    mine = []
    for campaign in _campaigns(actor, GROUP_VERBS):
        held = [duty for duty in actor.duties if duty.campaign == campaign]
        groups = {duty.unit_id for duty in held if duty.verbs & GROUP_VERBS}
        desks = {duty.unit_id for duty in held if DIRECT in duty.verbs}
        mine.append(
            _of_campaign(
                campaign,
                or_(SplitRow.owner_unit_id.in_(groups), top.scalar_subquery().in_(desks) if desks else false()),
            )
        )
    return _shares(actor, SplitShare.state == RETURNED, or_(false(), *mine))


def _campaigns(actor: Actor, verbs: frozenset[str]) -> set[str | None]:
    """The campaigns to which posts with one of the verbs are limited; None for those of all."""
    return {duty.campaign for duty in actor.duties if duty.verbs & verbs}


def _of_campaign(campaign: str | None, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return condition if campaign is None else and_(Split.campaign == campaign, condition)


def _shares(actor: Actor, *conditions: ColumnElement[bool]) -> Select[Any]:
    return (
        select(SplitShare)
        .join(Split, and_(Split.tenant_id == SplitShare.tenant_id, Split.id == SplitShare.split_id))
        .join(SplitRow, and_(SplitRow.tenant_id == SplitShare.tenant_id, SplitRow.id == SplitShare.row_id))
        .where(SplitShare.tenant_id == actor.tenant.id, Split.state == ISSUED, *conditions)
    )


def kinds(make: Callable[..., Any]) -> dict[str, Any]:
    """The kinds of duty with shares; ``make`` is :class:`core.work.desk.inbox.Kind`. A share has no day on which to answer."""
    never, keys = cast(null(), DateTime(timezone=True)), (SplitShare.changed_at, SplitShare.id)

    def kind(verbs: frozenset[str], query: Callable[[Actor, datetime], Select[Any]]) -> Any:
        return make(verbs, query, keys, never, lambda _actor, campaign: Split.campaign == campaign)

    return {
        SPLIT_ACCEPT: kind(frozenset({ANSWER}), accept_query),
        SPLIT_RETURNED: kind(frozenset({ANSWER, DIRECT, LEAD}), returned_query),
    }


def _to_accept(row: Any, _actor: Actor, _now: datetime) -> Duty:
    share, split, _row, unit = row
    found = Duty("split", split.id, split.title, unit or "", "accept_share", version=share.version)
    return replace(found, campaigns=(split.campaign,))


def _returned(row: Any, _actor: Actor, _now: datetime) -> Duty:
    share, split, clause, unit = row
    found = Duty(
        "split_row", clause.id, clause.title, unit or "", "split_again", number=clause.code, code=str(split.id)
    )
    return replace(found, version=share.version, campaigns=(split.campaign,))


_UNIT = select(Unit.name).where(Unit.tenant_id == SplitShare.tenant_id, Unit.id == SplitShare.unit_id).scalar_subquery()
_COLUMNS = (SplitShare, Split, SplitRow, _UNIT)
SHOWN: Mapping[str, tuple[Sequence[Any], Callable[[Any, Actor, datetime], Duty]]] = MappingProxyType(
    {SPLIT_ACCEPT: (_COLUMNS, _to_accept), SPLIT_RETURNED: (_COLUMNS, _returned)}
)
