"""The door for contacts without an account (免登录入口): a signed word in a link, or in this phone's cookie, opens one contact.

The word is signed for one tenant's slug (itsdangerous, HMAC with the installation's secret), so that a forged one, or one
that belongs to another tenant, is refused before the database is asked anything. What is refused is the same 404, whatever
the reason. No actor comes in by this door: the session is the tenant's, and every view reads by the contact alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from flask import g, request
from itsdangerous import BadSignature, Signer, URLSafeSerializer
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from core.errors import ForgedForm, NotFound
from core.request import house, now
from core.work.accounts import count_try, tenant_ref
from core.work.proofs.contacts import open_link
from core.work.tables import Contact, ContactLink
from tenants.access import TenantRef
from tenants.accounts import Tenant

COOKIE = "sancheng_link"
TRIES = 120  # openings and answers by one link in a quarter of an hour (ours)
LONGEST_WORD = 200


@dataclass(frozen=True, slots=True)
class Guest:
    """Who came in by a link (免登录来访): the contact, his link and the tenant, never an actor."""

    tenant: TenantRef
    link: ContactLink
    contact: Contact


def sign_word(slug: str, word: str) -> str:
    """The word as a link carries it, good for one slug only."""
    return _signer(slug).sign(word).decode()


def enter_by_link(slug: str, signed: str, *, counted: bool) -> Guest:
    """Open the tenant's session for a contact by his signed word. Raises NotFound for whatever is not good, Throttled.

    ``counted`` is for openings and answers; pictures and the page's own refreshes are not counted.
    """
    word = _read_word(slug, signed)
    if counted:
        _count(word)
    with house().wall.platform() as platform:
        row = platform.scalars(select(Tenant).where(Tenant.slug == slug, Tenant.state == "active")).first()
        tenant = tenant_ref(row) if row else None
    if tenant is None or tenant.kind != "district":
        raise NotFound
    g.session = session = house().wall.open(tenant.id)
    link, contact = open_link(session, word, now(), counted=counted)
    return Guest(tenant, link, contact)


def enter_by_cookie(slug: str, *, counted: bool = False) -> Guest:
    """The same by the word that this phone kept when the link was opened. Raises NotFound."""
    return enter_by_link(slug, request.cookies.get(COOKIE, ""), counted=counted)


def keep_on_phone(answer: AnyResponse, guest: Guest, signed: str) -> None:
    """Let this phone stay in until the link ends: for scripts out of sight, and sent to this tenant's links alone."""
    answer.set_cookie(
        COOKIE,
        signed,
        max_age=int((guest.link.expires_at - now()).total_seconds()),
        path=f"/h/{guest.tenant.slug}",
        httponly=True,
        samesite="Lax",
        secure=house().settings.secure_cookies or request.is_secure,
    )


def seal_form(guest: Guest) -> str:
    """The word that our own page's form carries, since who has no login has none of a login's."""
    return _forms().dumps(str(guest.link.id))


def check_seal(guest: Guest) -> None:
    """Refuse a form that another site made, or that belongs to another link. Raises ForgedForm."""
    try:
        said = _forms().loads(request.form.get("seal", "")[:LONGEST_WORD])
    except BadSignature:
        raise ForgedForm from None
    if said != str(guest.link.id):
        raise ForgedForm


def _read_word(slug: str, signed: str) -> str:
    if not signed.isascii() or len(signed) > LONGEST_WORD:
        raise NotFound
    try:
        word = _signer(slug).unsign(signed).decode()
    except BadSignature:
        raise NotFound from None
    if sign_word(slug, word) != signed:  # another spelling of the same signature
        raise NotFound
    return word


def _count(word: str) -> None:
    key = f"link:{hashlib.sha256(word.encode()).hexdigest()[:40]}"
    with house().wall.platform() as platform:
        try:
            count_try(platform, key, TRIES, now())
        finally:
            platform.commit()


def _signer(slug: str) -> Signer:
    return Signer(house().settings.secret_key, salt=f"hand-on link {slug}", digest_method=hashlib.sha256)


def _forms() -> URLSafeSerializer:
    return URLSafeSerializer(house().settings.secret_key, salt="hand-on form")
