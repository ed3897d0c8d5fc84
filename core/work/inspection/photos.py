"""Photos (照片): sent before the visit or answer that refers to them, kept once by content, seen by those who may.

Files lie under ``<files>/<tenant>/<sha256 of what is stored>``; the database row comes with the transaction, so that a
file without a row is possible after a rollback and a row without a file is not.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from uuid import UUID, uuid4

from PIL import Image
from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput, NotFound, TooLarge
from core.work.appeals.appeal_sight import sees_appeal_photo
from core.work.calendar import local_day
from core.work.inspection.looks import rows_of as bands
from core.work.inspection.photo_reading import MAX_BYTES, Picture, as_jpeg, read_picture
from core.work.inspection.photo_said import NOTHING, Said
from core.work.journal import record, seal_of, sealed
from core.work.loop.sight import sees_attachment
from core.work.marks.card_sight import sees_card_photo
from core.work.papers.notice_sight import sees_notice_photo
from core.work.proofs.hand_on_sight import sees_answer_photo
from core.work.tables import Attachment, Audit, File, FileLook
from core.work.tasks.photo_sight import sees_work_photo
from core.work.whistling.whistle_sight import sees_whistle_photo
from tenants.access import Actor
from tenants.db import new_id
from tenants.db import now as server_now

THUMBNAIL_SIDE = 320
EXIF, DEVICE = "exif", "device"  # who read time and place: we in the bytes, or the device that sent them
_SHA256 = re.compile(r"[0-9a-f]{64}")
_STORED = "photo.store"


def store(
    session: Session,
    actor: Actor,
    data: bytes | IO[bytes],
    *,
    files: Path,
    declared_sha256: str | None = None,
    contact_name: str = "",
    said: Said = NOTHING,
    sealed_for: UUID | None = None,
    now: datetime | None = None,
) -> File:
    """Keep a photo as clean JPEG and give its row; the same original again gives the same row, and what was said of it first.

    ``contact_name`` is who sent it without an account; the actor answers for him. ``said`` is what the device says of time and
    place: it counts where the bytes say nothing. ``sealed_for`` is the secret round that it was taken for; its row is hidden.

    ``files`` is the folder of all tenants' files. Limits: 12 MB, 40 megapixels, JPEG, PNG, WebP or HEIC. Raises TooLarge,
    InvalidInput (also when the bytes do not have the declared hash).
    """
    original = _read(data)
    digest = hashlib.sha256(original).hexdigest()
    if declared_sha256 and declared_sha256.strip().lower() != digest:
        remedy = N_("照片在传输中有损坏，请重新上传")
        raise InvalidInput(
            faults=[Fault(N_("照片与声明的 SHA-256 不一致"), "sha256", value=declared_sha256[:64], remedy=remedy)]
        )
    found = _by_original(session, digest, sealed_for)
    if found is None or not path_of(files, actor.tenant.id, found.sha256).exists():
        picture = read_picture(original)
        stored = found.sha256 if found else hashlib.sha256(picture.jpeg).hexdigest()  # a lost file comes back
        write_file(path_of(files, actor.tenant.id, stored), picture.jpeg)
        sent = {"contact_name": contact_name, "created_at": now or server_now()}
        sent |= {"sealed_for": sealed_for, "hidden": sealed_for is not None, **_when_and_where(picture, said)}
        found = found or _insert(session, actor, digest, stored, picture, sent)
    _note_upload(session, actor, found)
    return found


def open_photo(session: Session, actor: Actor, file_id: UUID, files: Path, *, now: datetime | None = None) -> Path:
    """The path of a photo that the actor may see: at a visit, finding, whistle, notice, card, appeal or work in his reach, or sent by himself.

    Raises NotFound otherwise; a photo of another tenant and an unknown one are the same.
    """
    day = local_day(now or server_now())
    attached = exists().where(
        Attachment.tenant_id == actor.tenant.id,
        Attachment.file_id == File.id,
        sees_attachment(actor, day),
    )
    seen = or_(
        attached.correlate(File),
        sees_whistle_photo(actor, day),
        sees_answer_photo(actor, day),
        _sent_by(actor, file_id),
        sees_notice_photo(actor, day),
        sees_card_photo(actor, day),
        sees_appeal_photo(actor, day),
        sees_work_photo(actor, day),
    )
    row = session.scalars(select(File).where(File.id == file_id, seen)).first()
    path = path_of(files, actor.tenant.id, row.sha256) if row else None
    if path is None or not path.is_file():
        raise NotFound
    return path


def thumbnail(session: Session, actor: Actor, file_id: UUID, files: Path, *, now: datetime | None = None) -> Path:
    """The path of a small picture (longest side 320 px) of a photo that the actor may see, made at first use."""
    return small_of(open_photo(session, actor, file_id, files, now=now))


def small_of(path: Path) -> Path:
    """The path of the small picture (longest side 320 px) beside a stored photo, made at first use."""
    small = path.with_name(f"{path.name}.{THUMBNAIL_SIDE}")
    if not small.exists():
        with Image.open(path, formats=("JPEG",)) as image:
            image.draft("RGB", (THUMBNAIL_SIDE, THUMBNAIL_SIDE))
            image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
            write_file(small, as_jpeg(image.convert("RGB"), quality=75))
    return small


def find_files(session: Session, refs: Iterable[str]) -> Mapping[str, File]:
    """The files behind references: a file's id, or the SHA-256 of what the device sent or of what is stored.

    Of what was taken for a secret round those alone that the session works for (core.work.journal.sealed), and these first.
    """
    wanted = set(refs)
    hashes = {ref.lower() for ref in wanted if _SHA256.fullmatch(ref.lower())}
    ids = {found for found in (_as_id(ref) for ref in wanted) if found is not None}
    if not hashes and not ids:
        return {}
    ours = or_(File.sealed_for.is_(None), File.hidden.is_(False), File.sealed_for == seal_of(session).get("sealed_for"))
    named = or_(File.id.in_(ids), File.original_sha256.in_(hashes), File.sha256.in_(hashes))
    rows = session.scalars(select(File).where(named, ours).order_by(File.hidden, File.id)).all()
    known = {key: row for row in rows for key in (row.sha256, str(row.id))} | {r.original_sha256: r for r in rows}
    return {ref: known[key] for ref in wanted if (key := _key(ref)) in known}


def path_of(files: Path, tenant_id: int, sha256: str) -> Path:
    """Where a tenant's file of this content lies."""
    return files / str(tenant_id) / sha256


def _key(ref: str) -> str:
    as_id = _as_id(ref)
    return str(as_id) if as_id else ref.lower()


def _as_id(ref: str) -> UUID | None:
    try:
        return UUID(ref)
    except ValueError:
        return None


def _read(data: bytes | IO[bytes]) -> bytes:
    """All bytes, but never more than the limit allows."""
    found = data if isinstance(data, bytes) else data.read(MAX_BYTES + 1)
    if len(found) > MAX_BYTES:
        raise TooLarge(N_("照片不能超过 {most} MB"), most=MAX_BYTES // 1024 // 1024)
    return found


def _by_original(session: Session, digest: str, sealed_for: UUID | None) -> File | None:
    same = File.sealed_for == sealed_for if sealed_for else File.sealed_for.is_(None)
    return session.scalars(select(File).where(File.original_sha256 == digest, same)).first()


def _when_and_where(picture: Picture, said: Said) -> dict[str, object]:
    """Time and place, each with who read it: the bytes first, what the device says otherwise; and the device about itself."""
    timed, placed = picture.taken_at is not None, picture.longitude is not None
    return {
        "taken_at": picture.taken_at if timed else said.taken_at,
        "time_source": EXIF if timed else DEVICE if said.taken_at else "",
        "longitude": picture.longitude if placed else said.longitude,
        "latitude": picture.latitude if placed else said.latitude,
        "place_source": EXIF if placed else DEVICE if said.longitude is not None else "",
        "device_at": said.device_at,
        "device_longitude": said.device_longitude,
        "device_latitude": said.device_latitude,
        "device_accuracy_m": said.accuracy_m,
        "device_skew_seconds": said.skew_seconds,
    }


def _insert(
    session: Session, actor: Actor, digest: str, stored: str, picture: Picture, sent: Mapping[str, Any]
) -> File:
    """Enter the row; when somebody stored the same original at the same moment, his."""
    row = {
        "tenant_id": actor.tenant.id,
        "id": new_id(),
        "original_sha256": digest,
        "sha256": stored,
        "media_type": "image/jpeg",
        "size": len(picture.jpeg),
        "width": picture.width,
        "height": picture.height,
        "person_id": actor.person_id,
        "look": picture.look,
        **sent,
    }
    made = session.scalars(insert(File).values(row).on_conflict_do_nothing().returning(File)).first()
    if made and picture.look is not None:
        marks = [mark | {"hidden": made.hidden} for mark in bands(actor.tenant.id, made.id, picture.look)]
        session.execute(insert(FileLook), marks)
    found = made or _by_original(session, digest, sent["sealed_for"])
    assert found is not None, "the row that we ran into is committed and in our scope"
    return found


def _sent_by(actor: Actor, file_id: UUID) -> ColumnElement[bool]:
    return exists().where(
        Audit.tenant_id == actor.tenant.id,
        Audit.object_id == str(file_id),
        Audit.verb == _STORED,
        Audit.person_id == actor.person_id,
    )


def _note_upload(session: Session, actor: Actor, file: File) -> None:
    """Record each person's first upload of a photo; it also lets him see it before it is attached anywhere."""
    if not session.scalar(select(_sent_by(actor, file.id))):
        with sealed(session, file.sealed_for):
            record(session, actor, _STORED, "file", file.id, sha256=file.sha256, size=file.size)
        session.flush()


def write_file(path: Path, data: bytes) -> None:
    """Put a file in its place whole or not at all, readable by us alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{uuid4().hex}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
