"""Scores side by side (指标): every campaign's share of assessed points with its coverage, by unit, over time, and what costs points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from core import request as asked
from core.campaigns import Campaign
from core.errors import N_, NotFound
from core.figures.by_edition import Shadow, breaks_in, score_in_force, score_shadow
from core.figures.comparison import UNRANKED
from core.figures.issued_standings import standings_in
from core.figures.leagues import MINIMUM_VISITS, unit_league
from core.figures.model import CampaignScore
from core.figures.overview import CampaignCard, by_unit, points_lost, side_by_side, trend
from core.figures.periods import Period
from core.request import actor, db, require, tenant, today
from core.web.duties.sponsor_reading import Beside, sponsors_beside_units
from core.web.editions.edition_words import say_breaks, say_source, title_of_edition
from core.web.organisation.area_choice import read_known_area
from core.web.organisation.unit_choice import area_choices
from core.web.running import running, running_one, title_of
from core.web.scores.charts import dot, trend_chart
from core.web.scores.figure_words import say_change, say_points, say_target, say_value
from core.web.scores.periods import BACK, Choice, read_dated_period
from core.web.table_files import send_table
from core.web.words import by_locale
from core.work.organisation.areas import get_area
from core.work.roles import SEE
from tenants.access import Actor, reach
from tenants.scope import ScopedSession

blueprint = Blueprint("figures", __name__, url_prefix="/t/<slug>/figures")

LEAGUE = "subdistrict"  # areas are compared with areas, never with departments


@blueprint.before_request
def enter() -> None:
    """Only districts have scores of their own."""
    asked.enter()
    if tenant().kind != "district":
        raise NotFound


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the export (得分行): the whole district, or one unit; ``change`` only where the period before is known."""

    campaign: Campaign
    unit: str
    score: CampaignScore
    before: CampaignScore | None = None


@blueprint.get("")
@require(SEE)
def show() -> str:
    """The campaigns side by side; below, one of them by unit, over time, and where its points are lost."""
    choice, area = read_dated_period(), read_known_area()
    campaigns = running(choice.period.start)
    cards = side_by_side(db(), actor(), campaigns, choice.period, area, cut_off=choice.cut_off)
    wanted = request.args.get("campaign", "")
    card = next((one for one in cards if one.score.campaign.key == wanted), cards[0] if cards else None)
    if wanted and (card is None or card.score.campaign.key != wanted):
        raise NotFound
    units = _ranked(card, choice, area) if card else []
    return render_template(
        "figures/show.html",
        choice=choice,
        area=area,
        areas=_areas(choice),
        here=choice.query | ({"area": str(area)} if area else {}),
        below=choice.query | ({"unit": str(area)} if area else {}),
        cards=cards,
        card=card,
        shadows=_shadows(cards, choice, area),
        title_of_edition=title_of_edition,
        say_source=say_source,
        units=units,
        beside=_sponsors(card, choice, [one.id for one in units]) if card else {},
        losses=points_lost(card.score) if card else [],
        minimum=MINIMUM_VISITS,
        standings=standings_in(db(), card.score.campaign.key, choice.period) if card else [],
        unranked=UNRANKED,
        title_of=title_of,
        by_locale=by_locale,
        say_points=say_points,
        say_change=say_change,
        say_value=say_value,
        say_target=say_target,
    )


def _shadows(cards: Sequence[CampaignCard], choice: Choice, area: UUID | None) -> Mapping[str, Shadow]:
    """What each campaign's shadow edition says of the same period, where one runs."""
    campaigns = [one.score.campaign for one in cards]
    found = {c.key: score_shadow(db(), actor(), c, choice.period, area, cut_off=choice.cut_off) for c in campaigns}
    return {key: one for key, one in found.items() if one is not None}


def _sponsors(card: CampaignCard, choice: Choice, units: Sequence[UUID]) -> Mapping[UUID, Beside]:
    """The units' sponsors on the period's last day as far as it has gone, and what they did in it."""
    start, last = choice.period.start, choice.trend_end
    return sponsors_beside_units(db(), units, last, days=(start, last), campaign=card.score.campaign.key)


def _areas(choice: Choice) -> Sequence[tuple[str, str]]:
    """The areas whose scores the reader may open."""
    mine = set(db().scalars(reach(actor(), SEE, today())))
    return area_choices(mine, choice.period)


def _ranked(card: CampaignCard, choice: Choice, area: UUID | None) -> Sequence[Any]:
    campaign, period = card.score.campaign, choice.period
    asked_for = {"kind": LEAGUE, "under": area, "cut_off": choice.cut_off, "tenant": tenant().slug}
    return unit_league(db(), actor(), campaign, campaign.edition, period, **asked_for)


@blueprint.get("/trend.json")
@require(SEE)
def draw_trend() -> Response:
    """Each campaign's share of assessed points in the last periods, up to the chosen one."""
    choice, wanted, area = read_dated_period(), request.args.get("campaign", ""), read_known_area()
    campaigns = [running_one(wanted)] if wanted else running()
    breaks: dict[int, str] = {}
    series: list[dict[str, object]] = []
    points = []
    for one in campaigns:
        points = trend(
            db(),
            actor(),
            one,
            None,
            choice.trend_end,
            area,
            kind=choice.kind,
            count=BACK[choice.kind],
            cut_off=choice.cut_off,
        )
        values = [dot(point.percent) for point in points]
        mine = say_breaks(breaks_in(db(), one, tuple(point.period for point in points)))
        counts = [point.visits for point in points]
        series.append({"name": title_of(one), "values": values, "n": counts, "cuts": sorted(mine)})
        breaks |= mine
    return trend_chart([point.period for point in points], series, breaks=breaks)


@blueprint.get("/export.csv")
@blueprint.get("/export.xlsx", endpoint="export_workbook")
@require(SEE)
def export() -> Response:
    """Every campaign in the district and in each unit within reach, as CSV."""
    choice, who, area = read_dated_period(), actor(), read_known_area()
    campaigns = running(choice.period.start)
    titles = {one.key: title_of(one) for one in campaigns}
    whole, moment = get_area(db(), area).name if area else gettext("全区"), choice.cut_off
    side_by_side(db(), who, campaigns[:1], choice.period, area, cut_off=moment)  # refuses what is out of reach at once

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for one in campaigns:
            for line in read_lines(session, who, one, choice.period, moment, whole, area):
                yield _cells(line, titles[one.key])

    head = (N_("周期"), N_("创建项目"), N_("单位"), N_("占已评估分%"), N_("上期%"), N_("变化"), N_("覆盖率%"))
    tail = (N_("得分"), N_("已评估分"), N_("总分"), N_("失分"), N_("检查次数"), N_("点位数"), N_("否决项"))
    name = f"figures-{tenant().slug}-{choice.period.key}"
    return send_table(name, gettext("指标"), [gettext(text) for text in head + tail], rows)


def read_lines(
    session: ScopedSession,
    who: Actor,
    campaign: Campaign,
    period: Period,
    moment: datetime,
    whole: str,
    area: UUID | None = None,
) -> Iterator[Line]:
    """The line of the district or of an area, then a line for each unit of the league in it and within reach."""
    units = () if area is None else (area,)
    pair = score_in_force(session, who, campaign, (period.previous, period), units, cut_off=moment)
    yield Line(campaign, whole, pair[area, 1], pair[area, 0])
    for row in by_unit(session, who, campaign, campaign.edition, period, kind=LEAGUE, under=area, cut_off=moment):
        yield Line(campaign, row.name, row.score)


def _cells(line: Line, title: str) -> Sequence[object]:
    one, before = line.score, line.before.percent_of_assessed if line.before else None
    if one.unit_id is not None and one.visits < MINIMUM_VISITS:  # so few say nothing: how many there were, no value
        return (one.period.key, title, line.unit, *(None,) * 4, None, None, one.total, None, one.visits, one.sites, "")
    share = one.percent_of_assessed
    change = share - before if share is not None and before is not None else None
    points = (one.earned, one.assessed, one.total, one.totals.lost)
    vetoes = " ".join(veto.code for veto in one.vetoes)
    counts = (one.visits, one.sites, vetoes)
    return (one.period.key, title, line.unit, share, before, change, one.coverage, *points, *counts)
