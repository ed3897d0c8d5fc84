"""What a workbook decides beside its points (版本规则): what a veto does, and the city sizes that targets may depend on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from core.campaigns import Edition
from core.campaigns.policy import CAPPED, FLAGGED, POLICIES
from core.campaigns.tables import TITLE_ROWS
from core.errors import N_, Fault
from core.work.imports.workbook_files import Grid
from core.work.wording import shown

GATE, GROUP, CAP = VETO = ("veto_gate", "veto_key_group", "veto_cap")
SIZE_COLUMNS = ("name", "below")
MOST = Decimal(10) ** 9
ALLOWED = N_("可填：{allowed}")


def veto_settings(edition: Edition) -> list[tuple[str, str]]:
    """An edition's veto policy as rows of the sheet of settings; empty where it decides nothing."""
    veto = edition.veto
    cap = "" if veto is None or veto.cap is None else format(veto.cap, "f")
    return list(zip(VETO, ("", "", "") if veto is None else (veto.gate, veto.key_group, cap), strict=True))


def size_rows(edition: Edition) -> list[tuple[str, str]]:
    """An edition's own city sizes as rows of their sheet."""
    return [(one.name, "" if one.below is None else format(one.below, "f")) for one in edition.city_sizes]


def read_veto(values: Mapping[str, str], rows: Mapping[str, int], title: str, faults: list[Fault]) -> str:
    """The line of edition.toml that the settings of the veto make; '' when all are empty or one is wrong."""
    said = {name: values.get(name, "") for name in VETO}
    if not any(said.values()):
        return ""
    found: list[Fault] = []

    def fault(name: str, message: str, remedy: str, **params: str) -> None:
        found.append(Fault(message, name, rows.get(name), shown(said[name]), title, remedy, params))

    for name in (GATE, GROUP):
        if said[name] not in ("", *POLICIES):
            fault(name, N_("不是允许的取值"), ALLOWED, allowed=", ".join(POLICIES))
    cap, scale = _number(said[CAP]), _number(values.get("scale", ""))
    capped = CAPPED in (said[GATE], said[GROUP])
    if said[CAP] and (cap is None or (scale is not None and cap > scale)):
        fault(CAP, N_("封顶分值有误"), N_("请填 0 到总分 {scale} 之间的数字"), scale=str(scale or ""))
    elif capped != bool(said[CAP]):
        fault(CAP, N_("封顶分值有误"), N_("用 capped 时要填封顶分值；其他写法请空着"))
    faults += found
    if found:
        return ""
    top = f", cap = {cap:f}" if cap is not None else ""
    return f'veto = {{ gate = "{said[GATE] or FLAGGED}", key_group = "{said[GROUP] or FLAGGED}"{top} }}'


def read_sizes(grid: Grid, faults: list[Fault]) -> str:
    """The line of edition.toml that the sheet of sizes makes: from small to large, the last one open; '' without rows."""
    at = next((n for n, row in enumerate(grid.rows[:TITLE_ROWS]) if set(SIZE_COLUMNS) <= set(row)), None)
    if at is None:
        if any(map(any, grid.rows)):
            faults += [Fault(N_("缺少列"), name, 1, name, grid.title, N_("请补上这一列")) for name in SIZE_COLUMNS]
        return ""
    places = [list(grid.rows[at]).index(name) for name in SIZE_COLUMNS]
    lines: list[tuple[int, str, str]] = []
    for number, row in enumerate(grid.rows[at + 1 :], at + 2):
        name, below = (row[place].strip() if place < len(row) else "" for place in places)
        if any(row):
            lines.append((number, name, below))
    found = list(_size_faults(lines, grid.title))
    faults += found
    if found or not lines:
        return ""
    said = [
        f'{{ name = "{name}"' + (f", below = {_number(below):f}" if below else "") + " }" for _, name, below in lines
    ]
    return f"city_sizes = [{', '.join(said)}]"


def _size_faults(lines: Sequence[tuple[int, str, str]], title: str) -> Iterator[Fault]:
    """What is wrong with the sizes, row by row."""
    names: set[str] = set()
    before = Decimal(0)
    for place, (row, name, below) in enumerate(lines, 1):
        if not (name.isascii() and name.isidentifier()):
            yield Fault(N_("代码写法不对"), "name", row, shown(name), title, N_("只用字母、数字和下划线，如 small"))
        elif name in names:
            yield Fault(N_("代码重复"), "name", row, shown(name), title, N_("每档只写一行"))
        names.add(name)
        number = _number(below)
        if place == len(lines):
            if below:
                yield Fault(N_("最后一档要不设上限"), "below", row, shown(below), title, N_("请空着，或再加一档"))
        elif number is None or number <= before:
            yield Fault(N_("人口上限有误"), "below", row, shown(below), title, N_("请填人口数，从小到大，如 500000"))
        before = number or before


def _number(said: str) -> Decimal | None:
    """A plain number that is not negative; None for anything else."""
    try:
        number = Decimal(said) if said.isascii() else Decimal("NaN")
    except InvalidOperation:
        return None
    return number if number.is_finite() and 0 <= number < MOST else None
