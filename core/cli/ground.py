"""What a command stands on (命令的落脚处): the configured database, else the instance's own server, running or started for it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from core.databases import Urls
from core.embedded import serving
from core.instance import Instance
from tenants.scope import Wall


@dataclass(frozen=True, slots=True)
class Ground:
    """The addresses of the database, the secret that signs, and the folder of files."""

    urls: Urls
    secret: str
    files: Path

    @contextmanager
    def wall(self) -> Iterator[Wall]:
        """The door to the database for the length of a command."""
        door = Wall(self.urls.app, self.secret)
        try:
            yield door
        finally:
            door.dispose()


def configured(instance: Instance) -> Ground | None:
    """The ground named by the environment, or None when the embedded server is to be used."""
    app = os.environ.get("SANCHENG_DATABASE_URL")
    if not app:
        return None
    owner, jobs = os.environ.get("SANCHENG_OWNER_URL", ""), os.environ.get("SANCHENG_JOBS_URL", "")
    secret = os.environ.get("SANCHENG_SECRET_KEY") or instance.read_secrets().secret_key
    return Ground(Urls(app=app, owner=owner, jobs=jobs, superuser=""), secret, instance.files)


@contextmanager
def stand() -> Iterator[Ground]:
    """Find the ground for one command; an embedded server that is not running is started for its length."""
    instance = Instance.find()
    found = configured(instance)
    if found is not None:
        yield found
        return
    with serving(instance) as urls:
        yield Ground(urls, instance.read_secrets().secret_key, instance.files)


@contextmanager
def through_wall() -> Iterator[Wall]:
    """The door to the database for one command."""
    with stand() as ground, ground.wall() as wall:
        yield wall


def tell(data: Any, *, as_json: bool, text: str) -> None:
    """Print the outcome, as JSON for scripts or as lines for people."""
    click.echo(json.dumps(data, ensure_ascii=False, default=str) if as_json else text)
