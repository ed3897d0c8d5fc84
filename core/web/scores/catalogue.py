"""A campaign's catalogue with its scores (测评体系): headings, indicators, forms; a notice while it is suspended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flask import Blueprint, Response, render_template
from flask_babel import gettext

from core import request as asked
from core.campaigns import Campaign
from core.errors import N_, NotFound
from core.figures.model import CampaignScore, IndicatorFigure
from core.figures.rules import points_text
from core.figures.scores import score_campaign
from core.request import actor, db, house, require, tenant
from core.web.organisation.area_choice import read_area
from core.web.organisation.unit_choice import UnitChoice, read_unit
from core.web.places.site_words import say_types
from core.web.running import running_one, title_of
from core.web.scores.figure_words import (
    ANSWERS,
    EVIDENCE,
    say_category,
    say_number,
    say_points,
    say_role,
    say_rule,
    say_target,
    say_value,
)
from core.web.scores.periods import Choice, read_dated_period
from core.web.table_files import send_table
from core.web.words import by_locale
from core.work.enabling import campaign_as_run
from core.work.roles import SEE
from core.work.statistics.words import BASES
from tenants.models import EnabledCampaign
from tenants.scope import ScopedSession

blueprint = Blueprint("catalogue", __name__, url_prefix="/t/<slug>/k/<campaign>")


@blueprint.before_request
def enter() -> None:
    """Only districts run campaigns."""
    asked.enter()
    if tenant().kind != "district":
        raise NotFound


def read_page(campaign: str) -> tuple[Campaign, Choice, UnitChoice]:
    """The campaign of this address with the period, the past day and the unit or area that it asks for."""
    choice = read_dated_period()
    found = running_one(campaign, choice.period.start)
    return found, choice, read_unit(choice.period, choice.cut_off, read_area())


@blueprint.get("/")
@require(SEE)
def show(campaign: str) -> str:
    """Headings and indicators with their points, scores and sources; what is not assessed says why."""
    row = db().get(EnabledCampaign, (db().tenant_id, campaign))
    if row is not None and row.state != "enabled":
        return _suspended(row)
    found, choice, unit = read_page(campaign)
    score = score_campaign(db(), actor(), found, found.edition, choice.period, unit.unit_id, cut_off=choice.cut_off)
    return render_template(
        "catalogue/show.html",
        bases=BASES,
        campaign=found,
        edition=found.edition,
        score=score,
        groups=_groups(score),
        choice=choice,
        unit=unit,
        title_of=title_of,
        by_locale=by_locale,
        say_points=say_points,
        say_number=say_number,
        say_value=say_value,
        say_target=say_target,
        say_types=say_types,
    )


def _groups(score: CampaignScore) -> list[tuple[object, list[IndicatorFigure]]]:
    """Each heading with the figures under it."""
    return [(one, [f for f in score.indicators if f.category == one.code]) for one in score.categories]


def _suspended(row: EnabledCampaign) -> str:
    """The one page that a suspended campaign has left: what became of it, and that nothing is lost."""
    found = campaign_as_run(db(), house().registry, row)
    return render_template("catalogue/suspended.html", row=row, campaign=found, title_of=title_of)


@blueprint.get("/indicators.csv")
@blueprint.get("/indicators.xlsx", endpoint="export_workbook")
@require(SEE)
def export(campaign: str) -> Response:
    """Every indicator with its score, as CSV."""
    found, choice, unit = read_page(campaign)
    who, moment, title = actor(), choice.cut_off, title_of(found)

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        score = score_campaign(session, who, found, found.edition, choice.period, unit.unit_id, cut_off=moment)
        for one in score.indicators:
            yield (choice.period.key, title, unit.name, *_cells(one))

    head = (N_("周期"), N_("创建项目"), N_("单位"), N_("测评项目"), N_("代码"), N_("指标"), N_("状态"), N_("分子"))
    tail = (N_("分母"), N_("数值"), N_("计量单位"), N_("目标"), N_("得分"), N_("满分"), "n", N_("未评原因"))
    bases = (N_("自评数值"), N_("申报数值"), N_("自评比核验"))
    name = f"{campaign}-{tenant().slug}-{choice.period.key}"
    return send_table(name, gettext("全部指标"), [gettext(text) for text in head + tail + bases], rows)


def _cells(one: IndicatorFigure) -> Sequence[object]:
    category = by_locale(one.indicator.category_zh, one.indicator.category_en)
    state = gettext("已评估") if one.assessed else gettext("未评")
    sums = [None if part is None else say_number(part) for part in (one.numerator, one.denominator)]
    reason = by_locale(one.reason_zh, one.reason_en)
    named = (category, one.code, by_locale(one.name_zh, one.name_en), state)
    beside = [track.value if (track := one.track(basis)) else None for basis in ("self", "declared")]
    counted = (one.value, one.unit, one.target, one.earned, one.possible, one.n, reason)
    return (*named, *sums, *counted, *beside, one.gap)


@blueprint.get("/f/<form>")
@require(SEE)
def show_form(campaign: str, form: str) -> str:
    """One checklist: its items with points, rule, owner and the indicators that they feed."""
    found = running_one(campaign)
    sheet = found.edition.form(form)
    words = {**house().registry.vocabulary.questions, **{one.code: one for one in found.questions}}
    return render_template(
        "catalogue/form.html",
        campaign=found,
        edition=found.edition,
        form=sheet,
        questions=words,
        answers=ANSWERS,
        evidence=EVIDENCE,
        feeding=[i for i in found.edition.indicators if form in i.forms],
        title_of=title_of,
        by_locale=by_locale,
        say_points=say_points,
        points_text=points_text,
        say_rule=say_rule,
        say_role=say_role,
        say_category=say_category,
        say_types=say_types,
    )
