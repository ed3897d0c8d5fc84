"""Units ranked by their score (单位排名): one league with intervals, the ranks they allow, counts made comparable, the method."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from core import request as asked
from core.campaigns import Campaign
from core.errors import N_, NotFound
from core.figures.comparison import UNRANKED
from core.figures.leagues import METHOD_ZH, Ranked, method_numbers, unit_league
from core.figures.normalising import METHOD_ZH as COUNTS_ZH
from core.request import actor, db, require, tenant
from core.web.exports import Rows, stream_csv
from core.web.paging import bad_argument
from core.web.running import running, running_one, title_of
from core.web.scores.figure_words import say_number, say_points
from core.web.scores.periods import Choice, read_dated_period
from core.web.words import say_kind
from core.web.workbook_answers import send_xlsx
from core.work.roles import SEE
from tenants.scope import ScopedSession

blueprint = Blueprint("unit_ranking", __name__, url_prefix="/t/<slug>/unit-ranking")

# Leagues: places are compared with places of their kind, never with departments.
LEAGUES: tuple[str, ...] = ("subdistrict", "community", "village")
BASES: Mapping[str, str] = MappingProxyType({"verified": N_("核实"), "declared": N_("申报"), "self": N_("自报")})


@blueprint.before_request
def enter() -> None:
    """Only districts rank their units."""
    asked.enter()
    if tenant().kind != "district":
        raise NotFound


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page's address asks for (排名条件)."""

    campaign: Campaign | None
    kind: str
    choice: Choice

    @property
    def query(self) -> dict[str, str]:
        """The same as arguments of an address."""
        return {"campaign": self.campaign.key if self.campaign else "", "league": self.kind} | self.choice.query


def read_asked() -> Asked:
    """The campaign, league and period of this address. Raises InvalidInput, and NotFound for a campaign that does not run."""
    league, wanted, choice = (
        request.args.get("league", "") or LEAGUES[0],
        request.args.get("campaign", ""),
        read_dated_period(),
    )
    start = choice.period.start
    campaigns = running(start)
    if league not in LEAGUES:
        raise bad_argument("league", league)
    campaign = running_one(wanted, start) if wanted else campaigns[0] if campaigns else None
    return Asked(campaign, league, choice)


def read_rows(session: ScopedSession, wanted: Asked) -> list[Ranked]:
    """The league that an address asks for, as the actor may see it."""
    if wanted.campaign is None:
        return []
    return unit_league(
        session,
        actor(),
        wanted.campaign,
        wanted.campaign.edition,
        wanted.choice.period,
        tenant=tenant().slug,
        cut_off=wanted.choice.cut_off,
        kind=wanted.kind,
    )


@blueprint.get("")
@require(SEE)
def show() -> str:
    """The league with its intervals, and how it is made."""
    wanted = read_asked()
    rows = read_rows(db(), wanted)
    return render_template(
        "rankings/units.html",
        wanted=wanted,
        choice=wanted.choice,
        campaigns=[(one.key, title_of(one)) for one in running()],
        leagues=[(kind, say_kind(kind)) for kind in LEAGUES],
        rows=rows,
        has_residents=any(one.residents for one in rows),
        unranked=UNRANKED,
        method=say_method(),
        bases=BASES,
        say_points=say_points,
        say_number=say_number,
        say_kind=say_kind,
    )


def say_method() -> list[str]:
    """How the league is ranked and its counts are made, as printed beside every table."""
    return [gettext(METHOD_ZH).format(**method_numbers()), gettext(COUNTS_ZH)]


def _table() -> tuple[list[str], Callable[[ScopedSession], Rows], str]:
    """The league's columns, its reader and its file's name without ending."""
    wanted = read_asked()
    head = (N_("周期"), N_("创建项目"), N_("单位类型"), N_("单位"), N_("名次"), N_("上期名次"), N_("占已评估分%"))
    tail = (N_("区间下限%"), N_("区间上限%"), N_("最好名次"), N_("最差名次"), N_("与上一名不可区分"), N_("覆盖率%"))
    more = (N_("检查次数"), N_("点位数"), N_("发现问题"), N_("每点位问题数"), N_("每万人问题数"), N_("说明"))
    key, names = wanted.choice.period.key, [gettext(text) for text in head + tail + more]
    if wanted.campaign is None:
        return names, lambda _session: (), f"unit-ranking-{tenant().slug}-{key}"
    title = title_of(wanted.campaign)

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for one in read_rows(session, wanted):
            yield (key, title, say_kind(wanted.kind), *cells_of(one))
        for line in say_method():
            yield (line,)

    return names, rows, f"unit-ranking-{tenant().slug}-{wanted.campaign.key}-{key}"


def cells_of(one: Ranked) -> Sequence[object]:
    """A unit's cells from its name on; a value of too few visits is left empty."""
    score, why = one.row.score, gettext(UNRANKED[one.unranked][0]) if one.unranked else ""
    same = gettext(N_("是")) if one.same_as_above else ""
    place = (one.row.name, one.rank, one.before, one.share, one.low, one.high, one.best, one.worst, same)
    hidden = one.share is None
    counts = (
        None if hidden else score.coverage,
        score.visits,
        score.sites,
        None if hidden else score.findings["found"],
    )
    return (*place, *counts, one.found_per_site, one.found_per_residents, why)


@blueprint.get("/export.csv")
@require(SEE)
def export() -> Response:
    """The league as CSV, its method in the last lines."""
    names, rows, name = _table()
    return stream_csv(f"{name}.csv", names, rows)


@blueprint.get("/export.xlsx")
@require(SEE)
def export_workbook() -> Response:
    """The same as a workbook."""
    names, rows, name = _table()
    return send_xlsx(f"{name}.xlsx", gettext("单位排名"), names, rows)
