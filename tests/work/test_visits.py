"""One market visit in three campaigns: points computed by hand, findings, repetition, races, refusals."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from core.campaigns import edition_from_body, form_from_body
from core.errors import Conflict, InvalidInput, NotFound
from core.work.inspection.visit_plan import plan
from core.work.inspection.visits import due_at_site
from core.work.tables import (
    AnswerRow,
    Attachment,
    Audit,
    Definition,
    Finding,
    FindingEvent,
    FindingItem,
    FindingLink,
    ItemResult,
    Part,
    Sheet,
    Visit,
)
from tenants.db import new_id
from tenants.models import UnitRole
from tests.factory import SINCE, add_actor, add_site
from tests.work.market import ALL_GOOD, ANSWERS, FAILED, THURSDAY, Town, campaigns, send, town


@pytest.fixture(scope="module")
def place(wall) -> Town:
    return town(wall)


def total(session, table, **where) -> int:
    return session.scalar(select(func.count()).select_from(table).filter_by(**where))


# --- what is due ---------------------------------------------------------------------------------------------------


def test_a_market_is_three_forms_with_each_question_asked_once():
    due = plan(["produce_market"], campaigns())
    assert [p.key for p in due.forms] == [
        ("civilized_city", "CIV-MARKET"),
        ("food_safety_city", "FS-MARKET"),
        ("sanitary_city", "SAN-MARKET"),
    ]
    assert (due.item_count, len(due.questions)) == (37, 34)
    asked = [q.code for group in due.groups for q in group.questions]
    assert len(asked) == len(set(asked)) == 34
    assert due.questions["toilet_clean"].item_codes == "CIV-MARKET-08、SAN-MARKET-09"
    assert due.questions["fire_lane_and_equipment"].key
    assert [(h.text, dict(h.params)) for h in due.questions["core_value_adverts"].hints] == [
        ("不少于 {need} 处", {"need": 2})
    ]
    assert [group.code for group in due.groups] == ["PRO", "ORD", "ENV", "ZONE", "SAF", "LIC", "FD"]


def test_the_toilet_is_one_set_of_questions_for_two_campaigns():
    due = plan(["public_toilet"], campaigns())
    assert [p.key for p in due.forms] == [("civilized_city", "TOILET"), ("sanitary_city", "TOILET")]
    assert len(due.questions) == len(due.forms[0].form.items)
    assert all(len(q.items) == 2 for q in due.questions.values())


def test_a_type_without_forms_has_nothing_due():
    assert plan(["frontage_shop"], campaigns()).forms == ()
    assert plan(["produce_market"], []).forms == ()


# --- the points ----------------------------------------------------------------------------------------------------


def test_three_sheets_with_the_points_computed_by_hand(wall, place):
    with place.district.session(wall) as session:
        done = send(session, place)
        session.commit()
        sheets = {s.form: s for s in session.scalars(select(Sheet).filter_by(visit_id=done.visit.id))}
    # 3+8+4+6+5+(na)+12+5+5+8+3+6.22+8+4 of 94; the n-of-m item is 8 x 7/9 = 6.222.. -> 6.22
    assert (sheets["CIV-MARKET"].earned, sheets["CIV-MARKET"].possible) == (7722, 9400)
    # 2.7+2.4+4+7+7.2+12+6.4+(na)+4+9+4.8+3.6+5.4 of 90; poultry 13.8 of 20 = 69 % vetoes
    assert (sheets["SAN-MARKET"].earned, sheets["SAN-MARKET"].possible) == (6850, 9000)
    assert sheets["SAN-MARKET"].vetoes == ["K1"]
    # 9.6+7.78+0+12+12+6+8.4+8+8+4 of 100
    assert (sheets["FS-MARKET"].earned, sheets["FS-MARKET"].possible) == (7578, 10000)
    assert sheets["FS-MARKET"].vetoes == sheets["CIV-MARKET"].vetoes == []
    assert {s.day.isoformat() for s in sheets.values()} == {"2026-11-19"}
    assert {s.basis for s in sheets.values()} == {"verified"}


def test_item_results_and_answers_are_stored_for_each_item_and_question(wall, place):
    with place.district.session(wall) as session:
        done = send(session, place, notes={"toilet_clean": " 地面有积水 "})
        session.commit()
        rows = {r.item: r for r in session.scalars(select(ItemResult).filter_by(visit_id=done.visit.id))}
        answers = {a.question: a for a in session.scalars(select(AnswerRow).filter_by(visit_id=done.visit.id))}
    assert len(rows) == 37
    assert len(answers) == 34
    civ, food = rows["CIV-MARKET-12"], rows["FS-MARKET-02"]
    assert (civ.outcome, civ.earned, civ.possible, civ.n, civ.m) == ("fail", 622, 800, 7, 9)
    assert (food.outcome, food.earned, food.possible) == ("fail", 778, 1000)
    # the same answer, 6 of 7 days posted, passes one campaign's band (8 >= 7) and fails the other's ratio
    assert (rows["SAN-MARKET-02"].outcome, rows["SAN-MARKET-02"].earned) == ("pass", 240)
    assert (rows["FS-MARKET-04"].outcome, rows["FS-MARKET-04"].earned) == ("fail", 1200)
    assert (rows["CIV-MARKET-06"].outcome, rows["CIV-MARKET-06"].possible) == ("na", 0)
    assert (answers["stall_licences"].n, answers["stall_licences"].m, answers["stall_licences"].na) == (7, 9, False)
    assert answers["fair_scale"].na
    assert answers["toilet_clean"].note == "地面有积水"


def test_the_definitions_behind_the_hashes_are_kept_once(wall, place):
    with place.district.session(wall) as session:
        done = send(session, place)
        session.commit()
        for sheet in session.scalars(select(Sheet).filter_by(visit_id=done.visit.id)):
            form = session.scalars(select(Definition).filter_by(sha256=sheet.form_sha256)).one()
            edition = session.scalars(select(Definition).filter_by(sha256=sheet.edition_sha256)).one()
            assert (form.kind, form_from_body(form.body).code) == ("form", sheet.form)
            assert (edition.kind, edition_from_body(edition.body).key) == ("edition", sheet.edition)
        assert total(session, Definition) == 6


# --- findings ------------------------------------------------------------------------------------------------------


def test_one_finding_for_each_failed_question(wall, place):
    with place.district.session(wall) as session:
        done = send(session, place)
        session.commit()
        found = {f.question: f for f in session.scalars(select(Finding).filter_by(visit_id=done.visit.id))}
        assert set(found) == FAILED
        items = session.execute(
            select(Finding.question, FindingItem.item, FindingItem.campaign, FindingItem.lost)
            .join(FindingItem, FindingItem.finding_id == Finding.id)
            .where(Finding.visit_id == done.visit.id)
        ).all()
    assert len(items) == 12
    assert {(i, c, lost) for q, i, c, lost in items if q == "toilet_clean"} == {
        ("CIV-MARKET-08", "civilized_city", 500),
        ("SAN-MARKET-09", "sanitary_city", 400),
    }
    assert [(i, lost) for q, i, _, lost in items if q == "rapid_test_posted"] == [("FS-MARKET-04", 200)]
    toilet = found["toilet_clean"]
    assert (toilet.category, toilet.title, toilet.state, toilet.version) == (
        "ENV-TOILET",
        "卫生间保洁无明显异味",
        "dispatched",
        1,
    )
    assert not toilet.key_item
    assert found["live_poultry_zone"].key_item
    assert found["rapid_test_room"].key_item
    assert {f.number[:5] for f in found.values()} == {"2026-"}
    assert len({f.number for f in found.values()}) == 10


def test_deadlines_run_in_working_days(wall, place):
    with place.district.session(wall) as session:
        done = send(session, place)
        session.commit()
    due = {f.question: f.due_at for f in done.findings}
    # Thursday 10:00: one working day is Friday 10:00, three are Tuesday 10:00, twenty are Thursday 17 December 10:00
    assert due["toilet_clean"] == datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
    assert due["core_value_adverts"] == datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
    assert due["live_poultry_zone"] == datetime(2026, 12, 17, 2, 0, tzinfo=UTC)


def test_the_line_leads_and_the_place_signs_with(wall, place):
    with place.district.session(wall) as session:
        done = send(session, place)
        session.commit()
        toilet = next(f for f in done.findings if f.question == "toilet_clean")
        parts = {(p.kind, p.unit_id, p.leading) for p in session.scalars(select(Part).filter_by(finding_id=toilet.id))}
        assert parts == {
            ("line", place.district.departments["sanitation"], True),
            ("place", place.district.communities[0], False),
        }
        event = session.scalars(select(FindingEvent).filter_by(finding_id=toilet.id)).one()
    assert (event.verb, event.from_state, event.to_state, event.version) == ("open", None, "dispatched", 1)
    assert (event.person_id, event.unit_id, event.unit_name) == (
        place.inspector.person_id,
        place.district.root,
        "测试区",
    )


def test_the_site_owner_is_the_operator_else_the_place(wall, place):
    answers = {**ALL_GOOD, "trade_rules_posted": {"yes": False}}
    with place.district.session(wall) as session:
        alone = send(session, place, answers).findings[0]
        parts = session.scalars(select(Part).filter_by(finding_id=alone.id)).all()
        assert [(p.kind, p.unit_id, p.leading) for p in parts] == [("line", place.district.communities[0], True)]
        run = add_site(session, place.district.communities[1], "produce_market")
        done = send(session, place, answers, site_id=run)
        done_unit = place.district.departments["commerce_bureau"]
        session.get(type(done.visit.site), (place.ref.id, run)).operator_unit_id = done_unit
        session.flush()
        again = send(session, place, answers, site_id=run).findings[0]
        parts = {(p.kind, p.unit_id) for p in session.scalars(select(Part).filter_by(finding_id=again.id))}
        assert parts == {("line", done_unit), ("place", place.district.communities[1])}


def test_a_role_nobody_plays_goes_to_the_campaigns_office(wall):
    place = town(wall)
    with place.district.session(wall) as session:
        row = session.get(UnitRole, (place.ref.id, "sanitation", SINCE))
        row.valid_to = SINCE
        session.flush()
        done = send(session, place, {**ALL_GOOD, "toilet_clean": {"rating": 1}})
        lead = session.scalars(select(Part).filter_by(finding_id=done.findings[0].id, leading=True)).one()
    assert lead.unit_id == place.district.departments["civilisation_office"]


def test_links_are_direct_for_the_items_indicators_and_aside_for_the_rest(wall, place):
    with place.district.session(wall) as session:
        done = send(session, place)
        licences = next(f for f in done.findings if f.question == "stall_licences")
        links = {
            (l.campaign, l.indicator): l.direct
            for l in session.scalars(select(FindingLink).filter_by(finding_id=licences.id))
        }
    assert links["civilized_city", "CIV-F5"] is True
    assert links["food_safety_city", "FS-C1"] is True  # see_also of one item, direct of the other: direct wins
    assert links["civilized_city", "CIV-C1"] is False
    assert sum(links.values()) == 2


def test_a_good_visit_opens_nothing(wall, place):
    with place.district.session(wall) as session:
        done = send(session, place, ALL_GOOD)
        session.commit()
        assert done.findings == []
        assert total(session, Finding, visit_id=done.visit.id) == 0
        assert {s["form"]: s["earned"] for s in done.visit.summary["sheets"]}[
            "FS-MARKET"
        ] == 9400  # 2.4 and 3.6 lost on two ratings that pass


def test_a_shared_toilet_visit_gives_two_sheets_and_single_findings(wall, place):
    due = plan(["public_toilet"], campaigns())
    bad = {"yes_no": {"yes": False}, "count": {"count": 50}, "rating10": {"rating": 0}, "n_of_m": {"n": 0, "m": 4}}
    with place.district.session(wall) as session:
        toilet = add_site(session, place.district.communities[0], "public_toilet")
        answers = {code: bad[q.question.answer_type] for code, q in due.questions.items()}
        done = send(session, place, answers, site_id=toilet)
        session.commit()
        assert {(s.campaign, s.form) for s in done.sheets} == {
            ("civilized_city", "TOILET"),
            ("sanitary_city", "TOILET"),
        }
        assert len(done.findings) == len({f.question for f in done.findings})
        for finding in done.findings:
            assert {i.campaign for i in session.scalars(select(FindingItem).filter_by(finding_id=finding.id))} == {
                "civilized_city",
                "sanitary_city",
            }


# --- repetition ----------------------------------------------------------------------------------------------------


def test_the_same_visit_again_changes_nothing_and_answers_alike(wall, place):
    visit_id = new_id()
    with place.district.session(wall) as session:
        first = send(session, place, visit_id=visit_id)
        session.commit()
        tables = (AnswerRow, ItemResult, Sheet, Finding, FindingEvent, Audit)
        before = [total(session, t) for t in tables]
    with place.district.session(wall) as session:
        second = send(session, place, dict(reversed(ANSWERS.items())), visit_id=visit_id)
        session.commit()
        assert [total(session, t) for t in tables] == before
    assert (first.replayed, second.replayed) == (False, True)
    assert second.visit.summary == first.visit.summary
    assert [f.id for f in second.findings] == [f.id for f in first.findings]
    assert {s.form: s.earned for s in second.sheets} == {s.form: s.earned for s in first.sheets}


@pytest.mark.parametrize(
    "change",
    [{"answers": ALL_GOOD}, {"note": "另一句"}, {"notes": {"toilet_clean": "脏"}}, {"basis": "self"}],
    ids=["answers", "note", "notes", "basis"],
)
def test_another_body_under_the_same_id_is_a_conflict(wall, place, change):
    visit_id = new_id()
    with place.district.session(wall) as session:
        send(session, place, visit_id=visit_id)
        session.commit()
        with pytest.raises(Conflict):
            send(session, place, visit_id=visit_id, **change)


def test_another_persons_visit_is_not_replayed(wall, place):
    visit_id = new_id()
    with place.district.session(wall) as session:
        send(session, place, visit_id=visit_id)
        session.commit()
        with pytest.raises(Conflict):
            send(session, place, visit_id=visit_id, actor=place.office)


def test_two_identical_submissions_at_the_same_moment_make_one_visit(wall, place):
    for _ in range(4):
        visit_id, gate, results, errors = new_id(), threading.Barrier(4), [], []

        def run(visit_id=visit_id, gate=gate, results=results, errors=errors) -> None:
            try:
                with place.district.session(wall) as session:
                    gate.wait()
                    done = send(session, place, visit_id=visit_id)
                    session.commit()
                    results.append((done.replayed, [f.number for f in done.findings]))
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert sorted(replayed for replayed, _ in results) == [False, True, True, True]
        assert len({tuple(sorted(numbers)) for _, numbers in results}) == 1
        with place.district.session(wall) as session:
            assert total(session, Sheet, visit_id=visit_id) == 3
            assert total(session, Finding, visit_id=visit_id) == 10


def test_numbers_have_no_gap_and_no_double_under_load(wall):
    place = town(wall)

    def run() -> None:
        with place.district.session(wall) as session:
            send(session, place)
            session.commit()

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with place.district.session(wall) as session:
        numbers = sorted(session.scalars(select(Finding.number)))
    assert numbers == [f"2026-{n:05d}" for n in range(1, 61)]


# --- refusals ------------------------------------------------------------------------------------------------------


def refused(wall, place, answers=ANSWERS, **changed) -> dict[str, str]:
    """The faults of a refused submission by field; nothing is written."""
    with place.district.session(wall) as session:
        before = total(session, Visit), total(session, AnswerRow)
        with pytest.raises(InvalidInput) as caught:
            send(session, place, answers, **changed)
        session.rollback()
        assert (total(session, Visit), total(session, AnswerRow)) == before
    assert all(f.message and f.remedy for f in caught.value.faults)
    return {f.field: f"{f.message}|{f.where}|{f.value}" for f in caught.value.faults}


def test_all_faults_are_named_at_once(wall, place):
    answers = {
        **ANSWERS,
        "toilet_clean": {"rating": 11},
        "parking_offences": {"count": -1},
        "stall_licences": {"n": 9, "m": 7},
        "no_wildlife": "yes",
        "CIV-MARKET-01": {"count": 1},
    }
    del answers["illegal_posters"]
    faults = refused(wall, place, answers, photos={"toilet_clean": ["0" * 64]}, notes={"nonsense": "x"})
    assert faults == {
        "toilet_clean.rating": "超出范围|CIV-MARKET-08、SAN-MARKET-09|11",
        "parking_offences.count": "超出范围|CIV-MARKET-09|-1",
        "stall_licences.n": "合格数不能多于检查数|CIV-MARKET-12、FS-MARKET-02|9",
        "no_wildlife": "答案的写法不对|FS-MARKET-08|yes",
        "CIV-MARKET-01": "这个点位没有这个问题||{'count': 1}",
        "illegal_posters": "没有作答|CIV-MARKET-11|",
        "notes.nonsense": "这个点位没有这个问题||x",
    }


def test_a_photo_that_was_not_sent_is_named(wall, place):
    faults = refused(wall, place, photos={"toilet_clean": ["f" * 64, str(new_id())]})
    assert list(faults) == ["photos.toilet_clean"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"answers": {}}, "answers"),
        ({"note": "x" * 2001}, "note"),
        ({"note": "坏\x00字"}, "note"),
        ({"note": "坏\ud800字"}, "note"),
        ({"notes": {"fair_scale": 7}}, "notes.fair_scale"),
        ({"photos": {"fair_scale": "abc"}}, "photos.fair_scale"),
        ({"photos": {"fair_scale": 7}}, "photos.fair_scale"),
        ({"photos": {"fair_scale": [str(n) for n in range(10)]}}, "photos.fair_scale"),
        ({"started_at": datetime(2026, 11, 19)}, "started_at"),
        ({"basis": "declared"}, "basis"),
    ],
)
def test_bad_input_is_named_with_its_place(wall, place, change, field):
    assert field in refused(wall, place, **change)


def test_one_campaigns_form_alone_leaves_the_others_out(wall, place):
    mine = {i.question for i in plan(["produce_market"], campaigns()).forms[0].form.items}
    with place.district.session(wall) as session:
        done = send(session, place, {q: a for q, a in ANSWERS.items() if q in mine})
        session.commit()
    assert [s.form for s in done.sheets] == ["CIV-MARKET"]
    assert {f.question for f in done.findings} == FAILED & mine
    # one question of another form's own makes that form answered, and so incomplete
    more = {q: a for q, a in ANSWERS.items() if q in mine or q == "no_wildlife"}
    assert "rapid_test_room" in refused(wall, place, more)


def test_everything_may_be_not_applicable(wall, place):
    with place.district.session(wall) as session:
        done = send(session, place, {q: {"na": True} for q in ANSWERS})
        session.commit()
    assert [(s.earned, s.possible) for s in done.sheets] == [(0, 0)] * 3
    assert done.findings == []


def test_a_site_out_of_reach_elsewhere_or_unknown_is_not_found(wall, place):
    other = town(wall, "邻区")
    with place.district.session(wall) as session:
        far = add_site(session, place.district.communities[1], "produce_market")
        session.commit()
        narrow = add_actor(wall, place.ref, "inspector", place.district.communities[0])
        send(session, place, actor=narrow)
        for actor, site in (
            (narrow, far),
            (place.inspector, other.market),
            (place.inspector, new_id()),
            (place.leader, place.market),
            (place.liaison, place.market),
        ):
            with pytest.raises(NotFound) as caught:
                send(session, place, actor=actor, site_id=site)
            assert caught.value.text() == "没有找到"
            with pytest.raises(NotFound):
                due_at_site(session, actor, site, campaigns(), THURSDAY.date())


def test_two_districts_do_not_see_each_others_visits(wall, place):
    other = town(wall, "邻区")
    visit_id = new_id()
    with place.district.session(wall) as session:
        send(session, place, visit_id=visit_id)
        session.commit()
    with other.district.session(wall) as session:
        done = send(session, other, visit_id=visit_id, answers=ALL_GOOD)  # the same id is no conflict over there
        session.commit()
        assert not done.replayed
        assert total(session, Finding) == 0
        assert total(session, Visit) == 1


def test_photos_are_attached_and_the_visit_is_in_the_journal(wall, place, tmp_path):
    from core.work.inspection.photos import store
    from tests.work.pictures import jpeg

    with place.district.session(wall) as session:
        file = store(session, place.inspector, jpeg(), files=tmp_path)
        done = send(session, place, photos={"toilet_clean": [str(file.id)], "no_wildlife": [file.original_sha256]})
        session.commit()
        attached = {
            a.question: a.file_id for a in session.scalars(select(Attachment).filter_by(visit_id=done.visit.id))
        }
        assert attached == {"toilet_clean": file.id, "no_wildlife": file.id}
        line = session.scalars(select(Audit).filter_by(verb="visit.submit", object_id=str(done.visit.id))).one()
    assert line.person_id == place.inspector.person_id
    assert line.detail["findings"] == 10


def test_a_rolled_back_visit_leaves_nothing(wall, place):
    visit_id = new_id()
    with place.district.session(wall) as session:
        before = total(session, Finding)
        send(session, place, visit_id=visit_id)
        session.rollback()
        assert total(session, Visit, id=visit_id) == 0
        assert total(session, Finding) == before
