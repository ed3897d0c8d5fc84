"""What stands in ODK for an answer of ours (检查数与合格数): an n-of-m item is there a group of two whole numbers."""

from __future__ import annotations

from core.campaigns.xlsform.model import Field, Text

CHECKED, CONFORMING = "m", "n"
_NONE = Text("没有可检查的填 0", "0 when there is nothing to check")
_LIMITS = Text("合格数应为 0 到检查数", "from 0 to the number checked")
_WHOLE = Text("应为 0 或更大的整数", "a whole number, 0 or more")


def pair_of(field: Field) -> tuple[Field, Field]:
    """The two numbers of an n-of-m field: how many were checked, how many of them conform."""
    checked, conforming = f"{field.name}_{CHECKED}", f"{field.name}_{CONFORMING}"
    return (
        Field(
            checked,
            "integer",
            Text("检查数", "Checked"),
            _NONE,
            field.required,
            constraint=". >= 0",
            constraint_message=_WHOLE,
        ),
        Field(
            conforming,
            "integer",
            Text("合格数", "Conforming"),
            Text(),
            field.required,
            constraint=f". >= 0 and . <= ${{{checked}}}",
            constraint_message=_LIMITS,
        ),
    )


def implied_names(field: Field) -> tuple[str, ...]:
    """The names that a field brings along beside its own: the two numbers, or the text of “other”."""
    if field.type == "n_of_m":
        return tuple(one.name for one in pair_of(field))
    return (f"{field.name}_other",) if field.or_other else ()
