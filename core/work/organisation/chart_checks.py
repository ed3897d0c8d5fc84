"""Judges a proposed chart (草案检查): nobody lost, no circle, no twins, every heir fit to take over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import UUID

from core.errors import N_, Fault
from core.work.organisation.chart_drafts import Draft, Fate, Seat
from core.work.organisation.territory import TERRITORIES
from core.work.organisation.units import Node


def faults_of(draft: Draft, standing: Mapping[UUID, Node]) -> list[Fault]:
    """Everything that keeps a draft from taking effect, each fault naming the unit and the remedy."""
    return [*_lost(draft, standing), *_misplaced(draft, standing), *_twins(draft), *_unfit(draft, standing)]


def changes_anything(draft: Draft, standing: Mapping[UUID, Node]) -> bool:
    """Whether the draft differs from the chart as it is."""
    kept = draft.kept()
    if len(draft.seats) != len(standing) or draft.fates or set(kept) != set(standing):
        return True
    parents = {node.id: str(node.parent) if node.parent else None for node in standing.values()}
    return any(s.name != standing[u].name or s.parent != parents[u] for u, s in kept.items())


def _lost(draft: Draft, standing: Mapping[UUID, Node]) -> Iterator[Fault]:
    kept = draft.kept()
    for node in standing.values():
        fate = draft.fates.get(node.id)
        targets = [key for key in fate.to if key in draft.seats] if fate else []
        if node.id not in kept and not targets:
            remedy = N_("请说明它并入、拆分到哪里，或保留它")
            yield Fault(N_("没有说明这个单位的去向"), "mapping", value=node.name, remedy=remedy)
        if fate and targets and fate.heir not in targets:
            remedy = N_("请在去向里选一个承接在手事项的单位")
            yield Fault(N_("没有说明由谁承接在手事项"), "heir", value=node.name, remedy=remedy)


def _misplaced(draft: Draft, standing: Mapping[UUID, Node]) -> Iterator[Fault]:
    """Seats without a place under the top, in a circle, without a name or of another kind than the unit has."""
    tops = {node.id for node in standing.values() if node.parent is None}
    for seat in draft.seats.values():
        if not seat.name:
            yield Fault(N_("不能为空"), "name", value=seat.kind, remedy=N_("请填写名称"))
        if seat.id is not None and seat.id in standing and seat.kind != standing[seat.id].kind:
            remedy = N_("类型变了就是新单位：请新设单位，由它承接")
            yield Fault(N_("保留的单位不能改类型"), "kind", value=seat.name, remedy=remedy)
        chain = draft.above(seat.key)
        top = draft.seats[chain[-1]]
        if top.parent is not None and top.parent in chain:
            yield Fault(N_("单位不能隶属于它自己的下级"), "parent", value=seat.name, remedy=N_("请选另一个上级单位"))
        elif top.parent is not None:
            yield Fault(N_("没有这个上级单位"), "parent", value=seat.name, remedy=N_("请选另一个上级单位"))
        elif draft.tree == "administration" and top.id not in tops:
            yield Fault(N_("不在本级单位下面"), "parent", value=seat.name, remedy=N_("请选一个上级单位"))


def _twins(draft: Draft) -> Iterator[Fault]:
    for siblings in draft.children().values():
        seen: set[str] = set()
        for seat in siblings:
            if seat.name in seen:
                yield Fault(N_("名称重复"), "name", value=seat.name, remedy=N_("同一上级下的单位要有不同的名称"))
            seen.add(seat.name)


def _unfit(draft: Draft, standing: Mapping[UUID, Node]) -> Iterator[Fault]:
    """The tenant's own unit stays; territory goes to territory; nobody's heir is the district itself."""
    for node in standing.values():
        if node.parent is None and draft.tree == "administration" and str(node.id) not in draft.seats:
            yield Fault(N_("本级单位不能撤销"), "mapping", value=node.name, remedy=N_("请保留它"))
    for unit, fate in draft.fates.items():
        if unit in standing:
            yield from _unfit_heirs(draft, standing[unit], fate)


def _unfit_heirs(draft: Draft, node: Node, fate: Fate) -> Iterator[Fault]:
    for seat in (draft.seats[key] for key in fate.to if key in draft.seats):
        if _is_top(draft, seat) and seat.id != node.id:
            yield Fault(N_("不能由这个单位承接"), "heir", value=node.name, remedy=N_("请选本级下面的一个单位"))
        elif (seat.kind in TERRITORIES) != (node.kind in TERRITORIES):
            remedy = N_("辖区由辖区承接，部门由部门承接")
            yield Fault(N_("辖区和部门不能互相承接"), "heir", value=f"{node.name} → {seat.name}", remedy=remedy)


def _is_top(draft: Draft, seat: Seat) -> bool:
    return draft.tree == "administration" and seat.parent is None
