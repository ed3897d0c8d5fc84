"""Duplicates (重复问题): candidates by category, metres and hours; merging keeps every source and counts once; unmerging."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import func, select

from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work.calendar import seed_calendar
from core.work.desk.waiting import counts
from core.work.dispatch.category_sets import (
    categories_of,
    counts_by_group,
    get_set,
    groups_of,
    keep_set,
    retire_set,
)
from core.work.intake.duplicate_pairs import call_different, suspected_pairs
from core.work.intake.duplicates import candidates, candidates_for, file_of_merged, merged_sources, top_of
from core.work.intake.patrols import start_patrol
from core.work.loop.ledger import act
from core.work.tables import Finding, FindingEvent, NotSame
from tenants.db import new_id
from tests.work.intake import DOWN_THE_ROAD, HERE, NEXT_DOOR, Street, bring_in, opening, street
from tests.work.market import ANSWERS, THURSDAY, send

HOUR = timedelta(hours=1)
LATER = THURSDAY + HOUR


@pytest.fixture
def place(wall, tmp_path_factory) -> Street:
    made = street(wall, tmp_path_factory.mktemp("files"))
    with made.district.session(wall) as session:
        seed_calendar(session, [2026])
        session.commit()
    return made


@pytest.fixture
def session(wall, place):
    with place.district.session(wall) as opened:
        yield opened


def found(session, place: Street, **asked):
    given = {"category": "ENV-LITTER", "site_id": place.market, "now": LATER} | asked
    actor = given.pop("actor", place.office)
    return candidates(session, actor, **given)


# --- candidates ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "hit"),
    [
        ({}, True),
        ({"category": "ENV-BIN"}, False),
        ({"now": THURSDAY + 72 * HOUR}, True),
        ({"now": THURSDAY + 73 * HOUR}, False),
        ({"now": THURSDAY + 73 * HOUR, "within": 80 * HOUR}, True),
        ({"site_id": None, "point": NEXT_DOOR}, True),
        ({"site_id": None, "point": NEXT_DOOR, "metres": 20}, False),
        ({"site_id": None, "point": DOWN_THE_ROAD}, False),
        ({"site_id": None, "point": DOWN_THE_ROAD, "metres": 180}, True),
        ({"site_id": None}, False),
        ({"restricted": True}, False),
    ],
)
def test_candidates_by_category_place_and_time(session, place, asked, hit):
    earlier = bring_in(session, place)
    session.commit()
    rows = found(session, place, **asked)
    assert [one.finding.id for one in rows] == ([earlier.id] if hit else [])


def test_a_box_is_no_circle(session, place):
    """A point in the corner of the box is 60 m away, though each side is within 50."""
    bring_in(session, place)
    corner = (HERE[0] + Decimal("0.000480"), HERE[1] + Decimal("0.000380"))
    assert found(session, place, site_id=None, point=corner) == []


def test_a_visits_finding_is_a_candidate_by_its_sites_place(session, place):
    done = send(session, place.town, ANSWERS)
    session.commit()
    poster = next(one for one in done.findings if one.category == "ORD-POSTER")
    near = found(session, place, category="ORD-POSTER", site_id=None, point=NEXT_DOOR)
    assert [(one.finding.id, one.metres, one.same_site) for one in near] == [(poster.id, 26, False)]
    same = found(session, place, category="ORD-POSTER")
    assert [(one.finding.id, one.same_site) for one in same] == [(poster.id, True)]


def test_the_tenants_own_groups_make_alike(session, place):
    bring_in(session, place, category="ENV-BIN")
    assert found(session, place) == []
    keep_set(session, place.office, "九乱", [("乱扔乱倒", ["ENV-LITTER", "ENV-BIN"])], now=THURSDAY)
    rows = found(session, place)
    assert [(one.finding.category, one.same_category) for one in rows] == [("ENV-BIN", False)]


def test_the_likeliest_comes_first(session, place):
    home = place.district.communities[0]
    where = {"site_id": None, "unit_id": home, "place": "路边"}
    far = bring_in(session, place, **where, longitude=NEXT_DOOR[0], latitude=NEXT_DOOR[1])
    near = bring_in(session, place, **where, longitude=HERE[0], latitude=HERE[1], now=THURSDAY + HOUR / 2)
    same = bring_in(session, place)
    session.commit()
    assert [one.finding.id for one in found(session, place)] == [same.id, near.id, far.id]
    assert [one.finding.id for one in found(session, place, limit=1)] == [same.id]


def test_what_is_dismissed_out_of_reach_or_restricted_is_no_candidate(wall, session, place):
    gone = bring_in(session, place, place.office)
    act(session, place.office, gone.id, "cancel", version=1, note="误报", now=LATER)
    bring_in(session, place, place.conduct, source="conduct")
    session.commit()
    assert found(session, place) == []
    assert found(session, place, restricted=True) == []
    assert len(found(session, place, restricted=True, actor=place.conduct)) == 1
    bring_in(session, place, place.office, site_id=place.kiosk)
    session.commit()
    assert len(found(session, place)) == 1
    assert found(session, place, actor=place.grid) == []


def test_candidates_of_one_that_stands_look_to_both_sides_of_its_day(session, place):
    first = bring_in(session, place)
    second = bring_in(session, place, now=THURSDAY + 70 * HOUR)
    third = bring_in(session, place, now=THURSDAY + 141 * HOUR)
    session.commit()
    much_later = THURSDAY + 500 * HOUR
    assert {one.finding.id for one in candidates_for(session, place.office, second, now=much_later)} == {
        first.id,
        third.id,
    }
    assert [one.finding.id for one in candidates_for(session, place.office, first, now=much_later)] == [second.id]


# --- merging -------------------------------------------------------------------------------------------------------


def merged(session, place: Street, one: Finding, into: Finding) -> Finding:
    done = act(session, place.office, one.id, "merge", version=one.version, target_id=into.id, now=LATER)
    session.commit()
    return done


def test_merging_keeps_all_sources_and_counts_once(session, place):
    target = bring_in(session, place, place.office)
    walk = start_patrol(session, place.grid, unit_id=place.district.communities[0], members={}, now=THURSDAY)
    twin = bring_in(
        session, place, source="patrol", patrol_id=walk.id, photos=place.photos[:2], detail="门口一堆", now=LATER
    )
    session.commit()
    before = counts(session, place.office, now=LATER)
    merged(session, place, twin, target)
    after = counts(session, place.office, now=LATER)
    assert (before.open - after.open, twin.state) == (1, "merged")
    (source,) = merged_sources(session, target)
    assert (source.source, source.reporter, source.detail, source.patrol_id) == (
        "patrol",
        place.grid.name,
        "门口一堆",
        walk.id,
    )
    assert (source.opened_at, source.visit_id, source.number) == (LATER, None, twin.number)
    assert [str(photo) for photo in source.photos] == list(place.photos[:2])
    assert file_of_merged(session, target, UUID(place.photos[0])) is not None
    assert file_of_merged(session, target, UUID(place.photos[3])) is None
    assert merged_sources(session, twin) == []


def test_a_visits_photos_and_notes_come_along(session, place):
    done = send(session, place.town, ANSWERS, photos={"illegal_posters": place.photos[:1]})
    session.commit()
    poster = next(one for one in done.findings if one.category == "ORD-POSTER")
    target = bring_in(session, place, place.office, category="ORD-POSTER", now=LATER)
    merged(session, place, poster, target)
    (source,) = merged_sources(session, target)
    assert (source.source, source.visit_id, source.reporter) == ("visit", done.visit.id, place.town.inspector.name)
    assert [str(photo) for photo in source.photos] == [place.photos[0]]


def test_chains_lead_to_the_top_and_come_apart_again(session, place):
    top, middle, low = (bring_in(session, place, place.office, now=THURSDAY + n * HOUR / 4) for n in range(3))
    session.commit()
    merged(session, place, low, middle)
    merged(session, place, middle, top)
    assert top_of(session, low).id == top.id
    assert top_of(session, top).id == top.id
    assert [source.finding_id for source in merged_sources(session, top)] == [middle.id, low.id]
    with pytest.raises(InvalidInput, match="不能并入"):
        merged(session, place, top, low)
    session.rollback()
    back = act(session, place.office, middle.id, "unmerge", version=middle.version, note="不是一处", now=LATER)
    session.commit()
    assert (back.state, back.merged_into) == ("dispatched", None)
    assert [source.finding_id for source in merged_sources(session, top)] == []
    assert [source.finding_id for source in merged_sources(session, middle)] == [low.id]


def test_a_report_is_merged_at_once_by_who_directs_and_proposed_by_others(session, place):
    target = bring_in(session, place, place.office)
    session.commit()
    done = bring_in(session, place, place.office, merge_into=target.id, now=LATER)
    session.commit()
    assert (done.state, done.merged_into, done.version) == ("merged", target.id, 2)
    told = bring_in(session, place, merge_into=target.id, now=LATER)
    session.commit()
    assert (told.state, told.merged_into) == ("reported", None)
    assert opening(session, told).detail["duplicate_of"] == str(target.id)
    verbs = session.scalars(select(FindingEvent.verb).where(FindingEvent.finding_id == done.id)).all()
    assert sorted(verbs) == ["merge", "open"]


def test_different_visibility_is_never_merged(session, place):
    target = bring_in(session, place, place.office)
    secret = bring_in(session, place, place.conduct, source="conduct")
    session.commit()
    with pytest.raises(Conflict, match="可见范围不同"):
        act(session, place.conduct, target.id, "merge", version=1, target_id=secret.id, now=LATER)


# --- the tenant's own sets -----------------------------------------------------------------------------------------

NINE = [("乱扔乱倒", ["ENV-LITTER", "ENV-BIN"]), ("乱停乱放", ["ORD-PARK"]), ("乱贴乱画", ["ORD-POSTER"])]


def test_a_set_is_kept_listed_changed_and_retired(session, place):
    made = keep_set(session, place.office, " 九乱 ", NINE, now=THURSDAY)
    assert (made.name, [group.name for group in made.groups]) == ("九乱", [name for name, _ in NINE])
    assert made.group_of("ENV-BIN") == "乱扔乱倒"
    assert made.group_of("ENV-TOILET") == ""
    assert categories_of(session, made.id, "乱停乱放") == ("ORD-PARK",)
    assert [one.name for one in groups_of(session)] == ["九乱"]
    changed = keep_set(session, place.office, "十乱", [*NINE, ("乱搭乱建", ["ORD-BUILD"])], set_id=made.id, now=LATER)
    assert (changed.id, len(changed.groups)) == (made.id, 4)
    with pytest.raises(Conflict, match="已有名为"):
        keep_set(session, place.office, "十乱", NINE, now=LATER)
    retire_set(session, place.office, made.id, now=LATER)
    assert groups_of(session) == []
    with pytest.raises(Exception, match="没有找到"):
        get_set(session, made.id)


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ([("甲", ["ENV-BIN"]), ("乙", ["ENV-BIN"])], "一个类别只能在一个分组"),
        ([("甲", ["ENV-BIN"]), ("甲", ["ORD-PARK"])], "分组名称重复"),
        ([("甲", [])], "分组里没有类别"),
        ([("", ["ENV-BIN"])], "分组没有名称"),
        ([("甲", ["NO-SUCH"])], "没有这个问题类别"),
        ([], "分组个数不对"),
    ],
)
def test_bad_sets_are_refused(session, place, groups, said):
    with pytest.raises(InvalidInput) as refused:
        keep_set(session, place.office, "九乱", groups, now=THURSDAY)
    assert said in refused.value.text()


def test_findings_are_counted_by_group_once_and_within_sight(session, place):
    made = keep_set(session, place.office, "九乱", NINE, now=THURSDAY)
    bring_in(session, place, place.office)
    twin = bring_in(session, place, place.office, category="ENV-BIN")
    target = bring_in(session, place, place.office, category="ENV-BIN")
    bring_in(session, place, category="ORD-PARK", photos=place.photos[:1], fixed=place.photos[1:2])
    bring_in(session, place, place.office, category="ENV-TOILET")
    bring_in(session, place, place.conduct, source="conduct", category="ORD-POSTER")
    session.commit()
    merged(session, place, twin, target)

    def told(actor, **more):
        rows = counts_by_group(session, actor, made.id, now=LATER, **more)
        return {row.name: (row.total, row.open, row.closed) for row in rows}

    assert told(place.office) == {"乱扔乱倒": (2, 2, 0), "乱停乱放": (1, 0, 1), "乱贴乱画": (0, 0, 0), "": (1, 1, 0)}
    assert told(place.conduct)["乱贴乱画"] == (1, 1, 0)
    assert told(place.office, where=[Finding.state == "closed"]) == {
        "乱扔乱倒": (0, 0, 0),
        "乱停乱放": (1, 0, 1),
        "乱贴乱画": (0, 0, 0),
    }
    assert session.scalar(select(func.count()).select_from(Finding)) == 6


# --- pairs ---------------------------------------------------------------------------------------------------------


def ids_of(pairs) -> list[tuple[UUID, UUID, int | None]]:
    return [(one.later.finding.id, one.earlier.finding.id, one.metres) for one in pairs]


def test_suspected_pairs_within_reach(session, place):
    first = bring_in(session, place)
    second = bring_in(session, place, now=LATER)
    third = bring_in(
        session, place, site_id=None, longitude=NEXT_DOOR[0], latitude=NEXT_DOOR[1], now=LATER + HOUR, place="路口"
    )
    bring_in(session, place, category="ENV-BIN", now=LATER)
    late = bring_in(session, place, now=THURSDAY + 200 * HOUR)
    moment = THURSDAY + 201 * HOUR
    wanted = [(third.id, second.id, 26), (third.id, first.id, 26), (second.id, first.id, None)]
    pairs = suspected_pairs(session, place.office, now=moment)
    assert ids_of(pairs) == wanted
    assert late.id not in {one.later.finding.id for one in pairs}, "too long after the others"
    assert suspected_pairs(session, place.grid, now=moment) == [], "he does not direct it"
    assert len(suspected_pairs(session, place.office, now=moment, limit=1)) == 2, "one more says that there are more"


def test_what_was_called_different_is_no_pair_any_more(session, place):
    first = bring_in(session, place)
    second = bring_in(session, place, now=LATER)
    for _ in range(2):
        call_different(session, place.office, second.id, first.id, now=LATER)
    assert suspected_pairs(session, place.office, now=LATER) == []
    assert len(session.scalars(select(NotSame)).all()) == 1
    with pytest.raises(Forbidden):
        call_different(session, place.grid, second.id, first.id, now=LATER)
    with pytest.raises(NotFound):
        call_different(session, place.office, second.id, new_id(), now=LATER)
    third = bring_in(session, place, now=LATER + HOUR)
    assert len(suspected_pairs(session, place.office, now=LATER + HOUR)) == 2
    act(session, place.office, third.id, "merge", version=third.version, target_id=second.id, now=LATER + HOUR)
    assert suspected_pairs(session, place.office, now=LATER + HOUR) == []
