"""Forms and answers made at random (随机表格与答案), for comparing what Python and the browser make of them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core.campaigns import Form
from core.campaigns.xlsform.model import Choice, ChoiceList, Field, Group, Repeat, Scoring, Survey, Text

COLOURS = ChoiceList(
    "colours", tuple(Choice(one, Text(f"色{one}", one), attributes=(("of", of),)) for one, of in zip("abcd", "xxyy"))
)
KINDS = ChoiceList("kinds", (Choice("x", Text("甲类", "kind x")), Choice("y", Text("乙类"))))
YES_NO = ChoiceList("yes_no", tuple(Choice(one, Text(one)) for one in ("yes", "no", "na")))
PLAIN = ("text", "integer", "decimal", "date", "time", "dateTime", "image", "geopoint", "hidden", "n_of_m", "today")
ANSWERS: dict[str, list[Any]] = {
    "text": ["甲", " 乙\r\n丙 ", "", "0", "x", "\u3000", 5, "长" * 10001],
    "integer": ["3", "0", "-2", " 12 ", "007", "-0", "3.5", "", 4, "甲", "10000000000001", True],
    "decimal": ["1.50", "0.1", "-0", "007.10", "2", "1.2345678901", "", "1,5", "-3.000"],
    "range": ["1", "2", "4.5", "11", "3", "", "0.5", "1.0"],
    "date": ["2026-03-02", "2026-02-30", "2024-02-29", " 2026-12-31 ", "", "2026-3-2", "昨天"],
    "time": ["08:30", "23:59:59", "24:00", "08:30:15.5", "07:00+08:00", "", "8:30"],
    "dateTime": [
        "2026-03-02T08:30",
        "2026-03-02",
        "2026-03-02T08:30:15.250+08:00",
        "2026-03-02T25:00",
        "2026-03-02 08:30Z",
    ],
    "select_one": ["x", "y", "a", "b", "other", "q", "", ["x"]],
    "select_multiple": ["a b", ["a", "c", "a"], "other", [], ["q"], "", "d  b", 7],
    "image": ["a" * 64, "", " f "],
    "geopoint": [
        "37.7369 112.5656",
        "91 0",
        "37.73691234 112.56565555 800.00000005 5",
        {"latitude": 1.5, "longitude": -2.25},
        "1",
        "",
        "-0.00000001 1e2",
        "x y",
    ],
    "hidden": ["v", ""],
    "today": ["2026-11-22", "x"],
    "n_of_m": [{"n": 1, "m": 2}, {"n": "3", "m": "2"}, {"na": True}, {}, "1/2", {"n": 1}],
    "calculate": ["9", ""],
    "note": ["x"],
}
RAW_ITEMS: Mapping[str, list[Any]] = {
    "select_one": [{"yes": True}, {"yes": "no"}, {"yes": "yes"}, {"na": True}, {}],
    "integer": [{"count": 0}, {"count": 7}, {"na": True}],
    "n_of_m": [{"n": 2, "m": 3}, {"na": True}, {"n": 0, "m": 0}],
}
JUNK: list[Any] = ["xyz", None, 12, ["a"], {"k": 1}]


@dataclass
class Wild:
    """One maker with its own luck; the same seed makes the same forms."""

    seed: int
    names: list[str] = field(default_factory=list)
    repeats: list[str] = field(default_factory=list)
    items: dict[str, str] = field(default_factory=dict)
    luck: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.luck = random.Random(self.seed)

    def form(self) -> Form:
        """A form with nested groups and repeats, conditions, calculations, filters and items."""
        children = self._parts(0, in_repeat=False)
        survey = Survey(tuple(children), (COLOURS, KINDS, YES_NO))
        return Form("WILD", "随机", "wild", (), (), sha256="0" * 64, survey=survey)

    def _parts(self, depth: int, *, in_repeat: bool) -> list[Field | Group | Repeat]:
        found: list[Field | Group | Repeat] = []
        for _ in range(self.luck.randrange(2, 6)):
            draw = self.luck.random()
            if depth < 3 and draw < 0.16:
                name, relevant = self._name("g"), self._condition()
                found.append(
                    Group(
                        name, Text("组"), relevant=relevant, children=tuple(self._parts(depth + 1, in_repeat=in_repeat))
                    )
                )
            elif depth < 2 and draw < 0.32:
                found.append(self._repeat(depth))
            elif not in_repeat and draw < 0.45:
                found.append(self._item())
            else:
                found.append(self._field())
        return found

    def _repeat(self, depth: int) -> Repeat:
        relevant, count = self._condition(), self._pick(["", "", "2", self._number(), "0 - 1"])
        name = self._name("r")
        self.repeats.append(name)
        return Repeat(
            name, Text("重复"), relevant=relevant, count=count, children=tuple(self._parts(depth + 1, in_repeat=True))
        )

    def _item(self) -> Field:
        name, kind = self._name("i"), self._pick(list(RAW_ITEMS))
        question = f"q_{self.luck.randrange(4)}_{kind}"
        self.items[name] = question
        choices = "yes_no" if kind == "select_one" else ""
        if kind != "n_of_m":
            self.names.append(name)
        return Field(
            name,
            kind,
            Text("项"),
            relevant=self._condition(),
            choices=choices,
            scoring=Scoring(question, "conform", Decimal(1)),
        )

    def _field(self) -> Field:
        kind = self._pick(
            [*PLAIN, "range", "select_one", "select_multiple", "calculate", "calculate", "note", "integer", "text"]
        )
        more: dict[str, Any] = {}
        if kind in ("select_one", "select_multiple"):
            more["choices"] = self._pick(["colours", "kinds"])
            if more["choices"] == "colours" and self.luck.random() < 0.5:
                more["choice_filter"] = self._pick(
                    ["of = 'x'", f"of = {self._name_of()}", "name != 'a' and label != '色b'"]
                )
            elif self.luck.random() < 0.5:
                more["or_other"] = True
        if kind == "range":
            more["parameters"] = self._pick(
                ["start=0 end=10 step=1", "start=0.5 end=4.5 step=0.5", "start=5 end=1 step=2", ""]
            )
        if kind == "calculate" or (kind in ("text", "integer", "decimal", "date") and self.luck.random() < 0.2):
            more["calculation"] = self._pick([self._number(), self._text(), self._condition() or "1"])
            more["read_only"] = self._pick(["", "true()"])
        if kind != "calculate":
            more["required"] = self._pick(["", "", "true()", self._condition()])
            more["required_message"] = self._pick([Text(), Text("要填", "fill")])
            more["constraint"] = self._pick(["", "", ". != 'x'", ". > 1", "string-length(.) < 3", "selected(., 'a')"])
            more["constraint_message"] = self._pick([Text(), Text(f"不行：{self._name_of()}", "no")])
        relevant = self._condition()
        name = self._name("f")
        self.names.append(name)
        if more.get("or_other"):
            self.names.append(f"{name}_other")
        return Field(name, kind, Text("题"), relevant=relevant, **more)

    def _pick(self, options: list[Any]) -> Any:
        return self.luck.choice(options)

    def _name(self, letter: str) -> str:
        return f"{letter}{self.luck.randrange(10**6)}"

    def _name_of(self) -> str:
        return f"${{{self._pick(self.names)}}}" if self.names else "'x'"

    def _number(self) -> str:
        name = self._name_of()
        count = f"count(${{{self._pick(self.repeats)}}})" if self.repeats else "2"
        return str(
            self._pick(
                [
                    f"{name} + 1",
                    f"{name} div 3",
                    f"sum({name})" if self.names else "1",
                    count,
                    f"coalesce({name}, 0) * 1.5",
                    "position(..)",
                ]
            )
        )

    def _text(self) -> str:
        one, two = self._name_of(), self._name_of()
        return str(
            self._pick(
                [
                    f"concat({one}, '-', {two})",
                    f"if({one} = '', '空', {two})",
                    "format-date(today(), '%b%a')",
                    f"join(',', {one})",
                ]
                + ([f"jr:choice-name({one}, '{one}')"] if one != "'x'" else [])
            )
        )

    def _condition(self) -> str:
        one, two = self._name_of(), self._name_of()
        known = [f"{one} = 'x'", f"{one} != ''", f"{one} > 1", f"selected({one}, 'a')", f"{one} = {two}"]
        known += [f"not({one} = 'yes')", f"{one} = '' or {two} != 'no'", f"{one} < today()"]
        return str(self._pick(["", "", "", *known]))

    def data(self, survey: Survey) -> dict[str, Any]:
        """Answers, some of them nonsense, some left open."""
        return self._record(survey.children)

    def _record(self, parts: tuple[Any, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for part in parts:
            if isinstance(part, Group):
                found |= self._record(part.children)
            elif isinstance(part, Repeat):
                rows = [self._record(part.children) for _ in range(self.luck.randrange(4))]
                found[part.name] = rows if self.luck.random() < 0.95 else self._pick(JUNK)
            elif part.scoring is None and self.luck.random() < 0.8:
                found[part.name] = self._pick(ANSWERS[part.type] if self.luck.random() < 0.9 else JUNK)
                if part.or_other and self.luck.random() < 0.7:
                    found[f"{part.name}_other"] = self._pick([" 紫 ", "", 5])
        if self.luck.random() < 0.03:
            found["stranger"] = "?"
        return found

    def answers(self) -> dict[str, Any]:
        """The items' raw answers by question."""
        return {
            question: self._pick(RAW_ITEMS[question.split("_", 2)[2]])
            for question in sorted(set(self.items.values()))
            if self.luck.random() < 0.8
        }
