"""The demo's headquarters (演示指挥部): 一办五组六片区, its reorganisation in draft, the posts and the sponsors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from core.demo.playing import LABEL, Play
from core.work.duties.holdings import appoint, end_holding
from core.work.duties.people import add_person
from core.work.duties.sponsor_keeping import Wish, begin_sponsorship, name_sponsor
from core.work.duties.sponsor_log import log_entry
from core.work.organisation.areas import add_members, list_areas
from core.work.organisation.chart_drafts import Draft
from core.work.organisation.chart_editing import add_seat, merge_many
from core.work.organisation.charts import set_commanded
from core.work.organisation.reorganising import edit_draft, propose
from core.work.organisation.units import Node, add_unit
from core.work.tables import Sponsorship
from tenants.models import Holding, Post

GROUPS = ("演示宣传引导组", "演示环境整治组", "演示交通秩序组", "演示市场规范组", "演示督查考核组")
AREAS = tuple(f"演示{number}号片区" for number in range(1, 7))
LEADERS = ("演示区领导", *(f"演示包保领导{letter}" for letter in "甲乙丙丁戊"))
MERGED = GROUPS[1:3]
EVERY = 12  # one community in so many has a liaison and a sponsoring department
LIAISONS = 12


def set_up_headquarters(play: Play) -> None:
    """The tree of the headquarters with its areas, and the draft of its next reorganisation."""
    session, since = play.session, play.first

    def plant(name: str, kind: str, parent: UUID | None = None) -> UUID:
        return add_unit(session, None, name=name, kind=kind, parent_id=parent, today=since).id

    top = plant("演示创建指挥部", "headquarters")
    office = plant("演示指挥部办公室", "work_group", top)
    for name in GROUPS:
        plant(name, "work_group", office)
    areas = [plant(name, "area", top) for name in AREAS]
    streets = [unit.id for unit in play.units("subdistrict")]
    for number, area in enumerate(areas):
        add_members(session, None, area, units=streets[number :: len(areas)], today=since)
    across = [unit.id for unit in play.units("community")[-2:]]
    add_members(session, None, areas[0], units=across, sites=[play.site("公园1号")], today=since)
    add_members(session, None, areas[1], sites=[play.site("农贸市场1号")], today=since)
    set_commanded(
        session, None, play.office("fire_rescue"), commanded=False, reason=f"垂直管理单位{LABEL}", today=since
    )
    _draft_merger(play)


def _draft_merger(play: Play) -> None:
    """Two groups shall become one next month: proposed with its mapping, not approved."""
    admin, today = play.stage.actors["演示管理员"], play.today
    row = propose(
        play.session,
        admin,
        title=f"指挥部工作组调整{LABEL}",
        grove="headquarters",
        effective_on=today + timedelta(days=30),
        document=f"工作组合并方案（草案）{LABEL}",
        today=today,
        now=play.at(2, 15),
    )

    def merge(draft: Draft, standing: Mapping[UUID, Node]) -> None:
        old = [node for node in standing.values() if node.name in MERGED]
        seat = add_seat(draft, name="演示环境与交通秩序组", kind="work_group", parent=str(old[0].parent))
        merge_many(draft, old, seat.key)

    edit_draft(play.session, admin, row.id, merge, version=row.version, today=today)


def fill_posts(play: Play) -> None:
    """Liaisons of streets, areas and some communities, a deputy, an outside assessor; one street's post is vacant."""
    streets, communities = play.units("subdistrict"), play.units("community", "village")
    for unit in (*streets, *play.units("area"), *communities[::EVERY][:LIAISONS]):
        play.liaison(unit.id)
    play.seat("演示网格员", communities[0].id, "grid_worker")
    play.seat("演示作风督导员", play.root(), "discipline")
    play.seat("演示作风联络员", play.street(0), "discipline_liaison")
    play.seat("演示外部测评员", play.root(), "assessor", until=play.today + timedelta(days=30))
    _stand_in(play, play.liaison(play.office("urban_management")).person_id)
    gone = play.liaison(streets[-1].id).person_id
    holding = play.session.scalars(select(Holding).where(Holding.person_id == gone)).one()
    end_holding(play.session, None, holding.id, today=play.today - timedelta(days=5))


def _stand_in(play: Play, person_id: UUID) -> None:
    """Somebody stands in for an officer for two weeks."""
    chosen = select(Post.id).join(Holding, (Holding.tenant_id == Post.tenant_id) & (Holding.post_id == Post.id))
    post_id = play.session.scalars(chosen.where(Holding.person_id == person_id)).one()
    deputy = add_person(play.session, None, name="演示代理联络员", today=play.today)
    until = play.today + timedelta(days=14)
    appoint(play.session, None, deputy.id, post_id, today=play.today, until=until, kind="deputy")


def name_sponsors(play: Play) -> None:
    """A leader for each area and its streets, a department for a dozen communities, a road chief, a yard head; a log."""
    session = play.session
    streets, areas = [unit.id for unit in play.units("subdistrict")], list_areas(session, play.today)
    leaders = [name_sponsor(session, None, name).id for name in LEADERS]
    by_name = {area.name: area.id for area in areas}
    for number, (leader, name) in enumerate(zip(leaders, AREAS, strict=True)):
        for unit_id in (by_name[name], *streets[number :: len(AREAS)]):
            _sponsor(play, Wish("leader", person_id=leader, object_unit_id=unit_id, title="区级领导"))
    offices = play.units("department")
    for number, unit in enumerate(play.units("community", "village")[::EVERY][:LIAISONS]):
        _sponsor(play, Wish("department", unit_id=offices[number % len(offices)].id, object_unit_id=unit.id))
    chief, head = (name_sponsor(session, None, name).id for name in ("演示路长", "演示楼院长"))
    _sponsor(play, Wish("road_chief", person_id=chief, object_site_id=play.site("主干道路段1号"), title="一级路长"))
    _sponsor(play, Wish("yard_head", person_id=head, object_site_id=play.site("小区1号"), field="飞线充电"))
    _keep_log(play, by_name[AREAS[0]], chief)


def _sponsor(play: Play, wish: Wish) -> Sponsorship:
    listed = replace(wish, document=f"包保责任名单{LABEL}")
    return begin_sponsorship(play.session, None, listed, today=play.first)


def _keep_log(play: Play, area_id: UUID, chief: UUID) -> None:
    """What a leader and the road chief did, entered for them by the office."""
    rows = play.session.scalars(select(Sponsorship).order_by(Sponsorship.kind, Sponsorship.id)).all()
    leader = next(row for row in rows if row.object_unit_id == area_id)
    road = next(row for row in rows if row.person_id == chief)
    said = (
        (leader, "visit", 16, "实地察看背街小巷和农贸市场"),
        (leader, "meeting", 12, "召集街道和城管会商占道经营整治"),
        (leader, "settled", 6, "协调解决公园周边停车问题"),
        (road, "visit", 9, "沿线巡查，劝导店外经营两处"),
        (road, "settled", 3, "人行道破损已报修并修复"),
    )
    for row, kind, back, note in said:
        day = play.today - timedelta(days=back)
        log_entry(play.session, play.desk, row.id, kind=kind, day=day, note=note + LABEL, today=play.today)
