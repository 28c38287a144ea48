"""Writes a support bundle: every answer redacted, in one ZIP, after a last look for secrets."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import yaml

from workbench.stack.errors import StackError
from workbench.support.redaction import Redactor
from workbench.support.sources import AWAY, Deployment, questions, versions


class SecretInBundle(StackError):
    """A secret is left in the bundle, so it is not written."""

    code = "secret_in_bundle"


def collect(at: Deployment, redactor: Redactor, *, say: Callable[[str], None]) -> dict[str, str]:
    """Ask every part; return file -> redacted text. `about.json` names the parts that did not answer.

    Raises:
        SecretInBundle: A known secret is left in a text; the message names the file.
    """
    away: dict[str, str] = {}
    files: dict[str, str] = {}
    for service, variables in at.services.items() or {"environment": at.environment}.items():
        files[f"settings/{service}.json"] = _json(redactor.settings(variables))
    for name, ask in questions(at):
        try:
            answer = ask()
        except (*AWAY, KeyError) as error:
            reason = f"no setting {error}" if isinstance(error, KeyError) else f"{type(error).__name__}: {error}"
            away[name] = redactor.text(reason)[:500]
            say(f"{name}: {away[name].splitlines()[0]}")
            continue
        files[name] = _written(name, answer, redactor)
    files["about.json"] = _json({"made_at": datetime.now(UTC).isoformat(), "away": away, **versions()})
    for name, text in files.items():
        if any(secret in text for secret in redactor.values):
            raise SecretInBundle(f"A secret is left in {name}: no bundle was written.")
    return files


def write(files: dict[str, str], to: Path) -> None:
    """Write the ZIP in one move, readable by its owner alone."""
    partial = to.with_name(f"{to.name}.partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    with ZipFile(partial, "w", ZIP_DEFLATED) as bundle:
        for name, text in sorted(files.items()):
            bundle.writestr(name, text)
    partial.replace(to)


def _written(name: str, answer: Any, redactor: Redactor) -> str:
    if isinstance(answer, str):
        return redactor.text(answer)
    clean = redactor.tree(answer)
    return yaml.safe_dump(clean, sort_keys=False) if name.endswith(".yaml") else _json(clean)


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
