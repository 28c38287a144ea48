"""The calls to the Kubernetes API that the operator makes. Each has a deadline; a refusal is an error of its class.

The service account's token is read at every call: the kubelet replaces it before it expires.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import aiohttp

from arbitrator.fleets.scaled_object import FIELD_MANAGER
from arbitrator.fleets.spec import GROUP, PLURAL, VERSION
from proteus.errors import DependencyUnavailable, ProteusError

CALL_SECONDS: Final = 10.0

APPLY: Final = "application/apply-patch+yaml"
MERGE: Final = "application/merge-patch+json"

Body = dict[str, Any]


class ApiAway(DependencyUnavailable):
    """The Kubernetes API does not answer, or not now."""

    code = "api_away"


class ApiRefused(ProteusError):
    """The Kubernetes API refused a call for good.

    Attributes:
        status: The HTTP status.
        reason: A condition's reason.
    """

    code = "api_refused"

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


REASONS: Final[Mapping[int, str]] = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Gone",
    422: "Rejected",
}


class KubernetesApi:
    """A client of one API server and one namespace.

    Args:
        server: For example `https://kubernetes.default.svc`.
        account: Folder of the service account: `token`, `ca.crt`, `namespace`.
    """

    def __init__(self, server: str, account: Path) -> None:
        self.server = server.rstrip("/")
        self.account = account
        self.namespace = (account / "namespace").read_text(encoding="utf-8").strip()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        authority = self.account / "ca.crt"
        trust = ssl.create_default_context(cafile=str(authority)) if authority.exists() else True
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trust), timeout=aiohttp.ClientTimeout(total=CALL_SECONDS)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def list_fleets(self) -> list[Body]:
        """Return all WeaverFleets of the namespace."""
        found = await self._call("GET", f"/apis/{GROUP}/{VERSION}/namespaces/{self.namespace}/{PLURAL}")
        return list(found.get("items") or [])

    async def patch_status(self, name: str, status: Mapping[str, Any]) -> Body:
        """Merge into a fleet's status; None deletes a field."""
        path = f"/apis/{GROUP}/{VERSION}/namespaces/{self.namespace}/{PLURAL}/{name}/status"
        return await self._call("PATCH", path, {"status": status}, kind=MERGE)

    async def apply_scaled_object(self, manifest: Mapping[str, Any]) -> Body:
        """Create or update by server-side apply; fields that the manifest lacks and this manager owned go."""
        name = manifest["metadata"]["name"]
        path = f"/apis/keda.sh/v1alpha1/namespaces/{self.namespace}/scaledobjects/{name}"
        return await self._call("PATCH", f"{path}?fieldManager={FIELD_MANAGER}&force=true", manifest, kind=APPLY)

    async def list_pods(self, selector: Mapping[str, str]) -> list[Body]:
        """Return the pods with these labels."""
        labels = ",".join(f"{name}={value}" for name, value in sorted(selector.items()))
        found = await self._call("GET", f"/api/v1/namespaces/{self.namespace}/pods", params={"labelSelector": labels})
        return list(found.get("items") or [])

    async def annotate_pod(self, name: str, annotations: Mapping[str, str]) -> None:
        """Merge annotations into a pod's."""
        path = f"/api/v1/namespaces/{self.namespace}/pods/{name}"
        await self._call("PATCH", path, {"metadata": {"annotations": annotations}}, kind=MERGE)

    async def post_event(self, event: Mapping[str, Any]) -> None:
        """Create an Event."""
        await self._call("POST", f"/api/v1/namespaces/{self.namespace}/events", event)

    async def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        kind: str = "application/json",
        params: Mapping[str, str] | None = None,
    ) -> Body:
        if self._session is None:
            raise RuntimeError("KubernetesApi is used outside its `async with` block")
        data = json.dumps(body) if body is not None else None
        try:
            headers = {"Authorization": f"Bearer {self.token()}", "Content-Type": kind}
            async with self._session.request(
                method, self.server + path, data=data, headers=headers, params=params
            ) as answer:
                text = await answer.text()
                status = answer.status
        except (TimeoutError, aiohttp.ClientError, OSError, UnicodeDecodeError) as error:
            raise ApiAway(f"{method} {path}: {type(error).__name__}: {error}") from error
        read = _read(text)
        if status < 300 and read is not None:
            return read
        message = f"{method} {path.partition('?')[0]}: {status} {(read or {}).get('message') or text[:200]}"
        # A conflict is another writer's moment; a token may just be replaced.
        if status in (401, 408, 409, 429) or status >= 500 or read is None:
            raise ApiAway(message)
        raise ApiRefused(status, REASONS.get(status, "Refused"), message)

    def token(self) -> str:
        """Return the service account's token, as it is now."""
        return (self.account / "token").read_text(encoding="utf-8").strip()


def _read(text: str) -> Body | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
