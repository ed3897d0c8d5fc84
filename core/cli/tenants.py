"""Districts and bureaus on the command line (租户): create, list; the national division list."""

from __future__ import annotations

from typing import Any

import click

from core.cli.ground import tell, through_wall
from core.settings import ZONE
from core.work.divisions import search
from core.work.onboarding import create_bureau, create_district
from core.work.tenancy import list_tenants
from tenants.access import BUREAUS, DISTRICT, ROOTS
from tenants.db import now


@click.group()
def tenant() -> None:
    """区县与市级、省级、国家级租户。"""


@tenant.command("create")
@click.option("--division", help="区划代码：区县六位，市级四位，省级两位；国家级没有")
@click.option("--name", help="名称；没有代码时必填")
@click.option("--slug", help="网址代号；没有代码时必填，默认为区划代码")
@click.option("--campaign", "campaigns", multiple=True, help="启用的创建项目，可重复")
@click.option(
    "--upper", "--city", "upper", help="上级租户的网址代号：区县的市（直管的写省）、市的省、省的国家级；以后可以补"
)
@click.option("--kind", type=click.Choice(ROOTS), default=DISTRICT, show_default=True, help="区县、市级、省级或国家级")
@click.option("--dry-run", is_flag=True, help="只报告，不写入")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def tenant_create(
    division: str | None,
    name: str | None,
    slug: str | None,
    campaigns: tuple[str, ...],
    upper: str | None,
    kind: str,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """开通一个区县（或市级、省级、国家级主管部门）：真实的街道和社区、每个责任角色一个部门；重复执行不会改变已有内容。"""
    today = now().astimezone(ZONE).date()
    common: dict[str, Any] = {"division": division, "name": name, "slug": slug, "upper": upper}
    common |= {"dry_run": dry_run, "today": today}
    with through_wall() as wall, wall.platform() as session:
        if kind in BUREAUS:
            made = create_bureau(session, wall.open, kind=kind, **common)
        else:
            made = create_district(session, wall.open, campaigns=campaigns, **common)
    data = {"tenant": made.tenant.slug, "created": made.created, "units": made.units}
    counted = "，".join(f"第{level}级 {count} 个" for level, count in made.units.items())
    state = "将要开通" if dry_run else "已开通" if made.created else "已存在"
    tell(data, as_json=as_json, text=f"{state}：{made.tenant.name}（{made.tenant.slug}）{counted}")


@tenant.command("list")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def tenant_list(*, as_json: bool) -> None:
    """列出全部租户。"""
    with through_wall() as wall, wall.platform() as session:
        found = list_tenants(session)
    slugs = {one.id: one.slug for one in found}
    data = [
        {
            "tenant": one.slug,
            "kind": one.kind,
            "name": one.name,
            "code": one.code,
            "upper": slugs.get(one.upper_id or 0),
        }
        for one in found
    ]
    tell(data, as_json=as_json, text="\n".join(f"{one.slug:<14}{one.kind:<10}{one.name}" for one in found))


@click.group()
def divisions() -> None:
    """全国统计用区划代码。"""


@divisions.command("search")
@click.argument("text")
@click.option("--limit", default=20, show_default=True, help="最多列出")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def divisions_search(text: str, limit: int, *, as_json: bool) -> None:
    """按名称、代码或拼音首字母查找区划。"""
    found = search(text, limit=limit)
    data = [{"code": one.code, "name": one.name, "level": one.level, "path": list(one.path_names)} for one in found]
    tell(data, as_json=as_json, text="\n".join(f"{one.code:<14}{one.full_name}" for one in found) or "没有找到")
