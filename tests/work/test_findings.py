"""The lists, the detail and the to-dos: filters, pages without gaps, and never more than the reader's reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from core.errors import InvalidInput, NotFound
from core.work.calendar import seed_calendar
from core.work.desk.finding_detail import detail
from core.work.desk.findings import Filter, list_findings
from core.work.desk.waiting import counts, counts_by_unit, todo, todo_count
from core.work.inspection.photos import store
from core.work.loop.ledger import act
from tenants.db import new_id
from tests.factory import add_actor, add_site
from tests.work.market import ALL_GOOD, ANSWERS, FAILED, THURSDAY, Town, send, town
from tests.work.pictures import jpeg

LATER = THURSDAY + timedelta(days=1, hours=1)  # Friday 11:00: what had one working day is overdue by an hour


@pytest.fixture(scope="module")
def place(wall, tmp_path_factory) -> Town:
    """Ten findings at the market, two at a market of the other community; one of them answered, one closed."""
    made = town(wall)
    with made.district.session(wall) as session:
        seed_calendar(session, [2026])
        photo = store(session, made.liaison, jpeg(), files=tmp_path_factory.mktemp("files"))
        done = send(session, made, photos={"toilet_clean": [str(photo.id)]}, notes={"toilet_clean": "墙角100%脏_乱"})
        far = add_site(session, made.district.communities[1], "produce_market", name="远处市场")
        more = {**ALL_GOOD, "toilet_clean": {"rating": 1}, "fire_lane_and_equipment": {"yes": False}}
        other = send(session, made, more, site_id=far, now=THURSDAY + timedelta(minutes=5))
        made.by = {f.question: f.id for f in done.findings}
        made.far = {f.question: f.id for f in other.findings}
        for finding in (made.by["toilet_clean"], made.far["toilet_clean"]):
            act(
                session,
                made.liaison,
                finding,
                "answer",
                version=1,
                photos=[str(photo.id)],
                now=THURSDAY + timedelta(hours=2),
            )
        act(
            session,
            made.office,
            made.far["toilet_clean"],
            "close",
            version=2,
            outcome="fixed",
            now=THURSDAY + timedelta(hours=3),
        )
        session.commit()
    return made


@pytest.fixture
def session(wall, place):
    with place.district.session(wall) as opened:
        yield opened


def ids(page) -> list:
    return [row.id for row in page.rows]


def shown(session, actor, **wanted) -> set:
    return set(ids(list_findings(session, actor, Filter(**wanted), now=LATER, page_size=200)))


def test_the_problem_list_is_newest_first_and_carries_what_a_row_needs(session, place):
    page = list_findings(session, place.office, now=LATER)
    assert len(page.rows) == 12
    assert page.next_cursor is None
    assert [r.opened_at for r in page.rows] == sorted((r.opened_at for r in page.rows), reverse=True)
    row = next(r for r in page.rows if r.id == place.by["stall_licences"])
    assert (row.site_name, row.unit_name, row.state, row.version) == (
        "测试区便民市场",
        "测试区第1社区",
        "dispatched",
        1,
    )
    assert row.campaigns == ("civilized_city", "food_safety_city")
    assert row.lead.unit_name == "测试区市场监管"
    assert [(p.kind, p.leading) for p in row.parts] == [("line", True), ("place", False)]
    assert row.overdue


def test_the_three_views(session, place):
    everything = set(place.by.values()) | set(place.far.values())
    assert shown(session, place.office, view="problem") == everything
    assert shown(session, place.office, view="rectification") == everything - {place.far["toilet_clean"]}
    rectification = list_findings(session, place.office, Filter(view="rectification"), now=LATER)
    assert [r.due_at for r in rectification.rows] == sorted(r.due_at for r in rectification.rows)
    # the responsibility list of a community: where it has a part, not whatever lies on its ground
    home = place.district.communities[0]
    assert shown(session, place.office, view="responsibility", units=[home]) == set(place.by.values())
    sanitation = place.district.departments["sanitation"]
    assert shown(session, place.office, view="responsibility", units=[sanitation]) == {
        place.by["toilet_clean"],
        place.far["toilet_clean"],
    }


def test_filters(session, place):
    office = place.office
    assert shown(session, office, states=["answered"]) == {place.by["toilet_clean"]}
    assert shown(session, office, states=["answered", "closed"]) == {
        place.by["toilet_clean"],
        place.far["toilet_clean"],
    }
    assert shown(session, office, categories=["SAF-FIRE"]) == {place.far["fire_lane_and_equipment"]}
    assert shown(session, office, campaigns=["sanitary_city"]) == {
        place.by[q] for q in ("toilet_clean", "stalls_tidy_inside", "live_poultry_zone", "live_poultry_slaughter")
    } | {place.far["toilet_clean"]}
    assert shown(session, office, indicators=["SAN-604"]) >= {place.by["live_poultry_zone"]}
    assert shown(session, office, units=[place.district.communities[1]]) == set(place.far.values())
    assert shown(session, office, units=[place.district.street]) == set(place.by.values()) | set(place.far.values())
    assert shown(session, office, text="远处") == set(place.far.values())
    assert shown(session, office, text="异味") == {place.by["toilet_clean"], place.far["toilet_clean"]}
    assert shown(session, office, text="%") == shown(session, office, text="_") == set()
    number = next(r.number for r in list_findings(session, office, now=LATER).rows)
    assert len(shown(session, office, text=number)) == 1
    site = list_findings(session, office, Filter(text="远处"), now=LATER).rows[0].site_id
    assert shown(session, office, site_id=site) == set(place.far.values())


def test_overdue_is_what_the_unit_has_not_answered_in_time(session, place):
    late = shown(session, place.office, overdue=True)
    assert place.by["parking_offences"] in late
    assert place.by["toilet_clean"] not in late  # answered in time, waits for the checker
    assert place.by["core_value_adverts"] not in late  # three working days
    assert shown(session, place.office, overdue=False) == shown(session, place.office) - late


@pytest.mark.parametrize("sort", ["due_at", "-due_at", "opened_at", "-opened_at"])
def test_pages_have_no_gap_and_no_double(session, place, sort):
    found, cursor, pages = [], None, 0
    while True:
        page = list_findings(session, place.office, sort=sort, page_size=5, cursor=cursor, now=LATER)
        found += page.rows
        pages += 1
        cursor = page.next_cursor
        if cursor is None:
            break
    assert pages == 3
    assert len({r.id for r in found}) == len(found) == 12
    values = [getattr(r, sort.lstrip("-")) for r in found]
    assert values == sorted(values, reverse=sort.startswith("-"))


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"view": "all"}, "view"),
        ({"sort": "title"}, "sort"),
        ({"sort": "--due_at"}, "sort"),
        ({"states": ["gone"]}, "state"),
        ({"page_size": 201}, "page_size"),
        ({"page_size": 0}, "page_size"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "W10"}, "cursor"),
        ({"cursor": "é"}, "cursor"),
        ({"text": "\x00"}, "text"),
        ({"text": "\ud800"}, "text"),
    ],
)
def test_bad_questions_are_named(session, place, wanted, field):
    asked = {name: value for name, value in wanted.items() if name in ("sort", "page_size", "cursor")}
    filtered = Filter(**{name: value for name, value in wanted.items() if name not in asked})
    with pytest.raises(InvalidInput) as caught:
        list_findings(session, place.office, filtered, **asked)
    assert [f.field for f in caught.value.faults] == [field]


def test_a_cursor_of_another_order_is_refused(session, place):
    cursor = list_findings(session, place.office, sort="due_at", page_size=1).next_cursor
    with pytest.raises(InvalidInput):
        list_findings(session, place.office, sort="-due_at", cursor=cursor)


# --- reach ---------------------------------------------------------------------------------------------------------


def test_everybody_sees_what_his_units_have_a_part_in(wall, session, place):
    home = add_actor(wall, place.ref, "liaison", place.district.communities[1])
    street = add_actor(wall, place.ref, "liaison", place.district.street)
    assert shown(session, home) == set(place.far.values())
    assert shown(session, street) == set(place.by.values()) | set(place.far.values())
    assert shown(session, place.liaison) == {place.by["toilet_clean"], place.far["toilet_clean"]}
    fire = add_actor(wall, place.ref, "liaison", place.district.departments["fire_rescue"])
    assert shown(session, fire) == {place.far["fire_lane_and_equipment"]}
    finance = add_actor(wall, place.ref, "liaison", place.district.departments["finance_bureau"])
    assert shown(session, finance) == set()
    with pytest.raises(NotFound):
        detail(session, finance, place.by["toilet_clean"])
    # a filter cannot widen the reach
    assert shown(session, finance, units=[place.district.root]) == set()
    assert shown(session, place.liaison, text="市场") == {place.by["toilet_clean"], place.far["toilet_clean"]}


def test_two_districts_do_not_see_each_others_findings(wall, place):
    other = town(wall, "邻区")
    with other.district.session(wall) as session:
        done = send(session, other)
        session.commit()
        assert shown(session, other.office) == {f.id for f in done.findings}
        assert counts(session, other.office, now=LATER).total == len(FAILED)
        for finding in (*place.by.values(), new_id()):
            with pytest.raises(NotFound) as caught:
                detail(session, other.office, finding)
            assert caught.value.text() == "没有找到"
        # not even with a stolen actor: the session decides whose rows there are
        assert shown(session, place.office) == set()


# --- numbers -------------------------------------------------------------------------------------------------------


def test_counts(session, place):
    found = counts(session, place.office, now=LATER)
    assert (found.total, found.open, found.to_check, found.closed, found.with_unit, found.reopened) == (
        12,
        11,
        1,
        1,
        10,
        0,
    )
    assert found.overdue == len(shown(session, place.office, overdue=True)) == 6
    assert found.due_soon == 0
    soon = counts(session, place.office, now=THURSDAY + timedelta(hours=1))
    assert (soon.overdue, soon.due_soon) == (0, 6)
    assert counts(session, place.liaison, now=LATER).total == 2
    assert counts(session, place.office, Filter(text="远处"), now=LATER).total == 2


def test_counts_by_leading_unit(session, place):
    rows = counts_by_unit(session, place.office, now=LATER)
    assert sum(r.counts.total for r in rows) == 12
    assert rows[0].counts.overdue == max(r.counts.overdue for r in rows)
    sanitation = next(r for r in rows if r.unit_id == place.district.departments["sanitation"])
    assert (sanitation.unit_name, sanitation.counts.to_check, sanitation.counts.closed) == ("测试区环卫", 1, 1)


def test_todo_is_what_waits_for_this_person(wall, session, place):
    market = add_actor(wall, place.ref, "liaison", place.district.departments["market_regulator"])
    waiting = todo(session, market, LATER)
    assert {r.id for r in waiting.answer} == {
        place.by[q]
        for q in (
            "stall_licences",
            "rapid_test_posted",
            "rapid_test_room",
            "live_poultry_zone",
            "live_poultry_slaughter",
        )
    }
    assert [r.due_at for r in waiting.answer] == sorted(r.due_at for r in waiting.answer)
    assert (waiting.check, waiting.count) == ([], 5)
    assert todo_count(session, market, LATER) == 5
    checks = todo(session, place.office, LATER)
    assert [r.id for r in checks.check] == [place.by["toilet_clean"]]
    assert (checks.answer, checks.count) == ([], 1)
    assert todo(session, place.leader, LATER).count == todo(session, place.liaison, LATER).count == 0
    assert todo(session, market, LATER, limit=2).answer_count == 5
    double = replace(place.liaison, duties=place.liaison.duties + place.office.duties)
    assert todo(session, double, LATER).check == []  # he answered it himself


# --- detail --------------------------------------------------------------------------------------------------------


def test_detail_shows_the_whole_story(session, place):
    found = detail(session, place.office, place.by["toilet_clean"], now=LATER)
    assert (found.row.title, found.finding.detail) == ("卫生间保洁无明显异味", "墙角100%脏_乱")
    assert [e.verb for e in found.events] == ["open", "answer"]
    assert [(i.campaign, i.item) for i in found.items] == [
        ("civilized_city", "CIV-MARKET-08"),
        ("sanitary_city", "SAN-MARKET-09"),
    ]
    assert {(k.indicator, k.direct) for k in found.links} >= {("CIV-F5", True), ("SAN-308", True), ("SAN-307", False)}
    assert [p.version for p in found.before] == [None]
    assert [p.version for p in found.after] == [2]
    assert found.before[0].taken_at is not None
    assert [t.verb for t in found.allowed] == ["instruct", "close", "send_back", "cancel", "correct"]
    assert found.time_left is None
    late = detail(session, place.office, place.by["parking_offences"], now=LATER)
    assert late.time_left == -timedelta(hours=1)
    assert late.row.overdue
    assert not late.provisional
    assert [t.verb for t in late.allowed] == [
        "assist",
        "drop_part",
        "transfer",
        "instruct",
        "cancel",
        "merge",
        "correct",
    ]
    assert late.before == late.after == []


def test_lists_and_details_take_few_queries(wall, session, place):
    statements: list[str] = []

    @event.listens_for(wall.engine, "before_cursor_execute")
    def note(_conn, _cursor, statement, *_rest) -> None:
        if "set_config" not in statement:
            statements.append(statement)

    try:
        for limit, ask in (
            (3, lambda: list_findings(session, place.office, now=LATER)),
            (1, lambda: counts(session, place.office, now=LATER)),
            (2, lambda: todo_count(session, place.office, LATER)),
            (10, lambda: detail(session, place.office, place.by["toilet_clean"], now=LATER)),
        ):
            statements.clear()
            ask()
            assert 0 < len(statements) <= limit, [one[:90] for one in statements]
    finally:
        event.remove(wall.engine, "before_cursor_execute", note)


def test_the_deadline_list_can_use_its_index(session):
    for way in ("seqscan", "bitmapscan", "sort"):  # what a small table is better read by
        session.execute(text(f"SET LOCAL enable_{way} = off"))
    open_ones = "state IN ('dispatched', 'taken', 'answered')"
    asked = f"EXPLAIN SELECT id FROM finding WHERE tenant_id = 1 AND {open_ones} ORDER BY due_at, id LIMIT 50"
    assert "ix_finding_unfinished" in "\n".join(session.execute(text(asked)).scalars())
    assert ANSWERS
