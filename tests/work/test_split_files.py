"""The split's workbook there and back, and tasks made of shares: dry run first, faults by row, twice makes none twice."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import openpyxl
import pytest
from sqlalchemy import select

from core.errors import Conflict, Forbidden
from core.work.splits.answering import accept_all
from core.work.splits.editing import RowWish, save_row
from core.work.splits.portions import portions_of
from core.work.splits.reading import read_table
from core.work.splits.states import ASSIST, LEAD
from core.work.splits.tasking import Choice, make_tasks, plan_tasks
from core.work.splits.uploading import Report, take_workbook
from core.work.splits.workbook import HEAD, read_split_file, rows_of
from core.work.tables import Split, Task
from tenants.models import Unit
from tenants.scope import ScopedSession, Wall
from tests.work.splitting import DAY, KEY, NOW, Stage, set_up


@pytest.fixture
def stage(wall: Wall) -> Stage:
    return set_up(wall)


@pytest.fixture
def session(wall: Wall, stage: Stage) -> Iterator[ScopedSession]:
    with stage.district.session(wall) as opened:
        yield opened


def book(rows: Sequence[Sequence[object]], title: str = "", merge: str = "") -> bytes:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet
    sheet.title = "责任分解"
    if title:
        sheet.append([title])
        sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=8)
    for row in rows:
        sheet.append(list(row))
    if merge:
        sheet.merge_cells(merge)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def upload(
    session: ScopedSession, stage: Stage, split: Split, data: bytes, who: str = "office", dry: bool = True
) -> Report:
    return take_workbook(
        session, stage.people[who], split.id, read_split_file(data, "分解表.xlsx"), now=NOW, dry_run=dry
    )


def test_a_download_uploaded_again_changes_nothing(stage: Stage, session: ScopedSession) -> None:
    split, office = stage.make(session), stage.people["office"]
    stage.fill(session, split)
    line = stage.line(session, split)
    portions = portions_of(line)
    portions = [
        replace(portions[0], person_id=stage.people["sanitation"].person_id, amount=Decimal("12.5")),
        *portions[1:],
    ]
    wish = RowWish("先试点", stage.group, Decimal(30), "place", DAY)
    save_row(session, office, split.id, line.row.id, wish, portions, mark=line.mark, now=NOW)
    rows = list(rows_of(read_table(session, office, split.id, DAY)))
    report = upload(session, stage, split, book([HEAD, *rows]), dry=False)
    assert (report.taken, report.faults, report.written) == ([], (), False)
    assert report.unchanged == len(rows)


def test_what_people_write_is_read_and_reported(stage: Stage, session: ScopedSession) -> None:
    """A merged title row, full-width digits, text numbers, 2026年11月1日 and a clause merged over two rows."""
    split = stage.make(session)
    one, two = stage.line(session, split), stage.line(session, split, 1)
    names = {unit.id: unit.name for unit in session.scalars(select(Unit))}
    lead, helper, street = names[stage.sanitation], names[stage.city], names[stage.district.street]
    head = ["序号", "编号", "分值", "牵头单位", "配合单位", "各单位分值", "完成时限", "数量", "计量单位"]
    half = one.row.points // 200
    rows = [
        head,
        [
            1,
            one.row.code,
            str(one.row.points // 100),
            f" {lead} ",
            helper,
            f"{lead}：{half}",
            "2026年11月1日",
            "１，２００",
            "处",
        ],
        [1, "", "", "", street, f"{street}：{half}", "", "", ""],
        [2, two.row.code, two.row.points / 100, lead, None, None, None, None, None],
    ]
    data = book(rows, title="2026年标准与责任分解表", merge="B3:B4")
    dry = upload(session, stage, split, data)
    assert not dry.faults
    assert not stage.line(session, split).shares
    said = {(fault.row, fault.field): fault.params["meant"] for fault in dry.remarks}
    assert said[3, "完成时限"] == "2026-11-01"
    assert said[3, "数量"] == "1200"
    assert said[5, "各单位分值"].startswith(lead)
    assert upload(session, stage, split, data, dry=False).written
    line, other = stage.line(session, split), stage.line(session, split, 1)
    assert (line.row.due_on, line.row.amount, line.row.measure) == (date(2026, 11, 1), Decimal(1200), "place")
    assert {share.unit_id: (share.role, share.points) for share in line.shares} == {
        stage.sanitation: (LEAD, half * 100),
        stage.city: (ASSIST, 0),
        stage.district.street: (ASSIST, half * 100),
    }
    assert line.complete
    assert other.complete
    assert not upload(session, stage, split, data).taken


def test_what_is_wrong_is_named_by_row_and_nothing_is_taken(stage: Stage, session: ScopedSession) -> None:
    split = stage.make(session)
    codes = [stage.line(session, split, n).row.code for n in range(6)]
    lead = session.scalars(select(Unit.name).where(Unit.id == stage.sanitation)).one()
    head = ["编号", "分值", "牵头单位", "各单位分值", "完成时限", "责任人", "数量", "计量单位"]
    rows = [
        head,
        [codes[0], "1", lead, None, None, None, None, None],
        [codes[1], None, "没有这样的局", None, None, None, None, None],
        [codes[2], None, lead, "别的局：3", None, None, None, None],
        [codes[3], None, lead, None, "11月底", "无名氏", None, None],
        [codes[4], None, lead, None, None, None, "约3", "处"],
        ["QQ-1", None, lead, None, None, None, None, None],
        [codes[5], None, lead, None, None, None, 3, "石"],
        ["合计", 1000, None, None, None, None, None, None],
    ]
    report = upload(session, stage, split, book(rows), dry=False)
    assert not report.written
    assert {(fault.row, fault.field) for fault in report.faults} == {
        (2, "分值"), (3, "牵头单位"), (4, "各单位分值"), (5, "完成时限"), (5, "责任人"), (6, "数量"), (7, "编号"), (8, "计量单位"),
        (8, "数量"), (9, "编号"),
    }  # fmt: skip
    assert all(fault.remedy and fault.where == "责任分解" for fault in report.faults)
    assert not any(stage.line(session, split, n).shares for n in range(6))


def test_a_group_uploads_its_own_clauses_alone(stage: Stage, session: ScopedSession) -> None:
    split, office = stage.make(session), stage.people["office"]
    line = stage.line(session, split)
    save_row(session, office, split.id, line.row.id, RowWish(owner_unit_id=stage.group), [], mark=line.mark, now=NOW)
    lead = session.scalars(select(Unit.name).where(Unit.id == stage.sanitation)).one()
    head, other = ["编号", "牵头单位"], stage.line(session, split, 1).row.code
    both = upload(session, stage, split, book([head, [line.row.code, lead], [other, lead]]), who="group", dry=False)
    assert [(fault.row, fault.message) for fault in both.faults] == [(3, "这一条由别的组分解")]
    assert upload(session, stage, split, book([head, [line.row.code, lead]]), who="group", dry=False).written
    assert stage.line(session, split).complete


def test_tasks_are_made_of_accepted_shares_once(stage: Stage, session: ScopedSession) -> None:
    split, office = stage.make(session), stage.people["office"]
    stage.fill(session, split)
    line = stage.line(session, split)
    wish = RowWish("每月一次", None, Decimal(12), "place", DAY + timedelta(days=30))
    portions = portions_of(line)
    portions = [replace(portions[0], amount=Decimal(8)), replace(portions[1], amount=Decimal(4))]
    save_row(session, office, split.id, line.row.id, wish, portions, mark=line.mark, now=NOW)
    stage.issue(session, split)
    with pytest.raises(Conflict):
        make_tasks(session, office, split.id, Choice(), now=NOW)
    done = accept_all(session, stage.people["sanitation"], split.id, now=NOW)
    _table, planned = plan_tasks(session, office, split.id, Choice(), now=NOW)
    assert len(planned) == done
    assert [one.wish is not None for one in planned].count(True) == 1  # only one has a day
    choice = Choice(due_on=DAY + timedelta(days=60))
    with pytest.raises(Forbidden):
        make_tasks(session, stage.people["street"], split.id, choice, now=NOW)
    tasks = make_tasks(session, office, split.id, choice, now=NOW)
    assert len(tasks) == done
    first = session.scalars(select(Task).where(Task.source_id == line.shares[0].id)).one()
    assert (first.source, first.campaign, first.state, first.way) == ("clause", KEY, "issued", "quantity")
    assert (first.target, first.measure, first.due_on) == (Decimal(8), "place", wish.due_on)
    with pytest.raises(Conflict):
        make_tasks(session, office, split.id, choice, now=NOW)
    more = make_tasks(session, office, split.id, replace(choice, waiting=True), now=NOW)
    assert {task.unit_id for task in more} == {stage.city}
    assert more[0].title.endswith("（配合）")
    assert session.scalars(select(Task.source_id).where(Task.source_id.is_not(None))).all().__len__() == done + len(
        more
    )
    # A new issue does not forget which shares have their tasks.
    second = stage.make(session)
    stage.issue(session, second)
    with pytest.raises(Conflict):
        make_tasks(session, office, second.id, replace(choice, waiting=True), now=NOW)
