"""What a new edition makes of each indicator (指标承接): same, reworded, changed, split, merged, dropped or new - from hashes.

An indicator has five parts: its text, how it is computed, its target, its points and its scoring mode. Each is hashed by
itself, so a comparison says *which* part moved. One code in both editions is one indicator; what the new edition's author
wrote into ``lineage.csv`` goes before that. Where codes are silent, equal hashes speak: an indicator whose text and
computation both come back under another code was renumbered. Anything less certain is *proposed*, never decided: people decide.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.campaigns.catalogue import Edition, Form, Indicator

SAME, REWORDED, CHANGED = "same", "reworded", "changed"
SPLIT, MERGED, DROPPED, NEW = "split", "merged", "dropped", "new"
KINDS = (SAME, REWORDED, CHANGED, SPLIT, MERGED, DROPPED, NEW)
TEXT, COMPUTATION, TARGET, POINTS, MODE = PARTS = ("text", "computation", "target", "points", "mode")

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """What became of some indicators (承接关系): codes of the old edition, codes of the new one, and the parts that moved.

    ``decided`` is False where it is only proposed: texts or computations are alike, but nobody said so.
    """

    kind: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    parts: tuple[str, ...] = ()
    decided: bool = True


@dataclass(frozen=True, slots=True)
class FormChange:
    """What became of one checklist (检查表变化): its items by code, and the questions that it newly asks or no longer asks."""

    code: str
    kind: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lineage:
    """Every change between two editions (版本承接), indicators in the order of the new edition, dropped ones last."""

    changes: tuple[Change, ...]
    forms: tuple[FormChange, ...]

    def count(self, kind: str) -> int:
        """How many changes are of a kind; a split or a merger counts once."""
        return sum(1 for one in self.changes if one.kind == kind)

    def of_new(self, code: str) -> Change:
        """The change that an indicator of the new edition came out of."""
        return next(one for one in self.changes if code in one.new)


def part_hashes(edition: Edition, indicator: Indicator) -> Mapping[str, str]:
    """The SHA-256 of each part of an indicator; spaces and full-width forms of its text make no difference."""
    rows = sorted(
        (m.name, m.row, m.source, list(m.selector), m.aggregate)
        for row in ("figure", "sample")
        for m in edition.metrics_for(indicator.code, row)
    )
    bounds = [(b.metric, b.level, b.op, str(b.bound)) for b in edition.levels if b.indicator == indicator.code]
    parts = {
        TEXT: [_plain(indicator.name_zh), _plain(indicator.name_en)],
        COMPUTATION: [indicator.formula, indicator.numerator, indicator.denominator, indicator.method, rows],
        TARGET: [indicator.target_op, indicator.target, indicator.unit, indicator.direction],
        POINTS: str(indicator.points),
        MODE: [indicator.mode, dict(indicator.params), indicator.gate, bounds],
    }
    return {name: _digest(value) for name, value in parts.items()}


def lineage_of(old: Edition, new: Edition) -> Lineage:
    """Compare two editions; the explicit lineage of ``new`` is heard when it follows ``old``, that of ``old`` backwards."""
    told = new.lineage if new.follows in ("", old.key) else ()
    if old.follows == new.key:
        told = tuple((after, before) for before, after in old.lineage)
    return Lineage(tuple(_Comparison(old, new, told).changes()), _forms(old, new))


class _Comparison:
    """Two editions on the way to their changes: every code of either side is used up once."""

    def __init__(self, old: Edition, new: Edition, told: Iterable[Pair]) -> None:
        self._old = {i.code: part_hashes(old, i) for i in old.indicators}
        self._new = {i.code: part_hashes(new, i) for i in new.indicators}
        self._told = [(a, b) for a, b in told if a in self._old and b in self._new]

    def changes(self) -> list[Change]:
        found = [*self._explicit(), *self._same_codes(), *self._renumbered(), *self._alike()]
        found += [Change(NEW, (), (code,)) for code in self._new]
        place = {code: n for n, code in enumerate(self._order)}
        found.sort(key=lambda one: min((place[code] for code in one.new), default=len(place)))
        return found + [Change(DROPPED, (code,), ()) for code in self._old]

    def _explicit(self) -> Iterable[Change]:
        """What the author says: groups of old and new codes that hang together."""
        self._order = tuple(self._new)
        for old, new in _groups(self._told):
            if len(old) == 1 and len(new) == 1:
                yield self._pair(old[0], new[0])
                continue
            kind = SPLIT if len(old) == 1 else MERGED
            for code in old:
                self._old.pop(code)
            for code in new:
                self._new.pop(code)
            yield Change(kind, old, new)

    def _same_codes(self) -> Iterable[Change]:
        for code in [c for c in self._new if c in self._old]:
            moved = self._moved(code, code)
            reused = TEXT in moved and COMPUTATION in moved and TARGET in moved  # nothing but the code came back
            yield self._pair(code, code, decided=not reused)

    def _renumbered(self) -> Iterable[Change]:
        """Another code for the very same text and computation, when there is no second one like it."""
        yield from self._matched((TEXT, COMPUTATION), decided=True)

    def _alike(self) -> Iterable[Change]:
        """The same text, or the same computation, under another code: a proposal."""
        yield from self._matched((TEXT,), decided=False)
        yield from self._matched((COMPUTATION,), decided=False)

    def _matched(self, parts: tuple[str, ...], *, decided: bool) -> Iterable[Change]:
        """Pairs of which the given parts are equal; where several fit, each in order, and only as a proposal."""
        old, new = self._by(self._old, parts), self._by(self._new, parts)
        for key in [k for k in new if k in old]:
            alone = len(old[key]) == len(new[key]) == 1
            for one, other in zip(old[key], new[key], strict=False):
                yield self._pair(one, other, decided=decided and alone)

    def _by(self, side: Mapping[str, Mapping[str, str]], parts: tuple[str, ...]) -> dict[tuple[str, ...], list[str]]:
        found: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for code, hashes in side.items():
            found[tuple(hashes[p] for p in parts)].append(code)
        return found

    def _moved(self, old: str, new: str) -> tuple[str, ...]:
        return tuple(p for p in PARTS if self._old[old][p] != self._new[new][p])

    def _pair(self, old: str, new: str, *, decided: bool = True) -> Change:
        moved = self._moved(old, new)
        self._old.pop(old)
        self._new.pop(new)
        kind = SAME if not moved else REWORDED if moved == (TEXT,) else CHANGED
        return Change(kind, (old,), (new,), moved, decided)


def _groups(pairs: Iterable[Pair]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Pairs that share a code on either side, put together, in the order of the first of each."""
    found: list[tuple[list[str], list[str]]] = []
    for old, new in pairs:
        touched = [group for group in found if old in group[0] or new in group[1]]
        merged = ([c for g in touched for c in g[0]], [c for g in touched for c in g[1]])
        found = [group for group in found if group not in touched]
        merged[0].extend([old] if old not in merged[0] else [])
        merged[1].extend([new] if new not in merged[1] else [])
        found.append(merged)
    return [(tuple(old), tuple(new)) for old, new in found]


def _forms(old: Edition, new: Edition) -> tuple[FormChange, ...]:
    """Every checklist that is not the same in both editions."""
    before, after = {f.code: f for f in old.forms}, {f.code: f for f in new.forms}
    found = [
        _form(before[code], form) if code in before else FormChange(code, NEW, tuple(i.code for i in form.items))
        for code, form in after.items()
        if code not in before or before[code].sha256 != form.sha256
    ]
    gone = [code for code in before if code not in after]
    return (*found, *(FormChange(c, DROPPED, removed=tuple(i.code for i in before[c].items)) for c in gone))


def _form(old: Form, new: Form) -> FormChange:
    """The items of a form by the question that they ask: a number that moved is no change of the question."""
    before, after = {i.question: i for i in old.items}, {i.question: i for i in new.items}
    added = tuple(i.code for q, i in after.items() if q not in before)
    removed = tuple(i.code for q, i in before.items() if q not in after)
    said = (
        "text_zh",
        "text_en",
        "mode",
        "points",
        "rule",
        "key",
        "category",
        "indicators",
        "owner_role",
        "working_days",
    )
    changed = tuple(
        item.code
        for q, item in after.items()
        if q in before and any(getattr(item, name) != getattr(before[q], name) for name in said)
    )
    return FormChange(new.code, CHANGED, added, removed, changed)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _digest(value: object) -> str:
    said = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()
