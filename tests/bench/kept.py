"""A laid stage that stays (留存现场): the nation takes long to lay, and is measured again after each change."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path

from sqlalchemy import select

from core.bench.ground import SECRET, Trial
from core.bench.nation import Nation, Tally
from core.bench.plan import NATION_SLUG, Size
from core.campaigns.registry import installed
from core.database import upgrade
from core.databases import connect, drop_database
from core.work.accounts import tenant_ref
from tenants.access import TenantRef, root_unit
from tenants.accounts import Tenant
from tenants.scope import Wall
from tests.bench.ledger import Ledger
from tests.bench.stage import Stage, copy_open
from tests.factory import add_actor

NOTE = "stage.json"
DATABASES = ("bench", "small", "ten")


def keep_stage(stage: Stage, folder: Path) -> None:
    """Note beside the databases what stands in them."""
    size = asdict(stage.nation.size) | {"today": stage.nation.size.today.isoformat()}
    said = {
        "size": size,
        "districts": [ref.slug for ref in stage.nation.districts],
        "rows": stage.nation.tally.rows,
        "seconds": stage.nation.tally.seconds,
        "ledger": [stage.ledger.ref.slug, stage.ledger.count],
        "small": [stage.small_ledger.ref.slug, stage.small_ledger.count],
    }
    (folder / NOTE).write_text(json.dumps(said, ensure_ascii=False))


def find_stage(at: Trial, folder: Path) -> Stage | None:
    """The stage that an earlier run kept in the folder, brought to the schema of today; None when there is none."""
    if not (folder / NOTE).exists():
        return None
    said = json.loads((folder / NOTE).read_text())
    for name in DATABASES:
        upgrade(at.urls.for_database(name).owner, SECRET)
    size = Size(**said["size"] | {"today": date.fromisoformat(said["size"]["today"])})
    known = _tenants(at.wall)
    districts = [known[slug] for slug in said["districts"]]
    nation = Nation(known[NATION_SLUG], {}, districts, size, Tally(said["rows"], said["seconds"]))
    small, ten = (Wall(at.urls.for_database(name).app, SECRET) for name in ("small", "ten"))
    campaign = installed().campaigns["civilized_city"]
    ledgers = [
        _ledger(wall, refs[slug], count)
        for wall, refs, (slug, count) in ((at.wall, known, said["ledger"]), (small, _tenants(small), said["small"]))
    ]
    # A migration touches each tenant by its policy; where policies let all pass it would touch all for each.
    for wall in (at.wall, small, ten):
        wall.dispose()
    drop_database(at.urls.superuser, "open")
    copy_open(at)
    for name in (*DATABASES, "open"):
        with connect(at.urls.superuser, database=name) as plain:
            plain.execute("VACUUM ANALYZE")
    return Stage(at, nation, ledgers[0], small, ledgers[1], ten, at.urls, campaign)


def _tenants(wall: Wall) -> dict[str, TenantRef]:
    with wall.platform() as session:
        return {one.slug: tenant_ref(one) for one in session.scalars(select(Tenant))}


def _ledger(wall: Wall, ref: TenantRef, count: int) -> Ledger:
    """The ledger's district with a fresh person of the office; what the field lists ask for is not measured here."""
    with wall.open(ref.id) as session:
        root = root_unit(session).id
    office = add_actor(wall, ref, "hq_office", root)
    return Ledger(ref, office, office, office, office, units={}, count=count)
