"""What a visit does about a failed question (现场处置): put right on the spot, found still there, or one more opened."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from core.errors import Conflict, InvalidInput
from core.figures.explain import explain
from core.figures.finding_metrics import read_findings
from core.figures.frames import frame_of
from core.figures.periods import containing
from core.work.calendar import seed_calendar
from core.work.desk.finding_detail import detail
from core.work.desk.finding_filters import Filter
from core.work.desk.findings import list_findings
from core.work.inspection.photos import store
from core.work.inspection.visit_corrections import correct
from core.work.inspection.visit_list import visit_detail
from core.work.inspection.visits import due_at_site
from core.work.intake.open_before import open_before
from core.work.intake.reporting import report
from core.work.loop.history import replay
from core.work.loop.ledger import act
from core.work.proofs.recurring import recurring
from core.work.tables import Finding, FindingEvent, ItemResult, Note, Part, Signal, Visit
from tenants.db import new_id
from tests.factory import add_site
from tests.work.market import ALL_GOOD, ANSWERS, FAILED, THURSDAY, Town, campaigns, send, town
from tests.work.pictures import jpeg

ONE = timedelta(days=1)
TOILET = ALL_GOOD | {"toilet_clean": {"rating": 5}}  # fails for two campaigns


@pytest.fixture
def place(wall) -> Town:
    made = town(wall)
    with made.district.session(wall) as session:
        seed_calendar(session, [2026])
        session.commit()
    return made


@pytest.fixture
def session(wall, place):
    with place.district.session(wall) as opened:
        yield opened


@pytest.fixture
def shots(session, place, tmp_path) -> list[str]:
    """Photos with no time and place of their own, so that only what a test is about raises a doubt."""
    made = [
        str(store(session, place.inspector, jpeg((64, 48 + n), taken=None, gps=None), files=tmp_path).id)
        for n in range(4)
    ]
    session.commit()
    return made


def events(session, finding) -> list[FindingEvent]:
    query = select(FindingEvent).where(FindingEvent.finding_id == finding.id).order_by(FindingEvent.version)
    return list(session.scalars(query))


def faults(error: InvalidInput) -> set[tuple[str, str, str]]:
    return {(one.field, one.message, one.where) for one in error.faults}


def open_one(session, place, **more) -> Finding:
    made = send(session, place, TOILET, **more)
    session.commit()
    return made.findings[0]


# --- put right on the spot ------------------------------------------------------------------------------------------


def test_what_is_put_right_on_the_spot_is_opened_and_closed_at_once(session, place, shots):
    made = send(session, place, photos={"toilet_clean": shots[:1]}, fixed={"toilet_clean": shots[1:3]})
    session.commit()
    found = {one.question: one for one in made.findings}
    assert found.keys() == FAILED
    closed, other = found["toilet_clean"], found["parking_offences"]
    assert (closed.state, closed.outcome, closed.closed_at) == ("closed", "on_spot", THURSDAY)
    assert (closed.answered_at, closed.accept_by, closed.version) == (THURSDAY, None, 1)
    assert (other.state, other.outcome) == ("dispatched", None)
    (line,) = events(session, closed)
    assert (line.verb, line.from_state, line.to_state) == ("open", None, "closed")
    assert (line.detail["outcome"], line.detail["fixed"]) == ("on_spot", shots[1:3])
    seen = replay([line])
    assert (seen.state, seen.outcome, seen.due_at) == ("closed", "on_spot", closed.due_at)
    lead = session.scalars(select(Part).where(Part.finding_id == closed.id, Part.leading)).one()
    assert (lead.state, str(lead.unit_id)) == ("done", line.detail["lead"])
    shown = detail(session, place.office, closed.id, now=THURSDAY)
    assert [str(one.file_id) for one in shown.before] == shots[:1]
    assert [str(one.file_id) for one in shown.after] == shots[1:3]


def test_the_sheet_still_scores_what_was_found(session, place, shots):
    plain = send(session, place)
    fixed = send(session, place, photos={"toilet_clean": shots[:1]}, fixed={"toilet_clean": shots[1:2]})
    assert [(s.campaign, s.earned, s.possible) for s in plain.sheets] == [
        (s.campaign, s.earned, s.possible) for s in fixed.sheets
    ]
    failed = select(ItemResult.outcome).where(
        ItemResult.visit_id == fixed.visit.id, ItemResult.question == "toilet_clean"
    )
    assert set(session.scalars(failed)) == {"fail"}
    listed = {one["question"]: one["outcome"] for one in fixed.visit.summary["findings"]}
    assert (listed["toilet_clean"], listed["parking_offences"]) == ("on_spot", None)


def test_nobody_is_told_to_do_what_is_done(session, place, shots):
    answers = TOILET
    send(session, place, answers, photos={"toilet_clean": shots[:1]}, fixed={"toilet_clean": shots[1:2]})
    session.flush()
    assert session.scalar(select(func.count()).select_from(Note)) == 0


def test_missing_photos_are_named_with_their_items(session, place, shots):
    with pytest.raises(InvalidInput) as caught:
        send(session, place, fixed={"toilet_clean": [], "illegal_posters": shots[:1], "no_such": []})
    items = {"toilet_clean": "CIV-MARKET-08、SAN-MARKET-09", "illegal_posters": None}
    said = faults(caught.value)
    assert ("fixed.toilet_clean", "缺少处置后的照片", items["toilet_clean"]) in said
    assert ("photos.toilet_clean", "缺少处置前的照片", items["toilet_clean"]) in said
    assert ("fixed.no_such", "这个点位没有这个问题", "") in said
    assert {field for field, _, _ in said} == {
        "fixed.toilet_clean",
        "photos.toilet_clean",
        "photos.illegal_posters",
        "fixed.no_such",
    }
    assert all(one.remedy for one in caught.value.faults)
    with pytest.raises(InvalidInput, match="处置前后是同一张照片"):
        send(session, place, photos={"toilet_clean": shots[:1]}, fixed={"toilet_clean": shots[:1]})
    with pytest.raises(InvalidInput, match="没有这张照片"):
        send(session, place, photos={"toilet_clean": shots[:1]}, fixed={"toilet_clean": ["0" * 64]})
    assert session.scalar(select(func.count()).select_from(Visit)) == 0


def test_what_passes_cannot_be_put_right(session, place, shots):
    made = send(session, place, ALL_GOOD, fixed={"toilet_clean": []}, again={"toilet_clean": str(new_id())})
    assert (list(made.findings), list(made.again)) == ([], [])


def test_a_used_photo_raises_a_doubt_at_once(session, place, shots):
    send(session, place, TOILET, photos={"toilet_clean": shots[:1]}, fixed={"toilet_clean": shots[1:2]})
    again = send(session, place, TOILET, photos={"toilet_clean": shots[2:3]}, fixed={"toilet_clean": shots[1:2]})
    session.flush()
    kinds = session.scalars(select(Signal.kind).where(Signal.finding_id == again.findings[0].id)).all()
    assert kinds == ["photo_reused"]


def test_a_photo_from_within_a_long_visit_is_no_doubt(session, place, tmp_path):
    """The findings are entered when the visit is sent in, hours after the photo where there was no signal."""
    taken = jpeg((70, 50), taken="2026:11:19 07:00:00", gps=None)  # three hours before it was sent in
    after = str(store(session, place.inspector, taken, files=tmp_path).id)
    before = str(store(session, place.inspector, jpeg((70, 51), taken=None, gps=None), files=tmp_path).id)
    dealt = {"photos": {"toilet_clean": [before]}, "fixed": {"toilet_clean": [after]}}
    began = THURSDAY - timedelta(hours=4)
    fine = send(session, place, TOILET, started_at=began, **dealt)
    session.flush()
    kinds = select(Signal.kind).where(Signal.finding_id == fine.findings[0].id)
    assert session.scalars(kinds).all() == []


def test_sent_twice_it_is_closed_once_and_another_photo_is_another_visit(session, place, shots):
    one = {"visit_id": new_id(), "photos": {"toilet_clean": shots[:1]}}
    first = send(session, place, TOILET, fixed={"toilet_clean": shots[1:2]}, **one)
    session.commit()
    second = send(session, place, TOILET, fixed={"toilet_clean": shots[1:2]}, **one)
    assert second.replayed
    assert second.visit.summary == first.visit.summary
    assert session.scalar(select(func.count()).select_from(Finding)) == 1
    with pytest.raises(Conflict):
        send(session, place, TOILET, fixed={"toilet_clean": shots[2:3]}, **one)


# --- still there ----------------------------------------------------------------------------------------------------


def test_still_there_is_a_line_in_the_open_one(session, place, shots):
    first = open_one(session, place)
    later = THURSDAY + ONE
    more = {"photos": {"toilet_clean": shots[:2]}, "notes": {"toilet_clean": "地面还是湿的"}}
    made = send(session, place, TOILET, now=later, again={"toilet_clean": str(first.id)}, **more)
    session.commit()
    assert (list(made.findings), [one.id for one in made.again]) == ([], [first.id])
    session.refresh(first)
    assert (first.seen_again, first.version, first.state) == (1, 2, "dispatched")
    line = events(session, first)[-1]
    assert (line.verb, line.person_id, line.at) == ("seen_again", place.inspector.person_id, later)
    assert line.note == "2026-11-20 检查时仍未整改：地面还是湿的"
    assert line.detail["line"]["visit"] == str(made.visit.id)
    assert line.detail["photos"] == shots[:2]
    assert replay(events(session, first)).state == "dispatched"
    assert made.visit.summary["again"][0] | {"title": "", "title_en": ""} == {
        "id": str(first.id),
        "question": "toilet_clean",
        "number": first.number,
        "title": "",
        "title_en": "",
    }
    failed = select(ItemResult.outcome).where(
        ItemResult.visit_id == made.visit.id, ItemResult.question == "toilet_clean"
    )
    assert set(session.scalars(failed)) == {"fail"}
    shown = visit_detail(session, place.office, made.visit.id, now=later)
    assert ([row.id for row in shown.findings], [row.id for row in shown.again]) == ([], [first.id])
    assert shown.again[0].seen_again == 1
    only = Filter(extra=(Finding.id == first.id,), as_of=THURSDAY.date())
    (was,) = list_findings(session, place.office, only, now=later).rows
    assert was.seen_again == 0
    told = session.scalars(select(Note.text).where(Note.kind == "finding.seen_again")).all()
    assert told == ["问题 {number}「{title}」再次检查时仍未整改"]
    assert session.scalar(select(func.count()).select_from(Finding)) == 1


def test_another_spot_opens_one_more(session, place):
    open_one(session, place)
    made = send(session, place, TOILET, now=THURSDAY + ONE)
    assert (len(made.findings), list(made.again)) == (1, [])


def test_closed_meanwhile_a_new_one_is_opened(session, place, shots):
    first = open_one(session, place)
    act(session, place.office, first.id, "cancel", version=1, note="重复", now=THURSDAY)
    session.commit()
    made = send(session, place, TOILET, now=THURSDAY + ONE, again={"toilet_clean": str(first.id)})
    assert (len(made.findings), list(made.again)) == (1, [])
    session.refresh(first)
    assert (first.state, first.seen_again) == ("cancelled", 0)


def test_merged_meanwhile_the_line_goes_where_it_went(session, place):
    first = open_one(session, place)
    target = open_one(session, place, now=THURSDAY + timedelta(hours=1))
    act(session, place.office, first.id, "merge", version=1, target_id=target.id, now=THURSDAY + ONE)
    session.commit()
    made = send(session, place, TOILET, now=THURSDAY + 2 * ONE, again={"toilet_clean": str(first.id)})
    assert [one.id for one in made.again] == [target.id]
    session.refresh(first)
    session.refresh(target)
    assert (first.seen_again, target.seen_again) == (0, 1)


def test_what_was_reported_without_a_form_can_be_the_same(session, place):
    said = {"source": "snapshot", "category": "ORD-PARK", "site_id": place.market, "title": "门口乱停车"}
    seen = report(session, place.office, now=THURSDAY, **said)
    session.commit()
    due = plan_of(session, place)
    here = open_before(session, place.inspector, place.market, due, THURSDAY)
    fitting = [code for code, one in here.items() if seen.id in {f.id for f in one.alike}]
    assert fitting
    failing = [code for code in fitting if code in FAILED]
    assert failing
    made = send(session, place, again={failing[0]: str(seen.id)}, now=THURSDAY + ONE)
    assert [one.id for one in made.again] == [seen.id]
    assert {one.question for one in made.findings} == FAILED - {failing[0]}


def plan_of(session, place):
    return due_at_site(session, place.inspector, place.market, campaigns(), date(2026, 11, 19))[1]


def test_only_what_is_open_here_can_be_named(wall, session, place, shots):
    first = open_one(session, place)
    other = add_site(session, place.district.communities[0], "produce_market", name="别处市场")
    session.commit()
    wrong = "没有这件可接着办的问题"
    for again in (
        {"toilet_clean": str(new_id())},
        {"toilet_clean": "不是编号"},
        {"illegal_posters": str(first.id)},
    ):
        with pytest.raises(InvalidInput, match=wrong):
            send(session, place, again=again)
    with pytest.raises(InvalidInput, match=wrong):
        send(session, place, TOILET, site_id=other, again={"toilet_clean": str(first.id)})
    both = {"photos": {"toilet_clean": shots[:1]}, "fixed": {"toilet_clean": shots[1:2]}}
    with pytest.raises(InvalidInput, match="只能选一项"):
        send(session, place, TOILET, again={"toilet_clean": str(first.id)}, **both)
    assert session.scalar(select(func.count()).select_from(Visit)) == 1


def test_two_who_say_so_at_once_leave_two_lines_and_one_finding(wall, place):
    with place.district.session(wall) as session:
        first = open_one(session, place)
        key = first.id
    gate, failed = threading.Barrier(4), []

    def visit() -> None:
        with place.district.session(wall) as mine:
            gate.wait()
            try:
                send(mine, place, TOILET, now=THURSDAY + ONE, again={"toilet_clean": str(key)})
                mine.commit()
            except Exception as error:  # whatever it is, the test shows it
                failed.append(error)

    threads = [threading.Thread(target=visit) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []
    with place.district.session(wall) as session:
        found = session.scalars(select(Finding)).one()
        assert (found.seen_again, found.version) == (4, 5)
        assert replay(events(session, found)).version == 5


def test_a_closing_and_a_second_visit_at_once(wall, place):
    """Whoever is first: either the open one has a line more, or a new one was opened. Never both, never none."""
    with place.district.session(wall) as session:
        key = open_one(session, place).id
    with place.district.session(wall) as closing, place.district.session(wall) as visiting:
        act(closing, place.office, key, "cancel", version=1, note="误报", now=THURSDAY)
        made: list = []
        other = threading.Thread(
            target=lambda: made.append(
                send(visiting, place, TOILET, now=THURSDAY + ONE, again={"toilet_clean": str(key)})
            )
        )
        other.start()
        other.join(0.5)
        assert other.is_alive()  # it waits for the row
        closing.commit()
        other.join()
        visiting.commit()
    with place.district.session(wall) as session:
        states = {one.id: (one.state, one.seen_again) for one in session.scalars(select(Finding))}
    assert states.pop(key) == ("cancelled", 0)
    assert list(states.values()) == [("dispatched", 0)]


def test_a_corrected_visit_takes_back_what_it_said(session, place):
    first = open_one(session, place)
    made = send(session, place, TOILET, now=THURSDAY + ONE, again={"toilet_clean": str(first.id)})
    session.commit()
    common = {"campaigns": campaigns(), "reason": "看错了", "now": THURSDAY + ONE}
    kept = correct(
        session, place.inspector, made.visit.id, new_visit_id=new_id(), answers=TOILET, note="补充", **common
    )
    assert kept.visit.summary["again"] == made.visit.summary["again"]
    assert session.scalar(select(func.count()).select_from(Finding)) == 1
    right = correct(session, place.inspector, kept.visit.id, new_visit_id=new_id(), answers=ALL_GOOD, **common)
    assert right.visit.summary["again"] == []
    line = events(session, first)[-1]
    assert (line.verb, line.note) == ("note", f"检查更正（{place.inspector.name}）：看错了")


# --- figures --------------------------------------------------------------------------------------------------------


def test_a_finding_found_twice_counts_once_and_costs_where_it_was_found(session, place):
    """Two verified visits in two months: each sheet loses its points, the ledger has one finding, and both months name it."""
    campaign = next(one for one in campaigns() if one.key == "sanitary_city")
    first = open_one(session, place, now=THURSDAY - 30 * ONE)
    send(session, place, TOILET, again={"toilet_clean": str(first.id)})
    session.commit()
    months = [containing("month", date(2026, month, 15)) for month in (10, 11)]
    cut_off = THURSDAY + ONE
    frame = frame_of(session, tuple(months), cut_off, ())
    facts = read_findings(session, frame, (), campaign.key)
    assert [facts[None, span].summary["found"] for span in (0, 1)] == [1, 0]
    codes = {i.code for i in campaign.edition.indicators if i.method == "field"}
    costing = {}
    for number, month in enumerate(months):
        rows = [
            explain(session, None, campaign, campaign.edition, code, month, None, cut_off=cut_off) for code in codes
        ]
        costing[number] = {part.finding_id for one in rows for part in one.findings}
    assert costing == {0: {first.id}, 1: {first.id}}
    (again,) = recurring(session, place.office, now=cut_off, least=1)
    assert (again.count, again.times, again.open) == (1, 1, 1)


def test_every_answer_of_the_market_fails_as_it_did(session, place, shots):
    """The same answers with everything put right: as many findings, all closed, none handed out."""
    photos = {code: [shots[0]] for code in FAILED}
    made = send(session, place, ANSWERS, photos=photos, fixed={code: [shots[1]] for code in FAILED})
    assert {one.outcome for one in made.findings} == {"on_spot"}
    assert len(made.findings) == len(FAILED)
