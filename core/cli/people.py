"""Accounts on the command line (账号与令牌): the first administrator of a real installation, and machines' keys."""

from __future__ import annotations

import sys
from datetime import timedelta

import click
from sqlalchemy import select

from core.cli.ground import tell, through_wall
from core.errors import N_, NotFound
from core.settings import ZONE
from core.work.accounts import create_user
from core.work.duties.posts import add_person_with_post
from core.work.invitations import invite, join, make_api_token
from core.work.roles import ROLES
from core.work.tenancy import find_tenant
from tenants.access import root_unit
from tenants.accounts import Membership
from tenants.db import now


@click.group()
def user() -> None:
    """账号。"""


@user.command("create")
@click.option("--tenant", "slug", help="所属租户的网址代号；平台运维账号不填")
@click.option("--name", required=True, help="姓名")
@click.option("--login", help="登录名；不填则生成邀请链接，由本人设置")
@click.option("--role", type=click.Choice(sorted(ROLES)), default="administrator", show_default=True, help="角色")
@click.option("--operator", is_flag=True, help="平台运维账号（可开通新区县）")
@click.option("--password-stdin", is_flag=True, help="从标准输入读密码")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def user_create(
    slug: str | None, name: str, login: str | None, role: str, *, operator: bool, password_stdin: bool, as_json: bool
) -> None:
    """建立账号：例如真实安装的第一位管理员。密码从不作为参数传入。"""
    if not login and not slug:
        raise click.UsageError("请给出 --tenant（生成邀请链接）或 --login（直接建立账号）")
    password = None
    if login:
        asked = sys.stdin.readline().rstrip("\n") if password_stdin else None
        password = asked or click.prompt("密码", hide_input=True, confirmation_prompt=True)
    today = now().astimezone(ZONE).date()
    with through_wall() as wall, wall.platform() as platform:
        found = find_tenant(platform, slug) if slug else None
        made = create_user(platform, login=login, name=name, password=password, is_operator=operator) if login else None
        data: dict[str, str] = {"login": made.login if made else ""}
        if found is not None:
            with wall.open(found.id) as session:
                unit = root_unit(session)
                title = ROLES[role].title_zh
                person = add_person_with_post(
                    session, None, name=name, unit_id=unit.id, role=role, title=title, today=today
                )
                if made is None:
                    data["invite"] = f"/invite/{invite(session, None, person.id, now())}"
                session.commit()
            if made is not None:
                join(platform, found.id, made, person.id)
        platform.commit()
    text = (
        f"邀请链接（七天内有效，只显示一次）：{data['invite']}" if "invite" in data else f"已建立账号 {data['login']}"
    )
    tell(data, as_json=as_json, text=text)


@click.group()
def token() -> None:
    """接口令牌。"""


@token.command("create")
@click.option("--tenant", "slug", required=True, help="租户的网址代号")
@click.option("--login", required=True, help="令牌以谁的身份行事（登录名）")
@click.option("--name", required=True, help="用途")
@click.option("--days", type=int, help="有效天数；不填为长期有效")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def token_create(slug: str, login: str, name: str, days: int | None, *, as_json: bool) -> None:
    """为机器建立接口令牌；只显示一次。"""
    with through_wall() as wall:
        with wall.platform() as platform:
            found = find_tenant(platform, slug)
        with wall.open(found.id) as session:
            person = session.scalar(select(Membership.person_id).where(Membership.login == login.strip().lower()))
            if person is None:
                raise NotFound(N_("租户 {slug} 中没有登录名为 {login} 的账号"), slug=slug, login=login)
            until = now() + timedelta(days=days) if days else None
            made = make_api_token(session, None, slug, person, name=name, expires_at=until)
            session.commit()
    tell({"token": made}, as_json=as_json, text=made)
