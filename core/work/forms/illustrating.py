"""Keeping illustrations (示范图维护): put in by their names, replaced, taken away and put back; no picture is ever deleted.

A picture is made small and upright, and keeps nothing of the original but its pixels: no place, no time, no device, no names.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from PIL import Image
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.campaigns import Form
from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.work.calendar import local_day
from core.work.forms.pictures import wanted
from core.work.inspection.photo_reading import as_jpeg, read_picture
from core.work.inspection.photos import path_of, write_file
from core.work.journal import record
from core.work.permits import require
from core.work.roles import ADMINISTER
from core.work.tables import File, FormPicture
from tenants.access import Actor, root_unit
from tenants.db import new_id
from tenants.scope import ScopedSession

LONGEST_SIDE = 1280  # pixels (ours): fills a phone held upright at twice its resolution
LARGEST = 200 * 1024  # bytes (ours): a form of 20 pictures is taken along in 4 MB
_QUALITIES = (82, 72, 62, 52)
_SMALLER = 0.8
ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif")
KIND = "illustration"


@dataclass(frozen=True, slots=True)
class Small:
    """A picture as it is kept (缩小后的图)."""

    jpeg: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class History:
    """What stands under a name now, and the picture before it (图的前后): either may be None."""

    current: UUID | None
    former: UUID | None


def names_known(forms: Iterable[Form]) -> Mapping[str, str]:
    """Every name that some forms can show a picture under, by its small letters."""
    return {key.lower(): key for key in wanted(forms)}


def match_name(file_name: str, known: Mapping[str, str]) -> str:
    """The name that a file stands for: the image that a form asks for, else the code of an item or a question; '' for neither."""
    said = file_name.replace("\\", "/").rpartition("/")[2].strip().lower()
    ending = next((one for one in ENDINGS if said.endswith(one)), "")
    return known.get(said) or known.get(said[: len(said) - len(ending)]) or ""


def unmatched(file_name: str) -> InvalidInput:
    """Why a file was not taken in, and what its name should be."""
    remedy = N_(
        "文件名请用检查项代码、观测项代码，或表里 media::image 写的文件名，如 CIV-ROAD-01.jpg；也可以在那一项旁边上传"
    )
    fault = Fault(N_("文件名对不上任何检查项"), "files", value=file_name[-60:], remedy=remedy)
    return InvalidInput(faults=[fault])


def put_picture(
    session: ScopedSession,
    actor: Actor,
    name: str,
    data: bytes,
    *,
    files: Path,
    known: Mapping[str, str],
    now: datetime,
) -> bool:
    """Make a picture the illustration of a name from now on; whether that changed anything.

    ``known`` are the names that forms can show (``names_known``); ``files`` is the folder of all tenants' files. Limits of the
    original: 12 MB, 40 megapixels, JPEG, PNG, WebP or HEIC. Raises Forbidden, NotFound (nothing is called so), TooLarge, InvalidInput.
    """
    require(session, actor, ADMINISTER, root_unit(session).id, local_day(now))
    if name not in known.values():
        raise NotFound
    file = _keep(session, actor, shrink(data), files, now)
    if history_of(session, name).current == file.id:
        return False
    _add(session, actor, name, file.id, "illustration.put", now)
    return True


def take_away(session: ScopedSession, actor: Actor, name: str, *, now: datetime) -> None:
    """Show no picture of ours under a name any more. Raises Forbidden, Conflict (there is none)."""
    require(session, actor, ADMINISTER, root_unit(session).id, local_day(now))
    if history_of(session, name).current is None:
        raise Conflict(N_("这里已经没有本区的示范图"))
    _add(session, actor, name, None, "illustration.take", now)


def put_back(session: ScopedSession, actor: Actor, name: str, *, now: datetime) -> None:
    """Show the picture again that stood under a name before. Raises Forbidden, Conflict (there was none)."""
    require(session, actor, ADMINISTER, root_unit(session).id, local_day(now))
    former = history_of(session, name).former
    if former is None:
        raise Conflict(N_("没有更早的示范图可以恢复"))
    _add(session, actor, name, former, "illustration.put", now)


def history_of(session: ScopedSession, name: str) -> History:
    """What stands under a name now and the last other picture before."""
    return histories(session, name).get(name, History(None, None))


def histories(session: ScopedSession, name: str = "") -> Mapping[str, History]:
    """The same of every name that ever had a picture, or of one."""
    asked = select(FormPicture.name, FormPicture.file_id).order_by(FormPicture.created_at, FormPicture.id)
    found: dict[str, History] = {}
    for one, file_id in session.execute(asked.where(FormPicture.name == name) if name else asked):
        before = found.get(one, History(None, None))
        former = before.current if before.current not in (None, file_id) else before.former
        found[one] = History(file_id, former if former != file_id else None)
    return found


def shrink(data: bytes) -> Small:
    """A picture upright in at most 1280 pixels and 200 KB, without metadata. Raises TooLarge, InvalidInput."""
    read = read_picture(data)
    if max(read.width, read.height) <= LONGEST_SIDE and len(read.jpeg) <= LARGEST:
        return Small(read.jpeg, read.width, read.height)
    with Image.open(io.BytesIO(read.jpeg), formats=("JPEG",)) as image:
        picture = image.convert("RGB")
    side = LONGEST_SIDE
    while True:
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        for quality in _QUALITIES:
            jpeg = as_jpeg(picture, quality)
            if len(jpeg) <= LARGEST:
                return Small(jpeg, picture.width, picture.height)
        side = int(side * _SMALLER)


def _keep(session: ScopedSession, actor: Actor, picture: Small, files: Path, now: datetime) -> File:
    """The row of a picture, the same one for the same content."""
    digest = hashlib.sha256(picture.jpeg).hexdigest()
    row = {
        "tenant_id": actor.tenant.id,
        "id": new_id(),
        "original_sha256": digest,
        "sha256": digest,
        "media_type": "image/jpeg",
        "size": len(picture.jpeg),
        "width": picture.width,
        "height": picture.height,
        "person_id": actor.person_id,
        "created_at": now,
    }
    session.execute(insert(File).values(row).on_conflict_do_nothing())
    same = (File.original_sha256 == digest, File.sealed_for.is_(None))
    found = session.scalars(select(File).where(*same)).one()
    path = path_of(files, actor.tenant.id, found.sha256)
    if not path.exists():
        write_file(path, picture.jpeg)
    return found


def _add(session: ScopedSession, actor: Actor, name: str, file_id: UUID | None, verb: str, now: datetime) -> None:
    row = FormPicture(name=name, file_id=file_id, created_at=now)
    session.add(row)
    session.flush()
    record(session, actor, verb, KIND, row.id, name=name, file=str(file_id or ""))
