"""A market whose form asks more than its items (填写内容现场): two versions of it, and what visits said to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from core.campaigns import Campaign, Form, installed, load_vocabulary
from core.campaigns.xlsform.model import Choice, ChoiceList, Field, Group, Repeat, Survey, Text
from core.campaigns.xlsform.scored import design_of, survey_of, to_form
from core.work.forms.fielding import with_own
from core.work.forms.versions import draft
from core.work.inspection.visits import Submitted
from tenants.access import Actor
from tenants.scope import ScopedSession
from tests.work.market import ANSWERS, THURSDAY, Town, campaigns, send

SANITARY, CODE = "sanitary_city", "SAN-MARKET"

KINDS = ChoiceList("kinds", (Choice("a", Text("甲级", "First class")), Choice("b", Text("乙级", "Second class"))))
GOODS = ChoiceList("goods", (Choice("fish", Text("水产", "Fish")), Choice("meat", Text("肉类", "Meat"))))
STALLS = Repeat(
    "stalls",
    Text("摊位", "Stalls"),
    children=(
        Field("keeper", "text", Text("摊主", "Keeper")),
        Field("area", "decimal", Text("面积（平方米）", "Area (m²)")),
        Field("sells", "select_multiple", Text("经营", "Sells"), choices="goods"),
        Repeat("lots", Text("批次", "Lots"), children=(Field("weight", "integer", Text("重量", "Weight")),)),
    ),
)
FIRST = (
    Field("phone", "text", Text("经营者电话", "Phone")),
    Group(
        "house",
        Text("市场概况", "The market"),
        children=(
            Field("level", "select_one", Text("市场级别", "Level"), choices="kinds"),
            Field("staff", "integer", Text("管理人员", "Staff")),
            Field("opened", "date", Text("开业日期", "Opened on")),
            Field("sold", "select_multiple", Text("经营品类", "Goods sold"), choices="goods", or_other=True),
        ),
    ),
    Field("gate", "image", Text("大门照片", "Gate")),
    Field("where", "geopoint", Text("大门位置", "Position of the gate")),
    Field("double", "calculate", Text("管理人员加倍", "Twice the staff"), calculation="${staff} * 2"),
    STALLS,
)


def version(*further: Field | Group | Repeat, says: str = "") -> Form:
    """The market's form with further questions after its items; ``says`` puts the phone's label otherwise."""
    campaign = installed().campaigns[SANITARY]
    words = load_vocabulary().with_own(questions=campaign.questions)
    form = campaign.edition.form(CODE)
    asked = survey_of(form, words)
    parts = tuple(
        replace(one, label=Text(says)) if isinstance(one, Field) and one.name == "phone" and says else one
        for one in further
    )
    whole = Survey((*asked.children, *parts), (*asked.lists, KINDS, GOODS))
    return to_form(replace(design_of(form, words, SANITARY), survey=whole), words)


def first_version() -> Form:
    """The version with all kinds of questions."""
    return version(*FIRST)


def second_version() -> Form:
    """The next one: the phone is called otherwise, the number of the staff is gone, shops are counted, meat is not sold."""
    kept = (FIRST[0], FIRST[2], FIRST[3], STALLS)
    return version(*kept, Field("shops", "integer", Text("店铺数", "Shops")), says="联系电话")


def put_in_use(session: ScopedSession, admin: Actor, form: Form, now: datetime = THURSDAY) -> None:
    """Publish a version without asking whether inspectors' pages can show it."""
    row = draft(session, admin, installed().campaigns[SANITARY], form, now=now)
    for other in session.query(type(row)).where(type(row).code == form.code, type(row).state == "published"):
        other.state = "replaced"
    session.flush()
    row.state, row.published_at = "published", now
    session.flush()


def fielded_campaigns(session: ScopedSession) -> list[Campaign]:
    return with_own(session, campaigns())


def answered(
    session: ScopedSession,
    place: Town,
    form: Form,
    data: Mapping[str, Any],
    answers: Mapping[str, Any] = ANSWERS,
    **changed: Any,
) -> Submitted:
    """A visit that answered the form in use and said something beside its items."""
    given = {"campaigns": fielded_campaigns(session), "entries": {form.sha256: dict(data)}}
    return send(session, place, answers, **(given | changed))


def full_data(photo: UUID | None = None) -> dict[str, Any]:
    """An answer to everything that the first version asks."""
    said: dict[str, Any] = {
        "phone": "=138 0000",
        "level": "a",
        "staff": 0,
        "opened": "2019-05-01",
        "sold": ["fish", "other"],
        "sold_other": "花卉",
        "where": "37.7369 112.5656 0 8.5",
        "stalls": [
            {"keeper": "演示摊主甲", "area": "12.50", "sells": ["fish"], "lots": [{"weight": 3}, {"weight": 4}]},
            {"keeper": "演示摊主乙", "sells": ["fish", "meat"]},
        ],
    }
    return said | ({"gate": str(photo)} if photo else {})
