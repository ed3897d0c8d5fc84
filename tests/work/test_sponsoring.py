"""Sponsorship: who sponsors a place on a day, nearest first, what they did, area x field, and the names from a workbook."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from uuid import UUID

import openpyxl
import pytest
from sqlalchemy import event, select

from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work.actors import resolve_actor
from core.work.duties.sponsor_deeds import deeds
from core.work.duties.sponsor_keeping import Wish, begin_sponsorship, name_sponsor, set_end
from core.work.duties.sponsor_lists import (
    SponsorFilter,
    count_sponsorships,
    fields_in_use,
    find_sponsorship,
    histories,
    list_sponsorships,
    matrix,
    unsponsored,
)
from core.work.duties.sponsor_log import log_entry, logged_as_settled, open_findings, own_sponsorships, read_log
from core.work.duties.sponsoring import SPONSOR_KINDS, sponsors_of_units, sponsors_on
from core.work.imports.sponsor_workbook import SPONSORS, import_sponsors, read_sponsors
from core.work.imports.workbook_sponsors import sponsor_template
from core.work.tables import AreaMember, CategorySet, Finding, SiteGrid, SponsorEntry, Sponsorship, Visit
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import Person, UnitName
from tenants.scope import Wall
from tests.factory import SINCE, add_actor, add_unit
from tests.work.duty_stage import DAY, MORNING, TODAY, Stage, a_finding, an_area, nobody, set_stage, somebody
from tests.work.test_workbooks import book


@pytest.fixture(scope="module")
def stage(wall: Wall) -> Stage:
    return set_stage(wall)


@pytest.fixture
def session(wall: Wall, stage: Stage):
    with stage.district.session(wall) as opened:
        yield opened
        opened.rollback()


def begin(session, kind: str, person=None, **more) -> Sponsorship:
    today = more.pop("today", TODAY)
    return begin_sponsorship(session, None, Wish(kind, person.id if person else None, **more), today=today)


def names(lines) -> list[str]:
    return [line.name for line in lines]


def faults_of(error) -> set[str]:
    return {fault.field for fault in error.value.faults}


def actor_of(session, stage: Stage, person: Person) -> Actor:
    session.flush()
    found = resolve_actor(session, stage.district.ref, person.id, TODAY)
    assert found is not None
    return found


def a_visit(session, person: Person, site: UUID, unit: UUID, day, **more) -> None:
    fields = {"basis": "self", "body_sha256": b"x", "submitted_at": MORNING}
    session.add(Visit(site_id=site, unit_id=unit, person_id=person.id, day=day, **(fields | more)))
    session.flush()


# ---- who sponsors ----


def test_the_kinds_of_the_reports_are_declared_in_both_languages() -> None:
    wanted = {
        "包保领导",
        "包保部门",
        "第一责任人",
        "直接领导",
        "包保干部",
        "路长",
        "街巷管家",
        "楼院长",
        "联合队成员",
        "分领域专人",
    }
    assert wanted <= {kind.title_zh for kind in SPONSOR_KINDS.values()}
    assert all(kind.title_en.isascii() and kind.code == code for code, kind in SPONSOR_KINDS.items())


def test_double_sponsorship_stands_nearest_first(session, stage) -> None:
    """双包保 (S0-03): a district leader on the street, a department on the community, an officer on the site."""
    mayor, officer = nobody(session, "副区长甲"), nobody(session, "干部乙")
    begin(session, "leader", mayor, object_unit_id=stage.street, title="副区长")
    department = stage.district.departments["sanitation"]
    begin(session, "department", unit_id=department, object_unit_id=stage.homes[0])
    begin(session, "officer", officer, unit_id=department, object_unit_id=stage.homes[0])
    begin(session, "site_officer", nobody(session, "点长丙"), object_site_id=stage.market)
    lines = sponsors_on(session, unit_id=stage.homes[0], site_id=stage.market, on=TODAY)
    assert [(line.kind, line.name, line.distance) for line in lines] == [
        ("site_officer", "点长丙", -3),
        ("department", "测试区环卫", 0),
        ("officer", "干部乙", 0),
        ("leader", "副区长甲", 2),
    ]
    assert (lines[3].title, lines[3].object_name, lines[2].unit_name) == ("副区长", "测试区一街道", "测试区环卫")
    assert names(sponsors_on(session, unit_id=stage.homes[1], on=TODAY)) == ["副区长甲"]


def test_before_and_after_a_change_the_day_decides(session, stage) -> None:
    first, second = nobody(session, "前任"), nobody(session, "后任")
    change = TODAY + 10 * DAY
    begin(session, "leader", first, object_unit_id=stage.homes[1], until=change - DAY)
    begin(session, "leader", second, object_unit_id=stage.homes[1], valid_from=change)
    days = (TODAY - DAY, TODAY, change - DAY, change, change + 400 * DAY)
    found = [names(sponsors_on(session, unit_id=stage.homes[1], on=day)) for day in days]
    assert found == [[], ["前任"], ["前任"], ["后任"], ["后任"]]


def test_areas_across_streets_and_grids_bring_their_sponsors(session, stage) -> None:
    member = an_area(session, stage, "一片区", stage.homes[0])
    by_site = an_area(session, stage, "医院片区", sites=(stage.hospital,))
    whole = an_area(session, stage, "大片区", stage.street)
    grid = add_unit(session, "grid", "万米网格", [stage.homes[1], stage.street, stage.district.root])
    session.add(SiteGrid(site_id=stage.hospital, partition="万米单元", unit_id=grid, valid_from=SINCE))
    for name, place in (("片长", member), ("医院片长", by_site), ("大片长", whole), ("网格长", grid)):
        begin(session, "leader", nobody(session, name), object_unit_id=place)
    on_site = sponsors_on(session, unit_id=stage.homes[1], site_id=stage.hospital, on=TODAY)
    assert names(on_site) == ["网格长", "医院片长", "大片长"]
    assert names(sponsors_on(session, unit_id=stage.homes[0], on=TODAY)) == ["片长", "大片长"]
    bulk = sponsors_of_units(session, [*stage.homes, stage.street, member], TODAY)
    assert {unit: names(lines) for unit, lines in bulk.items()} == {
        stage.homes[0]: ["片长", "大片长"],
        stage.homes[1]: ["大片长"],
        stage.street: ["大片长"],
        member: ["片长"],
    }
    session.execute(
        AreaMember.__table__.update()
        .where(AreaMember.tenant_id == session.tenant_id, AreaMember.area_id == member)
        .values(valid_to=TODAY)
    )
    assert names(sponsors_on(session, unit_id=stage.homes[0], on=TODAY)) == ["大片长"]
    assert names(sponsors_on(session, unit_id=stage.homes[0], on=TODAY - DAY)) == []


def test_a_city_leader_without_account_sponsors_inside_a_district(session, stage) -> None:
    person = name_sponsor(session, None, "市领导")
    begin(session, "leader", person, object_unit_id=stage.street, title="副市长", document="市委办〔2026〕3号")
    line = sponsors_on(session, unit_id=stage.homes[0], on=TODAY)[0]
    assert (line.person_name, line.title, line.document) == ("市领导", "副市长", "市委办〔2026〕3号")
    assert actor_of(session, stage, person).duties == ()
    assert name_sponsor(session, None, "市领导").id == person.id
    session.add(Person(name="市领导", phone="13800000001"))
    session.flush()
    with pytest.raises(InvalidInput) as error:
        name_sponsor(session, None, "市领导")
    assert faults_of(error) == {"person"}
    assert name_sponsor(session, None, "市领导", phone="13800000001").id != person.id


def test_campaign_and_field_leave_out_who_is_limited_to_another(session, stage) -> None:
    for name, more in (
        ("全部", {}),
        ("卫生", {"campaign": "sanitary_city"}),
        ("文明", {"campaign": "civilized_city"}),
        ("管环卫", {"field": "环卫"}),
        ("管消防", {"field": "消防"}),
        ("管环境类", {"field": "ENV"}),
        ("管九乱", {"field": "乱倒垃圾"}),
        ("管杂务", {"field": "综合协调"}),
    ):
        begin(session, "leader", nobody(session, name), object_unit_id=stage.homes[0], **more)
    groups = [{"name": "乱倒垃圾", "categories": ["ENV-LITTER"]}]
    session.add(CategorySet(name="九乱", body={"groups": groups}))
    session.flush()
    where = {"unit_id": stage.homes[0], "on": TODAY}

    def found(**more) -> set[str]:
        return set(names(sponsors_on(session, **where, **more)))

    everybody = found()
    assert len(everybody) == 8
    assert everybody - found(campaigns=("sanitary_city",)) == {"文明"}
    assert everybody - found(campaigns=("sanitary_city", "civilized_city")) == set()
    assert everybody - found(campaigns=()) == {"文明", "卫生"}
    assert everybody - found(category="ENV-TOILET") == {"管消防", "管九乱"}
    assert everybody - found(category="ENV-LITTER") == {"管消防"}


def test_the_names_of_the_day_are_shown(session, stage) -> None:
    session.add(UnitName(unit_id=stage.street, valid_from=SINCE, valid_to=TODAY, name="旧街道"))
    begin(session, "leader", nobody(session, "某甲"), object_unit_id=stage.street, today=TODAY - 5 * DAY)
    lines = {day: sponsors_on(session, unit_id=stage.street, on=day)[0] for day in (TODAY - DAY, TODAY)}
    assert [lines[day].object_name for day in sorted(lines)] == ["旧街道", "测试区一街道"]


def test_many_units_take_as_few_queries_as_one(session, stage) -> None:
    root, street = stage.district.root, stage.street
    homes = [add_unit(session, "community", f"社区{n}", [street, root]) for n in range(60)]
    for n, home in enumerate(homes):
        begin(session, "leader", nobody(session, f"包保{n}"), object_unit_id=home)
    session.flush()  # what is written is not counted
    asked: list[str] = []

    def count(*args) -> None:
        asked.append(args[2])

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", count)
    days = (TODAY - 30 * DAY, TODAY)
    sponsors_of_units(session, homes[:1], TODAY, did=days)
    for_one = len(asked)
    found = sponsors_of_units(session, homes, TODAY, did=days)
    event.remove(connection, "before_cursor_execute", count)
    assert all(len(lines) == 1 and lines[0].did is not None for lines in found.values())
    assert len(asked) - for_one == for_one <= 14  # three of them count what was settled at the places


# ---- keeping them ----


def test_exactly_the_same_link_twice_is_refused_but_other_roles_are_not(session, stage) -> None:
    person = nobody(session, "一人")
    begin(session, "leader", person, object_unit_id=stage.street, until=TODAY + 10 * DAY)
    with pytest.raises(Conflict, match="2026-03-02 — 2026-03-12"):
        begin(session, "leader", person, object_unit_id=stage.street, valid_from=TODAY + 10 * DAY)
    begin(session, "leader", person, object_unit_id=stage.street, valid_from=TODAY + 11 * DAY)
    begin(session, "direct_leader", person, object_unit_id=stage.street)
    begin(session, "leader", person, object_unit_id=stage.street, field="消防")
    begin(session, "leader", person, object_unit_id=stage.street, campaign="sanitary_city")
    begin(session, "leader", nobody(session, "另一人"), object_unit_id=stage.street)
    assert len(sponsors_on(session, unit_id=stage.street, on=TODAY)) == 5


def test_every_fault_of_a_wish_is_named(session, stage) -> None:
    person = nobody(session, "某人")
    place = {"object_unit_id": stage.street}
    for more, fields in (
        ({"kind": "king"} | place, {"kind"}),
        ({"kind": "leader"} | place, {"person"}),
        ({"kind": "department", "person_id": person.id} | place, {"unit"}),
        ({"kind": "joint_team"} | place, {"person"}),
        ({"kind": "leader", "person_id": person.id}, {"object"}),
        ({"kind": "leader", "person_id": person.id, "project": "改造"} | place, {"object"}),
        ({"kind": "leader", "person_id": person.id, "until": TODAY - DAY} | place, {"until"}),
        (
            {"kind": "leader", "person_id": person.id, "title": "长" * 61, "field": "域" * 41} | place,
            {"title", "field"},
        ),
        ({"kind": "leader", "person_id": person.id, "campaign": "no_such"} | place, {"campaign"}),
    ):
        with pytest.raises(InvalidInput) as error:
            begin_sponsorship(session, None, Wish(**more), today=TODAY)
        assert faults_of(error) == fields, more
    for more in ({"person_id": new_id()} | place, {"person_id": person.id, "object_unit_id": new_id()}):
        with pytest.raises(NotFound):
            begin_sponsorship(session, None, Wish("leader", **more), today=TODAY)
    assert session.scalars(select(Sponsorship)).all() == []


def test_an_end_is_set_prolonged_and_withdrawn(session, stage) -> None:
    row = begin(session, "leader", nobody(session, "某人"), object_unit_id=stage.street, valid_from=TODAY + 5 * DAY)
    set_end(session, None, row.id, TODAY + 9 * DAY, today=TODAY)
    set_end(session, None, row.id, None, today=TODAY)
    assert row.valid_to is None
    set_end(session, None, row.id, TODAY, today=TODAY)
    assert row.valid_to == row.valid_from
    assert sponsors_on(session, unit_id=stage.street, on=TODAY + 5 * DAY) == []
    assert histories(session, row.person_id, TODAY) == []
    old = begin(session, "leader", nobody(session, "旧人"), object_unit_id=stage.street)
    with pytest.raises(InvalidInput):
        set_end(session, None, old.id, TODAY - 32 * DAY, today=TODAY)
    set_end(session, None, old.id, TODAY, today=TODAY)
    with pytest.raises(Conflict, match="已经结束"):
        set_end(session, None, old.id, None, today=TODAY + DAY)


def test_who_administers_or_directs_the_place_keeps_its_sponsorships(wall: Wall) -> None:
    stage = set_stage(wall)
    ref = stage.district.ref
    office = add_actor(wall, ref, "hq_office", stage.district.root)
    local = add_actor(wall, ref, "administrator", stage.street)
    with stage.district.session(wall) as session:
        person = nobody(session, "某人")
        begin_sponsorship(session, office, Wish("leader", person.id, project="老旧小区改造"), today=TODAY)
        begin_sponsorship(session, local, Wish("leader", person.id, object_site_id=stage.market), today=TODAY)
        for wish in (
            Wish("leader", person.id, project="别的"),
            Wish("leader", person.id, object_unit_id=stage.district.root),
        ):
            with pytest.raises(Forbidden):
                begin_sponsorship(session, local, wish, today=TODAY)
        for role in ("leader", "liaison", "inspector"):
            wish, other = (
                Wish("officer", person.id, object_unit_id=stage.street),
                add_actor(wall, ref, role, stage.street),
            )
            with pytest.raises(Forbidden):
                begin_sponsorship(session, other, wish, today=TODAY)


# ---- lists ----


def test_the_list_follows_reach_place_person_kind_field_and_day(wall: Wall) -> None:
    stage = set_stage(wall)
    viewer = add_actor(wall, stage.district.ref, "liaison", stage.homes[0])
    with stage.district.session(wall) as session:
        one, two = nobody(session, "甲某"), nobody(session, "乙某")
        begin(session, "leader", one, object_unit_id=stage.homes[0], field="消防")
        begin(session, "road_chief", two, object_site_id=stage.hospital, campaign="sanitary_city")
        begin(session, "leader", two, object_unit_id=stage.homes[1], valid_from=TODAY + 5 * DAY)
        begin(session, "project_lead", two, project="公园建设")
        area = an_area(session, stage, "二片区", sites=(stage.hospital,))

        def listed(on=TODAY, actor=None, **wanted) -> list[tuple[str, str]]:
            page = list_sponsorships(session, actor, SponsorFilter(**wanted), on=on)
            assert count_sponsorships(session, actor, SponsorFilter(**wanted), on) == len(page.rows)
            return sorted((line.object_name, line.person_name) for line in page.rows)

        assert len(listed()) == 3
        assert len(listed(on=TODAY + 5 * DAY)) == 4
        assert listed(on=TODAY - DAY) == []
        assert listed(kind="road_chief") == [("测试医院", "乙某")]
        assert listed(unit_id=stage.homes[0]) == [("测试区第1社区", "甲某")]
        assert listed(unit_id=area) == [("测试医院", "乙某")]
        assert listed(person_id=one.id) == [("测试区第1社区", "甲某")]
        assert listed(field="消防") == [("测试区第1社区", "甲某")]
        assert len(listed(campaign="civilized_city")) == 2
        assert listed(text="公园") == [("公园建设", "乙某")]
        assert listed(text="测试医院") == [("测试医院", "乙某")]
        assert listed(actor=viewer) == [("公园建设", "乙某"), ("测试区第1社区", "甲某")]
        assert fields_in_use(session, TODAY) == ["消防"]
        hidden = session.scalars(select(Sponsorship.id).where(Sponsorship.kind == "road_chief")).one()
        with pytest.raises(NotFound):
            find_sponsorship(session, viewer, hidden, TODAY)


def test_pages_turn_without_loss_or_double(session, stage) -> None:
    for n in range(7):
        begin(session, "leader", nobody(session, f"某{n}"), object_unit_id=stage.homes[n % 2])
    seen, after = [], None
    while True:
        page = list_sponsorships(session, None, SponsorFilter(), on=TODAY, after=after, size=3)
        seen += [line.id for line in page.rows]
        after = page.next
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 7


def test_area_by_field_with_its_gaps(session, stage) -> None:
    """区级领导包街道、分领域专人 (S3-02): a leader for all matters, an officer a field; who has neither is a gap."""
    root = stage.district.root
    second, third = (add_unit(session, "subdistrict", f"{n}街道", [root]) for n in ("二", "三"))
    begin(session, "leader", nobody(session, "总包"), object_unit_id=stage.street)
    for field, place, name in (
        ("市容", second, "容甲"),
        ("消防", second, "消甲"),
        ("市容", third, "容乙"),
        ("市容", third, "容丙"),
    ):
        begin(session, "field_officer", nobody(session, name), object_unit_id=place, field=field)
    table = matrix(session, None, on=TODAY)
    assert (table.level, set(table.fields), len(table.rows)) == ("subdistrict", {"市容", "消防"}, 3)
    cells = {(row.unit.id, field): sorted(names(lines)) for row in table.rows for field, lines in row.cells.items()}
    assert cells == {
        (stage.street, ""): ["总包"],
        (second, "市容"): ["容甲"],
        (second, "消防"): ["消甲"],
        (third, "市容"): ["容丙", "容乙"],
    }
    gaps = [(row.unit.id, field) for row in table.rows for field in table.fields if row.lacks(field)]
    assert gaps == [(third, "消防")]
    assert table.gaps == 1
    assert matrix(session, None, on=TODAY, level="community").gaps == 0


def test_places_that_nobody_sponsors_are_found(session, stage) -> None:
    assert [node.id for node in unsponsored(session, None, TODAY)] == [stage.street]
    begin(session, "leader", nobody(session, "某人"), object_unit_id=stage.homes[0])
    assert {node.id for node in unsponsored(session, None, TODAY)} == {stage.street, stage.homes[1]}
    assert {node.id for node in unsponsored(session, None, TODAY - DAY)} == {stage.street}


# ---- what they did ----


def test_what_a_sponsor_did_is_counted_within_place_term_and_period(session, stage) -> None:
    person = somebody(session, "包片", stage.district.root, "leader")
    row = begin(session, "leader", person, object_unit_id=stage.homes[0], today=TODAY - 20 * DAY)
    site = begin(session, "site_officer", person, object_site_id=stage.hospital, today=TODAY - 20 * DAY)
    for day, place, unit in (
        (TODAY, stage.market, stage.homes[0]),
        (TODAY - 5 * DAY, stage.market, stage.homes[0]),
        (TODAY - 25 * DAY, stage.market, stage.homes[0]),  # before the term
        (TODAY - 1 * DAY, stage.hospital, stage.homes[1]),
    ):
        a_visit(session, person, place, unit, day)
    a_visit(session, person, stage.market, stage.homes[0], TODAY, replaced_at=MORNING)
    a_visit(session, nobody(session, "别人"), stage.market, stage.homes[0], TODAY)
    actor = actor_of(session, stage, person)
    closed = a_finding(session, stage.market, stage.homes[0], state="closed", closed_at=MORNING)
    waiting = a_finding(session, stage.market, stage.homes[0])
    for kind, day, more in (
        ("visit", TODAY, {"note": "走访"}),
        ("visit", TODAY - DAY, {}),
        ("settled", TODAY, {"finding_id": closed}),
        ("settled", TODAY, {"finding_id": waiting}),
        ("meeting", TODAY - 10 * DAY, {}),
    ):
        log_entry(session, actor, row.id, kind=kind, day=day, today=TODAY, **more)
    found = deeds(session, [row.id, site.id], (TODAY - 7 * DAY, TODAY))
    did = found[row.id]
    assert (did.inspections, did.came, did.settled, did.closed, did.other, did.last) == (2, 2, 2, 1, 0, TODAY)
    assert did.at_places == 1
    assert (found[site.id].inspections, found[site.id].entries) == (1, {})
    month = deeds(session, [row.id], (TODAY - 40 * DAY, TODAY))[row.id]
    assert (month.inspections, month.other) == (2, 1)
    assert deeds(session, [row.id], (TODAY + DAY, TODAY + 9 * DAY))[row.id].idle
    session.execute(
        Finding.__table__.update()
        .where(Finding.tenant_id == session.tenant_id, Finding.id == closed)
        .values(restricted=True)
    )
    assert deeds(session, [row.id], (TODAY, TODAY))[row.id].closed == 0
    beside = sponsors_on(session, unit_id=stage.homes[0], on=TODAY, did=(TODAY, TODAY))[0]
    assert beside.did is not None
    assert beside.body["did"]["inspections"] == 1


def test_an_area_sponsor_is_credited_with_visits_at_its_members(session, stage) -> None:
    person = nobody(session, "片区包保")
    area = an_area(session, stage, "三片区", stage.homes[0], sites=(stage.hospital,))
    row = begin(session, "leader", person, object_unit_id=area)
    a_visit(session, person, stage.market, stage.homes[0], TODAY)
    a_visit(session, person, stage.hospital, stage.homes[1], TODAY)
    assert deeds(session, [row.id], (TODAY, TODAY))[row.id].inspections == 2


def test_the_log_is_the_sponsors_own_and_only_grows(session, stage, wall: Wall) -> None:
    person = somebody(session, "本人", stage.district.root, "leader")
    row = begin(session, "leader", person, object_unit_id=stage.homes[0], today=TODAY - 10 * DAY)
    own = actor_of(session, stage, person)
    office = add_actor(wall, stage.district.ref, "hq_office", stage.district.root, name="创建办")
    other = add_actor(wall, stage.district.ref, "leader", stage.district.root)
    here = a_finding(session, stage.market, stage.homes[0])
    there = a_finding(session, stage.hospital, stage.homes[1])
    secret = a_finding(session, stage.market, stage.homes[0], restricted=True)
    good = {"kind": "visit", "day": TODAY, "today": TODAY}
    log_entry(session, own, row.id, **good)
    log_entry(session, office, row.id, **good, note="代记")
    with pytest.raises(Forbidden):
        log_entry(session, other, row.id, **good)
    with pytest.raises(Conflict):
        log_entry(session, own, row.id, **good)
    for change, fields in (
        ({"kind": "slept"}, {"kind"}),
        ({"day": TODAY + DAY}, {"day"}),
        ({"day": TODAY - 11 * DAY}, {"day"}),
        ({"kind": "settled"}, {"note"}),
        ({"kind": "settled", "finding_id": there}, {"finding"}),
        ({"kind": "settled", "finding_id": secret}, {"finding"}),
        ({"kind": "settled", "finding_id": new_id()}, {"finding"}),
        ({"note": "长" * 501}, {"note"}),
    ):
        with pytest.raises(InvalidInput) as error:
            log_entry(session, own, row.id, **(good | change))
        assert faults_of(error) == fields, change
    log_entry(session, own, row.id, kind="settled", day=TODAY, finding_id=here, today=TODAY)
    with pytest.raises(Conflict, match="已经记过"):
        log_entry(session, own, row.id, kind="settled", day=TODAY - DAY, finding_id=here, today=TODAY)
    lines = read_log(session, own, row.id, TODAY)
    assert [(one.entry.kind, one.writer) for one in lines] == [
        ("settled", "本人"),
        ("visit", "创建办"),
        ("visit", "本人"),
    ]
    rights = session.connection().exec_driver_sql(
        "SELECT has_table_privilege('sancheng_app', 'sponsor_entry', 'UPDATE, DELETE')"
    )
    assert rights.scalar() is False


def test_my_places_and_their_open_findings_by_deadline(session, stage) -> None:
    person = somebody(session, "我", stage.district.root, "leader")
    begin(session, "leader", person, object_unit_id=stage.homes[0])
    begin(session, "site_officer", person, object_site_id=stage.hospital)
    begin(session, "leader", person, object_unit_id=stage.homes[1], valid_from=TODAY + DAY)
    late = a_finding(session, stage.market, stage.homes[0], due_at=MORNING - DAY)
    soon = a_finding(session, stage.hospital, stage.homes[1])
    a_finding(session, stage.market, stage.homes[0], state="closed")
    a_finding(session, stage.market, stage.homes[0], restricted=True)
    actor = actor_of(session, stage, person)
    lines = own_sponsorships(session, actor, TODAY)
    assert len(lines) == 2
    moment = datetime(2026, 3, 2, 2, tzinfo=UTC)
    found = open_findings(session, actor, lines, moment, TODAY)
    assert [(row.id, line.object_name) for row, line in found] == [(late, "测试区第1社区"), (soon, "测试医院")]
    assert [row.overdue for row, _ in found] == [True, False]
    assert logged_as_settled(session, [line.id for line in lines]) == set()
    log_entry(session, actor, found[0][1].id, kind="settled", day=TODAY, finding_id=late, today=TODAY)
    assert logged_as_settled(session, [line.id for line in lines]) == {late}


def test_a_departments_sponsorship_is_its_peoples(session, stage) -> None:
    department = stage.district.departments["sanitation"]
    person = somebody(session, "科员", department)
    row = begin(session, "department", unit_id=department, object_unit_id=stage.homes[0])
    actor = actor_of(session, stage, person)
    assert [line.id for line in own_sponsorships(session, actor, TODAY)] == [row.id]
    log_entry(session, actor, row.id, kind="visit", day=TODAY, today=TODAY)
    assert session.scalars(select(SponsorEntry.person_id)).all() == [person.id]


# ---- workbook ----

HEAD = [
    "包保类别",
    "包保人",
    "职务",
    "包保单位",
    "包保片区或单位",
    "包保点位",
    "包保项目",
    "领域",
    "创建项目",
    "自",
    "至",
]


def load(session, *rows, actor=None, dry_run=False):
    workbook = read_sponsors(book(1, 包保=[HEAD, *rows]), "包保名单.xlsx")
    return import_sponsors(session, actor, workbook, today=TODAY, dry_run=dry_run)


def test_a_roster_comes_in_once_and_adds_people_who_are_new(session, stage) -> None:
    nobody(session, "老熟人")
    rows = (
        ["示例", "示例：王某某", "", "", "", "", "", "", "", "", ""],
        ["包保领导", "市领导", "副市长", "", "测试区一街道", "", "", "", "", "2026/1/1", ""],
        ["包保领导", "市领导", "副市长", "", "测试区第1社区", "", "", "", "", "", "2026年12月31日"],
        ["department", "", "", "测试区环卫", "测试区第2社区", "", "", "", "", "", ""],
        ["路长", "老熟人", "", "", "", "测试市场", "", "", "", "", ""],
        ["项目包保人", "老熟人", "", "", "", "", "公园建设", "", "国家卫生城市", "", ""],
    )
    checked = load(session, *rows, dry_run=True)
    assert (checked.created, checked.people, checked.faults, checked.written) == (5, 1, (), False)
    assert session.scalars(select(Sponsorship)).all() == []
    done = load(session, *rows)
    assert (done.created, done.people, done.written) == (5, 1, True)
    again = load(session, *rows)
    assert (again.created, again.people, again.unchanged) == (0, 0, 5)
    assert len(session.scalars(select(Person).where(Person.name == "市领导")).all()) == 1
    lines = sponsors_on(session, unit_id=stage.homes[0], site_id=stage.market, on=TODAY)
    assert names(lines) == ["老熟人", "市领导", "市领导"]
    assert [line.valid_from.isoformat() for line in lines[1:]] == ["2026-03-02", "2026-01-01"]


def test_every_bad_row_is_named_and_nothing_is_written(session, stage) -> None:
    session.add_all([Person(name="同名"), Person(name="同名")])
    session.flush()
    done = load(
        session,
        ["包保王", "甲", "", "", "测试区一街道", "", "", "", "", "", ""],
        ["包保领导", "", "", "", "测试区一街道", "", "", "", "", "", ""],
        ["包保领导", "甲", "", "", "没有的街道", "", "", "", "", "", ""],
        ["包保领导", "甲", "", "", "测试区一街道", "测试市场", "", "", "", "", ""],
        ["包保领导", "甲", "", "", "", "没有的点", "", "", "", "", ""],
        ["包保领导", "甲", "", "", "测试区一街道", "", "", "", "无此活动", "", ""],
        ["包保领导", "甲", "", "", "测试区一街道", "", "", "", "", "某日", ""],
        ["包保领导", "甲", "", "", "测试区一街道", "", "", "", "", "2026-03-02", "2026-03-01"],
        ["包保领导", "同名", "", "", "测试区一街道", "", "", "", "", "", ""],
        ["包保领导", "乙", "", "", "测试区一街道", "", "", "", "", "", ""],
        ["包保领导", "乙", "", "", "测试区一街道", "", "", "", "", "", ""],
        ["包保部门", "", "", "没有的部门", "测试区一街道", "", "", "", "", "", ""],
    )
    assert [(fault.row, fault.field) for fault in done.faults] == [
        (3, "包保类别"),
        (4, "包保人"),
        (5, "包保片区或单位"),
        (6, "包保点位"),
        (7, "包保点位"),
        (8, "创建项目"),
        (9, "自"),
        (10, "至"),
        (11, "包保人"),
        (13, "包保类别"),
        (14, "包保单位"),
    ]
    assert not done.written
    assert session.scalars(select(Sponsorship)).all() == []


def test_the_template_can_be_read_and_holds_the_codes(session) -> None:
    data = sponsor_template(SPONSORS)
    sheets = openpyxl.load_workbook(io.BytesIO(data))
    assert sheets.sheetnames == ["包保", "代码"]
    assert {row[0].value for row in sheets["代码"].iter_rows(min_row=2)} == set(SPONSOR_KINDS)
    assert read_sponsors(data, "模板.xlsx").sheets[0].rows == ()


def test_a_local_administrator_imports_for_his_own_places_only(wall: Wall) -> None:
    stage = set_stage(wall)
    local = add_actor(wall, stage.district.ref, "administrator", stage.homes[0])
    with stage.district.session(wall) as session:
        rows = (
            ["包保领导", "甲", "", "", "测试区第1社区", "", "", "", "", "", ""],
            ["包保领导", "甲", "", "", "测试区第2社区", "", "", "", "", "", ""],
            ["包保领导", "甲", "", "", "", "", "项目", "", "", "", ""],
        )
        done = load(session, *rows, actor=local)
        assert [(fault.row, fault.field) for fault in done.faults] == [(4, "包保片区或单位"), (5, "包保项目")]
        assert load(session, rows[0], actor=local).written
        with pytest.raises(Forbidden):
            load(session, rows[0], actor=add_actor(wall, stage.district.ref, "leader", stage.district.root))
