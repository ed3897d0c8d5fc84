"""``sancheng bench`` (测速): a trial nation on a server of its own, what laying it takes, and what reading it takes."""

from __future__ import annotations

from datetime import date

import click

from core.bench.reading import read_nation
from core.cli.ground import tell
from core.settings import ZONE
from tenants.db import now

DISTRICTS = 2978
RESULTS_A_DISTRICT = 4300  # thirty visits a month, with which a district is ranked


@click.command()
@click.option("--tenants", default=60, show_default=True, help=f"区县数，全国是 {DISTRICTS}")
@click.option("--results", type=int, help=f"检查项结果总数，默认每个区县 {RESULTS_A_DISTRICT}")
@click.option("--findings", default=50_000, show_default=True, help="问题总数（至多）")
@click.option("--months", default=12, show_default=True, help="发布的月数")
@click.option("--rounds", default=15, show_default=True, help="每项测几轮")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def bench(tenants: int, results: int | None, findings: int, months: int, rounds: int, *, as_json: bool) -> None:
    """在一个用完即弃的数据库上造出全国（或一部分），并测量读取；不碰本实例的数据。"""
    today: date = now().astimezone(ZONE).date().replace(day=1)
    whole = tenants * RESULTS_A_DISTRICT if results is None else results
    said = read_nation(tenants, whole, findings, months, today, rounds, tell=lambda line: click.echo(line, err=True))
    tell(said, as_json=as_json, text="\n".join(said["lines"]))
