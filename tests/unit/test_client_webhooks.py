"""The client proves messages as Standard Webhooks says: vectors that both clients share, and messages that are drawn.

The vectors were signed by the library `standardwebhooks`; `frontend/tests/unit/webhooks.test.ts` reads them as well.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from proteus_client import BatchMessage, WebhookRefused, verify

VECTORS = json.loads((Path(__file__).parents[1] / "fixtures" / "webhooks" / "vectors.json").read_text())
NOW = 1_770_120_000
KEYS = st.binary(min_size=1, max_size=64).map(lambda key: "whsec_" + base64.b64encode(key).decode())
BODY = json.dumps(
    {"id": "m", "type": "tryon.failed", "timestamp": "t", "seq": 1}
    | {"data": {"job_id": "j", "user_id": "u", "status": "failed", "at": "t"}}
)


def signed(secret: str, body: str = BODY) -> dict[str, str]:
    made = Webhook(secret).sign("m", datetime.fromtimestamp(NOW, tz=UTC), body)
    return {"webhook-id": "m", "webhook-timestamp": str(NOW), "webhook-signature": made}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_vector_is_accepted_or_refused(vector) -> None:
    words = (vector["headers"], vector["body"].encode(), vector["secrets"])
    if vector["accepted"]:
        message = verify(*words, now=vector["now"])
        said = json.loads(vector["body"])
        assert message.model_dump(exclude_unset=True) == said
        assert isinstance(message, BatchMessage) == (said["type"] == "batch.ended")
    else:
        with pytest.raises(WebhookRefused):
            verify(*words, now=vector["now"])


@given(secret=KEYS, at=st.integers(0, len(BODY) - 1), other=st.integers(1, 255))
def test_a_message_of_the_public_library_is_taken_and_any_other_byte_in_it_is_not(secret, at, other) -> None:
    assert verify(signed(secret), BODY.encode(), secret, now=NOW).type == "tryon.failed"
    changed = bytearray(BODY.encode())
    changed[at] ^= other
    with pytest.raises(WebhookRefused):
        verify(signed(secret), bytes(changed), secret, now=NOW)


@given(headers=st.fixed_dictionaries({f"webhook-{name}": st.text() for name in ("id", "timestamp", "signature")}))
def test_no_header_makes_it_fail_otherwise(headers) -> None:
    with pytest.raises(WebhookRefused):
        verify(headers, BODY.encode(), "whsec_AAAA", now=NOW)
    with pytest.raises(WebhookRefused):
        verify(headers | {"webhook-timestamp": str(NOW)}, BODY.encode(), "whsec_AAAA", now=NOW)


@given(body=st.binary() | st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5).map(json.dumps))
def test_a_signed_body_that_is_no_message_is_refused(body) -> None:
    text = body if isinstance(body, str) else body.decode("latin-1")
    with pytest.raises(WebhookRefused):
        verify(signed("whsec_AAAA", text), text.encode(), "whsec_AAAA", now=NOW)


@pytest.mark.parametrize("secret", ["whsec_", "", "whsec_%%%", "whsec_größe", ["whsec_AAAA", "whsec_="]])
def test_a_secret_that_is_none_is_the_receivers_own_mistake(secret) -> None:
    with pytest.raises(ValueError, match="secret must") as said:
        verify(signed("whsec_AAAA"), BODY.encode(), secret, now=NOW)
    assert not isinstance(said.value, WebhookRefused)
