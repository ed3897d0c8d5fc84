"""Leaders' orders: whoever gave one hears of the report and of the end, and finds his orders with their answers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.work.desk.findings import Filter, list_findings
from core.work.loop.ledger import act
from core.work.loop.orders import reports_of
from core.work.tables import Finding, Note
from tenants.models import Holding, Post
from tenants.scope import ScopedSession, Wall
from tests.factory import add_actor
from tests.work.ledger_town import THURSDAY, Town, lay_finding, town

LATER = THURSDAY + timedelta(hours=1)


@pytest.fixture(scope="module")
def place(wall: Wall, tmp_path_factory: pytest.TempPathFactory) -> Town:
    return town(wall, tmp_path_factory.mktemp("files"), "交办区")


@pytest.fixture
def session(wall: Wall, place: Town):
    with place.district.session(wall) as found:
        yield found
        found.rollback()


def order(
    session: ScopedSession, place: Town, by: str = "leader", named: str = "主要领导", state: str = "answered"
) -> Finding:
    """An order that somebody entered, naming somebody."""
    finding = lay_finding(session, place, state, source="leader", opener=by)
    finding.asked_by = named
    session.flush()
    return finding


def heard(session: ScopedSession, place: Town, who: str = "leader") -> list[str]:
    person = place.people[who].person_id
    return list(session.scalars(select(Note.kind).where(Note.person_id == person).order_by(Note.id)))


def settle(session: ScopedSession, place: Town, finding: Finding) -> None:
    office = place.people["office"]
    act(session, office, finding.id, "report_back", version=1, now=LATER, note="已清理，安排了专人值守")
    act(session, office, finding.id, "close", version=2, now=LATER, outcome="fixed")


def test_the_leader_who_entered_it_hears_of_the_report_and_of_the_end(session: ScopedSession, place: Town) -> None:
    settle(session, place, order(session, place))
    assert heard(session, place) == ["finding.report_back", "finding.close"]


@pytest.mark.parametrize("named", ["演示leader", "演示leader副区长"])
def test_the_leader_named_hears_when_the_office_entered_it(session: ScopedSession, place: Town, named: str) -> None:
    settle(session, place, order(session, place, "office", named))
    assert heard(session, place) == ["finding.report_back", "finding.close"]
    assert heard(session, place, "office") == [], "it reported back itself"


def test_the_leader_is_known_by_his_post_too(session: ScopedSession, place: Town) -> None:
    holding = session.scalars(select(Holding).where(Holding.person_id == place.people["leader"].person_id)).one()
    session.get_one(Post, (place.district.ref.id, holding.post_id)).title = "分管副区长"
    session.flush()
    settle(session, place, order(session, place, "office", "分管副区长"))
    assert heard(session, place) == ["finding.report_back", "finding.close"]


def test_a_leader_of_another_place_and_a_restricted_order_are_not_his(
    session: ScopedSession, place: Town, wall: Wall
) -> None:
    other = add_actor(wall, place.district.ref, "leader", place.other, "演示别处领导")
    settle(session, place, order(session, place, "office", "演示别处领导"))
    assert session.scalars(select(Note).where(Note.person_id == other.person_id)).all() == []
    secret = order(session, place, "leader", "演示leader")
    secret.restricted = True
    session.flush()
    conduct = place.people["discipline"]
    act(session, conduct, secret.id, "report_back", version=1, now=LATER, note="已回报")
    assert heard(session, place) == []


def test_what_no_leader_ordered_tells_no_leader(session: ScopedSession, place: Town) -> None:
    finding = order(session, place)
    finding.source = "snapshot"
    session.flush()
    act(session, place.people["office"], finding.id, "close", version=1, now=LATER, outcome="fixed")
    assert heard(session, place) == []


def test_my_orders_are_those_i_entered_and_those_that_name_me(session: ScopedSession, place: Town) -> None:
    own, named, other = (
        order(session, place),
        order(session, place, "office", "演示leader"),
        order(session, place, "office", "市领导"),
    )
    wanted = Filter(sources=("leader",), mine=True)
    leader, office = place.people["leader"], place.people["office"]
    assert {row.id for row in list_findings(session, leader, wanted, now=LATER).rows} == {own.id, named.id}
    assert {row.id for row in list_findings(session, office, wanted, now=LATER).rows} == {named.id, other.id}
    rest = Filter(sources=("leader",), mine=False)
    assert {row.id for row in list_findings(session, leader, rest, now=LATER).rows} == {other.id}


def test_the_report_that_stands_is_read_beside_the_order(session: ScopedSession, place: Town) -> None:
    finding, office = order(session, place), place.people["office"]
    act(session, office, finding.id, "report_back", version=1, now=LATER, note="已清理")
    assert reports_of(session, [finding.id]) == {finding.id: "已清理"}
    act(session, office, finding.id, "send_back", version=2, now=LATER, note="还有")
    assert reports_of(session, [finding.id]) == {}
