"""Seals on the command line (封签核对): recompute every publication and standing that a tenant sent or received."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click
from sqlalchemy import func, select

from core.cli.ground import tell, through_wall
from core.figures.issued_standings import verify_standings
from core.figures.seals import verify
from core.figures.tables import Publication, Standing
from core.work.tenancy import find_tenant


@click.command()
@click.argument("tenant")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def seals(tenant: str, *, as_json: bool) -> None:
    """核对一个区县或市的封签链条；断开时指出是哪一份，退出码为 1。"""
    with through_wall() as wall:
        with wall.platform() as platform:
            found = find_tenant(platform, tenant)
        with wall.open(found.id) as session:
            counts = [session.scalar(select(func.count()).select_from(table)) for table in (Publication, Standing)]
            breaks = [*verify(session), *verify_standings(session)]
    lines = [f"{one.district_slug} → {one.reader_slug} 第 {one.sequence} 号：{one.message}" for one in breaks]
    whole = f"链条完整：{counts[0]} 份发布件，{counts[1]} 份公布的名次"
    data = {"publications": counts[0], "standings": counts[1], "breaks": [asdict(one) for one in breaks]}
    tell(data, as_json=as_json, text="\n".join(lines) if lines else whole)
    sys.exit(1 if breaks else 0)
