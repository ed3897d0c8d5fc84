"""The command tree (命令总表), and the one place where an error of ours becomes a line and an exit code."""

from __future__ import annotations

import sys
from typing import Any

import click

from core.account import Refused
from core.cli import bench, campaigns, check, draws, forms, people, seals, server, tenants
from core.errors import SanchengError
from tenants.scope import UnsafeWall


class Sancheng(click.Group):
    """Says our own errors plainly: 1 for a refusal in the work, 2 for a wrong call (click's own)."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (SanchengError, UnsafeWall, Refused) as error:
            click.echo(f"错误：{error.text() if isinstance(error, SanchengError) else error}", err=True)
            sys.exit(1)


@click.group(cls=Sancheng, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sancheng")
def main() -> None:
    """三城：区县创建工作（文明城市、卫生城市、食品安全示范城市）的软件。"""


for command in (
    server.demo,
    server.serve,
    server.worker,
    server.db,
    server.doctor,
    tenants.tenant,
    tenants.divisions,
    campaigns.campaign,
    forms.form,
    people.user,
    people.token,
    seals.seals,
    check.check,
    draws.draw,
    bench.bench,
):
    main.add_command(command)
