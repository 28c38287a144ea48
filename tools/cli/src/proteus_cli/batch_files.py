"""A batch from files: folders of photos, each person with each garment, or lines of JSON; photos are uploaded once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import typer

from proteus_cli.logins import accepted
from proteus_client import NO_PICTURE, Refused, content_type_of

MOST: Final = 10_000
"""Pictures of a batch, as the API takes them."""

UPLOAD_SECONDS: Final = 120.0
LIMITED: Final = 429
WAIT_SECONDS_MOST: Final = 60.0

Line = Mapping[str, Any]
"""An item, or what holds for all, as the API takes it."""


def pairs(persons: Path, garments: Path) -> dict[str, Line]:
    """Return an item for each person with each garment, by its `custom_id`, which is made of both names.

    Raises:
        BadParameter: A folder holds no picture, or there are too many of them.
    """
    people, clothes = _pictures(persons), _pictures(garments)
    if (many := len(people) * len(clothes)) > MOST:
        raise typer.BadParameter(
            f"{len(people)} persons and {len(clothes)} garments make {many} pictures; {MOST} are the most of a batch."
        )
    found: dict[str, Line] = {}
    for person in people:
        for garment in clothes:
            name = f"{person.stem} + {garment.stem}"[:200]
            if name in found:  # a.png beside a.jpg
                name = f"{person.name} + {garment.name}"[:200]
            found[name] = {"person": str(person), "garment": str(garment), "custom_id": name}
    return found


def read_lines(file: Path) -> dict[str, Line]:
    """Return the lines of a file, by their places; photos that are files are named as seen from it.

    Raises:
        BadParameter: A line is no JSON object, or names a file that is not there.
    """
    found: dict[str, Line] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            one = json.loads(line)
        except ValueError as error:
            raise typer.BadParameter(f"line {number} of {file} is no JSON: {error}.") from error
        if not isinstance(one, dict):
            raise typer.BadParameter(f"line {number} of {file} is no JSON object.")
        for name in ("person", "garment"):
            if _is_file(one.get(name)):
                one[name] = str(file.parent / one[name])
                if not Path(one[name]).is_file():
                    raise typer.BadParameter(f"line {number} of {file}: there is no file {one[name]}.")
        found[f"line {number}"] = one
    return found


def uploaded(http: httpx.Client, lines: Collection[Line], tell: Callable[[int, int], None]) -> list[Line]:
    """Upload each file that the items name, once; return the items with their addresses.

    Args:
        http: Holds the token.
        lines: The items of a batch.
        tell: Called with the number of files done, and of all.

    Raises:
        Refused: The gateway or the object store refused one.
    """
    wanted = list(dict.fromkeys(_files(lines)))
    addresses: dict[tuple[str, str], str] = {}
    for done, (name, file) in enumerate(wanted):
        tell(done, len(wanted))
        addresses[name, file] = _upload(http, Path(file), kind=name)
    tell(len(wanted), len(wanted))
    return [
        {name: addresses.get((name, value), value) if isinstance(value, str) else value for name, value in line.items()}
        for line in lines
    ]


def _files(lines: Iterable[Line]) -> Iterator[tuple[str, str]]:
    for line in lines:
        for name in ("person", "garment"):
            if _is_file(line.get(name)):
                yield name, line[name]


def _is_file(value: object) -> bool:
    """Tell a file's name from an address: that has a scheme, or is a path of the API."""
    return isinstance(value, str) and "://" not in value and not value.startswith("/v1/")


def _pictures(folder: Path) -> list[Path]:
    found = []
    for file in sorted(folder.iterdir()):
        if file.is_file() and not file.name.startswith("."):
            with file.open("rb") as opened:
                if content_type_of(opened.read(16)) != NO_PICTURE:
                    found.append(file)
    if not found:
        raise typer.BadParameter(f"folder {str(folder)!r} holds no JPEG, PNG, WebP, AVIF or HEIC picture.")
    return found


def _upload(http: httpx.Client, file: Path, *, kind: str) -> str:
    picture = file.read_bytes()
    asked = {"kind": kind, "content_type": content_type_of(picture), "size_bytes": len(picture)}
    ticket = _patiently(http, "GET", "/images/presignedUpUrl", params=asked).json()
    stored = httpx.request(
        ticket["method"], ticket["upload_url"], headers=ticket["headers"], content=picture, timeout=UPLOAD_SECONDS,
        trust_env=False,
    )  # fmt: skip
    if stored.is_error:
        raise Refused({"title": f"The object store refused {file}."}, status=stored.status_code)
    _patiently(http, "POST", f"/v1/images/{ticket['image_id']}/uploaded")
    return str(ticket["image_url"])


def _patiently(http: httpx.Client, method: str, path: str, **options: Any) -> httpx.Response:
    """Send a request; where a rate is used up, wait as long as the gateway asks for."""
    while (answer := http.request(method, path, **options)).status_code == LIMITED:
        seconds = float(answer.headers.get("retry-after", "1"))
        if seconds > WAIT_SECONDS_MOST:
            break
        time.sleep(seconds)
    return accepted(answer)
