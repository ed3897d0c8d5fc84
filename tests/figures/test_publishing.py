"""Grants and publications: what leaves, to whom, sealed and chained; corrections; the city's view of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import ProgrammingError

from core.databases import Urls
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.figures.grants import DETAILS, give_grant, grant_history, grants_in_force, withdraw_grant
from core.figures.periods import parse_period
from core.figures.publishing import preview, publish
from core.figures.seals import FIGURE, HEADER, content_text, seal_text, verify
from core.figures.shelf import figures_of, find_publication, latest_publication, own_publications, sent_publications
from core.figures.tables import Publication, PublicationGrant, PublishedFigure
from core.work.tables import Audit
from tenants.access import TenantRef
from tenants.scope import ScopedSession, Wall
from tests.factory import add_actor, bare_tenant
from tests.figures.build import CIVILIZED, SANITARY, Made, at, make, visit

MONTH = parse_period("2026-10")
NOW = at(date(2026, 11, 3))
ON = date(2026, 11, 3)


@pytest.fixture
def city(wall: Wall) -> TenantRef:
    return bare_tenant(wall, kind="city", name="测试市")


@pytest.fixture
def made(wall: Wall) -> Made:
    found = make(wall, CIVILIZED, SANITARY)
    with found.district.session(wall) as session:
        good = {"fire_lane_open": {"yes": True}, "public_adverts": {"count": 1}, "pet_misconduct": {"count": 1}}
        visit(session, found, ["housing_estate"], good, day=date(2026, 10, 12))
        session.commit()
    return found


@pytest.fixture
def session(wall: Wall, made: Made) -> Iterator[ScopedSession]:
    with made.district.session(wall) as opened:
        yield opened


def grant(session: ScopedSession, made: Made, city: TenantRef, detail: str = "indicators") -> PublicationGrant:
    return give_grant(session, made.office, city, CIVILIZED.key, detail, date(2026, 1, 1))


def send(session: ScopedSession, made: Made, reason: str = "", **more: object) -> list[Publication]:
    return publish(session, made.office, CIVILIZED, CIVILIZED.edition, MONTH, now=NOW, reason=reason, **more)  # type: ignore[arg-type] - keywords of the tests


def test_the_latest_grant_decides(session: ScopedSession, made: Made, city: TenantRef) -> None:
    first = give_grant(session, made.office, city, CIVILIZED.key, "totals", date(2026, 1, 1), date(2026, 11, 3))
    assert [g.id for g in grants_in_force(session, ON)] == [first.id]
    assert grants_in_force(session, ON + timedelta(days=1)) == []
    assert grants_in_force(session, date(2025, 12, 31)) == []
    assert grants_in_force(session, ON, SANITARY.key) == []
    second = grant(session, made, city)
    assert [(g.id, g.detail) for g in grants_in_force(session, ON)] == [(second.id, "indicators")]
    withdraw_grant(session, made.office, second, ON)
    assert grants_in_force(session, ON) == []
    again = withdraw_grant(session, made.office, first, ON)
    assert again.revoked
    assert len(grant_history(session)) == 3
    third = grant(session, made, city, "categories")
    assert [g.id for g in grants_in_force(session, ON)] == [third.id]


def test_bad_grants_name_the_field(wall: Wall, session: ScopedSession, made: Made, city: TenantRef) -> None:
    other = bare_tenant(wall, name="别的区")
    for reader, campaign, detail, until, field in (
        (other, CIVILIZED.key, "totals", None, "reader"),
        (city, "food_safety_city", "totals", None, "campaign"),
        (city, CIVILIZED.key, "everything", None, "detail"),
        (city, CIVILIZED.key, "totals", date(2025, 1, 1), "valid_to"),
    ):
        with pytest.raises(InvalidInput) as caught:
            give_grant(session, made.office, reader, campaign, detail, date(2026, 1, 1), until)
        assert [f.field for f in caught.value.faults] == [field]
    inspector = add_actor(wall, made.district.ref, "inspector", made.district.root)
    with pytest.raises(Forbidden):
        give_grant(session, inspector, city, CIVILIZED.key, "totals", date(2026, 1, 1))


def test_own_copy_and_one_for_each_reader(session: ScopedSession, made: Made, city: TenantRef) -> None:
    grant(session, made, city, "categories")
    shown = preview(session, made.office, CIVILIZED, MONTH, now=NOW)
    assert (
        session.scalar(select(func.count()).select_from(Publication).where(Publication.tenant_id == session.tenant_id))
        == 0
    )
    own, sent = send(session, made)
    assert (own.reader_id, own.detail, own.sequence) == (made.district.ref.id, "indicators", 1)
    assert (sent.reader_id, sent.reader_slug, sent.detail, sent.sequence) == (city.id, city.slug, "categories", 1)
    assert (own.visits, own.sites, own.total) == (1, 1, 10_000)
    figures = figures_of(session, own)
    assert [f.level for f in figures].count("indicator") == 35
    assert {f.level for f in figures_of(session, sent)} == {"category"}
    # exactly what was previewed left: same text but for number and seal of the moment
    for copy, row in zip(shown.copies, (own, sent), strict=True):
        assert copy.publication.id != row.id
        assert seal_text(copy.publication, copy.figures) == seal_text(row, figures_of(session, row))
    assert sum(f.earned or 0 for f in figures if f.level == "indicator") == own.earned
    assert sum(f.assessed for f in figures if f.level == "indicator") == own.assessed
    assert sum(f.possible for f in figures if f.level == "category") == own.total
    by_code = {f.code: f for f in figures}
    # 2 of 4 on pets, 12 of 12 on the lane, 5 of 10 on adverts: 19 of 26 on the form
    assert (by_code["CIV-F2"].numerator, by_code["CIV-F2"].denominator) == (Decimal("73.076923"), 1)
    assert (by_code["CIV-F2"].value, by_code["CIV-F2"].earned) == (Decimal("73.08"), 438)
    assert by_code["CIV-D1"].status == "not_assessed"
    assert by_code["CIV-D1"].reason_en.startswith("source:")
    assert latest_publication(session, CIVILIZED.key, MONTH) == own
    assert {p.id for p in sent_publications(session)} == {own.id, sent.id}
    audit = session.scalars(select(Audit).where(Audit.verb == "publish")).all()
    assert {a.detail["sha256"] for a in audit} == {own.sha256, sent.sha256}


def test_seals_name_no_tenant_number_and_can_be_recomputed(session: ScopedSession, made: Made, city: TenantRef) -> None:
    grant(session, made, city)
    for row in send(session, made):
        body = seal_text(row, figures_of(session, row))
        assert sha256(body.encode()).hexdigest() == row.sha256
        assert "tenant_id" not in body
        assert "reader_id" not in body
        assert made.district.ref.slug in body
    session.commit()
    session.expire_all()
    assert verify(session) == []


def test_a_second_publication_is_a_correction_with_a_reason(
    wall: Wall, session: ScopedSession, made: Made, city: TenantRef
) -> None:
    grant(session, made, city)
    own, sent = send(session, made)
    assert preview(session, made.office, CIVILIZED, MONTH, now=NOW).is_correction
    with pytest.raises(InvalidInput) as caught:
        send(session, made, reason="  ")
    assert caught.value.faults[0].field == "reason"
    visit(session, made, ["housing_estate"], {"fire_lane_open": {"yes": False}}, day=date(2026, 10, 13))
    new_own, new_sent = send(session, made, reason="补录一次检查")
    assert (new_own.corrects_sha256, new_own.previous_sha256, new_own.sequence) == (own.sha256, own.sha256, 2)
    assert new_sent.corrects_sha256 == sent.sha256
    assert new_own.earned < own.earned
    assert [p.sequence for p in own_publications(session, CIVILIZED.key)] == [2, 1]
    other = publish(session, made.office, SANITARY, SANITARY.edition, MONTH, now=NOW)
    assert [(p.sequence, p.previous_sha256, p.corrects_sha256) for p in other] == [(3, new_own.sha256, None)]
    assert verify(session) == []


def test_after_withdrawal_nothing_leaves(wall: Wall, session: ScopedSession, made: Made, city: TenantRef) -> None:
    given = grant(session, made, city)
    send(session, made)
    withdraw_grant(session, made.office, given, ON)
    assert len(send(session, made, reason="更正")) == 1
    session.commit()
    with wall.open(city.id) as reader:
        assert len(reader.scalars(select(Publication)).all()) == 1


def test_who_may_publish_and_what(wall: Wall, session: ScopedSession, made: Made) -> None:
    leader = add_actor(wall, made.district.ref, "leader", made.district.root)
    with pytest.raises(Forbidden):
        preview(session, leader, CIVILIZED, MONTH, now=NOW)
    with pytest.raises(InvalidInput) as caught:
        publish(session, made.office, CIVILIZED, CIVILIZED.edition, parse_period("2026-12"), now=NOW)
    assert caught.value.faults[0].field == "period"
    running = publish(session, made.office, CIVILIZED, CIVILIZED.edition, parse_period("2026-11"), now=NOW)
    assert running[0].cut_off == NOW
    assert running[0].assessed == 0


def test_the_reader_sees_its_copies_and_nobody_else_anything(
    wall: Wall, session: ScopedSession, made: Made, city: TenantRef
) -> None:
    grant(session, made, city)
    own, sent = send(session, made)
    session.commit()
    stranger = bare_tenant(wall, kind="city", name="别的市")
    with wall.open(city.id) as reader:
        assert [p.id for p in reader.scalars(select(Publication))] == [sent.id]
        assert len(figures_of(reader, find_publication(reader, sent.id))) == 35 + 10
        assert verify(reader, city.id) == []
        with pytest.raises(NotFound):
            find_publication(reader, own.id)
    with wall.open(stranger.id) as reader:
        assert reader.scalars(select(Publication)).all() == []
        assert reader.scalars(select(PublishedFigure)).all() == []
        with pytest.raises(NotFound):
            find_publication(reader, sent.id)


def test_nobody_sends_in_another_name(wall: Wall, session: ScopedSession, made: Made, city: TenantRef) -> None:
    other = make(wall, CIVILIZED, name="别的区")
    row = preview(session, made.office, CIVILIZED, MONTH, now=NOW).copies[0].publication
    row.sha256, row.reader_id, row.tenant_id = "0" * 64, city.id, made.district.ref.id
    with other.district.session(wall) as theirs:
        theirs.add(row)
        with pytest.raises(ProgrammingError, match="row-level security"):
            theirs.flush()


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE publication SET earned = earned + 1 WHERE sequence = 2 AND reader_id = :city", "内容与封签不符"),
        ("UPDATE published_figure SET value = 99 WHERE code = 'CIV-F2' AND reader_id = :city", "内容与封签不符"),
        (
            "UPDATE publication SET previous_sha256 = 'x' WHERE sequence = 2 AND reader_id = :city",
            "与前一份发布件的封签不衔接",
        ),
        ("DELETE FROM published_figure WHERE reader_id = :city", "内容与封签不符"),
        (
            """WITH gone AS (DELETE FROM published_figure WHERE reader_id = :city)
            UPDATE publication SET sequence = 7 WHERE sequence = 2 AND reader_id = :city""",
            "编号不连续，前面缺少发布件",
        ),
    ],
)
def test_tampering_shows(
    wall: Wall, urls: Urls, session: ScopedSession, made: Made, city: TenantRef, statement: str, message: str
) -> None:
    grant(session, made, city)
    send(session, made)
    send(session, made, reason="更正")
    session.commit()
    engine = create_engine(urls.superuser)
    with engine.begin() as raw:
        raw.execute(text(statement), {"city": city.id})
    engine.dispose()
    with wall.open(city.id) as reader:
        found = verify(reader)
        assert message in {b.message for b in found}
        assert {b.district_slug for b in found} == {made.district.ref.slug}
    session.expire_all()
    assert verify(session, made.district.ref.id) == []


def test_two_at_once_one_wins(wall: Wall, made: Made) -> None:
    outcomes: list[str] = []
    ready = threading.Barrier(2)

    def one() -> None:
        with made.district.session(wall) as session:
            session.execute(text("SELECT 1"))
            ready.wait()
            try:
                publish(session, made.office, CIVILIZED, CIVILIZED.edition, MONTH, now=NOW)
                ready.wait(5)
                session.commit()
                outcomes.append("won")
            except (Conflict, threading.BrokenBarrierError) as error:
                outcomes.append(type(error).__name__)

    def slow() -> None:
        with made.district.session(wall) as session:
            shown = preview(session, made.office, CIVILIZED, MONTH, now=NOW)
            assert shown.copies[0].publication.sequence == 1
            ready.wait()
            ready.wait(5)
            # the other has flushed and will commit: the same number is refused once it has
            row = shown.copies[0].publication
            row.sha256 = "0" * 64
            session.add(row)
            try:
                session.flush()
                outcomes.append("doubled")
            except Exception as error:  # the database's own refusal, whatever its class
                outcomes.append(type(error).__name__)
                session.rollback()

    threads = [threading.Thread(target=one), threading.Thread(target=slow)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["IntegrityError", "won"]
    with made.district.session(wall) as session:
        assert [p.sequence for p in own_publications(session)] == [1]


def test_a_lost_race_is_a_conflict(wall: Wall, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number is read, then another publication takes it before ours is written."""
    with made.district.session(wall) as mine:
        from core.figures import publishing

        real = publishing._chain

        def late(session: ScopedSession, row: Publication) -> None:
            real(session, row)
            with made.district.session(wall) as theirs:
                monkeypatch.setattr(publishing, "_chain", real)
                publish(theirs, made.office, CIVILIZED, CIVILIZED.edition, MONTH, now=NOW)
                theirs.commit()

        monkeypatch.setattr(publishing, "_chain", late)
        with pytest.raises(Conflict):
            send(mine, made)
        mine.rollback()
        assert len(own_publications(mine)) == 1


def test_saying_the_same_twice_gives_the_same_content_hash(session: ScopedSession, made: Made, city: TenantRef) -> None:
    """Whatever the detail: another number, moment, author and reason, the very same content; a new record changes it."""
    for detail in DETAILS:
        grant(session, made, city, detail)
        first = preview(session, made.office, CIVILIZED, MONTH, now=NOW)
        sent = send(session, made, reason="第一次")
        again = publish(
            session, made.office, CIVILIZED, CIVILIZED.edition, MONTH, now=NOW + timedelta(hours=5), reason="没有变化"
        )
        assert [c.publication.content_sha256 for c in first.copies] == [p.content_sha256 for p in sent]
        assert [p.content_sha256 for p in again] == [p.content_sha256 for p in sent]
        assert {p.sha256 for p in again}.isdisjoint(p.sha256 for p in sent)
        for row in again:
            assert sha256(content_text(row, figures_of(session, row)).encode()).hexdigest() == row.content_sha256
        assert all(c.says_the_same for c in preview(session, made.office, CIVILIZED, MONTH, now=NOW).copies)
    visit(session, made, ["housing_estate"], {"fire_lane_open": {"yes": False}}, day=date(2026, 10, 13))
    changed = preview(session, made.office, CIVILIZED, MONTH, now=NOW)
    assert not any(c.says_the_same for c in changed.copies)
    assert verify(session) == []


def test_units_and_sites_leave_as_far_as_the_grant_goes(session: ScopedSession, made: Made, city: TenantRef) -> None:
    for n in range(6):
        answers = {"fire_lane_open": {"yes": n > 1}, "public_adverts": {"count": 1}}
        visit(session, made, ["housing_estate"], answers, day=date(2026, 10, 14 + n), unit=made.district.communities[1])
    levels = {}
    for detail in DETAILS:
        grant(session, made, city, detail)
        own, sent = send(session, made, reason="试")
        levels[detail] = {f.level for f in figures_of(session, sent)}
        assert levels[detail] <= {f.level for f in figures_of(session, own)}
        assert (sent.interval_low, sent.content_sha256 != "", sent.seal_version) == (None, True, 2)
    assert levels == {
        "totals": set(),
        "categories": {"category"},
        "indicators": {"category", "indicator"},
        "units": {"category", "indicator", "unit"},
        "sites": {"category", "indicator", "unit", "site"},
    }
    figures = figures_of(session, sent)
    (unit,) = (f for f in figures if f.level == "unit")
    assert (unit.n, unit.denominator, unit.category) == (7, 2, "subdistrict")
    sites = [f for f in figures if f.level == "site"]
    assert sum(f.n for f in sites) == 7
    assert sorted(f.n for f in sites) == [1, 6]
    assert all(f.value == (Decimal(f.earned or 0) / f.possible * 100).quantize(Decimal("0.01")) for f in sites)


def test_a_unit_of_few_visits_leaves_its_number_alone(session: ScopedSession, made: Made, city: TenantRef) -> None:
    grant(session, made, city, "units")
    _, sent = send(session, made)
    (unit,) = (f for f in figures_of(session, sent) if f.level == "unit")
    assert (unit.n, unit.value, unit.earned, unit.numerator, unit.reason) == (1, None, None, None, "low_volume")


def test_old_seals_keep_their_text(session: ScopedSession, made: Made) -> None:
    """A publication of the version before is sealed over its own columns alone."""
    copy = preview(session, made.office, CIVILIZED, MONTH, now=NOW).copies[0]
    new = seal_text(copy.publication, copy.figures)
    copy.publication.seal_version = 1
    old = seal_text(copy.publication, copy.figures)
    later = ("content_sha256", "interval_low", "seal_version", "self_value", "warnings")
    assert all(f'"{name}"' in new and f'"{name}"' not in old for name in later)
    assert set(json.loads(old)) == {*HEADER, "figures"}
    assert set(json.loads(old)["figures"][0]) == set(FIGURE)


def test_self_checks_travel_beside_and_a_gap_is_named(session: ScopedSession, made: Made, city: TenantRef) -> None:
    """What was checked by oneself stands beside the verified value; far apart it is a warning with its numbers."""
    for n in range(4):
        good = {"fire_lane_open": {"yes": True}, "public_adverts": {"count": 9}, "pet_misconduct": {"count": 0}}
        visit(session, made, ["housing_estate"], good, day=date(2026, 10, 12 + n), basis="self")
    before = preview(session, made.office, CIVILIZED, MONTH, now=NOW).copies[0].publication.earned
    own, *_ = send(session, made)
    beside = [f for f in figures_of(session, own) if f.self_value is not None and f.self_value != f.value]
    assert beside
    assert own.earned == before
    gaps = [one for one in own.warnings if one["code"] == "self_gap"]
    assert {one["of"] for one in gaps} <= {f.code for f in beside}
    assert all(abs(Decimal(one["gap"])) >= 10 for one in gaps)
    assert all(set(one) == {"code", "of", "self", "verified", "gap"} for one in gaps)
