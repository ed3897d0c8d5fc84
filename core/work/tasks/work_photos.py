"""Photos that prove work (佐证照片): of a task, project, meeting or quantity; sent first, then named by the report they belong to.

Rows are only ever added. A photo that no longer counts is named once more with the kind ``void``, by whoever says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput
from core.work.inspection.photos import find_files
from core.work.tables import WorkPhoto
from core.work.tasks.photo_kinds import AFTER, BEFORE, KINDS, PROOF, VOID
from core.work.wording import read_text, shown
from tenants.access import Actor

MOST_PHOTOS = 9  # with one report (ours)
LONGEST_CAPTION = 200


def read_refs(
    session: Session, refs: Iterable[str], faults: list[Fault], *, field: str = "photos", most: int = MOST_PHOTOS
) -> list[UUID]:
    """The files behind references (id or SHA-256), each once, in the given order; what is unknown or too many is a fault."""
    wanted = list(dict.fromkeys(ref.strip() for ref in refs if ref.strip()))
    known, remedy = find_files(session, wanted), N_("请先上传照片")
    faults += [Fault(N_("没有这张照片"), field, None, shown(ref), "", remedy) for ref in wanted if ref not in known]
    if len(wanted) > most:
        faults.append(Fault(N_("照片过多"), field, None, str(len(wanted)), "", N_("最多 {most} 张"), {"most": most}))
    return list(dict.fromkeys(known[ref].id for ref in wanted if ref in known))


def attach(
    session: Session,
    actor: Actor,
    subject: str,
    subject_id: UUID,
    file_ids: Iterable[UUID],
    *,
    kind: str = PROOF,
    step: int = 0,
    caption: str = "",
    now: datetime,
) -> None:
    """Add photos to a row; ``step`` is the version or sequence of the report they came with.

    Whether the actor may report there is judged by whoever takes the report. The same photo twice at one row, kind and step is
    one. Raises InvalidInput for a file that is not there, an unknown kind, a caption that is too long.
    """
    faults: list[Fault] = []
    said = read_text(caption, "caption", faults, LONGEST_CAPTION)
    if kind not in KINDS:
        faults.append(Fault(N_("没有这种照片"), "kind", value=shown(kind), remedy=N_("请从列出的选项中选择")))
    ids = read_refs(session, (str(one) for one in file_ids), faults)
    if faults:
        raise InvalidInput(faults=faults)
    same = (WorkPhoto.subject == subject, WorkPhoto.subject_id == subject_id, WorkPhoto.kind == kind)
    query = select(WorkPhoto.file_id).where(*same, WorkPhoto.step == step, WorkPhoto.file_id.in_(ids))
    known = set(session.scalars(query)) if ids else set()
    session.add_all(
        WorkPhoto(
            file_id=file_id,
            subject=subject,
            subject_id=subject_id,
            kind=kind,
            step=step,
            caption=said,
            person_id=actor.person_id,
            person_name=actor.name,
            created_at=now,
        )
        for file_id in ids
        if file_id not in known
    )
    session.flush()


def photos_of(session: Session, subject: str, subject_ids: Collection[UUID]) -> dict[UUID, list[WorkPhoto]]:
    """The photos that count, by row, the oldest first (one query); one that was named void after it came is left out."""
    found: dict[UUID, list[WorkPhoto]] = {one: [] for one in subject_ids}
    if not found:
        return found
    query = select(WorkPhoto).where(WorkPhoto.subject == subject, WorkPhoto.subject_id.in_(list(found)))
    for row in session.scalars(query.order_by(WorkPhoto.created_at, WorkPhoto.id)):
        if row.kind == VOID:
            found[row.subject_id] = [one for one in found[row.subject_id] if one.file_id != row.file_id]
        else:
            found[row.subject_id].append(row)
    return found


def of_kind(rows: Iterable[WorkPhoto], *kinds: str) -> list[WorkPhoto]:
    """Of some photos those of certain kinds."""
    return [one for one in rows if one.kind in kinds]


def pairs(rows: Sequence[WorkPhoto]) -> list[tuple[WorkPhoto | None, WorkPhoto | None]]:
    """The photos before beside those after (前后对比), in the order in which each came; None where one has no counterpart."""
    before, after = of_kind(rows, BEFORE), of_kind(rows, AFTER)
    return [
        (before[n] if n < len(before) else None, after[n] if n < len(after) else None)
        for n in range(max(len(before), len(after)))
    ]
