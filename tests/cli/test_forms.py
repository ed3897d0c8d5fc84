"""``sancheng form``: a workbook is accepted or refused by exit code, and a shipped form is written; no database is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from core.cli.main import main
from tests.campaigns.xlsform.examples import CHECKLIST, STALLS, as_csv, as_xlsx

NOWHERE = {"SANCHENG_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none", "SANCHENG_INSTANCE": ""}


def run(*words: str, status: int = 0) -> str:
    made = CliRunner().invoke(main, list(words), env=NOWHERE)
    assert made.exit_code == status, made.output
    assert "Traceback" not in made.output
    return made.output


def report(path: Path, status: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("form", "check", str(path), "--json", status=status))
    return found


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "shop.xlsx"
    file.write_bytes(as_xlsx(CHECKLIST))
    return file


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    file = tmp_path / "bad.csv"
    file.write_bytes(
        as_csv(STALLS.replace("image | photo", "audio | sound").replace("${stalls} > 0", "${stall_count} >"))
    )
    return file


def test_a_good_form_is_accepted(good: Path) -> None:
    assert "可以采用，4 题，其中 3 个检查项" in run("form", "check", str(good))
    found = report(good)
    assert found.pop("file") == str(good)
    assert found == {
        "accepted": True,
        "form": "OWN-SHOP",
        "title": "小店自查表",
        "version": "",
        "fields": 4,
        "items": 3,
        "findings": [],
    }


def test_a_bad_form_is_refused_with_every_reason(bad: Path) -> None:
    said = run("form", "check", str(bad), status=1)
    assert "不能采用" in said
    found = report(bad, status=1)
    assert (found["accepted"], found["form"], found["items"]) == (False, None, 0)
    errors = [one for one in found["findings"] if one["severity"] == "error"]
    assert [(one["sheet"], one["row"], one["column"]) for one in errors] == [
        ("survey", 18, "type"),
        ("survey", 9, "relevant"),
    ]
    assert errors[0]["message"] == "不支持题型 audio"
    assert set(errors[0]) == {"severity", "sheet", "row", "column", "value", "message", "remedy"}
    assert all(one["remedy"] for one in errors)


def test_a_folder_is_checked_form_by_form(good: Path, bad: Path) -> None:
    (good.parent / "~$shop.xlsx").write_bytes(b"lock")
    (good.parent / "forms.csv").write_text("code,title\n", encoding="utf-8")
    found = report(good.parent, status=1)
    assert found["accepted"] is False
    assert [(Path(one["file"]).name, one["accepted"]) for one in found["files"]] == [
        ("bad.csv", False),
        ("shop.xlsx", True),
    ]
    bad.unlink()
    assert report(good.parent)["accepted"] is True


def test_a_wrong_call_is_another_code(tmp_path: Path) -> None:
    run("form", "check", str(tmp_path / "nothing.xlsx"), status=2)
    run("form", "check", str(tmp_path), status=2)
    run("form", "check", status=2)
    run("form", "export", "CIV-MARKET", status=2)
    run("form", "export", "CIV-MARKET", "--to", str(tmp_path / "x.csv"), status=2)
    run("form", "export", "CIV-MARKET", "--to", str(tmp_path / "no" / "x.xlsx"), status=2)


def test_a_shipped_form_is_written_and_accepted_again(tmp_path: Path) -> None:
    file = tmp_path / "market.xlsx"
    assert "14 个检查项" in run("form", "export", "CIV-MARKET", "--to", str(file))
    assert openpyxl.load_workbook(file).sheetnames[0] == "说明"
    found = report(file)
    assert (found["form"], found["fields"], found["items"], found["findings"]) == ("CIV-MARKET", 14, 14, [])


def test_a_code_of_two_campaigns_is_taken_from_the_one_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "toilet.xlsx"
    assert "--campaign" in run("form", "export", "TOILET", "--to", str(file))
    run("form", "export", "TOILET", "--to", str(file), "--campaign", "sanitary_city")
    settings = openpyxl.load_workbook(file)["settings"]
    assert settings["G2"].value == "sanitary_city"


def test_a_code_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "没有代码为 NOPE 的检查表" in run("form", "export", "NOPE", "--to", str(tmp_path / "x.xlsx"), status=1)
    run("form", "export", "TOILET", "--to", str(tmp_path / "x.xlsx"), "--campaign", "nope", status=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [("form",), ("form", "check"), ("form", "export")])
def test_every_command_explains_itself(words: tuple[str, ...]) -> None:
    assert "Usage" in run(*words, "--help")
