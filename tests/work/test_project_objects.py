"""Counters down to zero and site files: lists, pace, dropped ones; findings of one site, signed, closed after them."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import count
from random import Random

import pytest
from sqlalchemy import select

from core.errors import Conflict, InvalidInput, SanchengError, Stale
from core.work.projects.bill import Done, items_of, report, set_bill
from core.work.projects.counting import Counter, Told, progress_of
from core.work.projects.finishing import accept, close, finish, start
from core.work.projects.making import create_project
from core.work.projects.objects import import_objects, objects_of, read_objects, set_objects
from core.work.projects.opened import open_project
from core.work.projects.project_list import projects_of_tasks
from core.work.projects.shares import ShareWish, gap_of, pay, set_shares, shares_of
from core.work.projects.site_files import files_of, findings_of, offered, set_findings, sign
from core.work.tables import Finding, Project, ProjectEvent, ProjectItem, ProjectShare, Sponsorship
from core.work.tasks.making import TaskWish, create
from tests.work.building import DAY, ENDS, MORNING, Yard, lay_project, lay_yard, lines, pass_all, shared, wish

SERIALS = count(90_001)
BOILERS = (("小锅炉", "counter", "set", "23", "exact"),)


@pytest.fixture(scope="module")
def yard(wall, tmp_path_factory) -> Yard:
    return lay_yard(wall, tmp_path_factory.mktemp("files"))


@pytest.fixture
def session(yard):
    with yard.session() as opened:
        yield opened


def counting(session, yard, names: str, **more) -> tuple[Project, ProjectItem]:
    made = lay_project(session, yard, rows=BOILERS, cost=None, **more)
    item = items_of(session, made.id)[0]
    import_objects(session, yard.builder, made.id, item.id, names, reason="列单", version=made.version, now=MORNING)
    return made, item


def numbered(count: int) -> str:
    return "\n".join(f"锅炉{n}" for n in range(1, count + 1))


def test_nine_of_twenty_three_with_six_weeks_left_are_at_risk():
    """Anchor S3-F046: 39.1 % in the middle of November, by the year's end."""
    begun, end, day = date(2026, 1, 1), date(2026, 12, 31), date(2026, 11, 19)
    one = Counter(Decimal(23), Decimal(9), begun, end, day)
    assert (one.remaining, one.rate, one.days_left, one.state) == (14, Fraction(9, 23), 42, "at_risk")
    assert one.forecast_on is not None
    assert one.forecast_on > end
    assert Counter(Decimal(23), Decimal(23), begun, end, day).state == "done"
    assert Counter(Decimal(23), Decimal(22), begun, end, end + timedelta(days=1)).state == "late"
    assert Counter(Decimal(23), Decimal(0), day + timedelta(days=1), end, day).state == "not_begun"
    assert Counter(Decimal(23), Decimal(0), begun, end, day).forecast_on is None
    assert Counter(Decimal(0), Decimal(0), begun, end, day).rate is None


@pytest.mark.parametrize("seed", range(40))
def test_counters_never_forecast_a_day_that_is_over(seed):
    chance = Random(seed)
    begun = date(2026, 1, 1) + timedelta(days=chance.randrange(300))
    end = begun + timedelta(days=chance.randrange(400))
    day = begun + timedelta(days=chance.randrange(-30, 500))
    planned = Decimal(chance.randrange(60))
    one = Counter(planned, Decimal(chance.randrange(int(planned) + 5)), begun, end, day)
    assert one.remaining >= 0
    assert one.elapsed >= 0
    assert one.forecast_on is None or one.forecast_on >= day
    if one.state == "at_risk":
        assert one.forecast_on is None or one.forecast_on > end
    if one.state == "on_pace":
        assert one.forecast_on is not None
        assert one.forecast_on <= end


@pytest.mark.parametrize("seed", range(25))
def test_shares_sum_to_the_cost_or_name_the_gap(seed):
    chance = Random(seed)
    parts = [chance.randrange(10**9) for _ in range(chance.randrange(1, 7))]
    total = sum(parts)
    assert gap_of(parts, total, "cost") == []
    off = chance.choice([-1, 1]) * chance.randrange(1, 10**6)
    (fault,) = gap_of(parts, total + off, "cost")
    assert Decimal(fault.params["gap"]) * 100 == abs(off)
    assert gap_of([], None, "cost") == []


@pytest.mark.parametrize("seed", range(25))
def test_progress_is_the_mean_whatever_the_order_and_never_over_the_whole(seed):
    chance = Random(seed)
    rows = [
        Told(Decimal(chance.randrange(1, 900)), Decimal(chance.randrange(1200))) for _ in range(chance.randrange(1, 9))
    ]
    found = progress_of(rows)
    chance.shuffle(rows)
    assert progress_of(rows) == found
    assert 0 <= found <= 10_000
    exact = sum(min(Fraction(one.done) / Fraction(one.planned), Fraction(1)) for one in rows) / len(rows)
    assert abs(Fraction(found, 10_000) - exact) <= Fraction(1, 20_000)
    assert progress_of([]) is None


def test_pasted_names_are_read_and_what_is_wrong_names_its_row():
    faults: list = []
    rows = read_objects("名称\t期限\t说明\n甲\t2026年12月31日\t临街\n\n乙\t2026-12\t\n", faults)
    assert faults == []
    assert [(one.name, one.due_on, one.note) for one in rows] == [
        ("甲", date(2026, 12, 31), "临街"),
        ("乙", date(2026, 12, 31), ""),
    ]
    read_objects("甲,下周\n,2026-12-01\n甲", faults)
    assert [(one.row, one.value) for one in faults] == [(1, "下周"), (2, ""), (3, "甲")]


def test_a_list_counts_down_and_dropped_ones_leave_the_denominator(session, yard):
    made, item = counting(session, yard, numbered(23))
    ids = [one.id for one in objects_of(session, [item.id])[item.id]]
    given = {"day": DAY, "now": MORNING}
    set_objects(session, yard.builder, made.id, ids[:9], "done", version=made.version, **given)
    assert (item.planned, item.done) == (23, 9)
    with pytest.raises(InvalidInput):
        set_objects(session, yard.builder, made.id, ids[22:], "dropped", version=made.version, **given)
    set_objects(session, yard.builder, made.id, ids[22:], "dropped", note="已拆", version=made.version, **given)
    assert (item.planned, item.done) == (22, 9)
    (row,) = open_project(session, yard.builder, made.id, now=MORNING).rows
    assert (row.counter.dropped, row.counter.remaining) == (1, 13)
    with pytest.raises(InvalidInput):
        set_objects(session, yard.builder, made.id, ids[:1], "todo", version=made.version, **given)
    set_objects(session, yard.builder, made.id, ids[:1], "todo", note="又点火了", version=made.version, **given)
    assert item.done == 8
    assert objects_of(session, [item.id])[item.id][0].done_on is None


def test_a_second_import_adds_nothing(session, yard):
    made, item = counting(session, yard, numbered(23))
    again = {"version": made.version, "now": MORNING}
    done = import_objects(session, yard.builder, made.id, item.id, numbered(23), **again)
    assert (done.added, done.same, item.planned) == (0, 23, 23)
    with pytest.raises(InvalidInput) as error:
        import_objects(session, yard.builder, made.id, item.id, "锅炉24", version=made.version, now=MORNING)
    assert [one.field for one in error.value.faults] == ["reason"]


def test_a_listed_line_is_not_typed_and_a_typed_one_not_listed(session, yard):
    made, item = counting(session, yard, numbered(23))
    with pytest.raises(InvalidInput):
        report(session, yard.builder, made.id, {item.id: Done(Decimal(9))}, day=DAY, version=made.version, now=MORNING)
    other = lay_project(session, yard, rows=BOILERS, cost=None)
    line = items_of(session, other.id)[0]
    report(session, yard.builder, other.id, {line.id: Done(Decimal(9))}, day=DAY, version=other.version, now=MORNING)
    with pytest.raises(InvalidInput) as error:
        import_objects(session, yard.builder, other.id, line.id, numbered(23), version=other.version, now=MORNING)
    assert error.value.faults[0].field == "names"


def test_only_counters_have_lists(session, yard):
    made = lay_project(session, yard)
    output = next(one for one in items_of(session, made.id) if one.flow == "output")
    with pytest.raises(Conflict):
        import_objects(session, yard.builder, made.id, output.id, "甲", version=made.version, now=MORNING)


def a_finding(session, yard) -> Finding:
    found = Finding(
        category="ENV-LITTER",
        title="垃圾满溢",
        site_id=yard.site,
        unit_id=yard.district.communities[0],
        state="rectifying",
        number=f"2026-{next(SERIALS):05d}",
        working_days=5,
        opened_at=MORNING,
        due_at=MORNING + timedelta(days=7),
        source="report",
    )
    session.add(found)
    session.flush()
    return found


def test_a_site_file_settles_its_findings_before_it_is_closed(session, yard):
    first = a_finding(session, yard)
    kind = {"kind": "site_file", "site_id": yard.site, "cost": None}
    made = create_project(session, yard.office, wish(yard, **kind), now=MORNING)
    assert first.id in {one.id for one in offered(session, yard.office, made, DAY)}
    set_findings(session, yard.office, made.id, [first.id], version=made.version, now=MORNING)
    assert [one.id for one in findings_of(session, yard.office, made.id, DAY)] == [first.id]
    assert [one.id for one in files_of(session, yard.office, first.id, DAY)] == [made.id]
    with pytest.raises(InvalidInput):
        set_findings(session, yard.office, made.id, [made.id], version=made.version, now=MORNING)
    with pytest.raises(InvalidInput) as error:
        sign(session, yard.office, made.id, owner_name="", signed_on=None, photos=[], version=made.version, now=MORNING)
    assert {one.field for one in error.value.faults} == {"owner_name", "signed_on", "photos"}
    scan = [yard.photo(session, yard.office)]
    signed = {"owner_name": "演示经营者", "signed_on": DAY, "photos": scan}
    sign(session, yard.office, made.id, version=made.version, now=MORNING, **signed)
    start(session, yard.office, made.id, version=made.version, now=MORNING)
    pass_all(session, yard, made)
    finish(session, yard.office, made.id, version=made.version, now=MORNING)
    accept(session, yard.judge, made.id, version=made.version, now=MORNING)
    with pytest.raises(InvalidInput) as error:
        close(session, yard.judge, made.id, version=made.version, now=MORNING)
    assert [one.field for one in error.value.faults] == ["findings"]
    first.state = "closed"
    session.flush()
    close(session, yard.judge, made.id, version=made.version, now=MORNING)
    assert made.state == "closed"


def test_restricted_findings_are_neither_offered_nor_shown(session, yard):
    hidden = a_finding(session, yard)
    made = create_project(session, yard.office, wish(yard, kind="site_file", site_id=yard.site, cost=None), now=MORNING)
    set_findings(session, yard.office, made.id, [hidden.id], version=made.version, now=MORNING)
    hidden.restricted = True
    session.flush()
    assert hidden.id not in {one.id for one in offered(session, yard.office, made, DAY)}
    assert findings_of(session, yard.office, made.id, DAY) == []


def test_a_task_is_told_of_its_project_and_sponsors_are_found_by_name(session, yard):
    task = create(session, yard.office, TaskWish("淘汰小锅炉", yard.unit, ENDS), now=MORNING, issue=True)
    made, item = counting(session, yard, numbered(4), task_id=task.id)
    first = objects_of(session, [item.id])[item.id][0]
    set_objects(session, yard.builder, made.id, [first.id], "done", day=DAY, version=made.version, now=MORNING)
    assert projects_of_tasks(session, yard.builder, [task.id], DAY) == {task.id: [(made, 2500)]}
    session.add(Sponsorship(kind="leader", person_id=yard.office.person_id, project=made.number, valid_from=DAY))
    session.flush()
    found = open_project(session, yard.builder, made.id, now=MORNING)
    assert (found.names.task, found.sponsors) == (task, ["演示创建办"])
    pass_all(session, yard, made)
    finish(session, yard.builder, made.id, carry="余下并入二期", version=made.version, now=MORNING)
    assert task.state == "issued"  # a finished project finishes no task by itself


def test_of_many_at_once_one_wins_and_no_payment_is_doubled(wall, yard):
    with yard.district.session(wall) as session:
        made = create_project(session, yard.builder, wish(yard, title="并发支付"), now=MORNING)
        set_shares(session, yard.builder, made.id, shared(), 200_000_000, version=1, now=MORNING)
        set_bill(session, yard.builder, made.id, lines(*BOILERS), version=2, now=MORNING)
        start(session, yard.builder, made.id, version=3, now=MORNING)
        key, share = made.id, shares_of(session, made.id)[0].id
        session.commit()
    gate, done = threading.Barrier(8), list[str]()

    def one(number: int) -> None:
        with yard.district.session(wall) as session:
            gate.wait()
            try:
                pay(session, yard.builder, key, {share: 100 + number}, day=DAY, version=4, now=MORNING)
                session.commit()
                done.append("won")
            except Stale:
                done.append("stale")
            except SanchengError as error:
                done.append(repr(error))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == ["stale"] * 7 + ["won"]
    with yard.district.session(wall) as session:
        versions = session.scalars(select(ProjectEvent.version).where(ProjectEvent.project_id == key)).all()
        assert sorted(versions) == [1, 2, 3, 4, 5]
        paid = session.get_one(ProjectShare, (session.tenant_id, share)).paid
        assert 100 <= paid < 108


def test_more_than_one_share_row_of_a_payer_may_stand(session, yard):
    made = create_project(session, yard.builder, wish(yard), now=MORNING)
    rows = [ShareWish("区财政", "finance", 150_000_000), ShareWish("区财政", "award", 50_000_000)]
    set_shares(session, yard.builder, made.id, rows, 200_000_000, version=1, now=MORNING)
    assert [one.source for one in shares_of(session, made.id)] == ["finance", "award"]
