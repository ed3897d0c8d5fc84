"""A form's own questions in use (自有观测项): planned, answered, corrected, found, listed, exported and read by nobody wrongly."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from core.campaigns import Form, installed, parse_answer
from core.campaigns.body import seal
from core.campaigns.terms import Question
from core.campaigns.xlsform.own_questions import is_own, own_code
from core.campaigns.xlsform.scored import survey_of
from core.errors import InvalidInput
from core.figures.periods import parse_period
from core.figures.scores import score_campaign
from core.work.forms.entries_columns import RECORDS, layout_of
from core.work.forms.fielding import fielded, form_in_use, own_questions
from core.work.forms.versions import check_form, draft, end_version, publish
from core.work.inspection.visit_corrections import correct
from core.work.inspection.visit_plan import plan
from core.work.inspection.visits import submit
from core.work.tables import AnswerRow, Finding, ItemResult, OwnForm, Sheet
from tenants.db import new_id
from tenants.scope import Wall
from tests.campaigns.xlsform.test_own_questions import CODES, yard
from tests.factory import add_actor, add_site, bare_district
from tests.work.market import THURSDAY

SANITARY = installed().campaigns["sanitary_city"]
MINE = {SANITARY.key: (SANITARY.edition.key, SANITARY.edition.sha256)}
ROAD, KERB = "main_road", own_code("SAN-ROAD", "KERB")
WORDS = installed().vocabulary
GOOD = {"yes_no": {"yes": True}, "count": {"count": 0}, "rating10": {"rating": 10}, "n_of_m": {"n": 3, "m": 3}}


def kerbed() -> Form:
    """The shipped road form with an item that nobody else asks; it earns nothing."""
    form = SANITARY.edition.form("SAN-ROAD")
    last = form.items[-1]
    kerb = replace(last, code="KERB", number=99, text_zh="路缘石有没有缺角", text_en="kerb stones whole?", question=KERB,
                   mode="conform", rule="0 or full", points=Decimal(0), key="", indicators=(), see_also=(), hint="")  # fmt: skip
    question = Question(KERB, "yes_no", kerb.text_zh, kerb.text_en)
    return seal(replace(form, items=(*form.items, kerb), questions=(question,)))


class Street:
    """A district with a road that two forms with questions of their own are asked at (现场)."""

    def __init__(self, wall: Wall) -> None:
        self.wall = wall
        self.district = bare_district(wall, campaigns=MINE)
        self.admin = add_actor(wall, self.district.ref, "administrator", self.district.root)
        self.inspector = add_actor(wall, self.district.ref, "inspector", self.district.root)
        with self.session() as session:
            self.site = add_site(session, self.district.communities[0], ROAD)
            for form in (yard(), kerbed()):
                row = draft(session, self.admin, SANITARY, form, now=THURSDAY)
                publish(session, self.admin, row.id, SANITARY, form, now=THURSDAY)
            session.commit()
            self.campaigns = fielded(session, installed())

    def session(self):
        return self.district.session(self.wall)

    def answers(self, **changed):
        asked = plan([ROAD], self.campaigns).questions
        return {code: dict(GOOD[one.question.answer_type]) for code, one in asked.items()} | changed

    def send(self, session, **more):
        given = {"campaigns": self.campaigns, "visit_id": new_id(), "site_id": self.site, "now": THURSDAY}
        return submit(session, self.inspector, **({"answers": self.answers()} | given | more))


@pytest.fixture
def street(wall: Wall) -> Street:
    return Street(wall)


def test_a_shipped_form_may_ask_more_but_earns_nothing_by_it() -> None:
    form = kerbed()
    assert check_form(SANITARY, form) == []
    richer = replace(form.items[-1], points=Decimal(5))
    [fault] = check_form(SANITARY, seal(replace(form, items=(*form.items[:-1], richer))))
    assert fault.field == "points"
    assert check_form(SANITARY, yard()) == [], "a form with a code of its own scores as it likes"


def test_the_plan_asks_them_by_their_own_words(street: Street) -> None:
    asked = plan([ROAD], street.campaigns).questions
    assert {*CODES, KERB} <= set(asked)
    assert asked[KERB].question.answer_type == "yes_no"
    assert asked[CODES[2]].question.text_en == "troughs with water"
    assert asked[KERB].item_codes == "KERB"


def test_answers_are_checked_scored_and_open_findings(street: Street) -> None:
    with street.session() as session:
        with pytest.raises(InvalidInput) as refused:
            street.send(session, answers=street.answers(**{KERB: {"count": 3}}))
        assert {one.field.rpartition(".")[0] for one in refused.value.faults} == {KERB} or KERB in str(refused.value)
        session.rollback()
        done = street.send(session, answers=street.answers(**{KERB: {"yes": False}, CODES[1]: {"count": 5}}))
        sheets = {one.form: one for one in session.scalars(select(Sheet).where(Sheet.visit_id == done.visit.id))}
        assert (sheets["OWN-YARD"].earned, sheets["OWN-YARD"].possible) == (9000, 10000)
        assert sheets["SAN-ROAD"].earned == sheets["SAN-ROAD"].possible, "the district's own item costs nothing"
        found = session.scalars(select(Finding).where(Finding.visit_id == done.visit.id)).all()
        assert KERB in {one.question for one in found}
        rows = dict(session.execute(select(ItemResult.question, ItemResult.outcome)).all())
        assert (rows[KERB], rows[CODES[0]]) == ("fail", "pass")
        assert session.scalar(select(AnswerRow.yes).where(AnswerRow.question == KERB)) is False


def test_a_visit_of_an_earlier_version_is_taken_and_corrected_by_it(street: Street) -> None:
    with street.session() as session:
        old = form_in_use(session, SANITARY, "OWN-YARD")
        assert old
        done = street.send(session)
        [row] = [one for one in session.query(OwnForm) if one.code == "OWN-YARD"]
        end_version(session, street.admin, row.id, now=THURSDAY + timedelta(minutes=5))
        session.flush()
        later = fielded(session, installed())
        assert CODES[0] not in plan([ROAD], later).questions
        changed = street.answers(**{CODES[0]: {"yes": False}})
        again = correct(
            session, street.inspector, done.visit.id, campaigns=later, new_visit_id=new_id(), answers=changed,
            reason="看错了", now=THURSDAY + timedelta(minutes=9),
        )  # fmt: skip
        said = session.scalar(
            select(AnswerRow.yes).where(AnswerRow.visit_id == again.visit.id, AnswerRow.question == CODES[0])
        )
        assert said is False
        assert own_questions(session)[CODES[0]].text_zh == "门口有没有花", "its words are still known"


def test_every_column_of_an_export_knows_them() -> None:
    form = kerbed()
    laid = layout_of([form], WORDS.with_own(questions=SANITARY.questions))
    column = next(one for one in laid.tables[0].columns if one.key == "KERB")
    assert (column.type, column.label.zh) == ("select_one", "路缘石有没有缺角")
    [row] = laid.rows("r", form.sha256, {"KERB": parse_answer(form.questions[0], {"yes": False})}, {})
    assert (row.table if hasattr(row, "table") else RECORDS) == RECORDS
    assert row.cells["KERB"] == "no"
    assert len(survey_of(form, WORDS).items()) == len(form.items)


def test_two_forms_may_not_call_their_questions_the_same(street: Street) -> None:
    twin = yard()
    items = tuple(replace(one, code=f"T-{one.number}") for one in twin.items)
    other = seal(replace(twin, code="OWN-TWIN", items=items))
    with street.session() as session:
        row = draft(session, street.admin, SANITARY, other, now=THURSDAY)
        with pytest.raises(InvalidInput) as refused:
            publish(session, street.admin, row.id, SANITARY, other, now=THURSDAY)
        assert {one.value for one in refused.value.faults} == set(CODES)


def test_another_edition_scores_the_visit_as_if_nothing_had_been_added(street: Street) -> None:
    other = next(one for one in SANITARY.shipped if one.sha256 != SANITARY.edition.sha256)
    month, late = parse_period("2026-11"), THURSDAY + timedelta(days=2)
    plain = {code: said for code, said in street.answers().items() if not is_own(code)}

    def total(*campaigns, answers):
        with street.session() as session:
            street.send(session, campaigns=list(campaigns), answers=answers)
            session.flush()
            found = score_campaign(session, None, SANITARY, other, month, cut_off=late)
            session.rollback()
        return [(one.code, one.earned, one.possible, one.value) for one in found.indicators]

    before = total(SANITARY, answers=plain)
    assert any(earned for _, earned, _, _ in before)
    failing = street.answers(**{KERB: {"yes": False}, CODES[1]: {"count": 9}})
    assert total(*street.campaigns, answers=failing) == before
