"""Every list: its answer loads into its schema, pages meet without gap or double, and undeclared arguments are refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from core.api.appeal_shapes import AppealList
from core.api.attainment import AttainmentList
from core.api.audit import AuditList
from core.api.campaigns import CampaignList
from core.api.cards import CardList
from core.api.comparison import ComparisonList
from core.api.due import DueList, TermList
from core.api.entries import RecordList
from core.api.fields import Body
from core.api.figure_shapes import ScoreList
from core.api.finding_shapes import FindingList
from core.api.forms import FormList
from core.api.grants import GrantList
from core.api.meeting_shapes import MeetingList
from core.api.notice_shapes import NoticeList
from core.api.outside import OutsideList
from core.api.people import PersonList
from core.api.plans_shapes import WorkPlanList
from core.api.project_shapes import ProjectList
from core.api.publication_shapes import PublicationList
from core.api.quantity_shapes import CandidateList, QuantityKindList, QuantityList
from core.api.rankings import RankDayList, RankList
from core.api.reports import ReportList
from core.api.round_shapes import RoundList
from core.api.sites import SiteList
from core.api.split_shapes import SplitList
from core.api.standings import IssuedStandingList
from core.api.statistic_shapes import StatisticList, StatisticValueList
from core.api.task_rank_shapes import RateList, TaskRankList
from core.api.task_shapes import TaskList
from core.api.units import UnitList
from core.api.visit_shapes import VisitList
from core.api.whistle_shapes import WhistleList
from core.campaigns import installed
from core.figures.card_days import stand
from core.figures.card_periods import propose_period
from core.figures.due import set_term
from core.figures.issued_standings import issue as issue_standings
from core.figures.outside import import_outside, read_outside
from core.figures.periods import parse_period
from core.work.appeals.raising import appeal_finding
from core.work.calendar import local_day
from core.work.marks.card_issues import act_on_all, live_cards
from core.work.marks.card_schemes import find_scheme, keep_scheme, move_scheme
from core.work.marks.ranking_days import keep_day
from core.work.meetings.planning import MeetingWish, plan_meeting
from core.work.papers.notice_issuing import Draft, issue
from core.work.plans.writing import PlanWish
from core.work.plans.writing import create as create_plan
from core.work.projects.making import ProjectWish, create_project
from core.work.quantities.entering import QuantityWish
from core.work.quantities.entering import enter as report_quantity
from core.work.quantities.kinds import KindWish, add_kind
from core.work.rounds.planning import Wish, create
from core.work.splits.making import Start, drop_split, make_split
from core.work.statistics.dictionary import Declared, declare
from core.work.statistics.entering import Entry, save
from core.work.statistics.writing import last_finished
from core.work.tables import Finding, Part
from core.work.tasks.making import TaskWish, create_many
from core.work.whistling.whistle_blowing import Wanted, blow
from tenants.access import Actor
from tenants.db import now
from tenants.scope import ScopedSession, Wall
from tests.api.conftest import Caller
from tests.api.province import Province, month, province
from tests.api.shapes import described
from tests.factory import add_actor, add_site
from tests.figures.sent import NEW
from tests.figures.test_outside import PLACE, book
from tests.work.carding import STREETS, at, problem
from tests.work.market import ALL_GOOD, send

LISTS: dict[str, type[Body]] = {
    "units": UnitList,
    "people": PersonList,
    "sites": SiteList,
    "attainment": AttainmentList,
    "campaigns": CampaignList,
    "forms": FormList,
    "visits": VisitList,
    "forms/sanitary_city/SAN-MARKET/records": RecordList,
    "findings": FindingList,
    "rounds": RoundList,
    "meetings": MeetingList,
    "plans": WorkPlanList,
    "projects": ProjectList,
    "tasks": TaskList,
    "figures": ScoreList,
    "rankings?campaign=sanitary_city&kind=community": RankList,
    "rankings/days": RankDayList,
    "task-ranks": TaskRankList,
    "task-ranks/rates": RateList,
    "cards": CardList,
    "publications": PublicationList,
    "grants": GrantList,
    "reports": ReportList,
    "audit": AuditList,
    "comparison": ComparisonList,
    "notices": NoticeList,
    "whistles": WhistleList,
    "standings": IssuedStandingList,
    "quantities": QuantityList,
    "quantities/kinds": QuantityKindList,
    "quantities/doubles": CandidateList,
    "splits": SplitList,
    "statistics": StatisticList,
    "statistics/observations": StatisticValueList,
    "appeals": AppealList,
    "comparison/due": DueList,
    "comparison/due/terms": TermList,
    "comparison/outside?figures=true": OutsideList,
}
OF_ONE = {
    "forms/sanitary_city/SAN-MARKET/records": "forms/{campaign}/{code}/records"
}  # by its address in the description
# The likeliest candidates of one report never need a second page; editions are asked of one campaign (test_editions), shares of one
# split (test_splits).
UNPAGED = {"findings/duplicates", "campaigns/{key}/editions", "splits/{split_id}/shares"}
SORTS = {
    "sites": ("name", "-name", "created", "-created"),
    "visits": ("day", "-day"),
    "findings": ("due_at", "-due_at", "opened_at", "-opened_at"),
    "audit": ("at", "-at"),
    "tasks": ("due", "-due"),
}


@pytest.fixture(scope="module")
def full(wall: Wall, client_for) -> Province:
    """A city whose districts have several of everything that is listed."""
    land = province(wall)
    place = land.north
    with place.district.session(wall) as session:
        for n in range(4):
            site = add_site(session, place.district.communities[n % 2], "produce_market", name=f"{n}号市场")
            send(session, place, ALL_GOOD, site_id=site)
        caller = add_actor(wall, place.ref, "liaison", place.district.communities[0])
        for n in range(3):
            sent = Draft(
                "rectification_notice",
                place.district.departments["sanitation"],
                f"通知{n}",
                "请整改",
                due_at=now() + timedelta(days=3),
            )
            issue(session, place.office, sent, now=now())
            called = Wanted(
                place.district.communities[0], [place.district.departments["sanitation"]], f"事由{n}", "路口"
            )
            blow(session, caller, called)
        lay_cards(session, place.office, place.district.root, place.district.communities)
        lay_rounds(session, place.office, place.district.root)
        lay_meetings(session, place.office, place.district.root)
        lay_plans(session, place.office, place.district.root)
        lay_projects(session, place.office, place.district.root)
        lay_tasks(session, place.office, place.district.root)
        lay_quantities(session, place.office, place.district.root)
        lay_splits(session, place.office)
        lay_statistics(session, place.district.root, place.district.departments["sanitation"])
        lay_appeals(session, add_actor(wall, place.ref, "liaison", place.district.departments["sanitation"]))
        session.commit()
    for one in (land.north, land.south):
        office = client_for(one.office)
        for key in ("sanitary_city", "civilized_city"):
            grant = {"reader": land.city.slug, "campaign": key, "detail": "categories"}
            assert office.post("grants", json=grant).status_code == 201
            assert office.post("publications", json={"campaign": key, "period": month()}).status_code == 201
    with wall.open(land.city.id) as session:
        for key in ("sanitary_city", "civilized_city"):
            issue_standings(session, land.bureau, key, parse_period(month()), now=now())
            for kind in ("ten_day", "month", "quarter", "year"):
                set_term(session, land.bureau, key, kind, 5, since=local_day(now()) - timedelta(days=400), now=now())
        for n in range(5):
            sent = read_outside(book([(*PLACE, NEW[0], str(80 + n), "95", "100", "60", "12", "公报")]), "总分.xlsx")
            assert import_outside(session, land.bureau, sent, installed().campaigns.values(), now=now()).written
        session.commit()
    return land


def lay_cards(session: ScopedSession, office: Actor, root: UUID, homes: Sequence[UUID]) -> None:
    """A scheme of a day, its ranks of some days, and the shown cards of two of them."""
    body = STREETS | {"period": "day", "leagues": [{"key": "homes", "title": "社区", "kinds": ["community"]}]}
    body |= {"measure": "found", "basis": "findings"}
    row = keep_scheme(session, office, body, unit_id=root, now=now())
    move_scheme(session, office, row.id, "activate", version=1, now=now())
    kept = find_scheme(session, office, row.id, local_day(now()))
    for back in (1, 2):
        day = local_day(now()) - timedelta(days=back)
        for home in (homes[0], homes[0], homes[1]):
            problem(session, home, opened=at(day, 9), due=at(day, 18))
        places = stand(session, installed(), root, kept.scheme, day, cut_off=now())
        keep_day(session, row, day, places, now())
        propose_period(session, office, installed(), kept, parse_period(day.isoformat()), now=now())
        for verb in ("confirm", "show"):
            act_on_all(session, office, live_cards(session, row.id, day), verb, now=now())


def lay_projects(session: ScopedSession, office: Actor, root: UUID) -> None:
    """Projects of several last days, two of them on the same day."""
    day = local_day(now())
    for n in range(5):
        wish = ProjectWish("works", f"项目{n}", root, day, day + timedelta(days=n // 2), cost=300_000_000_00)
        create_project(session, office, wish, now=now())


def lay_plans(session: ScopedSession, office: Actor, root: UUID) -> None:
    """Plans of several first days, two of them on the same day."""
    day = local_day(now())
    for n in range(5):
        first = day - timedelta(days=n // 2)
        create_plan(session, office, PlanWish("annual", f"计划{n}", root, first, day + timedelta(days=9)), now=now())


def lay_rounds(session: ScopedSession, office: Actor, root: UUID) -> None:
    """Several drafts, two of which begin on one day."""
    today = local_day(now())
    for n in (0, 0, 1, 2, 3):
        day = today + timedelta(days=n)
        create(session, office, Wish("weekly", f"轮次{n}", root, day, day + timedelta(days=2)), now=now())


def lay_meetings(session: ScopedSession, office: Actor, root: UUID) -> None:
    """Several meetings, two of which are held on one day."""
    today = local_day(now())
    for n in (0, 0, 1, 2, 3):
        plan_meeting(session, office, MeetingWish("topical", root, today + timedelta(days=n)), now=now())


def lay_tasks(session: ScopedSession, office: Actor, root: UUID) -> None:
    """Several tasks, two of which are due on one day."""
    today = local_day(now())
    wishes = [TaskWish(f"任务{n}", root, today + timedelta(days=n)) for n in (0, 0, 1, 2, 3)]
    create_many(session, office, wishes, now=now(), issue=True)


def lay_quantities(session: ScopedSession, office: Actor, root: UUID) -> None:
    """Kinds with some entries each, all of one number and period: every two of a kind may be double."""
    for code in ("painted", "removed", "cleared"):
        kind = add_kind(session, office, KindWish(code, f"科目{code}", "m2"), now=now())
        for _ in range(3):
            report_quantity(session, office, QuantityWish(kind.id, root, "300", period="2026"), now=now())


def lay_splits(session: ScopedSession, office: Actor) -> None:
    """Several tables of each campaign, all but the last of them dropped."""
    for campaign in installed().campaigns.values():
        for n in range(2):
            split = make_split(session, office, campaign, Start(), on=local_day(now()), now=now())
            if not n:
                drop_split(session, office, split.id, now=now())


def lay_statistics(session: ScopedSession, root: UUID, owner: UUID) -> None:
    """Some lines of the dictionary, each with a value of the last month."""
    today = local_day(now())
    for n in range(5):
        line = Declared(f"line_{n}", f"指标{n}", f"Line {n}", "household", owner, "month")
        declare(session, None, line, today=today)
        entry = Entry(f"line_{n}", root, last_finished("month", today), "self", Decimal(100 + n))
        save(session, None, entry, today=today, now=now())


def lay_appeals(session: ScopedSession, liaison: Actor) -> None:
    """Appeals of one office against four findings of its."""
    own = select(Part.finding_id).where(Part.unit_id.in_([duty.unit_id for duty in liaison.duties]))
    for finding in session.scalars(select(Finding.id).where(Finding.id.in_(own)).limit(4)).all():
        appeal_finding(session, liaison, finding, unit_id=None, reason="已经整改", now=now())


def caller_of(client_for, land: Province, name: str) -> Caller:
    if name.startswith("comparison"):
        return client_for(land.bureau)
    needs_administrator = name in ("people", "audit")
    return client_for(land.administrators[land.north.ref.slug] if needs_administrator else land.north.office)


def test_every_list_is_here(app) -> None:
    listed = {
        path.split("{slug}/")[1]
        for path, item in described(app)["paths"].items()
        if any(one.get("name") == "page_size" for one in item.get("get", {}).get("parameters", ()))
    }
    assert listed == {OF_ONE.get(name, name).split("?")[0] for name in LISTS} | UNPAGED


@pytest.mark.parametrize("name", LISTS)
def test_the_answer_loads_into_its_schema(client_for, full: Province, name: str) -> None:
    made = caller_of(client_for, full, name).get(name)
    assert made.status_code == 200
    assert made.get_json()["items"]
    assert LISTS[name]().validate(made.get_json()) == {}
    assert "total" not in made.get_json()


def walk(caller: Caller, name: str, size: int) -> list[dict[str, Any]]:
    """All rows, page by page along the links."""
    found: list[dict[str, Any]] = []
    address = f"{name}{'&' if '?' in name else '?'}page_size={size}"
    for _ in range(400):
        made = caller.get(address)
        assert made.status_code == 200, made.text
        rows = made.get_json()["items"]
        assert len(rows) <= size
        found += rows
        link = made.headers.get("Link")
        assert (link is None) == (made.get_json()["next_cursor"] is None)
        if link is None:
            return found
        assert link.endswith('; rel="next"')
        address = link[1 : link.index(">")]
    raise AssertionError(f"{name} never ends")


@pytest.mark.parametrize("name", LISTS)
def test_pages_meet(client_for, full: Province, name: str) -> None:
    caller = caller_of(client_for, full, name)
    stable = f"{name}?to=2026-11-20" if name == "visits" else name
    whole = walk(caller, stable, 200)
    if name in ("figures", "audit"):  # each has a moment of its own, or grows as it is read
        for row in whole:
            row.pop("cut_off", None)
    parts = walk(caller, stable, 3)
    for row in parts if name in ("figures", "audit") else ():
        row.pop("cut_off", None)
    assert parts == whole


@pytest.mark.parametrize(("name", "sort"), [(name, sort) for name, sorts in SORTS.items() for sort in sorts])
def test_sorts_turn_round(client_for, full: Province, name: str, sort: str) -> None:
    caller = caller_of(client_for, full, name)
    other = sort[1:] if sort.startswith("-") else f"-{sort}"
    there = [row["id"] for row in walk(caller, f"{name}?sort={sort}", 2)]
    back = [row["id"] for row in walk(caller, f"{name}?sort={other}", 200)]
    assert there == back[::-1]


@pytest.mark.parametrize("name", LISTS)
def test_undeclared_arguments_are_refused(client_for, full: Province, name: str) -> None:
    caller = caller_of(client_for, full, name)
    glue = "&" if "?" in name else "?"
    for bad in (
        "page_size=0",
        "page_size=201",
        "page_size=x",
        "cursor=x",
        "cursor=W10",
        "cursor=WzEsMiwzLDQsNV0",
        "cursor=WzEsMl0",
        "colour=red",
        "offset=5",
    ):
        made = caller.get(f"{name}{glue}{bad}")
        assert made.status_code == 422, (bad, made.text)
        assert made.get_json()["faults"][0]["field"] == bad.split("=")[0]
    made = caller.get(f"{name}{glue}sort=colour")
    assert (made.status_code, made.get_json()["faults"][0]["field"]) == (422, "sort")
