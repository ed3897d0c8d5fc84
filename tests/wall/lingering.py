"""Probes that linger (残留): what one scope leaves on a pooled connection, in a session or in memory for the next."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from core.work.tables import Finding, Site
from tenants.scope import Scope, ScopedSession, UnsafeWall, Wall
from tests.conftest import SECRET
from tests.wall.forging import READ
from tests.wall.probes import probe
from tests.wall.reading import FINDING
from tests.wall.ring import DENIED, Ring, reached, state_of

WASHED = "DISCARD ALL when a connection goes back to the pool"
ONE = "a session is one scope for life"


def one_connection(ring: Ring) -> Wall:
    """The same door with a pool of a single connection, so that everybody gets the one used before."""
    return type(ring.wall)(ring.wall.engine.url, SECRET, pool_size=1, max_overflow=0)


def succession(ring: Ring, victim: Callable[[ScopedSession], object], attacker: Callable[[Wall], int]) -> int:
    """The victim uses a connection, then the attacker gets the same one."""
    door = one_connection(ring)
    try:
        with door.open(ring.theirs.id) as session:
            pid = session.scalar(text("SELECT pg_backend_pid()"))
            victim(session)
        with door.engine.connect() as same:
            assert same.scalar(text("SELECT pg_backend_pid()")) == pid, (
                "not the same connection: the probe proves nothing"
            )
        return attacker(door)
    finally:
        door.dispose()


def read_raw(ring: Ring, door: Wall) -> int:
    """Reads on the bare pooled connection, then without a scope, then in the attacker's own scope."""
    raw = door.engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute(READ)
        found = ring.seen(cursor.fetchall())
    finally:
        raw.close()
    with door.engine.connect() as connection:
        found += ring.seen(connection.exec_driver_sql(READ).all())
    with door.open(ring.mine.id) as session:
        return found + ring.seen(session.execute(select(FINDING)).all())


@probe("P100", "reused connection after commit", "pool", "the setting is local to the transaction")
def after_commit(ring: Ring) -> int:
    """Gets the connection on which the other committed."""
    return succession(ring, lambda s: s.execute(text(READ)) and s.commit(), lambda d: read_raw(ring, d))


@probe("P101", "reused connection after rollback", "pool", "the setting is local to the transaction")
def after_rollback(ring: Ring) -> int:
    """Gets the connection on which the other rolled back."""
    return succession(ring, lambda s: s.execute(text(READ)) and s.rollback(), lambda d: read_raw(ring, d))


@probe("P102", "reused connection after an error", "pool", "the setting is local to the transaction")
def after_error(ring: Ring) -> int:
    """Gets the connection on which the other's statement failed and nobody cleaned up."""

    def fail(session: ScopedSession) -> None:
        session.execute(text(READ))
        try:
            session.execute(text("SELECT 1/0"))
        except DBAPIError:
            return

    return succession(ring, fail, lambda d: read_raw(ring, d))


@probe("P103", "reused connection after a session-level SET", "pool", WASHED)
def after_session_set(ring: Ring) -> int:
    """Gets the connection on which the other's code stated his own valid setting for the whole session."""

    def linger(session: ScopedSession) -> None:
        session.execute(text("SELECT set_config('app.scope', current_setting('app.scope'), false)"))
        session.commit()

    return succession(ring, linger, lambda d: read_raw(ring, d))


@probe("P104", "cursor WITH HOLD", "pool", WASHED, still=WASHED)
def held_cursor(ring: Ring) -> int:
    """Fetches from a cursor that the other left open over his commit."""

    def linger(session: ScopedSession) -> None:
        session.execute(text("DECLARE spy CURSOR WITH HOLD FOR SELECT title FROM finding"))
        session.commit()

    def fetch(door: Wall) -> int:
        with door.open(ring.mine.id) as session:
            return reached(lambda: ring.seen(session.execute(text("FETCH ALL FROM spy")).all()), "34000")

    return succession(ring, linger, fetch)


@probe("P105", "prepared statement", "pool", "a plan asks for the scope each time it runs; " + WASHED, still=WASHED)
def prepared(ring: Ring) -> int:
    """Runs a statement that the other prepared, and looks for its text."""

    def linger(session: ScopedSession) -> None:
        session.execute(text(f"PREPARE spy AS SELECT title FROM finding WHERE title <> '{ring.theirs.canary}x'"))
        session.execute(text("EXECUTE spy"))
        session.commit()

    def run(door: Wall) -> int:
        with door.open(ring.mine.id) as session:
            texts = ring.seen(session.execute(text("SELECT statement FROM pg_prepared_statements")).all())
            return texts + reached(lambda: ring.seen(session.execute(text("EXECUTE spy")).all()), "26000")

    return succession(ring, linger, run)


@probe("P106", "prepared statement in one transaction chain", "pool", "a plan asks for the scope each time it runs")
def prepared_before(ring: Ring) -> int:
    """Prepares a statement under his own scope and runs it when the scope is gone."""
    with ring.attack() as session:
        connection = session.connection()
        connection.exec_driver_sql("PREPARE spy AS SELECT title FROM finding")
        found = ring.seen(connection.exec_driver_sql("EXECUTE spy").all())
        connection.exec_driver_sql("COMMIT AND CHAIN")
        found += ring.seen(connection.exec_driver_sql("EXECUTE spy").all())
        connection.exec_driver_sql("DEALLOCATE spy")
        return found


@probe(
    "P107",
    "temporary table",
    "pool",
    "the app role may not make temporary tables",
    still="no such right is granted to the app role",
)
def temporary_table(ring: Ring) -> int:
    """Reads a temporary table that the other left on the connection."""

    def linger(session: ScopedSession) -> None:
        try:
            session.execute(text("CREATE TEMP TABLE spy AS SELECT title FROM finding"))
            session.commit()
        except DBAPIError as error:
            if state_of(error) != DENIED:
                raise

    def read(door: Wall) -> int:
        with door.open(ring.mine.id) as session:
            return reached(lambda: ring.seen(session.execute(text("SELECT * FROM spy")).all()), "42P01")

    return succession(ring, linger, read)


@probe(
    "P108",
    "savepoint of the other",
    "pool",
    "nothing of a transaction outlives it",
    still="savepoints end with their transaction",
)
def savepoint(ring: Ring) -> int:
    """Rolls back to a savepoint that the other set on the same connection."""

    def linger(session: ScopedSession) -> None:
        session.begin_nested()
        session.execute(text("SAVEPOINT spy"))
        session.execute(text(READ))

    def back(door: Wall) -> int:
        with door.open(ring.mine.id) as session:
            state = text("ROLLBACK TO SAVEPOINT spy")
            return reached(
                lambda: session.execute(state) and ring.seen(session.execute(text(READ)).all()), "3B001", "25P01"
            )

    return succession(ring, linger, back)


@probe("P109", "identity map of another session", "session", ONE, still=ONE)
def identity_map(ring: Ring) -> int:
    """Asks his own session for objects that the other's session has just loaded in the same process."""
    with ring.wall.open(ring.theirs.id) as other, ring.attack() as session:
        loaded = other.scalars(select(Finding)).all()
        assert loaded, "the other sees nothing of his own: the probe proves nothing"
        key = (ring.theirs.id, ring.theirs.ids["finding"])
        return ring.seen([session.get(Finding, key), *session.identity_map.values(), *session.scalars(select(Finding))])


@probe("P110", "scope set anew", "session", ONE, still=ONE)
def scope_setter(ring: Ring) -> int:
    """Assigns another scope or tenant to a living session."""
    with ring.attack() as session:
        for name, value in (("scope", Scope(ring.theirs.id)), ("tenant_id", ring.theirs.id)):
            try:
                setattr(session, name, value)
            except AttributeError:
                continue
        return ring.seen(session.scalars(select(Finding)).all())


@probe(
    "P111",
    "scope by a connection option",
    "session",
    "the session compares its connection's scope with its own",
    still=ONE,
)
def scope_option(ring: Ring) -> int:
    """Asks his session for a connection with the other's scope in its execution options."""
    with ring.attack() as session:
        options = {"scope": Scope(ring.theirs.id)}
        try:
            connection = session.connection(execution_options=options)
        except UnsafeWall:
            return 0
        return ring.seen(connection.execute(select(FINDING)).all())


@probe("P112", "scope by a statement option", "session", "options of a statement state no scope")
def statement_option(ring: Ring) -> int:
    """Passes the other's scope as an execution option of a statement."""
    with ring.attack() as session:
        options = {"scope": Scope(ring.theirs.id)}
        told = session.execute(select(FINDING), execution_options=options).all()
        return ring.seen(told)


@probe("P113", "the other's object written back", "session", "the policy's USING: no such row")
def carried_object(ring: Ring) -> int:
    """Carries an object that the other's session loaded into his own, changes it and flushes."""
    with ring.wall.open(ring.theirs.id) as other:
        carried = other.scalars(select(Site)).first()
    assert carried is not None
    with ring.attack() as session:
        session.add(carried)
        carried.name = "x"
        try:
            return reached(lambda: session.flush() or 1)
        finally:
            session.expunge_all()
