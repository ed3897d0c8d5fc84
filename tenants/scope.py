"""The wall between districts (租户隔离墙): a session is a scope, signed and local to its transaction.

PostgreSQL decides what a transaction may see: forced row-level security compares ``tenant_id`` with ``app_scope()``,
which accepts ``app.scope`` only when its HMAC-SHA256 fits the key in a table that the app role cannot read.
The value is sent as a bound parameter: as literal text another backend could read it from ``pg_stat_activity``.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, Executable, bindparam, create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, UOWTransaction, with_loader_criteria
from sqlalchemy.pool import PoolResetState

from tenants.db import AddressedRow, SharedRow, TenantRow

PLATFORM = 0


class UnsafeWall(RuntimeError):
    """The database would not keep districts apart; the product refuses to run and says why."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows a session may touch: one tenant (0 = the platform) and whether hidden rows are included."""

    tenant_id: int
    cleared: bool = False


class Signer:
    """Signs scopes with a key derived from the installation's secret (HMAC-SHA256, RFC 2104)."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.new(secret.encode(), b"sancheng wall", hashlib.sha256).digest()

    def sign(self, scope: Scope) -> str:
        """Give ``<tenant>.<clearance>.<hmac>`` for one scope."""
        said = f"{scope.tenant_id}.{int(scope.cleared)}"
        return f"{said}.{hmac.new(self._key, said.encode(), hashlib.sha256).hexdigest()}"

    def pads(self) -> tuple[bytes, bytes]:
        """The inner and outer key pads, as the database keeps them (no extension is needed for HMAC then)."""
        block = self._key.ljust(64, b"\0")
        return bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block)


class ScopedSession(Session):
    """A session that serves one scope for its whole life; a reused one would leak through its identity map."""

    def __init__(self, engine: Engine, scope: Scope) -> None:
        super().__init__(engine.execution_options(scope=scope), autoflush=True, expire_on_commit=False)
        self.__scope = scope

    @property
    def scope(self) -> Scope:
        """The scope given at birth; there is no setter."""
        return self.__scope

    @property
    def tenant_id(self) -> int:
        """The tenant of the scope, for Core statements, which carry the predicate by hand."""
        return self.__scope.tenant_id


class Wall:
    """The only door to the database (入口): an engine whose every transaction says whose it is."""

    def __init__(self, url: str | URL, secret: str, **engine_options: Any) -> None:
        self.signer = Signer(secret)
        options: dict[str, Any] = {"pool_size": 10, "max_overflow": 10, "pool_pre_ping": False} | engine_options
        options["pool_reset_on_return"] = None  # _wash does more
        options["hide_parameters"] = True  # an error's text is logged; signatures, hashes and names are not for logs
        self.engine = create_engine(url, connect_args={"prepare_threshold": None}, **options)
        event.listen(self.engine, "begin", self._state_scope)
        event.listen(self.engine, "connect", self._refuse_unsafe)
        event.listen(self.engine, "reset", self._wash)

    def open(self, tenant_id: int, *, cleared: bool = False) -> ScopedSession:
        """Open a session for one tenant; close it after the request or job, never hand it on."""
        return ScopedSession(self.engine, Scope(tenant_id, cleared))

    def platform(self) -> ScopedSession:
        """Open a session in scope 0: accounts, login sessions and the list of tenants."""
        return self.open(PLATFORM)

    def dispose(self) -> None:
        """Give all pooled connections back, before a fork or at the end."""
        self.engine.dispose()

    def _state_scope(self, connection: Connection) -> None:
        options = connection.get_execution_options()
        scope = options.get("scope")
        # Without a scope the setting is emptied all the same, so that nothing set on the session before can be read.
        value = self.signer.sign(scope) if isinstance(scope, Scope) else ""
        connection.exec_driver_sql(STATE_SCOPE, (value,))

    def _wash(self, dbapi_connection: Any, _record: Any, state: PoolResetState) -> None:
        """Leave nothing of one scope for the next: settings of the session, held cursors, prepared statements, locks."""
        dbapi_connection.rollback()
        if not state.terminate_only:
            dbapi_connection.autocommit = True
            dbapi_connection.execute("DISCARD ALL")
            dbapi_connection.autocommit = False

    def _refuse_unsafe(self, dbapi_connection: Any, _record: Any) -> None:
        with dbapi_connection.cursor() as cursor:
            cursor.execute(ROLE_CHECK)
            answers = cursor.fetchone()
            for name, remedy in zip(answers[1:], REFUSALS, strict=True):
                if name:
                    raise UnsafeWall(remedy.format(role=answers[0], name=name))
            cursor.execute("SELECT set_config('app.scope', %s, true)", (self.signer.sign(Scope(PLATFORM)),))
            cursor.execute("SELECT app_scope()")
            known = cursor.fetchone()[0]
        dbapi_connection.rollback()
        if known != PLATFORM:
            raise UnsafeWall(
                "签名密钥与数据库中的不一致，拒绝启动；请核对 SANCHENG_SECRET_KEY 后运行 sancheng db upgrade"
            )


# Compiling a statement, or calling other processes for it, costs tenfold what it saves: policies make the planner guess
# high, what people ask is small, and the processors are busy with other people's questions.
STATE_SCOPE = (
    "SELECT set_config('app.scope', %s, true), set_config('jit', 'off', true),"
    " set_config('max_parallel_workers_per_gather', '0', true)"
)
# Whatever the login role can become by SET ROLE counts as its own: membership is enough, use of it is not awaited.
ROLE_CHECK = """
WITH mine AS (
  SELECT r.* FROM pg_roles r
  WHERE pg_has_role(session_user, r.oid, 'MEMBER') OR pg_has_role(current_user, r.oid, 'MEMBER')),
walled AS (
  SELECT c.* FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p'))
SELECT session_user,
  (SELECT min(rolname) FROM mine WHERE rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication
     OR rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program')),
  (SELECT min(relname) FROM walled WHERE relowner IN (SELECT oid FROM mine)),
  (SELECT min(rolname) FROM mine
     WHERE has_table_privilege(oid, to_regclass('public.wall_key'), 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')),
  (SELECT min(relname) FROM walled
     WHERE relname NOT IN ('alembic_version', 'wall_key') AND NOT (relrowsecurity AND relforcerowsecurity)),
  (SELECT current_database() WHERE to_regprocedure('public.app_scope()') IS NULL)
"""
REFUSALS = (
    "角色 {role} 可以绕过行级安全（经由 {name}：超级用户、BYPASSRLS、建角色、复制或读写服务器文件），拒绝启动；请改用 sancheng_app",
    "角色 {role} 拥有数据表 {name}，拒绝启动；数据表应归 sancheng_owner 所有",
    "角色 {role} 可以读写签名密钥（经由 {name}），拒绝启动；请改用 sancheng_app",
    "数据表 {name} 没有强制行级安全，拒绝启动；请运行 sancheng db upgrade",
    "数据库 {name} 尚未建立数据表，拒绝启动；请运行 sancheng db upgrade",
)


@event.listens_for(ScopedSession, "after_begin")
def _keep_scope(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    """Refuse a connection that was given another scope than the session's by its execution options."""
    assert isinstance(session, ScopedSession)
    if connection.get_execution_options().get("scope") != session.scope:
        raise UnsafeWall("连接的范围与会话的范围不一致，已拒绝")


@event.listens_for(ScopedSession, "do_orm_execute")
def _say_tenant(state: ORMExecuteState) -> None:
    """Add the explicit tenant predicate: it routes to one shard, uses the index and makes the policy a one-time filter."""
    session = state.session
    if not isinstance(session, ScopedSession) or session.tenant_id == PLATFORM:
        return
    given = state.parameters or {}
    if state.is_select and isinstance(given, Mapping):
        # Bound for column loads too: what an object was loaded with is asked again when one of its columns is.
        state.parameters = {**given, OF_SCOPE: session.tenant_id}
        if not state.is_column_load:
            state.statement = _in_scope(state.statement)
    elif state.is_update or state.is_delete:
        tenant_id = session.tenant_id
        state.statement = state.statement.options(
            with_loader_criteria(TenantRow, lambda cls: cls.tenant_id == tenant_id, include_aliases=True)
        )


OF_SCOPE = "tenant_of_scope"  # the name is written out below: the ORM takes what a lambda names for a value to bind
_IN_SCOPE = with_loader_criteria(
    TenantRow, lambda cls: cls.tenant_id == bindparam("tenant_of_scope"), include_aliases=True
)
# A statement that is built once is given the predicate once: told from all others by its key, every time anew, it
# cost more than the database took for the answer [measured].
_SAID: WeakKeyDictionary[Executable, Executable] = WeakKeyDictionary()


def _in_scope(statement: Executable) -> Executable:
    """A selecting statement with the predicate, whichever tenant asks: the number is bound when it runs."""
    found = _SAID.get(statement)
    if found is None:
        found = _SAID[statement] = statement.options(_IN_SCOPE)
    return found


@event.listens_for(ScopedSession, "before_flush")
def _stamp_tenant(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    """Stamp new rows with the session's tenant, so that no caller has to name it."""
    assert isinstance(session, ScopedSession)
    for row in session.new:
        if isinstance(row, TenantRow | SharedRow | AddressedRow) and row.tenant_id is None:
            row.tenant_id = session.tenant_id


def database_answers(wall: Wall) -> bool:
    """Tell whether the database answers inside the wall, for the readiness page."""
    with wall.platform() as session:
        return bool(session.scalar(text("SELECT app_scope() = 0")))
