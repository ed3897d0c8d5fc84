"""Rows become a tree (题目树): groups and repeats closed where they were opened, common blocks folded, pairs put together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from core.campaigns.xlsform.limits import MAX_DEPTH
from core.campaigns.xlsform.lines import read_field, read_group
from core.campaigns.xlsform.model import Block, Field, Group, Include, Part, Repeat, Text
from core.campaigns.xlsform.pairs import pair_of
from core.campaigns.xlsform.sheets import Line
from core.campaigns.xlsform.words import Told, read_type
from core.errors import N_

_SKIPPED = frozenset({"yes", "true", "true()"})
_WORDS = {"group": "group", "repeat": "repeat", "loop": "loop"}


@dataclass(slots=True)
class Node:
    """A part on its way (题目节点): without its children in itself, beside the row that it comes from."""

    part: Part
    line: Line
    children: list[Node] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The part's name; a block's code."""
        return self.part.block if isinstance(self.part, Include) else self.part.name

    def whole(self) -> Part:
        """The part with its children; a common block keeps them to itself."""
        if isinstance(self.part, Group | Repeat):
            return replace(self.part, children=tuple(one.whole() for one in self.children))
        return self.part


@dataclass(slots=True)
class _Open:
    """A group or repeat that is not closed yet."""

    kind: str
    line: Line
    children: list[Node]


def grow(lines: Iterable[Line], settings: dict[str, str]) -> list[Node]:
    """The tree of a sheet; ``settings`` takes what old workbooks write into the survey itself (set form title)."""
    top: list[Node] = []
    stack: list[_Open] = []
    for line in lines:
        told = _told(line)
        if told is None:
            continue
        children = stack[-1].children if stack else top
        if told.kind == "begin":
            _begin(line, told, children, stack)
        elif told.kind == "end":
            _end(line, told, stack)
        elif told.kind == "setting":
            settings[told.type] = line.text("name") or line.text("label")
        elif told.kind == "include":
            children.append(Node(Include(line.text("name")), line))
        elif told.kind == "field":
            children.append(Node(read_field(line, told), line))
    for left in stack:
        message = N_("begin {kind} 没有对应的 end {kind}")
        left.line.error("type", message, N_("请在这一组的末尾加一行 end {kind}"), kind=_WORDS[left.kind])
    return _paired(top)


def _told(line: Line) -> Told | None:
    """What a row is; None for a row that is skipped or refused."""
    if line.text("disabled").lower() in _SKIPPED:
        line.tell("disabled", N_("这一行已停用（disabled），已略过"))
        return None
    said = line.text("type")
    if not said and line.has("name", "label"):
        line.error("type", N_("缺少题型（type）"), N_("请填题型，例如 text、integer、select_one 选项表"))
        return None
    if not said:
        line.tell("type", N_("没有题型和题目，当作说明行略过"))
        return None
    told = read_type(said)
    if told.kind == "unsupported" or told.type == "loop":
        remedy = N_(
            "可用：text、integer、decimal、range、date、time、dateTime、select_one、select_multiple、image、geopoint、note、calculate、hidden、n_of_m、group、repeat"
        )
        line.error("type", N_("不支持题型 {type}"), remedy, type=said)
        return told if told.type == "loop" else None
    return told


def _begin(line: Line, told: Told, children: list[Node], stack: list[_Open]) -> None:
    if len(stack) == MAX_DEPTH:
        line.error("type", N_("分组套得过深，最多 {most} 层"), N_("请减少层次"), most=MAX_DEPTH)
    node = Node(read_group(line, told), line)
    if len(stack) <= MAX_DEPTH:
        children.append(node)
    stack.append(_Open(told.type, line, node.children))


def _end(line: Line, told: Told, stack: list[_Open]) -> None:
    if not stack:
        message = N_("end {kind} 没有对应的 begin {kind}")
        line.error("type", message, N_("请删去这一行，或补上 begin {kind}"), kind=_WORDS[told.type])
        return
    opened = stack.pop()
    if opened.kind != told.type:
        message, remedy = N_("第 {first} 行打开的是 {opened}，这里却是 end {kind}"), N_("请改成 end {opened}")
        words = {"first": opened.line.number, "opened": _WORDS[opened.kind], "kind": _WORDS[told.type]}
        line.error("type", message, remedy, **words)


def _paired(nodes: list[Node]) -> list[Node]:
    """Groups marked as n_of_m become one field again (合格数与检查数)."""
    return [_pair(one) for one in nodes]


def _pair(node: Node) -> Node:
    node.children = _paired(node.children)
    mark = node.line.text("sancheng")
    if not isinstance(node.part, Group) or mark != "n_of_m":
        return node
    found = {one.name: one.part for one in node.children if isinstance(one.part, Field)}
    item = replace(read_field(node.line, Told("field", "n_of_m")), constraint="", appearance="")
    usual = pair_of(item)
    if set(found) != {one.name for one in usual} or {one.type for one in found.values()} != {"integer"}:
        names = {"first": usual[0].name, "second": usual[1].name}
        message, remedy = N_("n_of_m 的分组里应只有 {first} 和 {second} 两个整数题"), N_("请照导出的样子保留这两行")
        node.line.error("sancheng", message, remedy, **names)
        return node
    item = replace(item, required=found[usual[0].name].required)
    if tuple(found[one.name] for one in pair_of(item)) != pair_of(item):
        node.line.warn("sancheng", N_("检查数与合格数两题的文字和条件由系统给出，改动已略过"))
    return Node(item, node.line)


def gather_blocks(lines: Iterable[Line], settings: dict[str, str]) -> dict[str, list[Node]]:
    """The trees of the sheet blocks (共用部分), by code."""
    rows: dict[str, list[Line]] = {}
    for line in lines:
        code = line.text("block")
        if code:
            rows.setdefault(code, []).append(line)
        else:
            line.error("block", N_("没有写属于哪个共用部分"), N_("请在 block 列填共用部分的代码"))
    return {code: grow(one, settings) for code, one in rows.items()}


def fold_blocks(nodes: list[Node], blocks: dict[str, list[Node]], *, inside: bool = False) -> list[Node]:
    """Neighbouring rows that carry the same block's code become its place; the block is noted in ``blocks``."""
    found: list[Node] = []
    for node in nodes:
        code = node.line.text("block")
        last = found[-1] if found else None
        if code and not inside and not isinstance(node.part, Include):
            node.children = fold_blocks(node.children, blocks, inside=True)
            if last is not None and isinstance(last.part, Include) and last.line.text("block") == code:
                blocks[code].append(node)
                continue
            if code in blocks:
                message, remedy = (
                    N_("共用部分 {block} 的行没有放在一起"),
                    N_("请把 block 列相同的行排在一起，只出现一次"),
                )
                node.line.error("block", message, remedy, block=code)
                continue
            blocks[code] = [node]
            found.append(Node(Include(code), node.line))
        else:
            node.children = fold_blocks(node.children, blocks, inside=inside)
            found.append(node)
    return found


def lay_out(nodes: list[Node], blocks: Mapping[str, list[Node]], shared: Mapping[str, Block]) -> None:
    """Give each place of a block the block's own rows as children, so that what is checked is what is asked."""
    for node in nodes:
        if not isinstance(node.part, Include):
            lay_out(node.children, blocks, shared)
        elif node.name in blocks:
            node.children = blocks[node.name]
            for inner in walk(node.children):
                if isinstance(inner.part, Include):
                    inner.line.error("type", N_("共用部分里不能再包含共用部分"), N_("请把题目直接写进来"))
        elif node.name in shared:
            node.children = [_known(part, node.line) for part in shared[node.name].children]
        else:
            message, remedy = N_("没有共用部分 {block}"), N_("请在 blocks 表里写出它的题目")
            node.line.error("name", message, remedy, block=node.name)


def _known(part: Part, line: Line) -> Node:
    """A part of a block that the district has already, standing at the row that includes it."""
    if isinstance(part, Group | Repeat):
        return Node(replace(part, children=()), line, [_known(one, line) for one in part.children])
    return Node(part, line)


def walk(nodes: Iterable[Node]) -> Iterator[Node]:
    """Every node, the outer before the inner."""
    for node in nodes:
        yield node
        yield from walk(node.children)


def texts_of(node: Node) -> tuple[tuple[str, Text], ...]:
    """The texts that a person reads, by column."""
    if isinstance(node.part, Include):
        return ()
    found = (("label", node.part.label), ("hint", node.part.hint))
    if isinstance(node.part, Field):
        messages = (
            ("constraint_message", node.part.constraint_message),
            ("required_message", node.part.required_message),
        )
        return found + messages
    return found
