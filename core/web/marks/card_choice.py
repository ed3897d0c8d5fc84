"""The scheme, league and period that a page of rankings or cards is about (办法与周期选择)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import request

from core.errors import NotFound
from core.figures.periods import Period, containing, parse_period
from core.request import actor, db, today
from core.web.as_of import read_on
from core.web.marks.card_words import say_league, say_title
from core.web.paging import bad_argument, read_id
from core.web.scores.periods import say_period
from core.work.marks.card_lists import periods_with_cards
from core.work.marks.card_rules import League
from core.work.marks.card_schemes import ACTIVE, RETIRED, Kept, as_of, list_schemes

OFFERED = 6  # periods back, beside those that have cards (ours)


@dataclass(frozen=True, slots=True)
class SchemeChoice:
    """The chosen scheme with the others that there are (办法); ``kept`` None when there is none at all."""

    kept: Kept | None
    offered: tuple[Kept, ...]

    @property
    def options(self) -> list[tuple[str, str]]:
        """The schemes as pairs for a choice, a part's with its unit."""
        names = [say_title(one.scheme) for one in self.offered]
        return [
            (str(one.row.id), f"{name} · {one.unit_name}" if names.count(name) > 1 else name)
            for one, name in zip(self.offered, names, strict=True)
        ]

    @property
    def id(self) -> UUID | None:
        """The chosen scheme's id."""
        return self.kept.row.id if self.kept else None


def read_scheme_choice(*, retired: bool = False) -> SchemeChoice:
    """The scheme of this address, else the district's first in force. Raises InvalidInput, NotFound."""
    states = (ACTIVE, RETIRED) if retired else (ACTIVE,)
    offered = tuple(sorted(list_schemes(db(), actor(), today(), states=states), key=lambda k: k.row.state != ACTIVE))
    said = request.args.get("scheme", "")
    if not said:
        return SchemeChoice(offered[0] if offered else None, offered)
    wanted = read_id(said, "scheme")
    found = next((one for one in offered if one.row.id == wanted), None)
    if found is None:
        raise NotFound
    return SchemeChoice(found, offered)


def read_league(kept: Kept) -> League:
    """The league of this address, else the first. Raises InvalidInput."""
    said = request.args.get("league", "")
    found = kept.scheme.league(said) if said else kept.scheme.leagues[0]
    if found is None:
        raise bad_argument("league", said)
    return found


def league_tabs(kept: Kept, chosen: League) -> Sequence[tuple[str, str, bool]]:
    """The leagues as key, title and whether it is the chosen one."""
    return [(one.key, say_league(one), one.key == chosen.key) for one in kept.scheme.leagues]


def read_card_period(kept: Kept) -> Period:
    """The period of this address; without one the last that is over, while the running one is young. Raises InvalidInput."""
    kind, said = kept.scheme.period, request.args.get("period", "")
    if said:
        found = parse_period(said)
        if found.kind not in (kind, as_of(db(), kept, found.end).scheme.period):
            raise bad_argument("period", said)
        return found
    on = read_on()  # a day in it, for who knows no key
    if on is not None:
        return containing(as_of(db(), kept, min(on, today())).scheme.period, on)
    return containing(kind, today()).previous


def period_options(kept: Kept, chosen: Period) -> list[tuple[str, str]]:
    """The running period, some before it, those with cards and the chosen one, newest first."""
    kind = kept.scheme.period
    found = [containing(kind, today())]
    while len(found) < OFFERED:
        found.append(found[-1].previous)
    kept_ones = {containing(kind, day) for day in periods_with_cards(db(), kept.row.id)}
    listed = sorted({*found, *kept_ones, chosen}, key=lambda one: one.start, reverse=True)
    return [(one.key, say_period(one)) for one in listed]
