"""Campaigns on the command line (创建项目): what is installed, switching on and off, making and checking a new one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import click

from core.campaigns import check_campaign
from core.campaigns.registry import installed
from core.cli.ground import tell, through_wall
from core.settings import ZONE
from core.work.enabling import enable, suspend
from core.work.tenancy import find_tenant
from tenants.db import now
from tenants.scope import ScopedSession


@click.group()
def campaign() -> None:
    """创建项目（插件）。"""


@campaign.command("list")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def campaign_list(*, as_json: bool) -> None:
    """列出已安装的创建项目；被拒绝的写在标准错误里。"""
    registry = installed()
    data = [
        {
            "key": one.key,
            "edition": one.edition.key,
            "indicators": len(one.edition.indicators),
            "points": plain(one.edition.points),
            "forms": len(one.edition.forms),
            "items": sum(len(form.items) for form in one.edition.forms),
            "sha256": one.edition.sha256,
        }
        for one in registry.campaigns.values()
    ]
    lines = [
        f"{row['key']:<18}{row['edition']:<14}{row['indicators']:>4} 项指标{row['points']:>6} 分{row['forms']:>4} 张表{row['items']:>5} 项"
        for row in data
    ]
    tell(data, as_json=as_json, text="\n".join(lines) or "没有安装任何创建项目")
    for refused in registry.refused:
        click.echo(f"被拒绝：{refused.name}：{refused.reason}", err=True)


def plain(points: Decimal) -> int | str:
    """Points as JSON has them without loss: a whole number, else its exact decimal text."""
    return int(points) if points == points.to_integral_value() else str(points)


def in_tenant(slug: str, act: Callable[[ScopedSession], object]) -> None:
    """Run one act in a tenant's own scope and commit it."""
    with through_wall() as wall:
        with wall.platform() as platform:
            found = find_tenant(platform, slug)
        with wall.open(found.id) as session:
            act(session)
            session.commit()


@campaign.command("enable")
@click.argument("key")
@click.option("--tenant", "slug", required=True, help="租户的网址代号")
def campaign_enable(key: str, slug: str) -> None:
    """在一个区县启用创建项目。"""
    chosen = installed().get(key)
    today = now().astimezone(ZONE).date()
    in_tenant(slug, lambda session: enable(session, None, chosen, today=today))
    click.echo(f"已启用 {key}")


@campaign.command("suspend")
@click.argument("key")
@click.option("--tenant", "slug", required=True, help="租户的网址代号")
def campaign_suspend(key: str, slug: str) -> None:
    """在一个区县停用创建项目；数据保留，再次启用时原样恢复。"""
    today = now().astimezone(ZONE).date()
    in_tenant(slug, lambda session: suspend(session, None, key, today=today))
    click.echo(f"已停用 {key}")


@campaign.command("check")
@click.argument("path")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def campaign_check(path: str, *, as_json: bool) -> None:
    """检查一个创建项目包（文件夹或包名）：文件互相核对、样例得分、中英文本。"""
    report = check_campaign(Path(path) if Path(path).is_dir() else path)
    faults = [fault.text() for fault in report.faults]
    golden = [{"name": f"{one.where} {one.code}", "ok": one.ok} for one in report.golden]
    lines = [*faults, *(f"{'通过' if one['ok'] else '不符'}  {one['name']}" for one in golden)]
    lines.append("检查通过" if report.ok else "检查未通过")
    tell({"ok": report.ok, "faults": faults, "golden": golden}, as_json=as_json, text="\n".join(lines))
    sys.exit(0 if report.ok else 1)
