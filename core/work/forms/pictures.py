"""Illustrations that forms name (图例): what right looks like, for whoever may see a form at all; the latest of a name counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from uuid import UUID

from sqlalchemy import exists, select

from core.errors import NotFound
from core.work.inspection.photos import path_of
from core.work.tables import File, FormPicture
from tenants.scope import ScopedSession


def pictures_of(session: ScopedSession, names: Collection[str]) -> Mapping[str, UUID]:
    """The files of some illustrations by their names; a name that nobody sent a picture for is left out."""
    if not names:
        return {}
    rows = session.execute(
        select(FormPicture.name, FormPicture.file_id)
        .where(FormPicture.name.in_(names))
        .order_by(FormPicture.created_at, FormPicture.id)
    )
    return dict(rows.all())


def open_picture(session: ScopedSession, file_id: UUID, files: Path) -> Path:
    """The path of an illustration. Raises NotFound for a file that is none: photos have doors of their own."""
    named = exists().where(FormPicture.tenant_id == File.tenant_id, FormPicture.file_id == File.id)
    row = session.scalars(select(File).where(File.id == file_id, named)).first()
    path = path_of(files, row.tenant_id, row.sha256) if row else None
    if path is None or not path.is_file():
        raise NotFound
    return path
