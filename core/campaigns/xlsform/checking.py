"""What holds across the rows of a form (表格核对): names, references, formulas, and calculations that go round in circles."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from core.campaigns.xlsform.expressions import BadFormula, columns, names, parse
from core.campaigns.xlsform.limits import MAX_FIELDS
from core.campaigns.xlsform.lines import is_formula
from core.campaigns.xlsform.model import ChoiceList, Field, Group, Include, Repeat
from core.campaigns.xlsform.pairs import implied_names
from core.campaigns.xlsform.sheets import Line, Remarks
from core.campaigns.xlsform.tokens import is_name
from core.campaigns.xlsform.tree import Node, texts_of, walk
from core.errors import N_

_FORMULAS = ("relevant", "required", "constraint", "calculation", "read_only", "choice_filter")
_REFERENCE = re.compile(r"\$\{\s*([^}]*?)\s*\}")
#: Columns that every list of choices has for a filter
_ALWAYS = frozenset({"name", "label"})


@dataclass(slots=True)
class Ground:
    """What formulas may refer to (可引用的名字): how often each name occurs, and the lists of choices."""

    names: Counter[str] = field(default_factory=Counter)
    lists: Mapping[str, ChoiceList] = field(default_factory=dict)
    known: frozenset[str] = frozenset()


def check_survey(nodes: list[Node], lists: Mapping[str, ChoiceList], remarks: Remarks) -> None:
    """Note everything that does not hold."""
    ground = Ground(lists=lists)
    for node in walk(nodes):
        if not isinstance(node.part, Include):
            ground.names.update([node.name, *_implied(node)])
    if not remarks.refused and not any(isinstance(node.part, Field) for node in walk(nodes)):
        remarks.add("error", N_("没有题目"), N_("请在 survey 表里至少写一道题"), sheet="survey")
    if ground.names.total() > MAX_FIELDS:
        remarks.add("error", N_("题目过多"), N_("一张表最多 5000 题，请分成几张表"), sheet="survey")
        return
    _check_siblings(nodes)
    _check_repeats(nodes)
    _check_items(nodes, repeated=False)
    for node in walk(nodes):
        if isinstance(node.part, Field):
            _check_field(node, node.part, ground)
        elif isinstance(node.part, Group | Repeat):
            _check_group(node, node.part, ground)
        _check_texts(node, ground)
    _check_circles(nodes)


def _implied(node: Node) -> tuple[str, ...]:
    """The names that come along: those of a field, and where ODK keeps the number that a repeat's formula gives."""
    if isinstance(node.part, Repeat) and node.part.count and not _REFERENCE.fullmatch(node.part.count):
        return (f"{node.part.name}_count",)
    return implied_names(node.part) if isinstance(node.part, Field) else ()


def _check_siblings(nodes: list[Node]) -> None:
    """Names are used once under one heading; blocks stand on the level where they are included."""
    seen: dict[str, int] = {}
    for node in _level(nodes):
        for name in (node.name, *_implied(node)):
            first = seen.setdefault(name, node.line.number)
            if first != node.line.number:
                message = N_("题目名 {name} 重复：第 {first} 行已用过")
                node.line.error("name", message, N_("请换一个名字"), name=name, first=first)
        _check_siblings(node.children)


def _check_repeats(nodes: list[Node]) -> None:
    """A repeat's name occurs once in the whole form: its rows are kept under it."""
    seen: dict[str, int] = {}
    for node in walk(nodes):
        first = seen.setdefault(node.name, node.line.number) if isinstance(node.part, Repeat) else node.line.number
        if first != node.line.number:
            message = N_("题目名 {name} 重复：第 {first} 行已用过")
            node.line.error("name", message, N_("请换一个名字"), name=node.name, first=first)


def _level(nodes: Iterable[Node]) -> Iterable[Node]:
    for node in nodes:
        if isinstance(node.part, Include):
            yield from _level(node.children)
        else:
            yield node


def _check_items(nodes: list[Node], *, repeated: bool) -> None:
    """An item is answered once a visit: not in a repeat; its code and its question occur once."""
    seen: dict[tuple[str, str], int] = {}
    _items(nodes, repeated, seen)


def _items(nodes: list[Node], repeated: bool, seen: dict[tuple[str, str], int]) -> None:
    for node in nodes:
        part = node.part
        if isinstance(part, Field) and part.scoring is not None:
            if repeated:
                node.line.error("mode", N_("重复组里的题目不能计分"), N_("请把计分的题目移到重复组外面"))
            for key, value in (("name", part.name), ("question", part.scoring.question)):
                first = seen.setdefault((key, value), node.line.number)
                if first != node.line.number:
                    message = N_("{value} 已在第 {first} 行用过")
                    node.line.error(
                        key, message, N_("每个检查项、每个观测项在一张表里只用一次"), value=value, first=first
                    )
        _items(node.children, repeated or isinstance(part, Repeat), seen)


def _check_group(node: Node, part: Group | Repeat, ground: Ground) -> None:
    if not node.children:
        node.line.warn("type", N_("分组里没有题目"))
    _check_formula(node.line, "relevant", part.relevant, ground)
    if isinstance(part, Repeat):
        _check_formula(node.line, "repeat_count", part.count, ground)


def _check_field(node: Node, part: Field, ground: Ground) -> None:
    for key in _FORMULAS:
        _check_formula(node.line, key, getattr(part, key), ground, part)
    if is_formula(part.default):
        _check_formula(node.line, "default", part.default, ground)
    for name in filter(None, (one.strip() for one in part.trigger.split(","))):
        found = _REFERENCE.fullmatch(name)
        _check_name(node.line, "trigger", found[1] if found else name, ground)


def _check_formula(line: Line, key: str, text: str, ground: Ground, part: Field | None = None) -> None:
    if not text:
        return
    try:
        node = parse(text, key)
    except BadFormula as bad:
        fault = bad.faults[0]
        line.error(key, fault.message, fault.remedy, value=text, **fault.params)
        return
    for name in names(node):
        _check_name(line, key, name, ground)
    if key == "choice_filter" and part is not None and part.choices in ground.lists:
        found = ground.lists[part.choices].choices
        there = _ALWAYS | {column for one in found for column, _ in one.attributes}
        for column in columns(node):
            if column not in there:
                message, remedy = N_("选项表 {list} 没有 {attribute} 列"), N_("请在 choices 表加这一列，或改筛选条件")
                line.warn(key, message, remedy, value=text, list=part.choices, attribute=column)


def _check_name(line: Line, key: str, name: str, ground: Ground) -> None:
    if not is_name(name):
        line.error(key, N_("题目引用写法有误"), N_("请写成 ${{name}}"), value=name)
    elif ground.names[name] == 0:
        near = {one.lower(): one for one in ground.names}.get(name.lower())
        remedy = N_("是否应为 {near}") if near else N_("请核对题目名，大小写也要一致")
        line.error(key, N_("没有题目 {name}"), remedy, value=f"${{{name}}}", name=name, near=near or "")
    elif ground.names[name] > 1:
        message, remedy = N_("有几道题都叫 {name}，不知道指哪一道"), N_("被引用的题目请用不重复的名字")
        line.error(key, message, remedy, value=f"${{{name}}}", name=name)


def _check_texts(node: Node, ground: Ground) -> None:
    """Answers that a text quotes, such as ``您选了 ${shop}``."""
    for key, text in texts_of(node):
        for name in dict.fromkeys(_REFERENCE.findall(f"{text.zh} {text.en}")):
            if not name.startswith("last-saved#"):
                _check_name(node.line, key, name, ground)
            else:
                node.line.error(key, N_("不支持引用上一份记录的答案（{name}）"), N_("请改引用本表的题目"), name=name)


def _check_circles(nodes: list[Node]) -> None:
    """No calculation may wait for its own result (循环计算)."""
    lines: dict[str, Line] = {}
    waits: dict[str, tuple[str, ...]] = {}
    _collect(nodes, lines, waits, repeated=False)
    for circle in _circles(waits):
        said = " → ".join([*circle, circle[0]])
        line = lines[circle[0]]
        key = "calculation" if line.has("calculation") else "relevant"
        line.error(key, N_("公式互相等待：{circle}"), N_("请改掉其中一个公式"), value=said, circle=said)


def _collect(nodes: list[Node], lines: dict[str, Line], waits: dict[str, tuple[str, ...]], *, repeated: bool) -> None:
    for node in nodes:
        part = node.part
        if isinstance(part, Field):
            found = [*_names_of(part.calculation, "calculation"), *_names_of(part.relevant, "relevant")]
            waits[part.name] = tuple(name for name in found if not (repeated and name == part.name))
            lines[part.name] = node.line
        _collect(node.children, lines, waits, repeated=repeated or isinstance(part, Repeat))


def _names_of(text: str, key: str) -> tuple[str, ...]:
    try:
        return names(parse(text, key)) if text else ()
    except BadFormula:
        return ()


def _circles(waits: Mapping[str, tuple[str, ...]]) -> list[list[str]]:
    """One circle of each knot of names that wait for one another; walked without recursion, forms may be long chains."""
    found: list[list[str]] = []
    done: set[str] = set()
    for start in waits:
        path: list[str] = []
        steps: list[tuple[str, int]] = [(start, 0)]
        while steps:
            name, at = steps.pop()
            if at == 0:
                if name in done:
                    continue
                path.append(name)
            following = waits.get(name, ())
            if at < len(following):
                steps.append((name, at + 1))
                onward = following[at]
                if onward in path:
                    found.append(path[path.index(onward) :])
                elif onward in waits:
                    steps.append((onward, 0))
            else:
                path.pop()
                done.add(name)
    return list({frozenset(one): one for one in found}.values())
