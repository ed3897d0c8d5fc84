"""The command line (命令行): every command run as a person or a script would, on a database of its own."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from core.app import create_app
from core.cli.main import main
from core.databases import Urls, clone, drop_database
from core.settings import Settings
from tenants.accounts import AppUser, Membership, PlatformEvent, Tenant
from tenants.models import EnabledCampaign, Unit
from tenants.scope import Wall
from tests.conftest import SECRET

CODES = {"civilized_city": (35, 100), "sanitary_city": (41, 1000), "food_safety_city": (34, 100)}


@dataclass
class Shell:
    """A shell whose environment names a database of its own (命令环境)."""

    urls: Urls
    environ: dict[str, str]
    wall: Wall
    files: Path

    def run(self, *words: str, status: int = 0, said: str | None = None) -> Result:
        made = CliRunner().invoke(main, list(words), input=said, env=self.environ)
        trace = made.exception if made.exception and not isinstance(made.exception, SystemExit) else ""
        assert made.exit_code == status, f"sancheng {' '.join(words)}: {made.exit_code}\n{made.output}\n{trace!r}"
        assert "Traceback" not in made.output
        return made

    def read(self, *words: str, status: int = 0, said: str | None = None) -> Any:
        return json.loads(self.run(*words, "--json", status=status, said=said).stdout)


@pytest.fixture(scope="module")
def shell(server: Urls, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    name = f"cli_{secrets.token_hex(5)}"
    clone(server.superuser, template, name)
    urls = server.for_database(name)
    folder = tmp_path_factory.mktemp("instance")
    environ = {
        "SANCHENG_DATABASE_URL": urls.app,
        "SANCHENG_OWNER_URL": urls.owner,
        "SANCHENG_JOBS_URL": urls.jobs,
        "SANCHENG_SECRET_KEY": SECRET,
        "SANCHENG_INSTANCE": str(folder),
    }
    wall = Wall(urls.app, SECRET)
    yield Shell(urls, environ, wall, folder / "files")
    wall.dispose()
    drop_database(server.superuser, name)


def leaves(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command of the tree with the words that call it, groups too."""
    yield words
    if isinstance(command, click.Group):
        for name, below in sorted(command.commands.items()):
            yield from leaves(below, (*words, name))


@pytest.mark.parametrize("words", list(leaves(main)), ids=" ".join)
def test_every_command_has_help(shell: Shell, words: tuple[str, ...]) -> None:
    said = shell.run(*words, "--help").output
    first = said.split("\n\n")[1].strip()
    assert re.search(r"[一-鿿]", first), said
    for line in re.findall(r"^  (--[\w-]+)(?: \[?\w+\]?)?\s*$", said, re.MULTILINE):
        assert line in {"--help", "--version"}, f"{words}: the option {line} is not explained"


def test_the_outside_names_are_there() -> None:
    """The words of the design that this issue needs (design 8)."""
    known = {" ".join(words) for words in leaves(main)}
    wanted = "demo serve worker db_upgrade tenant_create tenant_list campaign_list campaign_enable campaign_suspend "
    wanted += "campaign_check user_create token_create divisions_search doctor"
    assert not {name.replace("_", " ") for name in wanted.split()} - known


# ---- tenants ----


def counts(shell: Shell) -> tuple[int, int]:
    with shell.wall.platform() as session:
        tenants = session.scalar(select(func.count()).select_from(Tenant))
        events = session.scalar(select(func.count()).select_from(PlatformEvent))
    return tenants or 0, events or 0


def test_a_district_is_created_once(shell: Shell) -> None:
    words = ("tenant", "create", "--division", "140302", "--campaign", "sanitary_city")
    before = counts(shell)
    rehearsed = shell.read(*words, "--dry-run")
    assert rehearsed == {"tenant": "140302", "created": True, "units": {"2": 6, "3": 65}}
    assert counts(shell) == before
    made = shell.run(*words, "--json").stdout
    assert json.loads(made) == {"tenant": "140302", "created": True, "units": {"2": 6, "3": 65}}
    assert shell.read(*words) == {"tenant": "140302", "created": False, "units": {"2": 6, "3": 65}}
    with shell.wall.platform() as session:
        tenant = session.scalars(select(Tenant).where(Tenant.slug == "140302")).one()
        assert (tenant.name, tenant.kind, tenant.code, tenant.is_demo) == ("城区", "district", "140302", False)
        tenant_id = tenant.id
    with shell.wall.open(tenant_id) as session:
        kinds = dict(session.execute(select(Unit.kind, func.count()).group_by(Unit.kind)).all())
        assert (kinds["subdistrict"], kinds["community"] + kinds.get("village", 0)) == (6, 65)
        assert kinds["department"] > 5
        assert session.scalars(select(EnabledCampaign.campaign)).all() == ["sanitary_city"]
    assert "140302" in {row["tenant"] for row in shell.read("tenant", "list")}
    assert "已存在" in shell.run(*words).output


def test_a_city_and_a_zone_without_a_code(shell: Shell) -> None:
    assert shell.read("tenant", "create", "--kind", "city", "--division", "1403")["tenant"] == "1403"
    made = shell.read("tenant", "create", "--name", "试验开发区", "--slug", "sykfq", "--city", "1403")
    assert made == {"tenant": "sykfq", "created": True, "units": {"2": 0, "3": 0}}
    zone = {"tenant": "sykfq", "kind": "district", "name": "试验开发区", "code": None, "upper": "1403"}
    assert zone in shell.read("tenant", "list")


def test_a_province_a_nation_and_a_municipality(shell: Shell) -> None:
    """Made from the bottom up, and hung under each other later; saying it again changes nothing."""
    shell.run("tenant", "create", "--kind", "city", "--division", "1403")
    assert shell.read("tenant", "create", "--kind", "province", "--division", "14")["tenant"] == "14"
    assert shell.read("tenant", "create", "--kind", "nation")["tenant"] == "nation"
    for words in (
        ("--kind", "city", "--division", "1403", "--upper", "14"),
        ("--kind", "province", "--division", "14"),
    ):
        assert shell.read("tenant", "create", *words)["created"] is False
    assert (
        shell.read("tenant", "create", "--kind", "province", "--division", "14", "--upper", "nation")["tenant"] == "14"
    )
    shell.run("tenant", "create", "--kind", "city", "--division", "11", "--upper", "nation")
    listed = {row["tenant"]: row for row in shell.read("tenant", "list")}
    above = {"nation": None, "14": "nation", "1403": "14", "11": "nation"}
    assert {slug: listed[slug]["upper"] for slug in above} == above
    assert (listed["nation"]["name"], listed["11"]["kind"], listed["14"]["kind"]) == ("全国", "city", "province")


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("tenant", "create", "--division", "999999"), 1, "999999"),
        (("tenant", "create", "--division", "1401"), 1, "1401"),
        (("tenant", "create", "--division", "140105", "--campaign", "no_such"), 1, "no_such"),
        (("tenant", "create", "--division", "140105", "--city", "nowhere"), 1, "nowhere"),
        (("tenant", "create", "--division", "140105", "--slug", "No Slug"), 1, "No Slug"),
        (("tenant", "create", "--division", "140105", "--slug", "140302"), 1, "140302"),
        (("tenant", "create"), 1, "名称"),
        (("tenant", "create", "--kind", "county"), 2, "county"),
        (("tenant", "create", "--kind", "province"), 1, "名称"),
        (("tenant", "create", "--kind", "province", "--division", "1401"), 1, "1401"),
        (("tenant", "create", "--kind", "nation", "--division", "14"), 1, "14"),
        (("tenant", "create", "--division", "140105", "--upper", "140302"), 1, "140302"),
        (("tenant", "create", "--no-such-option"), 2, "no-such-option"),
        (("no-such-command",), 2, "no-such-command"),
        (("campaign", "enable", "no_such", "--tenant", "140302"), 1, "no_such"),
        (("campaign", "enable", "sanitary_city", "--tenant", "nowhere"), 1, "nowhere"),
        (("campaign", "suspend", "food_safety_city", "--tenant", "140302"), 1, ""),
        (("campaign", "check", "no_such_package_anywhere"), 1, "no_such_package_anywhere"),
        (("user", "create", "--name", "某人"), 2, "--tenant"),
        (("user", "create", "--name", "某人", "--tenant", "nowhere"), 1, "nowhere"),
        (("token", "create", "--tenant", "140302", "--login", "nobody", "--name", "x"), 1, "nobody"),
        (("token", "create", "--tenant", "140302"), 2, "--login"),
    ],
)
def test_a_refusal_says_why_and_writes_nothing(shell: Shell, words: tuple[str, ...], status: int, said: str) -> None:
    shell.run("tenant", "create", "--division", "140302", "--campaign", "sanitary_city")
    before = counts(shell)
    made = shell.run(*words, status=status)
    assert said in made.output
    assert made.stderr.strip() or words[:2] == ("campaign", "check")
    assert counts(shell) == before


# ---- divisions and campaigns ----


def test_divisions_are_found_by_name_code_and_initials(shell: Shell) -> None:
    found = shell.read("divisions", "search", "小店")
    assert "140105" in {row["code"] for row in found}
    one = next(row for row in found if row["code"] == "140105")
    assert (one["name"], one["level"]) == ("小店区", "district")
    assert "太原市" in one["path"]
    assert shell.read("divisions", "search", "140105")[0]["code"] == "140105"
    assert len(shell.read("divisions", "search", "街道", "--limit", "3")) <= 3
    assert shell.read("divisions", "search", "没有这样的地方") == []
    assert "没有找到" in shell.run("divisions", "search", "没有这样的地方").output


def test_the_campaigns_are_listed_whole(shell: Shell) -> None:
    found = {row["key"]: row for row in shell.read("campaign", "list")}
    assert found.keys() == CODES.keys()
    for key, (indicators, points) in CODES.items():
        row = found[key]
        assert list(row) == ["key", "edition", "indicators", "points", "forms", "items", "sha256"]
        assert (row["indicators"], row["points"]) == (indicators, points)
        assert re.fullmatch(r"[0-9a-f]{64}", row["sha256"])
        assert row["forms"] > 0
        assert row["items"] > 0
    for key in CODES:
        assert key in shell.run("campaign", "list").output


@pytest.mark.parametrize("key", sorted(CODES))
def test_the_shipped_campaigns_hold(shell: Shell, key: str) -> None:
    made = shell.read("campaign", "check", f"plugins.{key}")
    assert made["ok"] is True
    assert made["faults"] == []
    assert made["golden"]
    assert all(one["ok"] for one in made["golden"])


def test_a_campaign_is_enabled_suspended_and_enabled_again(shell: Shell) -> None:
    shell.run("tenant", "create", "--name", "开关区", "--slug", "kaiguan")
    states = []
    for act in ("enable", "enable", "suspend", "enable"):
        shell.run("campaign", act, "food_safety_city", "--tenant", "kaiguan")
        with shell.wall.platform() as platform:
            tenant_id = platform.scalars(select(Tenant.id).where(Tenant.slug == "kaiguan")).one()
        with shell.wall.open(tenant_id) as session:
            states.append(session.scalars(select(EnabledCampaign.state)).one())
    assert states == ["enabled", "enabled", "suspended", "enabled"]


# ---- people ----


def test_the_first_administrator_of_a_real_installation(shell: Shell) -> None:
    """An account by a password from standard input, a key for a machine, and the key opens the API."""
    shell.run("tenant", "create", "--name", "人员区", "--slug", "renyuan")
    words = (
        "user",
        "create",
        "--tenant",
        "renyuan",
        "--name",
        "测试管理员",
        "--login",
        "Guanli-One",
        "--password-stdin",
    )
    made = shell.read(*words, said="一个足够长的密码 123\n")
    assert made == {"login": "guanli-one"}
    with shell.wall.platform() as session:
        user = session.scalars(select(AppUser).where(AppUser.login == "guanli-one")).one()
        assert user.password_hash.startswith("$argon2")
        assert not user.is_operator
        assert session.scalars(select(Membership).where(Membership.user_id == user.id)).one().home
    token = shell.read("token", "create", "--tenant", "renyuan", "--login", "guanli-one", "--name", "平台")["token"]
    assert token.startswith("sc_renyuan_")
    app = create_app(Settings(shell.urls.app, SECRET, shell.files), wall=shell.wall)
    asked = app.test_client()
    assert asked.get("/api/v1/t/renyuan/people", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert asked.get("/api/v1/t/140302/people", headers={"Authorization": f"Bearer {token}"}).status_code == 404
    assert asked.get("/api/v1/t/renyuan/people", headers={"Authorization": f"Bearer {token}x"}).status_code == 401
    login = {"login": "guanli-one", "password": "一个足够长的密码 123"}
    assert asked.post("/login", data=login).status_code == 302
    again = shell.run(*words, status=1, said="一个足够长的密码 123\n")
    assert "guanli-one" in again.output


def test_an_invitation_and_an_operator(shell: Shell) -> None:
    shell.run("tenant", "create", "--name", "邀请区", "--slug", "yaoqing")
    made = shell.read("user", "create", "--tenant", "yaoqing", "--name", "待邀请")
    app = create_app(Settings(shell.urls.app, SECRET, shell.files), wall=shell.wall)
    assert app.test_client().get(made["invite"]).status_code == 200
    words = ("user", "create", "--name", "运维", "--login", "yunwei-x", "--operator", "--password-stdin")
    shell.run(*words, said="一个足够长的密码 123\n")
    client = app.test_client()
    client.post("/login", data={"login": "yunwei-x", "password": "一个足够长的密码 123"})
    assert client.get("/operator/tenants").status_code == 200
    short = shell.run(
        "user", "create", "--name", "短", "--login", "short-x", "--password-stdin", status=1, said="abc\n"
    )
    assert "密码" in short.output
    with shell.wall.platform() as session:
        assert session.scalar(select(func.count()).select_from(AppUser).where(AppUser.login == "short-x")) == 0


# ---- the house ----


def test_the_database_is_upgraded_and_the_doctor_looks(shell: Shell) -> None:
    assert re.fullmatch(r"\w{4,}", shell.read("db", "upgrade")["revision"])
    checks = shell.read("doctor", status=0 if has_assets() else 1)
    assert {name for name, good in checks.items() if not good} <= {"assets"}
    assert {"wall", "revision", "campaigns", "assets", "files"} <= checks.keys()


def has_assets() -> bool:
    return (Path(__file__).parents[2] / "core" / "web" / "static" / "vendor").is_dir()


def test_a_wrong_key_is_refused_before_anything(shell: Shell) -> None:
    """A changed secret would show empty lists: the command says so instead."""
    environ = shell.environ | {"SANCHENG_SECRET_KEY": "another secret altogether, long enough"}
    made = CliRunner().invoke(main, ["tenant", "list"], env=environ)
    assert made.exit_code == 1
    assert made.stderr.strip()
    assert "Traceback" not in made.output


def test_the_command_runs_as_a_process(shell: Shell) -> None:
    """``sancheng`` as installed: its own interpreter, UTF-8 out, the exit code of the refusal."""
    environ = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"} | shell.environ
    argv = [sys.executable, "-m", "core.cli"]
    made = subprocess.run(
        [*argv, "divisions", "search", "小店", "--json"], env=environ, capture_output=True, check=False
    )
    assert made.returncode == 0, made.stderr.decode()
    assert "140105" in {row["code"] for row in json.loads(made.stdout)}
    refused = subprocess.run(
        [*argv, "tenant", "create", "--division", "999999"], env=environ, capture_output=True, check=False
    )
    assert (refused.returncode, refused.stdout) == (1, b"")
    assert "错误" in refused.stderr.decode()
