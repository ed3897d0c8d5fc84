"""Illustrations (示范图): what right looks like, for whoever may see a form at all; the latest picture of a name counts.

A name is the file name that a form asks for in ``media::image``, or else the code of an item or of its question. Pages take their
addresses from ``core.web.forms.pictured.picture_addresses``, which falls back on the drawings that come with the system.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import distinct_on

from core.campaigns import Form
from core.errors import NotFound
from core.work.inspection.photos import path_of
from core.work.tables import File, FormPicture
from tenants.scope import ScopedSession


def pictures_of(session: ScopedSession, names: Collection[str]) -> Mapping[str, UUID]:
    """The files of some illustrations by their names; a name without a picture, or whose picture was taken away, is left out."""
    return {name: file_id for name, file_id in kept(session).items() if name in names} if names else {}


def pictures_for(session: ScopedSession, forms: Iterable[Form], *, locale: str = "zh") -> Mapping[str, UUID]:
    """The files of all illustrations that some forms show: by image name, by item code and by question code.

    An item shows the image that its form names, else the picture called like its code, else the one called like its question; a
    question that several items share shows the first of theirs. ``locale`` decides where a form names two images.
    """
    known = kept(session)
    if not known:
        return {}
    found: dict[str, UUID] = {}
    for key, names in wanted(forms, locale).items():
        first = next((known[name] for name in names if name in known), None)
        if first is not None:
            found[key] = first
    return found


def wanted(forms: Iterable[Form], locale: str = "zh") -> Mapping[str, tuple[str, ...]]:
    """The names under which a picture may stand for each image name, item code and question code, the best first."""
    found: dict[str, tuple[str, ...]] = {}
    named: dict[str, list[str]] = {}  # by question: the images that forms name
    coded: dict[str, list[str]] = {}  # by question: its items
    for form in forms:
        images = images_of(form, locale)
        found |= {name: (name,) for name in image_names(form)}
        for item in form.items:
            image = images.get(item.code, "")
            found[item.code] = tuple(filter(None, (image, item.code, item.question)))
            named.setdefault(item.question, []).extend([image] if image else [])
            coded.setdefault(item.question, []).append(item.code)
    return found | {code: (*named[code], *items, code) for code, items in coded.items()}


def images_of(form: Form, locale: str = "zh") -> Mapping[str, str]:
    """The images that a form names for its fields, by field."""
    fields = form.survey.fields() if form.survey is not None else ()
    return {one.name: one.image.said(locale) for one in fields if one.image}


def image_names(form: Form) -> tuple[str, ...]:
    """Every image that a form asks for, of questions and of choices, in both languages, each once."""
    if form.survey is None:
        return ()
    said = [name for one in form.survey.fields() for name in (one.image.zh, one.image.en)]
    said += [choice.image for one in form.survey.lists for choice in one.choices]
    return tuple(dict.fromkeys(filter(None, said)))


def kept(session: ScopedSession) -> Mapping[str, UUID]:
    """The files of all illustrations by name; of a name the latest counts, and none where that says none."""
    rows = session.execute(
        select(FormPicture.name, FormPicture.file_id)
        .ext(distinct_on(FormPicture.name))
        .order_by(FormPicture.name, FormPicture.created_at.desc(), FormPicture.id.desc())
    )
    return {name: file_id for name, file_id in rows if file_id is not None}


def open_picture(session: ScopedSession, file_id: UUID, files: Path) -> Path:
    """The path of an illustration. Raises NotFound for a file that is none: photos have doors of their own."""
    named = exists().where(FormPicture.tenant_id == File.tenant_id, FormPicture.file_id == File.id)
    row = session.scalars(select(File).where(File.id == file_id, named)).first()
    path = path_of(files, row.tenant_id, row.sha256) if row else None
    if path is None or not path.is_file():
        raise NotFound
    return path
