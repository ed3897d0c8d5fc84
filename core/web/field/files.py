"""The app's own files (手机端文件): what a phone keeps so that it starts without signal, named by its content."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path

from flask import current_app

START = "field/app.js"
PLAIN = ("field/field.css", "field/asking.css", "field/icon-192.png", "field/icon-512.png", "img/mark.svg")
WORKER = "field/worker.js"
IN_WORKER = ("field/db.js", "field/sender.js")  # modules that the service worker is made of, in this order
_IMPORT = re.compile(r"""(?:^|\n)\s*(?:import|export)\b[^;'"]*?['"](\./|\.\./)([\w./-]+\.js)['"]""")
_BESIDE = re.compile(r"""\bbeside\('([\w-]+\.js)'\)""")  # how the photo modules name their neighbours
_MODULE_WORDS = re.compile(r"^import\b[^;]*;\s*$|^export (?=(?:async )?(?:function|const|let|class)\b)", re.MULTILINE)


def static_folder() -> Path:
    """Where the files lie."""
    return Path(current_app.static_folder or "")


@lru_cache(maxsize=4)
def app_files(static: Path) -> tuple[str, ...]:
    """Every file that the app needs to start: the scripts that its first one leads to, styles and icons."""
    found: list[str] = []
    waiting = [START]
    while waiting:
        name = waiting.pop(0)
        if name in found:
            continue
        found.append(name)
        waiting += imports_of(static, name)
    return (*found, *PLAIN)


def imports_of(static: Path, name: str) -> list[str]:
    """The modules that a module imports, by their path under the static folder."""
    text = (static / name).read_text(encoding="utf-8")
    here = (static / name).parent
    named = [dots + path for dots, path in _IMPORT.findall(text)] + _BESIDE.findall(text)
    return [(here / path).resolve().relative_to(static.resolve()).as_posix() for path in named]


@lru_cache(maxsize=4)
def files_version(static: Path) -> str:
    """A word that changes with any of the files, so that a phone notices a new version."""
    found = hashlib.sha256()
    for name in (*app_files(static), WORKER):
        found.update(name.encode() + (static / name).read_bytes())
    return found.hexdigest()[:12]


@lru_cache(maxsize=4)
def worker_script(static: Path) -> str:
    """The service worker as one plain script: modules are not understood there by all browsers."""
    parts = [(static / name).read_text(encoding="utf-8") for name in (*IN_WORKER, WORKER)]
    return "\n".join(_MODULE_WORDS.sub("", part) for part in parts)
