"""The forms that inspectors are given (在用表格): the editions' own, and in their place or beside them what the district published.

Figures read editions alone: an own version keeps what the edition scores and adds what it does not, so no score moves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache

from sqlalchemy import select, text

from core.campaigns import Campaign, Form, Question, form_from_body
from core.campaigns.registry import Registry
from core.work.bulk import ask
from core.work.enabling import enabled
from core.work.tables import Definition, OwnForm
from tenants.scope import ScopedSession

_PUBLISHED = text(
    "SELECT campaign, sha256 FROM own_form WHERE tenant_id = :tenant AND state = 'published' ORDER BY code"
)
_forms: dict[str, Form] = {}  # by SHA-256: the same content is the same form in every tenant


def fielded(session: ScopedSession, registry: Registry, *, day: date | None = None) -> list[Campaign]:
    """The campaigns in force with the forms that a visit answers today (外业用表); elsewhere ``enabled`` says enough."""
    return with_own(session, enabled(session, registry, day=day))


def with_own(session: ScopedSession, campaigns: Sequence[Campaign]) -> list[Campaign]:
    """The same campaigns, each edition with the district's own published forms."""
    own = own_published(session)
    return [_dressed(one, own[one.key]) if one.key in own else one for one in campaigns]


def form_in_use(session: ScopedSession, campaign: Campaign, code: str) -> Form | None:
    """The form that inspectors have under a code of a campaign now; None when there is none."""
    [dressed] = with_own(session, [campaign])
    return next((form for form in dressed.edition.all_forms if form.code == code), None)


def own_questions(session: ScopedSession) -> Mapping[str, Question]:
    """The questions that forms of this district ask alone, of all versions that were ever in use; the latest wording counts."""
    used = select(OwnForm.sha256).where(OwnForm.published_at.is_not(None)).order_by(OwnForm.published_at)
    forms = read_forms(session, session.scalars(used).all())
    return {one.code: one for form in forms.values() for one in form.questions}


def own_published(session: ScopedSession) -> Mapping[str, tuple[str, ...]]:
    """The hashes of the district's published forms, by campaign."""
    found: dict[str, tuple[str, ...]] = {}
    for campaign, sha256 in ask(session, _PUBLISHED, {"tenant": session.tenant_id}):
        found[campaign] = (*found.get(campaign, ()), sha256)
    read_forms(session, [one for listed in found.values() for one in listed])
    return found


def read_forms(session: ScopedSession, hashes: Sequence[str]) -> dict[str, Form]:
    """The forms behind some hashes, as they were kept here."""
    missing = [one for one in hashes if one not in _forms]
    if missing:
        mine = (Definition.sha256.in_(missing), Definition.kind == "form")
        for sha256, body in session.execute(select(Definition.sha256, Definition.body).where(*mine)):
            _forms[sha256] = form_from_body(body)
    return {one: _forms[one] for one in hashes if one in _forms}


@lru_cache(maxsize=512)
def _dressed(campaign: Campaign, own: tuple[str, ...]) -> Campaign:
    """The same object for the same content: plans are kept by it."""
    edition = replace(campaign.edition, own_forms=tuple(_forms[one] for one in own if one in _forms))
    return replace(campaign, editions=(edition,))
