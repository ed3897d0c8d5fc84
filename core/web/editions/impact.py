"""What a new edition would change here (版本影响报告): the page, and the same as CSV and Excel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from core.campaigns import Campaign, Edition
from core.campaigns.lineage import CHANGED, KINDS, REWORDED, SAME
from core.errors import N_
from core.figures.impact import IndicatorChange, impact_of
from core.figures.model import IndicatorFigure
from core.figures.periods import containing
from core.request import actor, db, now, require, tenant, today
from core.web.editions.edition_rules import rules_of
from core.web.editions.edition_words import CHANGES, PARTS, ROLES, say_source, title_of_edition
from core.web.editions.editions import enter
from core.web.exports import Rows, stream_csv
from core.web.running import running_one, title_of
from core.web.scores.figure_words import say_change, say_points
from core.web.scores.periods import Choice, read_period
from core.web.words import by_locale
from core.web.workbook_answers import send_xlsx
from core.work.editions.known import known_edition
from core.work.roles import SEE
from tenants.scope import ScopedSession

blueprint = Blueprint("edition_impact", __name__, url_prefix="/t/<slug>/campaigns/<key>/editions/<edition_sha>")
blueprint.before_request(enter)

HEAD = (N_("变化"), N_("原指标"), N_("新指标"), N_("名称"), N_("变动的部分"), N_("已定"), N_("原分值"), N_("新分值"))
TAIL = (N_("原得分"), N_("新得分"), N_("现有记录能评"))


def read_choice() -> Choice:
    """The period whose records are looked at; last month when the address names none."""
    return read_period(containing("month", today()).previous)


def read_against(campaign: Campaign) -> Edition:
    """The edition to compare with: the one in force today, or one that the address names (of a past period)."""
    named = request.args.get("against", "").strip()
    return known_edition(db(), campaign, named).edition if named else campaign.edition


@blueprint.get("")
@require(SEE)
def show(key: str, edition_sha: str) -> str:
    """How much of an edition the period's records cover, what became of each indicator, what is asked newly of whom."""
    campaign, choice = running_one(key), read_choice()
    known = known_edition(db(), campaign, edition_sha)
    before = read_against(campaign)
    found = impact_of(db(), actor(), campaign, before, known.edition, choice.period, cut_off=now())
    return render_template(
        "editions/impact.html",
        campaign=campaign,
        known=known,
        choice=choice,
        before=before,
        against={"against": before.sha256} if before.sha256 != campaign.edition.sha256 else {},
        found=found,
        moved=found.moved,
        is_running=campaign.edition.sha256 == edition_sha,
        kinds=[(kind, CHANGES[kind][0], found.lineage.count(kind)) for kind in KINDS],
        forms=[(one, CHANGES[one.kind]) for one in found.lineage.forms],
        rules=rules_of(campaign, known.edition, before),
        changes=CHANGES,
        say_parts=say_parts,
        roles=ROLES,
        today=today(),
        title_of=title_of,
        title_of_edition=title_of_edition,
        say_source=say_source,
        say_points=say_points,
        say_change=say_change,
        by_locale=by_locale,
    )


def say_parts(row: IndicatorChange) -> str:
    """Why an indicator differs, in words: which of its parts moved, or else its checklists; nothing where its text alone did."""
    if row.change.kind == CHANGED:
        return gettext("、").join(gettext(PARTS[one]) for one in row.change.parts)
    return gettext("检查表有改动") if row.change.kind in (SAME, REWORDED) and row.differs else ""


@blueprint.get("/impact.csv")
@require(SEE)
def export_csv(key: str, edition_sha: str) -> Response:
    """Every indicator with what becomes of it, as CSV."""
    name, read = _table(key, edition_sha)
    return stream_csv(f"{name}.csv", [gettext(text) for text in HEAD + TAIL], read)


@blueprint.get("/impact.xlsx")
@require(SEE)
def export_xlsx(key: str, edition_sha: str) -> Response:
    """The same as a workbook."""
    name, read = _table(key, edition_sha)
    return send_xlsx(f"{name}.xlsx", gettext("版本影响"), [gettext(text) for text in HEAD + TAIL], read)


def _table(key: str, edition_sha: str) -> tuple[str, Callable[[ScopedSession], Rows]]:
    """The name of a file and what reads its rows in a session of its own."""
    campaign, choice, who, moment = running_one(key), read_choice(), actor(), now()
    edition, before = known_edition(db(), campaign, edition_sha).edition, read_against(campaign)

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        found = impact_of(session, who, campaign, before, edition, choice.period, cut_off=moment)
        for row in found.rows:
            yield _cells(row)

    return f"editions-{key}-{tenant().slug}-{choice.period.key}", rows


def _cells(row: IndicatorChange) -> Sequence[object]:
    one = row.change
    shown = row.after or row.before
    names = gettext("；").join(by_locale(figure.name_zh, figure.name_en) for figure in shown)
    said = (gettext(CHANGES[one.kind][0]), " ".join(one.old), " ".join(one.new), names, say_parts(row))
    decided = gettext("已定") if one.decided else gettext("待确认")
    points = (_sum(row.before, "possible"), _sum(row.after, "possible"))
    earned = (_sum(row.before, "earned"), _sum(row.after, "earned"))
    return (*said, decided, *points, *earned, (gettext("是") if row.covered else gettext("否")) if row.after else "")


def _sum(figures: Sequence[IndicatorFigure], name: str) -> Decimal | None:
    """Points of some figures; None when one of them has none, or there are none."""
    found = [getattr(figure, name) for figure in figures]
    return None if not found or None in found else sum(found, Decimal(0))
