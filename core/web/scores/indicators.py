"""One indicator explained (指标说明): value, target, rule, formula with numbers, units, and every row behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, render_template
from flask_babel import gettext

from core.campaigns import Campaign
from core.campaigns.targets import shape
from core.errors import N_
from core.figures.by_edition import breaks_in, score_in_force
from core.figures.explain import ExplainRow, Explanation, FailedItem, explain
from core.figures.item_metrics import VERIFIED
from core.figures.model import CampaignScore, IndicatorFigure
from core.figures.overview import UnitScore, by_unit
from core.figures.periods import last_periods
from core.figures.rules import formula_with_numbers, rule_of
from core.figures.scores import score_campaign
from core.request import actor, db, require, tenant
from core.web.appeals.beside import beside_figure
from core.web.editions.edition_words import say_breaks
from core.web.ledger.finding_words import TONES
from core.web.organisation.unit_choice import UnitChoice
from core.web.paging import Page, bad_argument, cut, read_cursor
from core.web.running import title_of
from core.web.scores.catalogue import enter, read_page
from core.web.scores.charts import dot, trend_chart
from core.web.scores.figure_words import (
    FREQUENCIES,
    LIFE_WORDS,
    METHODS,
    say_change,
    say_number,
    say_points,
    say_role,
    say_step,
    say_target,
    say_type,
    say_unit,
    say_value,
    target_number,
)
from core.web.scores.figures import LEAGUE
from core.web.scores.periods import BACK, Choice
from core.web.table_files import send_table
from core.web.words import by_locale
from core.work.appeals.appeal_moves import STATES as APPEAL_STATES
from core.work.loop.transitions import STATES
from core.work.roles import SEE
from core.work.statistics.words import BASES, QUALIFIERS
from tenants.scope import ScopedSession

blueprint = Blueprint("indicators", __name__, url_prefix="/t/<slug>/k/<campaign>/i")
blueprint.before_request(enter)

BELOW = "community"  # what a subdistrict is looked at by
ROWS = 200  # rows of an explanation on one page


@dataclass(frozen=True, slots=True)
class Detail:
    """A figure with its explanation (指标说明); without ``explained`` the reader sees the district's figure alone.

    ``effects`` is the campaign's score where a gate shows what the negative list did to it.
    """

    figure: IndicatorFigure
    explained: Explanation | None
    units: Sequence[tuple[UnitScore, IndicatorFigure]]
    effects: CampaignScore | None = None


def read_detail(campaign: Campaign, code: str, choice: Choice, unit: UnitChoice) -> Detail:
    """One indicator with everything that the reader may see of it. Raises NotFound, Forbidden."""
    asked = (db(), actor(), campaign, campaign.edition)
    if not unit.shows_rows:
        score = score_campaign(*asked, choice.period, unit.unit_id, cut_off=choice.cut_off)
        explained, figure = None, score.indicator(code)
    else:
        explained = explain(*asked, code, choice.period, unit.unit_id, cut_off=choice.cut_off)
        figure = explained.figure
    kind = BELOW if unit.unit_id else LEAGUE
    rows = by_unit(*asked, choice.period, kind=kind, under=unit.unit_id, cut_off=choice.cut_off)
    units = [(row, row.score.indicator(code)) for row in rows if row.unit_id != unit.unit_id]
    return Detail(figure, explained, sorted(units, key=_dearest_first), _effects(campaign, figure, choice, unit))


def _effects(campaign: Campaign, figure: IndicatorFigure, choice: Choice, unit: UnitChoice) -> CampaignScore | None:
    """The score beside a gate, when events of the negative list touch it."""
    if figure.indicator.mode != "gate":
        return None
    score = score_campaign(
        db(), actor(), campaign, campaign.edition, choice.period, unit.unit_id, cut_off=choice.cut_off
    )
    return score if score.effects else None


def _dearest_first(one: tuple[UnitScore, IndicatorFigure]) -> tuple[bool, object, str]:
    lost = one[1].lost
    return lost is None, -(lost or 0), one[0].name


def row_key(row: ExplainRow) -> str:
    """What tells a row from all others: a visit may give one row for each form."""
    return f"{row.ref}/{row.label}"


def cut_rows(rows: Sequence[ExplainRow]) -> Page[ExplainRow]:
    """The page of the rows that the address asks for. Raises InvalidInput."""
    cursor, start = read_cursor(1), 0
    if cursor:
        start = next((n for n, row in enumerate(rows, 1) if row_key(row) == cursor[0]), 0)
        if not start:
            raise bad_argument("cursor", cursor[0])
    return cut(rows[start : start + ROWS + 1], lambda row: (row_key(row),), ROWS)


@blueprint.get("/<code>")
@require(SEE)
def show(campaign: str, code: str) -> str:
    """One indicator: what it is worth here and now, why, and where its points went."""
    found, choice, unit = read_page(campaign)
    found.edition.indicator(code)
    detail = read_detail(found, code, choice, unit)
    rule = rule_of(detail.figure.indicator)
    return render_template(
        "catalogue/indicator.html",
        campaign=found,
        figure=detail.figure,
        appealed=beside_figure(found, code, choice.period, unit.unit_id),
        appeal_states=APPEAL_STATES,
        indicator=detail.figure.indicator,
        explained=detail.explained,
        page=cut_rows(detail.explained.rows) if detail.explained else None,
        units=detail.units,
        effects=detail.effects,
        rule=by_locale(rule.zh, rule.en),
        formula=formula_with_numbers(detail.figure),
        trail=[say_step(one) for one in detail.figure.steps] if detail.explained else [],
        shape=[say_step(one) for one in shape(detail.figure.indicator)],
        tracks=[one for one in detail.figure.tracks if one.basis != VERIFIED],
        bases=BASES,
        life_words=LIFE_WORDS,
        qualifiers=QUALIFIERS,
        metrics=found.edition.metrics_for(code),
        choice=choice,
        unit=unit,
        methods=METHODS,
        frequencies=FREQUENCIES,
        states=STATES,
        tones=TONES,
        title_of=title_of,
        by_locale=by_locale,
        say_points=say_points,
        say_number=say_number,
        say_unit=say_unit,
        say_value=say_value,
        say_change=say_change,
        say_type=say_type,
        edition=found.edition,
        say_target=say_target,
        say_role=say_role,
    )


@blueprint.get("/<code>/trend.json")
@require(SEE)
def draw_trend(campaign: str, code: str) -> Response:
    """The indicator's value in the last periods, with its target; a period without data is a gap."""
    found, choice, unit = read_page(campaign)
    indicator = found.edition.indicator(code)
    periods = last_periods(choice.kind, choice.trend_end, BACK[choice.kind])
    units = (unit.unit_id,) if unit.unit_id else ()
    slices = score_in_force(db(), actor(), found, periods, units, cut_off=choice.cut_off)
    figures = [_figure(slices[unit.unit_id, n], code) for n in range(len(periods))]
    name = by_locale(indicator.name_zh, indicator.name_en)
    values, counts = [dot(f.value) if f else None for f in figures], [f.n if f else 0 for f in figures]
    unit_name, breaks = say_unit(indicator.unit), say_breaks(breaks_in(db(), found, periods))
    series = [{"name": name, "values": values, "n": counts}]
    return trend_chart(periods, series, unit=unit_name, target=target_number(indicator), breaks=breaks)


def _figure(score: CampaignScore, code: str) -> IndicatorFigure | None:
    """The indicator's figure; None where the edition of that period has none of this code."""
    return next((one for one in score.indicators if one.code == code), None)


@blueprint.get("/<code>.csv")
@blueprint.get("/<code>.xlsx", endpoint="export_workbook")
@require(SEE)
def export(campaign: str, code: str) -> Response:
    """Every row behind the figure, as CSV; numerator and denominator add up to the figure's."""
    found, choice, unit = read_page(campaign)
    found.edition.indicator(code)
    who, moment = actor(), choice.cut_off
    explain(db(), who, found, found.edition, code, choice.period, unit.unit_id, cut_off=moment)

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        explained = explain(session, who, found, found.edition, code, choice.period, unit.unit_id, cut_off=moment)
        for row in explained.rows:
            yield _cells(row)

    head = (N_("日期"), N_("来源"), N_("点位"), N_("检查表或问题"), N_("分子"), N_("分母"), N_("不合格的检查项"))
    name = f"{code}-{tenant().slug}-{choice.period.key}"
    return send_table(name, gettext("指标明细"), [gettext(text) for text in (*head, N_("编号"))], rows)


def _cells(row: ExplainRow) -> Sequence[object]:
    kind = gettext(_KINDS[row.kind])
    failed = gettext("；").join(_said(one) for one in row.failed)
    parts = (say_number(row.numerator), None if row.denominator is None else say_number(row.denominator))
    return (row.day.isoformat(), kind, row.site, by_locale(row.label, row.label_en), *parts, failed, str(row.ref))


_KINDS = {"visit": N_("检查"), "finding": N_("问题"), "observation": N_("填报")}


def _said(item: FailedItem) -> str:
    return f"{item.code} {by_locale(item.text_zh, item.text_en)}"
