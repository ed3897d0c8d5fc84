"""The Django REST Framework peer (对照程序): installed beside the product, laid with the very same findings, served alike."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from core.cli.server import WEB_THREADS
from core.databases import Urls, connect, create_database, drop_database
from tests.browser.running import free_port

HERE = Path(__file__).parents[2] / "benchmarks" / "peers" / "drf"
HOME = Path(__file__).parents[2] / "build" / "peers" / "drf"
WORKERS = 2
COLUMNS = (
    "id number site_id unit_id source severity restricted priority category title title_en detail state version key_item"
    " working_days opened_at due_at answered_at closed_at outcome returns extended_days reopened relapsed review_on"
).split()


AskedItem = tuple[str, str, str, int]  # its code, its form, its question, its points


class Asker:
    """One kept connection with a machine's key (客户端)."""

    def __init__(self, port: int, scheme: str, token: str) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Authorization": f"{scheme} {token}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: Any = None, wanted: int = 200) -> Any:
        """Ask once; the whole answer is read."""
        sent = json.dumps(body) if body is not None else None
        self.connection.request(method, path, body=sent, headers=self.headers)
        answer = self.connection.getresponse()
        said = answer.read()
        assert answer.status == wanted, (path, answer.status, said[:600])
        return said


@dataclass(frozen=True)
class Peer:
    """The peer as it runs (对照服务)."""

    port: int
    token: str

    def asker(self) -> Asker:
        """A client of it."""
        return Asker(self.port, "Token", self.token)


def install() -> Path:
    """The peer's own environment, made once; gives its interpreter."""
    python = HOME / "bin" / "python"
    if not python.exists():
        subprocess.run(["python3", "-m", "venv", str(HOME)], check=True)
        wanted = ["-r", str(HERE / "requirements.txt")]
        subprocess.run([str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *wanted], check=True)
    return python


@contextmanager
def serve_peer(urls: Urls, source: str, tenant_id: int, items: Sequence[AskedItem]) -> Iterator[Peer]:
    """The peer on a database of its own, with the findings of one tenant of the database ``source``."""
    python, name = install(), "peer"
    drop_database(urls.superuser, name)  # of an earlier run, on a server that was kept
    create_database(urls.superuser, name)
    parts = make_url(urls.for_database(name).superuser)
    host = parts.query.get("host", parts.host)
    environment = os.environ | {
        "PEER_DATABASE": name,
        "PEER_USER": str(parts.username),
        "PEER_PASSWORD": str(parts.password or ""),
        "PEER_HOST": str(host),
        "PEER_PORT": str(parts.port or ""),
    }
    laid = subprocess.run(
        [str(python), "-c", "import peer; peer.lay()"], cwd=HERE, env=environment, check=True, capture_output=True
    )
    token = laid.stdout.decode().strip().splitlines()[-1]
    copy_rows(urls, source, name, tenant_id, items)
    port = free_port()
    command = [
        str(python),
        "-m",
        "gunicorn",
        "peer:application",
        "--bind",
        f"127.0.0.1:{port}",
        "--log-level",
        "warning",
    ]
    command += [
        "--workers",
        str(WORKERS),
        "--worker-class",
        "gthread",
        "--threads",
        str(WEB_THREADS),
        "--no-control-socket",
    ]
    with subprocess.Popen(command, cwd=HERE, env=environment) as child:
        try:
            wait_for(port, child)
            yield Peer(port, token)
        finally:
            child.terminate()


def wait_for(port: int, child: subprocess.Popen[bytes]) -> None:
    """Until it answers."""
    for _ in range(100):
        assert child.poll() is None, "the peer did not start"
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/findings")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the peer does not answer")


def copy_rows(urls: Urls, source: str, name: str, tenant_id: int, items: Sequence[AskedItem]) -> None:
    """The tenant's units, sites, findings, parts and campaigns, and the items of its forms."""
    columns = ", ".join(COLUMNS)
    with connect(urls.superuser, database=source) as old, connect(urls.superuser, database=name) as new:

        def move(question: str, table: str, names: str) -> None:
            rows = old.execute(question, [tenant_id]).fetchall()
            with new.cursor().copy(f"COPY auth_{table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)

        roles = "(SELECT min(role) FROM unit_role r WHERE r.tenant_id = u.tenant_id AND r.unit_id = u.id)"
        move(
            f"SELECT id, 1, name, coalesce({roles}, '') FROM unit u WHERE tenant_id = %s",
            "unit",
            "id, tenant_id, name, role",
        )
        move("SELECT id, 1, unit_id, name FROM site WHERE tenant_id = %s", "site", "id, tenant_id, unit_id, name")
        move(f"SELECT 1, {columns} FROM finding WHERE tenant_id = %s", "finding", f"tenant_id, {columns}")
        move(
            "SELECT finding_id, kind, unit_id, \"leading\", state, '', asked FROM part WHERE tenant_id = %s",
            "part",
            'finding_id, kind, unit_id, "leading", state, assignee, asked',
        )
        move(
            "SELECT finding_id, campaign FROM finding_campaign WHERE tenant_id = %s",
            "findingcampaign",
            "finding_id, campaign",
        )
        with new.cursor().copy("COPY auth_item (code, form, question, points) FROM STDIN") as copy:
            for item in items:
                copy.write_row(item)
        new.execute(
            "INSERT INTO auth_liaison (unit_id, user_id) SELECT id, 1 FROM auth_unit WHERE role = 'sanitation' LIMIT 1"
        )
        new.execute("INSERT INTO auth_category VALUES ('ENV-LITTER', 'litter', 'sanitation', 1)")
        new.execute("ANALYZE")
