"""Drawing a proposed chart (修改草案): new units, other names and parents, what becomes of a unit that is there now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from core.errors import N_, Fault, InvalidInput, NotFound
from core.work.organisation.chart_drafts import Draft, Fate, Rule, Seat, keep, new_key
from core.work.organisation.units import HEADQUARTERS_KINDS, Node, check_kind, checked_name

MOST_UNITS = 5_000  # of a draft (ours): the row stays under two megabytes


def add_seat(draft: Draft, *, name: str, kind: str, parent: str | None) -> Seat:
    """Propose a new unit (新设单位). Raises InvalidInput."""
    said = checked_name(name)
    check_kind(kind)
    if draft.tree == "administration" and kind in HEADQUARTERS_KINDS:
        raise _bad("kind", N_("这种单位只在指挥部树里"), N_("请在指挥部的机构调整里新设"), kind)
    if len(draft.seats) >= MOST_UNITS:
        raise _bad("name", N_("单位过多"), N_("一次调整最多 5000 个单位"), said)
    seat = Seat(new_key(), None, said, kind, _parent(draft, parent))
    draft.seats[seat.key] = seat
    return seat


def change_seat(draft: Draft, key: str, *, name: str, parent: str | None) -> Seat:
    """Give a unit of the new chart another name or parent. Raises InvalidInput."""
    seat = _seat(draft, key)
    said, above = checked_name(name), parent or None
    if seat.parent is None and draft.tree == "administration":
        above = None  # the tenant's own unit stays at the top
    elif above is not None and key in draft.above(above):
        raise _bad("parent", N_("单位不能隶属于它自己的下级"), N_("请选另一个上级单位"), draft.seats[above].name)
    else:
        above = _parent(draft, above)
    seat.name, seat.parent = said, above
    return seat


def drop_seat(draft: Draft, key: str) -> None:
    """Take a proposed new unit back; the units under it go to its parent, those that went to it are open again."""
    seat = _seat(draft, key)
    if seat.id is not None:
        raise _bad("unit", N_("现有的单位不能删去"), N_("请说明它的去向"), seat.name)
    draft.seats.pop(key)
    for other in draft.seats.values():
        other.parent = seat.parent if other.parent == key else other.parent
    for fate in draft.fates.values():
        fate.to = [one for one in fate.to if one != key]
        fate.rules = [rule for rule in fate.rules if rule.to != key]
        fate.heir = fate.heir if fate.heir in fate.to else next(iter(fate.to), "")


def keep_unit(draft: Draft, node: Node) -> Seat:
    """Let a unit stay after all (保留)."""
    draft.fates.pop(node.id, None)
    return keep(draft, node)


def send_unit(draft: Draft, node: Node, to: Sequence[str], *, heir: str = "", rules: Iterable[Rule] = ()) -> Fate:
    """Say what becomes of a unit (去向): it goes to other seats of the chart, the heir first among them.

    When its own seat is among them it stays, and the others come out of it. Raises InvalidInput.
    """
    targets = list(dict.fromkeys(to))
    for key in targets:
        _seat(draft, key)
    if not targets:
        raise _bad("to", N_("没有选去向"), N_("请至少选一个单位"), node.name)
    own = str(node.id)
    if targets == [own]:
        raise _bad("to", N_("去向不能只是它自己"), N_("请选“保留”，或再选一个单位"), node.name)
    first = heir or (own if own in targets else targets[0])
    if first not in targets:
        raise _bad("heir", N_("承接单位不在去向里"), N_("请在去向里选一个"), node.name)
    if own not in targets:
        _vacate(draft, own, first)
    kept = [rule for rule in rules if rule.to in targets]
    draft.fates[node.id] = Fate(targets, first, kept)
    return draft.fates[node.id]


def _vacate(draft: Draft, key: str, heir: str) -> None:
    """Take a seat out of the chart; the seats under it go to the heir, which moves up when it stood under it."""
    seat = draft.seats.pop(key, None)
    if seat is None:
        return
    if key in (draft.seats[one].parent for one in draft.above(heir)):
        draft.seats[heir].parent = seat.parent
    for other in draft.seats.values():
        if other.parent == key and other.key != heir:
            other.parent = heir
    for fate in draft.fates.values():  # who went to it goes on to its heir
        if key in fate.to:
            fate.to = list(dict.fromkeys(heir if one == key else one for one in fate.to))
            fate.heir = heir if fate.heir == key else fate.heir
            fate.rules = [Rule(r.scope, r.id, heir if r.to == key else r.to) for r in fate.rules]


def move_many(draft: Draft, units: Iterable[Node], parent: str | None) -> int:
    """Put several units under another at once; gives how many moved. Raises InvalidInput."""
    moved = 0
    for node in units:
        seat = _seat(draft, str(node.id))
        moved += seat.parent != (parent or None)
        change_seat(draft, seat.key, name=seat.name, parent=parent)
    return moved


def merge_many(draft: Draft, units: Sequence[Node], into: str) -> int:
    """Merge several units into one seat at once; the seat's own unit is left out. Raises InvalidInput."""
    chosen = [node for node in units if str(node.id) != into]
    for node in chosen:
        send_unit(draft, node, [into])
    return len(chosen)


def _seat(draft: Draft, key: str) -> Seat:
    seat = draft.seats.get(key)
    if seat is None:
        raise _bad("unit", N_("新架构里没有这个单位"), N_("请从列表里选"), key[:40])
    return seat


def _parent(draft: Draft, key: str | None) -> str | None:
    """The key of a parent; in the administration tree none stands for the tenant's own unit."""
    if key:
        return _seat(draft, key).key
    if draft.tree == "headquarters":
        return None
    return next((seat.key for seat in draft.seats.values() if seat.parent is None), None)


def _bad(field: str, message: str, remedy: str, value: str = "") -> InvalidInput:
    return InvalidInput(faults=[Fault(message, field, value=value, remedy=remedy)])


def nodes_of(standing: Mapping[UUID, Node], ids: Iterable[UUID]) -> list[Node]:
    """The units of some ids. Raises NotFound for one that is not in this tree."""
    found = []
    for one in ids:
        if one not in standing:
            raise NotFound
        found.append(standing[one])
    return found
