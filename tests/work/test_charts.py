"""The chart: units moved and closed from a day on, the closure kept right, nothing lost, the past as it was."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from sqlalchemy import event, select

from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work.dated import valid_on
from core.work.duties.posts import add_person_with_post
from core.work.organisation.burdens import burdens
from core.work.organisation.charts import close_unit, closed_units, move_unit, set_commanded
from core.work.organisation.closure import chain_of, parents_on
from core.work.organisation.lineage import forebears, successors
from core.work.organisation.territory import NewUnit, plant
from core.work.organisation.units import Node, add_unit, get_unit, tree
from core.work.tables import (
    AreaMember,
    Audit,
    Finding,
    FindingEvent,
    Notice,
    NoticeAddressee,
    NoticeEvent,
    Part,
    Site,
    Sponsorship,
)
from tenants.access import reach
from tenants.db import new_id
from tenants.models import Holding, Post, Unit, UnitParent, UnitPath, UnitRole
from tenants.scope import ScopedSession, Wall
from tests.factory import SINCE, District, add_actor, add_site, bare_district

TODAY = date(2026, 3, 2)
NOW = datetime.fromisoformat("2026-03-02T10:00:00+08:00")


def place_of(session: ScopedSession, name: str, on: date) -> str | None:
    """The parent's name of a unit on a day."""
    nodes = {n.id: n for n in tree(session, on)}
    node = next((n for n in nodes.values() if n.name == name), None)
    return nodes[node.parent].name if node and node.parent else None


def closure_on(session: ScopedSession, on: date) -> set[tuple[UUID, UUID, int]]:
    rows = select(UnitPath.ancestor_id, UnitPath.unit_id, UnitPath.depth).where(valid_on(UnitPath, on))
    return set(session.execute(rows))


def recomputed(session: ScopedSession, on: date) -> set[tuple[UUID, UUID, int]]:
    """The closure as the parents of a day have it."""
    parents = parents_on(session, on)
    units = session.scalars(select(Unit.id).where(Unit.valid_from <= on)).all()
    return {(above, unit, depth) for unit in units for depth, above in enumerate(chain_of(unit, parents))}


def second_street(session: ScopedSession, district: District, name: str = "二街道") -> UUID:
    return add_unit(session, None, name=name, kind="subdistrict", today=SINCE, parent_id=district.root).id


def put_finding(session: ScopedSession, unit: UUID, *parts: UUID, state: str = "taken", **more: object) -> UUID:
    """An open finding with a leading part at each unit, and the first line of its history."""
    wish = {"category": "litter", "title": "测试问题", "working_days": 1, "opened_at": NOW, "due_at": NOW}
    finding = Finding(unit_id=unit, state=state, **(wish | more))
    session.add(finding)
    session.flush()
    for n, one in enumerate(parts):
        kind = "line" if n == 0 else "assist"
        session.add(Part(finding_id=finding.id, kind=kind, unit_id=one, leading=n == 0, state="open"))
    session.add(FindingEvent(finding_id=finding.id, version=1, verb="open", to_state=state, at=NOW))
    session.flush()
    return finding.id


def lead(session: ScopedSession, finding: UUID) -> UUID:
    chosen = select(Part.unit_id).where(Part.finding_id == finding, Part.leading, Part.ended_at.is_(None))
    return session.scalars(chosen).one()


# ---- moving ----


def test_a_unit_moves_with_everything_under_it_and_the_past_stays(wall: Wall) -> None:
    district = bare_district(wall)
    actor = add_actor(wall, district.ref, "administrator", district.root)
    with district.session(wall) as session:
        other = second_street(session, district)
        home = district.communities[0]
        grid = add_unit(session, None, name="一网格", kind="grid", parent_id=home, today=SINCE).id
        before = tree(session, TODAY - timedelta(1))
        move_unit(session, actor, home, other, today=TODAY)
        session.commit()
        assert tree(session, TODAY - timedelta(1)) == before
        nodes = {n.id: n for n in tree(session, TODAY)}
        assert nodes[home].parent == other
        assert nodes[grid].parent == home
        for on in (TODAY - timedelta(1), TODAY, TODAY + timedelta(400)):
            assert closure_on(session, on) == recomputed(session, on)
        line = session.scalars(select(Audit).where(Audit.verb == "unit.move")).one()
        assert (line.detail["before"], line.detail["after"]) == ("测试区一街道", "二街道")
        move_unit(session, actor, home, other, today=TODAY)
        assert len(session.scalars(select(Audit).where(Audit.verb == "unit.move")).all()) == 1


def test_what_is_moved_twice_in_a_day_stands_where_it_was_put_last(wall: Wall) -> None:
    district = bare_district(wall)
    home = district.communities[0]
    with district.session(wall) as session:
        two, three = second_street(session, district), second_street(session, district, "三街道")
        for parent in (two, three, two, district.street, three):
            move_unit(session, None, home, parent, today=TODAY)
            assert closure_on(session, TODAY) == recomputed(session, TODAY)
        assert place_of(session, "测试区第1社区", TODAY) == "三街道"
        assert place_of(session, "测试区第1社区", TODAY - timedelta(1)) == "测试区一街道"
        assert home in session.scalars(select(UnitPath.unit_id).where(UnitPath.ancestor_id == three)).all()


def test_circles_and_other_impossible_places_are_refused(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        home = district.communities[0]
        grid = add_unit(session, None, name="一网格", kind="grid", parent_id=home, today=SINCE).id
        head = add_unit(session, None, name="指挥部", kind="headquarters", today=SINCE).id
        group = add_unit(session, None, name="宣传组", kind="work_group", parent_id=head, today=SINCE).id
        other = second_street(session, district)
        add_unit(session, None, name="测试区第1社区", kind="community", parent_id=other, today=SINCE)
        session.commit()
        for unit, parent in ((home, home), (home, grid), (district.street, grid), (head, group)):
            with pytest.raises(Conflict) as circle:
                move_unit(session, None, unit, parent, today=TODAY)
            assert circle.value.faults[0].message == "单位不能隶属于它自己的下级"
            assert circle.value.faults[0].remedy
        with pytest.raises(Conflict) as twin:
            move_unit(session, None, home, other, today=TODAY)
        assert twin.value.faults[0].message == "名称重复"
        for unit, parent, field in ((home, head, "parent"), (group, home, "parent"), (district.root, home, "parent")):
            with pytest.raises(InvalidInput) as bad:
                move_unit(session, None, unit, parent, today=TODAY)
            assert bad.value.faults[0].field == field
        with pytest.raises(InvalidInput) as early:
            move_unit(session, None, home, other, today=TODAY, on=TODAY + timedelta(1))
        assert early.value.faults[0].field == "on"
        with pytest.raises(NotFound):
            move_unit(session, None, home, new_id(), today=TODAY)
        assert closure_on(session, TODAY) == recomputed(session, TODAY)
        move_unit(session, None, group, district.root, today=TODAY)
        assert place_of(session, "宣传组", TODAY) == "测试区"


def test_a_move_is_dated_back_only_where_nothing_changed_since(wall: Wall) -> None:
    district = bare_district(wall)
    home, day = district.communities[0], TODAY - timedelta(10)
    with district.session(wall) as session:
        other = second_street(session, district)
        move_unit(session, None, home, other, today=TODAY, on=day)
        assert place_of(session, "测试区第1社区", day - timedelta(1)) == "测试区一街道"
        assert place_of(session, "测试区第1社区", day) == "二街道"
        with pytest.raises(Conflict) as late:
            move_unit(session, None, home, district.street, today=TODAY, on=day - timedelta(1))
        assert late.value.faults[0].params["day"] == day.isoformat()
        with pytest.raises(InvalidInput):
            move_unit(session, None, home, district.street, today=TODAY, on=date(2019, 1, 1))
        assert closure_on(session, TODAY) == recomputed(session, TODAY)


def test_only_who_administers_both_places_moves(wall: Wall) -> None:
    district = bare_district(wall)
    street = add_actor(wall, district.ref, "administrator", district.street)
    with district.session(wall) as session:
        other = second_street(session, district)
        session.commit()
        with pytest.raises(Forbidden):
            move_unit(session, street, district.communities[0], other, today=TODAY)
        with pytest.raises(Forbidden):
            move_unit(session, street, other, district.street, today=TODAY)
        with pytest.raises(Forbidden):
            close_unit(session, street, other, today=TODAY)


def test_the_closure_is_the_closure_of_the_parents_after_any_moves(wall: Wall) -> None:
    district = bare_district(wall)
    chance = random.Random(20260302)
    with district.session(wall) as session:
        units = [NewUnit(f"单位{n}", "grid", district.root) for n in range(24)]
        plant(session, units, SINCE)
        ids, days, refused = [u.id for u in units], [], 0
        day = TODAY
        for _ in range(60):
            day += timedelta(chance.choice((0, 0, 1, 3)))
            unit, parent = chance.choice(ids), chance.choice([*ids, district.root])
            try:
                move_unit(session, None, unit, parent, today=day)
            except Conflict:
                refused += 1
            days.append(day)
            assert closure_on(session, day) == recomputed(session, day)
        assert 0 < refused < 50
        for on in {SINCE, *days, *(d - timedelta(1) for d in days)}:
            assert closure_on(session, on) == recomputed(session, on)
        for unit in ids:  # no two rows of a unit hold on one day
            spans = select(UnitParent.valid_from, UnitParent.valid_to).where(UnitParent.unit_id == unit)
            rows = [r for r in session.execute(spans.order_by(UnitParent.valid_from)) if r[0] != r[1]]
            assert all(a[1] is not None and a[1] <= b[0] for a, b in pairwise(rows))


def test_a_hundred_units_move_in_a_few_statements(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        other = second_street(session, district)
        homes = [NewUnit(f"社区{n}", "community", district.street) for n in range(10)]
        grids = [NewUnit(f"网格{n}-{m}", "grid", home.id) for n, home in enumerate(homes) for m in range(12)]
        plant(session, [*homes, *grids], SINCE)
        session.commit()
        counted = count_statements(wall, lambda: move_unit(session, None, district.street, other, today=TODAY))
        assert counted <= 20
        assert closure_on(session, TODAY) == recomputed(session, TODAY)


def count_statements(wall: Wall, work: Callable[[], object]) -> int:
    said: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        said.append(statement)

    event.listen(wall.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(wall.engine, "before_cursor_execute", note)
    return len(said)


# ---- closing ----


def test_nothing_that_is_in_use_is_closed_without_an_heir(wall: Wall) -> None:
    district = bare_district(wall)
    one, two = district.communities
    actor = add_actor(wall, district.ref, "administrator", district.root)
    with district.session(wall) as session:
        add_site(session, one)
        put_finding(session, one, one)
        add_person_with_post(session, None, name="测试甲", unit_id=one, role="liaison", title="", today=SINCE)
        add_unit(session, None, name="一网格", kind="grid", parent_id=one, today=SINCE)
        session.commit()
        with pytest.raises(Conflict) as held:
            close_unit(session, actor, one, today=TODAY)
        said = {fault.message for fault in held.value.faults}
        assert said == {"还有 {n} 个下级单位", "还有 {n} 件未办结问题", "还有 {n} 人次在岗", "还有 {n} 个在用点位"}
        assert all(fault.params["n"] == 1 and fault.remedy for fault in held.value.faults)
        assert get_unit(session, one).valid_to is None
        close_unit(session, actor, two, today=TODAY)
        assert two not in {n.id for n in tree(session, TODAY)}
        assert two in {n.id for n in tree(session, TODAY - timedelta(1))}
        assert [u.id for u in closed_units(session, TODAY)] == [two]
        # a restricted finding that the administrator may not see keeps the unit open all the same, without its number
        three = add_unit(session, None, name="三社区", kind="community", parent_id=district.street, today=SINCE).id
        put_finding(session, district.street, three, restricted=True)
        with pytest.raises(Conflict) as unseen:
            close_unit(session, actor, three, today=TODAY)
        assert [f.params.get("n") for f in unseen.value.faults] in ([None], [1])


def test_the_heir_takes_over_everything_and_history_stays(wall: Wall) -> None:
    district = bare_district(wall)
    old, new = district.communities
    actor = add_actor(wall, district.ref, "administrator", district.root)
    sponsor = add_actor(wall, district.ref, "leader", district.root)
    with district.session(wall) as session:
        grid = add_unit(session, None, name="一网格", kind="grid", parent_id=old, today=SINCE).id
        site = add_site(session, old)
        operated = session.get_one(Site, (session.tenant_id, add_site(session, new, name="另一处")))
        operated.operator_unit_id = old
        finding = put_finding(session, old, old, site_id=site)
        closed = put_finding(session, old, old, state="closed", site_id=site)
        person = add_person_with_post(session, None, name="测试甲", unit_id=old, role="liaison", title="", today=SINCE)
        area = add_unit(session, None, name="东片区", kind="area", today=SINCE).id
        session.add(AreaMember(area_id=area, unit_id=old, valid_from=SINCE))
        session.add(Sponsorship(kind="leader", person_id=sponsor.person_id, object_unit_id=old, valid_from=SINCE))
        session.add(UnitRole(role="测试职责", unit_id=old, valid_from=SINCE))
        facts = {"kind": "rectify", "year": 2026, "serial": 1, "number": "1", "unit_name": "旧名", "title": "通知"}
        notice = Notice(unit_id=old, **facts)
        session.add(notice)
        session.flush()
        session.add(NoticeAddressee(notice_id=notice.id, unit_id=old, position=1, unit_name="旧名"))
        session.commit()
        close_unit(session, actor, old, heir_id=new, today=TODAY, now=NOW)
        session.commit()
        eve = TODAY - timedelta(1)
        assert lead(session, finding) == new
        assert lead(session, closed) == old
        assert session.get_one(Finding, (session.tenant_id, finding)).unit_id == old
        moved = session.scalars(select(FindingEvent).where(FindingEvent.finding_id == finding)).all()
        assert [e.verb for e in sorted(moved, key=lambda e: e.version)] == ["open", "move"]
        assert place_of(session, "一网格", TODAY) == "测试区第2社区"
        assert place_of(session, "一网格", eve) == "测试区第1社区"
        assert session.get_one(Site, (session.tenant_id, site)).unit_id == new
        assert operated.operator_unit_id == new
        posts = select(Post.unit_id).join(Holding, Holding.post_id == Post.id).where(Holding.person_id == person.id)
        assert session.scalars(posts.where(valid_on(Holding, TODAY))).all() == [new]
        assert session.scalars(posts.where(valid_on(Holding, eve))).all() == [old]
        for table, column in ((AreaMember, "unit_id"), (Sponsorship, "object_unit_id"), (UnitRole, "unit_id")):
            here = select(getattr(table, column)).where(getattr(table, column).in_((old, new)))
            assert session.scalars(here.where(valid_on(table, TODAY))).all() == [new]
            assert session.scalars(here.where(valid_on(table, eve))).all() == [old]
        session.refresh(notice)
        assert (notice.unit_id, notice.unit_name, notice.version) == (new, "旧名", 2)
        assert session.scalars(select(NoticeEvent.verb)).all() == ["move"]
        assert session.scalars(select(NoticeAddressee.unit_id)).all() == [new]
        assert [(k.unit_id, k.kind) for k in successors(session, old)] == [(new, "merge")]
        assert [k.unit_id for k in forebears(session, new)] == [old]
        assert not burdens(session, None, [old], TODAY).of(old).any
        assert closure_on(session, TODAY) == recomputed(session, TODAY)
        liaison = add_actor(wall, district.ref, "liaison", new)
        assert old in session.scalars(reach(liaison, "see", TODAY)).all(), "who took over reads what was before"
        assert grid in session.scalars(reach(liaison, "see", TODAY)).all()


def test_an_heir_has_to_fit(wall: Wall) -> None:
    district = bare_district(wall)
    home, office = district.communities[0], district.departments["sanitation"]
    with district.session(wall) as session:
        head = add_unit(session, None, name="指挥部", kind="headquarters", today=SINCE).id
        for heir in (home, district.root, office, head):
            with pytest.raises(InvalidInput) as bad:
                close_unit(session, None, home, heir_id=heir, today=TODAY)
            assert bad.value.faults[0].field == "heir"
        with pytest.raises(InvalidInput):
            close_unit(session, None, district.root, today=TODAY)
        close_unit(session, None, district.street, heir_id=home, today=TODAY)
        assert place_of(session, "测试区第1社区", TODAY) == "测试区"
        assert place_of(session, "测试区第2社区", TODAY) == "测试区第1社区"
        with pytest.raises(InvalidInput):
            close_unit(session, None, district.street, today=TODAY)
        with pytest.raises(InvalidInput):
            move_unit(session, None, home, district.street, today=TODAY)
        assert closure_on(session, TODAY) == recomputed(session, TODAY)


def test_a_unit_is_added_from_an_earlier_day_and_never_from_a_later_one(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        day = TODAY - timedelta(30)
        unit = add_unit(
            session, None, name="一网格", kind="grid", parent_id=district.communities[0], today=TODAY, on=day
        )
        assert unit.valid_from == day
        assert closure_on(session, day) == recomputed(session, day)
        with pytest.raises(InvalidInput):
            add_unit(session, None, name="二网格", kind="grid", today=TODAY, on=TODAY + timedelta(1))
        close_unit(session, None, unit.id, today=TODAY)
        with pytest.raises(InvalidInput):
            add_unit(session, None, name="下级", kind="grid", parent_id=unit.id, today=TODAY)


def test_whatever_stands_under_the_headquarters_belongs_to_its_tree(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        head = add_unit(session, None, name="总指挥部", kind="headquarters", today=SINCE)
        office = add_unit(session, None, name="办公室", kind="hq", parent_id=head.id, today=SINCE)
        nodes: dict[UUID, Node] = {n.id: n for n in tree(session, TODAY)}
        assert (nodes[office.id].tree, nodes[office.id].depth) == ("headquarters", 2)


def test_numbered_groups_stand_in_their_order(wall: Wall) -> None:
    with bare_district(wall).session(wall) as session:
        names = [
            "第一督导组",
            "第二督导组",
            "第3督导组",
            "第十督导组",
            "第十一督导组",
            "第二十督导组",
            "2号专班",
            "10号专班",
        ]
        for name in reversed(names):
            add_unit(session, None, name=name, kind="work_group", today=SINCE)
        said = [n.name for n in tree(session, TODAY) if n.tree == "headquarters"]
        assert [n for n in said if n.startswith("第")] == names[:6]
        assert [n for n in said if not n.startswith("第")] == names[6:]


def test_who_cannot_be_ordered_is_marked_with_a_reason(wall: Wall) -> None:
    district = bare_district(wall)
    actor = add_actor(wall, district.ref, "administrator", district.root)
    office = district.departments["sanitation"]
    with district.session(wall) as session:
        with pytest.raises(InvalidInput) as bare:
            set_commanded(session, actor, office, commanded=False, reason=" ", today=TODAY)
        assert bare.value.faults[0].field == "reason"
        set_commanded(session, actor, office, commanded=False, reason="铁路单位，不隶属本区", today=TODAY)
        set_commanded(session, actor, office, commanded=False, reason="", today=TODAY)
        assert {n.id: n.commanded for n in tree(session, TODAY)}[office] is False
        line = session.scalars(select(Audit).where(Audit.verb == "unit.command")).one()
        assert (line.detail["commanded"], line.detail["reason"]) == (False, "铁路单位，不隶属本区")
