"""Daily ranks on the pages (逐日排名): one league on one day with what changed, the sponsors beside it, and the days as a chart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, NotFound, SanchengError
from core.figures.card_days import recompute_day, stand, window_of
from core.figures.card_periods import sponsors_of
from core.figures.periods import ONE_DAY, Period
from core.request import actor, db, house, now, require, tenant, today
from core.web.exports import Rows, stream_csv
from core.web.marks import card_words as words
from core.web.marks.card_choice import SchemeChoice, league_tabs, read_league, read_scheme_choice
from core.web.marks.rank_checks import read_corrections, say_check
from core.web.marks.rank_intervals import intervals_of, say_method, tell_apart
from core.web.organisation.area_choice import read_area, units_of
from core.web.paging import bad_argument, read_day, read_id
from core.web.scores.charts import answer
from core.web.workbook_answers import send_xlsx
from core.work.marks.card_lists import latest_cards
from core.work.marks.card_rules import PERCENT, SITE, League
from core.work.marks.card_schemes import Kept, as_of, find_scheme
from core.work.marks.ranking_days import KeptDay, Placed, last_kept, read_days
from core.work.marks.ranking_days import read_day as read_kept_day
from core.work.organisation.areas import sites_in_area
from core.work.roles import PUBLISH, SEE
from core.work.tables import Site
from tenants.scope import ScopedSession

blueprint = Blueprint("rankings", __name__, url_prefix="/t/<slug>/rankings")
BACK = timedelta(days=31)  # how far back the rank before and the chart look (ours)
MOST_LINES = 12  # subjects in one chart: more cannot be told apart (ours)


@blueprint.before_request
def enter() -> None:
    """Only districts rank their own."""
    asked.enter()
    if tenant().kind != "district":
        raise NotFound


@dataclass(frozen=True, slots=True)
class Line:
    """One subject as the page shows it (排名行)."""

    placed: Placed
    value: str
    of: str
    share: Decimal | None
    interval: tuple[Decimal, Decimal] | None
    ranks: tuple[int, int] | None
    same_as_above: bool
    before: int | None
    tied: int
    card: words.Shown | None
    periods: int
    sponsors: Sequence[str]

    @property
    def moved(self) -> int | None:
        """How many places it went up since the kept day before; None when either day has no rank."""
        return None if self.before is None or self.placed.rank is None else self.before - self.placed.rank


@dataclass(frozen=True, slots=True)
class Sheet:
    """A league on a day (排名表): kept, or computed for whoever gives the cards while the day still runs."""

    kept: Kept
    league: League
    day: date
    found: KeptDay | None
    lines: Sequence[Line]
    is_live: bool


def read_sheet(session: ScopedSession, kept: Kept, league: League, day: date, *, live: bool) -> Sheet:
    """The places of a league on a day with everything beside them; ``kept`` has the rules of that day."""
    found = None if live else read_kept_day(session, kept.row.id, day)
    if live:
        places = stand(session, house().registry, kept.row.unit_id, kept.scheme, day, cut_off=now())
    else:
        places = list(found.places) if found else []
    mine = [one for one in places if one.league == league.key]
    return Sheet(kept, league, day, found, _lines(session, kept, league, mine, day), live)


def _lines(session: ScopedSession, kept: Kept, league: League, places: Sequence[Placed], day: date) -> Sequence[Line]:
    before = _ranks_before(session, kept, league, day)
    cards = latest_cards(session, kept.row.id, day)
    span = Period("day", window_of(kept.scheme, day).first, day)
    subjects = [one.subject for one in places]
    sponsors = sponsors_of(session, kept.scheme, subjects, span) if kept.scheme.sponsors else {}
    ranks = [one.rank for one in places]
    unit, made = kept.scheme.measure.unit, []
    intervals = intervals_of(kept, places)
    told = tell_apart(places, intervals, more=kept.scheme.more_is_better)
    for one in places:
        card, periods = cards.get((league.key, one.subject.id), (None, 0))
        is_share = unit == PERCENT and one.denominator > 0
        made.append(
            Line(
                one,
                words.say_ratio(one.numerator, one.denominator, unit),
                f"{one.numerator}/{one.denominator}" if is_share and kept.scheme.source != "scores" else "",
                words.percent_of(one.numerator, one.denominator) if is_share else None,
                intervals.get(one.subject.id),
                *told.get(one.subject.id, (None, False)),
                before.get(one.subject.id),
                ranks.count(one.rank) if one.rank else 0,
                words.card_of(card) if card else None,
                periods,
                [
                    " · ".join(part for part in (words.say_sponsor(line.body), words.say_did(line.body)) if part)
                    for line in sponsors.get(one.subject.id, ())
                ],
            )
        )
    return made


def _ranks_before(session: ScopedSession, kept: Kept, league: League, day: date) -> dict[object, int | None]:
    """The ranks of the last kept day before."""
    days = read_days(session, kept.row.id, day - BACK, day - ONE_DAY)
    return {one.subject.id: one.rank for one in days[-1].places if one.league == league.key} if days else {}


def _chosen_day(kept: Kept) -> tuple[date | None, bool]:
    """The day of this address, else the last kept one; and whether it is today's, which only publishers see running."""
    day = read_day("day") or read_day("as_of") or last_kept(db(), kept.row.id)
    if day is None:
        return (today(), True) if kept.may_publish else (None, False)
    if day > today():
        raise bad_argument("day", day.isoformat())
    return day, day == today() and kept.may_publish


@blueprint.get("")
@require(SEE)
def show() -> str:
    """One league on one day."""
    choice = read_scheme_choice(retired=True)
    kept = choice.kept
    sheet, league = None, None
    if kept is not None:
        day, live = _chosen_day(kept)
        kept = as_of(db(), kept, day or today())
        league = read_league(kept)
        sheet = within(db(), read_sheet(db(), kept, league, day, live=live), read_area()) if day else None
        if sheet is not None and not sheet.lines and "league" not in request.args:
            sheet = _first_peopled(sheet)
            league = sheet.league
    return render_template(
        "rankings/show.html",
        choice=choice,
        kept=kept,
        league=league,
        tabs=league_tabs(kept, league) if kept and league else [],
        sheet=sheet,
        corrections=read_corrections(kept, sheet.found, sheet.league) if kept and sheet else [],
        can_write=_may_write_schemes(choice),
        of_sites=bool(league and league.of_sites),
        site=SITE,
        today=today(),
        words=words,
        method=say_method(kept) if kept else [],
    )


def within(session: ScopedSession, sheet: Sheet, area: UUID | None) -> Sheet:
    """The lines of an area, when one is asked for; each keeps the place that it has among all."""
    if area is None:
        return sheet
    if sheet.league.of_sites:
        inside = set(session.scalars(select(Site.id).where(sites_in_area(session.tenant_id, area, sheet.day))))
    else:
        inside = units_of(session, area, sheet.day) or set()
    return replace(sheet, lines=[one for one in sheet.lines if one.placed.subject.id in inside])


def _first_peopled(empty: Sheet) -> Sheet:
    """The first league that has anybody on that day; a district without areas need not open on theirs."""
    if read_area():
        return empty
    others = (one for one in empty.kept.scheme.leagues if one.key != empty.league.key)
    sheets = (read_sheet(db(), empty.kept, one, empty.day, live=empty.is_live) for one in others)
    return next((one for one in sheets if one.lines), empty)


def _may_write_schemes(choice: SchemeChoice) -> bool:
    return any(one.may_edit for one in choice.offered) or bool({"direct", "administer"} & actor().verbs)


@blueprint.get("/trend.json")
@require(SEE)
def draw_trend() -> Response:
    """The ranks of a league over the last kept days; rank 1 stands on top."""
    kept = read_scheme_choice(retired=True).kept
    if kept is None:
        raise NotFound
    league, until = read_league(kept), read_day("day") or today()
    days = read_days(db(), kept.row.id, until - BACK, until)
    ranks = [{p.subject.id: p for p in day.places if p.league == league.key} for day in days]
    last = sorted((ranks[-1] if ranks else {}).values(), key=lambda p: (p.rank is None, p.rank or 0))[:MOST_LINES]
    series = [
        {
            "name": one.subject.name,
            "values": [found[one.subject.id].rank if one.subject.id in found else None for found in ranks],
        }
        for one in last
    ]
    size = max((p.rank or 1 for found in ranks for p in found.values()), default=1)
    shape = {"kind": "trend", "unit": "", "target": None, "min": 1, "max": max(size, 2), "inverse": True, "places": 0}
    return answer(shape | {"periods": [f"{day.day:%m-%d}" for day in days], "series": series})


@blueprint.get("/export.csv")
@require(SEE)
def export() -> Response:
    """Every league of a scheme on a day, as CSV."""
    return stream_csv(*_table("csv"))


@blueprint.get("/export.xlsx")
@require(SEE)
def export_workbook() -> Response:
    """The same as a workbook."""
    name, names, rows = _table("xlsx")
    return send_xlsx(name, gettext("逐日排名"), names, rows)


def _table(ending: str) -> tuple[str, Sequence[str], Callable[[ScopedSession], Rows]]:
    """The name of the file, its columns, and the reader of its rows; the method stands in the last line."""
    kept = read_scheme_choice(retired=True).kept
    if kept is None:
        raise NotFound
    day, live = _chosen_day(kept)
    kept = as_of(db(), kept, day or today())

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for league in kept.scheme.leagues if day else ():
            sheet = read_sheet(session, kept, league, day, live=live) if day else None
            for one in sheet.lines if sheet else ():
                yield _cells(one, league, day)
        yield from ((line,) for line in say_method(kept))

    head = (N_("日期"), N_("组别"), N_("名次"), N_("对象"), N_("数值"), N_("分子"), N_("分母"), "n")
    told = (N_("区间下限%"), N_("区间上限%"), N_("最好名次"), N_("最差名次"), N_("与上一名不可区分"))
    tail = (N_("上次名次"), N_("最近亮牌"), N_("连续期数"), N_("包保"), N_("说明"))
    name = f"ranking-{tenant().slug}-{day.isoformat() if day else 'none'}.{ending}"
    return name, [gettext(text) for text in head + told + tail], rows


def _cells(one: Line, league: League, day: date | None) -> Sequence[object]:
    placed = one.placed
    why = gettext(words.WHY_NONE[placed.unranked]) if placed.unranked else ""
    low, high = one.interval or (None, None)
    best, worst = one.ranks or (None, None)
    told = (low, high, best, worst, gettext("是") if one.same_as_above else "")
    numbers = (one.value, placed.numerator, placed.denominator, placed.n, *told, one.before)
    card = (one.card.label, one.periods) if one.card else ("", "")
    sponsors = gettext("；").join(one.sponsors)
    return (day, words.say_league(league), placed.rank, placed.subject.name, *numbers, *card, sponsors, why)


@blueprint.post("/recompute")
@require(PUBLISH)
def recompute() -> AnyResponse:
    """Check a day (核对重算): the same facts change nothing, others make a corrected revision in sight; says which."""
    kept = find_scheme(db(), actor(), read_id(request.form.get("scheme", ""), "scheme"), today())
    said = request.form.get("day", "")
    try:
        day = date.fromisoformat(said)
    except ValueError:
        raise bad_argument("day", said) from None
    before = read_kept_day(db(), kept.row.id, day)
    try:
        revision = recompute_day(db(), actor(), house().registry, kept, day, now=now())
    except SanchengError as error:
        flash(words.say_refusal(error), "error")
        return redirect(url_for("rankings.show", scheme=kept.row.id), 303)
    flash(*say_check(kept, day, before, revision))
    return redirect(url_for("rankings.show", scheme=kept.row.id, day=day.isoformat()), 303)
