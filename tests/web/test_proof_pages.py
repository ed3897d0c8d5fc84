"""The rooms of proof on the pages (回头看、反复、疑点、举一反三): drawn with a preview, settled on a phone, questioned, swept."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from core.app import create_app
from core.databases import Urls
from core.settings import Settings
from core.web.proofs.proof_words import DOUBT_TONES, HAND_ON_TONES, RECHECK_STATES
from core.work.loop.ledger import act
from core.work.proofs.doubt_settling import STATES as DOUBT_STATES
from core.work.proofs.doubts import KINDS
from core.work.proofs.hand_ons import STATE_TITLES
from core.work.proofs.rechecks import STATES, plan_recheck
from core.work.proofs.sampling import choose
from core.work.tables import Attachment, Finding, Recheck, RecheckSample, Signal, Sweep, SweepSite
from tenants.db import new_id, now
from tests.conftest import SECRET
from tests.factory import add_site
from tests.web.desk import Clerk, clerk, content
from tests.work.ledger_town import Town, lay_finding, town
from tests.work.pictures import jpeg


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def app(urls: Urls, wall, files) -> Flask:
    return create_app(Settings(urls.app, SECRET, files), wall=wall)


@dataclass
class Case:
    """A district with its people at their desks."""

    place: Town
    office: Clerk
    inspector: Clerk
    liaison: Clerk


@pytest.fixture
def case(app, wall, files) -> Case:
    place = town(wall, files)
    people = [clerk(app, wall, place.people[who]) for who in ("office", "inspector", "liaison")]
    return Case(place, *people)


def closed(wall, case: Case, count: int = 1, **more) -> list[UUID]:
    with case.place.district.session(wall) as session:
        made = [lay_finding(session, case.place, "closed", **more) for _ in range(count)]
        for finding in made:
            finding.closed_at = finding.opened_at = now() - timedelta(days=2)
        session.commit()
        return [finding.id for finding in made]


def due_for(wall, case: Case, who: str = "inspector", finding: UUID | None = None) -> UUID:
    found = finding or closed(wall, case)[0]
    with case.place.district.session(wall) as session:
        due = now().date() + timedelta(days=3)
        person = case.place.people[who].person_id
        one = plan_recheck(session, case.place.people["office"], found, person_id=person, due_on=due, now=now())
        session.commit()
        return one.id


def read_csv(desk: Clerk, path: str) -> list[dict[str, str]]:
    answer = desk.ask(path)
    assert answer.status_code == 200, path
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))


def test_every_state_has_its_words() -> None:
    assert set(RECHECK_STATES) == set(STATES)
    assert set(DOUBT_TONES) == set(DOUBT_STATES)
    assert set(HAND_ON_TONES) == set(STATE_TITLES)


def conditions(**more: str) -> dict[str, str]:
    day = now().date()
    return {
        "title": "十一月抽样",
        "closed_from": (day - timedelta(days=9)).isoformat(),
        "closed_to": (day - timedelta(days=1)).isoformat(),
        "rate_percent": "50",
        "due_on": (day + timedelta(days=9)).isoformat(),
    } | more


def address(said: dict[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in said.items())


def test_a_draw_is_previewed_confirmed_and_drawn_again(case, wall) -> None:
    closed(wall, case, 7)
    closed(wall, case, 2, restricted=True)
    assert "抽样" in case.office.read("rechecks?view=all")
    assert 'name="rate_percent" type="text" value="10"' in case.office.read("rechecks/draw")
    page = case.office.read(f"rechecks/draw?{address(conditions())}")
    assert "确认抽取 4 件" in page
    seed = re.search(r'name="seed" value="([0-9a-f]{16})"', page)[1]
    assert f'name="seed" value="{seed}"' in case.office.read(f"rechecks/draw?{address(conditions(rate_percent='90'))}")
    with case.place.district.session(wall) as session:
        assert session.scalars(select(RecheckSample)).all() == [], "a preview writes nothing"
    case.office.send("rechecks/draw", conditions() | {"seed": "0123456789abcdef"}, 409)
    case.office.send("rechecks/draw", conditions(due_on="2020-01-01") | {"seed": seed}, 422)
    done, _ = case.office.send("rechecks/draw", conditions() | {"seed": seed}, 303)
    again, _ = case.office.send("rechecks/draw", conditions() | {"seed": seed}, 303)
    assert done.headers["Location"] == again.headers["Location"], "twice sent is once drawn"
    path = done.headers["Location"].split(f"/t/{case.office.slug}/")[1]
    page = case.office.read(path)
    assert "重抽结果一致" in page
    assert seed in page
    rows = read_csv(case.office, f"{path}/export.csv")
    assert len(rows) == 7
    by_hand = sorted(rows, key=lambda row: hashlib.sha256(f"{seed}:{row['标识']}".encode()).hexdigest())
    assert rows == by_hand
    assert [row["是否抽中"] for row in rows] == ["是"] * 4 + ["否"] * 3
    drawn = choose(seed, [UUID(row["标识"]) for row in rows], 50)
    assert [str(one) for one in drawn] == [row["标识"] for row in rows[:4]]
    assert "十一月抽样" in case.office.read("rechecks/samples")
    for path in ("rechecks/draw", "rechecks/samples"):
        case.inspector.read(path, 403)
    case.office.read(f"rechecks/samples/{new_id()}", 404)


def test_bad_conditions_stand_beside_their_fields(case, wall) -> None:
    closed(wall, case)
    for changed, field in (
        ({"rate_percent": "0"}, "rate_percent"),
        ({"rate_percent": "x"}, "rate_percent"),
        ({"closed_to": "2020-01-01"}, "closed_from"),
        ({"closed_to": "soon"}, "closed_to"),
    ):
        assert f'href="#f-{field}"' in case.office.read(f"rechecks/draw?{address(conditions(**changed))}")


def test_a_result_from_the_phone(case, wall) -> None:
    stable, relapsed = due_for(wall, case), due_for(wall, case)
    mine = case.inspector.read("rechecks?view=mine&state=due")
    assert str(stable) in mine
    page = case.inspector.read(f"rechecks/{stable}")
    assert 'name="result"' in page
    assert "整改前" in page
    case.inspector.send(f"rechecks/{stable}/settle", {"result": ""}, 422)
    case.inspector.send(f"rechecks/{stable}/settle", {"result": "stable"}, 303)
    assert "复查稳固" in case.inspector.read(f"rechecks/{stable}")
    _, refused = case.inspector.send(f"rechecks/{relapsed}/settle", {"result": "relapsed", "note": "又满了"}, 422)
    assert "#f-photos" in refused
    assert "又满了" in refused
    photo = case.inspector.photo(jpeg(seed=1))
    said = {"result": "relapsed", "note": "又满了", "photos": photo}
    case.inspector.send(f"rechecks/{relapsed}/settle", said, 303)
    _, twice = case.inspector.send(f"rechecks/{relapsed}/settle", said, 409)
    assert case.place.people["inspector"].name in twice
    with case.place.district.session(wall) as session:
        row = session.get(Recheck, (session.tenant_id, relapsed))
        assert session.get(Finding, (session.tenant_id, row.finding_id)).state == "rectifying"
    rows = read_csv(case.office, "rechecks/export.csv?view=all")
    assert sorted(row["结果"] for row in rows) == ["复查反弹", "复查稳固"]
    case.liaison.read(f"rechecks/{relapsed}", 404)
    stranger = Clerk(case.liaison.client, case.liaison.slug, case.liaison.csrf)
    stranger.send(f"rechecks/{relapsed}/settle", said, 403)


def test_one_is_planned_from_the_findings_page(case, wall) -> None:
    finding = closed(wall, case)[0]
    page = case.office.read(f"findings/{finding}")
    person = str(case.place.people["inspector"].person_id)
    assert f'value="{person}"' in page
    assert str(case.place.people["liaison"].person_id) not in page
    assert "安排回头看" not in case.inspector.read(f"findings/{finding}")
    due = (now().date() + timedelta(days=4)).isoformat()
    case.office.send(f"findings/{finding}/recheck", {"due_on": now().date().isoformat(), "person": person}, 303)
    assert "请填今天以后的日期" in case.office.read(f"findings/{finding}")
    case.office.send(f"findings/{finding}/recheck", {"due_on": due, "person": person}, 303)
    with case.place.district.session(wall) as session:
        one = session.scalars(select(Recheck)).one()
        assert str(one.person_id) == person
    page = case.office.read(f"findings/{finding}")
    assert f"rechecks/{one.id}" in page
    assert "安排回头看" not in content(page).replace("已安排回头看", "")
    case.inspector.send(f"findings/{finding}/recheck", {"due_on": due}, 403)
    case.office.send(f"findings/{new_id()}/recheck", {"due_on": due}, 404)


def test_what_comes_back_is_listed(case, wall) -> None:
    closed(wall, case, 3)
    page = case.office.read("recurring")
    assert "测试点位" in page
    assert f"findings?site={case.place.site}&category=ENV-LITTER" in page
    assert "没有反复出现的问题" in case.office.read("recurring?least=5")
    rows = read_csv(case.office, "recurring/export.csv?days=30")
    assert [(row["次数"], row["其中反弹"], row["未办结"]) for row in rows] == [("3", "0", "0")]
    case.office.read("recurring?days=7", 422)


def doubtful(wall, case: Case) -> list[UUID]:
    """Two findings answered with one photo."""
    with case.place.district.session(wall) as session:
        made = [lay_finding(session, case.place, "rectifying") for _ in range(2)]
        for finding in made:
            act(session, case.place.people["liaison"], finding.id, "answer", version=1, photos=[case.place.photo])
        session.commit()
        return [finding.id for finding in made]


def test_a_doubt_shows_both_photos_and_is_settled_by_hand(case, wall) -> None:
    first, second = doubtful(wall, case)
    page = case.office.read("doubts")
    assert "不会自动" in page
    assert "照片用过" in page
    assert f"findings/{first}" in page
    assert page.count(f"photos/{case.place.photo}/small") >= 2, "side by side"
    with case.place.district.session(wall) as session:
        doubt = session.scalars(select(Signal).where(Signal.kind == "photo_reused")).one()
        assert doubt.finding_id == second
    badge = case.office.read(f"findings/{second}")
    assert "照片用过" in badge
    assert "照片用过" not in case.liaison.read(f"findings/{second}")
    case.liaison.read("doubts", 403)
    case.liaison.send(f"doubts/{doubt.id}/settle", {"verdict": "explained", "note": "x"}, 403)
    _, refused = case.office.send(f"doubts/{doubt.id}/settle", {"verdict": "explained", "note": ""}, 422)
    assert "缺少说明" in refused
    case.office.send(f"doubts/{doubt.id}/settle", {"verdict": "confirmed", "note": "同一张照片"}, 303)
    case.office.send(f"doubts/{doubt.id}/settle", {"verdict": "explained", "note": "再看"}, 409)
    case.office.send(f"doubts/{new_id()}/settle", {"verdict": "explained", "note": "再看"}, 404)
    assert "同一张照片" in case.office.read("doubts?state=confirmed")
    rows = read_csv(case.office, "doubts/export.csv?state=all&kind=photo_reused")
    assert [(row["状态"], row["说明"]) for row in rows] == [("属实", "同一张照片")]
    for bad in ("kind=no", "state=no", "period=no"):
        case.office.read(f"doubts?{bad}", 422)
    for kind in KINDS:
        case.office.read(f"doubts?kind={kind}")


def test_self_found_against_found_by_others(case, wall) -> None:
    ids = closed(wall, case, 3)
    with case.place.district.session(wall) as session:
        session.get(Finding, (session.tenant_id, ids[0])).basis = "self"
        session.commit()
    page = case.office.read("doubts/figures")
    assert "自查发现与他人发现" in page
    key = (now() - timedelta(days=2)).date()
    rows = read_csv(case.office, f"doubts/figures/found.csv?kind=year&period={key.year}")
    assert [(row["自查发现"], row["他人发现"], row["合计"]) for row in rows] == [("1", "2", "3")]
    assert read_csv(case.office, f"doubts/figures/back.csv?kind=year&period={key.year}")[0]["又出现"] == "0"


def market(wall, case: Case) -> None:
    with case.place.district.session(wall) as session:
        for n, home in enumerate(case.place.district.communities):
            add_site(session, home, "MKT", name=f"{n}号市场")
        session.commit()


def test_a_sweep_from_preview_to_end(case, wall) -> None:
    market(wall, case)
    finding = closed(wall, case)[0]
    assert "布置同类点位排查" in case.office.read(f"findings/{finding}")
    page = case.office.read(f"findings/{finding}/sweep?types=MKT")
    assert "布置 2 个点位" in page
    with case.place.district.session(wall) as session:
        assert session.scalars(select(Sweep)).all() == []
    due = (now().date() + timedelta(days=5)).isoformat()
    said = {"types": "MKT", "due_on": due, "title": "市场烟头"}
    case.office.send(f"findings/{finding}/sweep", said | {"due_on": "2020-01-01"}, 422)
    done, _ = case.office.send(f"findings/{finding}/sweep", said, 303)
    case.office.send(f"findings/{finding}/sweep", said, 409)
    path = done.headers["Location"].split(f"/t/{case.office.slug}/")[1]
    page = case.office.read(path)
    assert "0/2" in page
    assert path in case.office.read(f"findings/{finding}")
    with case.place.district.session(wall) as session:
        site = session.scalars(select(SweepSite.site_id)).first()
    case.inspector.send(f"{path}/tick", {"site": str(site), "note": ""}, 422)
    case.inspector.send(f"{path}/tick", {"site": str(site), "note": "没有烟头"}, 303)
    case.office.send(f"{path}/tick", {"site": str(site), "note": "没有烟头"}, 409)
    case.inspector.send(f"{path}/close", {}, 403)
    assert "1/2" in case.inspector.read(path)
    assert "市场烟头" in case.inspector.read("sweeps?state=open")
    rows = read_csv(case.office, f"{path}/export.csv")
    assert sorted(row["是否已查"] for row in rows) == ["否", "是"]
    case.office.send(f"{path}/close", {}, 303)
    case.office.send(f"{path}/close", {}, 409)
    case.office.send(f"sweeps/{new_id()}/close", {}, 404)
    assert "已结束" in case.office.read(path)
    case.liaison.read(path, 200)  # the unit that leads the finding sees the check it gave rise to
    case.liaison.read(f"findings/{finding}/sweep", 403)


def test_empty_pages_say_what_to_do(case) -> None:
    for path in ("rechecks?view=all", "rechecks/samples", "recurring", "doubts", "doubts/figures", "sweeps"):
        assert "sc-empty" in case.office.read(path), path


def test_suspected_pairs_are_merged_or_called_different(case, wall) -> None:
    with case.place.district.session(wall) as session:
        one, two, three = (lay_finding(session, case.place, "dispatched") for _ in range(3))
        for n, finding in enumerate((one, two, three)):
            finding.opened_at = now() - timedelta(hours=3 - n)
            session.add(Attachment(finding_id=finding.id, version=1, file_id=UUID(case.place.photo)))
        session.commit()
        first, second, third = one.id, two.id, three.id
    page = case.office.read("findings/duplicates")
    assert page.count("是同一件，并入先发现的") == 3
    assert f"photos/{case.place.photo}/small" in page
    assert case.office.ask(f"photos/{case.place.photo}/small").status_code == 200
    assert "findings/duplicates" in case.office.read("findings")
    case.office.send(f"findings/{third}/different", {"other": str(second)}, 303)
    assert case.office.read("findings/duplicates").count("是同一件，并入先发现的") == 2
    said = {"target": str(first), "version": "1", "back": "pairs"}
    answer, _ = case.office.send(f"findings/{second}/merge", said, 303)
    assert answer.headers["Location"].endswith("findings/duplicates")
    assert case.office.read("findings/duplicates").count("是同一件，并入先发现的") == 1
    case.office.send(f"findings/{third}/different", {"other": str(new_id())}, 404)
    case.liaison.read("findings/duplicates", 403)


def test_a_due_look_is_said_on_the_finding(case, wall) -> None:
    finding = closed(wall, case)[0]
    assert 'value="confirm_stable"' in case.office.read(f"findings/{finding}?do=confirm_stable")
    due_for(wall, case, finding=finding)
    page = case.office.read(f"findings/{finding}?do=confirm_stable")
    assert 'value="confirm_stable"' not in page
    assert "稳固还是反弹只能在这里填写" in page
    _, refused = case.office.send(f"findings/{finding}/act", {"verb": "confirm_stable", "version": "1"}, 409)
    assert "回头看，结果请在回头看里填写" in refused


def test_a_place_where_it_comes_back_is_marked(case, wall) -> None:
    with case.place.district.session(wall) as session:
        old, new = (lay_finding(session, case.place, state) for state in ("closed", "dispatched"))
        old.opened_at, new.opened_at = now() - timedelta(days=20), now()
        session.commit()
        first, second = old.id, new.id
    assert "此前 90 天这里有过 1 件同类问题" in case.office.read(f"findings/{second}")
    assert "天这里有过" not in case.office.read(f"findings/{first}")
