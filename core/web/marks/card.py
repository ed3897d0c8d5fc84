"""One card on the pages (亮牌详情): its reason, its history, the steps that are allowed now; and all cards ever shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, SanchengError, Stale
from core.figures.periods import Period
from core.request import actor, db, now, require, require_any, tenant, today
from core.settings import ZONE
from core.web.errors import fault_map
from core.web.exports import stream_csv
from core.web.marks import card_words as words
from core.web.marks.cards import enter, rows_of
from core.web.paging import bad_argument, make_cursor, read_cursor, read_id
from core.web.photos import posted
from core.web.scores.periods import say_period
from core.work.marks.card_appeals import MOST_PHOTOS
from core.work.marks.card_forward import correct
from core.work.marks.card_issues import act, find_card, is_public, moves_for, parties_of
from core.work.marks.card_lists import PAGE, Wanted, events_of, list_shown
from core.work.marks.card_moves import CORRECT, WITHDRAWN
from core.work.marks.card_notes import KIND
from core.work.marks.card_rules import SITE
from core.work.marks.card_schemes import ACTIVE, RETIRED, Kept, as_of, find_scheme, list_schemes
from core.work.papers.notes import mark_seen
from core.work.roles import ANSWER, PUBLISH, SEE
from core.work.tables import CardEvent, CardIssue
from core.work.wording import LONGEST_NOTE
from tenants.scope import ScopedSession

blueprint = Blueprint("card", __name__, url_prefix="/t/<slug>/cards")
blueprint.before_request(enter)


@blueprint.get("/<uuid:card_id>")
@require(SEE)
def show(card_id: UUID) -> str:
    """A card with everything that led to it; its notes to the reader are read."""
    page = _page(card_id)
    mark_seen(db(), actor(), KIND, card_id, now())
    return page


@blueprint.post("/<uuid:card_id>/act")
@require_any(PUBLISH, ANSWER)
def take_step(card_id: UUID) -> AnyResponse | tuple[str, int]:
    """Take one step; what is refused comes back with what was typed."""
    form = request.form
    verb, note = form.get("verb", "")[:40], form.get("note", "")
    version, broken = _version(form.get("version", "")), list[Fault]()
    sent = posted("photos", broken)
    if broken:
        return _page(card_id, InvalidInput(faults=broken), sent), 422
    try:
        if verb == CORRECT:
            colour = form.get("colour", "")[:40]
            done = correct(db(), actor(), card_id, version=version, colour=colour, note=note, now=now())
        else:
            done = act(db(), actor(), card_id, verb, version=version, note=note, photos=sent, now=now())
    except (InvalidInput, Stale, Conflict, Forbidden) as error:
        return _page(card_id, error, sent), error.status
    text = gettext("%(name)s：%(step)s", name=done.subject_name, step=words.say_state(done.state))
    href = url_for("cards.show", scheme=done.scheme_id, period=period_of(done).key)
    flash({"text": text, "next": gettext("回到本期亮牌"), "href": href}, "success")
    return redirect(url_for("card.show", card_id=done.id), 303)


def _version(said: str) -> int:
    if not (said.isascii() and said.isdigit() and len(said) < 10):
        raise bad_argument("version", said)
    return int(said)


def period_of(card: CardIssue) -> Period:
    """The period of a card."""
    return Period(card.period_kind, card.period_start, card.period_end)


def _page(card_id: UUID, error: SanchengError | None = None, sent: Sequence[str] = ()) -> str:
    card = find_card(db(), actor(), card_id, now())
    kept = as_of(db(), find_scheme(db(), actor(), card.scheme_id, today()), card.period_end)
    typed = request.form if error else {}
    others = Wanted(schemes=(card.scheme_id,), subject_id=card.subject_id)
    return render_template(
        "cards/one.html",
        row=rows_of(kept, [card])[0],
        card=card,
        kept=kept,
        period=period_of(card),
        league=words.say_league(kept.scheme.league(card.league), card.league),
        corrects=_corrected(card),
        typed_photos=sent,
        most_photos=MOST_PHOTOS,
        moves=moves_for(db(), actor(), card, now()),
        colours=[(one.code, words.colour_of(one).label) for one in kept.scheme.colours if one.code != card.colour],
        history=_history(kept, events_of(db(), card.id), photos=bool(parties_of(db(), actor(), card, now()))),
        earlier=[one for one in rows_of(kept, list_shown(db(), others, 12)) if one.card.id != card.id],
        is_public=is_public(card),
        is_site=card.subject_kind == SITE,
        typed=typed,
        faults=fault_map(error) if error else {},
        refusal=words.say_refusal(error) if error and not error.faults else "",
        longest=LONGEST_NOTE,
        period_of=period_of,
        say_period=say_period,
        words=words,
    )


def _corrected(card: CardIssue) -> CardIssue | None:
    """The card that this one corrects."""
    return db().get(CardIssue, (card.tenant_id, card.corrects_id)) if card.corrects_id else None


def _history(kept: Kept, events: Sequence[CardEvent], *, photos: bool) -> list[dict[str, object]]:
    """The steps, newest first; who prepared a card stays inside until it is shown, as on paper."""
    return [
        {
            "at": one.at,
            "what": words.say_step(one.verb),
            "who": one.person_name or gettext("系统"),
            "text": one.note,
            "photos": one.detail.get("photos", ()) if photos else (),
            "tone": "soon" if one.verb == "appeal" else "neutral" if one.to_state == WITHDRAWN else "active",
        }
        for one in reversed(events)
        if kept.may_publish or one.verb not in ("propose", "renew")
    ]


def _wanted() -> tuple[Wanted, Sequence[Kept]]:
    """The filter of the history. Raises InvalidInput."""
    said = request.args
    kept = list_schemes(db(), actor(), today(), states=(ACTIVE, RETIRED))
    subject, scheme = said.get("subject", ""), said.get("scheme", "")
    chosen = read_id(scheme, "scheme") if scheme else None
    return (
        Wanted(
            schemes=[one.row.id for one in kept if chosen in (None, one.row.id)],
            subject_id=read_id(subject, "subject") if subject else None,
            colour=said.get("colour", "").strip()[:40],
            text=said.get("q", "").strip()[:60],
        ),
        kept,
    )


@blueprint.get("/history")
@require(SEE)
def show_history() -> str:
    """Every card that is or was shown, newest period first."""
    wanted, kept = _wanted()
    keys = read_cursor(2)
    if keys:
        wanted = Wanted(wanted.schemes, wanted.subject_id, wanted.colour, wanted.text, _after(keys))
    cards = list_shown(db(), wanted)
    more = len(cards) > PAGE
    cards = cards[:PAGE]
    by_scheme = {one.row.id: one for one in kept}
    rows = {row.card.id: row for one in kept for row in rows_of(one, [c for c in cards if c.scheme_id == one.row.id])}
    return render_template(
        "cards/history.html",
        rows=[rows[card.id] for card in cards],
        schemes=by_scheme,
        options=[(str(one.row.id), words.say_title(one.scheme)) for one in kept],
        colours=_colour_options(kept),
        next=make_cursor(cards[-1].period_start, cards[-1].id) if more else None,
        subject=cards[0].subject_name if cards and wanted.subject_id else "",
        period_of=period_of,
        say_period=say_period,
        words=words,
    )


def _after(keys: Sequence[str]) -> tuple[date, UUID]:
    try:
        return date.fromisoformat(keys[0]), UUID(keys[1])
    except ValueError:
        raise bad_argument("cursor", keys[0]) from None


def _colour_options(kept: Sequence[Kept]) -> list[tuple[str, str]]:
    found = {colour.code: words.colour_of(colour).label for one in kept for colour in one.scheme.colours}
    return sorted(found.items())


@blueprint.get("/history.csv")
@require(SEE)
def export() -> Response:
    """The same list as CSV."""
    wanted, kept = _wanted()
    by_scheme = {one.row.id: one for one in kept}

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        after = None
        while True:
            chosen = Wanted(wanted.schemes, wanted.subject_id, wanted.colour, wanted.text, after)
            cards = list_shown(session, chosen, 200)
            yield from (cells_of(one, by_scheme[one.scheme_id]) for one in cards[:200])
            if len(cards) <= 200:
                return
            after = (cards[199].period_start, cards[199].id)

    head = (N_("办法"), N_("周期"), N_("组别"), N_("对象"), N_("牌"), N_("名次"), N_("状态"), N_("理由"))
    tail = (N_("包保"), N_("确认人"), N_("公示时间"))
    return stream_csv(f"cards-{tenant().slug}.csv", [gettext(text) for text in head + tail], rows)


def cells_of(card: CardIssue, kept: Kept) -> Sequence[object]:
    """A card as cells."""
    league = words.say_league(kept.scheme.league(card.league), card.league)
    why = gettext("；").join(words.reason_of_card(card, kept.scheme))
    sponsors = gettext("、").join(words.say_sponsor(line) for line in card.sponsors.get("lines", []))
    place = (words.say_title(kept.scheme), say_period(period_of(card)), league, card.subject_name)
    shown_at = card.shown_at.astimezone(ZONE).isoformat(timespec="seconds") if card.shown_at else ""
    state = words.say_state(card.state)
    return (*place, words.card_of(card).label, card.rank, state, why, sponsors, card.confirmed_by, shown_at)
