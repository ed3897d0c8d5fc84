"""Projects: gates in order, a bill that is never added up, shares that sum to the cost, acceptance by another party."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from core.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale
from core.work.inspection.photos import open_photo
from core.work.projects.bill import Done, items_of, read_amount, report, set_bill
from core.work.projects.finishing import accept, add_photos, close, finish, refuse, resume, start, stop
from core.work.projects.funds import fund_table
from core.work.projects.making import change_project, create_project, wish_of
from core.work.projects.opened import open_project
from core.work.projects.project_list import Wanted, lines_of, list_projects
from core.work.projects.shares import ShareWish, pay, read_money, set_shares, shares_of
from core.work.projects.stages import StageWish, current_of, fail_stage, pass_stage, reopen_stage, set_stages, stages_of
from core.work.tables import Audit, Note, ProjectEvent, WorkPhoto
from core.work.tasks.photo_kinds import PROJECT
from core.work.tasks.work_photos import attach, pairs, photos_of
from tests.work.building import (
    DAY,
    ENDS,
    MORNING,
    STARTS,
    Yard,
    all_done,
    lay_project,
    lay_yard,
    lines,
    pass_all,
    shared,
    wish,
)


@pytest.fixture(scope="module")
def yard(wall, tmp_path_factory) -> Yard:
    return lay_yard(wall, tmp_path_factory.mktemp("files"))


@pytest.fixture
def session(yard):
    with yard.session() as opened:
        yield opened


def fields(error) -> set[str]:
    return {one.field for one in error.value.faults}


def texts(error) -> str:
    return "；".join(one.text() for one in error.value.faults)


def test_a_project_is_made_with_the_stages_of_its_kind(session, yard):
    made = create_project(session, yard.office, wish(yard, kind="resettlement", title="北岭搬迁"), now=MORNING)
    assert made.number.startswith("XM-2026-")
    stages = stages_of(session, made.id)
    assert [one.title for one in stages] == ["提出", "评估", "方案公示", "签约", "搬离", "收尾"]
    assert [one.state for one in stages] == ["open"] + ["waiting"] * 5
    assert stages[-1].planned_on == ENDS
    told = session.scalars(select(Note).where(Note.object_id == str(made.id))).all()
    assert {one.person_id for one in told} == {yard.builder.person_id, yard.mate.person_id}
    assert session.scalar(select(func.count()).select_from(Audit).where(Audit.object_id == str(made.id))) == 1


def test_what_is_wrong_with_a_wish_is_said_all_at_once(session, yard):
    bad = wish(yard, title=" ", ends_on=STARTS - timedelta(days=1), acceptance_unit_id=yard.unit, cost=-1, kind="walk")
    with pytest.raises(InvalidInput) as error:
        create_project(session, yard.office, bad, now=MORNING)
    assert fields(error) == {"title", "ends_on", "acceptance_unit_id", "cost", "kind"}
    with pytest.raises(InvalidInput) as error:
        create_project(session, yard.outsider, wish(yard), now=MORNING)
    assert fields(error) == {"unit_id"}
    with pytest.raises(InvalidInput) as error:
        create_project(session, yard.office, wish(yard, kind="site_file"), now=MORNING)
    assert fields(error) == {"site_id"}


def test_who_sees_a_project(session, yard):
    made = lay_project(session, yard)
    for who in (yard.office, yard.builder, yard.judge):
        assert open_project(session, who, made.id, now=MORNING).project is made
    with pytest.raises(NotFound):
        open_project(session, yard.outsider, made.id, now=MORNING)
    assert made.id not in {one.id for one in list_projects(session, yard.outsider, Wanted(), now=MORNING, limit=None)}


def test_gates_are_passed_one_after_the_other(session, yard):
    made = lay_project(session, yard)
    first, second, third, _fourth = stages_of(session, made.id)
    given = {"confirmed": True, "now": MORNING}
    with pytest.raises(Conflict):
        pass_stage(session, yard.builder, made.id, second.id, version=made.version, **given)
    with pytest.raises(InvalidInput) as error:
        pass_stage(session, yard.builder, made.id, first.id, confirmed=False, version=made.version, now=MORNING)
    assert fields(error) == {"confirmed"}
    pass_stage(session, yard.builder, made.id, first.id, version=made.version, **given)
    pass_stage(session, yard.builder, made.id, second.id, version=made.version, **given)
    with pytest.raises(InvalidInput) as error:
        pass_stage(session, yard.builder, made.id, third.id, version=made.version, **given)
    assert fields(error) == {"photos"}
    photo = yard.photo(session)
    pass_stage(session, yard.builder, made.id, third.id, photos=[photo], version=made.version, **given)
    assert [one.caption for one in photos_of(session, PROJECT, [made.id])[made.id]] == ["开工"]
    with pytest.raises(InvalidInput):
        reopen_stage(session, yard.builder, made.id, first.id, reason="", version=made.version, now=MORNING)
    reopen_stage(session, yard.builder, made.id, first.id, reason="批复有误", version=made.version, now=MORNING)
    stages = stages_of(session, made.id)
    assert [one.state for one in stages] == ["open", "waiting", "waiting", "waiting"]
    last = session.scalars(
        select(ProjectEvent).where(ProjectEvent.project_id == made.id, ProjectEvent.version == made.version)
    ).one()
    assert last.detail["undone"] == [[one, "2026-11-19"] for one in ("立项", "签约", "开工")]


def test_a_gate_of_another_party(session, yard):
    made = create_project(session, yard.builder, wish(yard, kind="objects"), now=MORNING)
    rows = [StageWish("摸排", by_other=True), StageWish("治理")]
    set_stages(session, yard.builder, made.id, rows, version=made.version, now=MORNING)
    start(session, yard.builder, made.id, version=made.version, now=MORNING)
    first = stages_of(session, made.id)[0]
    for own in (yard.builder, yard.mate):
        with pytest.raises(Forbidden):
            pass_stage(session, own, made.id, first.id, confirmed=True, version=made.version, now=MORNING)
    with pytest.raises(InvalidInput):
        fail_stage(session, yard.judge, made.id, first.id, reason=" ", version=made.version, now=MORNING)
    fail_stage(session, yard.judge, made.id, first.id, reason="漏了两处", version=made.version, now=MORNING)
    assert current_of(stages_of(session, made.id)).state == "failed"
    pass_stage(session, yard.judge, made.id, first.id, confirmed=True, version=made.version, now=MORNING)
    assert [one.state for one in stages_of(session, made.id)] == ["passed", "open"]


def test_stages_are_changed_but_not_those_that_are_passed(session, yard):
    made = lay_project(session, yard)
    first = stages_of(session, made.id)[0]
    pass_stage(session, yard.builder, made.id, first.id, confirmed=True, version=made.version, now=MORNING)
    rest = [StageWish("施工", planned_on=ENDS), StageWish("收尾", planned_on=STARTS)]
    with pytest.raises(InvalidInput) as error:
        set_stages(session, yard.builder, made.id, rest, version=made.version, now=MORNING)
    assert fields(error) == {"stages", "stages.1.planned_on", "reason"}
    rest[1] = StageWish("收尾", planned_on=ENDS)
    rows = [StageWish(first.title, id=first.id), *rest]
    set_stages(session, yard.builder, made.id, rows, reason="分两步", version=made.version, now=MORNING)
    assert [(one.title, one.state) for one in stages_of(session, made.id)] == [
        ("立项", "passed"),
        ("施工", "open"),
        ("收尾", "waiting"),
    ]


def test_done_over_planned_is_a_change_of_the_plan_with_a_reason(session, yard):
    made = lay_project(session, yard)
    by_title = {one.title: one for one in items_of(session, made.id)}
    rubbish, paving, razed = by_title["清理垃圾"], by_title["道路硬化"], by_title["拆违拆临面积"]
    told = {rubbish.id: Done(Decimal(1150)), razed.id: Done(Decimal(320))}
    with pytest.raises(InvalidInput) as error:
        report(session, yard.builder, made.id, told, day=DAY, version=made.version, now=MORNING)
    assert fields(error) == {f"done.{rubbish.id}"}  # of 300余 m2 320 lie within the plan
    assert "50" in texts(error)
    report(session, yard.builder, made.id, told, day=DAY, reason="巷尾另有一堆", version=made.version, now=MORNING)
    assert (rubbish.planned, rubbish.done, razed.planned) == (1150, 1150, 300)
    event = session.scalars(
        select(ProjectEvent).where(ProjectEvent.project_id == made.id, ProjectEvent.version == made.version)
    ).one()
    assert event.detail["plan"] == [{"title": "清理垃圾", "from": "1100", "to": "1150"}]
    assert event.detail["day"] == "2026-11-19"
    with pytest.raises(InvalidInput) as error:
        report(
            session, yard.builder, made.id, {rubbish.id: Done(Decimal(900))}, day=DAY, version=made.version, now=MORNING
        )
    assert fields(error) == {"note"}
    with pytest.raises(InvalidInput) as error:
        report(
            session,
            yard.builder,
            made.id,
            {paving.id: Done(Decimal(9))},
            day=DAY + timedelta(days=1),
            version=made.version,
            now=MORNING,
        )
    assert fields(error) == {"day"}


def test_two_units_stand_side_by_side_and_are_never_added(session, yard):
    made = lay_project(session, yard)
    rows = open_project(session, yard.builder, made.id, now=MORNING).rows
    razed = [row.item for row in rows if row.item.title.startswith("拆违拆临")]
    assert [(one.measure, one.planned, one.planned_qualifier) for one in razed] == [
        ("place", 20, "over"),
        ("m2", 300, "over"),
    ]


@pytest.mark.parametrize(
    ("text", "measure", "value", "qualifier"),
    [
        ("1100余吨", "t", 1100, "over"),
        ("约300", "m2", 300, "about"),
        ("２０", "structure", 20, "exact"),
        ("两万", "m2", 20000, "exact"),
    ],
)
def test_amounts_as_people_write_them(text, measure, value, qualifier):
    assert read_amount(text, measure, "x") == Done(Decimal(value), qualifier)


@pytest.mark.parametrize(
    ("text", "measure"), [("300平方米", "t"), ("7-8", "t"), ("数万", "t"), ("2.5", "structure"), ("abc", "t")]
)
def test_amounts_that_are_refused(text, measure):
    with pytest.raises(InvalidInput) as error:
        read_amount(text, measure, "done.1")
    assert fields(error) == {"done.1"}


def test_a_bill_keeps_what_was_done(session, yard):
    made = lay_project(session, yard)
    items = items_of(session, made.id)
    report(
        session, yard.builder, made.id, {items[4].id: Done(Decimal(500))}, day=DAY, version=made.version, now=MORNING
    )
    with pytest.raises(InvalidInput) as error:
        set_bill(
            session,
            yard.builder,
            made.id,
            lines(("新", "output", "liter", "1", "exact")),
            version=made.version,
            now=MORNING,
        )
    assert fields(error) == {"items", "items.0.measure", "reason"}
    kept = replace(lines(("清理垃圾", "output", "t", "400", "exact"))[0], id=items[4].id)
    with pytest.raises(InvalidInput) as error:
        set_bill(session, yard.builder, made.id, [kept], reason="核减", version=made.version, now=MORNING)
    assert fields(error) == {"items.0.planned"}
    set_bill(
        session,
        yard.builder,
        made.id,
        [replace(kept, planned=Decimal(600))],
        reason="核减",
        version=made.version,
        now=MORNING,
    )
    assert [(one.title, one.planned, one.done) for one in items_of(session, made.id)] == [("清理垃圾", 600, 500)]


def test_shares_sum_to_the_cost_and_the_gap_is_named(session, yard):
    made = create_project(session, yard.builder, wish(yard), now=MORNING)
    with pytest.raises(InvalidInput) as error:
        set_shares(session, yard.builder, made.id, shared()[:2], 200_000_000, version=1, now=MORNING)
    assert "少 1200000 元" in texts(error)
    set_shares(session, yard.builder, made.id, shared(), 200_000_000, version=1, now=MORNING)
    with pytest.raises(InvalidInput) as error:
        change_project(session, yard.builder, made.id, replace(wish_of(made), cost=210_000_000), version=2, now=MORNING)
    assert fields(error) == {"cost"}
    owner = shares_of(session, made.id)[0]
    start(session, yard.builder, made.id, version=made.version, now=MORNING)
    pay(session, yard.builder, made.id, {owner.id: 45_000_000}, day=DAY, version=made.version, now=MORNING)
    with pytest.raises(InvalidInput) as error:
        pay(session, yard.builder, made.id, {owner.id: 5_000_001}, day=DAY, version=made.version, now=MORNING)
    assert "还能支付 50000 元" in texts(error)
    assert "超出计划 0.01 元" in texts(error)
    with pytest.raises(InvalidInput) as error:
        pay(session, yard.builder, made.id, {owner.id: -1}, day=DAY, version=made.version, now=MORNING)
    assert fields(error) == {"note"}
    rows = [ShareWish(one.payer, one.source, one.planned, one.id) for one in shares_of(session, made.id)]
    rows[0] = replace(rows[0], planned=40_000_000)
    rows[2] = replace(rows[2], planned=130_000_000)
    with pytest.raises(InvalidInput) as error:
        set_shares(session, yard.builder, made.id, rows, 200_000_000, reason="调整", version=made.version, now=MORNING)
    assert fields(error) == {"shares.0.planned"}
    table = fund_table(session, yard.builder, Wanted(), DAY)
    assert {one.source: (one.planned, one.paid) for one in table.funds}["owner"] == (50_000_000, 45_000_000)
    assert table.planned == 200_000_000


@pytest.mark.parametrize(
    ("text", "fen", "qualifier"),
    [("200余万元", 200_000_000, "over"), ("2,000,000.05", 200_000_005, "exact"), ("", None, "exact")],
)
def test_money_as_people_write_it(text, fen, qualifier):
    assert read_money(text, "cost") == (fen, qualifier)


@pytest.mark.parametrize("text", ["一些", "1.005", "2-3万", "100吨"])
def test_money_that_is_refused(text):
    with pytest.raises(InvalidInput):
        read_money(text, "cost")


def test_a_project_is_finished_accepted_by_another_and_closed(session, yard):
    made = lay_project(session, yard)
    given = {"version": made.version, "now": MORNING}
    with pytest.raises(InvalidInput) as error:
        finish(session, yard.builder, made.id, **given)
    assert len(error.value.faults) == 4 + 8
    pass_all(session, yard, made)
    told = all_done(items_of(session, made.id))
    report(session, yard.builder, made.id, told, day=DAY, version=made.version, now=MORNING)
    finish(session, yard.builder, made.id, version=made.version, now=MORNING)
    assert made.state == "finished"
    for own in (yard.builder, yard.mate):
        with pytest.raises(Forbidden):
            accept(session, own, made.id, version=made.version, now=MORNING)
    with pytest.raises(InvalidInput):
        refuse(session, yard.judge, made.id, reason="", version=made.version, now=MORNING)
    refuse(session, yard.judge, made.id, reason="东墙未刷", version=made.version, now=MORNING)
    assert (made.state, made.finished_at) == ("running", None)
    finish(session, yard.builder, made.id, version=made.version, now=MORNING)
    accept(session, yard.judge, made.id, version=made.version, now=MORNING)
    assert (made.state, made.accepted_by) == ("accepted", yard.judge.person_id)
    with pytest.raises(Forbidden):
        close(session, yard.builder, made.id, version=made.version, now=MORNING)
    close(session, yard.office, made.id, version=made.version, now=MORNING)
    assert made.state == "closed"
    with pytest.raises(Conflict):
        report(
            session,
            yard.builder,
            made.id,
            told,
            day=DAY,
            photos=[yard.photo(session)],
            version=made.version,
            now=MORNING,
        )


def test_what_lacks_is_carried_with_a_reason_but_never_without_a_judge(session, yard):
    made = lay_project(session, yard, acceptance_unit_id=None)
    with pytest.raises(InvalidInput) as error:
        finish(session, yard.builder, made.id, carry="余项并入二期", version=made.version, now=MORNING)
    assert fields(error) == {"acceptance_unit_id"}
    named = replace(wish_of(made), acceptance_unit_id=yard.judging)
    change_project(session, yard.builder, made.id, named, reason="指定验收单位", version=made.version, now=MORNING)
    finish(session, yard.builder, made.id, carry="余项并入二期", version=made.version, now=MORNING)
    event = session.scalars(
        select(ProjectEvent).where(ProjectEvent.project_id == made.id, ProjectEvent.version == made.version)
    ).one()
    assert len(event.detail["carried"]) == 12
    assert event.detail["reason"] == "余项并入二期"


def test_stopping_is_for_who_directs(session, yard):
    made = lay_project(session, yard)
    with pytest.raises(Forbidden):
        stop(session, yard.builder, made.id, reason="缺钱", version=made.version, now=MORNING)
    stop(session, yard.office, made.id, reason="缺钱", version=made.version, now=MORNING)
    with pytest.raises(Conflict):
        report(
            session, yard.builder, made.id, {}, day=DAY, photos=[yard.photo(session)], version=made.version, now=MORNING
        )
    resume(session, yard.office, made.id, reason="资金到位", version=made.version, now=MORNING)
    assert made.state == "running"


def test_a_change_after_the_start_needs_a_reason_and_is_kept(session, yard):
    made = lay_project(session, yard)
    later = replace(wish_of(made), ends_on=ENDS + timedelta(days=5))
    with pytest.raises(InvalidInput) as error:
        change_project(session, yard.builder, made.id, later, version=made.version, now=MORNING)
    assert fields(error) == {"reason"}
    change_project(session, yard.builder, made.id, later, reason="雨天", version=made.version, now=MORNING)
    event = session.scalars(
        select(ProjectEvent).where(ProjectEvent.project_id == made.id, ProjectEvent.version == made.version)
    ).one()
    assert event.detail["changes"] == {"ends_on": ["2026-12-10", "2026-12-15"]}


def test_a_lost_race_writes_nothing_and_names_the_winner(session, yard):
    made = lay_project(session, yard)
    item = items_of(session, made.id)[4]
    seen = made.version
    report(session, yard.builder, made.id, {item.id: Done(Decimal(5))}, day=DAY, version=seen, now=MORNING)
    with pytest.raises(Stale) as error:
        report(session, yard.mate, made.id, {item.id: Done(Decimal(7))}, day=DAY, version=seen, now=MORNING)
    assert yard.builder.name in error.value.text()
    assert items_of(session, made.id)[4].done == 5


def test_photos_before_and_after_stand_in_pairs_and_are_seen_by_who_sees_the_project(session, yard):
    made = lay_project(session, yard)
    for kind, count in (("before", 2), ("after", 1)):
        refs = [yard.photo(session) for _ in range(count)]
        add_photos(session, yard.builder, made.id, refs, kind, version=made.version, now=MORNING)
    rows = photos_of(session, PROJECT, [made.id])[made.id]
    found = pairs(rows)
    assert [(one.kind if one else None, two.kind if two else None) for one, two in found] == [
        ("before", "after"),
        ("before", None),
    ]
    first = rows[0].file_id
    assert open_photo(session, yard.judge, first, yard.files, now=MORNING).is_file()
    with pytest.raises(NotFound):
        open_photo(session, yard.outsider, first, yard.files, now=MORNING)
    attach(session, yard.builder, PROJECT, made.id, [first], kind="void", now=MORNING)
    assert first not in {one.file_id for one in photos_of(session, PROJECT, [made.id])[made.id]}
    assert session.scalar(select(func.count()).select_from(WorkPhoto).where(WorkPhoto.subject_id == made.id)) == 4


def test_the_list_says_stage_progress_money_and_what_is_late(session, yard):
    made = lay_project(session, yard)
    item = items_of(session, made.id)[0]
    report(session, yard.builder, made.id, {item.id: Done(Decimal(4))}, day=DAY, version=made.version, now=MORNING)
    (line,) = lines_of(session, [made], DAY)
    assert (line.stage, line.stages_passed, line.stages, line.planned, line.paid) == ("立项", 0, 4, 200_000_000, 0)
    assert line.progress == 1000  # 4 of 5, the other seven lines at nought: 80 % / 8
    assert line.late_stages == 1
    wanted = Wanted(late=True, kind="works", unit_id=yard.district.root, state="open", text="麻巷")
    assert made.id in {one.id for one in list_projects(session, yard.office, wanted, now=MORNING, limit=None)}
    pass_all(session, yard, made)
    assert made.id not in {one.id for one in list_projects(session, yard.office, wanted, now=MORNING, limit=None)}
    late = MORNING + timedelta(days=30)
    assert made.id in {one.id for one in list_projects(session, yard.office, wanted, now=late, limit=None)}
