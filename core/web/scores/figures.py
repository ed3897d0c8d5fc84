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
from core.figures.leagues import MINIMUM_VISITS, rank
from core.figures.model import CampaignScore
from core.figures.overview import CampaignCard, by_unit, points_lost, side_by_side, trend
from core.figures.periods import Period
from core.figures.scores import score_slices
from core.request import actor, db, now, require, tenant, today
from core.web.duties.sponsor_reading import Beside, sponsors_beside_units
from core.web.exports import stream_csv
from core.web.running import running, running_one, title_of
from core.web.scores.charts import dot, trend_chart
from core.web.scores.figure_words import say_change, say_points, say_target, say_value
from core.web.scores.periods import BACK, Choice, read_period, trend_end
from core.web.words import by_locale
from core.work.roles import SEE
from tenants.access import Actor
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
    choice, campaigns = read_period(), running()
    cards = side_by_side(db(), actor(), campaigns, choice.period, cut_off=now())
    wanted = request.args.get("campaign", "")
    card = next((one for one in cards if one.score.campaign.key == wanted), cards[0] if cards else None)
    if wanted and (card is None or card.score.campaign.key != wanted):
        raise NotFound
    units = _ranked(card, choice) if card else []
    return render_template(
        "figures/show.html",
        choice=choice,
        cards=cards,
        card=card,
        units=units,
        beside=_sponsors(card, choice, [one.id for one in units]) if card else {},
        losses=points_lost(card.score) if card else [],
        minimum=MINIMUM_VISITS,
        title_of=title_of,
        by_locale=by_locale,
        say_points=say_points,
        say_change=say_change,
        say_value=say_value,
        say_target=say_target,
    )


def _sponsors(card: CampaignCard, choice: Choice, units: Sequence[UUID]) -> Mapping[UUID, Beside]:
    """The units' sponsors on the period's last day as far as it has gone, and what they did in it."""
    start, last = choice.period.start, max(choice.period.start, min(choice.period.end, today()))
    return sponsors_beside_units(db(), units, last, days=(start, last), campaign=card.score.campaign.key)


def _ranked(card: CampaignCard, choice: Choice) -> Sequence[Any]:
    campaign = card.score.campaign
    rows = by_unit(db(), actor(), campaign, campaign.edition, choice.period, kind=LEAGUE, cut_off=now())
    return rank(rows)


@blueprint.get("/trend.json")
@require(SEE)
def draw_trend() -> Response:
    """Each campaign's share of assessed points in the last periods, up to the chosen one."""
    choice, wanted = read_period(), request.args.get("campaign", "")
    campaigns = [running_one(wanted)] if wanted else running()
    series: list[dict[str, object]] = []
    points = []
    for one in campaigns:
        points = trend(
            db(),
            actor(),
            one,
            one.edition,
            trend_end(choice.period),
            kind=choice.kind,
            count=BACK[choice.kind],
            cut_off=now(),
        )
        values = [dot(point.percent) for point in points]
        series.append({"name": title_of(one), "values": values, "n": [point.visits for point in points]})
    return trend_chart([point.period for point in points], series)


@blueprint.get("/export.csv")
@require(SEE)
def export() -> Response:
    """Every campaign in the district and in each unit within reach, as CSV."""
    choice, campaigns, who, moment = read_period(), running(), actor(), now()
    titles = {one.key: title_of(one) for one in campaigns}
    whole = gettext("全区")

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for one in campaigns:
            for line in read_lines(session, who, one, choice.period, moment, whole):
                yield _cells(line, titles[one.key])

    head = (N_("周期"), N_("创建项目"), N_("单位"), N_("占已评估分%"), N_("上期%"), N_("变化"), N_("覆盖率%"))
    tail = (N_("得分"), N_("已评估分"), N_("总分"), N_("失分"), N_("检查次数"), N_("点位数"), N_("否决项"))
    name = f"figures-{tenant().slug}-{choice.period.key}.csv"
    return stream_csv(name, [gettext(text) for text in head + tail], rows)


def read_lines(
    session: ScopedSession, who: Actor, campaign: Campaign, period: Period, moment: datetime, whole: str
) -> Iterator[Line]:
    """The district's line, then a line for each unit of the league within reach."""
    pair = score_slices(session, who, campaign, campaign.edition, (period.previous, period), cut_off=moment)
    yield Line(campaign, whole, pair[None, 1], pair[None, 0])
    for row in by_unit(session, who, campaign, campaign.edition, period, kind=LEAGUE, cut_off=moment):
        yield Line(campaign, row.name, row.score)


def _cells(line: Line, title: str) -> Sequence[object]:
    one, before = line.score, line.before.percent_of_assessed if line.before else None
    share = one.percent_of_assessed
    change = share - before if share is not None and before is not None else None
    points = (one.earned, one.assessed, one.total, one.totals.lost)
    vetoes = " ".join(veto.code for veto in one.vetoes)
    counts = (one.visits, one.sites, vetoes)
    return (one.period.key, title, line.unit, share, before, change, one.coverage, *points, *counts)
