"""A town for tests of the ledger (台账测试区): everybody who can have a part in a finding, and findings in any state.

Findings are written straight into the tables in the state that a test wants, with a first line of history, so that each test
judges one step and not the road to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.work.calendar import load_calendar
from core.work.inspection.photos import store
from core.work.loop import clocks
from core.work.loop.states import AT_DESK, HELD, MERGED, RETURNED, STATES, WITH_UNIT
from core.work.tables import Finding, FindingEvent, Part
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import Unit
from tenants.scope import ScopedSession, Wall
from tests.factory import District, add_actors, add_site, bare_district
from tests.work.pictures import jpeg

THURSDAY = datetime(2026, 11, 19, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
DAYS = 3


@dataclass
class Town:
    """A district with its people by name, a site, a photo."""

    district: District
    people: dict[str, Actor] = field(default_factory=dict)
    site: UUID | None = None
    photo: str = ""

    @property
    def lead(self) -> UUID:
        """The unit that leads: sanitation."""
        return self.district.departments["sanitation"]

    @property
    def helper(self) -> UUID:
        """The unit with an open assisting part: urban management."""
        return self.district.departments["urban_management"]

    @property
    def other(self) -> UUID:
        """A unit without a part: finance."""
        return self.district.departments["finance_bureau"]

    @property
    def place(self) -> UUID:
        """The community in whose territory the site lies."""
        return self.district.communities[0]


def town(wall: Wall, folder, name: str = "台账区") -> Town:
    """Lay the town."""
    made = Town(bare_district(wall, name))
    spots = {
        "liaison": ("liaison", made.lead),
        "helper": ("liaison", made.helper),
        "place": ("liaison", made.place),
        "stranger": ("liaison", made.other),
        "office": ("hq_office", made.district.root),
        "inside": ("hq_office", made.lead),
        "inspector": ("inspector", made.district.root),
        "leader": ("leader", made.district.root),
        "administrator": ("administrator", made.district.root),
        "assessor": ("assessor", made.district.root),
        "grid_worker": ("grid_worker", made.place),
        "discipline": ("discipline", made.district.root),
        "discipline_liaison": ("discipline_liaison", made.lead),
    }
    wishes = [(role, unit, f"演示{key}") for key, (role, unit) in spots.items()]
    made.people = dict(zip(spots, add_actors(wall, made.district.ref, wishes), strict=True))
    with made.district.session(wall) as session:
        made.site = add_site(session, made.place, "MKT")
        made.photo = str(store(session, made.people["office"], jpeg(), files=folder).id)
        session.commit()
    return made


def lay_finding(
    session: ScopedSession,
    place: Town,
    state: str,
    *,
    source: str = "visit",
    restricted: bool = False,
    help_asked: bool = False,
    opener: str = "",
) -> Finding:
    """A finding in a state, as a legal road would have left it; its history is one opening line into that state."""
    calendar = load_calendar(session, THURSDAY)
    clock = clocks.start(calendar, THURSDAY, timedelta(days=DAYS))
    stopped = state in (RETURNED, HELD, MERGED)
    finding = Finding(
        id=new_id(),
        number=None,
        site_id=place.site,
        unit_id=place.place,
        category="ENV-LITTER",
        title="地面有烟头",
        state=state,
        working_days=DAYS,
        source=source,
        restricted=restricted,
        opened_at=THURSDAY,
        resume_state="rectifying" if state in (HELD, MERGED) else None,
        review_on=datetime(2026, 12, 30).date() if state in ("parking_asked", "parked") else None,
        answered_at=THURSDAY if state in ("answered", "closed", "stable") else None,
        closed_at=THURSDAY if state in ("closed", "stable") else None,
        outcome="fixed" if state in ("closed", "stable") else None,
        **clock
        | {"stopped_at": THURSDAY if stopped else None, "asked_days": 2 if state == "extension_asked" else None},
    )
    session.add(finding)
    session.flush()
    key = {"finding_id": finding.id}
    session.add(Part(**key, kind="line", unit_id=place.lead, leading=True, state="open"))
    session.add(Part(**key, kind="place", unit_id=place.place, state="informed"))
    if help_asked:
        session.add(Part(**key, kind="assist", unit_id=place.helper, state="open", asked="请配合"))
    session.add(
        FindingEvent(
            **key,
            version=1,
            at=THURSDAY,
            verb="open",
            to_state=state,
            person_id=place.people[opener].person_id if opener else None,
            detail={"due_at": finding.due_at.isoformat(), "lead": str(place.lead)},
        )
    )
    session.flush()
    return finding


def given_for(place: Town, verb: str, *, target: UUID | None = None, unit: UUID | None = None) -> dict[str, object]:
    """What a step needs, all of it legal."""
    known: dict[str, object] = {
        "note": "写明理由",
        "photos": [place.photo],
        "outcome": "fixed",
        "reason": {"reject": "out_of_scope", "return": "not_our_duty"}.get(verb),
        "unit_id": unit or (place.helper if verb in ("drop_part", "finish_part", "decline_part") else place.other),
        "person_id": place.people["liaison"].person_id,
        "days": 1,
        "review_on": datetime(2026, 12, 20).date(),
        "target_id": target,
        "changes": {"title": "地面有大量烟头"},
    }
    return known


__all__ = ["AT_DESK", "DAYS", "STATES", "THURSDAY", "WITH_UNIT", "Town", "Unit", "given_for", "lay_finding", "town"]
