"""Findings that a visit found still there (仍未整改): a line in the open one's history instead of a second finding.

The open finding is locked first. Whoever closed it a moment ago was faster: then a new one is opened, for a relapse is for
a check to say. One that was merged meanwhile is gone on with where it went.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.work.inspection.visit_findings import Failure, Opening
from core.work.loop.ledger import act_by_system
from core.work.loop.states import MERGED, NOT_CLOSED
from core.work.loop.system_lines import write_line
from core.work.loop.transitions import SEEN_AGAIN
from core.work.tables import File, Finding, Visit
from core.work.wording import LONGEST_NOTE
from tenants.access import Actor

ROOM = 100  # characters that a line needs beside what the inspector wrote; the visit itself keeps all of it


def note_again(
    session: Session,
    actor: Actor,
    opening: Opening,
    failures: Sequence[Failure],
    files: Mapping[str, File],
    now: datetime,
) -> dict[str, Finding]:
    """Write into the open findings that the visit found them again; by question, of those that are open still."""
    failed = {failure.question for failure in failures}
    wanted = [(code, known) for code, known in opening.checked.again.items() if code in failed]
    found: dict[str, Finding] = {}
    for code, finding_id in sorted(
        wanted, key=lambda pair: (pair[1], pair[0])
    ):  # in one order: no two wait for each other
        standing = _standing(session, opening.visit, finding_id)
        if standing is not None:
            photos = [str(files[ref].id) for ref in opening.checked.photos.get(code, ())]
            found[code] = _write(session, actor, opening, standing, code, photos, now)
    return found


def _standing(session: Session, visit: Visit, finding_id: UUID | None) -> Finding | None:
    """The finding, or the one that it went into, when it is open and no secret; its row is ours then."""
    seen: set[UUID] = set()
    while finding_id is not None and finding_id not in seen:
        seen.add(finding_id)
        query = select(Finding).where(Finding.id == finding_id).with_for_update()
        finding = session.scalars(query, execution_options={"populate_existing": True}).first()
        if finding is None or finding.restricted or finding.hidden != visit.hidden:
            return None  # what a secret round saw leaves no line in what everybody reads
        if finding.state != MERGED:
            return finding if finding.state in NOT_CLOSED else None
        finding_id = finding.merged_into
    return None


def _write(
    session: Session,
    actor: Actor,
    opening: Opening,
    finding: Finding,
    code: str,
    photos: Sequence[str],
    now: datetime,
) -> Finding:
    """One line with the visit, what the inspector wrote, and the photos that he took."""
    visit, said = opening.visit, opening.checked.notes.get(code, "")[: LONGEST_NOTE - ROOM]
    facts = {"day": visit.day.isoformat(), "visit": str(visit.id)}
    line = write_line("seen_again_said", said=said, **facts) if said else write_line("seen_again", **facts)
    return act_by_system(session, finding.id, SEEN_AGAIN, now=now, person=actor, photos=photos, **line)
