"""Moving and closing units (调整隶属、撤销单位) from a day on, and whether the headquarters may order one.

A single change takes effect today or on a day in the past after which nothing else changed; what shall happen later is a
reorganisation (:mod:`core.work.organisation.reorganising`). Nothing is deleted; whoever asks for an earlier day sees the earlier chart.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select

from core.errors import N_, Conflict, Fault, InvalidInput
from core.work.dated import valid_on
from core.work.journal import record
from core.work.names import tidy
from core.work.organisation.burdens import STILL, burdens, has_unseen
from core.work.organisation.closure import check_day, lock_chart, parents_on, refuse_rewriting, replant, under
from core.work.organisation.lineage import Descent, write_lineage
from core.work.organisation.part_shares import Share, count_open, move_shares
from core.work.organisation.succession import Succession, hand_over
from core.work.organisation.territory import TERRITORIES
from core.work.organisation.units import get_unit
from core.work.permits import require
from core.work.roles import ADMINISTER
from core.work.tables import Reorganisation
from tenants.access import Actor
from tenants.db import now as server_now
from tenants.models import Unit, UnitParent
from tenants.scope import ScopedSession


def move_unit(
    session: ScopedSession, actor: Actor | None, unit_id: UUID, parent_id: UUID, *, today: date, on: date | None = None
) -> Unit:
    """Put a unit with everything under it under another from a day on (调整隶属).

    Under the same parent nothing changes. Raises NotFound, Forbidden, InvalidInput (the tenant's own unit, a day that does
    not fit, another tree) and Conflict (a circle, a name that stands there already, a day before a later change).
    """
    day, root = on or today, lock_chart(session)
    unit, parent = get_unit(session, unit_id), get_unit(session, parent_id)
    require(session, actor, ADMINISTER, unit.id, today)
    require(session, actor, ADMINISTER, parent.id, today)
    check_day(day, today, unit, parent)
    if unit.id == root.id:
        raise _bad("parent", N_("本级单位在最上面，不能移动"), N_("请选另一个单位"), unit.name)
    if parent.tree != unit.tree and parent.id != root.id:
        remedy = N_("行政单位只能在行政树里移动，指挥部的单位只能在指挥部树里移动")
        raise _bad("parent", N_("两个单位不在同一棵树里"), remedy, parent.name)
    parents = parents_on(session, day)
    refuse_rewriting(session, {*under([unit.id], parents), parent.id}, day, today)
    if parents.get(unit.id) == parent.id:
        return unit
    _check_move(session, unit, parent, parents, day)
    before = session.scalar(select(Unit.name).where(Unit.id == parents[unit.id]))
    replant(session, {unit.id: parent.id}, day)
    record(session, actor, "unit.move", "unit", unit.id, name=unit.name, before=before, after=parent.name, on=str(day))
    return unit


def _bad(field: str, message: str, remedy: str, value: str = "") -> InvalidInput:
    return InvalidInput(faults=[Fault(message, field, value=value, remedy=remedy)])


def _check_move(session: ScopedSession, unit: Unit, parent: Unit, parents: dict[UUID, UUID], day: date) -> None:
    if parent.id in under([unit.id], parents):
        fault = Fault(N_("单位不能隶属于它自己的下级"), "parent", value=parent.name, remedy=N_("请选另一个上级单位"))
        raise Conflict(N_("{parent}在{unit}的下面"), faults=[fault], parent=parent.name, unit=unit.name)
    beside = (
        select(Unit.id)
        .join(UnitParent, (UnitParent.tenant_id == Unit.tenant_id) & (UnitParent.unit_id == Unit.id))
        .where(
            UnitParent.parent_id == parent.id, valid_on(UnitParent, day), valid_on(Unit, day), Unit.name == unit.name
        )
    )
    if session.scalars(beside).first():
        fault = Fault(N_("名称重复"), "parent", value=unit.name, remedy=N_("请先给其中一个更名"))
        raise Conflict(N_("{parent}下已有{name}"), faults=[fault], parent=parent.name, name=unit.name)
    refuse_while_waiting(session, unit.tree)


def refuse_while_waiting(session: ScopedSession, tree: str) -> None:
    """Raise Conflict while an approved reorganisation of a tree waits for its day: it was decided on the chart as it is."""
    chosen = select(Reorganisation).where(Reorganisation.tree == tree, Reorganisation.state == "approved")
    waiting = session.scalars(chosen).first()
    if waiting is not None:
        day = waiting.effective_on.isoformat()
        remedy = N_("请等它生效，或先撤回它")
        fault = Fault(N_("有一次已经批准、还没有生效的机构调整"), value=f"{waiting.title} {day}", remedy=remedy)
        raise Conflict(N_("机构调整“{title}”{day} 生效"), faults=[fault], title=waiting.title, day=day)


def close_unit(
    session: ScopedSession,
    actor: Actor | None,
    unit_id: UUID,
    *,
    today: date,
    on: date | None = None,
    heir_id: UUID | None = None,
    now: datetime | None = None,
) -> Unit:
    """Close a unit from a day on (撤销单位); the heir takes over the units under it and everything that hangs on it.

    Without an heir nothing may hang on it. Raises NotFound, Forbidden, InvalidInput (the tenant's own unit, an heir that
    does not fit) and Conflict (something hangs on it, a day before a later change).
    """
    day, root = on or today, lock_chart(session)
    unit = get_unit(session, unit_id)
    require(session, actor, ADMINISTER, unit.id, today)
    check_day(day, today, unit)
    if unit.id == root.id:
        raise _bad("unit", N_("本级单位不能撤销"), N_("请选另一个单位"), unit.name)
    refuse_while_waiting(session, unit.tree)
    parents = parents_on(session, day)
    refuse_rewriting(session, under([unit.id], parents), day, today)
    heir = _heir(session, actor, unit, heir_id, root, today, day) if heir_id else None
    if heir is None:
        _refuse_burdened(session, actor, unit, day)
    else:
        _replant_all(session, unit, heir, parents, day)
    unit.valid_to = day
    session.flush()
    moved = _pass_on(session, actor, unit, heir, day, now or server_now()) if heir else {}
    detail = {"name": unit.name, "heir": heir.name if heir else "", "on": str(day), "moved": moved}
    record(session, actor, "unit.close", "unit", unit.id, **detail)
    session.flush()
    return unit


def _heir(
    session: ScopedSession, actor: Actor | None, unit: Unit, heir_id: UUID, root: Unit, today: date, day: date
) -> Unit:
    heir = get_unit(session, heir_id)
    require(session, actor, ADMINISTER, heir.id, today)
    check_day(day, today, heir)
    if heir.id in (unit.id, root.id):
        raise _bad("heir", N_("不能由这个单位承接"), N_("请选同一棵树里的另一个单位"), heir.name)
    if heir.tree != unit.tree:
        raise _bad("heir", N_("两个单位不在同一棵树里"), N_("请选同一棵树里的另一个单位"), heir.name)
    if (unit.kind in TERRITORIES) != (heir.kind in TERRITORIES):
        raise _bad("heir", N_("辖区和部门不能互相承接"), N_("辖区由辖区承接，部门由部门承接"), heir.name)
    return heir


def _refuse_burdened(session: ScopedSession, actor: Actor | None, unit: Unit, day: date) -> None:
    """Raise Conflict naming everything that hangs on a unit; findings that the actor may not see are not counted out."""
    found = burdens(session, actor, [unit.id], day).of(unit.id)
    remedy = N_("请先移交，或选一个承接单位")
    faults = [
        Fault(STILL[name], "heir", value=unit.name, remedy=remedy, params={"n": number})
        for name, number in found.counts().items()
        if number and name in STILL
    ]
    if not found.findings and has_unseen(session, unit.id):
        faults.append(Fault(N_("还有没办完的事项"), "heir", value=unit.name, remedy=remedy))
    if faults:
        raise Conflict(N_("{name}还有事项在手，撤销时要有承接单位"), faults=faults, name=unit.name)


def _replant_all(session: ScopedSession, unit: Unit, heir: Unit, parents: dict[UUID, UUID], day: date) -> None:
    """Put the units under the closed one under the heir, and the closed one itself, which keeps its history there.

    Twins under the heir keep both names: they are told apart by what they were.
    """
    standing = set(session.scalars(select(Unit.id).where(valid_on(Unit, day))))
    moves = {one: heir.id for one, above in parents.items() if above == unit.id and one in standing and one != heir.id}
    if heir.id in under([unit.id], parents):
        moves[heir.id] = parents[unit.id]
    replant(session, moves | {unit.id: heir.id}, day)


def _pass_on(
    session: ScopedSession, actor: Actor | None, unit: Unit, heir: Unit, day: date, now: datetime
) -> dict[str, int]:
    note = f"{unit.name} → {heir.name}"
    found = count_open(session, [unit.id])
    moved = hand_over(session, actor, Succession(day, now, note, {unit.id: heir.id}))
    move_shares(session, actor, {unit.id: Share(unit.id, heir.id)}, {}, note=note, now=now)
    write_lineage(session, [Descent(unit.id, heir.id, "merge")], day)
    return {"findings": found} | moved


def set_commanded(
    session: ScopedSession, actor: Actor | None, unit_id: UUID, *, commanded: bool, reason: str, today: date
) -> Unit:
    """Say whether the headquarters may order a unit (能否下达指令): the others (驻地单位、铁路) get requests, not notices.

    Raises NotFound, Forbidden, and InvalidInput without a reason.
    """
    unit, said = get_unit(session, unit_id), tidy(reason)[:200]
    require(session, actor, ADMINISTER, unit.id, today)
    if unit.commanded == commanded:
        return unit
    if not said:
        raise _bad("reason", N_("不能为空"), N_("请写明依据，例如隶属关系或文件"))
    unit.commanded = commanded
    session.flush()
    record(session, actor, "unit.command", "unit", unit.id, name=unit.name, commanded=commanded, reason=said)
    return unit


def closed_units(session: ScopedSession, on: date, text: str = "", most: int = 200) -> list[Unit]:
    """The units that were closed on or before a day (已撤销单位), the latest first."""
    chosen = select(Unit).where(Unit.valid_to.is_not(None), Unit.valid_to <= on)
    if said := tidy(text):
        chosen = chosen.where(Unit.name.contains(said, autoescape=True))
    return list(session.scalars(chosen.order_by(func.coalesce(Unit.valid_to, on).desc(), Unit.pinyin).limit(most)))
