"""An operator's way to the gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer

from proteus_cli.operator import Door, every, gateway
from proteus_cli.sentences import REFUSED, UNREACHABLE
from workbench.stack.ports import free_port


def test_every_page_of_a_list_is_asked_for_with_the_same_words() -> None:
    pages = {None: ([1, 2], "a"), "a": ([3], "b"), "b": ([], None)}
    asked: list[dict[str, Any]] = []

    def ask(method: str, path: str, *, params: dict[str, Any]) -> dict[str, Any]:
        asked.append({"path": path, **params})
        items, more = pages[params.get("cursor")]
        return {"items": items, "next_cursor": more}

    assert list(every(ask, "/v1/things", {"since": "then"})) == [1, 2, 3]
    assert [one.get("cursor") for one in asked] == [None, "a", "b"]
    assert all((one["path"], one["since"]) == ("/v1/things", "then") for one in asked)


def test_a_gateway_that_is_not_there_is_status_three(tmp_path: Path) -> None:
    door = Door(f"http://127.0.0.1:{free_port()}", "a token", tmp_path)
    with pytest.raises(typer.Exit) as left, gateway(door) as ask:
        ask("GET", "/v1/queue")
    assert left.value.exit_code == UNREACHABLE


def test_without_a_key_to_sign_a_token_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROTEUS_SIGNING_KEY", raising=False)
    with pytest.raises(typer.Exit) as left, gateway(Door(None, None, tmp_path)):
        pytest.fail("nobody let us in")
    assert left.value.exit_code == REFUSED
