"""One row of the sheet survey as a field, group or repeat (题目行)."""

from __future__ import annotations

import re
import unicodedata

from core.campaigns.xlsform.model import Field, Group, Repeat
from core.campaigns.xlsform.parameters import read_parameters
from core.campaigns.xlsform.sheets import Line
from core.campaigns.xlsform.signatures import SIGNATURES
from core.campaigns.xlsform.tokens import is_name
from core.campaigns.xlsform.words import Told
from core.errors import N_

NAME_LENGTH = 100
_TRUTH = {"yes": "true()", "true": "true()", "true()": "true()", "no": "", "false": "", "false()": ""}
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'})
_RESERVED = frozenset({"meta"})
_CALL = re.compile(r"(?<![\w-])([a-z][\w:-]*)\(")


def read_formula(line: Line, key: str) -> str:
    """A formula cell: curly quotes of a word processor made straight, yes and no as their formulas."""
    said = line.text(key).translate(_QUOTES).replace("\r\n", "\n").strip()
    if key in ("required", "read_only"):
        return _TRUTH.get(said.lower(), said)
    return {"yes": "true()", "true": "true()", "no": "false()", "false": "false()"}.get(said.lower(), said)


def is_formula(default: str) -> bool:
    """Whether a default is worked out when the form is opened, rather than being the value itself."""
    return "${" in default or any(one in SIGNATURES for one in _CALL.findall(default))


def read_name(line: Line, told: Told) -> str:
    """The name of a part; a note without one is named after its row, as pyxform does."""
    name = line.text("name")
    if not name and told.type == "note":
        return f"note_{line.number}"
    if not name:
        line.error("name", N_("缺少题目名（name）"), N_("请填一个以字母或汉字开头、不含空格的名字"))
        return f"row_{line.number}"
    if not is_name(name) or len(name) > NAME_LENGTH:
        half = unicodedata.normalize("NFKC", name).replace(" ", "_")
        remedy = N_("请改成 {half}") if is_name(half) else N_("以字母或汉字开头，只用字母、汉字、数字、_ 和 -")
        line.error("name", N_("题目名不合 XML 的规定"), remedy, half=half)
    elif name in _RESERVED:
        line.error("name", N_("题目名 {name} 由系统使用"), N_("请换一个名字"), name=name)
    return name


def read_group(line: Line, told: Told) -> Group | Repeat:
    """A group or repeat without its children yet."""
    name = read_name(line, told)
    if told.type == "repeat" and name == "data":
        line.error("name", N_("题目名 {name} 由系统使用"), N_("请换一个名字"), name=name)
    texts = (line.both("label"), line.both("hint"))
    look = line.text("appearance")
    if told.type == "repeat":
        return Repeat(name, *texts, read_formula(line, "relevant"), look, read_formula(line, "repeat_count"))
    return Group(name, *texts, read_formula(line, "relevant"), look)


def read_field(line: Line, told: Told) -> Field:
    """A field with everything but its scoring."""
    _check_label(line, told)
    if "search(" in line.text("appearance"):
        line.error("appearance", N_("不支持 search()"), N_("请把选项写进 choices 表，用 choice_filter 筛选"))
    calculation = read_formula(line, "calculation")
    if told.type == "calculate" and not calculation and not is_formula(line.text("default")):
        line.error("calculation", N_("缺少计算公式"), N_("请在 calculation 列填公式"))
    return Field(
        name=read_name(line, told),
        type=told.type,
        label=line.both("label"),
        hint=line.both("hint"),
        required=read_formula(line, "required"),
        required_message=line.both("required_message"),
        relevant=read_formula(line, "relevant"),
        constraint=read_formula(line, "constraint"),
        constraint_message=line.both("constraint_message"),
        calculation=calculation,
        default=line.text("default"),
        choices=told.choices,
        choice_filter=read_formula(line, "choice_filter"),
        or_other=told.or_other,
        read_only=read_formula(line, "read_only"),
        appearance=line.text("appearance"),
        parameters=read_parameters(line, told.type, scored=line.has("mode", "question")),
        image=line.both("image"),
        trigger=line.text("trigger"),
    )


def _check_label(line: Line, told: Told) -> None:
    asked = told.type not in ("calculate", "hidden", "today", "start", "end", "deviceid", "username")
    if asked and not line.has("label", "hint", "image") and not line.text("calculation"):
        line.error("label", N_("题目没有文字"), N_("请在 label 列填题目"))
