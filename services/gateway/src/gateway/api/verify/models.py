"""What `POST /v1/verify` answers."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

EXAMPLE: Final[dict[str, Any]] = {
    "format": "webp",
    "width": 768,
    "height": 1024,
    "xmp": {
        "digital_source_type": "compositeWithTrainedAlgorithmicMedia",
        "engine": "catvton",
        "engine_version": "1",
    },
    "c2pa": {
        "state": "valid",
        "signer": "Proteus development certificate",
        "development": True,
        "signed_at": None,
        "digital_source_type": "compositeWithTrainedAlgorithmicMedia",
        "engine": "catvton",
        "engine_version": "1",
        "problems": [],
    },
}


class XmpMark(BaseModel):
    """What the XMP says; anybody can write it."""

    digital_source_type: str = Field(description="IPTC's term, such as `compositeWithTrainedAlgorithmicMedia`.")
    engine: str | None = None
    engine_version: str | None = None


class C2paMark(BaseModel):
    """What the C2PA manifest says, and whether its signature holds."""

    state: Literal["none", "valid", "untrusted", "invalid"] = Field(
        description="`none`: no manifest. `valid`: signed by this deployment's authority, and unchanged since. "
        "`untrusted`: unchanged since, signed by somebody whose certificate this deployment does not trust. "
        "`invalid`: changed since, or broken."
    )
    signer: str | None = Field(default=None, description="The name in the certificate.")
    development: bool = Field(default=False, description="A local stack's own certificate: it proves no identity.")
    signed_at: str | None = Field(default=None, description="By a time stamp; null: there is none.")
    digital_source_type: str | None = None
    engine: str | None = None
    engine_version: str | None = None
    problems: list[str] = Field(default=[], description="C2PA's codes, or the library's words.")


class VerifyBody(BaseModel):
    """What a picture's marks say. No mark does not mean that it is a photograph."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    format: str
    width: int
    height: int
    xmp: XmpMark | None = None
    c2pa: C2paMark
