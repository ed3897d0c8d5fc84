"""The rules of work (办理规则) on the settings pages: times, the ladder, sampling, duplicates, doubts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, InvalidInput, SanchengError, Stale
from core.request import actor, db, now, require_any
from core.web.errors import fault_map, say
from core.web.paging import bad_argument
from core.web.papers.notice_words import say_kind
from core.work.papers.ladder import ADDRESSEES, Ladder, Rung
from core.work.papers.notice_kinds import KINDS
from core.work.roles import ADMINISTER, DIRECT
from core.work.tenant_settings import LADDER, MATTERS, may_set, read_kept, write_setting

blueprint = Blueprint("rules", __name__, url_prefix="/t/<slug>/settings/rules")
blueprint.before_request(asked.enter)

SPARE = 1  # empty rungs offered below those that are declared
MOST_RUNGS = 12
MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "times": N_(
            "派遣后多久不接收视为接收；到期前多久提醒；答复后多久要核查；裁定、审批、派遣多久要办；申诉多久要裁决。24 小时为一个工作日。"
        ),
        "sampling": N_("从已销号的问题里抽多少复查，多久之内查完，多久之内再发生算反复。"),
        "duplicates": N_("同一类别、相距和间隔都在这个范围内的，登记时提示可能重复。"),
        "integrity": N_("出现这些情形时提示核查人再看一眼；只提示，不自动处理。"),
        "attaining": N_(
            "一次检查得满分的百分之多少、又没有关键项不合格，这个点位在该创建项目里就算达标；改动后过去的日子也按新的算。"
        ),
        "ceiling": N_("每个社区（村）一周最多被要求做多少；超过时负担页面标出来，不自动拦下。"),
    }
)


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a section (设置数值): what it is called, what it may be, and what stands in the field."""

    name: str
    label: str
    unit: str
    least: int
    most: int
    value: str


@dataclass(frozen=True, slots=True)
class Form:
    """One section as a form (设置表单)."""

    name: str
    title: str
    meaning: str
    version: int
    numbers: tuple[Number, ...]


def read_forms(typed: Mapping[str, str], which: str) -> list[Form]:
    """The sections of numbers with their values; what was typed stays in the section that was sent."""
    found = []
    for name, matter in MATTERS.items():
        if name == LADDER:
            continue
        kept = read_kept(db(), matter.type)
        values = {one.name: str(getattr(kept.value, one.name)) for one in fields(matter.type)}
        shown = {key: typed.get(key, "") for key in values} if which == name else values
        numbers = tuple(_number(one.name, one.metadata, shown[one.name]) for one in fields(matter.type))
        found.append(Form(name, gettext(matter.title), gettext(MEANINGS[name]), kept.version, numbers))
    return found


def _number(name: str, said: Mapping[str, Any], value: str) -> Number:
    label, unit, least, most = (said[key] for key in ("label", "unit", "least", "most"))
    return Number(name, gettext(label), gettext(unit), least, most, value)


def read_rungs(typed: MultiDict[str, str]) -> list[dict[str, str]]:
    """The rungs as they were typed, each with its four fields; the empty ones too."""
    return [
        {name: typed.get(f"{name}-{n}", "") for name in ("kind", "hours", "addressee", "issues")}
        for n in range(1, MOST_RUNGS + 1)
        if f"kind-{n}" in typed
    ]


def rungs_of(ladder: Ladder) -> list[dict[str, str]]:
    """The rungs in force as the form shows them."""
    return [
        {"kind": r.kind, "hours": str(r.hours), "addressee": r.addressee, "issues": "1" if r.issues else ""}
        for r in ladder.rungs
    ]


@blueprint.get("")
@require_any(ADMINISTER, DIRECT)
def show() -> tuple[str, int]:
    """All sections, each a form of its own."""
    return _page()


@blueprint.post("")
@require_any(ADMINISTER, DIRECT)
def change() -> AnyResponse | tuple[str, int]:
    """Set one section; what is refused comes back with what was typed."""
    name = request.form.get("matter", "")
    if name not in MATTERS:
        raise bad_argument("matter", name)
    try:
        value = _ladder(request.form) if name == LADDER else _section(name, request.form)
        write_setting(db(), actor(), value, version=_whole(request.form.get("version", "")), now=now())
    except (InvalidInput, Stale) as error:
        return _page(name, error)
    flash(gettext("%(what)s已保存", what=gettext(MATTERS[name].title)), "success")
    return redirect(url_for("rules.show", _anchor=name), 303)


def _page(which: str = "", error: SanchengError | None = None) -> tuple[str, int]:
    ladder = read_kept(db(), Ladder)
    sent = which == LADDER
    rungs = read_rungs(request.form) if sent else rungs_of(ladder.value)
    empty = {"kind": "", "hours": "", "addressee": "lead", "issues": "1"}
    page = render_template(
        "settings/rules.html",
        forms=read_forms(request.form, which),
        ladder=ladder,
        active=request.form.get("active") == "1" if sent else ladder.value.active,
        rungs=[*rungs, *([empty] * SPARE if len(rungs) < MOST_RUNGS else [])] if not sent else rungs,
        kinds=[(code, say_kind(code)) for code in KINDS],
        addressees=[(code, gettext(title)) for code, (title, _) in ADDRESSEES.items()],
        which=which,
        errors=fault_map(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        may_change=may_set(db(), actor(), now()),
    )
    return page, error.status if error else 200


def _section(name: str, said: Mapping[str, str]) -> Any:
    """A section as typed; a number that the form did not have stays as it is."""
    kind = MATTERS[name].type
    kept = read_kept(db(), kind).value
    sent = (one.name for one in fields(kind) if one.name in said)
    return replace(kept, **{name: _whole(said[name]) for name in sent})


def _ladder(said: MultiDict[str, str]) -> Ladder:
    """The ladder as typed; a rung without a kind is left out."""
    rungs = [rung for rung in read_rungs(said) if rung["kind"]]
    made = (Rung(r["kind"], _whole(r["hours"], signed=True), r["addressee"], r["issues"] == "1") for r in rungs)
    return Ladder(said.get("active") == "1", tuple(made))


def _whole(said: str, *, signed: bool = False) -> int:
    """A whole number as typed; what is none is out of every range."""
    clean = said.strip().replace("\u2212", "-")
    digits = clean.removeprefix("-") if signed else clean
    return int(clean) if digits.isascii() and digits.isdigit() and len(digits) < 7 else 10**7
