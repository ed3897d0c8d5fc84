"""The menu (菜单): every door that a role is shown opens, and a sponsor without a post finds his own page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask

from core.settings import ZONE
from core.work.actors import resolve_actor
from core.work.duties.sponsor_keeping import Wish, begin_sponsorship
from core.work.roles import ROLES
from tenants.access import Actor
from tenants.db import now
from tenants.scope import Wall
from tests.factory import add_actor, add_unit, bare_tenant
from tests.web.desk import Clerk, clerk, content
from tests.work.duty_stage import Stage, a_finding, nobody, set_stage

TODAY = now().astimezone(ZONE).date()
DAY = timedelta(1)
SEATS = [(kind, code) for code, role in ROLES.items() for kind in sorted(role.tenant_kinds)]


@pytest.fixture(scope="module")
def stage(wall: Wall) -> Stage:
    return set_stage(wall)


def doors(page: str) -> list[str]:
    """The addresses of the menu at the side, the open room's among them."""
    side = re.search(r'<aside class="sc-side">.*?</aside>', page, re.DOTALL)
    return re.findall(r'<li><a href="([^"]+)"', side[0]) if side else []


def walk(who: Clerk) -> dict[str, int]:
    """Every door of the menu with its answer; a room is entered, and what stands inside is tried too."""
    found: dict[str, int] = {}
    waiting = [f"/t/{who.slug}/"]
    while waiting:
        path = waiting.pop()
        answer = who.client.get(path, follow_redirects=True)
        found[path] = answer.status_code
        waiting += [door for door in doors(answer.get_data(as_text=True)) if door not in found and door not in waiting]
    return found


def refused(found: dict[str, int]) -> dict[str, int]:
    return {path: status for path, status in found.items() if status != 200}


@pytest.mark.parametrize(("kind", "role"), SEATS)
def test_every_door_of_every_role_opens(app: Flask, wall: Wall, stage: Stage, kind: str, role: str) -> None:
    district = stage.district
    if kind == "district":
        who = add_actor(wall, district.ref, role, district.root)
    else:
        ref = bare_tenant(wall, kind="city", name="测试市")
        with wall.open(ref.id) as session:
            bureau = add_unit(session, "city", "测试市", [])
            session.commit()
        who = add_actor(wall, ref, role, bureau)
    found = walk(clerk(app, wall, who))
    assert len(found) > 1
    assert refused(found) == {}


@pytest.mark.parametrize("role", ["liaison", "inspector", "grid_worker", "assessor"])
def test_who_may_not_see_the_tree_is_led_to_areas_and_chart(app: Flask, wall: Wall, stage: Stage, role: str) -> None:
    found = set(walk(clerk(app, wall, add_actor(wall, stage.district.ref, role, stage.homes[0]))))
    base = f"/t/{stage.district.ref.slug}/units"
    assert {f"{base}/areas", f"{base}/chart"} <= found
    assert base not in found


def a_sponsor(wall: Wall, stage: Stage, name: str) -> Actor:
    """A seat in the district without any post; he sponsors its first community."""
    with stage.district.session(wall) as session:
        person = nobody(session, name)
        wish = Wish("leader", person.id, object_unit_id=stage.homes[0], title="副市长")
        begin_sponsorship(session, None, wish, today=TODAY - 9 * DAY)
        session.commit()
        found = resolve_actor(session, stage.district.ref, person.id, TODAY)
        assert found is not None
        assert found.duties == ()
        return found


def test_a_sponsor_without_a_post_finds_his_page_and_the_findings_there(app: Flask, wall: Wall) -> None:
    """A city leader with a seat in the district, but no post there."""
    stage = set_stage(wall)
    due = {"opened_at": now(), "due_at": now() + DAY}
    with stage.district.session(wall) as session:
        a_finding(session, stage.market, stage.homes[0], title="早市占道", **due)
        a_finding(session, stage.market, stage.homes[0], title="不宜外传", restricted=True, **due)
        a_finding(session, stage.hospital, stage.homes[1], title="别处的问题", **due)
        session.commit()
    leader = clerk(app, wall, a_sponsor(wall, stage, "市领导"))
    found = walk(leader)
    mine = f"/t/{leader.slug}/sponsors/mine"
    assert found == {f"/t/{leader.slug}/": 200, mine: 200}
    first = leader.read()
    assert "还没有岗位" not in first
    assert mine in first
    for page in (content(first), content(leader.read("sponsors/mine"))):
        assert "测试区第1社区" in page
        assert "早市占道" in page
        assert "不宜外传" not in page
        assert "别处的问题" not in page
    stranger = clerk(app, wall, _nobody(wall, stage))
    assert set(walk(stranger)) == {f"/t/{leader.slug}/"}
    assert "还没有岗位" in stranger.read()


def _nobody(wall: Wall, stage: Stage) -> Actor:
    with stage.district.session(wall) as session:
        person = nobody(session, "闲人")
        session.commit()
        found = resolve_actor(session, stage.district.ref, person.id, TODAY)
        assert found is not None
        return found
