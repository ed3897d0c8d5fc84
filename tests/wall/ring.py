"""Where the probes fight (试验场): an attacker's district, a victim's and a city, with rows in every kind of table."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.orm.exc import StaleDataError

from core.databases import Urls
from core.figures.tables import Publication, PublicationGrant, PublishedFigure
from core.work.tables import (
    AnswerRow,
    Attachment,
    Audit,
    File,
    Finding,
    FindingEvent,
    FindingItem,
    Idempotency,
    ItemResult,
    Part,
    Sheet,
    Site,
    Visit,
)
from tenants.access import TenantRef
from tenants.accounts import AccountToken, ApiToken, AppUser, LoginSession, Membership, Tenant
from tenants.db import new_id
from tenants.models import Person, Unit
from tenants.scope import ScopedSession, Wall

DAY = date(2026, 3, 2)
TIME = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DENIED = "42501"
"""SQLSTATE of both a missing right and a row that row-level security refuses to write."""


@dataclass
class Plot:
    """One tenant's rows; every text in them carries ``canary``, hidden ones ``secret`` instead."""

    ref: TenantRef
    canary: str = field(default_factory=lambda: f"canary{secrets.token_hex(6)}")
    secret: str = field(default_factory=lambda: f"hidden{secrets.token_hex(6)}")
    ids: dict[str, UUID] = field(default_factory=dict)

    @property
    def id(self) -> int:
        return self.ref.id


@dataclass
class Ring:
    """The attacker's whole world: the product's own door, his district, the victim's, and a city that reads both."""

    wall: Wall
    urls: Urls
    mine: Plot
    theirs: Plot
    city: TenantRef

    @contextmanager
    def attack(self, *, cleared: bool = False) -> Iterator[ScopedSession]:
        """The attacker's own session; whatever he did is undone."""
        session = self.wall.open(self.mine.id, cleared=cleared)
        try:
            yield session
        finally:
            session.rollback()
            session.close()

    def seen(self, found: object) -> int:
        """How many of the rows told carry the victim's canary, or belong to him."""
        rows = found if isinstance(found, Iterable) and not isinstance(found, str | bytes) else [found]
        return sum(self._is_foreign(row) for row in rows)

    def unveiled(self, found: Iterable[object]) -> int:
        """How many of the rows told are the attacker's own hidden ones, which need clearance."""
        return sum(self.mine.secret in show(row) for row in found)

    def _is_foreign(self, row: object) -> bool:
        said = show(row)
        return self.theirs.canary in said or self.theirs.secret in said or getattr(row, "tenant_id", 0) == self.theirs.id


def show(row: object) -> str:
    """All that a row says: a mapped object's loaded columns, a driver's tuple, a plain value."""
    return repr(vars(row)) if hasattr(row, "__mapper__") else repr(row)


def reached(act: Callable[[], int], *codes: str) -> int:
    """What an act reached, 0 when the database refused it with one of the SQLSTATEs; any other failure is ours and raised."""
    try:
        return act()
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state in (codes or (DENIED,)):
            return 0
        raise
    except (StaleDataError, InvalidRequestError):
        # The ORM found no such row: nothing was reached.
        return 0


def make_tenant(wall: Wall, kind: str) -> TenantRef:
    slug = f"p{secrets.token_hex(5)}"
    with wall.platform() as session:
        tenant = Tenant(slug=slug, kind=kind, name="演示数据", pinyin="yanshi")
        session.add(tenant)
        session.commit()
        return TenantRef(tenant.id, slug, tenant.name, kind)


def make_ring(wall: Wall, urls: Urls) -> Ring:
    """Two districts and a city, full of rows, through the product's own door."""
    city = make_tenant(wall, "city")
    plots = [Plot(make_tenant(wall, "district")) for _ in range(2)]
    for plot in plots:
        sow_accounts(wall, plot)
        with wall.open(plot.id, cleared=True) as session:
            sow(session, plot)
            sow_publication(session, plot, city)
            session.commit()
    return Ring(wall, urls, plots[0], plots[1], city)


def sow(session: ScopedSession, plot: Plot) -> None:
    """Unit, person, site, then one open and one hidden visit and finding with everything under them."""
    ids, word = plot.ids, plot.canary
    for name in ("unit", "person", "site", "file"):
        ids[name] = new_id()
    session.add(Unit(id=ids["unit"], kind="district", name=word, valid_from=DAY))
    session.add(Person(id=ids["person"], name=word))
    session.flush()
    session.add(Site(id=ids["site"], name=word, unit_id=ids["unit"]))
    session.add(
        File(
            id=ids["file"],
            original_sha256=word,
            sha256=word,
            media_type="image/jpeg",
            size=1,
            width=1,
            height=1,
            person_id=ids["person"],
        )
    )
    session.add(Audit(verb="probe", object_kind=word))
    session.add(Idempotency(person_id=ids["person"], key=word, request_sha256=b"", status=200, body=word))
    session.flush()
    for hidden in (False, True):
        sow_visit(session, plot, hidden=hidden)


def sow_visit(session: ScopedSession, plot: Plot, *, hidden: bool) -> None:
    prefix, word = ("secret_", plot.secret) if hidden else ("", plot.canary)
    visit, finding = plot.ids[f"{prefix}visit"], plot.ids[f"{prefix}finding"] = new_id(), new_id()
    session.add(make_visit(plot, visit, word, hidden=hidden))
    session.flush()
    session.add(make_finding(plot, finding, visit, word, hidden=hidden))
    session.flush()
    mark: dict[str, Any] = {"hidden": hidden}
    session.add_all(
        [
            AnswerRow(visit_id=visit, question="q", note=word, **mark),
            make_sheet(plot, visit, word, hidden=hidden),
            make_result(plot, visit, word, hidden=hidden),
            Part(finding_id=finding, kind="line", unit_id=plot.ids["unit"], leading=True, **mark),
            FindingItem(finding_id=finding, campaign="probe", form="F", item=word, **mark),
            FindingEvent(finding_id=finding, version=1, verb="open", to_state="dispatched", note=word, **mark),
            Attachment(file_id=plot.ids["file"], visit_id=visit, question=word, **mark),
        ]
    )
    session.flush()


def make_visit(plot: Plot, visit: UUID, word: str, **more: Any) -> Visit:
    where = {name: plot.ids[name] for name in ("site", "unit", "person")}
    return Visit(
        id=visit,
        **{f"{name}_id": key for name, key in where.items()},
        basis="verified",
        day=DAY,
        note=word,
        body_sha256=b"",
        **more,
    )


def make_finding(plot: Plot, finding: UUID, visit: UUID | None, word: str, **more: Any) -> Finding:
    return Finding(
        id=finding,
        site_id=plot.ids["site"],
        unit_id=plot.ids["unit"],
        visit_id=visit,
        category="C",
        title=word,
        state="dispatched",
        working_days=1,
        opened_at=TIME,
        due_at=TIME,
        **more,
    )


def make_sheet(plot: Plot, visit: UUID, word: str, **more: Any) -> Sheet:
    return Sheet(
        visit_id=visit,
        campaign="probe",
        form=word,
        form_sha256="0",
        edition="2024",
        edition_sha256="0",
        day=DAY,
        unit_id=plot.ids["unit"],
        site_id=plot.ids["site"],
        basis="verified",
        earned=100,
        possible=100,
        **more,
    )


def make_result(plot: Plot, visit: UUID, word: str, **more: Any) -> ItemResult:
    return ItemResult(
        visit_id=visit,
        campaign="probe",
        form="F",
        item=word,
        question="q",
        day=DAY,
        unit_id=plot.ids["unit"],
        site_id=plot.ids["site"],
        basis="verified",
        outcome="pass",
        earned=100,
        possible=100,
        **more,
    )


def sow_accounts(wall: Wall, plot: Plot) -> None:
    """What login keeps: an account, its seat, a session, a token and an invitation."""
    user = plot.ids["user"] = new_id()
    plot.ids["token"] = new_id()
    token = f"{plot.canary}-token".encode()
    with wall.platform() as session:
        session.add(AppUser(id=user, login=plot.canary, name=plot.canary, password_hash=plot.canary))
        session.add(LoginSession(token_sha256=token, user_id=user, csrf=plot.canary, expires_at=TIME))
        session.add(Membership(tenant_id=plot.id, user_id=user, person_id=new_id(), login=plot.canary))
        session.add(
            ApiToken(
                tenant_id=plot.id,
                id=plot.ids["token"],
                token_sha256=token,
                name=plot.canary,
                person_id=new_id(),
            )
        )
        session.add(
            AccountToken(
                tenant_id=plot.id, token_sha256=token, purpose=plot.canary, person_id=new_id(), expires_at=TIME
            )
        )
        session.commit()


def make_publication(plot: Plot, reader: int, word: str, **more: Any) -> Publication:
    return Publication(
        reader_id=reader,
        id=new_id(),
        sequence=1,
        district_slug=word,
        district_name=word,
        campaign="probe",
        title_zh=word,
        title_en=word,
        edition="2024",
        edition_sha256="0",
        period_kind="month",
        period_start=DAY,
        period_end=DAY,
        cut_off=TIME,
        detail="totals",
        earned=1,
        assessed=1,
        total=1,
        visits=1,
        sites=1,
        sha256=word,
        published_by=word,
        **more,
    )


def sow_publication(session: ScopedSession, plot: Plot, city: TenantRef) -> None:
    """A grant, a sealed publication and one figure, addressed to the city."""
    word = plot.canary
    session.add(
        PublicationGrant(
            reader_id=city.id,
            campaign="probe",
            detail="totals",
            valid_from=DAY,
            reader_slug=city.slug,
            reader_name=word,
            granted_by=word,
        )
    )
    sealed = make_publication(plot, city.id, word)
    plot.ids["publication"] = sealed.id
    session.add(sealed)
    session.flush()
    session.add(
        PublishedFigure(
            reader_id=city.id,
            publication_id=sealed.id,
            position=1,
            level="category",
            code="1",
            name_zh=word,
            name_en=word,
            status="assessed",
            possible=100,
        )
    )
    session.flush()
