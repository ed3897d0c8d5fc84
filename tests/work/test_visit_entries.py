"""Questions beside the items (填写内容): checked by the form's conditions, stored with the visit, corrected with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from core.campaigns import Answer, Item
from core.campaigns.body import seal
from core.errors import Conflict, InvalidInput
from core.work.forms.entries import item_answers
from core.work.forms.versions import check_form
from core.work.inspection.photos import store
from core.work.inspection.visit_corrections import correct
from core.work.inspection.visit_input import VisitBody
from core.work.inspection.visit_versions import version_of
from core.work.inspection.visits import Submitted, submit
from core.work.tables import AnswerRow, Attachment, ItemResult, SheetEntry, Visit
from tenants.db import new_id
from tenants.scope import ScopedSession, Wall
from tests.work.asking_more import CODE, KERB, SANITARY, Street, asking_more, said
from tests.work.market import THURSDAY
from tests.work.pictures import jpeg

KEY = (SANITARY.key, CODE)


@pytest.fixture
def street(wall: Wall) -> Street:
    return Street(wall)


def send(session: ScopedSession, street: Street, beside: Any = None, **changed: Any) -> Submitted:
    """A visit to the road; ``beside`` is said on the one form."""
    given = {"visit_id": new_id(), "site_id": street.site, "answers": street.answers(), "now": THURSDAY}
    given["entries"] = {street.form.sha256: said() if beside is None else beside}
    return submit(session, street.inspector, campaigns=street.campaigns, **(given | changed))


def kept(session: ScopedSession, visit: Visit) -> dict[str, Any]:
    return session.scalars(select(SheetEntry).where(SheetEntry.visit_id == visit.id)).one().data


def results(session: ScopedSession, visit: Visit) -> dict[str, str]:
    rows = session.scalars(select(ItemResult).where(ItemResult.visit_id == visit.id, ItemResult.form == CODE))
    return {row.item: row.outcome for row in rows}


def faults_of(session: ScopedSession, street: Street, beside: Any = None, **changed: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as refused:
        send(session, street, beside, **changed)
    assert all(one.remedy for one in refused.value.faults)
    return [(one.field, one.where) for one in refused.value.faults]


def kerb(street: Street) -> Item:
    """The district's own item, which a condition may hide."""
    return next(item for item in street.form.items if item.code == KERB)


def test_what_is_said_beside_the_items_is_kept_as_it_is_checked(street: Street) -> None:
    with street.session() as session:
        visit = send(session, street).visit
        session.commit()
        assert kept(session, visit) == {
            "paved": "yes",
            "length": 120,
            "where": "37.7369 112.5656 0 0",
            "stalls": [{"trade": "瓜果", "size": "1.5"}, {"trade": "早点", "size": "2"}],
            "total": "3.5",
        }
        assert set(results(session, visit).values()) == {"pass"}


def test_an_item_that_its_condition_hides_does_not_apply(street: Street) -> None:
    with street.session() as session:
        answers = street.answers()
        del answers[kerb(street).question]
        visit = send(session, street, said(paved="no", why="施工", total="999"), answers=answers).visit
        session.commit()
        assert kept(session, visit)["why"] == "施工"
        assert kept(session, visit)["total"] == "3.5", "what is calculated is calculated here"
        assert results(session, visit)[KERB] == "na"
        assert set(results(session, visit).values()) == {"pass", "na"}
        asked = session.scalars(select(AnswerRow.question).where(AnswerRow.visit_id == visit.id))
        assert kerb(street).question not in set(asked)
        read = item_answers(session, *KEY, [visit.id])[visit.id]
        assert read.keys() == {item.code for item in street.form.items}
        assert read[KERB] == (Answer(na=True), "na")


def test_an_answer_to_what_is_hidden_is_left_out(street: Street) -> None:
    failed = {kerb(street).question: {"yes": False}}
    with street.session() as session:
        shown = send(session, street, answers=street.answers() | failed)
        assert [one.question for one in shown.findings] == [*failed]
        more = {"answers": street.answers() | failed, "notes": dict.fromkeys(failed, "路面破损")}
        done = send(session, street, said(paved="no"), **more)
        session.commit()
        assert done.findings == []
        assert results(session, done.visit)[KERB] == "na"


def test_a_scored_item_of_a_shipped_form_takes_no_condition() -> None:
    form = asking_more()
    assert form.survey is not None
    scored = {item.code for item in form.items} - {KERB}
    parts = [replace(p, relevant="1 = 1") if getattr(p, "name", "") in scored else p for p in form.survey.children]
    faults = check_form(SANITARY, seal(replace(form, survey=replace(form.survey, children=tuple(parts)))))
    assert {(one.field, one.value) for one in faults} == {("relevant", code) for code in scored}
    assert check_form(SANITARY, form) == []


def test_faults_name_the_place_and_the_remedy(street: Street) -> None:
    at = f"entries.{CODE}."
    with street.session() as session:
        assert (f"{at}paved", CODE) in faults_of(session, street, said(paved=None))
        assert faults_of(session, street, said(length="0")) == [(f"{at}length", CODE)]
        assert faults_of(session, street, said(length="many")) == [(f"{at}length", CODE)]
        assert faults_of(session, street, said(stalls=[{"trade": "瓜果"}, {}])) == [(f"{at}stalls[2].trade", CODE)]
        assert faults_of(session, street, said(colour="red")) == [(f"{at}colour", CODE)]
        assert (f"entries.{CODE}.", CODE) in faults_of(session, street, ["paved"])
        nowhere = {"entries": {"f" * 64: {"paved": "yes"}, street.form.sha256: said()}}
        assert faults_of(session, street, **nowhere) == [("entries", "")]


def test_a_picture_is_an_answer_and_a_photo_of_the_visit(street: Street, tmp_path: Any) -> None:
    with street.session() as session:
        file = store(session, street.inspector, jpeg(), files=tmp_path)
        row = {"trade": "瓜果", "seen": file.sha256}
        visit = send(session, street, said(stalls=[row])).visit
        session.commit()
        assert kept(session, visit)["stalls"][0]["seen"] == str(file.id)
        attached = session.scalars(select(Attachment).where(Attachment.visit_id == visit.id)).one()
        assert attached.question == f"entry:{KEY[0]}/{CODE}:stalls[1].seen"
        assert attached.file_id == file.id
        unknown = faults_of(session, street, said(stalls=[{"trade": "瓜果", "seen": "a" * 64}]))
        assert unknown == [(f"entries.{CODE}.stalls[1].seen", "")]


def test_the_same_again_is_the_same_and_another_is_a_conflict(street: Street) -> None:
    visit_id = new_id()
    with street.session() as session:
        send(session, street, visit_id=visit_id)
        session.commit()
        assert send(session, street, visit_id=visit_id).replayed
        with pytest.raises(Conflict):
            send(session, street, said(length="121"), visit_id=visit_id)


def test_a_body_without_entries_hashes_as_it_did() -> None:
    plain = VisitBody(UUID(int=1), {"a": {"yes": True}}, {}, {}, None, "", None)
    with_none = VisitBody(UUID(int=1), {"a": {"yes": True}}, {}, {}, None, "", None, entries={"f": {}})
    assert plain.sha256() == with_none.sha256()


def test_a_correction_says_them_again_or_leaves_them(street: Street) -> None:
    later = THURSDAY + timedelta(hours=1)
    given = {"campaigns": street.campaigns, "answers": street.answers(), "reason": "看错了", "now": later}
    with street.session() as session:
        first = send(session, street).visit
        session.commit()
        with pytest.raises(InvalidInput, match="完全一样"):
            correct(session, street.inspector, first.id, new_visit_id=new_id(), **given)
        mended = {street.form.sha256: said(length="130")}
        second = correct(session, street.inspector, first.id, new_visit_id=new_id(), entries=mended, **given).visit
        session.commit()
        assert (kept(session, first)["length"], kept(session, second)["length"]) == (120, 130)
        assert version_of(session, second).entries[KEY]["length"] == 130
        third = correct(session, street.inspector, second.id, new_visit_id=new_id(), note="补充", **given).visit
        session.commit()
        assert kept(session, third)["length"] == 130, "what is not said again stays"
