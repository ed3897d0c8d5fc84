"""The statistics' pages (统计填报页): what is due, entry row by row, review, the dictionary, completeness, the workbook."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from uuid import UUID

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select

from core.app import create_app
from core.databases import Urls
from core.settings import Settings
from core.work.calendar import local_day
from core.work.statistics.dictionary import Declared, declare
from core.work.statistics.writing import last_finished
from core.work.tables import Observation, Statistic
from tenants.db import now
from tenants.scope import Wall
from tests.conftest import SECRET
from tests.factory import District, add_actor, bare_district
from tests.web.desk import Clerk, clerk, content

TODAY = local_day(now())
MONTH = last_finished("month", TODAY)


@dataclass
class Stage:
    district: District
    wall: Wall
    owner: Clerk
    mate: Clerk
    office: Clerk
    other: Clerk
    leader: Clerk
    english: Clerk

    def value(self, code: str) -> Observation:
        with self.district.session(self.wall) as session:
            return session.scalars(
                select(Observation)
                .join(
                    Statistic,
                    (Statistic.tenant_id == Observation.tenant_id) & (Statistic.id == Observation.statistic_id),
                )
                .where(Statistic.code == code, Observation.period_start == MONTH.start)
            ).one()

    def line(self, code: str) -> tuple[str, UUID]:
        with self.district.session(self.wall) as session:
            key = session.scalars(select(Statistic.id).where(Statistic.code == code)).one()
        return f"{key.hex}-{self.district.root.hex}-{MONTH.key}", key


@pytest.fixture(scope="module")
def app(urls: Urls, wall: Wall, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app(Settings(urls.app, SECRET, tmp_path_factory.mktemp("files")), wall=wall)


@pytest.fixture
def stage(app: Flask, wall: Wall) -> Stage:
    district = bare_district(wall)
    owner, ref = district.departments["market_regulator"], district.ref
    with district.session(wall) as session:
        for code in ("alpha", "beta"):
            line = Declared(code, f"甲{code}", f"The {code}", "household", owner, "month")
            declare(session, None, line, today=MONTH.start)
        rate = Declared("gamma", "丙率", "Rate", "household", owner, "month", "总户数", "All", "household")
        declare(session, None, rate, today=MONTH.start)
        session.commit()
    people = [("liaison", owner), ("liaison", owner), ("hq_office", district.root)]
    people += [("liaison", district.departments["education_bureau"]), ("leader", district.root)]
    clerks = [clerk(app, wall, add_actor(wall, ref, role, unit)) for role, unit in people]
    english = clerk(app, wall, add_actor(wall, ref, "liaison", owner), "en")
    return Stage(district, wall, *clerks, english)


def fields(page: str) -> dict[str, str]:
    """The rows' versions and keys as the page has them."""
    return dict(re.findall(r'name="([^"]+\.version)" value="(\d+)"', page))


def test_the_list_offers_fields_to_the_owner_only(stage: Stage) -> None:
    page = stage.owner.read("statistics")
    assert len(fields(page)) == 3
    assert "保存并上报" in page
    assert "甲alpha" in content(stage.leader.read("statistics"))
    assert not fields(stage.leader.read("statistics"))
    assert "甲alpha" not in stage.other.read("statistics")
    assert "The alpha" in stage.english.read("statistics")


def test_right_rows_are_saved_and_wrong_ones_keep_what_was_typed(stage: Stage) -> None:
    keys = [name.removesuffix(".version") for name in fields(stage.owner.read("statistics"))]
    good, bad, rate = (next(k for k in keys if k.startswith(stage.line(c)[1].hex)) for c in ("alpha", "beta", "gamma"))
    typed = {f"{key}.version": "0" for key in keys} | {f"{key}.basis": "self" for key in keys}
    typed |= {f"{good}.numerator": "13000余", f"{bad}.numerator": "很多", f"{bad}.note": "写在这里的话"}
    typed |= {f"{rate}.numerator": "9", f"{rate}.denominator": "23", "then": "draft"}
    _answer, page = stage.owner.send("statistics", typed, 200)
    assert "已存草稿 2 项" in page
    assert "不是数字" in page
    assert 'value="很多"' in page
    assert "写在这里的话" in page
    kept = stage.value("alpha")
    assert (kept.numerator, kept.qualifier, kept.state) == (13000, "over", "draft")
    assert "39.13%" in stage.owner.read("statistics")
    # Nothing right, nothing written.
    _answer, page = stage.owner.send(
        "statistics", {f"{bad}.version": "0", f"{bad}.numerator": "x", f"{bad}.basis": "self"}, 422
    )
    assert "不是数字" in page


def test_handing_in_review_lock_and_correction(stage: Stage) -> None:
    line, _key = stage.line("alpha")
    sent = {f"{line}-new.version": "0", f"{line}-new.numerator": "12", f"{line}-new.basis": "self", "then": "submit"}
    stage.owner.send("statistics", sent, 303)
    row = stage.value("alpha")
    assert row.state == "submitted"
    assert "甲alpha" in content(stage.office.read("statistics/reviews"))
    value = f"statistics/values/{row.id}"
    stage.owner.send(f"{value}/steps", {"verb": "review", "version": "2"}, 403)
    _answer, page = stage.office.send(f"{value}/steps", {"verb": "return", "version": "2", "reason": ""}, 422)
    assert "请写明理由" in page
    stage.office.send("statistics/reviews", {"verb": "review", "chosen": f"{row.id}.2"}, 303)
    _answer, page = stage.office.send("statistics/reviews", {"verb": "lock", "chosen": f"{row.id}.2"}, 422)
    assert "刚刚改过这个数" in page
    stage.office.send("statistics/reviews", {"verb": "lock", "chosen": f"{row.id}.3"}, 303)
    assert stage.value("alpha").state == "locked"
    assert "更正" in stage.owner.read(value)
    stage.owner.send(f"{value}/steps", {"verb": "correct", "version": "4", "reason": "抄错一位"}, 303)
    shown = content(stage.owner.read(value))
    assert "抄错一位" in shown
    assert "草稿" in shown
    stage.office.send("statistics/reviews", {"verb": "lock"}, 422)


def test_two_who_edit_one_number_and_the_slower_sees_the_winner(stage: Stage) -> None:
    line, _key = stage.line("alpha")
    first = {f"{line}-new.version": "0", f"{line}-new.numerator": "10", f"{line}-new.basis": "self"}
    stage.owner.send("statistics", first, 303)
    _answer, page = stage.mate.send("statistics", first | {f"{line}-new.numerator": "11"}, 422)
    assert "刚刚改过这个数（现在是 10" in page
    assert 'value="11"' in page
    assert stage.value("alpha").numerator == 10
    # The page that the slower one gets is that of the row as it is now; what he typed is posted under it.
    other = {f"{line}-self.version": "1", f"{line}-self.numerator": "12", f"{line}-self.basis": "self"}
    stage.owner.send("statistics", other, 303)
    _answer, page = stage.mate.send("statistics", other | {f"{line}-self.numerator": "13"}, 422)
    assert "刚刚改过这个数" in page
    assert 'value="13"' in page
    assert stage.value("alpha").numerator == 12


def test_another_basis_stands_beside_the_first(stage: Stage) -> None:
    line, _key = stage.line("alpha")
    sent = {f"{line}-new.version": "0", f"{line}-new.numerator": "10", f"{line}-new.basis": "self"}
    stage.owner.send("statistics", sent, 303)
    page = stage.owner.read(f"statistics?more={line}")
    assert f'name="{line}-new.numerator"' in page
    stage.owner.send("statistics", sent | {f"{line}-new.numerator": "11", f"{line}-new.basis": "verified"}, 303)
    with stage.district.session(stage.wall) as session:
        rows = session.execute(select(Observation.basis, Observation.numerator).order_by(Observation.basis))
        assert [tuple(row) for row in rows] == [("self", 10), ("verified", 11)]
    # A verified value names what verified it before it is handed in.
    handed = {f"{line}-verified.version": "1", f"{line}-verified.numerator": "11", "then": "submit"}
    _answer, page = stage.owner.send("statistics", handed, 422)
    assert "核验数要写明核验的依据" in page


def test_out_of_sight_is_not_found(stage: Stage) -> None:
    line, key = stage.line("alpha")
    stage.owner.send(
        "statistics", {f"{line}-new.version": "0", f"{line}-new.numerator": "1", f"{line}-new.basis": "self"}, 303
    )
    row = stage.value("alpha")
    stage.other.read(f"statistics/values/{row.id}", 404)
    stage.other.read(f"statistics/dictionary/{key}", 404)
    stage.leader.send("statistics", {}, 403)


def test_the_dictionary_is_kept_by_the_office(stage: Stage) -> None:
    page = stage.office.read("statistics/dictionary")
    assert "甲alpha" in page
    owner = str(stage.district.departments["market_regulator"])
    new = {"code": "delta", "name_zh": "丁", "measure": "household", "owner_unit_id": owner, "frequency": "month"}
    new |= {"combine": "sum", "due_days": "10", "bases": "self", "parts": "alpha beta"}
    answer, _page = stage.office.send("statistics/dictionary", new, 303)
    _answer, page = stage.office.send("statistics/dictionary", new, 409)
    assert "已经用于另一个统计指标" in page
    _answer, page = stage.office.send("statistics/dictionary", new | {"code": "eps", "measure": "t"}, 422)
    assert "单位不同，不能相加" in page
    path = answer.headers["Location"].split(f"/t/{stage.office.slug}/")[1]
    stage.office.send(path, new | {"name_zh": "丁改", "version": "1"}, 303)
    _answer, page = stage.office.send(path, new | {"name_zh": "丁再改", "version": "1"}, 412)
    assert "别人刚刚改过这一项" in page
    stage.office.send(f"{path}/end", {}, 303)
    assert "已停止填报" in stage.office.read("statistics/dictionary?q=delta")
    stage.owner.send("statistics/dictionary", new, 403)
    assert "没有符合条件的指标" in stage.office.read("statistics/dictionary?q=nothing")


def test_completeness_names_what_is_missing(stage: Stage) -> None:
    page = content(stage.office.read(f"statistics/completeness?period={MONTH.key}"))
    assert "应报" in page
    assert "还没有" not in page
    got = stage.office.ask(f"statistics/completeness/completeness.csv?period={MONTH.key}")
    rows = list(csv.reader(io.StringIO(got.get_data(as_text=True).lstrip("\ufeff"))))
    assert len(rows) == 2
    assert sum(int(rows[1][n]) for n in (2, 6)) == 3  # due or still in time, whatever day of the month it is
    assert stage.office.ask("statistics/completeness/completeness.xlsx").status_code == 200
    assert "没有应报的数" in stage.other.read("statistics/completeness")


def upload(who: Clerk, data: bytes, name: str = "填报.xlsx") -> str:
    answer, _page = who.send("statistics/import", {"file": (io.BytesIO(data), name)}, 303)
    return str(answer.headers["Location"].split(f"/t/{who.slug}/")[1])


def test_what_is_downloaded_is_filled_in_and_uploaded(stage: Stage) -> None:
    stage.owner.read("statistics/import")
    book = openpyxl.load_workbook(io.BytesIO(stage.owner.ask("statistics/statistics.xlsx").get_data()))
    sheet = book.active
    assert sheet is not None
    head = [cell.value for cell in sheet[1]]
    numbers = {sheet.cell(row, head.index("指标代码") + 1).value: row for row in range(2, sheet.max_row + 1)}
    assert set(numbers) == {"alpha", "beta", "gamma"}
    put = lambda code, title, value: sheet.cell(numbers[code], head.index(title) + 1, value)  # noqa: E731 - three of a kind
    put("alpha", "数值", "约200")
    put("beta", "数值", 12.5)
    put("gamma", "数值", "一些")
    file = io.BytesIO()
    book.save(file)
    path = upload(stage.owner, file.getvalue())
    page = stage.owner.read(path)
    assert "不是数字" in page
    assert "一些" in page
    with stage.district.session(stage.wall) as session:
        assert session.scalars(select(Observation)).all() == []  # a check writes nothing
    stage.owner.send(path.split("?")[0], {"name": "x.xlsx"}, 422)
    stage.owner.send(path.split("?")[0], {"name": "x.xlsx", "keep_good": "1"}, 303)
    assert (stage.value("alpha").numerator, stage.value("alpha").qualifier) == (200, "about")
    assert str(stage.value("beta").numerator) == "12.5"
    # The same file again: what somebody changed since is refused by its version, nothing is doubled.
    page = stage.owner.read(upload(stage.owner, file.getvalue()))
    assert "确认导入" not in page


def test_a_csv_names_row_column_value_and_remedy(stage: Stage) -> None:
    said = (
        "指标代码,周期,数值,口径,统计范围\nnothing,2026-10,1,自评,\nalpha,2026年十月,1,自评,\nalpha,2026-10,1,随便,\n"
    )
    page = stage.owner.read(upload(stage.owner, said.encode("gb18030"), "填报.csv"))
    for text in ("目录里没有这个指标", "不认识的周期", "口径不对", "2026年十月", "随便"):
        assert text in page
    stage.other.read("statistics/import")
    page = stage.other.read(upload(stage.other, "指标代码,周期,数值\nalpha,2026-10,1\n".encode(), "填报.csv"))
    assert "没有找到" in page


def test_bad_addresses_are_refused(stage: Stage) -> None:
    for path in (
        "statistics?period=soon",
        "statistics?state=x",
        "statistics?owner=1",
        "statistics?cursor=abcd",
        "statistics/reviews?cursor=YQ",
    ):
        stage.office.read(path, 422)
    stage.office.send("statistics/reviews", {"verb": "lock", "chosen": "x.y"}, 422)
    assert "统计目录还是空的" not in stage.office.read("statistics")


def test_an_empty_district_is_told_what_to_do(app: Flask, wall: Wall) -> None:
    district = bare_district(wall, "空区")
    office = clerk(app, wall, add_actor(wall, district.ref, "hq_office", district.root))
    assert "启用测评体系时目录自动建立" in office.read("statistics")
    for path in ("statistics/reviews", "statistics/dictionary", "statistics/completeness"):
        office.read(path)
