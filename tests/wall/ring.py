"""Where the probes fight (试验场): an attacker's district, a victim's and a city, with rows in every kind of table."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, TypeVar
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
    FindingLink,
    Idempotency,
    ItemResult,
    Part,
    Sheet,
    Site,
    Visit,
)
from tenants.access import TenantRef
from tenants.accounts import AccountToken, ApiToken, AppUser, LoginSession, Membership, Tenant
from tenants.db import Base, new_id
from tenants.models import Person, Unit
from tenants.scope import ScopedSession, Wall

DAY = date(2026, 3, 2)
TIME = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
Row = TypeVar("Row", bound=Base)
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
    """The attacker's whole world: the product's own door, his district, the victim's, a city that reads both.

    A province stands only once a probe asks for it: version 0003 has no place for one.
    """

    wall: Wall
    urls: Urls
    mine: Plot
    theirs: Plot
    city: TenantRef
    province: TenantRef | None = None

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
        return (
            self.theirs.canary in said or self.theirs.secret in said or getattr(row, "tenant_id", 0) == self.theirs.id
        )


def show(row: object) -> str:
    """All that a row says: a mapped object's loaded columns, a driver's tuple, a plain value."""
    return repr(vars(row)) if hasattr(row, "__mapper__") else repr(row)


def state_of(error: Exception) -> str:
    """The SQLSTATE of the database's refusal, whether SQLAlchemy or the driver raised it."""
    return str(getattr(getattr(error, "orig", error), "sqlstate", "") or "")


def reached(act: Callable[[], int], *codes: str) -> int:
    """What an act reached, 0 when the database refused it with one of the SQLSTATEs; any other failure is ours and raised."""
    try:
        return act()
    except DBAPIError as error:
        if state_of(error) not in (codes or (DENIED,)):
            raise
        return 0
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


def raise_province(ring: Ring) -> TenantRef:
    """The province to which both districts published as well, made when it is first asked for."""
    if ring.province is None:
        ring.province = make_tenant(ring.wall, "province")
        for plot in (ring.mine, ring.theirs):
            with ring.wall.open(plot.id) as session:
                sow_publication(session, plot, ring.province)
                session.commit()
    return ring.province


def make(kind: type[Row], word: str, /, **given: Any) -> Row:
    """A row of any table: what is told, and ``word`` or a plain value in every other column that must have one."""
    columns = kind.__mapper__.columns
    for column in columns:
        needed = not column.nullable and column.default is None and column.server_default is None
        if needed and column.key not in ("tenant_id", *given):
            given[column.key] = plain(column.type.python_type, word)
    return kind(**given)


def plain(kind: type, word: str) -> Any:
    """A value of a Python type that carries the word where it can."""
    values = {str: word, bytes: word.encode(), date: DAY, datetime: TIME, UUID: new_id(), bool: False}
    return values.get(kind, 1)


def sow(session: ScopedSession, plot: Plot) -> None:
    """Unit, person, site, then one open and one hidden visit and finding with everything under them."""
    ids, word = plot.ids, plot.canary
    for name in ("unit", "person", "site", "file"):
        ids[name] = new_id()
    session.add(make(Unit, word, id=ids["unit"]))
    session.add(make(Person, word, id=ids["person"]))
    session.flush()
    session.add(make(Site, word, id=ids["site"], unit_id=ids["unit"]))
    session.add(make(File, word, id=ids["file"], person_id=ids["person"]))
    session.add(make(Audit, word))
    session.add(make(Idempotency, word, person_id=ids["person"]))
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
    under: dict[str, Any] = {"visit_id": visit, "hidden": hidden}
    beside: dict[str, Any] = {"finding_id": finding, "hidden": hidden}
    where = {"unit_id": plot.ids["unit"], "site_id": plot.ids["site"]}
    session.add_all(
        [
            make(AnswerRow, word, note=word, **under),
            make(Sheet, word, **where, **under),
            make_result(plot, visit, word, hidden=hidden),
            make(Attachment, word, file_id=plot.ids["file"], question=word, **under),
            make(Part, word, kind="line", unit_id=plot.ids["unit"], **beside),
            make(FindingItem, word, **beside),
            make(FindingLink, word, **beside),
            make(FindingEvent, word, **beside),
        ]
    )
    session.flush()


def make_visit(plot: Plot, visit: UUID, word: str, **more: Any) -> Visit:
    where = {f"{name}_id": plot.ids[name] for name in ("site", "unit", "person")}
    return make(Visit, word, id=visit, basis="verified", note=word, **where, **more)


def make_finding(plot: Plot, finding: UUID, visit: UUID | None, word: str, **more: Any) -> Finding:
    where = {f"{name}_id": plot.ids[name] for name in ("site", "unit")}
    return make(Finding, word, id=finding, visit_id=visit, **(where | more))


def make_result(plot: Plot, visit: UUID, word: str, **more: Any) -> ItemResult:
    where = {f"{name}_id": plot.ids[name] for name in ("site", "unit")}
    return make(ItemResult, word, visit_id=visit, outcome="pass", earned=100, **where, **more)


def sow_accounts(wall: Wall, plot: Plot) -> None:
    """What login keeps: an account, its seat, a session, a token and an invitation."""
    user, word = new_id(), plot.canary
    plot.ids["user"] = user
    seat = {"tenant_id": plot.id}
    with wall.platform() as session:
        session.add(make(AppUser, word, id=user, password_hash=word))
        session.add(make(LoginSession, word, user_id=user))
        session.add(make(Membership, word, user_id=user, **seat))
        session.add(make(ApiToken, word, **seat))
        session.add(make(AccountToken, word, **seat))
        session.commit()


def sow_publication(session: ScopedSession, plot: Plot, reader: TenantRef) -> None:
    """A grant, a sealed publication and one figure, addressed to one bureau."""
    word, sealed = plot.canary, new_id()
    session.add(make(PublicationGrant, word, reader_id=reader.id))
    session.add(make(Publication, word, reader_id=reader.id, id=sealed))
    session.flush()
    session.add(make(PublishedFigure, word, reader_id=reader.id, publication_id=sealed))
    session.flush()
