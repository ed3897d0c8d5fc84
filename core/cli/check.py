"""``sancheng check`` (核对): every kept count against a full recount, every seal against its figures, tenant by tenant."""

from __future__ import annotations

import sys

import click

from core.cli.ground import tell, through_wall
from core.figures.seals import verify
from core.work.counting.recounting import differences, recount
from core.work.tenancy import find_tenant, list_tenants
from tenants.access import TenantRef
from tenants.scope import Wall

SHOWN = 20  # differences of a tenant that are printed; all are counted


@click.command()
@click.option("--tenant", "slug", help="只核对这个租户（网址代号）")
@click.option("--mend", is_flag=True, help="先重算有改动的日子，再核对")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def check(slug: str | None, *, mend: bool, as_json: bool) -> None:
    """核对日计数与全量重算是否一致、发布件的封签是否完好；有出入时列出并以 1 退出。"""
    with through_wall() as wall:
        with wall.platform() as session:
            chosen = [find_tenant(session, slug)] if slug else list_tenants(session)
        found = {ref.slug: said for ref in chosen if (said := check_tenant(wall, ref, mend=mend))}
    data = {"tenants": len(chosen), "faults": found}
    lines = [f"{name}：{line}" for name, said in found.items() for line in said[:SHOWN]]
    more = [f"{name}：共 {len(said)} 处" for name, said in found.items() if len(said) > SHOWN]
    tell(data, as_json=as_json, text="\n".join([*lines, *more]) or f"已核对 {len(chosen)} 个租户，全部一致")
    sys.exit(1 if found else 0)


def check_tenant(wall: Wall, ref: TenantRef, *, mend: bool) -> list[str]:
    """What does not hold in one tenant, a line each; ``mend`` counts marked days first."""
    with wall.open(ref.id) as session:
        while mend and recount(session):
            session.commit()
        counted = [f"日计数 {one.said}" for one in differences(session)]
        broken = [
            f"封签 {one.district_slug}→{one.reader_slug} 第{one.sequence}份：{one.message}" for one in verify(session)
        ]
        session.rollback()
    return [*counted, *broken]
