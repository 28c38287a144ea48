"""docs/storefront.md: its commands, its request for a token and its tag are those that work."""

from __future__ import annotations

import asyncio
import json
import re
from html.parser import HTMLParser
from pathlib import Path

from typer.testing import CliRunner

from proteus_cli.keys import app

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "storefront.md").read_text()
TAG, COMMANDS, EXCHANGE = re.findall(r"^```\w*\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


class Tags(HTMLParser):
    """The attributes of every tag that matters."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str | None]] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "proteus-tryon"):
            self.found[tag] = dict(attrs)


async def test_the_key_that_its_commands_make_mints_the_token_it_shows(gateway, owner, monkeypatch) -> None:
    monkeypatch.setenv("PROTEUS_TOKEN", owner.token)
    command = re.search(r"proteus keys (create [^)]*)\)", COMMANDS)
    assert command, COMMANDS
    made = await asyncio.to_thread(CliRunner().invoke, app, ["--url", gateway.url, *command[1].split()])
    assert made.exit_code == 0, made.output
    *_, key = made.stdout.splitlines()  # Above it stands the log of the gateway, which runs in this process.
    asked, shown = map(json.loads, re.findall(r"\{.*\}", EXCHANGE))
    said = await gateway.bearer(key, "").http.post("/v1/tokens", json=asked)
    assert said.status_code == 201, said.text
    assert set(shown) <= set(said.json())
    assert (said.json()["token_type"], said.json()["expires_in"]) == (shown["token_type"], shown["expires_in"])


def test_its_tag_is_the_examples_whose_page_a_browser_tests() -> None:
    shown, example = Tags(TAG).found, Tags((ROOT / "examples" / "storefront" / "index.html").read_text()).found
    assert {tag: set(given) for tag, given in shown.items()} == {tag: set(given) for tag, given in example.items()}
    assert (shown["script"]["src"] or "").endswith("/widget/proteus-tryon.js")
    assert (example["script"]["src"] or "").endswith("/widget/proteus-tryon.js")
