"""Probes that forge (伪造): settings that nobody signed, signatures of another scope, and what can be overheard."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from sqlalchemy import Connection, text

from tenants.scope import Scope, Signer
from tests.wall.probes import probe
from tests.wall.ring import Ring, reached

SIGNED = "the signature does not fit: app_scope() is NULL"
BOUND = "the value is bound, so no statement text holds it"
LOCAL = "the setting ends with its transaction"
READ = "SELECT title FROM finding UNION ALL SELECT name FROM site"


def pretend(ring: Ring, values: Iterable[str], *, local: bool = True) -> int:
    """Reads with each forged setting in turn, in the attacker's own session."""
    found = 0
    for value in values:
        with ring.attack() as session:
            session.execute(text("SELECT set_config('app.scope', :v, :l)"), {"v": value, "l": local})
            found += reached(lambda: ring.seen(session.execute(text(READ)).all()))
    return found


def own_signature(ring: Ring) -> str:
    """What an attacker can read without any trick: his own value, in his own transaction."""
    with ring.attack() as session:
        return str(session.scalar(text("SELECT current_setting('app.scope')"))).rpartition(".")[2]


@probe("P80", "unsigned setting", "setting", SIGNED)
def unsigned(ring: Ring) -> int:
    """Sets app.scope to the other's bare number, with and without a made-up signature."""
    n = ring.theirs.id
    return pretend(ring, [f"{n}", f"{n}.0", f"{n}.0.", f"{n}.1.{'0' * 64}", f"{n}.0.{'f' * 64}"])


@probe("P81", "signature of another key", "setting", SIGNED)
def foreign_key_signature(ring: Ring) -> int:
    """Signs the other's scope himself, with keys that he may guess."""
    scopes = [Scope(ring.theirs.id), Scope(ring.theirs.id, cleared=True)]
    return pretend(ring, [Signer(key).sign(scope) for key in ("", "secret", "sancheng") for scope in scopes])


@probe("P82", "own signature, another number", "setting", SIGNED)
def renumbered(ring: Ring) -> int:
    """Keeps his own signature and puts the other's number, or the platform's 0, before it."""
    mine = own_signature(ring)
    n = ring.theirs.id
    return pretend(ring, [f"{n}.0.{mine}", f"{n}.1.{mine}", f"0.0.{mine}", f"{ring.mine.id}.0.{mine}.{n}"])


@probe("P83", "clearance raised", "setting", "clearance is signed with the number")
def raised(ring: Ring) -> int:
    """Keeps his own number and signature and turns the clearance on."""
    value = f"{ring.mine.id}.1.{own_signature(ring)}"
    with ring.attack() as session:
        session.execute(text("SELECT set_config('app.scope', :v, true)"), {"v": value})
        return ring.unveiled(session.execute(text("SELECT * FROM finding")).all())


@probe("P84", "malformed settings", "setting", "whatever is not number, bit and signature is no scope")
def malformed(ring: Ring) -> int:
    """Tries empty, blank, negative, padded, huge, non-ASCII and SQL-like settings."""
    n, mine = ring.theirs.id, own_signature(ring)
    values = (
        "",
        " ",
        ".",
        "..",
        f"-{n}.0.{mine}",
        f"0{n}.0.{mine}",
        f" {n}.0.{mine}",
        f"{n}\n.0.{mine}",
        "NULL",
        "true",
    )
    wide = (
        f"{'9' * 40}.0.{mine}",
        f"2147483648.0.{mine}",
        f"{n}.2.{mine}",
        f"\uff11.0.{mine}",
        f"{n} OR true",
        "' OR ''='",
    )
    return pretend(ring, [*values, *wide, "x" * 1_000_000, f"{n}.0.{'a' * 1_000_000}"])


@probe("P85", "session-level setting", "setting", "the next transaction states its own scope over it")
def session_level(ring: Ring) -> int:
    """Leaves a forged setting on the session instead of the transaction, and reads in the next one."""
    found = pretend(ring, [f"{ring.theirs.id}.0.{own_signature(ring)}"], local=False)
    with ring.attack() as session:
        session.execute(text("SELECT set_config('app.scope', :v, false)"), {"v": str(ring.theirs.id)})
        session.commit()
        return found + ring.seen(session.execute(text(READ)).all())


@probe("P86", "setting by SET and RESET", "setting", SIGNED)
def reset_setting(ring: Ring) -> int:
    """Uses SET LOCAL, RESET and RESET ALL where set_config might be watched."""
    acts = (
        f"SET LOCAL app.scope = '{ring.theirs.id}'",
        "RESET app.scope",
        "RESET ALL",
        "SET LOCAL app.scope = DEFAULT",
    )
    found = 0
    for act in acts:
        with ring.attack() as session:
            session.execute(text(act))
            found += ring.seen(session.execute(text(READ)).all())
    return found


@probe("P87", "transaction ended under the session", "setting", LOCAL)
def ended(ring: Ring) -> int:
    """Ends the transaction by raw ROLLBACK, COMMIT and COMMIT AND CHAIN and reads on."""
    found = 0
    for act in ("ROLLBACK", "COMMIT", "COMMIT AND CHAIN", "ROLLBACK AND CHAIN"):
        with ring.attack() as session:
            connection = session.connection()
            connection.exec_driver_sql(act)
            found += ring.seen(connection.exec_driver_sql(READ).all())
    return found


@probe("P88", "set again inside a savepoint", "setting", SIGNED)
def in_savepoint(ring: Ring) -> int:
    """Forges inside a savepoint, rolls back to it, releases it, and nests another."""
    forged = text("SELECT set_config('app.scope', :v, true)")
    value = {"v": f"{ring.theirs.id}.0.{own_signature(ring)}"}
    found = 0
    with ring.attack() as session:
        for release in (True, False):
            outer = session.begin_nested()
            session.execute(forged, value)
            inner = session.begin_nested()
            found += ring.seen(session.execute(text(READ)).all())
            inner.rollback()
            found += ring.seen(session.execute(text(READ)).all())
            outer.commit() if release else outer.rollback()
            found += ring.seen(session.execute(text(READ)).all())
    return found


@probe("P89", "signature left on a pooled connection", "overhearing", LOCAL, still=LOCAL)
def left_behind(ring: Ring) -> int:
    """Takes the connection on which the other just worked and looks for his setting."""
    asked = (
        "SELECT current_setting('app.scope', true)",
        "SELECT string_agg(setting, ' ') FROM pg_settings WHERE name LIKE 'app.%%'",
    )

    def look(connection: Connection) -> int:
        return sum(overheard(ring, connection.exec_driver_sql(one).scalar()) for one in asked)

    return after_victim(ring, look)


@probe("P90", "pg_stat_activity", "overhearing", BOUND, still=BOUND)
def activity(ring: Ring) -> int:
    """Polls pg_stat_activity from a second connection while the other opens transactions and asks for his rows."""
    told: list[str] = []
    done = threading.Event()
    beside = ring.wall.engine.connect()
    poll = text("SELECT query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")

    def listen() -> None:
        while not done.is_set():
            told.extend({str(row[0]) for row in beside.execute(poll)})
            # Statistics stand still within one transaction.
            beside.rollback()

    listener = threading.Thread(target=listen)
    listener.start()
    until = time.monotonic() + 0.4
    asked = text("SELECT 1 FROM finding WHERE title = :t")
    while time.monotonic() < until:
        with ring.wall.open(ring.theirs.id) as session:
            session.connection()
            time.sleep(0.01)
            session.execute(asked, {"t": ring.theirs.canary})
            time.sleep(0.005)
    done.set()
    listener.join()
    beside.close()
    assert len(told) > 10, "the listener heard nothing at all"
    return sum(overheard(ring, said) + int(ring.theirs.canary in said) for said in told)


@probe("P91", "replay of what was overheard", "overhearing", LOCAL, still=LOCAL)
def replay(ring: Ring) -> int:
    """Restates, in his own session, whatever he found on the connection that the other used before."""
    found: list[str] = []
    after_victim(
        ring, lambda c: found.append(str(c.exec_driver_sql("SELECT current_setting('app.scope', true)").scalar())) or 0
    )
    return sum(overheard(ring, said) for said in found) and pretend(ring, found)


def overheard(ring: Ring, said: object) -> int:
    """Whether a text holds a valid signature of the other's scope."""
    scopes = (Scope(ring.theirs.id), Scope(ring.theirs.id, cleared=True), Scope(0))
    return sum(ring.wall.signer.sign(scope).rpartition(".")[2] in str(said) for scope in scopes)


def after_victim(ring: Ring, look: Callable[[Connection], int]) -> int:
    """Lets the other work and end in three ways, and looks at each of his connections afterwards without a scope."""
    found = 0
    for end in ("commit", "rollback", "close"):
        session = ring.wall.open(ring.theirs.id)
        session.execute(text("SELECT count(*) FROM finding"))
        getattr(session, end)()
        session.close()
        raw = ring.wall.engine.connect()
        try:
            found += look(raw)
        finally:
            raw.close()
    return found
