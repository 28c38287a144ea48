"""The generated descriptions of the API: routes (OpenAPI) and events (JSON Schema).

They are checked in under `docs/`; `make schema` writes them and a contract test compares them with the code.
"""

from __future__ import annotations

import json
from pathlib import Path

from gateway.commands import openapi
from proteus.events import CLIENT_EVENT


def schemas() -> dict[str, str]:
    """Return each file's name under `docs/` and its text."""
    events = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What a client receives on the socket and by SSE: `kind` discriminates",
        **CLIENT_EVENT.json_schema(mode="serialization"),
    }
    return {
        "openapi.json": json.dumps(openapi(), indent=2, ensure_ascii=False) + "\n",
        "events.schema.json": json.dumps(events, indent=2, ensure_ascii=False) + "\n",
    }


def write(folder: Path) -> None:
    """Write every schema into a folder."""
    for name, text in schemas().items():
        folder.joinpath(name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path("docs"))
