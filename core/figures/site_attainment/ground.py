"""What attainment is asked by (达标口径): the forms due at each type of place, their key items, the share of points that is enough."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.campaigns import Campaign, Form
from core.campaigns.body import form_from_body
from core.campaigns.registry import Registry, installed
from core.figures.site_attainment.states import WORKED_ON
from core.work.forms.fielding import fielded
from core.work.loop.clocks import end_of
from core.work.loop.states import CLOSED_STATES, DISMISSED, NOT_CLOSED
from core.work.places.sites_past import SitesThen, sites_then
from core.work.tables import Definition
from core.work.tenant_settings import Attaining, read_setting
from tenants.scope import ScopedSession

KEY = "key"  # a key item of a form; the groups K1, K2 veto through the sheet instead


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything that the statement is given besides the places (达标口径); ``as_of`` None stands for now."""

    tenant_id: int
    on: date
    as_of: date | None
    percent: int
    campaigns: Mapping[str, Campaign]
    due: Sequence[tuple[str, str, str]]
    keyed: Sequence[tuple[str, str]]
    then: SitesThen | None = None
    titles: Mapping[tuple[str, str], Form] = field(default_factory=dict)

    @property
    def until(self) -> datetime:
        """The end of the day that is asked about."""
        return end_of(self.on)

    def params(self) -> dict[str, Any]:
        """What the statement binds."""
        columns = list(zip(*self.due, strict=True)) or [(), (), ()]
        keys = list(zip(*self.keyed, strict=True)) or [(), ()]
        return {
            "tenant": self.tenant_id,
            "on": self.on,
            "until": self.until,
            "percent": self.percent,
            "campaigns": list(columns[0]),
            "forms": list(columns[1]),
            "types": list(columns[2]),
            "key_forms": list(keys[0]),
            "key_items": list(keys[1]),
            "codes": sorted(set(keys[1])),
            "open_states": list(NOT_CLOSED),
            "over_states": [*CLOSED_STATES, *DISMISSED],
            "worked_on": list(WORKED_ON),
        } | self._moved()

    def _moved(self) -> dict[str, Any]:
        """Which sites stood elsewhere, or were in use or out of use, on a past day."""
        if self.then is None:
            return {}
        moved: list[tuple[UUID, UUID]] = list(self.then.units.items())
        return {
            "moved": [site for site, _ in moved],
            "moved_to": [unit for _, unit in moved],
            "used_then": list(self.then.active),
            "unused_then": list(self.then.closed),
        }


def read_ground(
    session: ScopedSession,
    *,
    today: date,
    as_of: date | None = None,
    campaign: str = "",
    registry: Registry | None = None,
) -> Ground:
    """The ground of a day (达标口径): the campaigns in force then, or one of them."""
    on = as_of or today
    running = {one.key: one for one in fielded(session, registry or installed(), day=on)}
    forms = {(key, form.code): form for key, one in running.items() for form in one.edition.all_forms}
    due = [(*key, kind) for key, form in forms.items() for kind in form.site_types if campaign in ("", key[0])]
    return Ground(
        session.tenant_id,
        on,
        as_of,
        read_setting(session, Attaining).percent,
        running,
        due,
        _keyed(session, forms.values()),
        sites_then(session, as_of) if as_of else None,
        forms,
    )


def _keyed(session: ScopedSession, forms: Collection[Form]) -> list[tuple[str, str]]:
    """The key items of every form that ever was answered here, by the form's own hash, and of those in force."""
    known = {form.sha256: form for form in forms}
    frozen = select(Definition.sha256).where(Definition.kind == "form")
    for sha256 in session.scalars(frozen):
        if sha256 not in known and (form := _frozen(session, sha256)) is not None:
            known[sha256] = form
    return sorted((sha256, item.code) for sha256, form in known.items() for item in form.items if item.key == KEY)


def _frozen(session: ScopedSession, sha256: str) -> Form | None:
    body = _BODIES.get(sha256) or session.scalar(
        select(Definition.body).where(Definition.sha256 == sha256, Definition.kind == "form")
    )
    if body is None:
        return None
    _BODIES.setdefault(sha256, body)
    return _read(body)


_BODIES: dict[str, str] = {}  # by SHA-256: the same content is the same form in every tenant


@lru_cache(maxsize=512)
def _read(body: str) -> Form:
    return form_from_body(body)
