"""The chart as a release publishes it: it knows where its images are, and tells Artifact Hub what it holds.

    deploy/helm/proteus + registry + CHANGELOG.md ─▶ dist/proteus-<version>.tgz ─▶ helm push oci://<registry>/charts
                                                  └▶ dist/notes.md

`make release-chart REGISTRY=ghcr.io/owner/proteus` writes both. In a clone `image.registry` stays empty: nobody has
published what is in it.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import helm_python
import yaml

from proteus.errors import InvalidRequest
from workbench.deploy.images import DOCKERFILES, GPU, VERSION
from workbench.deploy.manifests import CHART, ROOT

REGISTRY: Final = re.compile(r"[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+")

MULTI_ARCHITECTURE: Final = tuple(DOCKERFILES)
"""Images that a release builds for arm64, too. The GPU weaver's CUDA wheels are for amd64 alone."""

_EMPTY_REGISTRY: Final = re.compile(r'^(  registry: )""$', re.MULTILINE)
_ENTRY: Final = re.compile(r"^\* (.*?)(?=^\* |\Z)", re.MULTILINE | re.DOTALL)
_HUB: Final = "artifacthub.io/"


def package(registry: str, target: Path) -> Path:
    """Write the chart's archive into a folder; return its path.

    Args:
        registry: Where the images are, e.g. `ghcr.io/owner/proteus`.
        target: The folder; it is made if it is not there.

    Raises:
        InvalidRequest: No image can have this name.
    """
    if not REGISTRY.fullmatch(registry):
        raise InvalidRequest(
            f"{registry!r} names no registry with a path, e.g. ghcr.io/owner/proteus, in small letters"
        )
    target.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as room:
        chart = Path(room) / CHART.name
        shutil.copytree(CHART, chart)
        shutil.copy(ROOT / "LICENSE", chart)
        values = chart / "values.yaml"
        values.write_text(_EMPTY_REGISTRY.sub(rf'\g<1>"{registry}"', values.read_text()))
        about = chart / "Chart.yaml"
        told = yaml.safe_load(about.read_text())
        told["annotations"].update(hub_annotations(registry, (ROOT / "CHANGELOG.md").read_text()))
        about.write_text(yaml.safe_dump(told, sort_keys=False, width=120))
        return Path(helm_python.package(chart, destination=target))


def hub_annotations(registry: str, changelog: str) -> dict[str, str]:
    """Return what only a release can tell Artifact Hub: its images, and what changed since the last one."""
    images = [
        {
            "name": name,
            "image": f"{registry}/{name}:{VERSION}",
            "platforms": ["linux/amd64", "linux/arm64"] if name in MULTI_ARCHITECTURE else ["linux/amd64"],
        }
        for name in (*DOCKERFILES, *GPU)
    ]
    changes = [{"kind": "changed", "description": entry} for entry in entries(changelog, VERSION)]
    return {
        f"{_HUB}images": yaml.safe_dump(images, sort_keys=False),
        f"{_HUB}changes": yaml.safe_dump(changes, sort_keys=False, width=10_000, allow_unicode=True),
        f"{_HUB}prerelease": str("-" in VERSION).lower(),
    }


def entries(changelog: str, version: str) -> list[str]:
    """Return the entries of a version in the change log, each on one line and without links."""
    plain = re.sub(r"\s*\(\[[^\]]*\]\([^)]*\)\)|\[([^\]]*)\]\([^)]*\)", r"\1", notes(changelog, version))
    return [" ".join(entry.split()) for entry in _ENTRY.findall(plain)]


def notes(changelog: str, version: str) -> str:
    """Return a version's section of the change log, without its title.

    Raises:
        InvalidRequest: The version has no section.
    """
    section = re.search(rf"^## {re.escape(version)}\b.*?\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if section is None:
        raise InvalidRequest(f"CHANGELOG.md has no section '## {version}'")
    return section[1].strip() + "\n"


def main(arguments: list[str]) -> int:
    """Package; return the exit status."""
    parser = argparse.ArgumentParser(description="Package the chart as a release publishes it.")
    parser.add_argument("registry", help="where the images are, e.g. ghcr.io/owner/proteus")
    parser.add_argument("target", type=Path, help="folder for the archive")
    asked: Any = parser.parse_args(arguments)
    try:
        print(package(asked.registry, asked.target))
        (asked.target / "notes.md").write_text(notes((ROOT / "CHANGELOG.md").read_text(), VERSION))
    except InvalidRequest as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
