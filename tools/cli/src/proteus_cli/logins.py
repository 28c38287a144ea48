"""The logins of this user: what `proteus login` keeps, so that other commands need no token.

~/.config/proteus/logins.json     gateway's address -> tokens; readable by its owner alone

A refresh token works once, and a second use ends the login. So commands that run at the same time take turns: whoever
holds the file's lock refreshes, the others then read what it wrote.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from proteus_client import Refused

REQUEST_SECONDS: Final = 30.0
MARGIN_SECONDS: Final = 60.0
"""An access token that ends sooner than this is exchanged first."""

LOGIN_PATH: Final = "/v1/auth/login"
REFRESH_PATH: Final = "/v1/auth/refresh"
LOGOUT_PATH: Final = "/v1/auth/logout"


def place() -> Path:
    """Return the file."""
    home = os.environ.get("XDG_CONFIG_HOME")
    return (Path(home) if home else Path.home() / ".config") / "proteus" / "logins.json"


def log_in(address: str, email: str, password: str) -> str:
    """Log in and keep the tokens; return the account's role.

    Raises:
        Refused: The gateway refused.
        httpx.HTTPError: It does not answer.
    """
    with _kept() as known:
        said = _ask(address, LOGIN_PATH, {"email": email, "password": password})
        known[address] = _tokens(said)
        return str(said["role"])


def log_out(address: str) -> bool:
    """End the login and forget it; False: there was none."""
    token = access_token(address)
    if token is None:
        return False
    with _kept() as known:
        known.pop(address, None)
    answer = httpx.post(
        address + LOGOUT_PATH,
        headers={"Authorization": f"Bearer {token}"},
        timeout=REQUEST_SECONDS,
        trust_env=False,
    )
    if answer.is_error:
        raise Refused(problem_of(answer), status=answer.status_code)
    return True


def access_token(address: str) -> str | None:
    """Return a valid access token of the login at this address, refreshed if needed; None: there is none.

    Raises:
        Refused: The login has ended; it is forgotten.
        httpx.HTTPError: The gateway does not answer.
    """
    if not place().is_file():
        return None
    with _kept() as known:
        login = known.get(address)
        if login is None:
            return None
        if login["expires_at"] - MARGIN_SECONDS <= time.time():
            try:
                login = known[address] = _tokens(_ask(address, REFRESH_PATH, {"refresh_token": login["refresh_token"]}))
            except Refused as refused:
                del known[address]
                refused.hint = f"Log in again: `proteus login --url {address}`."
                raise
        return str(login["access_token"])


def accepted(answer: httpx.Response) -> httpx.Response:
    """Return an answer.

    Raises:
        Refused: It is a refusal.
    """
    if answer.is_error:
        raise Refused(problem_of(answer), status=answer.status_code)
    return answer


def problem_of(answer: httpx.Response) -> dict[str, Any]:
    """Return the problem document of a refusal, or an empty one."""
    try:
        said = answer.json()
    except ValueError:
        said = None
    return said if isinstance(said, dict) else {}


def _ask(address: str, path: str, body: dict[str, str]) -> dict[str, Any]:
    answer = httpx.post(address + path, json=body, timeout=REQUEST_SECONDS, trust_env=False)
    if answer.is_error:
        raise Refused(problem_of(answer), status=answer.status_code)
    return dict(answer.json())


def _tokens(said: dict[str, Any]) -> dict[str, Any]:
    return {
        "access_token": said["access_token"],
        "refresh_token": said["refresh_token"],
        "expires_at": time.time() + said["expires_in"],
    }


@contextmanager
def _kept() -> Iterator[dict[str, Any]]:
    """Lend what is kept, locked; write it when the block ends, even by an error: a used refresh token must not stay."""
    file = place()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (file.parent / "logins.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = file.read_text() if file.is_file() else "{}"
        try:
            known = dict(json.loads(before))
        except ValueError:
            known = {}
        try:
            yield known
        finally:
            after = json.dumps(known)
            if after != before:
                draft = file.with_suffix(".draft")
                draft.touch(mode=0o600)
                draft.write_text(after)
                draft.replace(file)
