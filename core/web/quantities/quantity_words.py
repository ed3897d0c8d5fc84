"""Words, choices and filters of the quantities' pages (工作量页用语)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import request
from flask_babel import get_locale, gettext
from sqlalchemy import or_, select

from core.request import actor, db, today
from core.web.paging import bad_argument, read_day, read_id
from core.web.running import running, title_of
from core.web.words import begin_large, by_locale, counted
from core.work.dated import valid_on
from core.work.plans.sight import sees_plan
from core.work.projects.sight import sees_project
from core.work.quantities import doubles, sums, words
from core.work.quantities.kinds import kind_choices
from core.work.quantities.reading import Asked, Line
from core.work.quantities.sums import Gap, Total
from core.work.quantities.writing import NAMES, Sayable, say_quantity
from core.work.roles import ANSWER, DIRECT
from core.work.statistics.measures import MEASURES, plain
from core.work.tables import Plan, Project, QuantityEntry, QuantityKind
from tenants.access import reach
from tenants.models import Unit

STATES = ("", "all", *words.STATES)


def locale() -> str:
    """The reader's language."""
    return str(get_locale() or "zh")


def say(word: str, table: Mapping[str, str]) -> str:
    """A code in the reader's language; one that is unknown as it is."""
    return gettext(table[word]) if word in table else word


def options(table: Mapping[str, str]) -> list[tuple[str, str]]:
    """All words of a table to choose from."""
    return [(code, begin_large(gettext(text))) for code, text in table.items()]


def say_measure(code: str) -> str:
    """A unit of measure in the reader's language."""
    found = MEASURES.get(code)
    return by_locale(found.name_zh, found.name_en) if found else code


def say_kind(kind: QuantityKind) -> str:
    """A kind's name in the reader's language."""
    return by_locale(kind.name_zh, kind.name_en)


def say_amount(item: Sayable, measure: str = "") -> str:
    """A quantity with its unit in the reader's language."""
    return say_quantity(item, locale(), measure)


def say_basis(entry: QuantityEntry) -> str:
    """On which basis an entry stands."""
    return say(words.basis_of(entry.state, entry.basis), words.BASES)


def say_place(line: Line) -> str:
    """What an entry covers: its words, its territory, its place."""
    return " · ".join(part for part in (line.entry.scope, line.scope_unit_name, line.site_name) if part)


def say_total(total: Total) -> str:
    """A sum, or why there is none, always with the number of reports."""
    n = counted("%(n)s 条填报", n=total.n)
    if total.why:
        return gettext("%(n)s；%(why)s", n=n, why=gettext(sums.WHY[total.why]))
    shown = say_amount(total)
    if total.unknown:
        return gettext("%(n)s，合计%(sum)s；其中 %(unknown)s 条没有数", n=n, sum=shown, unknown=total.unknown)
    return gettext("%(n)s，合计%(sum)s", n=n, sum=shown)


def say_gap(gap: Gap, measure: str) -> str:
    """A declared total against its parts: 61 of 3182 short, 1.92 %."""
    said = {"parts": plain(gap.parts), "n": gap.n, "unit": say_measure(measure)}
    if not gap.short:
        return gettext("%(n)s 个分项合计 %(parts)s %(unit)s，与申报数一致", **said)
    said |= {"short": plain(abs(gap.short)), "percent": f"{abs(gap.percent or Decimal())}"}
    if gap.short > 0:
        return gettext("%(n)s 个分项合计 %(parts)s %(unit)s，比申报数少 %(short)s（%(percent)s%%）", **said)
    return gettext("%(n)s 个分项合计 %(parts)s %(unit)s，比申报数多 %(short)s（%(percent)s%%）", **said)


def read_asked() -> Asked:
    """The filter of this request. Raises InvalidInput."""
    said = request.args
    known = {"flow": words.FLOWS, "basis": words.BASES, "state": STATES}
    chosen = {name: said.get(name, "") for name in known}
    for name, allowed in known.items():
        if chosen[name] and chosen[name] not in allowed:
            raise bad_argument(name, chosen[name])
    ids = {f"{name}_id": _id(name) for name in ("kind", "unit", "plan", "project", "task")}
    return Asked(
        text=said.get("q", "").strip()[:60],
        campaign=said.get("campaign", "").strip()[:40],
        document=said.get("document", "").strip()[:120],
        start=read_day("start"),
        end=read_day("end"),
        **chosen,
        **ids,
    )


def _id(name: str) -> UUID | None:
    said = request.args.get(name, "")
    return read_id(said, name) if said else None


def query_of(asked: Asked) -> dict[str, str]:
    """The filter as arguments of an address."""
    names = {"text": "q"}
    return {names.get(name, name.removesuffix("_id")): str(value) for name, value in asked.items()}


def kind_options() -> list[tuple[str, str, str]]:
    """The kinds in use, under their flows, each with its unit."""
    return [
        (str(one.id), f"{by_locale(one.name_zh, one.name_en)} ({say_measure(one.measure)})", _flow(one.flow))
        for one in kind_choices(db())
    ]


def _flow(code: str) -> str:
    return begin_large(say(code, words.FLOWS))


def reporter_options() -> list[tuple[str, str]]:
    """The units for which the reader reports."""
    mine = or_(*(Unit.id.in_(reach(actor(), verb, today())) for verb in (ANSWER, DIRECT)))
    return _units(mine)


def territory_options() -> list[tuple[str, str]]:
    """The units whose territory a quantity may be about."""
    return _units(Unit.kind.not_in(("department", "hq")))


def listed_units() -> list[tuple[str, str]]:
    """The units that have reported, for the filter."""
    return _units(Unit.id.in_(select(QuantityEntry.unit_id).where(QuantityEntry.tenant_id == db().tenant_id)))


def _units(condition: Any) -> list[tuple[str, str]]:
    rows = db().execute(select(Unit.id, Unit.name).where(valid_on(Unit, today()), condition).order_by(Unit.pinyin))
    return [(str(unit_id), name) for unit_id, name in rows]


def plan_options() -> list[tuple[str, str]]:
    """The plans in force that the reader sees."""
    chosen = select(Plan.id, Plan.title).where(sees_plan(actor(), today()), Plan.state == "active")
    return [(str(plan_id), title) for plan_id, title in db().execute(chosen.order_by(Plan.starts_on.desc(), Plan.id))]


def project_options() -> list[tuple[str, str]]:
    """The projects that the reader sees."""
    chosen = select(Project.id, Project.title).where(sees_project(actor(), today())).order_by(Project.title)
    return [(str(project_id), title) for project_id, title in db().execute(chosen.limit(500))]


def campaign_options() -> list[tuple[str, str]]:
    """The campaigns in force."""
    return [(one.key, title_of(one)) for one in running()]


def tables() -> dict[str, object]:
    """What every page of the room says the same way."""
    said = (say, say_measure, say_kind, say_amount, say_basis, say_place, say_total, say_gap)
    return {one.__name__: one for one in said} | {
        "words": words,
        "tones": words.TONES,
        "whys": doubles.WHY,
        "qualifiers": NAMES,
        "today": today(),
    }


def names_of(lines: Iterable[Line]) -> dict[UUID, Line]:
    """Lines by the ids of their entries."""
    return {line.entry.id: line for line in lines}
