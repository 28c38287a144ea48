"""The AI mark in a picture's file: XMP with IPTC's `DigitalSourceType` and the job's parameters.

The weaver writes it into every picture, the tailor carries it into every variant, and `read_mark` finds it again.
"""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Any, Final, Literal

from PIL import Image

SourceType = Literal["compositeWithTrainedAlgorithmicMedia", "composite"]
"""IPTC's terms: edited by generative AI; or a mix of several elements of any kind, no generative AI (puppet)."""

IPTC: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
XMP_KEYWORD: Final = "XML:com.adobe.xmp"
_WRITTEN: Final = ("PNG", "WEBP", "JPEG", "AVIF")


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A made picture's machine-readable statement of its origin."""

    source_type: SourceType
    parameters: dict[str, Any] = field(default_factory=dict)

    def to_xmp(self) -> bytes:
        parameters = escape(json.dumps(self.parameters, sort_keys=True, separators=(",", ":")), quote=True)
        return (
            '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
            '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
            ' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:proteus="urn:proteus:tryon:1#"'
            f' Iptc4xmpExt:DigitalSourceType="{IPTC}{self.source_type}" xmp:CreatorTool="Proteus"'
            f' proteus:Parameters="{parameters}"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
        ).encode()


def read_xmp(data: bytes) -> bytes:
    """Return the XMP packet of a picture that this deployment wrote; empty where there is none."""
    with Image.open(io.BytesIO(data), formats=_WRITTEN) as picture:
        raw = picture.info.get("xmp") or picture.info.get(XMP_KEYWORD) or b""
    return raw if isinstance(raw, bytes) else str(raw).encode()


def read_mark(data: bytes) -> Mark | None:
    """Return the mark of a picture that this deployment wrote; None where there is none."""
    xmp = read_xmp(data).decode("utf-8", "replace")
    source_type = re.search(rf'DigitalSourceType="{re.escape(IPTC)}(\w+)"', xmp)
    parameters = re.search(r'proteus:Parameters="([^"]*)"', xmp)
    if source_type is None or parameters is None:
        return None
    return Mark(source_type=source_type[1], parameters=json.loads(unescape(parameters[1])))  # type: ignore[arg-type]
