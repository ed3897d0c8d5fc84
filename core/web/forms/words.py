"""How forms, their versions and their differences are said on pages (表格用语)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote

from flask import Response
from flask_babel import get_locale, gettext

from core.campaigns import Campaign, Form, Vocabulary
from core.campaigns.xlsform.differences import TITLES, Difference, differences
from core.campaigns.xlsform.model import Design, Remark
from core.campaigns.xlsform.scored import design_of
from core.campaigns.xlsform.writing import write_workbook
from core.errors import N_
from core.request import house
from core.web.imports import XLSX
from core.web.words import by_locale

STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "draft": (N_("草稿"), "waiting"),
        "published": (N_("在用"), "verified"),
        "replaced": (N_("已被新版替代"), "neutral"),
        "withdrawn": (N_("已停用"), "neutral"),
        "dropped": (N_("已作废"), "neutral"),
    }
)
CHANGES: Mapping[str, str] = MappingProxyType(
    {"added": N_("新增"), "removed": N_("删去"), "changed": N_("修改"), "moved": N_("移动"), "form": N_("表头")}
)


@dataclass(frozen=True, slots=True)
class Said:
    """One remark of a workbook in the reader's language (意见)."""

    severity: str
    sheet: str
    row: int | None
    column: str
    value: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One difference in the reader's language (差异): what happened, where, to which attribute, from what to what."""

    kind: str
    label: str
    name: str
    column: str
    before: str
    after: str
    weighty: bool


def words_of(campaign: Campaign) -> Vocabulary:
    """The shared words with the campaign's own."""
    known = house().registry.vocabulary
    return known.with_own(
        site_types=campaign.site_types,
        categories=campaign.categories,
        questions=campaign.questions,
        roles=campaign.roles,
    )


def say_title(form: Form) -> str:
    """A form's title in the reader's language."""
    return by_locale(form.title_zh, form.title_en)


def say_remarks(remarks: Sequence[Remark]) -> list[Said]:
    """The remarks, refusals first."""
    order = {"error": 0, "warning": 1, "info": 2}
    return [_say_remark(one) for one in sorted(remarks, key=lambda one: order.get(one.severity, 3))]


def _say_remark(one: Remark) -> Said:
    params = dict(one.params)
    message, remedy = (
        (gettext(text).format(**params) if params else gettext(text)) if text else ""
        for text in (one.message, one.remedy)
    )
    return Said(one.severity, one.sheet, one.row, one.column, one.value, message, remedy)


def say_differences(old: Design, new: Design) -> list[Shown]:
    """What a new version changes, in words."""
    return [_say_difference(one) for one in differences(old, new)]


def _say_difference(one: Difference) -> Shown:
    language = str(get_locale())
    column = gettext(TITLES[one.column]) if one.column in TITLES else one.column
    label = one.label.said(language) if one.label else ""
    return Shown(gettext(CHANGES[one.kind]), label, one.name, column, one.before, one.after, one.weighty)


def send_form(campaign: Campaign, form: Form) -> Response:
    """A form as a workbook."""
    words = words_of(campaign)
    answer = Response(write_workbook(design_of(form, words, campaign.key), words), content_type=XLSX)
    name = quote(f"{form.code}-{form.sha256[:8]}.xlsx")
    answer.headers["Content-Disposition"] = f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}"
    return answer
