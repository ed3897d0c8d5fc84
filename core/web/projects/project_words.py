"""Words of projects on the pages (项目用词): kinds, states, amounts with their units, money, what a step changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from flask_babel import get_locale, gettext

from core.errors import N_
from core.web.words import listed
from core.work.projects.counting import AHEAD, AT_RISK, LATE, ON_PACE
from core.work.projects.counting import DONE as COUNTED
from core.work.projects.finishing import LINE, STAGE, Lack
from core.work.projects.shares import say_yuan
from core.work.projects.states import FLOWS, KINDS, OBJECT_STATES, SOURCES, STAGE_STATES, STATES, TEMPLATES, VERBS
from core.work.quantities.writing import say_number, say_quantity
from core.work.statistics.measures import MEASURES, plain
from core.work.tables import ProjectEvent, ProjectItem

__all__ = ["FLOWS", "KINDS", "OBJECT_STATES", "SOURCES", "STAGE_STATES", "STATES", "VERBS"]

PACES: Mapping[str, tuple[str, str]] = {
    COUNTED: (N_("已清零"), "verified"),
    LATE: (N_("已逾期"), "overdue"),
    AT_RISK: (N_("有风险"), "soon"),
    ON_PACE: (N_("按进度"), "active"),
    AHEAD: (N_("未开始"), "neutral"),
}
FIELDS: Mapping[str, str] = {
    "title": N_("项目名称"),
    "unit_id": N_("责任单位"),
    "starts_on": N_("开工日期"),
    "ends_on": N_("完工日期"),
    "place": N_("地点"),
    "site_id": N_("点位"),
    "person_id": N_("项目负责人"),
    "campaign": N_("创建项目"),
    "plan_id": N_("计划"),
    "line_id": N_("条线"),
    "task_id": N_("任务"),
    "problem": N_("要解决的问题"),
    "contractor": N_("施工单位"),
    "contract": N_("合同编号"),
    "cost": N_("总投资"),
    "cost_qualifier": N_("总投资的说法"),
    "acceptance_unit_id": N_("验收单位"),
}
_TEMPLATE_TEXTS = {text for stages in TEMPLATES.values() for one in stages for text in (one.title, one.gate)}


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its qualifier, as the room of quantities says it (数量)."""

    value: Decimal | None
    qualifier: str = "exact"
    low: Decimal | None = None
    high: Decimal | None = None
    said: str = ""


def _locale() -> str:
    return str(get_locale() or "zh")


def say(code: str, words: Mapping[str, Any]) -> str:
    """A code in the reader's language; ``words`` maps codes to texts, or to pairs of a text and a tone."""
    found = words.get(code, code)
    return gettext(found if isinstance(found, str) else found[0])


def say_stage(text: str) -> str:
    """A stage's title or gate: those of our templates in the reader's language, a district's own as they are."""
    return gettext(text) if text in _TEMPLATE_TEXTS else text


def say_amount(value: Decimal, qualifier: str, measure: str) -> str:
    """A quantity with its unit: 1100余吨."""
    return say_quantity(Amount(value, qualifier), _locale(), measure)


def say_plain(value: Decimal, qualifier: str = "exact") -> str:
    """The number alone, as it is typed again."""
    return say_number(Amount(value, qualifier), "zh")


def say_measure(code: str) -> str:
    """A unit of measure."""
    known = MEASURES.get(code)
    return code if known is None else known.name_zh if _locale().startswith("zh") else known.name_en


def measure_options() -> list[tuple[str, str]]:
    """All units, as a select offers them."""
    return [(code, say_measure(code)) for code in MEASURES]


def options(words: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Codes with their words."""
    return [(code, say(code, words)) for code in words]


def say_share(done: Decimal, planned: Decimal) -> str:
    """A share in percent with one decimal, half-up; a dash where nothing is planned."""
    return say_percent(Fraction(done) / Fraction(planned) * 10_000) if planned else "—"


def say_percent(hundredths: Fraction | int | None) -> str:
    """Hundredths of a percent as percent with one decimal, half-up."""
    if hundredths is None:
        return "—"
    tenths = int((Fraction(hundredths) / 10 + Fraction(1, 2)) // 1)
    return f"{tenths // 10}.{tenths % 10}%"


def say_money(fen: int | None, qualifier: str = "exact") -> str:
    """An amount in yuan: 2,000,000 元; from ten thousand upwards also readable by its groups."""
    if fen is None:
        return "—"
    whole, _dot, part = say_yuan(abs(fen)).partition(".")
    grouped = f"{'-' if fen < 0 else ''}{int(whole):,}{'.' + part.ljust(2, '0') if part else ''}"
    said = {"over": gettext("%(n)s余", n=grouped), "about": gettext("约%(n)s", n=grouped)}.get(qualifier, grouped)
    return gettext("%(n)s 元", n=said)


def typed_money(fen: int | None, qualifier: str = "exact") -> str:
    """An amount as it is typed again."""
    return "" if fen is None else say_number(Amount(Decimal(fen) / 100, qualifier), "zh")


def item_done(item: ProjectItem) -> str:
    """What is done of a line, as it is typed again."""
    return say_plain(item.done, item.done_qualifier)


def say_lack(lack: Lack) -> str:
    """One thing that is not finished."""
    if lack.kind == STAGE:
        return gettext("阶段“%(title)s”没有通过", title=say_stage(lack.title))
    if lack.kind == LINE:
        params = {"title": lack.title, "done": lack.done, "planned": lack.planned, "unit": say_measure(lack.measure)}
        return gettext("%(title)s：完成 %(done)s，计划 %(planned)s（%(unit)s）", **params)
    return gettext("还没有指定验收单位")


def tell_event(event: ProjectEvent) -> list[str]:
    """What a step says and changed, line by line."""
    detail = event.detail
    found = [event.note] if event.note else []
    if "stage" in detail:
        found.append(gettext("阶段：%(stage)s", stage=say_stage(detail["stage"])))
    found += [
        f"{row['title']} {row['from']} → {row['to']} {say_measure(row['measure'])}" for row in detail.get("items", ())
    ]
    for row in detail.get("plan", ()):
        found.append(gettext("计划随之调整：%(title)s %(from)s → %(to)s", **row))
    if detail.get("plan"):
        found.append(gettext("超出计划的原因：%(reason)s", reason=detail["reason"]))
    found += _changes(detail)
    found += [f"{row['payer']} {say_money(row['from'])} → {say_money(row['to'])}" for row in detail.get("shares", ())]
    found += _lists(detail)
    if detail.get("carried"):
        titles = listed([gettext("验收单位") if row[0] == "judge" else say_stage(row[1]) for row in detail["carried"]])
        found.append(gettext("带着未完事项：%(what)s；原因：%(reason)s", what=titles, reason=detail["reason"]))
    if "day" in detail:
        found.append(gettext("日期 %(day)s", day=detail["day"]))
    return found


def _changes(detail: Mapping[str, Any]) -> list[str]:
    """What was changed of a project's own fields; of those that are ids only which."""
    found = []
    for name, (old, new) in detail.get("changes", {}).items():
        label = say(name, FIELDS)
        if name == "cost":
            found.append(f"{label} {say_money(old)} → {say_money(new)}")
        elif name.endswith("_id"):
            found.append(gettext("%(field)s已改", field=label))
        else:
            found.append(f"{label} {old or '—'} → {new or '—'}")
    return found


def _lists(detail: Mapping[str, Any]) -> list[str]:
    found = []
    if "undone" in detail:
        titles = listed([say_stage(row[0]) for row in detail["undone"]])
        found.append(gettext("这些阶段要重新通过：%(titles)s", titles=titles))
    if "added" in detail:
        found.append(
            gettext(
                "%(title)s：新列入 %(added)s，原已在列 %(same)s", **{k: detail[k] for k in ("title", "added", "same")}
            )
        )
    if "objects" in detail:
        names = listed([row["name"] for row in detail["objects"][:20]])
        found.append(f"{names} → {say(detail['to'], OBJECT_STATES)}")
    if "findings" in detail:
        found.append(listed(detail["findings"]) or gettext("没有列入的问题"))
    if "from" in detail and isinstance(detail["from"], Sequence) and "to" in detail:
        found.append(gettext("调整前：%(rows)s", rows=_rows(detail["from"])))
        found.append(gettext("调整后：%(rows)s", rows=_rows(detail["to"])))
    return found


def _rows(rows: Sequence[Any]) -> str:
    """Rows of a bill, of shares or of stages in one line."""
    said = []
    for row in rows:
        if isinstance(row, str):
            said.append(say_stage(row))
        elif isinstance(row[2], int):
            said.append(f"{row[0]} {say_money(row[2])}")
        else:
            said.append(f"{row[0]} {row[1]} {say_measure(row[2])}")
    return listed(said) or "—"


def say_days(starts: date, ends: date) -> str:
    """From a day to a day."""
    return f"{starts.isoformat()} – {ends.isoformat()}"


def number(value: Decimal) -> str:
    """A bare number."""
    return plain(value)
