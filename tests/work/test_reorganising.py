"""Reorganisations: proposed, looked at, approved, in force on their day - once, with nothing lost and the past as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from core.errors import Conflict, Forbidden, InvalidInput, NotFound, SanchengError, Stale
from core.work.dated import valid_on
from core.work.duties.posts import add_person_with_post
from core.work.organisation.chart_drafts import Draft, Rule, fate_words
from core.work.organisation.chart_editing import (
    add_seat,
    change_seat,
    drop_seat,
    keep_unit,
    merge_many,
    move_many,
    nodes_of,
    send_unit,
)
from core.work.organisation.chart_preview import preview
from core.work.organisation.charts import close_unit, move_unit
from core.work.organisation.lineage import forebears, successors
from core.work.organisation.reorganising import (
    approve,
    change_head,
    edit_draft,
    find_reorganisation,
    list_reorganisations,
    open_sheet,
    propose,
    withdraw,
)
from core.work.organisation.reorganising_due import apply_due_reorganisations
from core.work.organisation.territory import NewUnit, plant
from core.work.organisation.units import Node, add_unit, get_unit, rename_unit, tree
from core.work.tables import AreaMember, Audit, FindingEvent, Part, Reorganisation, Site, Sponsorship, UnitLineage
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import Holding, Post, Unit
from tenants.scope import ScopedSession, Wall
from tests.factory import SINCE, District, add_actor, add_site, bare_district
from tests.work.test_charts import (
    NOW,
    TODAY,
    closure_on,
    count_statements,
    lead,
    place_of,
    put_finding,
    recomputed,
    second_street,
)

SOON = TODAY + timedelta(5)
EVE = TODAY - timedelta(1)
Change = Callable[[Draft, Mapping[UUID, Node]], object]


def draft(session: ScopedSession, *changes: Change, grove: str = "administration", on: date = TODAY) -> Reorganisation:
    row = propose(session, None, title="机构调整", grove=grove, effective_on=on, today=TODAY, now=NOW)
    for change in changes:
        edit(session, row, change)
    return row


def edit(session: ScopedSession, row: Reorganisation, change: Change) -> Reorganisation:
    def doing(made: Draft, standing: Mapping[UUID, Node]) -> None:
        change(made, standing)

    return edit_draft(session, None, row.id, doing, version=row.version, today=TODAY)


def decide(session: ScopedSession, row: Reorganisation, actor: Actor | None = None) -> Reorganisation:
    return approve(session, actor, row.id, version=row.version, today=TODAY, now=NOW)


def sent(unit: UUID, *to: UUID, **more: object) -> Change:
    return lambda made, standing: send_unit(made, standing[unit], [str(one) for one in to], **more)  # type: ignore[arg-type]


def merged_into_new(name: str, kind: str, parent: UUID, *units: UUID) -> Change:
    def change(made: Draft, standing: Mapping[UUID, Node]) -> None:
        seat = add_seat(made, name=name, kind=kind, parent=str(parent))
        for unit in units:
            send_unit(made, standing[unit], [seat.key])

    return change


def named(session: ScopedSession, name: str) -> UUID:
    return session.scalars(select(Unit.id).where(Unit.name == name, Unit.valid_to.is_(None))).one()


def shape(session: ScopedSession, on: date) -> list[tuple[str, str | None]]:
    nodes = {n.id: n for n in tree(session, on)}
    return sorted((n.name, nodes[n.parent].name if n.parent else "") for n in nodes.values())


# ---- what a draft is ----


def test_a_draft_moves_nothing_and_an_unchanged_one_is_refused(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        before = shape(session, TODAY)
        row = draft(session)
        sheet = open_sheet(session, row, TODAY)
        assert (sheet.faults, sheet.changes) == ((), False)
        assert len(sheet.draft.seats) == len(before)
        with pytest.raises(InvalidInput) as same:
            decide(session, row)
        assert same.value.faults[0].message == "草案没有改动任何单位"
        edit(session, row, sent(district.communities[0], district.communities[1]))
        assert open_sheet(session, row, TODAY).changes
        assert shape(session, TODAY) == before
        with pytest.raises(Stale):
            edit_draft(session, None, row.id, lambda _d, _s: None, version=1, today=TODAY)
        withdraw(session, None, row.id, version=row.version, today=TODAY)
        with pytest.raises(Conflict):
            decide(session, row)
        assert shape(session, TODAY) == before


def test_a_mapping_that_loses_a_unit_is_refused_by_its_name(wall: Wall) -> None:
    district = bare_district(wall)
    home = district.communities[0]
    with district.session(wall) as session:
        row = draft(session)

        def lose(made: Draft, standing: Mapping[UUID, Node]) -> None:
            seat = add_seat(made, name="新社区", kind="community", parent=str(district.street))
            send_unit(made, standing[home], [seat.key])
            drop_seat(made, seat.key)

        edit(session, row, lose)
        sheet = open_sheet(session, row, TODAY)
        assert fate_words(sheet.draft, [home]) == {home: "lost"}
        with pytest.raises(InvalidInput) as lost:
            decide(session, row)
        assert [(f.message, f.value) for f in lost.value.faults] == [("没有说明这个单位的去向", "测试区第1社区")]
        assert lost.value.faults[0].remedy
        assert get_unit(session, home).valid_to is None
        edit(session, row, lambda made, standing: keep_unit(made, standing[home]))
        assert not open_sheet(session, row, TODAY).faults


@pytest.mark.parametrize(
    ("title", "on", "field"),
    [("", TODAY, "title"), ("长" * 81, TODAY, "title"), ("调整", EVE, "effective_on")],
)
def test_a_bad_head_is_refused(wall: Wall, title: str, on: date, field: str) -> None:
    with bare_district(wall).session(wall) as session:
        with pytest.raises(InvalidInput) as bad:
            propose(session, None, title=title, grove="administration", effective_on=on, today=TODAY)
        assert bad.value.faults[0].field == field
        row = draft(session)
        with pytest.raises(InvalidInput):
            change_head(session, None, row.id, version=1, title=title, document="", effective_on=on, today=TODAY)
        session.rollback()


def test_drawing_refuses_what_cannot_be(wall: Wall) -> None:
    district = bare_district(wall)
    one, two = district.communities
    office = district.departments["sanitation"]
    with district.session(wall) as session:
        row = draft(session)
        bad: Sequence[tuple[Change, str]] = (
            (lambda d, _s: add_seat(d, name=" ", kind="grid", parent=None), "name"),
            (lambda d, _s: add_seat(d, name="甲", kind="palace", parent=None), "kind"),
            (lambda d, _s: add_seat(d, name="甲", kind="area", parent=None), "kind"),
            (lambda d, _s: add_seat(d, name="甲", kind="grid", parent="x"), "unit"),
            (lambda d, _s: change_seat(d, str(district.street), name="甲", parent=str(one)), "parent"),
            (sent(one), "to"),
            (sent(one, one), "to"),
            (sent(one, two, heir="x"), "heir"),
            (lambda d, _s: drop_seat(d, str(one)), "unit"),
        )
        for change, field in bad:
            version = row.version
            with pytest.raises(InvalidInput) as refused:
                edit(session, row, change)
            assert refused.value.faults[0].field == field
            assert refused.value.faults[0].remedy
            assert row.version == version
        with pytest.raises(NotFound):
            edit(session, row, lambda _d, s: nodes_of(s, [new_id()]))
        for change, message in (
            (sent(one, office), "辖区和部门不能互相承接"),
            (sent(one, district.root), "不能由这个单位承接"),
            (lambda d, _s: change_seat(d, str(one), name="测试区第2社区", parent=str(district.street)), "名称重复"),
            (sent(district.root, district.street), "本级单位不能撤销"),
        ):
            faulty = draft(session, change)
            with pytest.raises(InvalidInput) as unfit:
                decide(session, faulty)
            assert message in {f.message for f in unfit.value.faults}
        session.rollback()


def test_only_who_administers_the_district_reorganises(wall: Wall) -> None:
    district = bare_district(wall)
    street = add_actor(wall, district.ref, "administrator", district.street)
    with district.session(wall) as session:
        row = draft(session)
        wish = {"title": "调整", "grove": "administration", "effective_on": TODAY, "today": TODAY}
        for doing in (
            lambda: propose(session, street, **wish),
            lambda: approve(session, street, row.id, version=1, today=TODAY),
            lambda: withdraw(session, street, row.id, version=1, today=TODAY),
            lambda: edit_draft(session, street, row.id, lambda _d, _s: None, version=1, today=TODAY),
        ):
            with pytest.raises(Forbidden):
                doing()
        with pytest.raises(NotFound):
            find_reorganisation(session, new_id())
        with pytest.raises(InvalidInput):
            propose(session, None, **(wish | {"grove": "church"}))


# ---- what happens when it takes effect ----


def test_a_merge_at_once_takes_everything_along(wall: Wall) -> None:
    district = bare_district(wall)
    one, two = district.communities
    actor = add_actor(wall, district.ref, "administrator", district.root)
    with district.session(wall) as session:
        sites = [add_site(session, unit, name=f"点位{n}") for n, unit in enumerate((one, two))]
        found = [put_finding(session, unit, unit, site_id=site) for unit, site in zip((one, two), sites, strict=True)]
        people = [
            add_person_with_post(session, None, name=name, unit_id=unit, role="liaison", title="联络员", today=SINCE)
            for name, unit in (("测试甲", one), ("测试乙", two))
        ]
        area = add_unit(session, None, name="东片区", kind="area", today=SINCE).id
        session.add_all(AreaMember(area_id=area, unit_id=unit, valid_from=SINCE) for unit in (one, two))
        session.add_all(
            Sponsorship(kind="leader", person_id=actor.person_id, object_unit_id=unit, valid_from=SINCE)
            for unit in (one, two)
        )
        before = shape(session, EVE)
        row = draft(session, merged_into_new("合并社区", "community", district.street, one, two))
        seen = preview(session, None, open_sheet(session, row, TODAY), NOW)
        assert seen.counts == {"opened": 1, "closed": 2, "renamed": 0, "moved": 0}
        assert [(p.unit.id, p.word, p.heir, dict(p.findings)) for p in seen.passing] == [
            (one, "merged", "合并社区", {"合并社区": 1}),
            (two, "merged", "合并社区", {"合并社区": 1}),
        ]
        assert (seen.total.findings, seen.total.holdings, seen.total.sites, seen.total.areas) == (2, 2, 2, 2)
        decide(session, row, actor)
        session.commit()
        new = named(session, "合并社区")
        assert row.state == "in_force"
        assert row.moved["findings"] == 2
        assert row.moved["units"] == seen.counts
        assert {name: row.moved[name] for name in ("holdings", "sites", "areas", "sponsorships")} == {
            "holdings": 2,
            "sites": 2,
            "areas": 2,
            "sponsorships": 2,
        }
        assert [lead(session, one_found) for one_found in found] == [new, new]
        assert session.scalars(select(Site.unit_id)).all() == [new, new]
        held = select(Holding.person_id).join(Post, Post.id == Holding.post_id).where(Post.unit_id == new)
        assert set(session.scalars(held.where(valid_on(Holding, TODAY)))) == {p.id for p in people}
        assert len(session.scalars(select(Post).where(Post.unit_id == new)).all()) == 1, "one post with two holders"
        members = select(AreaMember.unit_id).where(valid_on(AreaMember, TODAY))
        assert session.scalars(members).all() == [new]
        sponsored = select(Sponsorship.object_unit_id).where(valid_on(Sponsorship, TODAY))
        assert session.scalars(sponsored).all() == [new], "the same leader twice is the leader once"
        assert shape(session, EVE) == before
        assert closure_on(session, EVE) == recomputed(session, EVE)
        assert closure_on(session, TODAY) == recomputed(session, TODAY)
        assert {(k.unit_id, k.kind) for k in forebears(session, new)} == {(one, "merge"), (two, "merge")}
        event = session.scalars(select(FindingEvent).where(FindingEvent.verb == "move")).first()
        assert event is not None
        assert (event.note, event.person_name) == ("机构调整", actor.name)
        verbs = session.scalars(select(Audit.verb).where(Audit.object_kind == "reorganisation")).all()
        steps = ["apply", "approve", "edit", "propose"]
        assert sorted(verbs) == [f"reorganisation.{step}" for step in steps]


def test_a_split_gives_open_items_to_the_heir_and_by_rule_to_the_others(wall: Wall) -> None:
    district = bare_district(wall)
    street, (one, two) = district.street, district.communities
    with district.session(wall) as session:
        third = add_unit(session, None, name="三社区", kind="community", parent_id=street, today=SINCE).id
        direct, other = add_site(session, street, name="街道点位"), add_site(session, street, name="街道另一点位")
        in_one = put_finding(session, one, street)
        in_two = put_finding(session, two, street, two)
        in_third = put_finding(session, third, street)
        at_direct = put_finding(session, street, street, site_id=direct)
        at_other = put_finding(session, street, street, site_id=other)
        area = add_unit(session, None, name="东片区", kind="area", today=SINCE).id
        session.add(AreaMember(area_id=area, unit_id=street, valid_from=SINCE))
        keys: list[str] = []

        def split(made: Draft, standing: Mapping[UUID, Node]) -> None:
            keys.extend(
                add_seat(made, name=name, kind="subdistrict", parent=str(district.root)).key
                for name in ("东街道", "西街道")
            )
            east, west = keys
            rules = [Rule("site", other, west), Rule("unit", third, west)]
            send_unit(made, standing[street], keys, heir=east, rules=rules)
            move_many(made, [standing[two]], west)

        row = draft(session, split)
        sheet = open_sheet(session, row, TODAY)
        shifts = {shift.unit.id: shift.parent for shift in preview(session, None, sheet, NOW).shifts}
        assert shifts == {one: "东街道", two: "西街道", third: "东街道"}
        assert dict(preview(session, None, sheet, NOW).passing[0].findings) == {"东街道": 2, "西街道": 3}
        decide(session, row)
        session.commit()
        east, west = (UUID(key) for key in keys)
        given = {found: lead(session, found) for found in (in_one, in_two, in_third, at_direct, at_other)}
        assert given == {in_one: east, in_two: west, in_third: west, at_direct: east, at_other: west}
        moves = select(FindingEvent.finding_id, func.count()).where(FindingEvent.verb == "move")
        counted = dict(session.execute(moves.group_by(FindingEvent.finding_id)).all())
        assert counted == dict.fromkeys(given, 1), "one line of history each"
        assert session.get_one(Site, (session.tenant_id, direct)).unit_id == east
        assert session.get_one(Site, (session.tenant_id, other)).unit_id == west
        assert set(session.scalars(select(AreaMember.unit_id).where(valid_on(AreaMember, TODAY)))) == {east, west}
        assert [(k.name, k.kind) for k in successors(session, street)] == [("东街道", "split"), ("西街道", "split")]
        assert row.moved["findings"] == 5
        assert place_of(session, "测试区第2社区", TODAY) == "西街道"
        assert place_of(session, "测试区第2社区", EVE) == "测试区一街道"
        left = select(Part.unit_id).where(Part.ended_at.is_(None), Part.unit_id == street)
        assert session.scalars(left).all() == []
        assert closure_on(session, TODAY) == recomputed(session, TODAY)


def test_what_is_split_off_leaves_the_rest_where_it_is(wall: Wall) -> None:
    district = bare_district(wall)
    street, (one, two) = district.street, district.communities
    with district.session(wall) as session:
        stays, goes = put_finding(session, one, street), put_finding(session, two, street)

        def split_off(made: Draft, standing: Mapping[UUID, Node]) -> None:
            new = add_seat(made, name="新街道", kind="subdistrict", parent=str(district.root))
            send_unit(made, standing[street], [str(street), new.key])
            move_many(made, [standing[two]], new.key)

        row = decide(session, draft(session, split_off))
        new = named(session, "新街道")
        assert (lead(session, stays), lead(session, goes)) == (street, new)
        assert get_unit(session, street).valid_to is None
        assert [(k.unit_id, k.kind) for k in forebears(session, new)] == [(street, "split")]
        assert row.moved["findings"] == 1


def test_renaming_keeps_the_unit_and_old_days_say_the_old_name(wall: Wall) -> None:
    district = bare_district(wall)
    home = district.communities[0]
    with district.session(wall) as session:
        before = shape(session, EVE)
        row = draft(session, lambda d, _s: change_seat(d, str(home), name="新名社区", parent=str(district.street)))
        decide(session, row)
        assert get_unit(session, home).name == "新名社区"
        assert shape(session, EVE) == before
        kinds = session.execute(select(UnitLineage.from_id, UnitLineage.to_id, UnitLineage.kind)).all()
        assert [tuple(line) for line in kinds] == [(home, home, "rename")]
        assert (forebears(session, home), successors(session, home)) == ([], [])
        rename_unit(session, None, home, "再改社区", today=TODAY + timedelta(3))
        assert {n.id: n.name for n in tree(session, TODAY)}[home] == "新名社区"


def test_one_unit_that_takes_over_from_one_succeeds_it(wall: Wall) -> None:
    district = bare_district(wall)
    office = district.departments["sanitation"]
    with district.session(wall) as session:
        decide(session, draft(session, merged_into_new("环卫新局", "department", district.root, office)))
        assert [(k.name, k.kind) for k in successors(session, office)] == [("环卫新局", "succeed")]


def test_the_headquarters_is_drawn_anew_and_areas_keep_their_members(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        head = add_unit(session, None, name="总指挥部", kind="headquarters", today=SINCE).id
        areas = [
            add_unit(session, None, name=f"第{n}片区", kind="area", parent_id=head, today=SINCE).id for n in (1, 2, 3)
        ]
        homes = district.communities
        session.add_all(
            AreaMember(area_id=a, unit_id=u, valid_from=SINCE) for a, u in zip(areas[:2], homes, strict=True)
        )
        leader = add_person_with_post(
            session, None, name="测试甲", unit_id=areas[1], role="leader", title="片长", today=SINCE
        )
        row = draft(
            session, lambda d, s: merge_many(d, [s[areas[0]], s[areas[1]]], str(areas[0])), grove="headquarters"
        )
        decide(session, row)
        members = select(AreaMember.area_id, AreaMember.unit_id).where(valid_on(AreaMember, TODAY))
        assert {tuple(m) for m in session.execute(members)} == {(areas[0], homes[0]), (areas[0], homes[1])}
        held = select(Post.unit_id).join(Holding, Holding.post_id == Post.id).where(Holding.person_id == leader.id)
        assert session.scalars(held.where(valid_on(Holding, TODAY))).all() == [areas[0]]
        assert [n.name for n in tree(session, TODAY) if n.kind == "area"] == ["第1片区", "第3片区"]


# ---- the day ----


def test_it_takes_effect_on_its_day_once_and_late_runs_catch_up(wall: Wall) -> None:
    district = bare_district(wall)
    one, two = district.communities
    with district.session(wall) as session:
        found = put_finding(session, one, one)
        row = decide(session, draft(session, sent(one, two), on=SOON))
        assert row.state == "approved"
        session.commit()
        for day in (TODAY, SOON - timedelta(1)):
            assert apply_due_reorganisations(session, day, NOW) == []
        assert lead(session, found) == one
        late = SOON + timedelta(3)
        later = NOW + timedelta(8)
        done = apply_due_reorganisations(session, late, later)
        session.commit()
        assert [(d.id, d.error) for d in done] == [(row.id, "")]
        assert [apply_due_reorganisations(session, late + timedelta(n), later) for n in range(3)] == [[], [], []]
        assert lead(session, found) == two
        assert session.scalar(select(func.count()).where(FindingEvent.verb == "move")) == 1
        assert row.moved["on"] == SOON.isoformat(), "as of the day it was decided for"
        assert one in {n.id for n in tree(session, SOON - timedelta(1))}
        assert one not in {n.id for n in tree(session, SOON)}
        assert get_unit(session, one).valid_to == SOON


def test_when_the_chart_changed_since_its_day_it_counts_from_today(wall: Wall) -> None:
    district = bare_district(wall)
    one, two = district.communities
    with district.session(wall) as session:
        row = decide(session, draft(session, sent(one, two), on=SOON))
        late = SOON + timedelta(3)
        grid = add_unit(session, None, name="新网格", kind="grid", parent_id=one, today=SOON + timedelta(1)).id
        assert [d.error for d in apply_due_reorganisations(session, late, NOW)] == [""]
        assert row.moved["on"] == late.isoformat()
        assert {n.id: n.parent for n in tree(session, late)}[grid] == two, "what was added since follows the heir"
        for day in (SOON, SOON + timedelta(1), SOON + timedelta(2), late):
            assert closure_on(session, day) == recomputed(session, day)


def test_two_due_on_a_night_follow_each_other(wall: Wall) -> None:
    district = bare_district(wall)
    one, two = district.communities
    with district.session(wall) as session:
        head = add_unit(session, None, name="指挥部", kind="headquarters", today=SINCE).id
        group = add_unit(session, None, name="一组", kind="work_group", parent_id=head, today=SINCE).id
        later = draft(session, sent(one, two), on=SOON + timedelta(1))
        sooner = draft(
            session,
            lambda d, _s: change_seat(d, str(group), name="宣传组", parent=str(head)),
            grove="headquarters",
            on=SOON,
        )
        decide(session, later)
        decide(session, sooner)
        done = apply_due_reorganisations(session, SOON + timedelta(9), NOW)
        assert [d.id for d in done] == [sooner.id, later.id]
        assert {r.state for r in list_reorganisations(session)} == {"in_force"}


def test_what_waits_for_its_day_keeps_the_chart_still(wall: Wall) -> None:
    district = bare_district(wall)
    one, two = district.communities
    with district.session(wall) as session:
        other = second_street(session, district)
        row = decide(session, draft(session, sent(one, two), on=SOON))
        for doing in (
            lambda: move_unit(session, None, one, other, today=TODAY),
            lambda: close_unit(session, None, other, today=TODAY),
            lambda: decide(session, draft(session, sent(two, one), on=SOON)),
        ):
            with pytest.raises(Conflict) as waits:
                doing()
            assert "机构调整" in waits.value.faults[0].value
        withdraw(session, None, row.id, version=row.version, today=TODAY)
        move_unit(session, None, one, other, today=TODAY)
        assert apply_due_reorganisations(session, SOON, NOW) == []


def test_one_that_fits_no_longer_waits_and_says_why(wall: Wall) -> None:
    district = bare_district(wall)
    one, two = district.communities
    with district.session(wall) as session:
        row = decide(session, draft(session, sent(one, two), on=SOON))
        row.body = row.body | {"mapping": [{"from": str(one), "to": [], "heir": ""}]}
        session.commit()
        done = apply_due_reorganisations(session, SOON, NOW)
        session.commit()
        assert "测试区第1社区" in done[0].error
        assert find_reorganisation(session, row.id).state == "approved"
        assert get_unit(session, one).valid_to is None
        assert session.scalars(select(Audit.verb).where(Audit.verb == "reorganisation.wait")).all()


def test_a_draft_follows_the_chart_that_it_left_alone(wall: Wall) -> None:
    district = bare_district(wall)
    one, two = district.communities
    with district.session(wall) as session:
        row = draft(session, sent(one, two))
        rename_unit(session, None, two, "新二社区", today=TODAY)
        other = second_street(session, district)
        move_unit(session, None, two, other, today=TODAY)
        added = add_unit(session, None, name="网格", kind="grid", parent_id=one, today=TODAY).id
        decide(session, row)
        nodes = {n.id: n for n in tree(session, TODAY)}
        assert (nodes[two].name, nodes[two].parent) == ("新二社区", other)
        assert nodes[added].parent == two


def test_what_a_closed_unit_still_holds_goes_to_its_heir_in_the_night(wall: Wall) -> None:
    district = bare_district(wall)
    one, two = district.communities
    with district.session(wall) as session:
        decide(session, draft(session, sent(one, two)))
        reopened = put_finding(session, one, one)
        restricted = put_finding(session, one, one, restricted=True)
        session.commit()
    with wall.open(district.ref.id, cleared=True) as session:
        hidden = put_finding(session, one, hidden=True)
        session.add(Part(finding_id=hidden, kind="line", unit_id=one, leading=True, state="open", hidden=True))
        session.commit()
        for _ in range(2):
            apply_due_reorganisations(session, TODAY, NOW)
        session.commit()
        assert {lead(session, one_found) for one_found in (reopened, restricted, hidden)} == {two}
        events = select(FindingEvent.version).where(FindingEvent.finding_id == hidden)
        assert session.scalars(events).all() in ([1, 2], [2, 1])


def test_a_refused_approval_changes_nothing(wall: Wall) -> None:
    district = bare_district(wall)
    one, two = district.communities
    with district.session(wall) as session:
        row = draft(session, sent(one, two))
        session.commit()
        with pytest.raises(SanchengError):
            approve(session, None, row.id, version=row.version + 1, today=TODAY)
        with pytest.raises(InvalidInput):
            approve(session, None, row.id, version=row.version, today=TODAY + timedelta(1))
        session.rollback()
        assert find_reorganisation(session, row.id).state == "draft"
        assert session.scalars(select(Audit.verb).where(Audit.verb == "reorganisation.approve")).all() == []


def test_three_thousand_units_are_drawn_anew_in_a_few_statements(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        street = fill(session, district)
        other = second_street(session, district)
        row = draft(session, lambda d, s: move_many(d, [s[street]], str(other)))
        assert count_statements(wall, lambda: decide(session, row)) < 80
        assert len(tree(session, TODAY)) > 3000
        assert closure_on(session, TODAY) == recomputed(session, TODAY)


def fill(session: ScopedSession, district: District) -> UUID:
    """A street with 60 communities of 50 grids."""
    homes = [NewUnit(f"社区{n}", "community", district.street) for n in range(60)]
    grids = [NewUnit(f"网格{n}-{m}", "grid", home.id) for n, home in enumerate(homes) for m in range(50)]
    plant(session, [*homes, *grids], SINCE)
    session.commit()
    return district.street
