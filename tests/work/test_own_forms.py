"""A district's own forms (自有表格): what they may change, how versions follow each other, and which visits are taken by which."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from core.campaigns import Form, installed
from core.campaigns.body import seal
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work.forms.fielding import fielded, read_forms
from core.work.forms.versions import check_form, draft, end_version, get_version, publish, shipped_form, versions_of
from core.work.inspection.opened_with import opened_plan
from core.work.inspection.visit_plan import plan
from core.work.tables import Audit, OwnForm, Site
from tenants.db import new_id
from tenants.scope import Wall
from tests.factory import District, add_actor, add_site, bare_district

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
SANITARY = installed().campaigns["sanitary_city"]
CODE = "SAN-ROAD"
MINE = {SANITARY.key: (SANITARY.edition.key, SANITARY.edition.sha256)}


def shipped() -> Form:
    found = shipped_form(SANITARY, CODE)
    assert found is not None
    return found


def reworded(text: str = "路面有没有坑（本区说法）") -> Form:
    """The shipped form with its first item said otherwise."""
    form = shipped()
    return seal(replace(form, items=(replace(form.items[0], text_zh=text), *form.items[1:])))


class Stage:
    """A district that runs one campaign (表格现场)."""

    def __init__(self, wall: Wall) -> None:
        self.wall = wall
        self.district: District = bare_district(wall, campaigns=MINE)
        self.admin = add_actor(wall, self.district.ref, "administrator", self.district.root)
        self.office = add_actor(wall, self.district.ref, "hq_office", self.district.root)

    def session(self):
        return self.district.session(self.wall)


@pytest.fixture
def stage(wall: Wall) -> Stage:
    return Stage(wall)


def in_hand(session) -> Form:
    """The form of the code that an inspector gets now."""
    [campaign] = fielded(session, installed())
    return campaign.edition.form(CODE)


def test_words_may_change_and_scores_may_not() -> None:
    form = shipped()
    first = form.items[0]
    assert check_form(SANITARY, form) == []
    assert check_form(SANITARY, reworded()) == []
    assert check_form(SANITARY, seal(replace(form, items=form.items[::-1]))) == [], "another order is no other score"
    for change in (
        {"points": first.points + 1},
        {"question": form.items[1].question},
        {"indicators": ()},
        {"key": "key"},
    ):
        changed = seal(replace(form, items=(replace(first, **change), *form.items[1:])))
        faults = check_form(SANITARY, changed)
        assert [(one.field, one.value) for one in faults] == [(next(iter(change)), first.code)]
        assert faults[0].remedy
    assert [one.value for one in check_form(SANITARY, seal(replace(form, items=form.items[1:])))] == [first.code]


def test_what_a_district_adds_opens_findings_and_earns_nothing() -> None:
    form = shipped()
    more = replace(form.items[0], code="OWN-01", number=99, points=Decimal(0), indicators=())
    assert check_form(SANITARY, seal(replace(form, items=(*form.items, more)))) == []
    for change, field in (({"points": Decimal(1)}, "points"), ({"indicators": ("X",)}, "indicators")):
        faults = check_form(SANITARY, seal(replace(form, items=(*form.items, replace(more, **change)))))
        assert [one.field for one in faults] == [field]
    other = next(one for one in SANITARY.edition.forms if one.code != CODE)
    taken = replace(more, code=other.items[0].code)
    assert [one.field for one in check_form(SANITARY, seal(replace(form, items=(*form.items, taken))))] == ["name"]
    own = seal(Form("OWN-1", "本区专表", "Own form", ("main_road",), (replace(more, points=Decimal(100)),)))
    assert check_form(SANITARY, own) == []
    assert [one.field for one in check_form(SANITARY, seal(replace(own, site_types=())))] == ["site_types"]
    moved = seal(replace(form, site_types=("public_toilet",)))
    assert [one.field for one in check_form(SANITARY, moved)] == ["site_types"]


def test_a_version_is_drafted_published_replaced_and_taken_back(stage: Stage) -> None:
    with stage.session() as session:
        assert in_hand(session).sha256 == shipped().sha256
        first = draft(session, stage.admin, SANITARY, reworded(), file_name="road.xlsx", note="换了说法", now=NOW)
        assert draft(session, stage.admin, SANITARY, reworded(), now=NOW).id == first.id, "the same again is the same"
        assert in_hand(session).sha256 == shipped().sha256, "a draft is in nobody's hand"
        publish(session, stage.admin, first.id, SANITARY, reworded(), now=NOW)
        assert in_hand(session).items[0].text_zh == "路面有没有坑（本区说法）"
        again = reworded("第二版")
        second = draft(session, stage.admin, SANITARY, again, now=NOW)
        publish(session, stage.admin, second.id, SANITARY, again, now=NOW)
        publish(session, stage.admin, second.id, SANITARY, again, now=NOW)
        session.commit()
    with stage.session() as session:
        assert in_hand(session).sha256 == again.sha256
        states = [(row.number, row.state) for row in versions_of(session, SANITARY.key, CODE)]
        assert states == [(2, "published"), (1, "replaced")]
        end_version(session, stage.admin, second.id, now=NOW)
        assert in_hand(session).sha256 == shipped().sha256
        publish(session, stage.admin, first.id, SANITARY, reworded(), now=NOW)
        assert in_hand(session).sha256 == reworded().sha256, "an older one is a way back"
        with pytest.raises(Conflict):
            end_version(session, stage.admin, second.id, now=NOW)
        verbs = list(session.scalars(select(Audit.verb).where(Audit.object_kind == "form").order_by(Audit.id)))
        assert sorted(verbs) == [
            "form.draft",
            "form.draft",
            "form.publish",
            "form.publish",
            "form.publish",
            "form.withdraw",
        ]


def test_a_dropped_draft_is_never_published(stage: Stage) -> None:
    with stage.session() as session:
        row = draft(session, stage.admin, SANITARY, reworded(), now=NOW)
        end_version(session, stage.admin, row.id, now=NOW)
        with pytest.raises(Conflict):
            publish(session, stage.admin, row.id, SANITARY, reworded(), now=NOW)
        assert draft(session, stage.admin, SANITARY, reworded(), now=NOW).number == 2


def test_who_may_not_and_what_is_not_there(stage: Stage, wall: Wall) -> None:
    with stage.session() as session:
        with pytest.raises(Forbidden):
            draft(session, stage.office, SANITARY, reworded(), now=NOW)
        with pytest.raises(InvalidInput):
            draft(session, stage.admin, SANITARY, seal(replace(shipped(), items=())), now=NOW)
        row = draft(session, stage.admin, SANITARY, reworded(), now=NOW)
        session.commit()
        assert get_version(session, row.id).number == 1
        with pytest.raises(NotFound):
            get_version(session, new_id())
    other = Stage(wall)
    with other.session() as session, pytest.raises(NotFound):
        get_version(session, row.id)


def test_a_visit_that_was_opened_with_an_older_version_is_taken_by_it(stage: Stage) -> None:
    with stage.session() as session:
        site = session.get_one(Site, (session.tenant_id, add_site(session, stage.district.communities[0], "main_road")))
        first = draft(session, stage.admin, SANITARY, reworded(), now=NOW)
        publish(session, stage.admin, first.id, SANITARY, reworded(), now=NOW)
        again = reworded("第二版")
        second = draft(session, stage.admin, SANITARY, again, now=NOW)
        publish(session, stage.admin, second.id, SANITARY, again, now=NOW)
        session.commit()
        campaigns = fielded(session, installed())
        due = plan(["main_road"], campaigns)
        assert again.sha256 in {one.form.sha256 for one in due.forms}
        asked = {"campaigns": campaigns, "types": ["main_road"], "on": NOW.date()}
        started = NOW - timedelta(hours=1)
        old = opened_plan(session, site, **asked, forms=[reworded().sha256], started_at=started)
        assert [one.form.sha256 for one in old.forms] == [reworded().sha256]
        assert old.not_asked == ()
        shipped_one = opened_plan(session, site, **asked, forms=[shipped().sha256], started_at=started)
        assert [one.form.sha256 for one in shipped_one.forms] == [shipped().sha256]
        never = draft(session, stage.admin, SANITARY, reworded("没发布过"), now=NOW)
        with pytest.raises(InvalidInput):
            opened_plan(session, site, **asked, forms=[never.sha256], started_at=started)
        assert read_forms(session, [never.sha256])[never.sha256].items[0].text_zh == "没发布过"


def test_another_district_keeps_the_shipped_form(stage: Stage, wall: Wall) -> None:
    with stage.session() as session:
        row = draft(session, stage.admin, SANITARY, reworded(), now=NOW)
        publish(session, stage.admin, row.id, SANITARY, reworded(), now=NOW)
        session.commit()
    other = Stage(wall)
    with other.session() as session:
        assert in_hand(session).sha256 == shipped().sha256
        assert session.scalar(select(func.count()).select_from(OwnForm)) == 0
