"""Forms and draws of the leak tests (表格与抽样): a workbook that waits, fresh versions, fresh commitments."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from core.campaigns import Form, installed
from core.campaigns.body import seal
from core.campaigns.vocabulary import load_vocabulary
from core.campaigns.xlsform.scored import design_of
from core.campaigns.xlsform.writing import write_workbook
from core.work.forms.versions import draft, publish
from core.work.rounds.drawing import commit
from core.work.tables import FormPicture, OwnForm, SheetEntry, Site
from tenants.access import Actor, TenantRef
from tenants.db import now
from tenants.scope import ScopedSession, Wall
from tests.work.pictures import jpeg

FORMS = "sanitary_city"


def reworded() -> Form:
    """The campaign's first form, its first item said in a way of its own."""
    form = installed().campaigns[FORMS].edition.forms[0]
    first = replace(form.items[0], text_zh=f"本区说法{secrets.token_hex(4)}")
    return seal(replace(form, items=(first, *form.items[1:])))


def form_workbook() -> bytes:
    """A form as an official would upload it."""
    words = load_vocabulary().with_own(questions=installed().campaigns[FORMS].questions)
    return write_workbook(design_of(reworded(), words, FORMS), words)


def form_upload(folder: Path) -> dict[str, str]:
    """A form's workbook that waits where the page keeps it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    data = form_workbook()
    digest = sha256(data).hexdigest()
    (folder / digest).write_bytes(data)
    return {"sha256": digest}


def lay_version(session: ScopedSession, admin: Actor) -> OwnForm:
    """A district's own version of the campaign's first form, in the inspectors' hands."""
    campaign, form = installed().campaigns[FORMS], reworded()
    row = draft(session, admin, campaign, form, file_name="表.xlsx", note=f"改了说法{secrets.token_hex(4)}", now=now())
    return publish(session, admin, row.id, campaign, form, now=now())


def lay_beside(session: ScopedSession, ids: Mapping[str, str]) -> None:
    """An illustration, and what a visit answered beside its items."""
    form = installed().campaigns[FORMS].edition.forms[0]
    session.add(FormPicture(name="示范图.jpg", file_id=UUID(ids["photo_id"])))
    said = {"campaign": FORMS, "form": form.code, "form_sha256": form.sha256, "data": {"remark": "现场情况"}}
    session.add(SheetEntry(visit_id=UUID(ids["visit_id"]), **said))


def lay_picture(session: Callable[[], ScopedSession], photo_id: str, *, shown: bool) -> dict[str, str]:
    """An illustration of the campaign's first item that is shown, or was until now."""
    name = installed().campaigns[FORMS].edition.forms[0].items[0].code
    with session() as opened:
        opened.add(FormPicture(name=name, file_id=UUID(photo_id), created_at=now()))
        if not shown:
            opened.flush()
            opened.add(FormPicture(name=name, file_id=None, created_at=now()))
        opened.commit()
    return {}


def picture_form() -> dict[str, object]:
    """A picture beside its item, as the page sends it."""
    name = installed().campaigns[FORMS].edition.forms[0].items[0].code
    return {"name": name, "files": (io.BytesIO(jpeg((64, 48))), "图.jpg")}


def named_picture() -> dict[str, str]:
    """The name of that illustration."""
    return {"name": installed().campaigns[FORMS].edition.forms[0].items[0].code}


def new_version(session: Callable[[], ScopedSession], admin: Actor) -> dict[str, str]:
    """A draft: it can be published or dropped."""
    with session() as opened:
        row = draft(opened, admin, installed().campaigns[FORMS], reworded(), now=now())
        opened.commit()
        return {"version_id": str(row.id)}


def new_draw(wall: Wall, ref: TenantRef, office: Actor) -> dict[str, str]:
    """A commitment that waits for its outside number."""
    with wall.open(ref.id, cleared=True) as session:
        sites = list(session.scalars(select(Site.id).limit(3)))
        given = {"frame": {"main_road": sites}, "sizes": {"main_road": 1}, "outside": f"彩票{secrets.token_hex(4)}"}
        row = commit(session, office, **given, now=now())
        session.commit()
        return {"draw_id": str(row.id)}
