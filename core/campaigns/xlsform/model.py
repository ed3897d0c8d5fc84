"""A form as its author designs it (表格设计): the words of XLSForm as a tree, every part frozen.

A survey holds fields, groups and repeats in the order they are asked. A field that earns points carries its scoring; that
part alone becomes the items of :class:`core.campaigns.catalogue.Form`. Texts are in Chinese and English; formulas stay the
text that the author wrote and are parsed by ``core.campaigns.xlsform.expressions``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

#: Types that take no answer from a person: filled by the device or by a formula, or only shown.
META = ("today", "start", "end", "deviceid", "username")
SILENT = frozenset({*META, "note", "calculate", "hidden"})
SELECTS = ("select_one", "select_multiple")
NUMBERS = ("integer", "decimal", "range")
TYPES = (
    *("text", *NUMBERS, "date", "time", "dateTime", *SELECTS, "image", "geopoint", "note", "calculate", "hidden"),
    *("n_of_m", *META),
)


@dataclass(frozen=True, slots=True)
class Text:
    """A text in both languages (中英文字); either may be empty."""

    zh: str = ""
    en: str = ""

    def __bool__(self) -> bool:
        return bool(self.zh or self.en)

    def said(self, locale: str = "zh") -> str:
        """The text in a language, else in the other one."""
        return (self.en or self.zh) if locale.startswith("en") else (self.zh or self.en)


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a list (选项). ``attributes`` are the further columns that a choice_filter reads."""

    name: str
    label: Text = Text()
    image: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ChoiceList:
    """A list of choices (选项表) that several fields may use."""

    name: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Scoring:
    """How a field earns points (计分), in the words of the checklists; the field is then an item (检查项)."""

    question: str
    mode: str
    points: Decimal
    rule: str = ""
    key: str = ""
    category: str = ""
    indicators: tuple[str, ...] = ()
    see_also: tuple[str, ...] = ()
    evidence: str = ""
    owner_role: str = ""
    working_days: int = 1
    note: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form (题目); ``relevant``, ``constraint``, ``calculation`` and ``choice_filter`` are formulas.

    ``required`` and ``read_only`` are formulas too, '' for no; ``choices`` names the list of a select; ``image`` is the
    illustration of what right looks like (图文并茂), a file name; ``media`` are two illustrations where the languages differ.
    """

    name: str
    type: str
    label: Text = Text()
    hint: Text = Text()
    required: str = ""
    required_message: Text = Text()
    relevant: str = ""
    constraint: str = ""
    constraint_message: Text = Text()
    calculation: str = ""
    default: str = ""
    choices: str = ""
    choice_filter: str = ""
    or_other: bool = False
    read_only: str = ""
    appearance: str = ""
    parameters: str = ""
    image: Text = Text()
    trigger: str = ""
    scoring: Scoring | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Questions under one heading (分组); hidden together when ``relevant`` does not hold."""

    name: str
    label: Text = Text()
    hint: Text = Text()
    relevant: str = ""
    appearance: str = ""
    children: tuple[Field | Group | Repeat | Include, ...] = ()


@dataclass(frozen=True, slots=True)
class Repeat:
    """Questions asked several times over (重复组); ``count`` is a formula for how often, '' for as often as one adds."""

    name: str
    label: Text = Text()
    hint: Text = Text()
    relevant: str = ""
    appearance: str = ""
    count: str = ""
    children: tuple[Field | Group | Repeat | Include, ...] = ()


@dataclass(frozen=True, slots=True)
class Include:
    """The place where a common block (共用部分) stands in a form."""

    block: str


Part = Field | Group | Repeat | Include


@dataclass(frozen=True, slots=True)
class Block:
    """A block of questions that several forms share (共用部分)."""

    code: str
    children: tuple[Field | Group | Repeat | Include, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """A part where it stands: the names of the groups and repeats round it, from the outside in, and its block."""

    part: Field | Group | Repeat
    above: tuple[Group | Repeat, ...] = ()
    block: str = ""

    @property
    def path(self) -> str:
        """Where it stands, such as ``stalls/stall/name``."""
        return "/".join([*(one.name for one in self.above), self.part.name])

    @property
    def repeats(self) -> tuple[str, ...]:
        """The paths of the repeats round it."""
        names = [one.name for one in self.above]
        return tuple("/".join(names[: i + 1]) for i, one in enumerate(self.above) if isinstance(one, Repeat))


@dataclass(frozen=True, slots=True)
class Survey:
    """All that a form asks (题目表), with the lists and the common blocks that it uses."""

    children: tuple[Field | Group | Repeat | Include, ...] = ()
    lists: tuple[ChoiceList, ...] = ()
    blocks: tuple[Block, ...] = ()

    def walk(self) -> Iterator[Placed]:
        """Every field, group and repeat in the order asked, common blocks laid out."""
        yield from _walk(self.children, (), "", {b.code: b for b in self.blocks})

    def fields(self) -> tuple[Field, ...]:
        """Every field in the order asked."""
        return tuple(p.part for p in self.walk() if isinstance(p.part, Field))

    def items(self) -> tuple[Field, ...]:
        """The fields that earn points (检查项)."""
        return tuple(f for f in self.fields() if f.scoring is not None)

    def choices(self, name: str) -> tuple[Choice, ...]:
        """The choices of a list; none when there is no such list."""
        return next((one.choices for one in self.lists if one.name == name), ())


def _walk(
    parts: tuple[Field | Group | Repeat | Include, ...],
    above: tuple[Group | Repeat, ...],
    block: str,
    blocks: dict[str, Block],
) -> Iterator[Placed]:
    for part in parts:
        if isinstance(part, Include):
            found = blocks.get(part.block)
            if found is not None and not block:
                yield from _walk(found.children, above, part.block, blocks)
            continue
        yield Placed(part, above, block)
        if isinstance(part, Group | Repeat):
            yield from _walk(part.children, (*above, part), block, blocks)


@dataclass(frozen=True, slots=True)
class Design:
    """A whole form as designed (表格): its head from the sheet settings, and its survey.

    ``settings`` keeps the further settings that ODK knows (style, instance_name ...), as pairs.
    """

    code: str
    title: Text
    survey: Survey
    site_types: tuple[str, ...] = ()
    campaign: str = ""
    version: str = ""
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing found in a workbook (意见): ``severity`` is error (refused), warning or info.

    ``message`` and ``remedy`` are Chinese source texts with placeholders of ``params``; ``column`` is the title in the sheet.
    """

    severity: str
    message: str
    sheet: str = ""
    row: int | None = None
    column: str = ""
    value: str = ""
    remedy: str = ""
    params: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        """The remark as one Chinese line."""
        place = " ".join(p for p in (self.sheet, f"第{self.row}行" if self.row else "", self.column) if p)
        said, cure = (one.format(**dict(self.params)) for one in (self.message, self.remedy))
        shown = f"（{self.value}）" if self.value else ""
        return f"{place + '：' if place else ''}{said}{shown}{'。' + cure if cure else ''}"


@dataclass(frozen=True, slots=True)
class Read:
    """What became of a workbook (读取结果): the design when it is accepted, and everything that was found."""

    design: Design | None
    findings: tuple[Remark, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the workbook can be used."""
        return self.design is not None

    @property
    def errors(self) -> tuple[Remark, ...]:
        """What stands in the way."""
        return tuple(one for one in self.findings if one.severity == "error")
