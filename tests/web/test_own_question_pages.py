"""A form's own questions on every page (自有观测项页面): uploaded, asked, answered, corrected, shown, listed, on phones and by machines."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from core.campaigns import installed
from core.work.forms.fielding import fielded
from core.work.inspection.visit_plan import plan
from core.work.invitations import make_api_token
from tenants.scope import Wall
from tests.api.conftest import Caller
from tests.campaigns.xlsform.examples import as_xlsx
from tests.campaigns.xlsform.test_own_questions import CODES, YARD
from tests.factory import add_actor, add_site, bare_district
from tests.web.desk import clerk, content
from tests.web.test_field_pages import hidden
from tests.web.test_form_pages import CODE, MINE, SANITARY, hand_in

ROAD = "main_road"
GOOD = {"yes_no": {"yes": "yes"}, "count": {"count": "0"}, "rating10": {"rating": "10"}, "n_of_m": {"n": "3", "m": "3"}}


class Stage:
    """A district whose administrator published the yard's form (现场)."""

    def __init__(self, app: Flask, wall: Wall) -> None:
        self.wall = wall
        self.district = bare_district(wall, campaigns=MINE)
        roles = ("administrator", "hq_office", "inspector")
        self.actors = {one: add_actor(wall, self.district.ref, one, self.district.root) for one in roles}
        self.admin, self.office, self.inspector = (clerk(app, wall, one) for one in self.actors.values())
        with self.district.session(wall) as session:
            self.site = add_site(session, self.district.communities[0], ROAD)
            session.commit()
        check = hand_in(self.admin, as_xlsx(YARD), "yard.xlsx").partition("?")[0]
        self.checked = self.admin.read(f"{check}?name=yard.xlsx")
        self.admin.send(check, {"name": "yard.xlsx", "go": "publish"}, 303)

    def answers(self, **changed: Any) -> dict[str, str]:
        with self.district.session(self.wall) as session:
            asked = plan([ROAD], fielded(session, installed())).questions
        given = {code: GOOD[one.question.answer_type] for code, one in asked.items()} | changed
        return {f"a.{code}.{part}": said for code, raw in given.items() for part, said in raw.items()}

    def visit(self, **changed: Any) -> str:
        page = self.inspector.read(f"visit/{self.site}")
        start = {name: hidden(page, name) for name in ("visit_id", "started_at")}
        answer, _ = self.inspector.send(f"visit/{self.site}", start | self.answers(**changed), 303)
        return answer.headers["Location"].rpartition("/")[2]


@pytest.fixture
def stage(app: Flask, wall: Wall) -> Stage:
    return Stage(app, wall)


def test_the_upload_says_that_it_can_be_used_and_the_form_is_read_everywhere(stage: Stage) -> None:
    assert "这是一张新表" in stage.checked
    own = f"{SANITARY.key}/OWN-YARD"
    for path in (f"forms/{own}", f"forms/{own}/preview", f"paper/{own}", f"forms/{own}/records", "illustrations"):
        page = stage.admin.read(path)
        assert "OWN-YARD" in page or "门口有没有花" in page, path
    assert "门口有没有花" in stage.office.read(f"paper/{own}")
    assert "门口有没有花" in stage.office.read("illustrations?cursor=&form=" + own)
    assert stage.admin.ask(f"forms/{own}/form.xlsx").status_code == 200


def test_it_is_asked_answered_shown_and_corrected(stage: Stage) -> None:
    page = stage.inspector.read(f"visit/{stage.site}")
    assert "门口有没有花" in page
    assert f"a.{CODES[2]}.m" in page
    done = stage.visit(**{CODES[0]: {"yes": "no"}})
    shown = content(stage.office.read(f"visits/{done}"))
    assert "门口有没有花" in shown
    form = stage.inspector.read(f"visits/{done}/correct")
    start = {name: hidden(form, name) for name in ("visit_id", "started_at")}
    changed = stage.answers(**{CODES[0]: {"yes": "no"}, CODES[1]: {"count": "3"}})
    answer, _ = stage.inspector.send(f"visits/{done}/correct", start | changed | {"reason": "数错了"}, 303)
    again = content(stage.inspector.read(f"visits/{answer.headers['Location'].rpartition('/')[2]}"))
    assert "地面烟头数" in again
    assert "数错了" in again


def test_its_finding_and_lists_say_it(stage: Stage) -> None:
    done = stage.visit(**{CODES[0]: {"yes": "no"}, CODES[1]: {"count": "4"}})
    page = content(stage.office.read("findings"))
    assert "门口有没有花" in page or "OWN-YARD" in page or "Y-01" in page
    for path in (
        "visits/export.csv",
        f"forms/{SANITARY.key}/OWN-YARD/records/export.csv",
        "findings/export.csv",
        "load",
    ):
        assert stage.office.ask(path).status_code in (200, 404), path
    told = stage.office.ask(f"forms/{SANITARY.key}/OWN-YARD/records/export.csv").get_data(as_text=True)
    assert "Y-01" in told
    assert ",no," in told
    assert stage.office.ask(f"sites/{stage.site}").status_code == 200
    assert stage.office.ask(f"visits/{done}").status_code == 200


def test_an_answer_that_lost_its_question_is_kept_in_words(stage: Stage) -> None:
    page = stage.inspector.read(f"visit/{stage.site}")
    start = {name: hidden(page, name) for name in ("visit_id", "started_at")}
    wrong = stage.answers(**{CODES[1]: {"count": "many"}})
    _, page = stage.inspector.send(f"visit/{stage.site}", start | wrong, 422)
    assert "地面烟头数" in content(page)
    due = installed().campaigns[SANITARY.key].edition.form(CODE).sha256
    _, page = stage.inspector.send(f"visit/{stage.site}", start | wrong | {"forms": due}, 422)
    assert "地面烟头数" in content(page), "typed and out of place: told in words"


def test_phones_and_machines_are_told_its_words(app: Flask, stage: Stage) -> None:
    body = stage.inspector.ask("field/bundle").get_data(as_text=True)
    body += stage.inspector.ask(f"field/sites/{stage.site}").get_data(as_text=True)
    assert CODES[0] in body
    assert "flowers at the gate" in body
    done = stage.visit(**{CODES[0]: {"yes": "no"}})
    with stage.district.session(stage.wall) as session:
        actor = stage.actors["inspector"]
        token = make_api_token(session, None, actor.tenant.slug, actor.person_id, name="测试")
        session.commit()
    caller = Caller(app, actor.tenant.slug, token)
    plan_said = caller.get(f"visits/plan?site={stage.site}").get_data(as_text=True)
    assert CODES[0] in plan_said
    assert "flowers at the gate" in plan_said
    assert CODES[0] in caller.get(f"visits/{done}").get_data(as_text=True)
