"""Content credentials: C2PA manifests in pictures, signed with the deployment's certificate.

The weaver signs what it makes (`created`), the tailor each variant (`opened`, with the result and its manifest as the
parent). A signature says who vouches for the statement and that the pixels are those it was made about; whether one
trusts the certificate is for the reader to decide. The library is loaded with the first picture. Everything blocks.
"""

from __future__ import annotations

import io
import json
from datetime import datetime
from typing import Any, Final

from proteus.certificates import Names, require_pair
from proteus.errors import ProteusError
from proteus.marks import IPTC, Mark
from proteus.picture_formats import HEAD_BYTES, SOURCE_TYPES, sniff

ALGORITHM: Final = b"es256"
DEVELOPMENT: Final = "Proteus development certificate"
"""The name in the certificate that the local stack makes for itself."""

_SETTINGS: Final[dict[str, Any]] = {
    # A thumbnail of each generation would make a small variant many times as large.
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
}
_PARENT: Final = "parent"
_PIXEL: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8ffff3f0005fe02fe0def46b80000000049454e44ae426082"
)
"""A PNG of one white pixel."""


class CredentialsUnusable(ProteusError):
    """MARKS_CERTIFICATE and MARKS_KEY cannot sign."""

    code = "credentials_unusable"
    # Not the job's fault: once the certificate is renewed, its dead letter can be retried.
    retryable = True


class Credentials:
    """Signs pictures.

    Args:
        certificate: PEM: the signer's certificate first, then those that lead to its authority.
        key: PEM, PKCS #8: an elliptic key on P-256.
    """

    def __init__(self, certificate: str, key: str) -> None:
        self._certificate = certificate.encode()
        self._key = key.encode()

    @classmethod
    def of(cls, certificate: str, key: str, *, now: datetime, names: Names | None = None) -> Credentials | None:
        """Return the credentials of these settings, tried once; None: there are none.

        Raises:
            CredentialsUnusable: They cannot sign; the sentence has the place, by `names`, and the rule.
        """
        if not certificate:
            return None
        names = names or Names()
        found = cls(certificate, key)
        try:
            require_pair(certificate, key, now=now, names=names)
            found.created(_PIXEL, Mark(source_type="composite"))
        except ValueError as error:
            raise CredentialsUnusable(f"{error}.") from error
        except CredentialsUnusable as error:
            raise CredentialsUnusable(f"{names.certificate} cannot sign: {error.message}") from error
        return found

    def created(self, data: bytes, mark: Mark) -> bytes:
        """Return a picture with the statement that an engine made it.

        Raises:
            CredentialsUnusable: The certificate or the key is broken.
        """
        agent = {
            "name": str(mark.parameters.get("engine", "unknown")),
            "version": str(mark.parameters.get("engine_version", "")),
        }
        source = f"{IPTC}{mark.source_type}"
        return self._signed(
            data, [{"action": "c2pa.created", "digitalSourceType": source, "softwareAgent": agent}], None
        )

    def derived(self, data: bytes, parent: bytes) -> bytes:
        """Return a variant with the statement from which picture it comes; that one's manifest goes with it.

        Raises:
            CredentialsUnusable: The certificate or the key is broken.
        """
        opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": [_PARENT]}}
        return self._signed(data, [opened, {"action": "c2pa.resized"}, {"action": "c2pa.transcoded"}], parent)

    def _signed(self, data: bytes, actions: list[dict[str, Any]], parent: bytes | None) -> bytes:
        import c2pa

        told = c2pa.C2paSignerInfo(ALGORITHM, self._certificate, self._key, b"")
        told.ta_url = None  # No time stamp of a third party: signing asks no other server.
        manifest = {
            "claim_generator_info": [{"name": "Proteus"}],
            "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}],
        }
        out = io.BytesIO()
        try:
            with (
                c2pa.Context.from_dict(_SETTINGS) as context,
                c2pa.Signer.from_info(told) as signer,
                c2pa.Builder(json.dumps(manifest), context=context) as builder,
            ):
                if parent is not None:
                    ingredient = json.dumps({"title": "original", "relationship": "parentOf", "label": _PARENT})
                    builder.add_ingredient(ingredient, _type_of(parent), io.BytesIO(parent))
                builder.sign(signer, _type_of(data), io.BytesIO(data), out)
        except c2pa.C2paError as error:
            raise CredentialsUnusable(f"the picture cannot be signed: {error}") from error
        return out.getvalue()


def read_manifests(data: bytes, *, anchors: str) -> dict[str, Any] | None:
    """Return what a C2PA library finds in a file's bytes, as it says it; None: no manifest.

    Args:
        data: A picture of a format that `sniff` knows; untrusted ones in a process with limits.
        anchors: PEM: the authorities that are trusted.

    Raises:
        ValueError: The manifest cannot be read.
    """
    import c2pa

    trust = {"trust": {"user_anchors": anchors}} if anchors else {}
    try:
        with (
            c2pa.Context.from_dict({**_SETTINGS, **trust}) as context,
            c2pa.Reader(_type_of(data), io.BytesIO(data), context=context) as reader,
        ):
            found: dict[str, Any] = json.loads(reader.json())
            return found
    except c2pa.C2paError.ManifestNotFound:
        return None
    except c2pa.C2paError as error:
        raise ValueError(f"the manifest cannot be read: {error}") from error


def _type_of(data: bytes) -> str:
    source = sniff(data[:HEAD_BYTES])
    if source is None:
        raise ValueError("the file is no picture")
    return SOURCE_TYPES[source]
