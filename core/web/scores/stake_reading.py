"""What the pages of what to fix first ask for (失分页的条件): period, unit, campaign, site type, and the ticks in the address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from flask import request, url_for
from flask_babel import gettext

from core.campaigns import Campaign, Item
from core.campaigns.trail import exact_text
from core.figures.stake import Gain, Stake, Stakes, Unassessed, read_stakes
from core.figures.stake_board import Move
from core.request import actor, db, house, now
from core.web.organisation.area_choice import read_area
from core.web.organisation.unit_choice import UnitChoice, read_unit
from core.web.paging import bad_argument
from core.web.places.site_words import say_types
from core.web.running import running, title_of
from core.web.scores.figure_words import DASH, say_change, say_number, say_points
from core.web.scores.periods import Choice, read_period
from core.web.words import by_locale, listed
from tenants.access import Actor
from tenants.scope import ScopedSession

TICK = re.compile(r"(?:[a-z][a-z0-9_]{0,60}@)?[0-9a-f-]{36}")
TARGET = re.compile(r"([a-z_]{1,40}):([A-Za-z0-9_-]{1,40})")
MOST_TICKS = 200  # an address holds no more (ours)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for."""

    choice: Choice
    unit: UnitChoice
    campaigns: Sequence[Campaign]
    campaign: str
    site_type: str
    open_only: bool
    ticks: frozenset[str] = frozenset()
    every: bool = False
    targets: tuple[tuple[str, str], ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> dict[str, str]:
        """Period, unit and campaign as arguments of an address."""
        found = self.choice.query | self.unit.query
        return found | ({"campaign": self.campaign} if self.campaign else {})

    @property
    def query(self) -> dict[str, str]:
        """The whole filter as arguments of an address."""
        more = {"type": self.site_type, "open": "1" if self.open_only else ""}
        return self.place | {key: value for key, value in more.items() if value}

    @property
    def chosen(self) -> list[Campaign]:
        """The campaigns whose points are counted."""
        return [one for one in self.campaigns if self.campaign in ("", one.key)]

    @property
    def ticked(self) -> dict[str, str | list[str]]:
        """Place and ticks as arguments of an address."""
        found: dict[str, str | list[str]] = dict(self.place)
        found |= {"t": sorted(self.ticks)} if self.ticks else {}
        found |= {"i": [f"{key}:{code}" for key, code in self.targets]} if self.targets else {}
        return found | ({"all": "1"} if self.every else {})

    def read(self, session: ScopedSession, who: Actor) -> Stakes:
        """What is at stake there. Raises Forbidden, NotFound."""
        return read_stakes(
            session,
            who,
            self.chosen,
            self.choice.period,
            self.unit.unit_id,
            cut_off=self.choice.cut_off,
            questions=house().registry.vocabulary.questions,
        )

    def keep(self, stakes: Iterable[Stake]) -> list[Stake]:
        """The stakes that the filter leaves: of a site type, with an open finding."""
        kept = [one for one in stakes if not self.site_type or self.site_type in one.kinds]
        return [one for one in kept if one.findings or not self.open_only]

    def kept(self, stakes: Stakes) -> list[str]:
        """The keys that the filter leaves, without computing what each of them brings."""
        if self.site_type or self.open_only:
            return [one.key for one in self.keep(stakes.listed())]
        return stakes.keys()


def read_wanted() -> Wanted:
    """What this address asks for. Raises InvalidInput, NotFound."""
    said, choice = request.args, read_period()
    campaigns = running(choice.period.start)
    campaign, site_type = (said.get(name, "").replace("\x00", "").strip()[:40] for name in ("campaign", "type"))
    if campaign and campaign not in {one.key for one in campaigns}:
        raise bad_argument("campaign", campaign)
    unit = read_unit(choice.period, now(), read_area())
    ticks, targets = said.getlist("t"), said.getlist("i")
    wrong = next((one for one in ticks if not TICK.fullmatch(one)), None)
    wrong = wrong or next((one for one in targets if not TARGET.fullmatch(one)), None)
    if wrong is not None or len(ticks) + len(targets) > MOST_TICKS:
        raise bad_argument("t", wrong or str(len(ticks) + len(targets)))
    pairs = tuple((key, code) for key, _, code in (one.partition(":") for one in targets))
    return Wanted(
        choice,
        unit,
        campaigns,
        campaign,
        site_type,
        said.get("open") == "1",
        frozenset(ticks),
        said.get("all") == "1",
        pairs,
        {one.key: title_of(one) for one in campaigns},
    )


def say_stake(one: Stake, stakes: Stakes) -> str:
    """What is to be put in order: the question, or the finding's own title."""
    question = stakes.bests.question(one.question)
    if question is not None:
        return by_locale(question.text_zh, question.text_en)
    if one.findings:
        part = one.findings[0].part
        return by_locale(part.title, part.title_en)
    return one.question


def say_items(items: Sequence[tuple[str, Item]]) -> str:
    """The codes of the checklist items behind it."""
    return listed(dict.fromkeys(item.code for _, item in items))


def say_sums(move: Move) -> tuple[str, str]:
    """Numerator over denominator now and after; the value where there are none."""
    return _sums(move, later=False), _sums(move, later=True)


def _sums(move: Move, *, later: bool) -> str:
    one = move.after if later else move.before
    if one.numerator is None:
        return gettext("未评")
    return say_number(one.numerator) + (f"/{say_number(one.denominator)}" if one.denominator is not None else "")


def say_earned(move: Move) -> tuple[str, str]:
    """Points now and after; what was not assessed says so."""
    before, after = move.before.earned, move.after.earned
    return (gettext("未评") if before is None else say_points(before), DASH if after is None else say_points(after))


def say_gain(gain: Gain | Move) -> str:
    """Points gained with their sign; less than a hundredth is said exactly."""
    exact = gain.exact if isinstance(gain, Gain) else gain.exact_gain
    points = gain.points if isinstance(gain, Gain) else gain.gain
    if points or not exact:
        return say_change(points)
    return gettext("不足 0.01（%(exact)s）", exact=say_exact(exact))


def say_exact(value: Fraction) -> str:
    """A number without any loss."""
    return exact_text(value)


def say_missing(one: Unassessed) -> str:
    """What an indicator without a score waits for."""
    if one.types:
        return gettext("没有查过：%(types)s", types=say_types(one.types))
    return by_locale(one.figure.reason_zh, one.figure.reason_en)


def link_of(one: Unassessed) -> tuple[str, str] | None:
    """Where what is missing is entered: the word and the address."""
    if one.source == "statistics":
        return gettext("去填报"), url_for("statistics.show", campaign=one.campaign)
    if one.types:
        return gettext("看点位"), url_for("sites.show_list", type=one.types[0])
    return None


def read_rows(wanted: Wanted) -> Stakes | None:
    """What is at stake, or None where the reader sees the totals alone and has to choose a unit of his own."""
    return wanted.read(db(), actor()) if wanted.unit.shows_rows else None
