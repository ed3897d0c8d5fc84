"""Cards of a period on the pages (本期亮牌): proposals with the reason for each, what is shown, and the sheet to print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import NotFound, SanchengError
from core.figures.card_periods import preview, propose_period
from core.figures.periods import Period, parse_period
from core.request import actor, db, house, now, require, tenant, today
from core.web.as_of import read_as_of
from core.web.marks import card_words as words
from core.web.marks.card_choice import SchemeChoice, period_options, read_card_period, read_scheme_choice
from core.web.paging import bad_argument, read_id
from core.web.scores.periods import say_period
from core.web.words import counted
from core.work.loop.clocks import end_of
from core.work.marks.card_issues import act_on_all, is_public, live_cards
from core.work.marks.card_lists import cards_of, corrections_of, last_notes, stood_at
from core.work.marks.card_moves import APPEALED, CONFIRMED, MOVES, PROPOSED, PUBLIC, STANDING, WITHDRAWN
from core.work.marks.card_rules import League
from core.work.marks.card_schemes import Kept, as_of, find_scheme
from core.work.roles import PUBLISH, SEE
from core.work.tables import CardEvent, CardIssue

blueprint = Blueprint("cards", __name__, url_prefix="/t/<slug>/cards")
AT_ONCE = ("confirm", "show")  # the steps that need no reason may be taken for all


@blueprint.before_request
def enter() -> None:
    """Only districts give cards."""
    asked.enter()
    if tenant().kind != "district":
        raise NotFound


@dataclass(frozen=True, slots=True)
class Row:
    """One kept card as the pages show it (亮牌行)."""

    card: CardIssue
    face: words.Shown
    why: Sequence[str]
    said: CardEvent | None
    corrected_by: CardIssue | None
    then: str = ""  # its state on the past day that is asked for

    @property
    def state(self) -> str:
        """How it stands, or stood on the day that is asked for."""
        return self.then or self.card.state

    @property
    def is_over(self) -> bool:
        """Whether it counts no more."""
        return self.state == WITHDRAWN

    @property
    def sponsors(self) -> Sequence[tuple[str, str]]:
        """Who sponsors the subject, and what they did in the period."""
        lines: Sequence[Mapping[str, object]] = self.card.sponsors.get("lines", [])
        return [(words.say_sponsor(line), words.say_did(line)) for line in lines]


@dataclass(frozen=True, slots=True)
class Offer:
    """One line of the preview (拟亮牌): the card that the rules give now, or none, with the reason."""

    name: str
    rank: int | None
    face: words.Shown | None
    why: Sequence[str]


@dataclass(frozen=True, slots=True)
class Group:
    """One league of the page (组别)."""

    league: League | None
    title: str
    rows: Sequence[Row]
    offers: Sequence[Offer]


def rows_of(kept: Kept, cards: Sequence[CardIssue]) -> list[Row]:
    """Cards with their faces, reasons and last words (two queries)."""
    ids = [one.id for one in cards]
    notes = last_notes(db(), ids) if ids else {}
    later = corrections_of(db(), ids) if ids else {}
    return [
        Row(one, words.card_of(one), words.reason_of_card(one, kept.scheme), notes.get(one.id), later.get(one.id))
        for one in cards
    ]


@blueprint.get("")
@require(SEE)
def show() -> str:
    """A period's cards; whoever gives them also sees what the rules propose."""
    choice = read_scheme_choice(retired=True)
    kept = choice.kept
    if kept is None:
        return render_template("cards/show.html", choice=choice, kept=None, can_write=_writes(), words=words)
    period, past = read_card_period(kept), read_as_of()
    kept = as_of(db(), kept, min(period.end, today()))
    cards = cards_of(db(), kept.row.id, period.start, unshown=kept.may_publish)
    if past is not None:
        return _show_past(choice, kept, period, cards, past)
    return render_template(
        "cards/show.html",
        as_of=None,
        choice=choice,
        kept=kept,
        period=period,
        periods=period_options(kept, period),
        is_running=period.end >= today(),
        groups=_groups(kept, period, cards),
        numbers={state: sum(one.state == state for one in cards) for state in (PROPOSED, CONFIRMED, APPEALED)},
        seen={state: _seal(cards, state) for state in (PROPOSED, CONFIRMED)},
        standing=sum(one.state in STANDING for one in cards),
        moves=MOVES,
        can_write=_writes(),
        say_period=say_period,
        words=words,
    )


def _show_past(choice: SchemeChoice, kept: Kept, period: Period, cards: Sequence[CardIssue], past: date) -> str:
    """A period's cards as they stood at the end of a past day; nothing can be done there.

    Cards that everybody sees are those shown by then; whoever gives them sees also those that were in work.
    """
    states = stood_at(db(), [one.id for one in cards], end_of(past))
    there = [one for one in cards if one.id in states and (kept.may_publish or states[one.id] in PUBLIC)]
    rows = [replace(row, then=states[row.card.id], said=None, corrected_by=None) for row in rows_of(kept, there)]
    keys = dict.fromkeys([*(one.key for one in kept.scheme.leagues), *(one.card.league for one in rows)])
    leagues = {key: kept.scheme.league(key) for key in keys}
    mine = {key: [row for row in rows if row.card.league == key] for key in keys}
    groups = [Group(leagues[key], words.say_league(leagues[key], key), mine[key], []) for key in keys]
    return render_template(
        "cards/show.html",
        as_of=past,
        choice=choice,
        kept=kept,
        period=period,
        periods=period_options(kept, period),
        groups=groups,
        can_write=False,
        say_period=say_period,
        words=words,
    )


def _writes() -> bool:
    return bool({"direct", "administer"} & actor().verbs)


def _groups(kept: Kept, period: Period, cards: Sequence[CardIssue]) -> list[Group]:
    rows = rows_of(kept, cards)
    offered = {}
    if kept.may_publish and kept.row.state == "active":
        found = preview(db(), house().registry, kept, period, now=now())
        offered = {one.league.key: [_offer(kept, p) for p in one.proposals] for one in found}
    keys = list(dict.fromkeys([*(one.key for one in kept.scheme.leagues), *(one.card.league for one in rows)]))
    return [
        Group(
            kept.scheme.league(key),
            words.say_league(kept.scheme.league(key), key),
            [row for row in rows if row.card.league == key],
            offered.get(key, []),
        )
        for key in keys
    ]


def _offer(kept: Kept, one: words.Proposal) -> Offer:
    colour = kept.scheme.colour(one.colour) if one.colour else None
    face = words.colour_of(colour) if colour else None
    return Offer(one.value.subject.name, one.rank, face, words.reason_of_proposal(kept.scheme, one))


def _posted() -> tuple[Kept, Period]:
    """The scheme and period of a form. Raises NotFound, InvalidInput."""
    kept = find_scheme(db(), actor(), read_id(request.form.get("scheme", ""), "scheme"), today())
    period = parse_period(request.form.get("period", ""))
    if period.kind not in (kept.scheme.period, as_of(db(), kept, period.end).scheme.period):
        raise bad_argument("period", period.key)
    return kept, period


@blueprint.post("/propose")
@require(PUBLISH)
def propose() -> AnyResponse:
    """Put the cards of a period forward, or once more where the numbers have changed."""
    kept, period = _posted()
    back = redirect(url_for("cards.show", scheme=kept.row.id, period=period.key), 303)
    try:
        with db().begin_nested():
            made = propose_period(db(), actor(), house().registry, kept, period, now=now())
    except SanchengError as error:
        if error.status == 403:
            raise
        flash(words.say_refusal(error), "error")
        return back
    text = gettext(
        "提出 %(added)s 张，更新 %(renewed)s 张，%(kept)s 张不变",
        added=made.added,
        renewed=made.renewed,
        kept=made.kept,
    )
    flash(text, "success")
    return back


@blueprint.post("/all")
@require(PUBLISH)
def act_all() -> AnyResponse:
    """Confirm all proposed cards of a period, or show all confirmed ones: those that the page showed, as it showed them."""
    kept, period = _posted()
    verb = request.form.get("verb", "")
    if verb not in AT_ONCE:
        raise bad_argument("verb", verb)
    seen = _seen()
    back = redirect(url_for("cards.show", scheme=kept.row.id, period=period.key), 303)
    try:
        with db().begin_nested():
            cards = live_cards(db(), kept.row.id, period.start)
            done = act_on_all(db(), actor(), cards, verb, seen=seen, now=now())
    except SanchengError as error:
        if error.status in (403, 404):
            raise
        flash(words.say_refusal(error), "error")
        return back
    said = counted("已确认 %(n)s 张", n=done) if verb == "confirm" else counted("已公示 %(n)s 张", n=done)
    flash(said, "success" if done else "warning")
    return back


def _seal(cards: Sequence[CardIssue], state: str) -> str:
    """The cards of a state with their versions, as the page shows them and a form sends them back."""
    return ",".join(f"{one.id}:{one.version}" for one in cards if one.state == state)


def _seen() -> dict[UUID, int]:
    """The cards that the form was about. Raises InvalidInput."""
    said, found = request.form.get("seen"), {}
    if said is None:
        raise bad_argument("seen", "")
    for one in filter(None, said.split(",")):
        name, _, version = one.partition(":")
        if not (version.isascii() and version.isdigit() and len(version) < 10):
            raise bad_argument("seen", one)
        found[read_id(name, "seen")] = int(version)
    return found


@blueprint.get("/sheet")
@require(SEE)
def show_sheet() -> str:
    """The public sheet (亮牌公示) of a period, to print: every card that stands, with its sponsors."""
    kept = read_scheme_choice(retired=True).kept
    if kept is None:
        raise NotFound
    period = read_card_period(kept)
    kept = as_of(db(), kept, min(period.end, today()))
    cards = [one for one in cards_of(db(), kept.row.id, period.start, unshown=False) if is_public(one)]
    return render_template(
        "cards/sheet.html",
        kept=kept,
        period=period,
        groups=[one for one in _shown_groups(kept, cards) if one.rows],
        say_period=say_period,
        words=words,
    )


def _shown_groups(kept: Kept, cards: Sequence[CardIssue]) -> list[Group]:
    rows = rows_of(kept, cards)
    order = [one.code for one in kept.scheme.colours]
    rows.sort(key=lambda r: (order.index(r.card.colour) if r.card.colour in order else len(order), r.card.rank or 0))
    keys = dict.fromkeys([*(one.key for one in kept.scheme.leagues), *(one.card.league for one in rows)])
    return [
        Group(
            kept.scheme.league(k),
            words.say_league(kept.scheme.league(k), k),
            [r for r in rows if r.card.league == k],
            [],
        )
        for k in keys
    ]
