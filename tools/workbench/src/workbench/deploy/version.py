"""The version that packages, images, chart, API and pages carry: `python -m workbench.deploy.version [0.2.0]`.

Without an argument it prints the version, and fails where a file carries another one.
"""

from __future__ import annotations

import re
import sys
from typing import Final

from workbench.deploy.manifests import ROOT

_PYPROJECT: Final = r'^version = "([^"]+)"'
_PACKAGE: Final = r'^  "version": "([^"]+)"'

FILES: Final[dict[str, str]] = {
    "deploy/helm/proteus/Chart.yaml": r'^(?:version|appVersion): "?([^"\n]+)"?',
    "services/gateway/src/gateway/api/health/routes.py": r'^VERSION: Final = "([^"]+)"',
    "tools/workbench/src/workbench/deploy/images.py": r'^VERSION: Final = "([^"]+)"',
    **{
        f"{folder}/pyproject.toml": _PYPROJECT
        for folder in (
            "libs/proteus", "clients/python", "services/gateway", "services/tailor", "services/weaver",
            "services/arbitrator", "tools/cli", "tools/workbench",
        )
    },
    **{f"{folder}/package.json": _PACKAGE for folder in ("frontend", "clients/typescript")},
    "frontend/package-lock.json": r'"name": "proteus[^"]*",\n +"version": "([^"]+)"',
}  # fmt: skip
"""Path -> pattern of every place of the version in that file."""

VERSION: Final = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?")


def versions() -> dict[str, set[str]]:
    """Return path -> versions that the file carries."""
    return {path: set(re.findall(pattern, _read(path), re.MULTILINE)) for path, pattern in FILES.items()}


def replaced(path: str, version: str) -> str:
    """Return a file's text with another version."""

    def inside(found: re.Match[str]) -> str:
        start, end = found.start(1) - found.start(), found.end(1) - found.start()
        return found[0][:start] + version + found[0][end:]

    return re.sub(FILES[path], inside, _read(path), flags=re.MULTILINE)


def _read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Print or set the version; return the exit status."""
    if arguments:
        (version,) = arguments
        if not VERSION.fullmatch(version):
            print(f"{version!r} is no version: three numbers, as in 0.2.0 or 0.2.0-rc.1", file=sys.stderr)
            return 2
        for path in FILES:
            (ROOT / path).write_text(replaced(path, version), encoding="utf-8")
        print("Now `make schemas manifests`, and name the version in CHANGELOG.md.")
        return 0
    found = versions()
    if len(every := set().union(*found.values())) != 1:
        for path, carried in found.items():
            print(f"{path}: {', '.join(sorted(carried)) or 'none'}", file=sys.stderr)
        return 1
    print(*every)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
