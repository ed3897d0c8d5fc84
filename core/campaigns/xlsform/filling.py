"""Checking what was filled in (填报核对): hidden answers cleared, calculations done, required and constraints with their messages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from core.campaigns.xlsform.context import Place, take
from core.campaigns.xlsform.expressions import Context, columns, evaluate, holds, parse, to_text
from core.campaigns.xlsform.keys import homes_of, keys
from core.campaigns.xlsform.model import Choice, Field, Group, Placed, Repeat, Survey, Text
from core.campaigns.xlsform.pairs import CHECKED, CONFORMING
from core.campaigns.xlsform.typed import NOTHING, TEXT, Given, Misfit, read_answer, read_item
from core.errors import N_, Fault

OTHER = "other"  # the choice that or_other adds
MAX_ROWS = 200  # rows of one repeat
MAX_PASSES = 200  # rounds until nothing changes; a form without circles needs as many as its longest chain
_WHOLE = re.compile(r"-?[0-9]+", re.ASCII)
_REFERENCE = re.compile(r"\$\{\s*([^}]*?)\s*\}")


@dataclass(frozen=True, slots=True)
class Filled:
    """What became of the answers (核对结果): kept data as plain JSON values, faults, and the places that are hidden.

    ``data`` holds visible, answered fields by key; a repeat is a list of such mappings. ``hidden`` and the faults' fields
    are places such as ``stalls[2].name``, rows counted from 1.
    """

    data: dict[str, Any]
    faults: tuple[Fault, ...] = ()
    hidden: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Spot:
    """A field or repeat in one row (一处): where it is, what was given, and what formulas see now."""

    placed: Placed
    key: str
    place: str
    at: Place
    view: dict[str, Any]
    out: dict[str, Any]
    given: Given = NOTHING
    other: str = ""
    fault: Fault | None = None
    rows: int = 0
    hidden: bool = False
    computed: bool = False


@dataclass(slots=True)
class _Sheet:
    """One form being filled in (填报中的表)."""

    survey: Survey
    context: Context
    keys: Mapping[str, str]
    spots: list[_Spot] = field(default_factory=list)
    strange: list[Fault] = field(default_factory=list)


def check_answers(survey: Survey, data: Mapping[str, Any], *, now: datetime, language: str = "zh") -> Filled:
    """Check answers against a survey; ``now`` is an aware moment on the district's clock.

    ``data``: answers by key (the field's name; its path where several fields share the name), repeats as lists of mappings,
    groups flat. A scored item comes as its raw answer (``{"yes": true}``) and is kept as it is: its own rules check it.
    """
    view: dict[str, Any] = {}
    out: dict[str, Any] = {}
    labels = {f.name: {c.name: c.label.said(language) for c in survey.choices(f.choices)} for f in survey.fields()}
    context = Context(now=now, values=view, homes=homes_of(survey), choices=labels, language=language)
    sheet = _Sheet(survey, context, keys(survey))
    _lay(sheet, [p for p in survey.walk() if not p.repeats], data, view, out, "", ())
    _settle(sheet)
    faults = [*sheet.strange]
    for spot in sheet.spots:
        faults += [] if spot.hidden else _faults(sheet, spot)
        if isinstance(spot.placed.part, Repeat) and spot.hidden:
            spot.out.pop(spot.key, None)
        elif isinstance(spot.placed.part, Field) and not spot.hidden and not spot.given.empty:
            spot.out[spot.key] = spot.given.stored
            if spot.placed.part.or_other:
                spot.out[f"{spot.key}_other"] = _other(spot)
    return Filled(_pruned(out), tuple(faults), frozenset(s.place for s in sheet.spots if s.hidden))


def _lay(
    sheet: _Sheet,
    parts: Sequence[Placed],
    data: Mapping[str, Any],
    view: dict[str, Any],
    out: dict[str, Any],
    prefix: str,
    at: Place,
) -> None:
    """Put every field of one record in its place; the rows of a repeat are records of their own."""
    known = set()
    for placed in parts:
        key = sheet.keys[placed.path]
        spot = _Spot(placed, key, f"{prefix}{key}", at, view, out)
        sheet.spots.append(spot)
        known.add(key)
        if isinstance(placed.part, Repeat):
            _lay_rows(sheet, spot, data.get(key))
        elif isinstance(placed.part, Field):
            known |= {f"{key}_other"} if placed.part.or_other else set()
            _take(spot, placed.part, data)
    for key in data:
        if key not in known:
            message, remedy = N_("表里没有这一题"), N_("请按现行版本的题目填写")
            sheet.strange.append(Fault(message, f"{prefix}{key}"[:120], remedy=remedy))


def _lay_rows(sheet: _Sheet, spot: _Spot, raw: Any) -> None:
    rows = [] if raw is None else raw
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows) or len(rows) > MAX_ROWS:
        spot.fault = Fault(N_("重复组写法无效"), spot.place, remedy=N_("应为列表，最多 200 条"))
        rows = []
    path = spot.placed.path
    inside = [p for p in sheet.survey.walk() if p.repeats and p.repeats[-1] == path]
    views: list[dict[str, Any]] = [{} for _ in rows]
    outs: list[dict[str, Any]] = [{} for _ in rows]
    spot.view[spot.key], spot.out[spot.key], spot.rows = views, outs, len(rows)
    for number, row in enumerate(rows):
        place = f"{spot.place}[{number + 1}]."
        _lay(sheet, inside, row, views[number], outs[number], place, (*spot.at, (spot.placed.part.name, number)))


def _take(spot: _Spot, part: Field, data: Mapping[str, Any]) -> None:
    """Read one field's answer; a misfit is kept until it is known whether the field is visible."""
    raw = data.get(spot.key)
    spot.computed = bool(part.calculation) and (part.type == "calculate" or bool(part.read_only) or raw in (None, ""))
    try:
        spot.given = read_item(raw) if part.scoring is not None else read_answer(part, raw)
    except Misfit as misfit:
        shown = raw if isinstance(raw, str) else ""
        spot.fault = Fault(misfit.message, spot.place, None, shown[:60], "", misfit.remedy, dict(misfit.params))
    if part.or_other:
        other = data.get(f"{spot.key}_other")
        spot.other = other.strip()[:TEXT] if isinstance(other, str) else ""


def _settle(sheet: _Sheet) -> None:
    """Relevance and calculations until nothing changes: a hidden answer counts as none (隐藏的题视为未答)."""
    for _ in range(MAX_PASSES):
        changed = False
        for spot in sheet.spots:
            changed = _step(sheet, spot) or changed
        if not changed:
            return


def _step(sheet: _Sheet, spot: _Spot) -> bool:
    part = spot.placed.part
    hidden = not all(_visible(sheet, spot, one.relevant) for one in (*spot.placed.above, part))
    changed = hidden != spot.hidden
    spot.hidden = hidden
    if not isinstance(part, Field):
        return changed
    if spot.computed:
        spot.given = _calculated(sheet, spot, part)
    seen: Any = "" if hidden else spot.given.seen
    for key, value in _seen(part, spot, seen):
        changed = changed or spot.view.get(key, "") != value
        spot.view[key] = value
    return changed


def _other(spot: _Spot) -> str:
    """What was written beside the choice “other”, while that is chosen."""
    chosen = spot.given.stored if isinstance(spot.given.stored, list) else [spot.given.stored]
    return spot.other if OTHER in chosen else ""


def _seen(part: Field, spot: _Spot, seen: Any) -> Iterator[tuple[str, Any]]:
    """What formulas see of an answer under which names."""
    key = spot.key
    if part.or_other:
        yield f"{key}_other", "" if spot.hidden else _other(spot)
    if part.type == "n_of_m":
        pair = seen if isinstance(seen, Mapping) else {}
        yield from ((f"{key}_{one}", pair.get(one, "")) for one in (CONFORMING, CHECKED))
    else:
        yield key, seen.get("", "") if isinstance(seen, Mapping) else seen


def _at(sheet: _Sheet, spot: _Spot) -> Context:
    return replace(sheet.context, at=spot.at, current=spot.view.get(spot.key, ""))


def _visible(sheet: _Sheet, spot: _Spot, relevant: str) -> bool:
    return not relevant or holds(parse(relevant, "relevant"), _at(sheet, spot))


def _calculated(sheet: _Sheet, spot: _Spot, part: Field) -> Given:
    said = to_text(evaluate(parse(part.calculation, "calculation"), _at(sheet, spot)))
    if part.type == "calculate":
        return Given(said, said)
    try:
        return read_answer(part, said)
    except Misfit:
        return NOTHING


def _faults(sheet: _Sheet, spot: _Spot) -> list[Fault]:
    """What is wrong in one visible place."""
    part = spot.placed.part
    if spot.fault is not None:
        return [spot.fault]
    if isinstance(part, Repeat):
        return _check_count(sheet, spot, part)
    if isinstance(part, Group) or part.scoring is not None:
        return []
    here = _at(sheet, spot)
    if spot.given.empty:
        missing = bool(part.required) and part.type not in ("note", "calculate") and holds(parse(part.required), here)
        told = part.required_message or Text(N_("没有作答"))
        return [_said(sheet, spot, told, N_("这一题必答"))] if missing else []
    found = _check_choice(sheet, spot, part, here) if part.choices else []
    if part.constraint and not holds(parse(part.constraint, "constraint"), here):
        told = part.constraint_message or Text(N_("答案不符合本题的条件"))
        found.append(_said(sheet, spot, told, N_("请核对后改正")))
    return found


def _said(sheet: _Sheet, spot: _Spot, message: Text, remedy: str) -> Fault:
    """A fault in the form's own words, the answers that it quotes filled in."""
    said = fill_text(message.said(sheet.context.language), _at(sheet, spot))
    shown = spot.given.stored if isinstance(spot.given.stored, str | int) else ""
    return Fault(said, spot.place, None, str(shown)[:60], remedy=remedy)


def fill_text(text: str, context: Context) -> str:
    """A text with the answers that it quotes, such as ``您选了 ${shop}``."""
    return _REFERENCE.sub(lambda found: to_text(evaluate(parse(f"${{{found[1]}}}"), context)), text)


def _check_count(sheet: _Sheet, spot: _Spot, part: Repeat) -> list[Fault]:
    """A repeat with a number has as many rows."""
    if not part.count:
        return []
    said = to_text(evaluate(parse(part.count, "repeat_count"), _at(sheet, spot))) or "0"
    wanted = max(int(said), 0) if _WHOLE.fullmatch(said) else spot.rows
    if wanted == spot.rows:
        return []
    message, params = N_("应有 {wanted} 条，填了 {rows} 条"), {"wanted": wanted, "rows": spot.rows}
    return [Fault(message, spot.place, remedy=N_("请补上或删去"), params=params)]


def _check_choice(sheet: _Sheet, spot: _Spot, part: Field, here: Context) -> list[Fault]:
    """Every chosen value is on offer."""
    chosen = spot.given.stored if isinstance(spot.given.stored, list) else [spot.given.stored]
    there = {one.name for one in offered(sheet.survey, part, here)} | ({OTHER} if part.or_other else set())
    remedy = N_("请从列出的选项中选")
    return [
        Fault(N_("没有这个选项"), spot.place, None, str(one)[:60], "", remedy) for one in chosen if one not in there
    ]


def offered(survey: Survey, part: Field, context: Context) -> tuple[Choice, ...]:
    """The choices that a select offers here and now (可选项), its filter applied."""
    found = survey.choices(part.choices)
    if not part.choice_filter:
        return found
    node = parse(part.choice_filter, "choice_filter")
    blank = dict.fromkeys(columns(node), "")
    return tuple(
        one
        for one in found
        if holds(
            node, replace(context, columns=blank | {"name": one.name, "label": one.label.said()} | dict(one.attributes))
        )
    )


def _pruned(out: dict[str, Any]) -> dict[str, Any]:
    """The kept data without what was left open; rows stay, an empty one as an empty mapping."""
    kept = {}
    for key, value in out.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            kept[key] = [_pruned(row) for row in value]
        elif value not in (None, "", []):
            kept[key] = value
    return kept


def plain(value: Any) -> str:
    """An answer as one text, as exports show it: several choices with blanks between."""
    return to_text(take(value))
