"""A form that asks more than its items (有附加题的表): a version of the sanitary city's road form, and a district that uses it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.campaigns import Form, installed
from core.campaigns.terms import Vocabulary
from core.campaigns.xlsform.model import Choice, ChoiceList, Design, Field, Group, Repeat, Survey, Text
from core.campaigns.xlsform.scored import survey_of, to_form
from core.work.forms.fielding import fielded
from core.work.forms.versions import draft, publish, shipped_form
from core.work.inspection.visit_plan import plan
from tenants.scope import Wall
from tests.factory import District, add_actor, add_site, bare_district
from tests.work.market import THURSDAY

SANITARY = installed().campaigns["sanitary_city"]
CODE = "SAN-ROAD"
ROAD = "main_road"
KERB = "OWN-KERB"


def borrowed(shipped: Form, words: Vocabulary) -> Field:
    """A yes-or-no item of another form, as the district adds it: it opens findings and earns nothing."""
    asked = {item.question for item in shipped.items}
    for form in SANITARY.edition.forms:
        for field in survey_of(form, words).items():
            if field.type == "select_one" and field.scoring and field.scoring.question not in asked:
                return replace(field, scoring=replace(field.scoring, points=Decimal(0), indicators=(), see_also=()))
    raise LookupError("no such item")


def asking_more() -> Form:
    """The road form with questions round its items; an item of the district's own (``OWN-KERB``) is asked only where there is a pavement."""
    shipped = shipped_form(SANITARY, CODE)
    assert shipped is not None
    words = installed().vocabulary.with_own(questions=SANITARY.questions)
    usual = survey_of(shipped, words)
    first, second, *rest = usual.children
    assert isinstance(first, Field)
    assert isinstance(second, Field)
    top = Group(
        "place",
        Text("路段情况", "The stretch"),
        children=(
            Field("paved", "select_one", Text("有没有人行道", "Is there a pavement"), required="true()", choices="paving"),
            Field("length", "integer", Text("长度（米）", "Length (m)"), constraint=". > 0 and . <= 5000",
                  constraint_message=Text("长度应为 1 到 5000 米", "1 to 5000 m")),
            Field("where", "geopoint", Text("起点", "Start")),
        ),
    )  # fmt: skip
    stalls = Repeat(
        "stalls",
        Text("占道摊点", "Stalls on the road"),
        children=(
            Field("trade", "text", Text("卖什么", "What is sold"), required="true()"),
            Field("seen", "image", Text("照片", "Photo")),
            Field("size", "decimal", Text("面积", "Area")),
        ),
    )
    total = Field("total", "calculate", Text("合计面积", "Total area"), calculation="sum(${size})")
    why = Field("why", "text", Text("为什么", "Why"), relevant="${paved} = 'no'")
    kerb = replace(borrowed(shipped, words), name=KERB, relevant="${paved} = 'yes'")
    parts = (top, kerb, first, second, why, stalls, total, *rest)
    listed = ChoiceList("paving", (Choice("yes", Text("有", "Yes")), Choice("no", Text("没有", "No"))))
    survey = Survey(parts, (*usual.lists, listed), usual.blocks)
    design = Design(CODE, Text(shipped.title_zh, shipped.title_en), survey, shipped.site_types, SANITARY.key)
    return to_form(design, words)


class Street:
    """A district whose inspectors are given the form, with a road (现场)."""

    def __init__(self, wall: Wall, form: Form | None = None) -> None:
        self.wall = wall
        mine = {SANITARY.key: (SANITARY.edition.key, SANITARY.edition.sha256)}
        self.district: District = bare_district(wall, campaigns=mine)
        self.admin = add_actor(wall, self.district.ref, "administrator", self.district.root)
        self.inspector = add_actor(wall, self.district.ref, "inspector", self.district.root)
        self.form = form or asking_more()
        with self.session() as session:
            self.site: UUID = add_site(session, self.district.communities[0], ROAD)
            row = draft(session, self.admin, SANITARY, self.form, now=THURSDAY)
            publish(session, self.admin, row.id, SANITARY, self.form, now=THURSDAY)
            session.commit()
            self.campaigns = fielded(session, installed())

    def session(self):
        """A session behind the wall of the district."""
        return self.district.session(self.wall)

    def answers(self) -> dict[str, dict[str, Any]]:
        """An answer without fault to every question that is due at the road."""
        good = {"yes_no": {"yes": True}, "count": {"count": 0}, "rating10": {"rating": 10}, "n_of_m": {"n": 3, "m": 3}}
        asked = plan([ROAD], self.campaigns).questions
        return {code: dict(good[one.question.answer_type]) for code, one in asked.items()}


def said(**changed: Any) -> dict[str, Any]:
    """What is said to the further questions; None takes a question away."""
    given = {
        "paved": "yes",
        "length": "120",
        "where": "37.7369 112.5656",
        "stalls": [{"trade": "瓜果", "size": "1.5"}, {"trade": "早点", "size": "2"}],
    }
    return {key: value for key, value in (given | changed).items() if value is not None}
