"""What a picture's marks say, read from untrusted bytes: by a child process within the limits of decoding.

    tailor ─▶ marks_of ─▶ python -m proteus.verify_process ─▶ decode, XMP, C2PA
                 ◀── one line of JSON, or the refusal ──┘

A mark says what its writer wanted it to say: XMP proves nothing, a C2PA signature proves who signed. No mark does not
mean that a picture is a photograph.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from html import unescape
from typing import Any, Final, Literal

from proteus.credentials import DEVELOPMENT, read_manifests
from proteus.decode_apart import CPU_SECONDS, answer_of
from proteus.imaging import Limits
from proteus.marks import IPTC

WORDS: Final = 200
"""Characters of a text that a stranger wrote into a picture."""

XMP_MOST: Final = 1024 * 1024
CODES_MOST: Final = 20

C2paState = Literal["none", "valid", "untrusted", "invalid"]
TRUST: Final = "signingCredential.untrusted"


def marks_of(data: bytes, *, limits: Limits, anchors: str) -> dict[str, Any]:
    """Return what the marks of a file say: `format`, `width`, `height`, `xmp`, `c2pa`; blocks.

    Raises:
        UnsupportedMedia, ImageTooLarge, ImageTooSmall, ImageUnreadable: As in `proteus.imaging.decode`.
    """
    asked = {"limits": asdict(limits), "cpu_seconds": CPU_SECONDS, "anchors": anchors}
    head, _ = answer_of("proteus.verify_process", asked, data, what="picture")
    return head


def xmp_says(raw: bytes | str) -> dict[str, str | None] | None:
    """Return what an XMP packet says of a picture's origin; None: nothing."""
    text = (raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw)[:XMP_MOST]
    kind = re.search(rf'DigitalSourceType\s*[=>]\s*"?{re.escape(IPTC)}(\w{{1,80}})', text)
    if kind is None:
        return None
    told = re.search(r'proteus:Parameters="([^"]{0,65536})"', text)
    try:
        found = json.loads(unescape(told[1])) if told else {}
    except (ValueError, RecursionError):
        found = {}
    found = found if isinstance(found, dict) else {}
    return {
        "digital_source_type": kind[1],
        "engine": _words(found.get("engine")),
        "engine_version": _words(found.get("engine_version")),
    }


def c2pa_says(data: bytes, *, anchors: str) -> dict[str, Any]:
    """Return what a file's C2PA manifests say."""
    try:
        found = read_manifests(data, anchors=anchors)
        return {"state": "none"} if found is None else _of_store(found)
    except (ValueError, RecursionError, AttributeError, TypeError, KeyError) as error:
        return {"state": "invalid", "problems": [_words(str(error))]}


def _of_store(found: Mapping[str, Any]) -> dict[str, Any]:
    manifests: Mapping[str, Any] = found["manifests"]
    active = manifests[found["active_manifest"]]
    codes = [str(one.get("code")) for one in found.get("validation_status") or ()]
    problems = sorted({code for code in codes if code != TRUST})
    state: C2paState = "valid"
    if found.get("validation_state") not in ("Valid", "Trusted") or problems:
        state = "invalid"
    elif found.get("validation_state") != "Trusted" or TRUST in codes:
        state = "untrusted"
    signature = active.get("signature_info") or {}
    created = next(filter(None, map(_created, [active, *manifests.values()])), {})
    agent = created.get("softwareAgent")
    agent = agent if isinstance(agent, Mapping) else {"name": agent}
    signer = _words(signature.get("common_name") or signature.get("issuer"))
    kind = str(created.get("digitalSourceType") or "")
    return {
        "state": state,
        "signer": signer,
        "development": bool(signer and signer.startswith(DEVELOPMENT)),
        "signed_at": _words(signature.get("time")),
        "digital_source_type": _words(kind.removeprefix(IPTC)) if kind else None,
        "engine": _words(agent.get("name")),
        "engine_version": _words(agent.get("version")),
        "problems": [_words(one) for one in problems[:CODES_MOST]],
    }


def _created(manifest: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the action by which a picture came into being, if this manifest states it."""
    for assertion in manifest.get("assertions") or ():
        if str(assertion.get("label", "")).startswith("c2pa.actions"):
            for action in (assertion.get("data") or {}).get("actions") or ():
                if action.get("action") == "c2pa.created":
                    made: Mapping[str, Any] = action
                    return made
    return None


def _words(value: object) -> str | None:
    """Return a stranger's text as it may be shown: short, without control characters."""
    if not isinstance(value, str) or not value:
        return None
    return "".join(character for character in value if character.isprintable())[:WORDS]
