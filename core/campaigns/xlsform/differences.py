"""What changed between two versions of a form (版本差异), item by item, in words an administrator checks before publishing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from core.campaigns.xlsform.model import Choice, Design, Field, Group, Placed, Repeat, Scoring, Survey, Text
from core.errors import N_

#: What a part's attribute is called to people
TITLES: Mapping[str, str] = {
    "type": N_("题型"),
    "label": N_("题目文字"),
    "hint": N_("提示"),
    "required": N_("必答"),
    "required_message": N_("没答时的提示"),
    "relevant": N_("出现条件"),
    "constraint": N_("答案条件"),
    "constraint_message": N_("不满足条件时的提示"),
    "calculation": N_("计算公式"),
    "default": N_("预填"),
    "choices": N_("选项"),
    "choice_filter": N_("选项筛选"),
    "or_other": N_("可填其他"),
    "read_only": N_("只读"),
    "appearance": N_("外观"),
    "parameters": N_("参数"),
    "image": N_("示范图"),
    "trigger": N_("触发"),
    "count": N_("重复次数"),
    "place": N_("位置"),
    "block": N_("共用部分"),
    "question": N_("观测项"),
    "mode": N_("计分方式"),
    "points": N_("分值"),
    "rule": N_("计分规则"),
    "key": N_("关键项"),
    "category": N_("问题类别"),
    "indicators": N_("指标"),
    "see_also": N_("另见"),
    "evidence": N_("凭据"),
    "owner_role": N_("责任角色"),
    "working_days": N_("工作日"),
    "note": N_("备注"),
    "code": N_("表格代码"),
    "title": N_("表名"),
    "site_types": N_("点位类型"),
    "campaign": N_("创建项目"),
}
#: What changes the answers of a record or its score, rather than only its words
_WEIGHTY = frozenset(
    {
        "type",
        "choices",
        "relevant",
        "constraint",
        "calculation",
        "question",
        "mode",
        "points",
        "rule",
        "key",
        "required",
    }
)


_NO_TEXT = Text()


@dataclass(frozen=True, slots=True)
class Difference:
    """One change (差异): ``kind`` is added, removed, changed, moved or form (the form's own head).

    ``name`` is the field's path, ``column`` the attribute (a key of TITLES), ``before`` and ``after`` are its values as text;
    ``weighty`` when answers or points are concerned and not words alone.
    """

    kind: str
    name: str
    label: Text = _NO_TEXT
    column: str = ""
    before: str = ""
    after: str = ""
    weighty: bool = False


def differences(old: Design, new: Design) -> tuple[Difference, ...]:
    """Every change from the old version to the new one, in the order of the new form, what is gone at the end."""
    before, after = _placed(old.survey), _placed(new.survey)
    found = list(_head(old, new))
    for path, one in after.items():
        if path not in before:
            found.append(Difference("added", path, one.part.label, after=_summary(one), weighty=True))
        else:
            found += _changes(path, before[path], one, old.survey, new.survey)
    found += _moves(before, after)
    gone = [path for path in before if path not in after]
    found += [
        Difference("removed", path, before[path].part.label, before=_summary(before[path]), weighty=True)
        for path in gone
    ]
    return tuple(found)


def _placed(survey: Survey) -> dict[str, Placed]:
    return {one.path: one for one in survey.walk()}


def _head(old: Design, new: Design) -> Iterator[Difference]:
    for key in ("code", "title", "site_types", "campaign"):
        was, now = _said(getattr(old, key)), _said(getattr(new, key))
        if was != now:
            yield Difference("form", "", new.title, key, was, now, key != "title")


def _summary(one: Placed) -> str:
    part = one.part
    if not isinstance(part, Field):
        return "repeat" if isinstance(part, Repeat) else "group"
    return f"{part.type} {part.choices}".strip()


def _changes(path: str, was: Placed, now: Placed, old: Survey, new: Survey) -> Iterator[Difference]:
    """The attributes of one part that are not what they were."""
    before, after = _attributes(was, old), _attributes(now, new)
    for key in dict.fromkeys([*before, *after]):
        one, other = before.get(key, ""), after.get(key, "")
        if one != other:
            yield Difference("changed", path, now.part.label, key, one, other, key in _WEIGHTY)


def _attributes(placed: Placed, survey: Survey) -> dict[str, str]:
    """A part as texts by attribute; the choices of a select in full, so that a changed list shows at its fields."""
    part: Field | Group | Repeat = placed.part
    found = {"block": placed.block}
    for one in fields(part):
        if one.name not in ("name", "children", "scoring"):
            found[one.name] = _said(getattr(part, one.name))
    if isinstance(part, Field):
        found["choices"] = "；".join(_choice(one) for one in survey.choices(part.choices))
        if part.scoring is not None:
            found |= {one.name: _said(getattr(part.scoring, one.name)) for one in fields(Scoring)}
    else:
        found["type"] = _summary(placed)
    return found


def _choice(one: Choice) -> str:
    filters = "".join(f" {key}={value}" for key, value in one.attributes)
    return f"{one.name} {_said(one.label)}{filters}"


def _said(value: object) -> str:
    if isinstance(value, Text):
        return " / ".join(filter(None, (value.zh, value.en)))
    if isinstance(value, tuple):
        return ";".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else ""
    return str(value)


def _moves(before: Mapping[str, Placed], after: Mapping[str, Placed]) -> list[Difference]:
    """Parts that stand elsewhere among those that both versions have: the fewest that explain the new order."""
    old = [path for path in before if path in after]
    new = [path for path in after if path in before]
    stay = _longest(old, new)
    return [
        Difference("moved", path, after[path].part.label, "place", str(old.index(path) + 1), str(number))
        for number, path in enumerate(new, 1)
        if path not in stay
    ]


def _longest(old: list[str], new: list[str]) -> frozenset[str]:
    """The longest run of parts in the same order in both (patience): what did not move."""
    rank = {path: number for number, path in enumerate(old)}
    tails: list[str] = []
    before: dict[str, str | None] = {}
    for path in new:
        low, high = 0, len(tails)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if rank[tails[middle]] < rank[path] else (low, middle)
        before[path] = tails[low - 1] if low else None
        tails[low : low + 1] = [path]
    found, at = set(), tails[-1] if tails else None
    while at is not None:
        found.add(at)
        at = before[at]
    return frozenset(found)
