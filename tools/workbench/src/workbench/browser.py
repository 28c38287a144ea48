"""The Chromium that tests, clip and benches drive: the machine's own, else one from npm, fetched once.

    chromium on the PATH ─▶ that              none ─▶ npm ci ─▶ unpack ─▶ frontend/tests/chromium/browser/start

npm's brings the libraries and a font with it, so a machine needs nothing else and nobody needs to be root.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

from workbench import pages

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
FOLDER: Final = pages.FRONTEND / "tests" / "chromium"
UNPACKED: Final = FOLDER / "browser"


def program() -> str:
    """Return the browser's path; fetch one where the machine has none.

    Raises:
        PagesNotBuilt: The machine has none, and no registry answers.
    """
    own = next((found for name in NAMES if (found := shutil.which(name))), None)
    return own or str(fetched())


def fetched() -> Path:
    """Fetch the browser that package-lock.json names, unless it is there; return what starts it.

    Raises:
        PagesNotBuilt: No registry answers, or the lock does not fit.
    """
    wanted = pages.digest(sorted(FOLDER.glob("*.*")), root=FOLDER)
    if not pages.is_made_from(UNPACKED, wanted):
        pages.install()
        print("→ fetching a browser for the tests (75 MB, once)", flush=True)
        place = str(FOLDER.relative_to(pages.FRONTEND))
        pages.npm("ci", "--prefix", place, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        shutil.rmtree(UNPACKED, ignore_errors=True)
        UNPACKED.mkdir()
        pages.run([str(pages.node()), str(FOLDER / "unpack.mjs")], {"TMPDIR": str(UNPACKED)})
        # Its packed form is as large, and not needed again.
        shutil.rmtree(FOLDER / "node_modules")
        (UNPACKED / pages.STAMP).write_text(wanted)
    return UNPACKED / "start"


def main() -> int:
    """Say where the browser is, after fetching it if need be; return the exit status."""
    try:
        print(program())
    except pages.PagesNotBuilt as error:
        print(f"There is no browser. {error.message}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
