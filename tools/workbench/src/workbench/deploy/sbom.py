"""`make sbom`: each image's third-party packages, as CycloneDX JSON with hashes, from its lock; no network."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Final

from workbench.deploy.bundled import IMAGES
from workbench.deploy.locks import ROOT

FOLDER: Final = ROOT / "sbom"


def main() -> int:
    """Write one file per image; return the exit status."""
    FOLDER.mkdir(exist_ok=True)
    program = Path(sysconfig.get_path("scripts")) / "cyclonedx-py"
    for image, lock in IMAGES.items():
        target = FOLDER / f"{image}.cdx.json"
        # Reproducible: the same lock makes the same file, so a changed file means a changed image.
        words = [
            "requirements",
            "--output-reproducible",
            "--output-format",
            "JSON",
            "-o",
            str(target),
            str(ROOT / lock),
        ]
        done = subprocess.run([str(program), *words], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(f"no bill for {image}: {done.stderr.strip()[-500:]}", file=sys.stderr)
            return 1
        print(target.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
