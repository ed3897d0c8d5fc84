"""Copies of campaign packages with one defect each, for the tests."""

import csv
import io
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(__file__).resolve().parent / "data"
FOREST = DATA / "sancheng_forest"


def copy_of(key: str, to: Path) -> Path:
    """A copy of one of our three packages, or of the forest package, that a test may spoil."""
    source = FOREST if key == "sancheng_forest" else ROOT / "plugins" / key
    return Path(shutil.copytree(source, to / key, ignore=shutil.ignore_patterns("__pycache__")))


def read_rows(file: Path) -> list[list[str]]:
    """The records of a CSV file of ours (UTF-8, with or without BOM)."""
    return list(csv.reader(io.StringIO(file.read_bytes().decode("utf-8-sig"), newline="")))


def write_rows(file: Path, rows: list[list[str]], encoding: str = "utf-8") -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    file.write_bytes(out.getvalue().encode(encoding))


def set_cell(file: Path, row: int, column: str, value: str) -> None:
    """Put a value into one cell; ``row`` is the spreadsheet's row, the header being row 1."""
    rows = read_rows(file)
    rows[row - 1][rows[0].index(column)] = value
    write_rows(file, rows)


def replace_text(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
