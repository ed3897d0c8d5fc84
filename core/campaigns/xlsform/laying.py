"""Where the further questions of a form are asked (题目排布): each right after the item that its author put before it.

One visit asks the items of several forms as one list, each question once. What a form asks beside its items is laid between
them: after the question of the item before, or at the top under the form's title. A group that holds items is opened up: its
other parts keep its label and its condition. Rule: ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from core.campaigns.xlsform.model import META, Block, Field, Group, Include, Part, Placed, Repeat, Survey

NEVER_SHOWN = frozenset({*META, "hidden"})


@dataclass(frozen=True, slots=True)
class Laid:
    """The further questions between two items (一段题目).

    ``after``: the question code of the item before, '' for the top. ``parts``: fields, groups and repeats without an item in
    them, in order; ``above`` of each are the groups round it that were opened up, from the outside in, and its children have
    common blocks laid out (no Include is left).
    """

    after: str
    parts: tuple[Placed, ...]


def laid_out(survey: Survey) -> tuple[Laid, ...]:
    """What a form asks or shows beside its items, by the item before; parts that nobody sees are left out."""
    found: dict[str, list[Placed]] = {}
    after = ""
    for placed in _open(opened_blocks(survey), ()):
        part = placed.part
        if isinstance(part, Field) and part.scoring is not None:
            after = part.scoring.question
        elif is_seen(part):
            found.setdefault(after, []).append(placed)
    return tuple(Laid(question, tuple(parts)) for question, parts in found.items())


def opened_blocks(survey: Survey) -> tuple[Field | Group | Repeat, ...]:
    """The tree of a survey with its common blocks in their places."""
    return tuple(_laid_in(survey.children, {one.code: one for one in survey.blocks}))


def is_seen(part: Field | Group | Repeat | Include) -> bool:
    """Whether a person sees anything of a part: a calculation only where it has a label, a group where one of its parts is."""
    if isinstance(part, Field):
        return part.type not in NEVER_SHOWN and (part.type != "calculate" or bool(part.label))
    return not isinstance(part, Include) and any(is_seen(one) for one in part.children)


def _laid_in(parts: Sequence[Part], blocks: Mapping[str, Block]) -> Iterator[Field | Group | Repeat]:
    for part in parts:
        if isinstance(part, Include):
            found = blocks.get(part.block)
            yield from _laid_in(found.children, {}) if found is not None else ()  # a block holds no block
        elif isinstance(part, Field):
            yield part
        else:
            yield replace(part, children=tuple(_laid_in(part.children, blocks)))


def _open(parts: Sequence[Part], above: tuple[Group | Repeat, ...]) -> Iterator[Placed]:
    """Items and parts without items in their order; groups that hold items are opened up."""
    for part in parts:
        if isinstance(part, Group) and _holds_item(part):
            yield from _open(part.children, (*above, part))
        elif not isinstance(part, Include):
            yield Placed(part, above)


def _holds_item(part: Part) -> bool:
    if isinstance(part, Field):
        return part.scoring is not None
    return not isinstance(part, Include) and any(_holds_item(one) for one in part.children)
