"""Probes of secret rounds (暗访): an inspected office without clearance looks for rows that are hidden in its own district."""

from __future__ import annotations

from sqlalchemy import Table, func, select, text, update
from sqlalchemy.orm import joinedload, make_transient_to_detached, selectinload, subqueryload

from core.work.tables import (
    AnswerRow,
    Attachment,
    Finding,
    FindingEvent,
    FindingItem,
    ItemResult,
    Part,
    Sheet,
    Site,
    Visit,
)
from tenants.db import new_id
from tests.wall.probes import probe
from tests.wall.reading import UNDEFINED
from tests.wall.ring import Ring, make_finding, make_result, make_visit, reached, state_of

HIDDEN = "policy: NOT hidden OR app_cleared()"
TOLD = (AnswerRow, Attachment, FindingEvent, FindingItem, ItemResult, Sheet, Visit)


@probe("P120", "hidden rows by the ORM", "secret", HIDDEN)
def orm_hidden(ring: Ring) -> int:
    """Lists findings and visits of his own district."""
    with ring.attack() as session:
        return ring.unveiled(map(vars, [*session.scalars(select(Finding)), *session.scalars(select(Visit))]))


@probe("P121", "hidden rows by count", "secret", HIDDEN)
def count_hidden(ring: Ring) -> int:
    """Compares the number of findings with what he can list."""
    with ring.attack() as session:
        counted = session.scalar(select(func.count()).select_from(Finding)) or 0
        return counted - 1


@probe("P122", "hidden rows by key", "secret", HIDDEN)
def get_hidden(ring: Ring) -> int:
    """Asks for a hidden finding by its key, as a link in an old message would."""
    with ring.attack() as session:
        found = session.get(Finding, (ring.mine.id, ring.mine.ids["secret_finding"]))
        return int(found is not None)


@probe("P123", "hidden rows by lazy load", "secret", HIDDEN)
def lazy_hidden(ring: Ring) -> int:
    """Walks from a finding built in memory with a hidden one's key to its history and parts."""
    with ring.attack() as session:
        forged = Finding(tenant_id=ring.mine.id, id=ring.mine.ids["secret_finding"])
        make_transient_to_detached(forged)
        session.add(forged)
        return len(forged.events) + len(forged.parts)


@probe("P124", "hidden rows by eager load", "secret", HIDDEN)
def eager_hidden(ring: Ring) -> int:
    """Loads visits with sheets by selectin, joined and subquery loads."""
    found = 0
    for option in (selectinload(Visit.sheets), joinedload(Visit.sheets), subqueryload(Visit.sheets)):
        with ring.attack() as session:
            visits = session.scalars(select(Visit).options(option)).unique().all()
            found += ring.unveiled(vars(sheet) for visit in visits for sheet in visit.sheets)
    return found


@probe("P125", "hidden details", "secret", HIDDEN)
def hidden_details(ring: Ring) -> int:
    """Reads answers, attachments, history, items, results and sheets without going through the hidden visit."""
    with ring.attack() as session:
        return sum(ring.unveiled(session.execute(select(kind.__table__)).all()) for kind in TOLD)


@probe("P126", "hidden parts", "secret", HIDDEN)
def hidden_parts(ring: Ring) -> int:
    """Counts the parts of his unit, to learn that something is coming."""
    with ring.attack() as session:
        return (session.scalar(select(func.count()).select_from(Part)) or 0) - 1


@probe("P127", "hidden points in a sum", "secret", HIDDEN)
def hidden_sum(ring: Ring) -> int:
    """Reads hidden points out of totals."""
    with ring.attack() as session:
        return (session.scalar(select(func.sum(ItemResult.earned))) or 0) - 100


@probe("P128", "hidden rows by text()", "secret", HIDDEN)
def text_hidden(ring: Ring) -> int:
    """Asks for hidden rows by name."""
    with ring.attack() as session:
        return ring.unveiled(session.execute(text("SELECT * FROM finding WHERE hidden OR title <> ''")).all())


@probe("P129", "hidden text in an error message", "secret", "predicates that may talk run after the policy")
def cast_hidden(ring: Ring) -> int:
    """Casts titles to numbers, so that an error quotes a hidden one."""
    with ring.attack() as session:
        try:
            session.execute(text("SELECT 1 FROM finding WHERE title LIKE 'hidden%' AND title::int = 0")).all()
        except Exception as error:  # whatever it is, only its text matters
            if state_of(error) not in UNDEFINED:
                raise
            return int(ring.mine.secret in str(error))
        return 0


@probe("P130", "making a hidden row", "secret", "WITH CHECK: hidden rows need clearance")
def insert_hidden(ring: Ring) -> int:
    """Writes hidden rows of his own, to keep findings from the inspectors."""
    with ring.attack() as session:
        session.add(make_visit(ring.mine, new_id(), "x", hidden=True))
        return reached(lambda: session.flush() or 1)


@probe("P131", "hiding a visible row", "secret", "WITH CHECK: hidden rows need clearance")
def hide(ring: Ring) -> int:
    """Marks an open finding as hidden, so that it disappears from every list."""
    with ring.attack() as session:
        asked = update(Finding).where(Finding.title == ring.mine.canary).values(hidden=True)
        return reached(lambda: session.execute(asked).rowcount)


@probe("P132", "releasing a hidden row", "secret", HIDDEN)
def unhide(ring: Ring) -> int:
    """Releases a secret round early."""
    with ring.attack() as session:
        return session.execute(update(Finding).where(Finding.hidden).values(hidden=False)).rowcount


@probe("P133", "changing a hidden row", "secret", HIDDEN)
def change_hidden(ring: Ring) -> int:
    """Closes hidden findings blindly."""
    with ring.attack() as session:
        table: Table = Finding.__table__  # type: ignore[assignment]  # declarative classes are mapped to Table here
        asked = update(table).where(table.c.tenant_id == ring.mine.id, table.c.hidden).values(state="closed")
        return session.execute(asked).rowcount


@probe("P134", "hidden rows by a join from visible ones", "secret", HIDDEN)
def join_hidden(ring: Ring) -> int:
    """Counts findings at a site that everybody sees."""
    with ring.attack() as session:
        asked = select(Site.name, func.count(Finding.id)).join(
            Finding, (Finding.tenant_id == Site.tenant_id) & (Finding.site_id == Site.id)
        )
        return session.execute(asked.group_by(Site.name)).one()[1] - 1


@probe("P135", "copying hidden rows into the open", "secret", HIDDEN)
def copy_hidden(ring: Ring) -> int:
    """Copies hidden answers under a visible visit by INSERT ... SELECT."""
    asked = text(
        "INSERT INTO answer (tenant_id, visit_id, question, na, note, hidden)"
        " SELECT tenant_id, :open, question || 'x', na, note, false FROM answer WHERE tenant_id = :mine AND hidden"
    )
    with ring.attack() as session:
        return session.execute(asked, {"open": ring.mine.ids["visit"], "mine": ring.mine.id}).rowcount


@probe("P136", "hidden rows of other sorts made without clearance", "secret", "WITH CHECK: hidden rows need clearance")
def insert_hidden_details(ring: Ring) -> int:
    """Writes hidden findings and results under his open visit."""
    visit = ring.mine.ids["visit"]
    rows = (
        make_finding(ring.mine, new_id(), visit, "x", hidden=True),
        make_result(ring.mine, visit, "x", hidden=True),
    )
    found = 0
    for row in rows:
        with ring.attack() as session:
            session.add(row)
            found += reached(lambda: session.flush() or 1)
    return found


@probe("P137", "hidden history by a hidden finding's key", "secret", HIDDEN)
def hidden_history(ring: Ring) -> int:
    """Upserts into a hidden finding's parts, to learn from the refusal whether they exist."""
    with ring.attack() as session:
        key = {"finding_id": ring.mine.ids["secret_finding"], "kind": "line", "unit_id": ring.mine.ids["unit"]}
        asked = text(
            'INSERT INTO part (tenant_id, finding_id, kind, unit_id, "leading") VALUES (:t, :f, :k, :u, false)'
            ' ON CONFLICT (tenant_id, finding_id, kind, unit_id) DO UPDATE SET "leading" = false'
        )
        values = {"t": ring.mine.id, "f": key["finding_id"], "k": key["kind"], "u": key["unit_id"]}
        return reached(lambda: session.execute(asked, values).rowcount)
