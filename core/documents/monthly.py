"""The periodic report (月报): built from a sealed publication alone, so that every number in it can be checked.

The data is text ready to print; the page and the Word document show the same. Each campaign brings its own templates in
``<package>/<edition>/reports/monthly.docx`` and ``monthly.html``; an edition without borrows those of its campaign.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from core.campaigns import Edition
from core.documents.report_data import ReportData, ReportEffect, ReportFigure, ReportVeto
from core.documents.wording import DASH, moment_text, moment_text_en, number_text
from core.errors import N_, Conflict
from core.figures.effects import NEGATIVE
from core.figures.model import percent
from core.figures.sealed_effects import (
    SealedEffect,
    before_effects,
    effects_of,
    is_barred,
    share_of,
    without_effects,
)
from core.figures.shelf import figures_of, period_of
from core.figures.tables import Publication, PublishedFigure
from core.work.marks.negative_moves import EFFECTS
from tenants.scope import ScopedSession

MOST_LOST = 10  # indicators in the list of lost points (ours)
_KINDS = {
    "day": ("日报", "daily report"),
    "week": ("周报", "weekly report"),
    "ten_day": ("旬报", "ten-day report"),
    "month": ("月报", "monthly report"),
    "quarter": ("季报", "quarterly report"),
    "year": ("年报", "yearly report"),
}


def monthly_report(session: ScopedSession, publication: Publication, edition: Edition) -> ReportData:
    """The report of one publication; ``edition`` gives the titles of the very edition that was sealed.

    Raises Conflict when another edition is handed in.
    """
    if edition.sha256 != publication.edition_sha256:
        raise Conflict(N_("这份发布件按另一版本的测评体系计分"))
    rows = figures_of(session, publication)
    figures = [_figure(row) for row in without_effects(rows)]
    indicators = tuple(f for f in figures if f.level == "indicator")
    return _data(publication, edition, figures, indicators, _losses(rows, indicators), effects_of(rows))


def _data(
    one: Publication,
    edition: Edition,
    figures: Sequence[ReportFigure],
    indicators: tuple[ReportFigure, ...],
    losses: tuple[ReportFigure, ...],
    effects: Sequence[SealedEffect],
) -> ReportData:
    before = before_effects(Decimal(one.earned).scaleb(-2), effects)
    findings = {"found": 0, "due": 0, "closed": 0, "on_time": 0, "overdue": 0} | one.findings
    return ReportData(
        **_heading(one, edition),
        **_seals(one),
        earned=DASH if is_barred(effects) else _points(one.earned),
        earned_before=str(before),
        assessed=_points(one.assessed),
        total=_points(one.total),
        lost=str(Decimal(one.assessed).scaleb(-2) - before),
        gap=_points(one.total - one.assessed),
        percent=_text(share_of(one, one.assessed)),
        percent_of_all=_text(share_of(one, one.total)),
        coverage=_share(one.assessed, one.total),
        visits=one.visits,
        sites=one.sites,
        findings=findings,
        on_time_percent=_share(findings["on_time"], findings["due"]),
        vetoes=tuple(_veto(code, indicators) for code in one.vetoes),
        effects=tuple(map(_effect, effects)),
        barred=is_barred(effects),
        categories=tuple(f for f in figures if f.level == "category"),
        indicators=indicators,
        losses=losses,
    )


def _heading(one: Publication, edition: Edition) -> dict[str, Any]:
    """Who, what and when: the fields at a report's head."""
    period = period_of(one)
    kind_zh, kind_en = _KINDS[one.period_kind]
    return {
        "district": one.district_name,
        "district_slug": one.district_slug,
        "campaign": one.campaign,
        "title_zh": one.title_zh,
        "title_en": one.title_en,
        "kind_zh": kind_zh,
        "kind_en": kind_en,
        "period_zh": period.label_zh,
        "period_en": period.label_en,
        "period_key": period.key,
        "edition": one.edition,
        "edition_sha256": one.edition_sha256,
        "edition_zh": edition.title_zh,
        "edition_en": edition.title_en,
        "issuer": edition.issuer,
        "issuer_en": edition.issuer_en,
        "is_demo": one.is_demo,
    }


def _seals(one: Publication) -> dict[str, Any]:
    """By whom, when and under which seal: the fields at a report's foot."""
    return {
        "sequence": one.sequence,
        "cut_off": moment_text(one.cut_off),
        "cut_off_en": moment_text_en(one.cut_off),
        "published_at": moment_text(one.published_at),
        "published_at_en": moment_text_en(one.published_at),
        "published_by": one.published_by or DASH,
        "seal": one.sha256,
        "previous_seal": one.previous_sha256 or DASH,
        "corrects": one.corrects_sha256 or "",
        "reason": one.reason,
    }


def _figure(row: PublishedFigure) -> ReportFigure:
    lost = None if row.earned is None else row.assessed - row.earned
    return ReportFigure(
        level=row.level,
        code=row.code,
        category=row.category,
        name_zh=row.name_zh,
        name_en=row.name_en,
        assessed=row.status == "assessed",
        reason_zh=row.reason,
        reason_en=row.reason_en,
        numerator=number_text(row.numerator),
        denominator=number_text(row.denominator),
        value=DASH if row.value is None else str(row.value),
        unit=row.unit,
        target=row.target.replace(">=", "≥").replace("<=", "≤"),
        earned=_points(row.earned),
        assessed_points=_points(row.assessed),
        possible=_points(row.possible),
        lost=_points(lost),
        percent=DASH if row.earned is None else _share(row.earned, row.assessed),
        n=row.n,
    )


def _losses(rows: Sequence[PublishedFigure], indicators: Sequence[ReportFigure]) -> tuple[ReportFigure, ...]:
    """The indicators that lose most assessed points, the dearest first."""
    printed = {f.code: f for f in indicators}
    losing = [
        (row.assessed - row.earned, row.position, row.code)
        for row in rows
        if row.level == "indicator" and row.earned is not None and row.earned < row.assessed
    ]
    ordered = sorted(losing, key=lambda one: (-one[0], one[1]))
    return tuple(printed[code] for _, _, code in ordered[:MOST_LOST])


def _veto(code: str, indicators: Sequence[ReportFigure]) -> ReportVeto:
    for one in indicators:
        if one.code == code:
            return ReportVeto(code, one.name_zh, one.name_en)
    if code == NEGATIVE:
        return ReportVeto(code, "负面清单一票否决", "Barred by the negative list")
    return ReportVeto(code, f"关键项组 {code}", f"key group {code}")


def _effect(one: SealedEffect) -> ReportEffect:
    zh, en = EFFECTS[one.effect]
    points = str(one.points) if one.points else DASH
    after = DASH if one.after is None else str(one.after)
    return ReportEffect(one.title, one.document, zh, en, points, str(one.before), after)


def _points(cents: int | None) -> str:
    return DASH if cents is None else str(Decimal(cents).scaleb(-2))


def _share(part: int, whole: int) -> str:
    return _text(percent(part, whole))


def _text(share: Decimal | None) -> str:
    return DASH if share is None else str(share)
