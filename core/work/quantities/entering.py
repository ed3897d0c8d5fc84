"""Entering quantities (填报工作量): what is said is checked as a whole, kept as it was said, and never converted silently."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound
from core.work.calendar import local_day
from core.work.quantities.history import note_event, step
from core.work.quantities.kinds import ACTIVE
from core.work.quantities.links import check_links
from core.work.quantities.periods import Span, read_span
from core.work.quantities.sight import get_entry, may_report
from core.work.quantities.words import LIVE, REPORTED, TYPED_BASES
from core.work.quantities.writing import QUALIFIERS, VAGUE, Read, read_quantity
from core.work.statistics.measures import MEASURES, Measure, find_measure, names_of, plain
from core.work.tables import QuantityEntry, QuantityKind
from core.work.wording import read_text
from tenants.access import Actor
from tenants.db import new_id
from tenants.scope import ScopedSession

LONGEST = {"scope": 120, "document": 120, "note": 2000}
SAID = ("value", "low", "high", "qualifier", "said")


@dataclass(frozen=True, slots=True)
class QuantityWish:
    """A quantity as somebody reports it (填报内容): ``amount`` and ``period`` as written (1400多, 截至2019-10).

    ``qualifier`` is chosen beside the number and stands over what is written on it; ``measure`` is the unit as written, '' the
    kind's own.
    """

    kind_id: UUID
    unit_id: UUID
    amount: str
    scope: str = ""
    scope_unit_id: UUID | None = None
    site_id: UUID | None = None
    plan_id: UUID | None = None
    line_id: UUID | None = None
    project_id: UUID | None = None
    task_id: UUID | None = None
    qualifier: str = ""
    measure: str = ""
    period: str = ""
    basis: str = "self"
    document: str = ""
    note: str = ""


def enter(session: ScopedSession, actor: Actor | None, wish: QuantityWish, *, now: datetime) -> QuantityEntry:
    """Report a quantity (填报). Raises InvalidInput with every fault, NotFound and Forbidden."""
    return keep(session, actor, judge(session, actor, wish, now=now), now=now)


def judge(session: ScopedSession, actor: Actor | None, wish: QuantityWish, *, now: datetime) -> dict[str, Any]:
    """What an entry would say, as columns; nothing is written. Raises as :func:`enter`."""
    day = local_day(now)
    kind = session.get(QuantityKind, (session.tenant_id, wish.kind_id))
    if kind is None:
        raise NotFound
    if not may_report(session, actor, kind, wish.unit_id, day):
        raise Forbidden(N_("您的岗位不能替这个单位填报工作量"))
    faults: list[Fault] = []
    if kind.state != ACTIVE:
        faults.append(Fault(N_("这个科目已经停用"), "kind", value=kind.name_zh, remedy=N_("请换一个科目")))
    return _values(session, actor, wish, kind, day, faults) | {"kind_id": kind.id, "unit_id": wish.unit_id}


def keep(session: ScopedSession, actor: Actor | None, values: dict[str, Any], *, now: datetime) -> QuantityEntry:
    """Write what was judged, with its first line of history."""
    entry = QuantityEntry(
        **values,
        id=new_id(),
        state=REPORTED,
        version=1,
        person_id=actor.person_id if actor else None,
        person_name=actor.name if actor else "",
        created_at=now,
        changed_at=now,
    )
    session.add(entry)
    session.flush()
    note_event(session, actor, entry, "enter", now=now)
    return entry


def correct(
    session: ScopedSession,
    actor: Actor | None,
    entry_id: UUID,
    wish: QuantityWish,
    version: int,
    *,
    reason: str,
    now: datetime,
) -> QuantityEntry:
    """Correct a quantity with a reason (更正); kind and unit stay, and what was verified is to be verified again.

    Raises NotFound, Forbidden, Conflict, InvalidInput, Stale.
    """
    day = local_day(now)
    entry, kind = get_entry(session, actor, entry_id, day)
    if not may_report(session, actor, kind, entry.unit_id, day):
        raise Forbidden(N_("您的岗位不能替这个单位填报工作量"))
    if entry.state not in LIVE:
        raise Conflict(N_("这一条已经撤回或并入另一条，不能再改"))
    faults: list[Fault] = []
    said = read_reason(reason, faults)
    fixed = replace(wish, kind_id=kind.id, unit_id=entry.unit_id)
    values = _values(session, actor, fixed, kind, day, faults)
    if all(getattr(entry, name) == value for name, value in values.items()):
        raise InvalidInput(faults=[Fault(N_("没有要保存的改动"), "amount", remedy=N_("请先改数量、范围或期间"))])
    return step(session, actor, entry, "correct", version=version, now=now, why=said, **values, state=REPORTED)


def read_reason(reason: str, faults: list[Fault]) -> str:
    """A reason in words; an empty one is a fault."""
    said = read_text(reason, "reason", faults, LONGEST["note"])
    if not said and not faults:
        faults.append(Fault(N_("请写明理由"), "reason"))
    return said


def _values(
    session: ScopedSession,
    actor: Actor | None,
    wish: QuantityWish,
    kind: QuantityKind,
    day: date,
    faults: list[Fault],
) -> dict[str, Any]:
    """The columns of an entry. Raises InvalidInput with every fault."""
    read, span = _amount(wish, MEASURES[kind.measure], faults), _span(wish.period, day, faults)
    texts = {name: read_text(getattr(wish, name), name, faults, most) for name, most in LONGEST.items()}
    if wish.basis not in TYPED_BASES:
        remedy = N_("请选自报或申报；核验由另一方在填报之后办理")
        faults.append(Fault(N_("口径不对"), "basis", value=wish.basis[:20], remedy=remedy))
    links = check_links(session, actor, wish, day, faults)
    if faults:
        raise InvalidInput(faults=faults)
    period = {"period_start": span.start, "period_end": span.end}
    period_words = {"precision": span.precision, "period_text": span.text}
    said = {name: getattr(read, name) for name in SAID}
    return texts | links | period | period_words | said | {"measure": kind.measure, "basis": wish.basis}


def _span(text: str, day: date, faults: list[Fault]) -> Span:
    try:
        span = read_span(text)
    except InvalidInput as error:
        faults += error.faults
        return Span()
    if span.start is not None and span.start > day:
        faults.append(Fault(N_("这个期间还没有开始"), "period", value=span.text, remedy=N_("请核对日期")))
    return span


def _amount(wish: QuantityWish, measure: Measure, faults: list[Fault]) -> Read:
    """What was written, judged against the kind's unit."""
    try:
        read = read_quantity(wish.amount, measure.code, "amount")
    except InvalidInput as error:
        faults += error.faults
        return Read()
    if read.is_empty:
        faults.append(Fault(N_("请填数量"), "amount", remedy=N_("说不出数就写 数万、若干，不要填 0")))
    for name, unit in (("amount", read.unit), ("measure", wish.measure)):
        fault = foreign_unit(unit, measure, name)
        faults += [fault] if fault else []
    if wish.qualifier:
        read = _chosen(read, wish.qualifier, faults)
    numbers = [one for one in (read.value, read.low, read.high) if one is not None]
    if measure.whole and read.qualifier != "about" and any(one != one.to_integral_value() for one in numbers):
        remedy = N_("{measure}只能是整数；是平均或估计的数请写“约”")
        params = {"measure": measure.both}
        faults.append(Fault(N_("不是整数"), "amount", value=wish.amount[:40], remedy=remedy, params=params))
    return read


def _chosen(read: Read, qualifier: str, faults: list[Fault]) -> Read:
    """A qualifier that is chosen beside the number; one that names no number goes with words only."""
    if qualifier not in QUALIFIERS:
        faults.append(Fault(N_("请从列出的选项中选择"), "qualifier", value=qualifier[:20]))
        return read
    has_number = read.value is not None or read.low is not None
    if has_number == (qualifier in VAGUE) or (read.qualifier not in ("exact", qualifier) and qualifier != "exact"):
        remedy = N_("请改数量里的写法，或者改限定词")
        faults.append(Fault(N_("数量和限定词说的不一样"), "qualifier", value=read.said[:40], remedy=remedy))
        return read
    return replace(read, qualifier=qualifier) if read.qualifier == "exact" else read


def foreign_unit(written: str, measure: Measure, field: str) -> Fault | None:
    """A fault when the unit that was written is not the kind's; the conversion is advice, never done by itself."""
    said = written.strip()
    if not said or said.lower() in {name.lower() for name in names_of(measure)}:
        return None
    params: dict[str, object] = {"own": measure.both}
    remedy = N_("这个科目按{own}填报；计量单位不同的请另选科目")
    try:
        other = find_measure(said)
    except InvalidInput:
        return Fault(N_("没有这个计量单位"), field, value=said[:40], remedy=remedy, params=params)
    if other.dimension == measure.dimension:
        params |= {"other": other.both, "factor": plain(other.factor / measure.factor)}
        remedy = N_("这个科目按{own}填报；1 {other} = {factor} {own}，请自己换算后再填")
    return Fault(N_("计量单位不对"), field, value=said[:40], remedy=remedy, params=params)


def find_kind(session: ScopedSession, code: str) -> QuantityKind | None:
    """The kind of a code."""
    return session.scalars(select(QuantityKind).where(QuantityKind.code == code)).one_or_none()
