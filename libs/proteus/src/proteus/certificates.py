"""Whether a certificate and a key can sign: looked at when a worker starts, not with its first picture.

What is refused here is what people get wrong; the rest the C2PA library finds when it signs for the first time.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

BEGIN: Final = "-----BEGIN CERTIFICATE-----"


class Names(NamedTuple):
    """How a sentence names where a certificate and its key come from."""

    certificate: str = "MARKS_CERTIFICATE"
    key: str = "MARKS_KEY"


def require_pair(certificate: str, key: str, *, now: datetime, names: Names) -> None:
    """Refuse a certificate that cannot sign at this time with this key.

    Args:
        certificate: PEM: the signer's first, then those up to its authority.
        key: PEM.
        now: With a time zone.
        names: For the sentences.

    Raises:
        ValueError: They cannot; the sentence names the place and the rule, and shows nothing of the key.
    """
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        chain = x509.load_pem_x509_certificates(certificate.encode())
    except ValueError as error:
        raise ValueError(f"{names.certificate} holds no certificates: they must be PEM, {BEGIN} …") from error
    for one in chain:
        if not one.not_valid_before_utc <= now <= one.not_valid_after_utc:
            raise ValueError(
                f"{names.certificate} has the certificate {one.subject.rfc4514_string()!r}, which is valid from "
                f"{one.not_valid_before_utc:%Y-%m-%d %H:%M} to {one.not_valid_after_utc:%Y-%m-%d %H:%M} UTC: each must "
                f"be valid now, {now:%Y-%m-%d %H:%M}"
            )
    try:
        secret = load_pem_private_key(key.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(
            f"{names.key} holds no key that can be read: it must be PEM (PKCS #8) without a password"
        ) from error
    if not isinstance(secret, ec.EllipticCurvePrivateKey) or not isinstance(secret.curve, ec.SECP256R1):
        raise ValueError(f"{names.key} holds a key of another kind: it must be one on the curve P-256")  # noqa: TRY004
    if "-----BEGIN PRIVATE KEY-----" not in key:
        raise ValueError(f"{names.key} is no PKCS #8: `openssl pkcs8 -topk8 -nocrypt -in KEY` writes it so")
    if secret.public_key() != chain[0].public_key():
        raise ValueError(f"{names.key} is not the key of the first certificate in {names.certificate}")
