"""Probes that read (读): the ORM in all its shapes, Core, text, the driver's own cursor, and PostgreSQL's side doors."""

from __future__ import annotations

from sqlalchemy import Table, func, literal_column, select, text, union_all
from sqlalchemy.orm import aliased, joinedload, make_transient_to_detached, selectinload, subqueryload

from core.figures.tables import Publication, PublicationGrant, PublishedFigure
from core.work.tables import Attachment, Audit, File, Finding, FindingEvent, ItemResult, Site, Visit
from tenants.access import TenantRef
from tenants.accounts import AccountToken, ApiToken, AppUser, LoginSession, Membership, Tenant
from tenants.models import Person, Unit
from tests.wall.probes import probe
from tests.wall.ring import Ring, raise_province, reached, state_of

ROW = "tenant policy"
BOTH = "tenant policy, and the ORM's own predicate"
PREDICATE = "the ORM's own predicate names the session's tenant"
FINDING: Table = Finding.__table__  # type: ignore[assignment]  # declarative classes are mapped to Table here
SITE: Table = Site.__table__  # type: ignore[assignment]  # the same
UNDEFINED = ("22P02", "22012")
"""SQLSTATEs of a cast that failed and of a division by zero: both may quote a row."""


@probe("P01", "ORM select", "ORM", BOTH, still=PREDICATE)
def orm_select(ring: Ring) -> int:
    """Lists all findings, units, sites, people, files and audit lines through the ORM."""
    with ring.attack() as session:
        kinds = (Finding, Unit, Site, Person, File, Audit)
        return sum(ring.seen(session.scalars(select(kind)).all()) for kind in kinds)


@probe("P02", "ORM columns", "ORM", BOTH, still=PREDICATE)
def orm_columns(ring: Ring) -> int:
    """Asks for single columns instead of objects."""
    with ring.attack() as session:
        return ring.seen(session.execute(select(Finding.title, Finding.tenant_id)).all())


@probe("P03", "ORM count", "ORM", BOTH, still=PREDICATE)
def orm_count(ring: Ring) -> int:
    """Counts findings that are not his own."""
    with ring.attack() as session:
        asked = select(func.count()).select_from(Finding).where(Finding.title == ring.theirs.canary)
        return session.scalar(asked) or 0


@probe("P04", "get by the other's key", "ORM", BOTH, still=PREDICATE)
def orm_get(ring: Ring) -> int:
    """Asks for one object by the primary key of the other tenant."""
    with ring.attack() as session:
        return ring.seen([session.get(Finding, (ring.theirs.id, ring.theirs.ids["finding"]))])


@probe("P05", "lazy load from a forged parent", "ORM", BOTH, still=PREDICATE)
def orm_lazy(ring: Ring) -> int:
    """Builds a finding in memory with the other's key and walks its relationships."""
    with ring.attack() as session:
        forged = forge(ring)
        session.add(forged)
        return ring.seen([*forged.events, *forged.parts])


@probe("P06", "selectin load under a raw statement", "ORM", ROW)
def orm_selectin(ring: Ring) -> int:
    """Loads visits by a text statement, which carries no predicate, and their sheets by selectin."""
    return eager(ring, selectinload(Visit.sheets))


@probe("P07", "subquery load under a raw statement", "ORM", ROW)
def orm_subquery(ring: Ring) -> int:
    """Loads visits by a text statement, and their sites by a subquery load."""
    return eager(ring, subqueryload(Visit.site))


@probe("P08", "joined load", "ORM", BOTH, still=PREDICATE)
def orm_joined(ring: Ring) -> int:
    """Lists findings with a joined load of site and parts."""
    with ring.attack() as session:
        asked = select(Finding).options(joinedload(Finding.site), joinedload(Finding.parts))
        return ring.seen(session.scalars(asked).unique().all())


@probe("P09", "refresh of a forged object", "ORM", ROW)
def orm_refresh(ring: Ring) -> int:
    """Refreshes a finding that he built in memory with the other's key; column loads carry no predicate."""
    with ring.attack() as session:
        forged = forge(ring)
        session.add(forged)
        return reached(lambda: session.refresh(forged) or ring.seen([forged]))


@probe("P10", "expired attribute of a forged object", "ORM", ROW)
def orm_expired(ring: Ring) -> int:
    """Touches an unloaded column of a finding that he built in memory with the other's key."""
    with ring.attack() as session:
        forged = forge(ring)
        session.add(forged)
        return reached(lambda: ring.seen([forged.title]))


@probe("P11", "ORM union, alias and exists", "ORM", BOTH, still=PREDICATE)
def orm_compound(ring: Ring) -> int:
    """Hides the table behind an alias, a union and an EXISTS."""
    with ring.attack() as session:
        other = aliased(Finding)
        both = union_all(select(Finding.title), select(other.title)).subquery()
        told = session.scalars(select(both.c.title)).all()
        there = session.scalar(select(select(Finding.id).where(Finding.title == ring.theirs.canary).exists()))
        return ring.seen(told) + int(bool(there))


@probe("P12", "ORM with a raw statement", "ORM", ROW)
def orm_from_statement(ring: Ring) -> int:
    """Loads mapped objects from a text statement."""
    with ring.attack() as session:
        asked = select(Finding).from_statement(text("SELECT * FROM finding"))
        return ring.seen(session.scalars(asked).all())


@probe("P13", "Core select", "Core", ROW)
def core_select(ring: Ring) -> int:
    """Selects from the table without the predicate that Core statements should carry."""
    with ring.attack() as session:
        return ring.seen(session.execute(select(FINDING)).all())


@probe("P14", "Core aggregate", "Core", ROW)
def core_aggregate(ring: Ring) -> int:
    """Counts and joins texts of all tenants in one aggregate."""
    with ring.attack() as session:
        asked = select(func.string_agg(FINDING.c.title, ","), func.count()).where(FINDING.c.tenant_id != ring.mine.id)
        return session.execute(asked).one()[1]


@probe("P15", "Core join and CTE", "Core", ROW)
def core_join(ring: Ring) -> int:
    """Reaches the other's findings by a join from sites through a common table expression."""
    with ring.attack() as session:
        sites = select(SITE.c.tenant_id, SITE.c.id, SITE.c.name).cte("sites")
        asked = select(sites.c.name, FINDING.c.title).join(FINDING, FINDING.c.site_id == sites.c.id)
        return ring.seen(session.execute(asked).all())


@probe("P16", "text()", "SQL", ROW)
def text_select(ring: Ring) -> int:
    """Sends SQL as text with the other's number in its WHERE clause."""
    with ring.attack() as session:
        asked = text("SELECT * FROM finding WHERE tenant_id = :other")
        return ring.seen(session.execute(asked, {"other": ring.theirs.id}).all())


@probe("P17", "injected predicate", "SQL", ROW)
def text_injection(ring: Ring) -> int:
    """Breaks out of a literal with OR true, as an injected search text would."""
    with ring.attack() as session:
        asked = f"SELECT * FROM site WHERE tenant_id = {ring.mine.id} AND name = '' OR true --'"
        return ring.seen(session.execute(text(asked)).all())


@probe("P18", "exec_driver_sql", "SQL", ROW)
def driver_select(ring: Ring) -> int:
    """Goes past SQLAlchemy's compiler on the session's connection."""
    with ring.attack() as session:
        return ring.seen(session.connection().exec_driver_sql("SELECT * FROM person").all())


@probe("P19", "raw cursor of the session's connection", "SQL", ROW)
def raw_cursor(ring: Ring) -> int:
    """Takes the driver's cursor from under the session."""
    with ring.attack() as session:
        cursor = session.connection().connection.cursor()
        cursor.execute("SELECT * FROM visit")
        return ring.seen(cursor.fetchall())


@probe("P20", "raw connection from the pool", "SQL", "tenant policy: no setting, no rows")
def raw_connection(ring: Ring) -> int:
    """Takes a driver connection from the pool, on which no scope was ever stated."""
    raw = ring.wall.engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("SELECT * FROM finding")
        return ring.seen(cursor.fetchall())
    finally:
        raw.close()


@probe("P21", "connection without a scope", "SQL", "tenant policy: an empty setting is no scope")
def unscoped(ring: Ring) -> int:
    """Connects through the engine but names no scope."""
    with ring.wall.engine.connect() as connection:
        return ring.seen(connection.execute(select(FINDING)).all())


@probe("P22", "autocommit connection", "SQL", "tenant policy: the setting dies with its own statement")
def autocommit(ring: Ring) -> int:
    """Connects in autocommit mode, where a transaction-local setting ends at once."""
    with ring.wall.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return ring.seen(connection.execute(select(FINDING)).all())


@probe("P23", "rows as JSON, XML and by place", "SQL", ROW)
def disguised(ring: Ring) -> int:
    """Disguises rows: whole-row JSON, a sample, TABLE, the physical place, a lateral join, the database as XML."""
    asked = (
        "SELECT row_to_json(f)::text FROM finding f",
        "TABLE site",
        "SELECT title FROM finding TABLESAMPLE SYSTEM (100)",
        "SELECT title FROM finding WHERE ctid >= '(0,0)'::tid",
        "SELECT x.title FROM tenant_numbers t, LATERAL (SELECT title FROM finding WHERE tenant_id = t.n) x",
    )
    numbers = f"WITH tenant_numbers(n) AS (VALUES ({ring.mine.id}), ({ring.theirs.id})) "
    with ring.attack() as session:
        connection = session.connection()
        whole = [numbers + one if "tenant_numbers" in one else one for one in asked]
        found = sum(ring.seen(connection.exec_driver_sql(one).all()) for one in whole)
        # The embedded server is built without XML and says so.
        everything = text("SELECT database_to_xml(true, true, '')::text")
        return found + reached(lambda: ring.seen(session.scalars(everything).all()), "0A000")


@probe("P24", "locking read", "SQL", ROW)
def locking(ring: Ring) -> int:
    """Reads with FOR UPDATE, to hold the other's rows as well as to see them."""
    with ring.attack() as session:
        asked = select(FINDING).where(FINDING.c.tenant_id == ring.theirs.id).with_for_update()
        return ring.seen(session.execute(asked).all())


@probe("P25", "COPY TO", "SQL", ROW)
def copy_out(ring: Ring) -> int:
    """Copies a whole table out."""
    with ring.attack() as session:
        cursor = session.connection().connection.cursor()
        with cursor.copy("COPY finding TO STDOUT") as copy:
            return ring.seen([bytes(line).decode() for line in copy])


@probe("P26", "server-side cursor", "SQL", ROW)
def cursor_read(ring: Ring) -> int:
    """Declares a cursor and fetches from it."""
    with ring.attack() as session:
        connection = session.connection()
        connection.exec_driver_sql("DECLARE spy SCROLL CURSOR FOR SELECT title FROM finding")
        return ring.seen(connection.exec_driver_sql("FETCH ALL FROM spy").all())


@probe("P27", "row security switched off", "SQL", "FORCE: PostgreSQL raises instead of answering unfiltered")
def row_security_off(ring: Ring) -> int:
    """Sets row_security to off and reads again."""
    with ring.attack() as session:
        session.execute(text("SET LOCAL row_security = off"))
        return reached(lambda: ring.seen(session.execute(select(FINDING)).all()))


@probe("P28", "leaky predicate: cast", "oracle", "predicates that may talk run after the policy")
def leaky_cast(ring: Ring) -> int:
    """Casts the other's text to a number, so that the error message quotes it."""
    asked = text("SELECT 1 FROM finding WHERE tenant_id = :other AND title::int = 0")
    with ring.attack() as session:
        return quoted(ring, lambda: session.execute(asked, {"other": ring.theirs.id}).all())


@probe("P29", "leaky predicate: division by zero", "oracle", "predicates that may talk run after the policy")
def leaky_division(ring: Ring) -> int:
    """Divides by zero when a guess about the other's row is right."""
    asked = text("SELECT 1 FROM finding WHERE 1 / (CASE WHEN title = :guess THEN 0 ELSE 1 END) = 1")
    with ring.attack() as session:
        try:
            session.execute(asked, {"guess": ring.theirs.canary}).all()
        except Exception as error:  # the guess is confirmed by this very error and by no other
            if state_of(error) != "22012":
                raise
            return 1
        return 0


@probe("P30", "planner statistics", "oracle", "pg_stats hides tables whose row security is active")
def statistics(ring: Ring) -> int:
    """Reads the most common values of all tenants from pg_stats."""
    asked = "SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats WHERE tablename = 'probe_stats' OR tablename = 'finding'"
    with ring.attack() as session:
        return ring.seen(session.execute(text(asked)).all())


@probe(
    "P31",
    "actual rows in a plan",
    "oracle",
    "the policy's equality with the asked tenant stops the scan before it starts",
)
def plan(ring: Ring) -> int:
    """Reads from EXPLAIN ANALYZE how many of the other's rows the scan passed."""
    asked = f"EXPLAIN (ANALYZE, FORMAT JSON) SELECT FROM finding WHERE tenant_id = {ring.theirs.id}"
    with ring.attack() as session:
        return walked(session.execute(text(asked)).scalar_one()[0]["Plan"])


@probe("P32", "membership, tokens and invitations", "shared", "shared policy")
def shared_rows(ring: Ring) -> int:
    """Lists memberships, API tokens and one-time links of other tenants."""
    with ring.attack() as session:
        return sum(ring.seen(session.scalars(select(kind)).all()) for kind in (Membership, ApiToken, AccountToken))


@probe("P33", "accounts and login sessions", "platform", "platform policy: scope 0 only")
def platform_rows(ring: Ring) -> int:
    """Reads password hashes, login sessions and the list of tenants from a tenant's scope."""
    with ring.attack() as session:
        told = [session.scalars(select(kind)).all() for kind in (AppUser, LoginSession)]
        return sum(map(ring.seen, told)) + len(session.scalars(select(Tenant)).all())


@probe("P34", "addressed rows as a third party", "addressed", "addressed policy: author and reader only")
def third_party(ring: Ring) -> int:
    """Reads grants, publications and figures that the other tenant addressed to the city."""
    kinds = (PublicationGrant, Publication, PublishedFigure)
    with ring.attack() as session:
        return sum(ring.seen(session.scalars(select(kind)).all()) for kind in kinds)


@probe("P35", "cleared in his own house only", "ORM", "clearance is bound to the signed tenant")
def cleared_elsewhere(ring: Ring) -> int:
    """Uses a cleared session of his own to read the other's hidden rows."""
    kinds = (Finding, FindingEvent, ItemResult, Attachment)
    with ring.attack(cleared=True) as session:
        told = [session.execute(select(kind.__table__)).all() for kind in kinds]
        return sum(map(ring.seen, told))


@probe("P36", "the platform reads no tenant's rows", "platform", "tenant policy: scope 0 is nobody's tenant")
def platform_overreach(ring: Ring) -> int:
    """Uses the platform's own scope 0, which is no tenant's, to read tenant rows."""
    with ring.wall.platform() as session:
        told = session.execute(select(FINDING)).all(), session.execute(select(SITE)).all()
        return sum(map(ring.seen, told))


def addressed_elsewhere(ring: Ring, reader: TenantRef) -> int:
    """How many addressed rows a bureau reads that were sent to another."""
    tables = [kind.__table__ for kind in (PublicationGrant, Publication, PublishedFigure)]
    with ring.wall.open(reader.id) as session:
        return sum(row.reader_id != reader.id for table in tables for row in session.execute(select(table)))


@probe("P38", "the province's copies", "addressed", "addressed policy: author and reader only")
def copies_of_the_province(ring: Ring) -> int:
    """Reads as the city what districts addressed to its province alone."""
    raise_province(ring)
    return addressed_elsewhere(ring, ring.city)


@probe("P39", "the city's copies", "addressed", "addressed policy: author and reader only")
def copies_of_the_city(ring: Ring) -> int:
    """Reads as the province what districts addressed to their city alone."""
    return addressed_elsewhere(ring, raise_province(ring))


@probe("P37", "literal column and scalar subquery", "Core", ROW)
def scalar_subquery(ring: Ring) -> int:
    """Smuggles the other's text into a list of his own as a scalar subquery."""
    with ring.attack() as session:
        other = literal_column(f"(SELECT min(title) FROM finding WHERE tenant_id = {ring.theirs.id})")
        return ring.seen(session.execute(select(Site.name, other)).all())


def forge(ring: Ring) -> Finding:
    """A persistent-looking finding with the other's key and nothing loaded."""
    forged = Finding(tenant_id=ring.theirs.id, id=ring.theirs.ids["finding"])
    make_transient_to_detached(forged)
    return forged


def eager(ring: Ring, option: object) -> int:
    with ring.attack() as session:
        asked = select(Visit).from_statement(text("SELECT * FROM visit")).options(option)  # type: ignore[arg-type]  # either loader
        visits = session.scalars(asked).all()
        return ring.seen(visits)


def quoted(ring: Ring, act: object) -> int:
    """Whether an act's error message quotes the other's text."""
    try:
        act()  # type: ignore[operator]  # a plain callable
    except Exception as error:  # whatever it is, only its text matters
        return int(ring.theirs.canary in str(error) or ring.theirs.secret in str(error))
    return 0


def walked(node: dict) -> int:
    """Rows that a plan's scans passed or threw away."""
    own = int(node.get("Actual Rows", 0)) + int(node.get("Rows Removed by Filter", 0)) if "Relation Name" in node else 0
    return own + sum(walked(child) for child in node.get("Plans", ()))
