"""Sheets under their header (工作表): lines that know their row, their cells by column, and their languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from core.campaigns.xlsform.headers import SPOKEN, UNUSED, Column, language_of, read_title
from core.campaigns.xlsform.model import Remark, Text
from core.campaigns.xlsform.opening import Grid
from core.errors import N_

TITLE_ROWS = 5  # the header is looked for in the first rows: a merged title above it is common
SHOWN = 60  # characters of a value in a remark


@dataclass(slots=True)
class Remarks:
    """What was found so far in one workbook (意见簿)."""

    found: list[Remark] = field(default_factory=list)

    def add(
        self,
        severity: str,
        message: str,
        remedy: str = "",
        *,
        sheet: str = "",
        row: int | None = None,
        column: str = "",
        value: str = "",
        params: Mapping[str, object] | None = None,
    ) -> None:
        """Note one thing in one place; ``params`` fill the placeholders of the texts."""
        filled = tuple((key, str(one)) for key, one in (params or {}).items())
        self.found.append(Remark(severity, message, sheet, row, column, value[:SHOWN], remedy, filled))

    @property
    def refused(self) -> bool:
        """Whether an error is among them."""
        return any(one.severity == "error" for one in self.found)


@dataclass(slots=True)
class Line:
    """One row of a sheet (行): its number there and its non-empty cells by column."""

    sheet: str
    number: int
    cells: Mapping[tuple[str, str], str]
    titles: Mapping[str, str]
    tongues: Mapping[str, str]
    remarks: Remarks
    others: Mapping[str, str] = field(default_factory=dict)

    def text(self, key: str) -> str:
        """A cell's text; of a column in several languages the first that is filled."""
        found = self.cells.get((key, ""), "")
        return found or next((said for (name, _), said in self.cells.items() if name == key), "")

    def both(self, key: str) -> Text:
        """A cell in both languages; a text in neither of them stands for the Chinese one."""
        spoken: dict[str, str] = {}
        for (name, language), said in self.cells.items():
            tongue = self.tongues.get(language, "")
            if name == key and tongue and (tongue not in spoken or language):
                spoken[tongue] = said
        return Text(spoken.get("zh", ""), spoken.get("en", "")) if spoken else Text(self.text(key))

    def has(self, *keys: str) -> bool:
        """Whether any of these columns is filled."""
        return any(name in keys for name, _ in self.cells)

    def _note(self, severity: str, key: str, message: str, remedy: str, params: Mapping[str, object]) -> None:
        value = params.get("value")
        self.remarks.add(
            severity,
            message,
            remedy,
            sheet=self.sheet,
            row=self.number,
            column=self.titles.get(key, key),
            value=self.text(key) if value is None else str(value),
            params=params,
        )

    def error(self, key: str, message: str, remedy: str, /, **params: object) -> None:
        """Note what stands in the way, in one cell of this row; ``value`` among the params is shown instead of the cell."""
        self._note("error", key, message, remedy, params)

    def warn(self, key: str, message: str, remedy: str = "", /, **params: object) -> None:
        """Note what should be looked at."""
        self._note("warning", key, message, remedy, params)

    def tell(self, key: str, message: str, remedy: str = "", /, **params: object) -> None:
        """Note what is good to know."""
        self._note("info", key, message, remedy, params)


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet as read: its title, its columns with their place, the row of its header, and the cells below."""

    title: str
    header_row: int
    columns: tuple[tuple[int, Column], ...]
    others: tuple[tuple[int, str], ...]
    rows: tuple[tuple[int, list[str]], ...]

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that its columns name, '' for a column without one."""
        return tuple(dict.fromkeys(c.language for _, c in self.columns if c.key in SPOKEN))

    def lines(self, tongues: Mapping[str, str], remarks: Remarks) -> list[Line]:
        """Its rows, blank ones left out."""
        titles = {c.key: c.title for _, c in reversed(self.columns)}
        found = []
        for number, row in self.rows:
            cells = {(c.key, c.language): row[i] for i, c in self.columns if i < len(row) and row[i]}
            others = {title: row[i] for i, title in self.others if i < len(row) and row[i]}
            if cells or others:
                found.append(Line(self.title, number, cells, titles, tongues, remarks, others))
        return found


def read_table(grid: Grid, known: Mapping[str, str], remarks: Remarks, *, own: bool = False) -> Table | None:
    """A sheet under its header; None when it is empty. ``own``: unknown columns are kept as attributes, not remarked on."""
    filled = [i for i, row in enumerate(grid.rows[:200]) if any(row)]
    if not filled:
        return None
    at = _header_index(grid, known, filled[:TITLE_ROWS])
    columns, others = _columns(grid, at, known, remarks)
    if not own:
        _tell_unknown(grid.title, at, others, remarks)
    rows = tuple((number, row) for number, row in enumerate(grid.rows[at + 1 :], at + 2) if any(row))
    return Table(grid.title, at + 1, tuple(columns), tuple(others), rows)


def _header_index(grid: Grid, known: Mapping[str, str], candidates: list[int]) -> int:
    """The row that looks most like the header; the first one wins a tie."""
    double = any("::" in cell for i in candidates for cell in grid.rows[i])
    hits = [
        len({c.key for cell in grid.rows[i] if cell and (c := read_title(cell, known, double=double))})
        for i in candidates
    ]
    return candidates[hits.index(max(hits))]


def _columns(
    grid: Grid, at: int, known: Mapping[str, str], remarks: Remarks
) -> tuple[list[tuple[int, Column]], list[tuple[int, str]]]:
    """The columns that are known with their place, and the titles of the others."""
    header = grid.rows[at]
    double = any("::" in cell for cell in header)
    found: dict[tuple[str, str], tuple[int, Column]] = {}
    others: list[tuple[int, str]] = []
    for i, title in enumerate(header):
        column = read_title(title, known, double=double) if title else None
        if column is None:
            others += [(i, title)] if title else []
        elif (column.key, column.language) in found:
            first = found[column.key, column.language][1].title
            message, remedy = N_("列名重复：与“{first}”是同一列"), N_("请删去其中一列")
            place = {"sheet": grid.title, "column": title, "value": title}
            remarks.add("error", message, remedy, row=at + 1, params={"first": first}, **place)
        else:
            found[column.key, column.language] = (i, column)
    return list(found.values()), others


def _tell_unknown(sheet: str, at: int, others: Iterable[tuple[int, str]], remarks: Remarks) -> None:
    for _, title in others:
        first = title.split(":")[0].strip().lower()
        message = N_("本系统不用这一列，已略过") if first in UNUSED else N_("不认识的列，已略过")
        remarks.add("info", message, sheet=sheet, row=at + 1, column=title, value=title)


def read_tongues(tables: Iterable[Table], default: str, remarks: Remarks) -> Mapping[str, str]:
    """Which of the workbook's languages are Chinese and English; without either the first one stands for the label.

    A column without a language is in the default one (默认语言), Chinese unless that says English.
    """
    shelf = list(tables)
    named = list(dict.fromkeys(language for table in shelf for language in table.languages))
    found = {language: language_of(language) for language in named if language}
    found[""] = "en" if language_of(default) == "en" and default not in found else "zh"
    strangers = [language for language in named if language and not found[language]]
    if strangers and "" not in named and not any(found[one] for one in named):
        base = default if default in strangers else strangers[0]
        found[base] = "zh"
        strangers.remove(base)
        message = N_("没有中文，题目文字取自“{language}”")
        remarks.add("info", message, sheet=shelf[0].title, params={"language": base})
    for language in strangers:
        message = N_("只用中文和英文，“{language}”的文字已略过")
        remarks.add("info", message, sheet=shelf[0].title, value=language, params={"language": language})
    return found
