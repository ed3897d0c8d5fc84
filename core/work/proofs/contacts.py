"""Outside contacts (外部联系人): property managers, shops, contractors who put things right without an account, and their links.

A link is a random word of which only the hash is kept, given out once, with an end; whoever holds it acts for the contact.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.work.calendar import local_day
from core.work.journal import record
from core.work.names import narrow, tidy
from core.work.permits import require
from core.work.places.site_lists import get_site
from core.work.roles import ANSWER
from core.work.tables import Contact, ContactLink, HandOn, Site
from tenants.access import Actor, reach
from tenants.models import Person
from tenants.scope import ScopedSession

KINDS: dict[str, tuple[str, str]] = {
    "property": (N_("物业"), "Property manager"),
    "shop": (N_("商户"), "Shop"),
    "contractor": (N_("养护、施工单位"), "Contractor"),
    "other": (N_("其他"), "Other"),
}
LONGEST_NAME, MOST_DAYS, USUAL_DAYS = 60, 90, 14


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A contact in a list (联系人), with what is open at it and when its last link ends."""

    contact: Contact
    open: int
    link_until: datetime | None


def add_contact(
    session: ScopedSession,
    actor: Actor,
    *,
    kind: str,
    name: str,
    unit_id: UUID,
    now: datetime,
    phone: str = "",
    site_id: UUID | None = None,
) -> Contact:
    """Add a contact of a unit (新增外部联系人), or give the same one back. Raises InvalidInput, NotFound and Forbidden."""
    require(session, actor, ANSWER, unit_id, local_day(now))
    said, number = tidy(name), narrow(phone)
    faults = []
    if kind not in KINDS:
        params = {"known": ", ".join(KINDS)}
        faults.append(Fault(N_("没有这种联系人"), "kind", None, kind[:20], "", N_("可填：{known}"), params))
    if not said or len(said) > LONGEST_NAME:
        faults.append(Fault(N_("联系人名称不对"), "name", value=said[:20], remedy=N_("请填 1 到 60 个字")))
    if number and not (number.lstrip("+").isdigit() and 5 <= len(number) <= 16):
        faults.append(Fault(N_("电话号码不对"), "phone", value=number[:20], remedy=N_("请填数字，可以不填")))
    if faults:
        raise InvalidInput(faults=faults)
    if site_id is not None:
        get_site(session, actor, site_id, today=local_day(now))
    same = select(Contact).where(
        Contact.unit_id == unit_id, Contact.name == said, Contact.kind == kind, Contact.state == "active"
    )
    found = session.scalars(same).first()
    if found is None:
        found = Contact(kind=kind, name=said, phone=number, unit_id=unit_id, site_id=site_id, created_at=now)
        session.add(found)
        session.flush()
        record(session, actor, "contact.add", "contact", found.id, name=said, contact_kind=kind)
    elif site_id is not None:
        found.site_id = site_id
    return found


def get_contact(session: ScopedSession, actor: Actor, contact_id: UUID, now: datetime) -> Contact:
    """A contact of a unit that the actor answers for. Raises NotFound."""
    units = reach(actor, ANSWER, local_day(now))
    found = session.scalars(select(Contact).where(Contact.id == contact_id, Contact.unit_id.in_(units))).first()
    if found is None:
        raise NotFound
    return found


def list_contacts(session: ScopedSession, actor: Actor, now: datetime) -> list[ContactRow]:
    """The contacts of the units that the actor answers for (one query), those with open items first."""
    opened = func.count(HandOn.id).filter(HandOn.state.in_(("sent", "sent_back")))
    until = (
        select(func.max(ContactLink.expires_at))
        .where(
            ContactLink.tenant_id == Contact.tenant_id,
            ContactLink.contact_id == Contact.id,
            ContactLink.revoked_at.is_(None),
            ContactLink.expires_at > now,
        )
        .correlate(Contact)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Contact, opened, until)
        .outerjoin(HandOn, (HandOn.tenant_id == Contact.tenant_id) & (HandOn.contact_id == Contact.id))
        .where(Contact.state == "active", Contact.unit_id.in_(reach(actor, ANSWER, local_day(now))))
        .group_by(Contact.tenant_id, Contact.id)
        .order_by(opened.desc(), Contact.name)
    ).all()
    return [ContactRow(contact, count, end) for contact, count, end in rows]


def links_of(session: Session, contact_id: UUID) -> list[tuple[ContactLink, str]]:
    """The links of a contact, newest first, each with who made it; what they say is known to nobody any more."""
    rows = session.execute(
        select(ContactLink, Person.name)
        .join(Person, (Person.tenant_id == ContactLink.tenant_id) & (Person.id == ContactLink.person_id))
        .where(ContactLink.contact_id == contact_id)
        .order_by(ContactLink.created_at.desc(), ContactLink.id)
    )
    return [(link, name) for link, name in rows]


def site_names(session: Session, ids: Collection[UUID]) -> dict[UUID, str]:
    """The names of contacts' sites (one query)."""
    return dict(session.execute(select(Site.id, Site.name).where(Site.id.in_(ids))).all()) if ids else {}


def retire_contact(session: ScopedSession, actor: Actor, contact_id: UUID, now: datetime) -> Contact:
    """Let a contact be used no more (停用联系人); its links end now."""
    found = get_contact(session, actor, contact_id, now)
    found.state = "retired"
    revoke_links(session, actor, contact_id, now)
    record(session, actor, "contact.retire", "contact", found.id)
    return found


def make_link(
    session: ScopedSession, actor: Actor, contact_id: UUID, *, now: datetime, days: int = USUAL_DAYS
) -> tuple[ContactLink, str]:
    """Make a link for a contact (生成链接): the row, and the word that is shown once. Raises NotFound, Conflict, InvalidInput."""
    contact = get_contact(session, actor, contact_id, now)
    if contact.state != "active":
        raise Conflict(N_("这个联系人已停用"))
    if not 1 <= days <= MOST_DAYS:
        remedy, params = N_("请填 1 到 {most} 天"), {"most": MOST_DAYS}
        raise InvalidInput(faults=[Fault(N_("有效天数不对"), "days", None, str(days), "", remedy, params)])
    word = secrets.token_urlsafe(24)
    link = ContactLink(
        contact_id=contact.id,
        token_sha256=_digest(word),
        person_id=actor.person_id,
        expires_at=now + timedelta(days=days),
        created_at=now,
    )
    session.add(link)
    session.flush()
    record(session, actor, "contact.link", "contact", contact.id, until=link.expires_at.isoformat())
    return link, word


def revoke_links(session: ScopedSession, actor: Actor, contact_id: UUID, now: datetime) -> int:
    """End all links of a contact (作废链接); gives how many."""
    get_contact(session, actor, contact_id, now)
    live = select(ContactLink).where(ContactLink.contact_id == contact_id, ContactLink.revoked_at.is_(None))
    found = session.scalars(live.where(ContactLink.expires_at > now)).all()
    for link in found:
        link.revoked_at = now
    if found:
        record(session, actor, "contact.revoke", "contact", contact_id, links=len(found))
    session.flush()
    return len(found)


def open_link(session: Session, word: str, now: datetime, *, counted: bool = True) -> tuple[ContactLink, Contact]:
    """The contact behind a word, when its link is good still; its use is ``counted``. Raises NotFound for all else alike."""
    row = session.execute(
        select(ContactLink, Contact)
        .join(Contact, (Contact.tenant_id == ContactLink.tenant_id) & (Contact.id == ContactLink.contact_id))
        .where(
            ContactLink.token_sha256 == _digest(word),
            ContactLink.revoked_at.is_(None),
            ContactLink.expires_at > now,
            Contact.state == "active",
        )
    ).first()
    if row is None:
        raise NotFound
    link, contact = row
    if counted:
        link.opened_at, link.opened = link.opened_at or now, link.opened + 1
    return link, contact


def _digest(word: str) -> bytes:
    return hashlib.sha256(word.encode()).digest()
