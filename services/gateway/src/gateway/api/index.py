"""`/llms.txt`: the API in one page of plain text for programs that write programs, made from its own description.

It is made from the routes that there are, so it names no other; `llms.txt` in the repository is the same text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

PATH: Final = "/llms.txt"

_FIRST: Final = (
    "try-ons",
    "images",
    "segmentation",
    "results",
    "events",
    "batches",
    "webhooks",
    "auth",
    "tokens",
    "models",
)

_HEAD: Final = """\
# {title}

> {summary} Self-hosted, with a REST API, live events and webhooks.

A try-on is four requests: sign an upload for each photo (`POST /v1/uploads`), PUT the photos to the signed
addresses, submit both `image_url`s (`POST /v1/tryons`: 202 and a `job_id`), and wait for its end (`GET
/v1/tryons/{{job_id}}?wait=30`, or the events of `GET /v1/tryons/{{job_id}}/events`). The completed job's
`results[0].url` redirects to the picture.

Every request but `POST /v1/auth/guest` carries `Authorization: Bearer TOKEN`: a guest's token, a user's, or a
shop's API key (`pk_…`, never in a browser). Every error is a problem document (RFC 9457) with a stable `code`, a
`hint`, `retryable` and a `request_id`. Send an `Idempotency-Key` with submits and repeat them with the same key;
wait as long as `Retry-After` says.

Python, in a `with Proteus(url, token=token) as proteus` block of `proteus_client`:
`proteus.tryon("person.jpg", "shirt.jpg").save("out.png")`

TypeScript, after `import {{ Proteus }} from "@proteus/client"`:
`await new Proteus({{ baseUrl, token }}).tryon(person, garment)`

## Docs

- [OpenAPI description](/openapi.json): every route, field and limit
- [API browser](/docs): the same, to try out
"""


def index_of(description: Mapping[str, Any]) -> str:
    """Return the page.

    Args:
        description: The OpenAPI description.
    """
    info = description["info"]
    sections: dict[str, list[str]] = {}
    for tag, line in _routes(description["paths"]):
        sections.setdefault(tag, []).append(line)
    order = [tag for tag in _FIRST if tag in sections] + sorted(sections.keys() - set(_FIRST))
    parts = [_HEAD.format(title=info["title"], summary=info["summary"])]
    for tag in order:
        parts += [f"\n## {tag[0].upper()}{tag[1:]}\n\n", *sections[tag]]
    return "".join(parts)


def _routes(paths: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for path, operations in paths.items():
        for method, operation in operations.items():
            yield operation["tags"][0], f"- `{method.upper()} {path}`: {operation['summary']}\n"
