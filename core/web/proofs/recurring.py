"""Where the same comes back, on the pages (反复清单): a place and a kind of defect within a window, with its findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from core import request as asked
from core.errors import N_
from core.request import actor, db, now, require, today
from core.settings import ZONE
from core.web.exports import stream_csv
from core.web.ledger.finding_words import category_options, say_category
from core.web.paging import bad_argument, read_id
from core.web.places.site_words import unit_options
from core.web.words import counted
from core.work.proofs.recurring import LEAST, Recurrence, recurring, window_days
from core.work.roles import SEE
from tenants.access import Actor
from tenants.scope import ScopedSession

blueprint = Blueprint("recurring", __name__, url_prefix="/t/<slug>/recurring")
blueprint.before_request(asked.enter)

WINDOWS = (30, 60, 90, 180, 365)
LEASTS = (2, 3, 5)
SHOWN, MOST = 200, 5000


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page's address asks for."""

    days: int
    least: int
    category: str
    site_id: UUID | None
    unit_id: UUID | None
    usual: int

    @property
    def active(self) -> bool:
        """Whether anything differs from the usual."""
        return (self.days, self.least) != (self.usual, LEAST) or any((self.category, self.site_id, self.unit_id))


def _number(name: str, known: Sequence[int], usual: int) -> int:
    said = request.args.get(name, "").strip()
    if said and said not in map(str, known):
        raise bad_argument(name, said)
    return int(said) if said else usual


def _read_asked() -> Asked:
    site, unit = request.args.get("site", ""), request.args.get("unit", "")
    category = request.args.get("category", "").strip()[:60]
    usual = window_days(db())
    return Asked(
        _number("days", _windows(usual), usual),
        _number("least", LEASTS, LEAST),
        category,
        read_id(site, "site") if site else None,
        read_id(unit, "unit") if unit else None,
        usual,
    )


def _windows(usual: int) -> list[int]:
    """The windows to choose from, the tenant's own among them."""
    return sorted({*WINDOWS, usual})


@blueprint.get("")
@require(SEE)
def show_list() -> str:
    """Sites and kinds of defect that recur, the most frequent first."""
    wanted = _read_asked()
    rows = _read(db(), actor(), wanted, now(), SHOWN + 1)
    return render_template(
        "rechecks/recurring.html",
        rows=rows[:SHOWN],
        more=len(rows) > SHOWN,
        wanted=wanted,
        windows=[(str(n), counted("近 %(n)s 天", n=n)) for n in _windows(wanted.usual)],
        leasts=[(str(n), counted("至少 %(n)s 次", n=n)) for n in LEASTS],
        categories=category_options(),
        units=unit_options(db(), actor(), today()),
        say_category=say_category,
        shown=SHOWN,
    )


@blueprint.get("/export.csv")
@require(SEE)
def export() -> Response:
    """The same list as CSV."""
    wanted, who, moment = _read_asked(), actor(), now()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for one in _read(session, who, wanted, moment, MOST):
            first, last = (at.astimezone(ZONE).isoformat(timespec="seconds") for at in (one.first_at, one.last_at))
            yield (
                *(one.site_name or gettext("无点位"), one.unit_name, say_category(one.category)),
                *(one.times, one.relapsed, one.open, first, last),
            )

    head = (N_("点位"), N_("单位"), N_("类别"), N_("次数"), N_("其中反弹"), N_("未办结"), N_("最早"), N_("最近"))
    return stream_csv(f"recurring-{wanted.days}-{today().isoformat()}.csv", [gettext(text) for text in head], rows)


def _read(session: ScopedSession, who: Actor, wanted: Asked, moment: datetime, limit: int) -> list[Recurrence]:
    return recurring(
        session,
        who,
        now=moment,
        days=wanted.days,
        least=wanted.least,
        categories=[wanted.category] if wanted.category else [],
        site_id=wanted.site_id,
        unit_id=wanted.unit_id,
        limit=limit,
    )
