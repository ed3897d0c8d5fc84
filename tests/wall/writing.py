"""Probes that write (写): making, changing, moving and removing rows of another tenant, and asking by refusals."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from sqlalchemy import Table, bindparam, delete, insert, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import DBAPIError, IntegrityError, SAWarning
from sqlalchemy.orm import make_transient_to_detached

from core.figures.tables import Publication
from core.work.tables import Audit, Finding, FindingEvent, Idempotency, Site, SiteKind
from tenants.accounts import AppUser, Membership
from tenants.db import new_id, now
from tests.wall.probes import probe
from tests.wall.reading import PREDICATE
from tests.wall.ring import DAY, Ring, make, make_finding, reached, state_of

CHECK = "the policy's WITH CHECK"
USING = "the policy's USING: no such row"
FINDING: Table = Finding.__table__  # type: ignore[assignment]  # declarative classes are mapped to Table here
SITE: Table = Site.__table__  # type: ignore[assignment]  # the same
GRANT = "no such right is granted to the app role"
KEY = "23503"
DOUBLE = "23505"


def site(ring: Ring, **more: Any) -> Site:
    """A new site in the other's district."""
    return make(Site, "x", **({"tenant_id": ring.theirs.id, "unit_id": ring.theirs.ids["unit"]} | more))


def site_row(ring: Ring, **more: Any) -> dict[str, Any]:
    """The same as plain values, with every default spelled out, for Core."""
    given = site(ring, **({"id": new_id()} | more))
    defaults = {c.key: c.default.arg for c in SITE.columns if c.default is not None and c.default.is_scalar}
    told = {key: value for key, value in vars(given).items() if not key.startswith("_")}
    return defaults | {"attrs": {}, "created_at": now()} | told


@probe("P40", "ORM insert with another's number", "write", CHECK)
def orm_insert(ring: Ring) -> int:
    """Adds an object whose tenant_id is the other's."""
    with ring.attack() as session:
        session.add(site(ring))
        return reached(lambda: session.flush() or 1)


@probe("P41", "ORM bulk insert", "write", CHECK)
def orm_bulk_insert(ring: Ring) -> int:
    """Inserts many rows for the other by the ORM's bulk insert."""
    with ring.attack() as session:
        rows = [site_row(ring) for _ in range(3)]
        return reached(lambda: session.execute(insert(Site), rows) and len(rows))


@probe("P42", "legacy bulk calls", "write", CHECK)
def legacy_bulk(ring: Ring) -> int:
    """Uses bulk_insert_mappings and bulk_save_objects, which go past the flush events."""
    with ring.attack() as session:
        first = reached(lambda: session.bulk_insert_mappings(Site, [site_row(ring)]) or 1)  # type: ignore[arg-type]  # a mapped class
        session.rollback()
        return first + reached(lambda: session.bulk_save_objects([site(ring)]) or 1)


@probe("P43", "Core insert", "write", CHECK)
def core_insert(ring: Ring) -> int:
    """Inserts into the table directly."""
    with ring.attack() as session:
        return reached(lambda: session.execute(insert(SITE).values(site_row(ring))) and 1)


@probe("P44", "INSERT ... RETURNING", "write", CHECK)
def insert_returning(ring: Ring) -> int:
    """Inserts for the other and reads back what came."""
    with ring.attack() as session:
        asked = insert(SITE).values(site_row(ring)).returning(SITE.c.tenant_id)
        return reached(lambda: len(session.execute(asked).all()))


@probe("P45", "INSERT ... SELECT out of the other's rows", "write", USING)
def insert_select_in(ring: Ring) -> int:
    """Copies the other's rows into his own district."""
    asked = text(
        "INSERT INTO audit (tenant_id, id, at, person_name, verb, object_kind, object_id, detail, request_id)"
        " SELECT :mine, id, at, person_name, verb, object_kind, object_id, detail, request_id FROM audit"
        " WHERE tenant_id = :theirs"
    )
    with ring.attack() as session:
        return session.execute(asked, {"mine": ring.mine.id, "theirs": ring.theirs.id}).rowcount


@probe("P46", "INSERT ... SELECT into the other's rows", "write", CHECK)
def insert_select_out(ring: Ring) -> int:
    """Copies his own rows into the other's district."""
    asked = text(
        "INSERT INTO audit (tenant_id, id, at, person_name, verb, object_kind, object_id, detail, request_id)"
        " SELECT :theirs, id, at, person_name, verb, object_kind, object_id, detail, request_id FROM audit"
        " WHERE tenant_id = :mine"
    )
    with ring.attack() as session:
        return reached(lambda: session.execute(asked, {"mine": ring.mine.id, "theirs": ring.theirs.id}).rowcount)


@probe("P47", "ON CONFLICT DO UPDATE against the other's key", "write", CHECK)
def upsert_foreign(ring: Ring) -> int:
    """Upserts on a key that the other has."""
    with ring.attack() as session:
        row = site_row(ring, id=ring.theirs.ids["site"])
        asked = upsert(SITE).values(row).on_conflict_do_update(index_elements=["tenant_id", "id"], set_={"name": "x"})
        return reached(lambda: session.execute(asked) and 1)


@probe("P48", "MERGE", "write", "the policy's USING and WITH CHECK")
def sql_merge(ring: Ring) -> int:
    """Updates the other's site by a MERGE statement."""
    asked = text(
        "MERGE INTO site s USING (VALUES (CAST(:theirs AS int))) AS v(t) ON s.tenant_id = v.t"
        " WHEN MATCHED THEN UPDATE SET name = 'x'"
    )
    with ring.attack() as session:
        return reached(lambda: session.execute(asked, {"theirs": ring.theirs.id}).rowcount)


@probe("P49", "session.merge of the other's key", "write", CHECK)
def orm_merge(ring: Ring) -> int:
    """Merges an object that carries the other's key."""
    with ring.attack() as session:
        merged = session.merge(site(ring, id=ring.theirs.ids["site"]))
        try:
            return reached(lambda: session.flush() or int(merged.tenant_id == ring.theirs.id))
        except IntegrityError as error:  # "already exists" is an answer too
            if state_of(error) != DOUBLE:
                raise
            return 1


@probe("P50", "flush of a forged object", "write", USING)
def forged_update(ring: Ring) -> int:
    """Changes an object that he built in memory with the other's key; the flush updates by key alone."""
    with ring.attack() as session:
        forged = Site(tenant_id=ring.theirs.id, id=ring.theirs.ids["site"])
        make_transient_to_detached(forged)
        session.add(forged)
        forged.name = "x"
        return reached(lambda: session.flush() or 1)


@probe("P51", "ORM update by criteria", "write", USING, still=PREDICATE)
def orm_update(ring: Ring) -> int:
    """Updates findings of every tenant through the ORM."""
    with ring.attack() as session:
        asked = update(Finding).where(Finding.title == ring.theirs.canary).values(detail="x")
        return session.execute(asked.execution_options(synchronize_session=False)).rowcount


@probe("P52", "ORM bulk update by key", "write", USING)
def orm_bulk_update(ring: Ring) -> int:
    """Updates by a list of primary keys, which the predicate does not reach."""
    with ring.attack() as session:
        rows = [{"tenant_id": ring.theirs.id, "id": ring.theirs.ids["site"], "name": "x"}]
        return reached(lambda: session.execute(update(Site), rows) and len(rows))


@probe("P53", "Core update", "write", USING)
def core_update(ring: Ring) -> int:
    """Updates without naming a tenant."""
    with ring.attack() as session:
        return session.execute(update(SITE).where(SITE.c.id == ring.theirs.ids["site"]).values(name="x")).rowcount


@probe("P54", "UPDATE ... FROM and RETURNING", "write", USING)
def update_from(ring: Ring) -> int:
    """Updates through a join and reads the rows back."""
    asked = text(
        "UPDATE finding f SET detail = 'x' FROM site s WHERE s.id = f.site_id AND s.tenant_id = :other"
        " RETURNING f.title"
    )
    with ring.attack() as session:
        return ring.seen(session.execute(asked, {"other": ring.theirs.id}).all())


@probe("P55", "moving his row into the other's district", "write", CHECK)
def move_out(ring: Ring) -> int:
    """Rewrites the tenant_id of a row of his own, to plant it at the other's."""
    with ring.attack() as session:
        session.add(make(Site, "x", id=(made := new_id()), unit_id=ring.mine.ids["unit"]))
        session.flush()
        asked = update(SITE).where(SITE.c.id == made)
        asked = asked.values(tenant_id=ring.theirs.id, unit_id=ring.theirs.ids["unit"])
        return reached(lambda: session.execute(asked).rowcount)


@probe("P56", "moving the other's row into his own district", "write", USING)
def move_in(ring: Ring) -> int:
    """Rewrites the tenant_id of the other's row, to take it over."""
    with ring.attack() as session:
        asked = text("UPDATE idempotency SET tenant_id = :mine WHERE tenant_id = :theirs")
        return session.execute(asked, {"mine": ring.mine.id, "theirs": ring.theirs.id}).rowcount


@probe("P57", "moving by the ORM", "write", CHECK)
def orm_move(ring: Ring) -> int:
    """Sets tenant_id on a loaded object and flushes."""
    with ring.attack() as session:
        mine = make(Site, "x", unit_id=ring.mine.ids["unit"])
        session.add(mine)
        session.flush()
        mine.tenant_id, mine.unit_id = ring.theirs.id, ring.theirs.ids["unit"]
        return reached(lambda: session.flush() or 1)


@probe("P58", "Core delete", "write", USING)
def core_delete(ring: Ring) -> int:
    """Deletes the other's rows where deleting is granted at all."""
    with ring.attack() as session:
        table = Idempotency.__table__
        return session.execute(delete(table).where(table.c.tenant_id == ring.theirs.id)).rowcount  # type: ignore[arg-type]  # a Table


@probe("P59", "ORM delete of a forged object", "write", USING)
def forged_delete(ring: Ring) -> int:
    """Deletes an object that he built in memory with the other's key."""
    with ring.attack() as session:
        forged = Idempotency(tenant_id=ring.theirs.id, person_id=ring.theirs.ids["person"], key=ring.theirs.canary)
        make_transient_to_detached(forged)
        session.add(forged)
        session.delete(forged)
        key = {"t": ring.theirs.id}
        count = text("SELECT count(*) FROM idempotency WHERE tenant_id = :t")
        before = session.connection().execute(count, key).scalar_one()
        with warnings.catch_warnings():
            # SQLAlchemy wonders, as it should, that the row is not there.
            warnings.simplefilter("ignore", SAWarning)
            return reached(lambda: session.flush() or before - session.connection().execute(count, key).scalar_one())


@probe("P60", "data-changing CTE", "write", USING)
def changing_cte(ring: Ring) -> int:
    """Hides the deletion in a common table expression of a harmless SELECT."""
    asked = text("WITH gone AS (DELETE FROM idempotency WHERE tenant_id = :other RETURNING body) SELECT * FROM gone")
    with ring.attack() as session:
        return ring.seen(session.execute(asked, {"other": ring.theirs.id}).all())


@probe("P61", "COPY FROM", "write", "PostgreSQL refuses COPY FROM under row security")
def copy_in(ring: Ring) -> int:
    """Loads rows for the other by COPY."""
    line = f"{ring.theirs.id}\t{new_id()}\t2026-01-01\t\tx\tx\t\t{{}}\t\n"
    columns = "tenant_id, id, at, person_name, verb, object_kind, object_id, detail, request_id"
    with ring.attack() as session:
        cursor = session.connection().connection.cursor()
        try:
            with cursor.copy(f"COPY audit ({columns}) FROM STDIN") as copy:
                copy.write(line)
        except Exception as error:  # the driver's own error, since SQLAlchemy is not in between
            if state_of(error) != "0A000":
                raise
            return 0
        return cursor.rowcount


@probe(
    "P62", "foreign key to the other's row", "key", "composite foreign key", still="foreign keys start with tenant_id"
)
def foreign_key(ring: Ring) -> int:
    """Files a finding of his own at the other's site."""
    with ring.attack() as session:
        session.add(make_finding(ring.mine, new_id(), None, "x", site_id=ring.theirs.ids["site"]))
        return reached(lambda: session.flush() or 1, KEY)


@probe("P63", "foreign-key oracle", "oracle", "WITH CHECK speaks before the foreign key does")
def key_oracle(ring: Ring) -> int:
    """Compares the refusals for a site that the other has and one that nobody has."""
    told = [
        refusal(ring, insert(SiteKind), tenant_id=ring.theirs.id, site_id=key, site_type="x", valid_from=DAY)
        for key in (ring.theirs.ids["site"], new_id())
    ]
    return int(told[0] != told[1])


@probe("P64", "unique-key oracle", "oracle", "WITH CHECK speaks before the unique index does")
def unique_oracle(ring: Ring) -> int:
    """Compares the refusals for a key that the other has and one that nobody has."""
    told = [refusal(ring, insert(SITE), **site_row(ring, id=key)) for key in (ring.theirs.ids["site"], new_id())]
    return int(told[0] != told[1])


@probe(
    "P65", "guessing ids in his own district", "oracle", "keys start with tenant_id", still="keys start with tenant_id"
)
def guess_ids(ring: Ring) -> int:
    """Takes the other's id for a row of his own: a global key would say that it exists."""
    told = [
        refusal(ring, insert(SITE), **site_row(ring, tenant_id=ring.mine.id, unit_id=ring.mine.ids["unit"], id=key))
        for key in (ring.theirs.ids["site"], new_id())
    ]
    return int(told[0] != told[1])


@probe("P66", "forged sender", "addressed", "addressed WITH CHECK: the author is the scope")
def forged_sender(ring: Ring) -> int:
    """Publishes to the city in the other's name."""
    with ring.attack() as session:
        session.add(make(Publication, "x", reader_id=ring.city.id, tenant_id=ring.theirs.id, sequence=2))
        return reached(lambda: session.flush() or 1)


@probe("P67", "changing what was published", "addressed", GRANT, still=GRANT)
def change_published(ring: Ring) -> int:
    """Rewrites or deletes the other's publication, and his own."""
    with ring.attack() as session:
        table = Publication.__table__
        acts: tuple[Callable[[], int], ...] = (
            lambda: session.execute(update(table).values(earned=0)).rowcount,  # type: ignore[arg-type]  # a Table
            lambda: session.execute(delete(table)).rowcount,  # type: ignore[arg-type]  # a Table
        )
        return sum(undone(session.rollback, act) for act in acts)


@probe("P68", "a seat in the other's district", "shared", "shared WITH CHECK")
def forged_membership(ring: Ring) -> int:
    """Gives his own account a seat in the other's district."""
    with ring.attack() as session:
        session.add(make(Membership, "x", tenant_id=ring.theirs.id, user_id=ring.mine.ids["user"]))
        return reached(lambda: session.flush() or 1)


@probe("P69", "blocking the other's accounts", "shared", "shared USING")
def block_members(ring: Ring) -> int:
    """Deactivates the other's memberships and revokes his tokens."""
    asked = (
        "UPDATE membership SET state = 'gone' WHERE tenant_id = :other",
        "UPDATE api_token SET revoked_at = now() WHERE tenant_id = :other",
        "UPDATE account_token SET used_at = now() WHERE tenant_id = :other",
    )
    with ring.attack() as session:
        return sum(session.execute(text(one), {"other": ring.theirs.id}).rowcount for one in asked)


@probe("P70", "becoming an operator", "platform", "platform policy: scope 0 only")
def become_operator(ring: Ring) -> int:
    """Makes his own account an operator of the installation and adds a second one."""
    with ring.attack() as session:
        asked = update(AppUser.__table__).where(AppUser.id == ring.mine.ids["user"]).values(is_operator=True)  # type: ignore[arg-type]  # a Table
        raised = session.execute(asked).rowcount
        session.add(make(AppUser, f"{ring.mine.canary}2", is_operator=True))
        return raised + reached(lambda: session.flush() or 1)


@probe("P71", "rewriting history", "grant", GRANT, still=GRANT)
def rewrite_history(ring: Ring) -> int:
    """Updates and deletes audit lines and a finding's history, his own included."""
    with ring.attack() as session:
        acts: list[Callable[[], int]] = []
        for table in (Audit.__table__, FindingEvent.__table__):
            acts.append(lambda t=table: session.execute(update(t).values(verb="x")).rowcount)  # type: ignore[misc]  # bound early
            acts.append(lambda t=table: session.execute(delete(t)).rowcount)  # type: ignore[misc]  # bound early
        return sum(undone(session.rollback, act) for act in acts)


@probe("P72", "executemany with one foreign row", "write", USING)
def smuggled(ring: Ring) -> int:
    """Hides one foreign key among his own in a list of parameters."""
    asked = update(SITE).where(SITE.c.tenant_id == bindparam("t"), SITE.c.id == bindparam("i")).values(name="x")
    keys = [{"t": plot.id, "i": plot.ids["site"]} for plot in (ring.mine, ring.theirs)]
    with ring.attack() as session:
        return session.execute(asked, keys).rowcount - 1


@probe("P73", "row versions of the other's findings", "write", USING)
def foreign_version(ring: Ring) -> int:
    """Moves the other's finding one state on, as the ledger would, with the right version in the WHERE clause."""
    asked = text("UPDATE finding SET state = 'closed', version = 2 WHERE id = :id AND version = 1")
    with ring.attack() as session:
        return session.execute(asked, {"id": ring.theirs.ids["finding"]}).rowcount


def undone(undo: Callable[[], None], act: Callable[[], int]) -> int:
    """What an act reached, and then nothing of it."""
    try:
        return reached(act)
    finally:
        undo()


def refusal(ring: Ring, statement: object, **row: object) -> str:
    """What the database says to a row, without the row itself; empty when it took it."""
    with ring.attack() as session:
        try:
            session.execute(statement, row)  # type: ignore[call-overload]  # an insert
        except DBAPIError as error:
            said = str(error.orig)
            for value in row.values():
                said = said.replace(str(value), "*")
            return f"{state_of(error)} {said}"
        return ""
