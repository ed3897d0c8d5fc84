"""The door behind a plate (扫码入口): from an address to a place, for anybody, without a login and without an actor.

The tenant is found by its slug in scope 0, the plate in the tenant's own scope. Whatever is not good - slug, code, a suspended
district - is the same 404. Who is logged in and has a seat there is known beside, for his buttons; the session stays the
tenant's, uncleared, and every view reads by the plate alone.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

from flask import g, request, url_for
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from sqlalchemy import select

from core.errors import ForgedForm, NotFound
from core.request import house, login, now, today
from core.work.accounts import Seat, count_try, find_seat, tenant_ref
from core.work.actors import resolve_actor
from core.work.plates.plates import Found, find_plate
from tenants.access import DISTRICT, Actor, TenantRef
from tenants.accounts import Tenant

REPORTS = {"address": 6, "plate": 20}  # reports in a quarter of an hour, by one address and at one plate (ours)
LOOKS = 120  # receipts looked up by one address in a quarter of an hour (ours)
SEAL_SECONDS = 24 * 3600
LONGEST_SEAL = 300


@dataclass(frozen=True, slots=True)
class Scan:
    """Who scanned what (扫码): the plate with its site, the tenant, and the person of it who is logged in, if any."""

    tenant: TenantRef
    found: Found
    actor: Actor | None

    @property
    def word(self) -> str:
        """The plate as addresses carry it."""
        return f"{self.tenant.slug}-{self.found.plate.code}"


def address_of(slug: str, code: str) -> str:
    """The whole address that a plate's code carries."""
    return url_for("plate.show", plate=f"{slug}-{code}", _external=True)


def enter_by_plate(plate: str) -> Scan:
    """Open the tenant's session for whoever scanned a plate. Raises NotFound for whatever is not good, alike."""
    slug, _, code = plate.rpartition("-")
    person = login()
    with house().wall.platform() as platform:
        row = platform.scalars(
            select(Tenant).where(Tenant.slug == slug, Tenant.state == "active", Tenant.kind == DISTRICT)
        ).first()
        tenant = tenant_ref(row) if row else None
        seat = find_seat(platform, person.user_id, slug) if person and tenant else None
    if tenant is None:
        raise NotFound
    g.session = session = house().wall.open(tenant.id)
    found = find_plate(session, code)
    return Scan(tenant, found, _actor(tenant, seat))


def _actor(tenant: TenantRef, seat: Seat | None) -> Actor | None:
    person = login()
    if seat is None or person is None:
        return None
    return resolve_actor(g.session, tenant, seat.person_id, today(), user_id=person.user_id, request_id=g.request_id)


def count_report(scan: Scan) -> None:
    """Count one report of this address and at this plate, in scope 0, whatever becomes of it. Raises Throttled."""
    _count({f"plate:{scan.word}": REPORTS["plate"], f"citizen:{_address()}": REPORTS["address"]})


def count_look() -> None:
    """Count one receipt that was looked up. Raises Throttled."""
    _count({f"receipt:{_address()}": LOOKS})


def _count(keys: dict[str, int]) -> None:
    with house().wall.platform() as platform:
        try:
            for key, limit in keys.items():
                count_try(platform, key, limit, now())
        finally:
            platform.commit()


def _address() -> str:
    """The asker's address, as a number that says nothing to who reads the table."""
    key = house().settings.secret_key.encode()
    return hmac.new(key, (request.remote_addr or "").encode(), hashlib.sha256).hexdigest()[:32]


def seal_form(scan: Scan, finding_id: UUID) -> str:
    """The word that our own page's form carries: the plate, and the id under which what is sent will be kept."""
    return _forms().dumps([str(scan.found.plate.id), str(finding_id)])


def read_seal(scan: Scan) -> tuple[UUID, bool]:
    """The id that the form was given, and whether the form is too old. Raises ForgedForm for one that is not ours."""
    try:
        said = _forms().loads(request.form.get("seal", "")[:LONGEST_SEAL], max_age=SEAL_SECONDS)
        is_old = False
    except SignatureExpired as error:
        said, is_old = _forms().load_payload(error.payload or b""), True
    except BadSignature:
        raise ForgedForm from None
    plate, finding_id = said
    if plate != str(scan.found.plate.id):
        raise ForgedForm
    return UUID(finding_id), is_old


def _forms() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(house().settings.secret_key, salt="plate report")
