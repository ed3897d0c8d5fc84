"""The rows of the entry page (填报行): what each shows and offers, and what a posted page says of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from flask import request

from core.errors import Fault, InvalidInput, SanchengError
from core.request import actor, db, now, today
from core.web.errors import say as say_error
from core.web.errors import say_fault
from core.web.statistics.statistic_words import pairs_here, say_number
from core.work.statistics.checks import Remark, rate_of_row, remarks_of
from core.work.statistics.entering import Entry, save, submit
from core.work.statistics.grid import Line
from core.work.statistics.rates import Rate
from core.work.statistics.sight import hands_of
from core.work.statistics.steps import EDITABLE
from core.work.statistics.workbook import read_typed
from core.work.statistics.writing import say_partial_date
from core.work.tables import Observation

TYPED = ("numerator", "denominator", "declared_rate", "population_base", "population_on", "note", "basis")
CONTENT = ("numerator", "denominator", "declared_rate", "population_base", "population_on")


@dataclass(slots=True)
class Row:
    """One row of the entry page (填报行): a value, or the place for one, with what was typed and what is wrong with it."""

    line: Line
    value: Observation | None
    last: Observation | None
    editable: bool
    remarks: Sequence[Remark] = ()
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    more: bool = False

    @property
    def bases(self) -> list[str]:
        """The bases to choose from for a new value."""
        return bases_left(self.line)

    @property
    def key(self) -> str:
        """What its fields' names begin with."""
        return f"{self.line.key}-{self.value.basis if self.value else 'new'}"

    @property
    def state(self) -> str:
        """The state of its value; none without one."""
        return self.value.state if self.value else "none"

    @property
    def rate(self) -> Rate | None:
        """The rate that its value makes, where it has a denominator."""
        return rate_of_row(self.value) if self.value and self.line.pair.statistic.denominator_measure else None

    @property
    def fields(self) -> Mapping[str, str]:
        """What stands in its fields: what was typed, else what is kept, else the bases of the last period."""
        return self.typed or _kept(self.line, self.value, self.last)


def _kept(line: Line, value: Observation | None, last: Observation | None) -> Mapping[str, str]:
    if value is not None:
        return {
            "numerator": say_number(value.numerator, value.qualifier),
            "denominator": say_number(value.denominator, value.denominator_qualifier),
            "declared_rate": say_number(value.declared_rate),
            "population_base": value.population_base,
            "population_on": say_partial_date(value.population_on, value.population_precision),
            "note": value.note,
            "basis": value.basis,
        }
    return {"basis": last.basis if last else (*bases_left(line), "")[0]}


def rows_for(lines: Iterable[Line], more: str = "") -> list[Row]:
    """The rows of some lines: one a value, an empty one where there is none yet, or where ``more`` names the line."""
    listed = list(lines)
    hands = hands_of(db(), actor(), (line.pair.statistic for line in listed), today())
    remarks = remarks_of(db(), listed, pairs_here())
    rows = []
    for line in listed:
        may = hands.enter(line.pair.statistic, line.pair.unit_id)
        for value in line.values:
            last = next((one for one in line.last if one.basis == value.basis), None)
            rows.append(Row(line, value, last, may and value.state in EDITABLE, remarks.get(value.id, ())))
        if not line.values or (may and line.key == more and bases_left(line)):
            rows.append(_empty(line, may))
        if may:
            rows[-1].more = bool(line.values) and line.key != more and bool(bases_left(line))
    return rows


def _empty(line: Line, may: bool) -> Row:
    left = bases_left(line)
    return Row(line, None, next((one for one in line.last if one.basis in left), None), may)


def bases_left(line: Line) -> list[str]:
    """The bases of a line that have no value yet."""
    taken = {value.basis for value in line.values}
    return [basis for basis in line.pair.statistic.bases if basis not in taken]


def take_rows(rows: list[Row], *, hand_in: bool) -> tuple[int, int]:
    """Save what the page says of its rows, each by itself; gives how many were saved and how many handed in.

    What cannot be taken keeps what was typed, with its errors beside it; the others are saved all the same.
    """
    saved = handed = 0
    for row, prefix in _posted(rows):
        typed = {name: request.form.get(f"{prefix}.{name}", "").strip() for name in TYPED}
        if row.value is None and not any(typed[name] for name in CONTENT):
            continue
        try:
            with db().begin_nested():
                changed, submitted = _take(row, typed, request.form.get(f"{prefix}.version", ""), hand_in)
        except SanchengError as error:
            row.typed, row.errors = typed, _said(error)
            continue
        saved, handed = saved + changed, handed + submitted
    return saved, handed


def _posted(rows: list[Row]) -> list[tuple[Row, str]]:
    """The rows that the page sent, with what their fields' names begin with.

    An empty row that somebody else has filled meanwhile belongs to his value, so that nothing typed is lost.
    """
    found = [(row, row.key) for row in rows if f"{row.key}.version" in request.form]
    for key, line in {row.line.key: row.line for row in rows}.items():
        prefix = f"{key}-new"
        if f"{prefix}.version" in request.form and prefix not in (one for _row, one in found):
            basis = request.form.get(f"{prefix}.basis", "")
            begun = next((row for row in rows if row.line is line and row.value and row.value.basis == basis), None)
            if begun is None:
                begun = Row(line, None, None, True)
                rows.append(begun)
            found.append((begun, prefix))
    return found


def _take(row: Row, typed: Mapping[str, str], version: str, hand_in: bool) -> tuple[bool, bool]:
    faults: list[Fault] = []
    read = read_typed(typed, faults)
    if faults:
        raise InvalidInput(faults=faults)
    entry = Entry(
        code=row.line.pair.statistic.code,
        unit_id=row.line.pair.unit_id,
        period=row.line.period,
        basis=row.value.basis if row.value else typed["basis"],
        note=typed["note"],
        population_base=typed["population_base"],
        version=int(version) if version.isdecimal() and len(version) < 10 else 0,
        **read,
    )
    done = save(db(), actor(), entry, today=today(), now=now())
    if not hand_in or done.observation.numerator is None:
        return done.changed, False
    submit(db(), actor(), done.observation.id, done.observation.version, today=today(), now=now())
    return done.changed, True


def _said(error: SanchengError) -> dict[str, str]:
    """The errors of a row by field; what belongs to no field stands under the row."""
    if not error.faults:
        return {"": say_error(error)}
    bare = (Fault(f.message, value=f.value, remedy=f.remedy, params=f.params) for f in error.faults)
    return {fault.field: say_fault(said) for fault, said in zip(error.faults, bare, strict=True)}
