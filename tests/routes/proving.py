"""Proof for the routes' world (核验): a sample, a doubt, a check of similar sites and an item handed on in each district."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from core.work.proofs.contacts import add_contact, make_link
from core.work.proofs.hand_ons import hand_on
from core.work.proofs.rechecks import plan_recheck
from core.work.proofs.sampling import Wanted, draw
from core.work.proofs.sweeps import plan
from core.work.tables import Contact, Finding, HandOn, Part, Recheck, Signal, Sweep
from tenants.access import Actor
from tenants.db import now
from tenants.scope import ScopedSession


def give_proofs(
    session: ScopedSession, ids: Mapping[str, str], actors: Mapping[str, Actor], findings: list[str], today: date
) -> dict[str, str]:
    """One of everything, by the names that addresses give them."""
    office = actors["hq_office"]
    wanted = Wanted(today - timedelta(days=1), today, 100, secrets.token_hex(8))
    sample = draw(session, office, wanted, title="路由抽样", due_on=today + timedelta(days=7), now=now())
    recheck = session.scalars(select(Recheck).where(Recheck.sample_id == sample.id)).first()
    assert recheck
    sweep = new_sweep(session, office, findings[2], ids["site_id"], today)
    contact = new_contact(session, actors["liaison"], findings[1])
    item = hand_on(session, actors["liaison"], [UUID(findings[1])], contact.id, asked="请清运", now=now())[0]
    return {
        "sample_id": str(sample.id),
        "recheck_id": str(recheck.id),
        "signal_id": str(new_doubt(session, findings[0]).id),
        "sweep_id": str(sweep.id),
        "contact_id": str(contact.id),
        "hand_on_id": str(item.id),
    }


def new_recheck(session: ScopedSession, office: Actor, finding: Finding, today: date) -> str:
    """A re-inspection of a closed finding that anybody who checks may settle."""
    due = today + timedelta(days=3)
    return str(plan_recheck(session, office, finding.id, person_id=None, due_on=due, now=now()).id)


def new_doubt(session: ScopedSession, finding_id: str) -> Signal:
    """An open doubt about a finding."""
    body = {"closed_at": now().isoformat(), "days": 3}
    found = Signal(key=f"test:{secrets.token_hex(6)}", kind="reopened_soon", finding_id=UUID(finding_id), body=body)
    session.add(found)
    session.flush()
    return found


def new_sweep(session: ScopedSession, office: Actor, finding_id: str, site_id: str, today: date) -> Sweep:
    """A check of one site."""
    due = today + timedelta(days=3)
    return plan(session, office, UUID(finding_id), sites=[UUID(site_id)], due_on=due, now=now())


def new_contact(session: ScopedSession, liaison: Actor, finding_id: str) -> Contact:
    """A contact of the unit that leads a finding."""
    lead = session.scalars(select(Part.unit_id).where(Part.finding_id == UUID(finding_id), Part.leading)).one()
    name = f"物业{secrets.token_hex(4)}"
    return add_contact(session, liaison, kind="property", name=name, unit_id=lead, now=now())


def new_link(session: ScopedSession, liaison: Actor, contact_id: str) -> str:
    """The word of a new link, unsigned."""
    return make_link(session, liaison, UUID(contact_id), now=now())[1]


def new_item(session: ScopedSession, liaison: Actor, finding_id: str) -> HandOn:
    """An item handed on to a contact of its own."""
    contact = new_contact(session, liaison, finding_id)
    return hand_on(session, liaison, [UUID(finding_id)], contact.id, asked="", now=now())[0]
