"""点位达标: every order of events against a plain second reading of the rule, now and on each past day; what never counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, update

from core.campaigns import installed
from core.figures.site_attainment import places
from core.figures.site_attainment.board import Tally, read_board, whole
from core.figures.site_attainment.counting import list_states
from core.figures.site_attainment.ground import read_ground
from core.figures.site_attainment.places import Standing, list_standings, read_forms
from core.figures.site_attainment.scope import Scope, within
from core.figures.site_attainment.states import BELOW, BLOCKED, KEY_FAILED, NEVER, VETOED
from core.work.tables import (
    Finding,
    FindingCampaign,
    FindingEvent,
    FindingItem,
    ItemResult,
    Setting,
    Sheet,
    Site,
    SiteKind,
    Visit,
)
from tenants.db import new_id
from tenants.models import Person
from tests.factory import SINCE, District, add_actor, add_site, bare_district

CAMPAIGNS = installed().campaigns
SANITARY = "sanitary_city"
GRID = next(f for f in CAMPAIGNS[SANITARY].subject_forms if f.code == "SAN-GRID")
KEY_ITEM = next(i for i in GRID.items if i.key == "key")
FIRST = date(2026, 3, 2)
TODAY = FIRST + timedelta(days=30)
FORMS = {f.code: f for f in CAMPAIGNS[SANITARY].edition.all_forms}


@dataclass
class Book:
    """Rows to write at once: an event on each day, at ten o'clock."""

    district: District
    person: UUID
    rows: dict[Any, list[dict[str, Any]]] = field(default_factory=dict)
    closed: list[dict[str, Any]] = field(default_factory=list)

    def add(self, table: Any, **row: Any) -> None:
        self.rows.setdefault(table, []).append({"tenant_id": self.district.ref.id} | row)

    def place(self, *types: str, name: str = "演示网格") -> UUID:
        site = new_id()
        self.add(Site, id=site, name=name, pinyin=name, unit_id=self.district.communities[0], created_at=moment(-5))
        for kind in types or ("grid",):
            self.add(SiteKind, site_id=site, site_type=kind, valid_from=SINCE, valid_to=None)
        return site

    def visit(
        self,
        site: UUID,
        basis: str,
        at: datetime,
        *,
        percent: int = 95,
        form: str = "SAN-GRID",
        key: bool = False,
        veto: bool = False,
        hidden: bool = False,
        replaces: UUID | None = None,
        replaced_at: datetime | None = None,
        possible: int = 10_000,
    ) -> UUID:
        visit, unit = new_id(), self.district.communities[0]
        stamp = {"site_id": site, "unit_id": unit, "day": at.date(), "basis": basis, "hidden": hidden}
        said = {"person_id": self.person, "body_sha256": sha256(b"x").digest(), "summary": {}, "submitted_at": at}
        self.add(Visit, id=visit, replaces_id=replaces, replaced_at=replaced_at, **said, **stamp)
        of = {"visit_id": visit, "campaign": SANITARY, "form": form}
        sealed = {"form_sha256": FORMS[form].sha256, "edition": "edition_2024", "edition_sha256": "e" * 64}
        points = {"earned": possible * percent // 100, "possible": possible, "vetoes": ["K1"] if veto else []}
        self.add(Sheet, **of, **stamp, **sealed, **points)
        if key:
            item = {"item": KEY_ITEM.code, "question": KEY_ITEM.question, "outcome": "fail", "earned": 0, "possible": 0}
            self.add(ItemResult, **of, **item, **stamp)
        return visit

    def finding(
        self,
        site: UUID,
        at: datetime,
        *,
        basis: str = "verified",
        state: str = "dispatched",
        campaign: str = SANITARY,
        item: str = "",
        **more: Any,
    ) -> dict[str, Any]:
        key = {"id": new_id(), "site_id": site, "unit_id": self.district.communities[0], "basis": basis}
        row = key | {"category": "ENV-LITTER", "title": "垃圾", "state": state, "version": 1, "working_days": 1}
        row |= {"opened_at": at, "due_at": at + timedelta(days=1), "visit_id": None, "hidden": False}
        row |= {"restricted": False, "reopened": 0, "relapsed": 0} | more
        self.add(Finding, **row)
        self.add(FindingCampaign, finding_id=row["id"], campaign=campaign)
        if item:
            form = next(f.code for f in FORMS.values() if any(i.code == item for i in f.items))
            self.add(FindingItem, finding_id=row["id"], campaign=campaign, form=form, item=item, lost=1)
        self.step(row, at, None, state)
        return self.rows[Finding][-1]

    def step(self, finding: dict[str, Any], at: datetime, before: str | None, after: str) -> None:
        version = sum(e["finding_id"] == finding["id"] for e in self.rows.get(FindingEvent, ())) + 1
        self.add(
            FindingEvent,
            finding_id=finding["id"],
            version=version,
            id=new_id(),
            at=at,
            verb="step",
            from_state=before,
            to_state=after,
        )

    def move(self, finding: dict[str, Any], at: datetime, after: str) -> None:
        """Another step: the row says where it is now, the events where it was."""
        self.step(finding, at, finding["state"], after)
        finding["reopened"] += finding["state"] == "closed" and after != "closed"
        finding["state"], finding["closed_at"] = after, at if after == "closed" else None

    def write(self, session: Any) -> None:
        order = (Site, SiteKind, Visit, Sheet, ItemResult, Finding, FindingCampaign, FindingItem, FindingEvent)
        for table in order:
            for row in self.rows.get(table, ()):
                row.setdefault("closed_at", None) if table is Finding else None
            if self.rows.get(table):
                session.execute(insert(table).execution_options(render_nulls=True), self.rows[table])
        session.flush()
        self.rows.clear()


def moment(day: int, hour: int = 2) -> datetime:
    return datetime.combine(FIRST, datetime.min.time(), UTC) + timedelta(days=day, hours=hour)


def on(day: int) -> date:
    return FIRST + timedelta(days=day)


@pytest.fixture
def book(wall) -> Book:
    edition = CAMPAIGNS[SANITARY].edition
    district = bare_district(wall, campaigns={SANITARY: (edition.key, edition.sha256)})
    with district.session(wall) as session:
        person = Person(name="检查员甲")
        session.add(person)
        session.commit()
        return Book(district, person.id)


@pytest.fixture
def session(wall, book):
    with book.district.session(wall) as opened:
        yield opened
        opened.rollback()


def states(session, as_of: date | None = None, **more: Any) -> dict[UUID, Any]:
    """Every place by its state; what counts all places at once says the same as what lists them with all they have."""
    ground = read_ground(session, today=TODAY, as_of=as_of, **more)
    listed = list_standings(session, ground, Scope())
    said = [(one.site_id, one.campaign, one.state) for one in listed]
    assert sorted(list_states(session, ground, Scope())) == sorted(said)
    assert sorted(list_states(session, ground, Scope([one.site_id for one in listed]))) == sorted(said)
    board = read_board(session, ground, Scope())
    counted = {key: whole(of.values()) for key, of in board.items()}
    assert counted == {key: tallied(one for one in listed if one.campaign == key) for key in counted}
    return {one.site_id: one for one in listed}


def tallied(rows: Iterable[Standing]) -> Tally:
    """The board's numbers out of the list."""
    return whole(Tally(1, int(one.is_self_met), int(one.is_verified), {one.state: 1}) for one in rows)


def state(session, site: UUID, as_of: date | None = None) -> str:
    return states(session, as_of)[site].state


# ---- every order of events, against a second reading of the rule ----

TOKENS = ("S+", "S-", "V+", "V-", "f", "c")


def judge(events: Sequence[str]) -> tuple[str, bool, bool]:
    """The rule read a second time, plainly, over events in their order: state, self-met, verified."""
    own = others = None  # (place in the order, attains)
    attained: list[int] = []
    against: list[int] = []
    for n, event in enumerate(events):
        if event[0] in "SV":
            good = event[1] == "+"
            own, others = ((n, good), others) if event[0] == "S" else (own, (n, good))
            attained += [n] if good else []
        elif event == "f":
            against.append(n)
        else:
            against.clear()
    standing = [n for n in against if others is None or not others[1] or n > others[0]]
    is_verified = others is not None and others[1] and not standing
    is_own = own is not None and own[1] and not standing and (others is None or others[1] or others[0] < own[0])
    ever = min(attained, default=None)
    lost = ever is not None and any(ever < n for n in standing)
    beaten = ever is not None and others is not None and not others[1] and ever < others[0] and not is_own
    if lost or beaten:
        return "relapsed", is_own, is_verified
    if is_verified or is_own:
        return "verified" if is_verified else "met", is_own, is_verified
    return "unchecked" if own is None and others is None else "not_met", is_own, is_verified


def test_every_order_of_four_events_on_each_of_its_days(session, book) -> None:
    sequences = {book.place(): sequence for sequence in product(TOKENS, repeat=4)}
    for site, sequence in sequences.items():
        waiting: list[dict[str, Any]] = []
        for day, token in enumerate(sequence):
            if token[0] in "SV":
                basis = "self" if token[0] == "S" else "verified"
                book.visit(site, basis, moment(day), percent=95 if token[1] == "+" else 60)
            elif token == "f":
                waiting.append(book.finding(site, moment(day)))
            else:
                for one in waiting:
                    book.move(one, moment(day), "closed")
                waiting.clear()
    book.write(session)
    for day in range(4):
        found = states(session, on(day))
        wrong = {
            sequence[: day + 1]: (one.state, one.is_self_met, one.is_verified)
            for site, sequence in sequences.items()
            if (one := found[site]) and (one.state, one.is_self_met, one.is_verified) != judge(sequence[: day + 1])
        }
        assert not wrong, list(wrong.items())[:5]
    assert {site: one.state for site, one in states(session).items()} == {
        site: judge(sequence)[0] for site, sequence in sequences.items()
    }
    board = read_board(session, read_ground(session, today=TODAY), Scope())[SANITARY]
    assert list(board) == [book.district.street]
    total = whole(board.values())
    judged = [judge(sequence) for sequence in sequences.values()]
    assert (total.places, total.self_met, total.verified) == (
        len(judged),
        sum(one[1] for one in judged),
        sum(one[2] for one in judged),
    )


STORIES: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "a self-check is met, not verified": (("S+",), ("met",)),
    "others look and agree": (("S+", "V+"), ("met", "verified")),
    "others look and do not": (("S+", "V-"), ("met", "relapsed")),
    "a later finding revokes, its closing gives back": (("V+", "f", "c"), ("verified", "relapsed", "verified")),
    "saying so again does not outrank an open finding": (("S+", "f", "S+"), ("met", "relapsed", "relapsed")),
    "a self-check after a bad visit counts when nothing is open": (("V-", "S+"), ("not_met", "met")),
    "an honest bad self-check takes nothing from a verified place": (("V+", "S-"), ("verified", "verified")),
    "a finding before anything was met": (("f", "S+", "c"), ("unchecked", "not_met", "met")),
}


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_stories(story: str) -> None:
    events, expected = STORIES[story]
    assert [judge(events[: n + 1])[0] for n in range(len(events))] == list(expected)


# ---- what one sheet needs ----


def test_the_share_is_compared_exactly_and_can_be_set(session, book) -> None:
    exact, below = book.place(), book.place()
    book.visit(exact, "verified", moment(0), percent=90)
    book.visit(below, "verified", moment(0), percent=90, possible=9_999)  # 8999 of 9999 are less than 90 %
    book.write(session)
    assert [state(session, one) for one in (exact, below)] == ["verified", "not_met"]
    session.add(Setting(name="attaining", body={"percent": 91}, version=1, changed_at=moment(0)))
    session.flush()
    assert state(session, exact) == "not_met"


def test_key_items_and_vetoes_outweigh_points(session, book) -> None:
    failed, vetoed, poor = book.place(), book.place(), book.place()
    book.visit(failed, "verified", moment(0), key=True)
    book.visit(vetoed, "verified", moment(0), veto=True)
    book.visit(poor, "self", moment(0), percent=89)
    never = book.place()
    book.write(session)
    forms = read_forms(session, read_ground(session, today=TODAY), [failed, vetoed, poor, never])
    missing = {site: one.missing for (site, _), (one,) in forms.items()}
    assert missing == {failed: KEY_FAILED, vetoed: VETOED, poor: BELOW, never: NEVER}
    assert {one.state for one in states(session).values()} == {"not_met", "unchecked"}


def test_a_sheet_of_nothing_but_not_applicable_says_nothing(session, book) -> None:
    site = book.place()
    book.visit(site, "verified", moment(0))
    book.visit(site, "verified", moment(1), possible=0)
    book.write(session)
    assert state(session, site) == "verified"


# ---- corrections, the same day twice, the same moment ----


def test_a_correction_takes_the_place_of_what_it_corrects(session, book) -> None:
    """It keeps the moment of the visit, and is known from its own day on."""
    site = book.place()
    wrong = book.visit(site, "verified", moment(0), percent=50, replaced_at=moment(5))
    book.visit(site, "self", moment(1))
    book.write(session)
    book.visit(site, "verified", moment(0), percent=95, replaces=wrong)
    book.write(session)
    assert [state(session, site, on(day)) for day in (0, 1, 4, 5)] == ["not_met", "met", "met", "verified"]
    assert state(session, site) == "verified"


def test_the_later_of_one_day_counts_and_the_visit_of_others_at_the_same_moment(session, book) -> None:
    twice, same = book.place(), book.place()
    book.visit(twice, "verified", moment(0, 2))
    book.visit(twice, "verified", moment(0, 6), percent=40)
    book.visit(same, "self", moment(0))
    book.visit(same, "verified", moment(0), percent=40)
    book.write(session)
    assert state(session, twice) == "relapsed"
    assert state(session, same) == "not_met"


def test_a_phone_without_signal_counts_when_it_was_finished(session, book) -> None:
    """Finished before the visit of others, sent after it: the others came later."""
    site = book.place()
    book.visit(site, "verified", moment(2), percent=40)
    own = book.visit(site, "self", moment(3))
    book.write(session)
    assert state(session, site) == "met"
    session.execute(update(Visit).where(Visit.id == own).values(finished_at=moment(1), arrival="late"))
    assert state(session, site) == "relapsed"
    session.execute(update(Visit).where(Visit.id == own).values(arrival="undated"))
    assert state(session, site) == "met"


# ---- findings ----


def test_what_the_visit_itself_found_does_not_revoke_it(session, book) -> None:
    site, before = book.place(), book.place()
    visit = book.visit(site, "verified", moment(1))
    book.finding(site, moment(1, 3), visit_id=visit)
    book.finding(before, moment(0))
    book.visit(before, "verified", moment(1))
    book.write(session)
    assert {one.state for one in states(session).values()} == {"verified"}
    assert states(session)[site].open_findings == 1


def test_found_there_again_counts_from_that_day(session, book) -> None:
    site = book.place()
    old = book.finding(site, moment(0))
    book.move(old, moment(1), "closed")
    book.visit(site, "verified", moment(2))
    book.move(old, moment(4), "rectifying")
    book.write(session)
    assert [state(session, site, on(day)) for day in (2, 3, 4)] == ["verified", "verified", "relapsed"]
    (form,) = read_forms(session, read_ground(session, today=TODAY), [site])[site, SANITARY]
    assert (form.missing, form.finding_id) == (BLOCKED, old["id"])


def test_work_on_a_finding_shows_as_rectifying(session, book) -> None:
    site = book.place()
    book.visit(site, "verified", moment(0), percent=50)
    one = book.finding(site, moment(0), basis="self")
    book.move(one, moment(1), "taken")
    book.move(one, moment(2), "rectifying")
    book.move(one, moment(3), "answered")
    book.move(one, moment(4), "closed")
    book.write(session)
    told = ["not_met", "rectifying", "rectifying", "rectifying", "not_met"]
    assert [state(session, site, on(day)) for day in range(5)] == told


def test_findings_of_others_only_and_of_the_campaign_only(session, book) -> None:
    own, other = book.place(), book.place()
    for site in (own, other):
        book.visit(site, "verified", moment(0))
    book.finding(own, moment(1), basis="self")
    book.finding(other, moment(1), campaign="civilized_city")
    book.write(session)
    assert {one.state for one in states(session).values()} == {"verified"}


def test_restricted_and_hidden_rows_tell_nothing(wall, session, book) -> None:
    """A restricted finding, a hidden one, a hidden visit: the page is the same with and without, even to a cleared session."""
    site = book.place()
    book.visit(site, "self", moment(0))
    book.finding(site, moment(1), restricted=True)
    book.finding(site, moment(1), hidden=True)
    book.visit(site, "verified", moment(2), percent=10, hidden=True)
    with wall.open(book.district.ref.id, cleared=True) as cleared:
        book.write(cleared)
        cleared.commit()
        one = states(cleared)[site]
        assert (one.state, one.open_findings, one.verified_day) == ("met", 0, None)
    assert state(session, site) == "met"


# ---- several forms, types that end, reach ----


def test_all_forms_of_a_campaign_must_attain(session, book) -> None:
    site = book.place("produce_market", "public_toilet")
    book.visit(site, "verified", moment(0), form="SAN-MARKET")
    book.visit(site, "self", moment(1), form="TOILET")
    book.visit(site, "verified", moment(2), form="TOILET")
    item = FORMS["TOILET"].items[0].code
    book.finding(site, moment(3), item=item)
    book.visit(site, "verified", moment(4), form="TOILET", percent=92)
    book.write(session)
    told = ["not_met", "met", "verified", "relapsed", "verified"]
    assert [state(session, site, on(day)) for day in range(5)] == told
    one = states(session, on(1))[site]
    assert (one.is_self_met, one.is_verified) == (False, False)  # neither track has both forms


def test_a_finding_at_one_form_leaves_the_other_alone(session, book) -> None:
    site = book.place("produce_market", "public_toilet")
    for form in ("SAN-MARKET", "TOILET"):
        book.visit(site, "verified", moment(0), form=form)
    book.finding(site, moment(1), item=FORMS["TOILET"].items[0].code)
    book.write(session)
    forms = read_forms(session, read_ground(session, today=TODAY), [site])[site, SANITARY]
    assert {one.form: one.missing for one in forms} == {"SAN-MARKET": "", "TOILET": BLOCKED}
    assert state(session, site) == "relapsed"


def test_a_type_that_ends_asks_no_more(session, book) -> None:
    site = book.place("produce_market", "public_toilet")
    book.visit(site, "verified", moment(0), form="SAN-MARKET")
    book.write(session)
    assert state(session, site) == "not_met"
    ended = update(SiteKind).where(SiteKind.site_id == site, SiteKind.site_type == "public_toilet")
    session.execute(ended.values(valid_to=on(3)).execution_options(synchronize_session=False))
    assert [state(session, site, on(day)) for day in (2, 3)] == ["not_met", "verified"]
    market = update(SiteKind).where(SiteKind.site_id == site, SiteKind.site_type == "produce_market")
    session.execute(market.values(valid_to=on(5)).execution_options(synchronize_session=False))
    assert site not in states(session)
    assert states(session, on(4))[site].state == "verified"


def test_closed_sites_are_left_out_and_each_reader_has_his_own(wall, session, book) -> None:
    here, gone = book.place(), book.place()
    book.visit(here, "verified", moment(0))
    book.write(session)
    session.execute(update(Site).where(Site.id == gone).values(state="closed"))
    assert set(states(session)) == {here}
    elsewhere = add_site(session, book.district.communities[1], "grid", name="另一网格")
    session.commit()
    actor = add_actor(wall, book.district.ref, "grid_worker", book.district.communities[1])
    scope = within(session, actor, TODAY)
    ground = read_ground(session, today=TODAY)
    assert [one.site_id for one in list_standings(session, ground, scope)] == [elsewhere]
    assert whole(read_board(session, ground, scope)[SANITARY].values()) == Tally(1, 0, 0, {"unchecked": 1})


def test_pages_by_name_go_on_where_the_last_ended(session, book) -> None:
    sites = [book.place(name=f"网格{n % 3}") for n in range(7)]
    book.write(session)
    ground = read_ground(session, today=TODAY)
    found: list[Any] = []
    sizes = []
    while page := list_standings(session, ground, Scope(), after=key_of(found), limit=3):
        found += page
        sizes.append(len(page))
    assert sizes == [3, 3, 1]
    assert ids(found) == ids(list_standings(session, ground, Scope()))
    assert set(ids(found)) == set(sites)
    assert not list_standings(session, ground, Scope(), states=["met"])
    assert ids(list_standings(session, ground, Scope(pairs=[(sites[0], SANITARY), (sites[1], "other")]))) == [sites[0]]


def ids(rows: Iterable[Any]) -> list[UUID]:
    return [one.site_id for one in rows]


def key_of(rows: Sequence[Any]) -> Any:
    """Where a page ended."""
    return (rows[-1].pinyin, rows[-1].site_id, rows[-1].campaign) if rows else None


def test_the_last_of_the_same_moment_is_the_last_by_id_in_both_statements(session, book) -> None:
    """Two checks at the very same moment that differ, either way round, on either track, and a finding of one of them."""
    for basis in ("self", "verified"):
        for good in (True, False):
            site = book.place()
            made = [book.visit(site, basis, moment(1), percent=95 if one else 60) for one in (good, not good)]
            book.finding(site, moment(2), visit_id=max(made) if good else min(made))
    book.write(session)
    found = states(session)
    assert len(found) == 4
    states(session, on(1))


def test_pages_of_a_state_are_the_whole_list_of_that_state(session, book, monkeypatch) -> None:
    """Looked for among the next places first, then among all: the same rows in the same order, page by page."""
    monkeypatch.setattr(places, "FIRST", 3)
    for number in range(24):
        site = book.place(name=f"网格{number:02d}")
        if number % 5 == 0:
            book.visit(site, "verified", moment(1), percent=95 if number % 2 else 60)
    book.write(session)
    ground = read_ground(session, today=TODAY)
    for wanted in (["verified"], ["not_met"], ["unchecked"], ["not_met", "verified"], ["relapsed"]):
        whole_list = [one for one in list_standings(session, ground, Scope()) if one.state in wanted]
        found, after = [], None
        while page := list_standings(session, ground, Scope(), states=wanted, after=after, limit=2):
            found += page
            after = (page[-1].pinyin, page[-1].site_id, page[-1].campaign)
        assert found == whole_list
