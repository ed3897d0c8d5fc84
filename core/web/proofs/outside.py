"""What a contact without an account sees (免登录整改): his open items by deadline, each with the old photo to take again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from core.errors import Conflict, Fault, InvalidInput, NotFound, SanchengError
from core.request import db, house, now
from core.web.errors import say, say_fault
from core.web.marks.card_beside import own_cards_beside
from core.web.paging import read_id
from core.web.proofs.link_door import Guest, check_seal, enter_by_cookie, enter_by_link, keep_on_phone, seal_form
from core.web.words import counted
from core.work.calendar import local_day
from core.work.inspection.photo_reading import MAX_BYTES
from core.work.inspection.photos import path_of, small_of
from core.work.loop.step_input import MOST_PHOTOS
from core.work.proofs.hand_on_items import Item, items_of, photo_of_contact
from core.work.proofs.hand_ons import LONGEST, answer_item
from tenants.models import Unit

blueprint = Blueprint("outside", __name__, url_prefix="/h/<slug>")

KEPT = "private, max-age=86400"


@dataclass(frozen=True, slots=True)
class Sent:
    """What a contact sends for one item (回复): the photos as they came, and a note."""

    hand_on_id: UUID
    note: str
    photos: Sequence[bytes]


@blueprint.get("/<token>")
def open_by_link(slug: str, token: str) -> AnyResponse:
    """The link from a chat: remembered on this phone, then the list without the word in its address."""
    guest = enter_by_link(slug, token, counted=True)
    answer = redirect(url_for("outside.show", slug=slug), 303)
    keep_on_phone(answer, guest, token)
    return answer


@blueprint.get("")
def show(slug: str) -> str:
    """The contact's open items."""
    return _page(enter_by_cookie(slug))


@blueprint.get("/photo/<uuid:photo_id>")
def show_photo(slug: str, photo_id: UUID) -> Response:
    """A photo of how it was, of one of the contact's own open items."""
    guest = enter_by_cookie(slug)
    found = photo_of_contact(db(), guest.contact, photo_id)
    path = path_of(house().settings.files, guest.tenant.id, found.sha256)
    if not path.is_file():
        raise NotFound
    small = small_of(path) if request.args.get("small") else path
    answer = send_file(small, mimetype="image/jpeg", conditional=True, etag=small.name)
    answer.headers["Cache-Control"] = KEPT
    return answer


@blueprint.post("/answer")
def answer(slug: str) -> AnyResponse | tuple[str, int]:
    """Take the photos of one item, or of all that have some. One alone comes back with what is wrong."""
    guest = enter_by_cookie(slug, counted=True)
    check_seal(guest)
    only = request.form.get("only", "")
    if only:
        return _answer_one(guest, _sent(read_id(only, "only")))
    sent = [one for one in (_sent(item.hand_on.id) for item in items_of(db(), guest.contact)) if one.photos]
    if not sent:
        return _page(guest, summary=gettext("还没有拍照片：至少给一项拍一张")), 422
    return _answer_all(guest, sent)


def _answer_one(guest: Guest, sent: Sent) -> AnyResponse | tuple[str, int]:
    try:
        with db().begin_nested():
            _take(guest, sent)
    except (InvalidInput, Conflict) as error:
        return _page(guest, failed=sent, said=_say(error)), error.status
    flash(gettext("已提交，等交办单位确认"), "success")
    return redirect(url_for("outside.show", slug=guest.tenant.slug), 303)


def _answer_all(guest: Guest, sent: Sequence[Sent]) -> AnyResponse:
    """Each item by itself: what is good stays good whatever becomes of its neighbours."""
    done, refused = 0, []
    for one in sent:
        try:
            with db().begin_nested():
                _take(guest, one)
            done += 1
        except SanchengError as error:
            refused.append(_say(error))
    if done:
        flash(counted("已提交 %(n)s 项，等交办单位确认", n=done), "success")
    if refused:
        text = gettext("；").join(dict.fromkeys(refused))
        flash(gettext("%(n)s 项没有提交：%(why)s", n=len(refused), why=text), "error")
    return redirect(url_for("outside.show", slug=guest.tenant.slug), 303)


def _take(guest: Guest, sent: Sent) -> None:
    answer_item(
        db(),
        guest.tenant,
        guest.link,
        guest.contact,
        sent.hand_on_id,
        note=sent.note,
        photos=sent.photos,
        files=house().settings.files,
        now=now(),
    )


def _sent(hand_on_id: UUID) -> Sent:
    files = [part for part in request.files.getlist(f"photos-{hand_on_id}") if part.filename][: MOST_PHOTOS + 1]
    photos = [part.stream.read(MAX_BYTES + 1) for part in files]
    return Sent(hand_on_id, request.form.get(f"note-{hand_on_id}", ""), photos)


def _say(error: SanchengError) -> str:
    """The refusal in one sentence, without the names of fields."""
    plain = [Fault(one.message, "", None, "", "", one.remedy, one.params) for one in error.faults]
    return gettext("；").join(say_fault(one) for one in plain) or say(error)


def _page(guest: Guest, *, failed: Sent | None = None, said: str = "", summary: str = "") -> str:
    items: Sequence[Item] = items_of(db(), guest.contact)
    if failed and failed.hand_on_id not in {item.hand_on.id for item in items}:
        summary, failed = said, None
    return render_template(
        "outside/items.html",
        guest=guest,
        slug=guest.tenant.slug,
        items=items,
        sender=db().scalar(select(Unit.name).where(Unit.id == guest.contact.unit_id)) or "",
        cards_here=own_cards_beside(db(), guest.contact.site_id, local_day(now())),
        no_links=True,
        seal=seal_form(guest),
        failed=failed,
        said=said,
        summary=summary,
        at=now(),
        longest=LONGEST,
        most=MOST_PHOTOS,
    )
