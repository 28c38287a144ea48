"""What is generated from the API: its description (OpenAPI), its events (JSON Schema), its index, the client's models.

They are checked in; `make schema` writes them and a contract test compares them with the code.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from gateway.api.index import index_of
from gateway.commands import openapi
from proteus.events import CLIENT_EVENT
from workbench.client_models import models

ROOT: Final = Path(__file__).parents[4]


def schemas() -> dict[str, str]:
    """Return each file's path in the repository and its text."""
    api = openapi()
    events = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What a client receives on the socket and by SSE: `kind` discriminates",
        **CLIENT_EVENT.json_schema(mode="serialization"),
    }
    return {
        "docs/openapi.json": json.dumps(api, indent=2, ensure_ascii=False) + "\n",
        "docs/events.schema.json": json.dumps(events, indent=2, ensure_ascii=False) + "\n",
        "llms.txt": index_of(api),
        "clients/python/src/proteus_client/models.py": models(api, events),
    }


def write(root: Path) -> None:
    """Write every file into a clone."""
    for name, text in schemas().items():
        root.joinpath(name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(ROOT)
