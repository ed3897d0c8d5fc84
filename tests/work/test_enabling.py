"""Enabling, suspending and enabling again; definitions frozen by content; a campaign whose plugin is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import func, select, text

from core.campaigns import Registry, installed
from core.campaigns.body import digest, seal
from core.campaigns.terms import Role, SiteType
from core.errors import Forbidden, NotFound
from core.work import enabling
from core.work.campaign_cards import list_campaigns
from core.work.enabling import campaign_as_run, enable, enabled, frozen_edition, suspend
from core.work.organisation.units import departments
from core.work.tables import Audit, Definition, Finding, FindingCampaign, FindingEvent
from tenants.db import Base
from tenants.models import EnabledCampaign
from tenants.scope import ScopedSession, Wall
from tests.factory import District, add_actor, add_site, bare_district
from tests.work.ledger_town import THURSDAY, lay_finding, town

TODAY = date(2026, 3, 2)
KEY = "sanitary_city"


def campaign(key: str = KEY):
    return installed().get(key)


def dump(session: ScopedSession) -> dict[str, list[str]]:
    """Every row of every table the tenant can see, but the audit trail and the moment of the last switch."""
    names = [t.name for t in Base.metadata.sorted_tables if t.info["wall"] == "tenant" and t.name != "audit"]
    return {
        n: sorted(map(str, session.execute(text(f"SELECT to_jsonb(t) - 'changed_at' FROM {n} t")).scalars()))
        for n in names
    }


def started(wall: Wall, *keys: str) -> District:
    district = bare_district(wall)
    with district.session(wall) as session:
        for key in keys:
            enable(session, None, campaign(key), today=TODAY)
        session.commit()
    return district


def test_the_first_enabling_freezes_edition_and_forms(wall: Wall) -> None:
    district = started(wall, KEY)
    edition = campaign().edition
    with district.session(wall) as session:
        row = session.scalars(select(EnabledCampaign)).one()
        assert (row.state, row.edition, row.edition_sha256) == ("enabled", edition.key, edition.sha256)
        kept = session.scalars(select(Definition)).all()
        assert {d.sha256 for d in kept if d.kind == "form"} == {f.sha256 for f in edition.forms}
        assert [d.sha256 for d in kept if d.kind == "edition"] == [edition.sha256]
        assert all(digest(d.body) == d.sha256 for d in kept)
        assert all(d.campaign == KEY for d in kept)


def test_suspended_and_enabled_again_every_row_is_equal(wall: Wall) -> None:
    district = started(wall, KEY, "food_safety_city")
    with district.session(wall) as session:
        add_site(session, district.communities[0], "produce_market")
        session.commit()
        before = dump(session)
    with district.session(wall) as session:
        suspend(session, None, KEY, today=TODAY)
        session.commit()
        assert [c.key for c in enabled(session, installed())] == ["food_safety_city"]
        changed = {n for n, rows in dump(session).items() if rows != before[n]}
        assert changed == {"enabled_campaign"}
    with district.session(wall) as session:
        enable(session, None, campaign(), today=date(2027, 1, 1))
        session.commit()
        assert dump(session) == before
        assert [c.key for c in enabled(session, installed())] == ["food_safety_city", KEY]
        verbs = session.scalars(select(Audit.verb).order_by(Audit.id)).all()
        assert verbs == ["campaign.enable", "campaign.enable", "campaign.suspend", "campaign.enable"]


def test_with_findings_only_what_the_clocks_say_changes(wall: Wall, tmp_path: Path) -> None:
    place = town(wall, tmp_path, "停用区")
    with place.district.session(wall) as session:
        enable(session, None, campaign(), today=TODAY)
        for state in ("rectifying", "answered", "closed"):
            finding = lay_finding(session, place, state)
            session.add(FindingCampaign(finding_id=finding.id, campaign=KEY))
        lay_finding(session, place, "rectifying")  # of no campaign: nobody holds it
        session.commit()
        before = dump(session)
        clocks = dict(session.execute(select(Finding.id, Finding.due_at)).all())
        end = THURSDAY + timedelta(hours=30)
        suspend(session, None, KEY, today=TODAY, at=THURSDAY)
        enable(session, None, campaign(), today=TODAY, at=end)
        session.commit()
        after = dump(session)
        assert {name for name in after if after[name] != before[name]} == {"finding", "finding_event"}
        assert set(before["finding_event"]) < set(after["finding_event"]), "history only grows"
        verbs = session.execute(select(FindingEvent.verb, func.count()).group_by(FindingEvent.verb)).all()
        assert dict(verbs) == {"open": 4, "hold": 2, "release": 2}
        moved = {f.state: f.due_at - clocks[f.id] for f in session.scalars(select(Finding)) if f.due_at != clocks[f.id]}
        assert moved == {"rectifying": timedelta(hours=30)}, "the answered one's clock did not run"
        columns = (
            "id, state, opened_at, limit_seconds, outcome, returns, reopened, extended_days, resume_state, stopped_at"
        )
        shown = session.execute(text(f"SELECT {columns} FROM finding ORDER BY id")).all()
        assert {row.resume_state for row in shown} == {row.stopped_at for row in shown} == {None}
        assert sorted(row.state for row in shown) == ["answered", "closed", "rectifying", "rectifying"]


def test_the_same_switch_twice_changes_nothing(wall: Wall) -> None:
    district = started(wall, KEY)
    with district.session(wall) as session:
        stamp = session.scalars(select(EnabledCampaign.changed_at)).one()
        enable(session, None, campaign(), today=TODAY)
        session.commit()
        assert session.scalars(select(EnabledCampaign.changed_at)).one() == stamp
        suspend(session, None, KEY, today=TODAY)
        suspend(session, None, KEY, today=TODAY)
        session.commit()
        assert session.scalar(select(func.count()).select_from(Audit)) == 2


def test_what_was_never_enabled_cannot_be_suspended(wall: Wall) -> None:
    with bare_district(wall).session(wall) as session, pytest.raises(NotFound):
        suspend(session, None, KEY, today=TODAY)


def test_switching_needs_an_administrator(wall: Wall) -> None:
    district = bare_district(wall)
    inspector = add_actor(wall, district.ref, "inspector", district.root)
    local = add_actor(wall, district.ref, "administrator", district.street)
    chief = add_actor(wall, district.ref, "administrator", district.root)
    with district.session(wall) as session:
        for actor in (inspector, local):
            with pytest.raises(Forbidden):
                enable(session, actor, campaign(), today=TODAY)
        enable(session, chief, campaign(), today=TODAY)
        with pytest.raises(Forbidden):
            suspend(session, local, KEY, today=TODAY)
        session.commit()
        assert session.scalars(select(Audit.person_id)).all() == [chief.person_id]


def test_two_districts_switch_for_themselves(wall: Wall) -> None:
    one, two = started(wall, KEY), started(wall)
    with two.session(wall) as session:
        assert enabled(session, installed()) == []
        assert session.scalars(select(Definition)).all() == []
    with one.session(wall) as session:
        assert [c.key for c in enabled(session, installed())] == [KEY]


def _registry(**campaigns: Any) -> Registry:
    return Registry(MappingProxyType(campaigns))


def test_a_new_edition_of_the_plugin_leaves_the_tenant_on_its_own(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enabling, "_editions", {})
    district = started(wall, KEY)
    old = campaign()
    coming = seal(replace(old.edition, key="edition_2099", title_zh="新版", valid_from=date(2026, 1, 1)))
    both, only = replace(old, editions=(old.edition, coming)), replace(old, editions=(coming,))
    with district.session(wall) as session:
        assert enabled(session, _registry(sanitary_city=both))[0].edition is old.edition
        read = enabled(session, _registry(sanitary_city=only))[0]
        assert read.edition == old.edition
        assert read.edition.sha256 == old.edition.sha256
        card = next(c for c in list_campaigns(session, _registry(sanitary_city=both), on=TODAY) if c.key == KEY)
        assert (card.edition.key, card.newer) == ("edition_2024", "edition_2099")
        enable(session, None, both, today=TODAY)
        assert session.scalars(select(EnabledCampaign.edition)).one() == "edition_2024"


def test_a_campaign_whose_plugin_is_gone_is_still_read(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enabling, "_editions", {})
    district = started(wall, KEY)
    with district.session(wall) as session:
        (found,) = enabled(session, _registry())
        assert (found.key, found.title_zh, found.package) == (KEY, campaign().title_zh, "")
        assert found.edition.forms == campaign().edition.forms
        (card,) = list_campaigns(session, _registry(), on=TODAY)
        assert (card.state, card.installed) == ("enabled", False)
        row = session.scalars(select(EnabledCampaign)).one()
        assert campaign_as_run(session, installed(), row) is campaign()
    enabling._editions.clear()
    with bare_district(wall).session(wall) as session, pytest.raises(NotFound):
        frozen_edition(session, campaign().edition.sha256)


def test_the_edition_in_force_today_is_taken(wall: Wall) -> None:
    old = campaign()
    past = seal(replace(old.edition, key="edition_2010", valid_from=date(2010, 1, 1), valid_to=date(2023, 12, 31)))
    both = replace(old, editions=(past, old.edition))
    for today, wanted in (
        (date(2015, 6, 1), "edition_2010"),
        (TODAY, "edition_2024"),
        (date(2001, 1, 1), "edition_2024"),
    ):
        with bare_district(wall).session(wall) as session:
            assert enable(session, None, both, today=today).edition == wanted


def test_own_roles_get_a_department(wall: Wall) -> None:
    own = replace(
        campaign(),
        key="forest_city",
        short="forest",
        roles=(Role("forest_bureau", "林业", "forestry", "department", ("林业局",)),),
        site_types=(SiteType("forest_belt", "林带", "forest belt", "area"),),
    )
    district = bare_district(wall)
    with district.session(wall) as session:
        enable(session, None, own, today=TODAY)
        session.commit()
        words = _registry(forest_city=own).vocabulary
        row = next(d for d in departments(session, TODAY, vocabulary=words) if d.role == "forest_bureau")
        assert (row.unit_name, row.confirmed) == ("林业局", False)


def test_the_cards_say_what_enabling_adds(wall: Wall) -> None:
    district = started(wall, KEY)
    with district.session(wall) as session:
        add_site(session, district.communities[0], "produce_market")
        add_site(session, district.communities[1], "produce_market", "public_toilet")
        cards = {c.key: c for c in list_campaigns(session, installed(), on=TODAY)}
    assert list(cards) == ["civilized_city", "food_safety_city", "sanitary_city"]
    assert {k: c.state for k, c in cards.items()} == {
        "civilized_city": "available",
        "food_safety_city": "available",
        "sanitary_city": "enabled",
    }
    card = cards["civilized_city"]
    assert (card.indicators, card.points, card.forms) == (35, 100, len(card.edition.forms))
    assert card.items == sum(len(f.items) for f in card.edition.forms)
    adds = {load.site_type: load for load in card.adds}
    market = adds["produce_market"]
    assert (market.name_zh, market.forms, market.sites) == ("农贸市场", ("CIV-MARKET",), 2)
    asked = {i.question for f in cards[KEY].edition.forms_for(["produce_market"]) for i in f.items}
    mine = {i.question for i in card.edition.form("CIV-MARKET").items}
    assert market.new_questions == len(mine - asked)
    assert 0 < market.new_questions < market.items
    toilet = adds["public_toilet"]
    assert (toilet.new_questions, toilet.sites) == (0, 1), (
        "TOILET is shared: enabling a second campaign asks nothing new"
    )


def test_the_hot_path_asks_the_database_once(wall: Wall) -> None:
    district = started(wall, *installed().campaigns)
    said = []
    from sqlalchemy import event

    def note(_c: object, _cur: object, statement: str, *_: object) -> None:
        said.append(statement)

    with district.session(wall) as session:
        session.execute(text("SELECT 1"))
        event.listen(wall.engine, "before_cursor_execute", note)
        try:
            assert len(enabled(session, installed())) == 3
        finally:
            event.remove(wall.engine, "before_cursor_execute", note)
    assert len(said) == 1
