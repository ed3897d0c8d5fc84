"""Card schemes on the pages (亮牌办法): the list, one in plain words, and the form that officials fill, from a template on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound, SanchengError, Stale
from core.request import actor, db, now, require, require_any, today
from core.web.errors import fault_map, say_fault
from core.web.marks import card_words as words
from core.web.marks.card_form import COLOURS, LEAGUES, NAMED, STREAKS, body_of, faults_by_field, values_of, who_of
from core.web.marks.cards import enter
from core.web.paging import bad_argument, read_id
from core.web.places.site_words import type_options, unit_options
from core.web.running import running, title_of
from core.web.words import by_locale, counted, say_kind
from core.work.marks.card_rules import BOUNDS, CLASSES, EFFECTS, MEASURES, PERIODS, PLACE_RULES, TONES
from core.work.marks.card_schemes import (
    ACTIVE,
    DRAFT,
    RETIRED,
    STATE_MOVES,
    find_scheme,
    keep_scheme,
    list_schemes,
    move_scheme,
    require_editor,
)
from core.work.marks.card_templates import TEMPLATES
from core.work.roles import ADMINISTER, DIRECT, SEE
from tenants.access import root_unit

blueprint = Blueprint("card_schemes", __name__, url_prefix="/t/<slug>/cards/schemes")
blueprint.before_request(enter)

LONGEST_TEXT = 60_000  # characters of a scheme as text (ours)
WINDOWS = (7, 30, 90)  # days that are offered (ours)
TOGETHER = ("community,village", "department,hq")  # kinds that are compared as one line


@blueprint.get("")
@require(SEE)
def show_list() -> str:
    """The schemes that there are, and the templates to start from."""
    return render_template(
        "cards/schemes.html",
        schemes=list_schemes(db(), actor(), today(), states=(ACTIVE, DRAFT, RETIRED)),
        templates=[(key, gettext(title), _labels(body)) for key, (title, body) in TEMPLATES.items()],
        may_write=_may_write(),
        words=words,
    )


def _labels(body: Mapping[str, Any]) -> str:
    return gettext("、").join(by_locale(one["label"], one["label_en"]) for one in body["colours"])


def _may_write() -> bool:
    return bool({DIRECT, ADMINISTER} & actor().verbs)


@blueprint.get("/<uuid:scheme_id>")
@require(SEE)
def show(scheme_id: UUID) -> str:
    """One scheme in plain words."""
    kept = find_scheme(db(), actor(), scheme_id, today())
    return render_template(
        "cards/scheme.html",
        kept=kept,
        moves=[(verb, title) for verb, (sources, _, title) in STATE_MOVES.items() if kept.row.state in sources],
        who=[(league, say_who(who_of(raw, n))) for n, (league, raw) in enumerate(_leagues(kept.scheme, kept.row.body))],
        text=json.dumps(kept.row.body, ensure_ascii=False, indent=2),
        words=words,
    )


def _leagues(scheme: words.Scheme, body: Mapping[str, Any]) -> list[tuple[words.League, Mapping[str, Any]]]:
    return list(zip(scheme.leagues, body["leagues"], strict=True))


def say_who(who: str) -> str:
    """A league's members in words."""
    kind, _, members = who.partition(":")
    if kind == "kinds":
        return gettext("、").join(say_kind(one) for one in members.split(","))
    if kind == "types":
        known = dict(type_options())
        return gettext("、").join(known.get(one, one) for one in members.split(","))
    return gettext("指定名单")


@blueprint.get("/new")
@require_any(DIRECT, ADMINISTER)
def ask() -> str:
    """The form for a new scheme, filled from a template if one is named."""
    name = request.args.get("template", "")
    if name and name not in TEMPLATES:
        raise NotFound
    body = TEMPLATES[name][1] if name else {"colours": [], "leagues": [], "period": "ten_day"}
    return _form(body, None)


@blueprint.get("/<uuid:scheme_id>/edit")
@require_any(DIRECT, ADMINISTER)
def edit(scheme_id: UUID) -> str:
    """The form for the next version of a scheme."""
    kept = find_scheme(db(), actor(), scheme_id, today())
    require_editor(db(), actor(), kept.row.unit_id, today())
    return _form(kept.row.body, kept)


def _form(body: Mapping[str, Any], kept: Any, error: SanchengError | None = None) -> str:
    typed = dict(request.form.items()) if error else {}
    text = typed.get("text") or json.dumps(body, ensure_ascii=False, indent=2)
    return render_template(
        "cards/scheme_form.html",
        kept=kept,
        values=values_of(body) | typed,
        text=text,
        as_text=request.values.get("as") == "text",
        units=_units(),
        root=str(root_unit(db()).id),
        errors=faults_by_field(fault_map(error)) if error else {},
        faults=_said(error) if error else [],
        options=_options(body),
        filled=max(2, len(body.get("colours") or ())),
        rows=(range(LEAGUES), range(COLOURS), range(STREAKS)),
        effects=EFFECTS,
        longest=LONGEST_TEXT,
        words=words,
    )


def _said(error: SanchengError) -> list[tuple[str, str]]:
    named = [(next(iter(faults_by_field({one.field: ""})), ""), say_fault(one)) for one in error.faults]
    return named or [("", words.say_refusal(error))]


def _units() -> list[tuple[str, str]]:
    """The units for which this person may write schemes."""
    found = dict(unit_options(db(), actor(), today(), DIRECT)) | dict(unit_options(db(), actor(), today(), ADMINISTER))
    return list(found.items())


def _options(body: Mapping[str, Any]) -> dict[str, list[tuple[str, ...]]]:
    """Everything that there is to choose."""
    groups = {"findings": gettext("问题整改"), "scores": gettext("考核得分"), "progress": gettext("任务进度")}
    kinds = [*(kind for kind in CLASSES if not any(kind in two.split(",") for two in TOGETHER)), *TOGETHER]
    who = [(f"kinds:{kind}", say_who(f"kinds:{kind}"), gettext("单位")) for kind in kinds]
    who += [(f"types:{code}", name, gettext("点位")) for code, name in type_options()]
    known = {code for code, *_ in who}
    for n, one in enumerate(body.get("leagues") or ()):
        code = who_of(one, n)
        if code not in known:
            group = (
                gettext("单位")
                if code.startswith("kinds")
                else gettext("名单")
                if code.startswith(NAMED)
                else gettext("点位")
            )
            who.insert(0, (code, say_who(code), group))
    tones = [(tone, gettext(words.TONES[tone])) for tone in TONES]
    own = [
        (one["code"], one.get("label", one["code"]))
        for one in body.get("colours") or ()
        if one.get("code") not in TONES
    ]
    return {
        "periods": [(one, gettext(words.PERIOD_WORDS[one])) for one in PERIODS],
        "measures": [(one.code, gettext(one.title_zh), groups[one.basis]) for one in MEASURES.values()],
        "windows": _windows(body),
        "campaigns": [(one.key, title_of(one)) for one in running()],
        "who": who,
        "tones": tones,
        "colours": own + tones,
        "rules": [(rule, gettext(words.RULES[rule])) for rule in PLACE_RULES],
        "bounds": [(bound, gettext(words.BOUNDS[bound])) for bound in BOUNDS],
    }


def _windows(body: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """What a rank may look back on; a number of days of one's own stays on the list."""
    days = sorted({*WINDOWS, *([body["window"]] if isinstance(body.get("window"), int) else [])})
    named = [("period", gettext("本期第一天至当天")), ("day", gettext("当天"))]
    return named + [(str(one), counted("最近 %(n)s 天", n=one)) for one in days]


@blueprint.post("")
@require_any(DIRECT, ADMINISTER)
def add() -> AnyResponse | tuple[str, int]:
    """Keep a new scheme as a draft."""
    unit_id = read_id(request.form.get("unit", ""), "unit")
    return _keep({}, None, unit_id=unit_id)


@blueprint.post("/<uuid:scheme_id>/edit")
@require_any(DIRECT, ADMINISTER)
def change(scheme_id: UUID) -> AnyResponse | tuple[str, int]:
    """Keep the next version of a scheme."""
    kept = find_scheme(db(), actor(), scheme_id, today())
    require_editor(db(), actor(), kept.row.unit_id, today())
    version = request.form.get("version", "")
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise bad_argument("version", version)
    return _keep(kept.row.body, kept, unit_id=kept.row.unit_id, scheme_id=scheme_id, version=int(version))


def _keep(before: Mapping[str, Any], kept: Any, **where: Any) -> AnyResponse | tuple[str, int]:
    body: Mapping[str, Any] = before
    try:
        body = _read_text() if request.form.get("as") == "text" else body_of(request.form, before)
        row = keep_scheme(db(), actor(), body, now=now(), **where)
    except (InvalidInput, Stale) as error:
        return _form(body, kept, error), error.status
    said = gettext("办法已保存为第 %(n)s 版", n=row.version)
    if row.state == DRAFT:
        said = gettext("办法已保存为草稿，核对之后开始执行")
    flash(said)
    return redirect(url_for("card_schemes.show", scheme_id=row.id), 303)


def _read_text() -> Any:
    """A scheme written as text. Raises InvalidInput where it is no JSON."""
    text = request.form.get("text", "")
    if len(text) > LONGEST_TEXT:
        raise InvalidInput(faults=[Fault(N_("文字过长或含有控制字符"), "text", remedy=N_("请缩短"))])
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        fault = Fault(
            N_("第 {line} 行不是有效的 JSON"), "text", remedy=N_("请核对逗号、引号和括号"), params={"line": line}
        )
        raise InvalidInput(faults=[fault]) from error


@blueprint.post("/<uuid:scheme_id>/move")
@require_any(DIRECT, ADMINISTER)
def move(scheme_id: UUID) -> AnyResponse:
    """Put a scheme into force, or retire it."""
    version = request.form.get("version", "")
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise bad_argument("version", version)
    try:
        row = move_scheme(db(), actor(), scheme_id, request.form.get("verb", ""), version=int(version), now=now())
    except (Conflict, Stale) as error:
        flash(words.say_refusal(error), "error")
    else:
        flash(
            gettext(
                "%(name)s：%(step)s",
                name=words.say_title(find_scheme(db(), actor(), row.id, today()).scheme),
                step=words.say_scheme_state(row.state),
            )
        )
    return redirect(url_for("card_schemes.show", scheme_id=scheme_id), 303)
