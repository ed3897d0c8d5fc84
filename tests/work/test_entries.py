"""Records of a form (填写记录): what is read of them, the columns of all versions, and what nobody may know before a release."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from core.campaigns import Answer, installed, load_vocabulary
from core.campaigns.xlsform.model import Field, Text
from core.work.forms.entries import Wanted, entries_of, item_answers, list_records, stream_records, used_versions
from core.work.forms.entries_columns import RECORDS, layout_of, typed
from core.work.tables import Sheet, SheetEntry, Visit
from tenants.db import new_id
from tenants.scope import Wall
from tests.factory import add_actor
from tests.work.entering import (
    CODE,
    FIRST,
    SANITARY,
    answered,
    fielded_campaigns,
    first_version,
    full_data,
    put_in_use,
    second_version,
    version,
)
from tests.work.market import ALL_GOOD, ANSWERS, THURSDAY, Town, town
from tests.work.secret_stage import RELEASED, close, plan, release, stage, walk

ON = date(2026, 12, 1)
WORDS = load_vocabulary().with_own(questions=installed().campaigns[SANITARY].questions)
EVERY = Wanted()


@pytest.fixture
def place(wall: Wall) -> Town:
    return town(wall)


def test_columns_are_the_union_and_stand_where_their_neighbours_do() -> None:
    laid = layout_of([second_version(), first_version()], WORDS)
    assert [table.key for table in laid.tables] == [RECORDS, "stalls", "lots"]
    keys = [one.key for one in laid.tables[0].columns]
    assert len(keys) == len(set(keys))
    assert (
        keys.index("phone") < keys.index("level") < keys.index("sold_other") < keys.index("gate") < keys.index("shops")
    )
    phone = next(one for one in laid.tables[0].columns if one.key == "phone")
    assert (phone.label.zh, len(phone.versions)) == ("联系电话", 2)
    assert [one.key for one in laid.tables[1].columns] == [
        "keeper",
        "area",
        "sells",
        "sells/fish",
        "sells/meat",
        "lots",
    ]
    assert laid.tables[2].parent == "stalls"


def test_a_question_that_changed_its_type_keeps_its_column_and_each_record_its_own_reading() -> None:
    older = version(Field("staff", "text", Text("管理人员")))
    newer = version(Field("staff", "integer", Text("管理人员人数")))
    laid = layout_of([newer, older], WORDS)
    [old], [new] = (
        [*laid.rows("r", one.sha256, {}, {"staff": said})] for one, said in ((older, "十来人"), (newer, 12))
    )
    assert (old.cells["staff"], new.cells["staff"]) == ("十来人", 12)
    assert [one.label.zh for one in laid.tables[0].columns if one.key == "staff"] == ["管理人员人数"]
    assert list(laid.rows("r", "0" * 64, {}, {})) == [], "a version that nobody has is no row"


def test_an_item_whose_question_left_the_catalogue_is_still_told() -> None:
    form = installed().campaigns[SANITARY].edition.form(CODE)
    gone = replace(form, items=(replace(form.items[0], question="long_gone"), *form.items[1:]))
    laid = layout_of([gone], WORDS)
    code = form.items[0].code
    for answer, said in (
        (Answer(yes=True), "yes"),
        (Answer(n=2, m=3), "2/3"),
        (Answer(count=0), 0),
        (Answer(na=True), "na"),
    ):
        [row] = laid.rows("r", gone.sha256, {code: answer}, {})
        assert row.cells[code] == said


@pytest.mark.parametrize(
    ("kind", "value", "cell"),
    [
        ("integer", 0, 0),
        ("decimal", "0.50", Decimal("0.50")),
        ("range", "2.5", Decimal("2.5")),
        ("text", "12", "12"),
        ("calculate", "12.5", Decimal("12.5")),
        ("calculate", "007", "007"),
        ("calculate", "NaN", None),
        ("calculate", "1234567890123456", "1234567890123456"),
        ("date", "2026-03-02", date(2026, 3, 2)),
        ("select_multiple", ["a", "b"], "a b"),
    ],
)
def test_cells_have_types(kind: str, value: Any, cell: Any) -> None:
    assert typed(kind, value) == cell
    assert type(typed(kind, value)) is type(cell)


def test_a_corrected_visit_is_one_record_and_an_item_that_its_form_hides_does_not_apply(
    wall: Wall, place: Town
) -> None:
    asked = first_version().survey
    assert asked
    twin = next(one for one in asked.items() if ANSWERS[one.scoring.question].get("rating"))
    rating = ANSWERS[twin.scoring.question]["rating"]
    own = replace(twin, name="OWN-01", relevant="${staff} > 3")
    own = replace(own, scoring=replace(own.scoring, points=Decimal(0), indicators=(), key=""))
    form = version(*FIRST, own)
    with place.district.session(wall) as session:
        put_in_use(session, add_actor(wall, place.ref, "administrator", place.district.root), form)
        visit = answered(session, place, form, {"staff": 1}).visit.id
        session.commit()
        [record] = list_records(session, place.office, SANITARY, CODE, EVERY, None, 10, ON)
        assert record.entries["staff"] == 1
        said = item_answers(session, SANITARY, CODE, [visit])[visit]
        assert (said["OWN-01"][0], said[twin.name][0]) == (Answer(na=True), Answer(rating=rating))
        assert len(said) == len(form.items)
        [row] = entries_of(session, visit)
        assert (row.form, row.form_sha256) == (CODE, form.sha256)


def test_a_secret_visit_is_no_record_before_its_release(wall: Wall, tmp_path: Path) -> None:
    there = stage(wall, tmp_path)
    form = first_version()
    with there.plain() as session:
        admin = add_actor(wall, there.town.ref, "administrator", there.town.district.root)
        put_in_use(session, admin, form)
        session.commit()
    round_id = plan(there)
    with there.cleared() as session:
        made = walk(
            session,
            there,
            round_id,
            campaigns=fielded_campaigns(session),
            entries={form.sha256: full_data()},
        )
        session.commit()
        visit = made.visit.id
    who = (there.town.office, there.town.leader, there.town.inspector)

    def seen() -> list[tuple[int, int, int, int]]:
        with there.plain() as session:
            return [
                (
                    len(list_records(session, one, SANITARY, CODE, EVERY, None, 10, ON)),
                    len(used_versions(session, one, SANITARY, CODE, ON)),
                    sum(map(len, stream_records(session, one, SANITARY, CODE, EVERY, ON))),
                    len(entries_of(session, visit)),
                )
                for one in who
            ]

    assert seen() == [(0, 0, 0, 0)] * 3
    version_now = close(there, round_id, now=THURSDAY + timedelta(days=2))
    with there.cleared() as session:
        release(session, there.office, round_id, version=version_now, now=RELEASED)
        session.commit()
    assert seen() == [(1, 1, 1, 1)] * 3
    with there.plain() as session:
        [record] = list_records(session, there.town.leader, SANITARY, CODE, Wanted(text="花卉"), None, 10, ON)
        assert record.visit_id == visit


def test_pages_meet_and_versions_are_counted(wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        admin = add_actor(wall, place.ref, "administrator", place.district.root)
        for n, form in enumerate((first_version(), second_version())):
            put_in_use(session, admin, form)
            for hour in range(3):
                answered(
                    session,
                    place,
                    form,
                    {"phone": f"{n}{hour}"},
                    ALL_GOOD,
                    now=THURSDAY + timedelta(days=n, hours=hour),
                )
        session.commit()
        whole = list_records(session, place.office, SANITARY, CODE, EVERY, None, 100, ON)
        parts, after = [], None
        while part := list_records(session, place.office, SANITARY, CODE, EVERY, after, 2, ON):
            parts += part
            after = (part[-1].day, part[-1].visit_id)
        assert parts == whole
        assert len(whole) == 6
        used = used_versions(session, place.office, SANITARY, CODE, ON)
        assert [(one.sha256, one.records) for one in used] == [
            (second_version().sha256, 3),
            (first_version().sha256, 3),
        ]


def test_many_records_are_read_with_little_memory(wall: Wall, place: Town) -> None:
    """4 000 records, of 2 000 the same again: the peak does not follow their number."""
    with place.district.session(wall) as session:
        form = first_version()
        put_in_use(session, add_actor(wall, place.ref, "administrator", place.district.root), form)
        made = answered(session, place, form, full_data()).visit
        copy_visits(session, made, 4000)
        session.commit()
    laid = layout_of([form], WORDS)

    def peak(wanted: Wanted) -> tuple[int, int]:
        rows = 0
        with place.district.session(wall) as session:
            tracemalloc.start()
            for part in stream_records(session, place.office, SANITARY, CODE, wanted, ON):
                said = item_answers(session, SANITARY, CODE, [one.visit_id for one in part])
                for one in part:
                    answers = {item: answer for item, (answer, _) in said[one.visit_id].items()}
                    rows += sum(1 for _ in laid.rows(str(one.visit_id), one.form_sha256, answers, one.entries))
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return rows, most

    few = peak(Wanted(until=THURSDAY.date() - timedelta(days=2000)))
    many = peak(EVERY)
    assert many[0] == 4001 * 5
    assert few[0] == 2001 * 5
    assert many[1] < few[1] * 1.3


def copy_visits(session: Any, visit: Visit, times: int) -> None:
    """The same visit on as many earlier days."""
    session.flush()
    tenant, ids = session.tenant_id, [new_id() for _ in range(times)]
    days = [visit.day - timedelta(days=n + 1) for n in range(times)]
    same = {c.name: getattr(visit, c.name) for c in Visit.__table__.columns}
    session.execute(insert(Visit), [same | {"id": one, "day": day} for one, day in zip(ids, days, strict=True)])
    for table in (Sheet, SheetEntry):
        for row in session.scalars(select(table).where(table.visit_id == visit.id)).all():
            said = {c.name: getattr(row, c.name) for c in table.__table__.columns} | {"tenant_id": tenant}
            more = [{"day": day} if "day" in said else {} for day in days]
            session.execute(insert(table), [said | {"visit_id": one} | day for one, day in zip(ids, more, strict=True)])
