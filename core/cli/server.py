"""Running the product (运行): demo, serve, worker, database upgrade, doctor."""

from __future__ import annotations

import os
import sys
import urllib.request
from pathlib import Path

import click

from core.campaigns.registry import installed
from core.cli.bringing_up import bring_up
from core.cli.ground import Ground, configured, stand, tell
from core.database import current, head
from core.demo import ACCOUNTS, PASSWORD, lay_demo
from core.embedded import EmbeddedServer
from core.instance import Instance
from core.jobs.worker import run_worker
from core.processes import Command, run_with_children
from tenants.scope import database_answers

WEB_THREADS = 8


def gunicorn_command(ground: Ground, bind: str, workers: int) -> Command:
    """The web server as a child: threads, so that a half-open client holds one of many and not a worker."""
    argv = [sys.executable, "-m", "gunicorn", "core.app:from_environment()", "--bind", bind]
    argv += ["--workers", str(workers), "--worker-class", "gthread", "--threads", str(WEB_THREADS)]
    argv += ["--no-control-socket", "--timeout", "60", "--graceful-timeout", "15", "--log-level", "warning"]
    return Command("web", argv, env=environment_of(ground), is_ready=lambda: answers(bind))


def worker_command(ground: Ground) -> Command:
    """The job worker as a child."""
    argv = [sys.executable, "-m", "core.cli", "worker"]
    return Command("worker", argv, env=environment_of(ground))


def environment_of(ground: Ground) -> dict[str, str]:
    """What the children need to know; the owner's address is not among it."""
    return {
        "SANCHENG_DATABASE_URL": ground.urls.app,
        "SANCHENG_JOBS_URL": ground.urls.jobs,
        "SANCHENG_SECRET_KEY": ground.secret,
        "SANCHENG_INSTANCE": str(ground.files.parent),
    }


def answers(bind: str) -> bool:
    """Whether the web server is ready to be used."""
    try:
        with urllib.request.urlopen(f"http://{bind}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@click.command()
@click.option("--bind", default="127.0.0.1:8000", show_default=True, help="地址:端口")
@click.option("--workers", default=2, show_default=True, help="进程数")
@click.option("--no-worker", is_flag=True, help="不启动后台任务进程")
def demo(bind: str, workers: int, *, no_worker: bool) -> None:
    """建好并运行演示城市（内嵌数据库、演示数据、网页服务）。"""
    instance = Instance.find()
    with EmbeddedServer(instance) as urls:
        ground = Ground(urls, instance.read_secrets().secret_key, instance.files)
        bring_up(ground)
        with ground.wall() as wall:
            lay_demo(wall, urls.app, ground.secret, ground.files, tell=click.echo)
        commands = [gunicorn_command(ground, bind, workers)]
        if not no_worker:
            commands.append(worker_command(ground))
        sys.exit(run_with_children(commands, on_ready=lambda: greet(bind)))


def greet(bind: str) -> None:
    """Say where the product is and with which accounts to come in."""
    lines = [f"\n三城已启动：http://{bind}", f"演示账号（密码都是 {PASSWORD}）："]
    lines += [f"  {login:<14} {what}" for login, what in ACCOUNTS]
    click.echo("\n".join([*lines, "按 Ctrl+C 停止。\n"]))


@click.command()
@click.option("--bind", default="127.0.0.1:8000", show_default=True, help="地址:端口")
@click.option("--workers", default=2, show_default=True, help="进程数")
def serve(bind: str, workers: int) -> None:
    """运行网页服务和一个后台任务进程。"""
    instance = Instance.find()
    ground = configured(instance)
    if ground is not None:
        sys.exit(run_with_children([gunicorn_command(ground, bind, workers)]))
    with EmbeddedServer(instance) as urls:
        ground = Ground(urls, instance.read_secrets().secret_key, instance.files)
        bring_up(ground)
        commands = [gunicorn_command(ground, bind, workers), worker_command(ground)]
        sys.exit(run_with_children(commands, on_ready=lambda: click.echo(f"三城已启动：http://{bind}")))


@click.group()
def db() -> None:
    """数据库。"""


@db.command("upgrade")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def db_upgrade(*, as_json: bool) -> None:
    """升级数据库结构（以所有者角色连接：SANCHENG_OWNER_URL）。"""
    with stand() as ground:
        if not ground.urls.owner:
            raise click.UsageError("请设置 SANCHENG_OWNER_URL（所有者角色的数据库地址）")
        reached = bring_up(ground)
    tell({"revision": reached}, as_json=as_json, text=f"数据库结构版本：{reached}")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def doctor(*, as_json: bool) -> None:
    """检查安装是否健康：数据库角色与隔离、结构版本、创建项目、静态文件。"""
    registry = installed()
    with stand() as ground, ground.wall() as wall:
        checks = {
            "wall": database_answers(wall),
            "revision": current(ground.urls.owner) == head() if ground.urls.owner else True,
            "campaigns": bool(registry.campaigns) and not registry.refused,
            "assets": (Path(__file__).parents[1] / "web" / "static" / "vendor").is_dir(),
            "files": os.access(ground.files.parent, os.W_OK),
        }
    lines = "\n".join(f"{'正常' if good else '异常'}  {name}" for name, good in checks.items())
    refused = "\n".join(f"被拒绝的创建项目 {one.name}：{one.reason}" for one in registry.refused)
    tell(checks, as_json=as_json, text="\n".join(filter(None, [lines, refused])))
    sys.exit(0 if all(checks.values()) else 1)


@click.command()
def worker() -> None:
    """运行后台任务进程（SANCHENG_JOBS_URL）。"""
    with stand() as ground, ground.wall() as wall:
        run_worker(wall, ground.urls.jobs)
