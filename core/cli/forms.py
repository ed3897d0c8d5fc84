"""Forms on the command line (表格): is a workbook acceptable, and a shipped form as a workbook; no database is needed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from core.campaigns.catalogue import Form
from core.campaigns.registry import installed
from core.campaigns.xlsform.model import Read, Remark
from core.campaigns.xlsform.opening import ENDINGS
from core.campaigns.xlsform.reading import read_workbook
from core.campaigns.xlsform.scored import design_of
from core.campaigns.xlsform.writing import write_workbook
from core.cli.ground import tell
from core.errors import N_, NotFound

LISTING = "forms.csv"  # in a campaign's folder the list of its forms, no form itself
_SEVERITIES = {"error": "错误", "warning": "提醒", "info": "说明"}


@click.group()
def form() -> None:
    """检查表（XLSForm 表格）。"""


@form.command("check")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def form_check(path: Path, *, as_json: bool) -> None:
    """检查一张表格（.xlsx、.xls、.csv）或一个文件夹里的全部表格；不能采用时退出码为 1，并逐条说明在哪里、怎么改。"""
    files = sorted(_forms_in(path)) if path.is_dir() else [path]
    if not files:
        raise click.UsageError("文件夹里没有 .xlsx、.xls 或 .csv 表格")
    reports = [_check(file) for file in files]
    accepted = all(one["accepted"] for one in reports)
    data: dict[str, Any] = {"accepted": accepted, "files": reports} if path.is_dir() else reports[0]
    lines = [line for one in reports for line in _lines(one)]
    tell(data, as_json=as_json, text="\n".join(lines))
    sys.exit(0 if accepted else 1)


def _forms_in(folder: Path) -> list[Path]:
    """The workbooks of a folder and those below it; the lock files of an open workbook and hidden ones are left out."""
    found = (one for one in folder.rglob("*") if one.suffix.lower().lstrip(".") in ENDINGS and one.is_file())
    return [one for one in found if not one.name.startswith(("~$", ".")) and one.name != LISTING]


def _check(file: Path) -> dict[str, Any]:
    """One workbook's report, as ``--json`` prints it."""
    registry = installed()
    indicators = {
        key: frozenset(i.code for edition in one.shipped for i in edition.indicators)
        for key, one in registry.campaigns.items()
    }
    read = read_workbook(file.read_bytes(), file.name, registry.vocabulary, indicators=indicators)
    findings = [_finding(one) for one in read.findings]
    return {"file": str(file), "accepted": read.accepted, **_head(read), "findings": findings}


def _head(read: Read) -> dict[str, Any]:
    design = read.design
    if design is None:
        return {"form": None, "title": None, "version": None, "fields": 0, "items": 0}
    counts = {"fields": len(design.survey.fields()), "items": len(design.survey.items())}
    return {"form": design.code, "title": design.title.said(), "version": design.version, **counts}


def _finding(one: Remark) -> dict[str, Any]:
    message, remedy = (said.format(**dict(one.params)) for said in (one.message, one.remedy))
    place = {"sheet": one.sheet, "row": one.row, "column": one.column, "value": one.value}
    return {"severity": one.severity, **place, "message": message, "remedy": remedy}


def _lines(report: dict[str, Any]) -> list[str]:
    """A report as lines for people."""
    counts = f"{report['fields']} 题，其中 {report['items']} 个检查项"
    head = f"{report['file']}：{'可以采用，' + counts if report['accepted'] else '不能采用'}"
    return [head, *(f"  {_SEVERITIES[one['severity']]}  {_said(one)}" for one in report["findings"])]


def _said(one: dict[str, Any]) -> str:
    place = " ".join(filter(None, (one["sheet"], f"第{one['row']}行" if one["row"] else "", one["column"])))
    shown = f"（{one['value']}）" if one["value"] else ""
    return f"{place + '：' if place else ''}{one['message']}{shown}{'。' + one['remedy'] if one['remedy'] else ''}"


@form.command("export")
@click.argument("code")
@click.option("--to", "target", required=True, type=click.Path(dir_okay=False, path_type=Path), help="写到哪个 .xlsx")
@click.option("--campaign", "key", help="创建项目；不填为第一个有这张表的")
def form_export(code: str, target: Path, key: str | None) -> None:
    """把一张已安装的检查表写成 XLSForm 工作簿；可以在表格软件里改，也可以放进 ODK Collect 或 Kobo。"""
    if target.suffix.lower() != ".xlsx" or not target.parent.is_dir():
        raise click.UsageError("--to 应是已有文件夹里的 .xlsx 文件")
    campaign, found, others = _found(code, key)
    words = installed().vocabulary
    target.write_bytes(write_workbook(design_of(found, words, campaign), words))
    click.echo(f"已写出 {target}：{campaign} 的{found.title_zh}，{len(found.items)} 个检查项")
    if others:
        click.echo(f"{'、'.join(others)} 也有代码为 {code} 的表，用 --campaign 指定", err=True)


def _found(code: str, key: str | None) -> tuple[str, Form, list[str]]:
    """The form of this code in the campaign asked for, else in the first that has it; and the other campaigns that do."""
    registry = installed()
    asked = [registry.get(key)] if key else list(registry.campaigns.values())
    found = [
        (one.key, form) for one in asked for form in (*one.edition.forms, *one.edition.subjects) if form.code == code
    ]
    if not found:
        raise NotFound(N_("没有代码为 {code} 的检查表"), code=code)
    return *found[0], [name for name, _ in found[1:]]
