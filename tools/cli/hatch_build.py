"""What the command line needs: our packages from beside this folder, so no index is asked for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

OURS = {"proteus-client": "clients/python", "proteus-tryon": "libs/proteus"}
OTHERS = ["httpx", "rich", "typer"]


class Beside(MetadataHookInterface):
    """Writes the dependencies."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Name our packages by their folders where this is a clone, else by their names alone."""
        clone = Path(self.root).parents[1]
        ours = [
            f"{name} @ {(clone / folder).as_uri()}" if (clone / folder).is_dir() else name
            for name, folder in OURS.items()
        ]
        metadata["dependencies"] = [*ours, *OTHERS]
