"""The restricted class (作风纪律): lists, counts, to-dos, notes, papers, photos and the trail know nothing of it for others."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from core.errors import NotFound
from core.work.calendar import seed_calendar
from core.work.desk.finding_detail import detail
from core.work.desk.findings import Filter, list_findings
from core.work.desk.waiting import counts, counts_by_unit, todo
from core.work.dispatch.category_sets import counts_by_group, keep_set
from core.work.dispatch.precedents import list_precedents
from core.work.inspection.photos import open_photo, store
from core.work.intake.duplicates import candidates, candidates_for
from core.work.intake.patrols import PatrolFilter, list_patrols, start_patrol
from core.work.loop.ledger import act, steps_for
from core.work.loop.sight import sees_line
from core.work.papers.notice_issuing import Draft, issue
from core.work.tables import Audit, Finding, Note, Serial
from tests.factory import add_actor
from tests.work.intake import DAY, Street, bring_in, parts, street
from tests.work.market import THURSDAY
from tests.work.pictures import jpeg

HOUR = timedelta(hours=1)
CANARY = "窗口人员金丝雀推诿"
LATER = THURSDAY + 2 * HOUR


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def place(wall, files) -> Street:
    made = street(wall, files)
    with made.district.session(wall) as session:
        seed_calendar(session, [2026])
        session.commit()
    return made


@pytest.fixture(scope="module")
def others(wall, place) -> dict:
    """Everybody of the district who may not know."""
    root = place.district.root
    made = {
        "administrator": add_actor(wall, place.ref, "administrator", root),
        "office": place.office,
        "inspector": place.town.inspector,
        "liaison": place.town.liaison,
        "street liaison": add_actor(wall, place.ref, "liaison", place.district.street),
        "leader": place.town.leader,
        "grid worker": place.grid,
        "assessor": add_actor(wall, place.ref, "assessor", root),
    }
    return made


@pytest.fixture
def session(wall, place):
    with place.district.session(wall) as opened:
        yield opened


def told(session, place, actor) -> dict:
    """Everything that the rooms of work tell a person of findings."""
    set_id = keep_set_once(session, place)
    todos = todo(session, actor, LATER)
    return {
        "list": [row.number for row in list_findings(session, actor, now=LATER).rows],
        "search": [row.number for row in list_findings(session, actor, Filter(text="金丝雀"), now=LATER).rows],
        "counts": asdict(counts(session, actor, now=LATER)),
        "units": [asdict(row.counts) for row in counts_by_unit(session, actor, now=LATER)],
        "todo": (todos.count, [row.number for row in (*todos.answer, *todos.check)]),
        "groups": [asdict(row) for row in counts_by_group(session, actor, set_id, now=LATER)],
        "twins": [
            one.finding.number
            for restricted in (False, True)
            for one in candidates(
                session, actor, category="SRV-STAFF", site_id=place.market, restricted=restricted, now=LATER
            )
        ],
        "patrols": [(row.fixed, row.passed_on) for row in list_patrols(session, actor, PatrolFilter(), on=DAY)],
        "notes": len(session.scalars(select(Note).where(Note.person_id == actor.person_id)).all()),
        "trail": [
            (line.verb, line.object_kind)
            for line in session.scalars(select(Audit).where(sees_line(session, actor, DAY)).order_by(Audit.at))
        ],
        "serial": session.scalar(select(Serial.last).where(Serial.series == "finding-2026")),
    }


def keep_set_once(session, place) -> UUID:
    if not hasattr(place, "set_id"):
        made = keep_set(session, place.office, "口径", [("服务", ["SRV-STAFF"])], now=THURSDAY)
        session.commit()
        place.set_id = made.id  # type: ignore[attr-defined]  # kept beside the stage for all tests
    return place.set_id  # type: ignore[attr-defined]


def whole_life(session, place, photo: str) -> Finding:
    """A conduct finding from its report to its end, with a paper and help asked for on the way."""
    finding = bring_in(
        session,
        place,
        place.conduct,
        source="conduct",
        category="SRV-STAFF",
        title=CANARY,
        detail=CANARY,
        photos=[photo],
    )
    session.commit()
    draft = Draft(
        "rectification_notice",
        place.district.street,
        CANARY,
        CANARY,
        due_at=THURSDAY + 90 * HOUR,
        finding_ids=[finding.id],
    )
    issue(session, place.conduct, draft, now=THURSDAY)
    key = finding.id
    act(session, place.trusted, key, "take", version=1, now=THURSDAY)
    act(session, place.trusted, key, "answer", version=2, photos=[photo], note=CANARY, now=THURSDAY + HOUR)
    act(session, place.conduct, key, "send_back", version=3, note=CANARY, now=THURSDAY + HOUR)
    session.commit()
    session.refresh(finding)
    return finding


def test_nothing_changes_for_anybody_else(session, place, others, files):
    photo = str(store(session, place.conduct, jpeg((99, 48)), files=files, now=THURSDAY).id)
    start_patrol(session, place.conduct, unit_id=place.district.root, members={}, now=THURSDAY)
    bring_in(session, place, place.office, category="SRV-STAFF")
    session.commit()
    before = {name: told(session, place, actor) for name, actor in others.items()}
    finding = whole_life(session, place, photo)
    for name, actor in others.items():
        assert told(session, place, actor) == before[name], name
        with pytest.raises(NotFound):
            detail(session, actor, finding.id, now=LATER)
        with pytest.raises(NotFound):
            act(session, actor, finding.id, "take", version=4, now=LATER)
        with pytest.raises(NotFound):
            open_photo(session, actor, UUID(photo), files, now=LATER)
        assert steps_for(session, actor, finding, LATER) == []
        session.rollback()
    for actor in (place.conduct, place.trusted):
        assert finding.number in told(session, place, actor)["list"]
        assert finding.number in told(session, place, actor)["search"]
        assert detail(session, actor, finding.id, now=LATER).finding.title == CANARY
        assert open_photo(session, actor, UUID(photo), files, now=LATER).exists()


def test_who_may_know_elsewhere_only_does_not_know_here(wall, session, place, files):
    photo = str(store(session, place.conduct, jpeg((99, 49)), files=files, now=THURSDAY).id)
    finding = whole_life(session, place, photo)
    department = place.district.departments["landscape"]
    elsewhere = add_actor(wall, place.ref, "discipline_liaison", department)
    assert finding.number not in [row.number for row in list_findings(session, elsewhere, now=LATER).rows]
    with pytest.raises(NotFound):
        detail(session, elsewhere, finding.id, now=LATER)


def test_candidates_and_parts_stay_in_trusted_hands(session, place, files):
    photo = str(store(session, place.conduct, jpeg((99, 50)), files=files, now=THURSDAY).id)
    finding = whole_life(session, place, photo)
    assert {part.unit_id for part in parts(session, finding).values()} == {place.district.street}
    near = candidates_for(session, place.conduct, finding, now=LATER)
    assert near
    assert all(one.finding.restricted for one in near)


def test_what_is_decided_about_it_is_no_precedent(session, place, files):
    photo = str(store(session, place.conduct, jpeg((99, 51)), files=files, now=THURSDAY).id)
    finding = bring_in(session, place, place.conduct, source="conduct", category="SRV-STAFF", photos=[photo])
    session.commit()
    act(session, place.trusted, finding.id, "return", version=1, reason="unclear", note=CANARY, now=THURSDAY)
    street_unit = place.district.street
    act(
        session,
        place.conduct,
        finding.id,
        "arbitrate",
        version=2,
        unit_id=street_unit,
        note=CANARY,
        precedent=True,
        now=THURSDAY,
    )
    session.commit()
    assert list_precedents(session, place.conduct, on=DAY) == []
