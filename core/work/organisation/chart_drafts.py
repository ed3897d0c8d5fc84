"""A proposed chart (机构调整草案): the units as they shall be, and what becomes of each unit that is there now.

A unit that stays has a seat with its own id; a new one a seat whose key becomes its id. Each unit that disappears, and each
of which a part becomes a unit of its own, has a fate: where it goes, and who is the heir.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from core.work.organisation.units import Node, tree
from tenants.db import new_id
from tenants.scope import ScopedSession


@dataclass(slots=True)
class Seat:
    """A place in the new chart (新架构中的单位): ``parent`` is a key, None at the top; ``was`` how a kept unit stood."""

    key: str
    id: UUID | None
    name: str
    kind: str
    parent: str | None
    was: tuple[str, str | None] = ("", None)

    @property
    def unit_id(self) -> UUID:
        """The unit that stands or will stand here."""
        return self.id or UUID(self.key)


@dataclass(frozen=True, slots=True)
class Rule:
    """An exception in a split (分派规则): open findings and sites of a territory, or of one site, go to another part."""

    scope: str
    id: UUID
    to: str


@dataclass(slots=True)
class Fate:
    """What becomes of a unit (去向): the keys of its successors, one of them the heir; none: nobody has said it yet."""

    to: list[str] = field(default_factory=list)
    heir: str = ""
    rules: list[Rule] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """The whole proposal for one tree (草案): seats by key in reading order, fates by the unit that is there now."""

    tree: str
    seats: dict[str, Seat] = field(default_factory=dict)
    fates: dict[UUID, Fate] = field(default_factory=dict)

    def kept(self) -> dict[UUID, Seat]:
        """The seats of units that stay, by unit."""
        return {seat.id: seat for seat in self.seats.values() if seat.id is not None}

    def key_of(self, unit_id: UUID) -> str | None:
        """Where somebody finds a unit again: its own seat, else its heir's; None when it is lost."""
        if str(unit_id) in self.seats:
            return str(unit_id)
        fate = self.fates.get(unit_id)
        return fate.heir or None if fate else None

    def children(self) -> dict[str | None, list[Seat]]:
        """The seats under each seat, in order."""
        below: dict[str | None, list[Seat]] = {}
        for seat in self.seats.values():
            below.setdefault(seat.parent if seat.parent in self.seats else None, []).append(seat)
        return below

    def ordered(self) -> list[tuple[Seat, int]]:
        """The seats in reading order with their depth; those in a circle come last, at the top."""
        below, found = self.children(), list[tuple[Seat, int]]()
        waiting = [(seat, 0) for seat in reversed(below.get(None, []))]
        while waiting:
            seat, depth = waiting.pop()
            found.append((seat, depth))
            waiting += [(child, depth + 1) for child in reversed(below.get(seat.key, []))]
        reached = {seat.key for seat, _ in found}
        return found + [(seat, 0) for seat in self.seats.values() if seat.key not in reached]

    def above(self, key: str | None) -> list[str]:
        """A seat and those above it, itself first; ends where a circle would begin again."""
        chain: list[str] = []
        while key is not None and key in self.seats and key not in chain:
            chain.append(key)
            key = self.seats[key].parent
        return chain


def write_draft(draft: Draft) -> dict[str, Any]:
    """A draft as the row keeps it."""
    units = [
        {"key": s.key, "id": str(s.id) if s.id else None, "name": s.name, "kind": s.kind, "parent": s.parent}
        | ({"was": list(s.was)} if s.id else {})
        for s in draft.seats.values()
    ]
    mapping = [
        {"from": str(unit), "to": fate.to, "heir": fate.heir}
        | ({"rules": [{"scope": r.scope, "id": str(r.id), "to": r.to} for r in fate.rules]} if fate.rules else {})
        for unit, fate in draft.fates.items()
    ]
    return {"units": units, "mapping": mapping}


def read_draft(grove: str, body: Mapping[str, Any]) -> Draft:
    """A draft as the row keeps it, read back."""
    draft = Draft(grove)
    for one in body.get("units", ()):
        was = one.get("was") or ("", None)
        unit_id = UUID(one["id"]) if one["id"] else None
        draft.seats[one["key"]] = Seat(one["key"], unit_id, one["name"], one["kind"], one["parent"], (was[0], was[1]))
    for one in body.get("mapping", ()):
        rules = [Rule(r["scope"], UUID(r["id"]), r["to"]) for r in one.get("rules", ())]
        draft.fates[UUID(one["from"])] = Fate(list(one["to"]), one["heir"], rules)
    return draft


def new_key() -> str:
    """The key of a new seat, which becomes the unit's id."""
    return str(new_id())


def standing_chart(session: ScopedSession, grove: str, on: date) -> dict[UUID, Node]:
    """The units of one tree on a day, parents first (现行架构); at its top the parent is None."""
    nodes = [node for node in tree(session, on) if node.tree == grove]
    known = {node.id for node in nodes}
    return {node.id: node if node.parent in known else _top(node) for node in nodes}


def _top(node: Node) -> Node:
    return Node(node.id, node.name, node.kind, node.code, node.depth, None, node.tree, node.commanded)


def draft_of(grove: str, standing: Mapping[UUID, Node]) -> Draft:
    """A draft in which everything stays as it is."""
    draft = Draft(grove)
    for node in standing.values():
        keep(draft, node)
    return draft


def keep(draft: Draft, node: Node, parent: str | None = None) -> Seat:
    """Give a unit its own seat: where it stands, or where its parent went."""
    above = parent or (draft.key_of(node.parent) if node.parent else None)
    was = (node.name, str(node.parent) if node.parent else None)
    seat = draft.seats.setdefault(str(node.id), Seat(str(node.id), node.id, node.name, node.kind, above, was))
    if (fate := draft.fates.get(node.id)) is not None and seat.key not in fate.to:
        draft.fates.pop(node.id)
    return seat


def rebase(draft: Draft, standing: Mapping[UUID, Node]) -> None:
    """Bring a draft up to the chart as it is now: units added since stay, what it did not touch follows."""
    gone = {seat.key for seat in draft.seats.values() if seat.id is not None and seat.id not in standing}
    for key in gone:
        above = draft.seats.pop(key).parent
        for seat in draft.seats.values():
            seat.parent = above if seat.parent == key else seat.parent
    draft.fates = {unit: fate for unit, fate in draft.fates.items() if unit in standing}
    for fate in draft.fates.values():
        fate.to = [key for key in fate.to if key in draft.seats]
        fate.heir = fate.heir if fate.heir in fate.to else next(iter(fate.to), "")
        fate.rules = [rule for rule in fate.rules if rule.to in fate.to]
    for node in standing.values():
        kept = draft.seats.get(str(node.id))
        if kept is None and node.id not in draft.fates:
            keep(draft, node)
        elif kept is not None:
            _follow(draft, kept, node)


def _follow(draft: Draft, seat: Seat, node: Node) -> None:
    """What the draft left as it was is as the chart has it now."""
    parent = str(node.parent) if node.parent else None
    if seat.name == seat.was[0]:
        seat.name = node.name
    if seat.parent == seat.was[1] and seat.parent != parent:
        seat.parent = draft.key_of(node.parent) if node.parent else None
    seat.was = (node.name, parent)


def fate_words(draft: Draft, unit_ids: Iterable[UUID]) -> dict[UUID, str]:
    """In one word what becomes of each unit: kept, renamed, moved, split, merged, succeeded or lost."""
    kept, sharers = draft.kept(), _sharers(draft)
    return {unit: _word(draft, kept.get(unit), draft.fates.get(unit), sharers) for unit in unit_ids}


def _sharers(draft: Draft) -> dict[str, int]:
    """How many units go to each seat."""
    found: dict[str, int] = {}
    for unit, fate in draft.fates.items():
        for key in fate.to:
            if key != str(unit):
                found[key] = found.get(key, 0) + 1
    return found


def _word(draft: Draft, seat: Seat | None, fate: Fate | None, sharers: Mapping[str, int]) -> str:
    if fate is not None and len(fate.to) > 1:
        return "split"
    if seat is not None:
        moved, renamed = seat.parent != seat.was[1], seat.name != seat.was[0]
        return "moved_renamed" if moved and renamed else "moved" if moved else "renamed" if renamed else "kept"
    if fate is None or not fate.to:
        return "lost"
    target = draft.seats.get(fate.to[0])
    joined = target is not None and (target.id is not None or sharers.get(target.key, 0) > 1)
    return "merged" if joined else "succeeded"
