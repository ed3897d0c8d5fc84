"""Daily places by completed tasks (任务逐日排名): a league on a day with what changed since, the sponsors beside it, and its file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import N_, SanchengError
from core.figures.task_figures import places
from core.figures.task_figures.facts import Moment
from core.figures.task_figures.places import GROUPS, Standing
from core.figures.task_figures.wall import ranks_before
from core.request import actor, db, now, require, tenant, today
from core.web import district
from core.web.duties.sponsor_reading import Beside, sponsors_beside_units
from core.web.errors import say
from core.web.paging import bad_argument, read_day
from core.web.places.site_words import campaign_titles
from core.web.table_files import send_table
from core.web.task_ranks import words
from core.work.roles import DIRECT, SEE
from tenants.access import may, root_unit
from tenants.scope import ScopedSession

blueprint = Blueprint("task_ranks", __name__, url_prefix="/t/<slug>/task-ranks")
blueprint.before_request(district.enter)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A league on a day (排名表): kept, or as it stands now while the day still runs (``revision`` 0)."""

    day: date
    group: str
    campaign: str
    rows: Sequence[Standing]
    before: Mapping[UUID, int | None]
    revision: int
    computed_at: datetime | None

    def moved(self, one: Standing) -> int | None:
        """How many places a unit went up since the kept day before; None when either day has no rank."""
        before = self.before.get(one.unit_id)
        return None if before is None or one.rank is None else before - one.rank

    def tied(self, one: Standing) -> int:
        """How many units share its place."""
        return sum(other.rank == one.rank for other in self.rows) if one.rank else 0


def read_sheet(session: ScopedSession, day: date, group: str, campaign: str, *, live: bool) -> Sheet:
    """A league with the places of the kept day before."""
    kept = [] if live else places.read_day(session, day, campaign)
    if live:
        rows = [one for one in places.stand(session, Moment(day)) if one.campaign == campaign]
    else:
        rows = [places.standing_of(one) for one in kept]
    mine = [one for one in rows if one.group == group]
    revision, at = (kept[0].revision, kept[0].computed_at) if kept else (0, None)
    ordered = sorted(mine, key=lambda one: (one.rank is None, one.rank or 0))
    return Sheet(day, group, campaign, ordered, ranks_before(session, day, campaign), revision, at)


def _asked() -> tuple[date, str, str]:
    """The day, the group and the campaign of this address; today by default."""
    day = read_day("day") or today()
    if day > today():
        raise bad_argument("day", day.isoformat())
    group, campaign = request.args.get("league", "") or "area", request.args.get("campaign", "")
    if group not in GROUPS:
        raise bad_argument("league", group)
    if campaign and campaign not in campaign_titles(db()):
        raise bad_argument("campaign", campaign)
    return day, group, campaign


@blueprint.get("")
@require(SEE)
def show() -> str:
    """One league on one day: of today as it stands, of a past day as it was kept."""
    day, group, campaign = _asked()
    sheet = read_sheet(db(), day, group, campaign, live=day == today())
    if not sheet.rows and "league" not in request.args:  # a district without areas need not open on theirs
        others = (read_sheet(db(), day, one, campaign, live=day == today()) for one in GROUPS if one != group)
        sheet = next((one for one in others if one.rows), sheet)
    return render_template(
        "task_ranks/show.html",
        sheet=sheet,
        beside=_sponsors(sheet),
        groups=[(code, words.say_group(code), code == sheet.group) for code in GROUPS],
        campaigns=list(campaign_titles(db()).items()),
        is_live=day == today(),
        may_compute=may(db(), actor(), DIRECT, root_unit(db()).id, today()),
        today=today(),
        words=words,
    )


def _sponsors(sheet: Sheet) -> Mapping[UUID, Beside]:
    return sponsors_beside_units(db(), [one.unit_id for one in sheet.rows], sheet.day, days=(sheet.day, sheet.day))


@blueprint.get("/export.csv")
@blueprint.get("/export.xlsx", endpoint="export_workbook")
@require(SEE)
def export() -> Response:
    """Every league on a day, as a file."""
    day, _, campaign = _asked()
    live = day == today()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for group in GROUPS:
            sheet = read_sheet(session, day, group, campaign, live=live)
            yield from (_cells(sheet, one) for one in sheet.rows)
        yield from ((line,) for line in words.method())

    head = (N_("日期"), N_("组别"), N_("名次"), N_("单位"), N_("已报完成"), N_("任务"), N_("完成率%"), N_("已核验"))
    tail = (N_("核验率%"), N_("超期"), N_("预计超期"), N_("上次名次"), N_("说明"))
    name = f"task-ranks-{tenant().slug}-{day.isoformat()}"
    return send_table(name, gettext("任务逐日排名"), [gettext(text) for text in head + tail], rows)


def _cells(sheet: Sheet, one: Standing) -> Sequence[object]:
    sums, why = one.sums, words.say_why(one.unranked) if one.unranked else ""
    place = (sheet.day, words.say_group(one.group), one.rank, one.unit_name, sums.done, sums.total, sums.percent)
    beside = (sums.verified, sums.verified_percent, sums.overdue, sums.at_risk, sheet.before.get(one.unit_id), why)
    return (*place, *beside)


@blueprint.post("/recompute")
@require(DIRECT)
def recompute() -> AnyResponse:
    """Compute a day that is over, or check it (核对重算): the same facts change nothing, others make a revision in sight."""
    said = request.form.get("day", "")
    try:
        day = date.fromisoformat(said)
    except ValueError:
        raise bad_argument("day", said) from None
    kept = places.read_day(db(), day)
    try:
        revision = places.recompute_day(db(), actor(), day, now=now())
    except SanchengError as error:
        flash(say(error), "error")
        return redirect(url_for("task_ranks.show"), 303)
    if not revision:
        flash(gettext("这一天没有任务，没有名次可留存"), "error")
    elif kept and kept[0].revision == revision:
        flash(gettext("核对完毕：与留存的名次一致"), "success")
    else:
        flash(gettext("已留存这一天的名次（第 %(n)s 次计算）", n=revision), "success")
    return redirect(url_for("task_ranks.show", day=day.isoformat()), 303)
