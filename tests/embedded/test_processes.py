"""The parent command and its children: one signal ends them in order, no death leaves anything behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from core.account import find_account
from core.cluster import find_strays
from core.databases import connect
from core.embedded import make_urls
from core.instance import Instance
from core.processes import Command, run_with_children
from tests.embedded.conftest import find_processes, make_server

ROOT = Path(__file__).resolve().parents[2]
Start = Callable[..., tuple["subprocess.Popen[str]", Path]]


@pytest.fixture
def start(place: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def begin(*words: str) -> tuple[subprocess.Popen[str], Path]:
        note = place.with_name(f"{place.name}.note")
        note.unlink(missing_ok=True)
        environment = {**os.environ, "PYTHONPATH": f"{os.environ.get('PYTHONPATH', '')}:{ROOT}"}
        command = [sys.executable, str(ROOT / "tests/embedded/parent.py"), str(place), str(note), *words]
        # Whoever runs the tests in the background has SIGINT ignored, and children inherit that; Ctrl+C is meant here.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        finally:
            signal.signal(signal.SIGINT, before)
        started.append(parent)
        assert parent.stdout
        assert parent.stdout.readline().startswith("ready")
        return parent, note

    yield begin
    for parent in started:
        parent.kill()
        parent.wait()
        if parent.stdout:
            parent.stdout.close()
    for pid in find_strays(place / "pgdata"):
        os.kill(pid, signal.SIGKILL)
    place.with_name(f"{place.name}.note").unlink(missing_ok=True)


def wait_until(holds: Callable[[], bool], seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.05)
    return holds()


def write_row(place: Path) -> psycopg.Connection:
    connection = connect(make_urls(Instance.at(place)).owner, database="sancheng")
    connection.execute("CREATE TABLE IF NOT EXISTS kept (a int); INSERT INTO kept VALUES (1)")
    return connection


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_ends_child_then_server(start: Start, place: Path, number: signal.Signals) -> None:
    parent, note = start()
    held = write_row(place)  # an open connection must not hold the stop up
    parent.send_signal(number)
    assert parent.wait(10) == 0
    assert note.read_text() == "hello bye"
    assert find_processes(place) == []
    assert not (place / "pgdata/postmaster.pid").exists()
    held.close()


@pytest.mark.parametrize("at_once", [False, True])
def test_kill_9_of_the_parent_leaves_nothing_and_the_next_start_works(start: Start, place: Path, at_once: bool) -> None:
    parent, _ = start()
    held = write_row(place)
    assert len(find_processes(place)) > 3
    parent.kill()
    parent.wait()
    assert at_once or wait_until(lambda: find_processes(place) == [])
    with make_server(place) as urls:  # at once: while the old one may still be stopping
        with connect(urls.owner, database="sancheng") as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1,)
    assert wait_until(lambda: find_processes(place) == [])
    held.close()


def test_a_server_left_running_is_reaped(start: Start, place: Path) -> None:
    parent, _ = start("orphan")
    held = write_row(place)
    held.execute("BEGIN; INSERT INTO kept VALUES (2)")
    parent.kill()
    parent.wait()
    left = find_strays(place / "pgdata")
    time.sleep(0.5)
    assert find_strays(place / "pgdata") == left != []  # it really stays, until
    with make_server(place) as urls:
        assert not set(left) & set(find_strays(place / "pgdata"))
        with connect(urls.owner, database="sancheng") as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1,)
    held.close()


def test_kill_9_of_everything_recovers_though_the_number_is_used_again(start: Start, place: Path) -> None:
    parent, _ = start()
    write_row(place).close()
    parent.send_signal(signal.SIGSTOP)  # so that it cannot tidy up
    for pid in find_strays(place / "pgdata"):
        os.kill(pid, signal.SIGKILL)
    parent.kill()
    parent.wait()
    mark = place / "pgdata/postmaster.pid"
    assert mark.exists()
    bystander = subprocess.Popen(["sleep", "60"], cwd="/", **find_account().identity)
    lines = mark.read_text().splitlines()
    mark.write_text("\n".join([str(bystander.pid), *lines[1:]]) + "\n")
    with make_server(place) as urls, connect(urls.owner, database="sancheng") as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1,)
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def python(code: str, *words: str) -> list[str]:
    return [sys.executable, "-c", code, *words]


def test_the_death_of_one_stops_the_others(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    note = tmp_path / "note"
    long = "import signal,sys,time\nsignal.signal(15, lambda *_: (open(sys.argv[1],'w').write('bye'), sys.exit(0)))\ntime.sleep(60)"
    began = time.monotonic()
    code = run_with_children(
        [
            Command("steady", python(long, str(note))),
            Command("brittle", python("import time,sys; time.sleep(0.5); sys.exit(7)")),
        ]
    )
    assert code == 1
    assert note.read_text() == "bye"
    assert "brittle" in caplog.text
    assert "7" in caplog.text
    assert time.monotonic() - began < 10


def test_a_stubborn_child_is_killed_with_its_own(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    note = tmp_path / "note"
    stubborn = (
        "import signal,subprocess,sys,time\nsignal.signal(15, signal.SIG_IGN)\n"
        "p = subprocess.Popen(['sleep', '60'])\nopen(sys.argv[1],'w').write(str(p.pid))\ntime.sleep(60)"
    )
    code = run_with_children(
        [Command("stubborn", python(stubborn, str(note)), is_ready=lambda: note.exists() and note.read_text() != "")],
        on_ready=lambda: os.kill(os.getpid(), signal.SIGTERM),
        deadline=0.5,
    )
    assert code == 1
    assert "stubborn" in caplog.text
    stat = Path(f"/proc/{note.read_text()}/stat")
    assert wait_until(lambda: not stat.exists() or stat.read_text().split()[2] == "Z")


def test_readiness_is_told_once_and_environment_is_added(tmp_path: Path) -> None:
    note, told = tmp_path / "note", []

    def on_ready() -> None:
        told.append(note.read_text())
        os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    code = run_with_children(
        [
            Command(
                "child",
                python(
                    "import os,sys,time; time.sleep(0.3); open(sys.argv[1],'w').write(os.environ['WORD']); time.sleep(60)",
                    str(note),
                ),
                env={"WORD": "三城"},
                is_ready=lambda: note.exists() and note.read_text() != "",
            )
        ],
        on_ready=on_ready,
    )
    assert (code, told) == (0, ["三城"])
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_command_that_does_not_exist_leaves_no_sibling(tmp_path: Path) -> None:
    name = f"sleep-{os.getpid()}"
    with pytest.raises(FileNotFoundError):
        run_with_children(
            [Command("one", python("import time; time.sleep(60)", name)), Command("two", [str(tmp_path / "none")])]
        )
    assert not [p for p in Path("/proc").glob("[0-9]*/cmdline") if name.encode() in _read(p)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
