"""Reads a draft for its page (草案阅读): what becomes of each unit that is there now, and the chart as it shall be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from core.errors import N_
from core.work.names import tidy
from core.work.organisation.chart_drafts import Draft, Fate, Seat, fate_words
from core.work.organisation.reorganising import Sheet
from core.work.organisation.units import Node

# In one word what becomes of a unit, with its tone.
FATES: Mapping[str, tuple[str, str]] = {
    "kept": (N_("保留"), "waiting"),
    "renamed": (N_("更名"), "active"),
    "moved": (N_("调整隶属"), "active"),
    "moved_renamed": (N_("更名并调整隶属"), "active"),
    "merged": (N_("并入"), "next"),
    "succeeded": (N_("由新单位承接"), "next"),
    "split": (N_("拆分"), "next"),
    "lost": (N_("没有去向"), "overdue"),
}
SHOWS: Mapping[str, str] = {"changed": N_("有变化的"), "lost": N_("没有去向的")}


@dataclass(frozen=True, slots=True)
class Line:
    """One unit of the chart as it is (现有单位), and what becomes of it."""

    node: Node
    above: str
    word: str
    name: str
    parent: str
    targets: tuple[str, ...]
    heir: str


def lines_of(sheet: Sheet, *, text: str = "", kind: str = "", show: str = "") -> list[Line]:
    """The units of the chart as it is that the filters leave, in reading order."""
    words = fate_words(sheet.draft, sheet.standing)
    found = []
    for node in sheet.standing.values():
        word = words[node.id]
        if (show == "changed" and word == "kept") or (show == "lost" and word != "lost"):
            continue
        if (kind and node.kind != kind) or (text and tidy(text) not in node.name):
            continue
        found.append(_line(sheet, node, word))
    return found


def _line(sheet: Sheet, node: Node, word: str) -> Line:
    draft, standing = sheet.draft, sheet.standing
    seat, fate = draft.seats.get(str(node.id)), draft.fates.get(node.id) or Fate()
    above = standing[node.parent].name if node.parent in standing else ""  # type: ignore[index]  # None is never in it
    parent = draft.seats[seat.parent].name if seat and seat.parent in draft.seats else ""
    targets = tuple(draft.seats[key].name for key in fate.to if key in draft.seats)
    heir = draft.seats[fate.heir].name if fate.heir in draft.seats else ""
    name = seat.name if seat and seat.name != node.name else ""
    return Line(node, above, word, name, parent if parent != above else "", targets, heir)


def seat_options(draft: Draft, *, but: Sequence[str] = ()) -> list[tuple[str, str]]:
    """The units of the new chart, set in as they stand under one another; ``but`` leaves some out with what is under them."""
    left_out = set(but)
    return [
        (seat.key, "\u3000" * depth + seat.name)
        for seat, depth in draft.ordered()
        if not left_out & set(draft.above(seat.key))
    ]


def new_tree(draft: Draft) -> list[tuple[Seat, int, str]]:
    """The new chart in reading order with what is new about each unit: opened, renamed, moved or nothing."""
    sharing = {key for fate in draft.fates.values() for key in fate.to}
    return [(seat, depth, _mark(seat, sharing)) for seat, depth in draft.ordered()]


def _mark(seat: Seat, sharing: set[str]) -> str:
    if seat.id is None:
        return N_("新设")
    if seat.name != seat.was[0]:
        return N_("更名")
    if seat.parent != seat.was[1]:
        return N_("调整隶属")
    return N_("承接") if seat.key in sharing else ""


def below(standing: Mapping[UUID, Node], top: UUID) -> list[Node]:
    """Everything under a unit in the chart as it is."""
    found: dict[UUID, Node] = {}
    for node in standing.values():
        if node.parent == top or node.parent in found:
            found[node.id] = node
    return list(found.values())
