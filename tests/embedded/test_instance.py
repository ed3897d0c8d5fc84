"""The instance folder: private, never taken from others, never opened to others."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.account import Refused
from core.cluster import find_binaries
from core.databases import connect
from core.embedded import EmbeddedServer
from core.instance import SOCKET_LIMIT, Instance
from tests.embedded.conftest import BINARIES, QUICK, make_server

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []}


def test_the_folder_follows_the_environment(place: Path) -> None:
    assert Instance.find({"SANCHENG_INSTANCE": str(place / "a" / ".." / "b")}).folder == place / "b"
    default = Instance.find({}).folder
    checkout = Path(__file__).resolve().parents[2] / ".instance"
    assert default == (Path("/var/lib/sancheng") if os.geteuid() == 0 else checkout)


def test_secrets_are_made_once_by_many(place: Path) -> None:
    instance = Instance.at(place / "deep" / "er")
    instance.claim()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: instance.read_secrets({}), range(24)))
    assert len(set(found)) == 1
    assert len(bytes.fromhex(found[0].wall_key)) == 32
    assert instance.secrets.stat().st_mode & 0o777 == 0o600
    assert instance.folder.stat().st_mode & 0o777 == 0o700
    assert [p.name for p in instance.folder.iterdir()] == ["secrets.json"]
    assert len({*json.loads(instance.secrets.read_text()).values()}) == 6
    other = instance.read_secrets({"SANCHENG_SECRET_KEY": "told"})
    assert (other.secret_key, other.wall_key) == ("told", found[0].wall_key)


def test_damaged_or_lost_secrets_are_refused(place: Path) -> None:
    instance = Instance.at(place)
    instance.read_secrets()
    instance.secrets.write_text("{")
    with pytest.raises(Refused, match=r"secrets\.json.*备份"):
        instance.read_secrets()
    instance.secrets.unlink()
    instance.pgdata.mkdir()
    with pytest.raises(Refused, match=r"secrets\.json.*备份"):
        make_server(place).start()


def test_a_folder_with_other_things_is_left_alone(place: Path) -> None:
    (place / "letter.txt").write_text("mine")
    place.chmod(0o755)
    with pytest.raises(Refused, match=r"letter\.txt.*SANCHENG_INSTANCE"):
        make_server(place).start()
    assert [p.name for p in place.iterdir()] == ["letter.txt"]
    assert place.stat().st_mode & 0o777 == 0o755


def test_a_long_path_gets_a_short_private_socket_folder_or_is_refused(
    parent_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = Instance.at(parent_folder / ("长" * 30))
    runtime = parent_folder / "run"
    runtime.mkdir(mode=0o700)
    if os.geteuid() != 0:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    with EmbeddedServer(instance, binaries=BINARIES, settings=QUICK) as urls:
        sockets = instance.sockets
        assert not sockets.is_relative_to(instance.folder)
        assert len(os.fsencode(sockets / ".s.PGSQL.5432")) <= SOCKET_LIMIT
        assert sockets.stat().st_mode & 0o777 == 0o700
        assert sockets.parent.stat().st_mode & 0o022 == 0
        connect(urls.app, database="sancheng").close()
    sockets.rmdir()


@as_root
def test_an_ordinary_user_never_gets_a_shared_socket_folder(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = place / "run"
    runtime.mkdir()
    os.chown(runtime, 65534, 65534)
    os.seteuid(65534)
    try:
        instance = Instance(place / ("x" * 100))
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
        with pytest.raises(Refused, match="SANCHENG_INSTANCE"):
            _ = instance.sockets
        monkeypatch.setenv("XDG_RUNTIME_DIR", "/dev/shm")
        with pytest.raises(Refused, match="SANCHENG_INSTANCE"):
            _ = instance.sockets
        with pytest.raises(Refused, match="属于用户 0"):
            Instance(place).claim()
    finally:
        os.seteuid(0)


@as_root
def test_a_private_parent_folder_is_refused_and_stays_closed(parent_folder: Path) -> None:
    private = parent_folder / "home"
    private.mkdir(mode=0o700)
    with pytest.raises(Refused, match=rf"{private}.*/var/lib/sancheng"):
        make_server(private / "instance").start()
    assert private.stat().st_mode & 0o777 == 0o700
    assert list(private.iterdir()) == []


@as_root
def test_programs_in_a_private_folder_are_copied_not_opened(parent_folder: Path) -> None:
    private = parent_folder / "home"
    private.mkdir(mode=0o700)
    tree = find_binaries().parent
    libraries = tree.parent.with_name(
        f"{tree.parent.name}.libs"
    )  # the wheel's programs look for them beside the package
    shutil.copytree(tree, private / tree.parent.name / tree.name)
    shutil.copytree(libraries, private / libraries.name)
    binaries = private / tree.parent.name / tree.name / "bin"
    for _ in range(2):
        with EmbeddedServer(Instance.at(parent_folder / "instance"), binaries=binaries, settings=QUICK) as urls:
            connect(urls.app, database="sancheng").close()
    assert private.stat().st_mode & 0o777 == 0o700
    assert len(list((parent_folder / "instance" / "postgresql").iterdir())) == 1


def _find_python() -> str | None:
    """An interpreter with our libraries that an ordinary user can run: ours may lie in root's home."""
    for candidate in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        words = [candidate, "-c", "import core.embedded"]
        try:
            if subprocess.run(words, env=_environment(), cwd="/", capture_output=True, **NOBODY).returncode == 0:
                return candidate
        except OSError:
            continue
    return None


def _environment() -> dict[str, str]:
    ways = [os.environ.get("PYTHONPATH", ""), str(Path(__file__).resolve().parents[2]), *sys.path]
    told = {k: v for k, v in os.environ.items() if k.startswith("SANCHENG_TEST_")}
    return {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": ":".join(w for w in ways if w),
        "PYTHONDONTWRITEBYTECODE": "1",
        **told,
    }


ORDINARY = """
import os, sys
from pathlib import Path
from core.embedded import EmbeddedServer
from core.instance import Instance
from core.databases import connect
told = os.environ.get('SANCHENG_TEST_PG_BIN')
for _ in range(2):
    server = EmbeddedServer(Instance.at(sys.argv[1]), binaries=Path(told) if told else None)
    with server as urls:
        connect(urls.app, database='sancheng').close()
        owner = Path(f'/proc/{server.pid}').stat().st_uid
print(os.geteuid(), owner, oct(Path(sys.argv[1]).stat().st_mode & 0o777))
"""


@as_root
def test_it_runs_as_an_ordinary_user(parent_folder: Path) -> None:
    python = _find_python()
    if python is None:
        pytest.skip(
            "no interpreter with our libraries that an ordinary user may run (is the checkout in a private folder?)"
        )
    folder = parent_folder / "instance"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    done = subprocess.run(
        [python, "-c", ORDINARY, folder], env=_environment(), cwd="/", capture_output=True, text=True, **NOBODY
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["65534", "65534", "0o700"]
