"""A client of the public API, and of nothing else: what a program of your own would do.

    authenticate ─▶ upload (presigned PUT) ─▶ uploaded ─▶ cut out ─▶ snap ─▶ follow on the socket ─▶ download

`proteus tryon`, `make demo` and the end-to-end tests share it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from uuid import uuid4

import httpx
import socketio

from proteus_client.errors import JobEnded, Refused, ServerUnreachable
from proteus_client.jobs import Job

TERMINAL: Final = frozenset({"completed", "failed", "canceled", "expired"})

_MAGIC: Final = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypheix", "image/heic"),
    (4, b"ftypmif1", "image/heif"),
)
NO_PICTURE: Final = "application/octet-stream"
_RECHECK_SECONDS: Final = 7.0
"""The client also polls a job this often: a lost event costs seconds, not the try-on. Not 5: many servers close an
idle connection just then."""

_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_DROPPED: Final = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError, httpx.CloseError)
"""The connection broke after it was made: the server may have closed it, idle, as the request left."""

_TRIES: Final = 3
_KEY: Final = "Idempotency-Key"

_REQUEST_SECONDS: Final = 30.0


def content_type_of(picture: bytes) -> str:
    """Return the content type that a file's first bytes show."""
    found = (name for at, magic, name in _MAGIC if picture.startswith(magic, at))
    return next(found, NO_PICTURE)


def _once() -> dict[str, str]:
    """Return the header that makes a submit safe to repeat."""
    return {_KEY: uuid4().hex}


Tell = Callable[[Job], None]


class Client:
    """One user of one gateway. Make it with `connected`.

    Args:
        url: The gateway's address.
        http: Sends the requests; the caller owns it.
        token: An access token or an API key (`pk_…`, on a server only); None: become a guest.
    """

    def __init__(self, url: str, *, http: httpx.AsyncClient, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        self.token = token
        self._http = http
        self._socket = socketio.AsyncClient(reconnection=True)
        self._last_seq = 0
        self._jobs: dict[str, Job] = {}
        self._changed = asyncio.Condition()

    @classmethod
    @asynccontextmanager
    async def connected(cls, url: str, *, token: str | None = None, key: str | None = None) -> AsyncIterator[Client]:
        """Hold a token and an open socket while the block runs.

        Args:
            url: The gateway's address.
            token: An access token; None, and no key: become a guest.
            key: A shop's API key, on its server alone: the client acts as the shop itself.

        Raises:
            ServerUnreachable: No server answers at this address.
        """
        token = token or key
        async with httpx.AsyncClient(timeout=_REQUEST_SECONDS) as http:
            client = cls(url, http=http, token=token)
            if token is None:
                client.token = await client._guest_token()
            await client._open_socket()
            try:
                yield client
            finally:
                await client._socket.shutdown()

    async def browser_token(self, **wish: Any) -> dict[str, Any]:
        """Mint a short-lived token for a shopper's browser; needs an API key with the scope `tokens`.

        Args:
            wish: Fields of POST /v1/tokens: `subject`, `allowed_origins`, `expires_in`, `scopes`, `engines`, `limits`.

        Returns:
            `access_token`, `expires_in` and the shopper's `user_id`.
        """
        return dict(await self._ask("POST", "/v1/tokens", json=wish))

    async def upload(self, picture: bytes, *, kind: str, category: str = "auto") -> str:
        """PUT a picture straight into the object store; return the `image_url` that every route takes.

        Its preparation begins at once. If the gateway refuses to begin it, the submit does, so that is no error.

        Args:
            picture: A JPEG, PNG, WebP, AVIF or HEIC file.
            kind: `person` or `garment`.
            category: Of a garment: what it is, if that is known.
        """
        asked = {"kind": kind, "content_type": content_type_of(picture), "size_bytes": len(picture)}
        ticket = await self._ask("GET", "/images/presignedUpUrl", params=asked)
        try:
            answer = await self._patiently(
                ticket["method"], ticket["upload_url"], headers=ticket["headers"], content=picture
            )
        except httpx.HTTPError as error:
            raise ServerUnreachable(f"The object store does not answer: {error}.") from error
        if answer.is_error:
            raise Refused({"title": "The object store refused the upload."}, status=answer.status_code)
        with suppress(Refused):
            path, known = f"/v1/images/{ticket['image_id']}/uploaded", {"category": category}
            await self._ask("POST", path, json=known if category != "auto" else None, headers=_once())
        return str(ticket["image_url"])

    async def image(self, image_url: str) -> Mapping[str, Any]:
        """Return the record of an upload: how far it is prepared, and what was found in it."""
        image: Mapping[str, Any] = await self._ask("GET", f"/v1/images/{image_url.rpartition('/')[2]}")
        return image

    async def cut_out(self, image_url: str, *, category: str = "auto", tell: Tell | None = None) -> Job:
        """Cut the garment out of its picture; return the completed job."""
        body = {"image_url": image_url, "category": category}
        said = await self._ask("POST", "/segformer/segmentOutfitPic", json=body, headers=_once())
        return await self.follow(said["job_id"], tell=tell)

    async def snap(self, person_url: str, cloth_clean_url: str, **options: Any) -> str:
        """Submit a try-on; return its job id."""
        body = {"user_photo_url": person_url, "cloth_clean_url": cloth_clean_url, **options}
        return str((await self._ask("POST", "/api/snap", json=body, headers=_once()))["job_id"])

    async def status(self, job_id: str) -> Job:
        """Return a job's status."""
        return Job.read(await self._ask("GET", f"/api/status/{job_id}"))

    async def follow(self, job_id: str, *, tell: Tell | None = None) -> Job:
        """Wait until a job ends; the socket's events report its progress.

        Raises:
            JobEnded: It failed, was cancelled or expired.
        """
        self._jobs.setdefault(job_id, await self.status(job_id))
        while True:
            job = self._jobs[job_id]
            if tell is not None:
                tell(job)
            if job.status in TERMINAL:
                break
            try:
                async with asyncio.timeout(_RECHECK_SECONDS), self._changed:
                    while self._jobs[job_id] is job:
                        await self._changed.wait()
            except TimeoutError:
                self._jobs[job_id] = await self.status(job_id)
        if job.status != "completed":
            raise JobEnded(job)
        return job

    async def download(self, result_url: str) -> bytes:
        """Fetch a result by its API address; the redirect leads to a signed URL, which needs no token."""
        answer = await self._send("GET", result_url)
        if answer.is_redirect:
            try:
                answer = await self._patiently("GET", answer.headers["location"])
            except httpx.HTTPError as error:
                raise ServerUnreachable(f"The object store does not answer: {error}.") from error
        if answer.is_error:
            raise Refused({"title": "The object store refused the download."}, status=answer.status_code)
        return answer.content

    async def _guest_token(self) -> str:
        try:
            return str((await self._ask("POST", "/v1/auth/guest"))["access_token"])
        except Refused as refused:
            if refused.problem_code == "guests_disabled":
                refused.way_out = "Name a token with --token or PROTEUS_TOKEN. " + refused.way_out
            raise

    async def _open_socket(self) -> None:
        self._socket.on("job", self._on_job)
        self._socket.on("progress", self._on_progress)
        refusals: list[Any] = []
        self._socket.on("connect_error", refusals.append)
        try:
            await self._socket.connect(
                self.url,
                auth=lambda: {"token": self.token, "last_seq": self._last_seq},
                transports=["websocket"],
                socketio_path="updates",
            )
        except socketio.exceptions.ConnectionError as error:
            said = refusals[0] if refusals and isinstance(refusals[0], dict) else {}
            data = said.get("data") or {}
            if data.get("retryable") is False:
                raise Refused({"detail": said["message"], "code": data["code"]}, status=401) from error
            raise ServerUnreachable(f"The socket at {self.url}/updates refused: {error}.") from error

    async def _on_job(self, event: Mapping[str, Any]) -> None:
        self._last_seq = max(self._last_seq, int(event["seq"]))
        await self._note(Job.read(event))

    async def _on_progress(self, event: Mapping[str, Any]) -> None:
        known = self._jobs.get(event["job_id"])
        if known is None or known.status not in TERMINAL:
            await self._note(Job.read({**event, "status": "running", "progress": event}))

    async def _note(self, job: Job) -> None:
        async with self._changed:
            self._jobs[job.job_id] = job
            self._changed.notify_all()

    async def _ask(self, method: str, path: str, **request: Any) -> Any:
        return (await self._send(method, path, **request)).json()

    async def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        headers = dict(request.pop("headers", {}))
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            answer = await self._patiently(method, self.url + path, headers=headers, **request)
        except httpx.HTTPError as error:
            raise ServerUnreachable(f"{self.url} does not answer: {error or type(error).__name__}.") from error
        if answer.is_error:
            is_json = "json" in answer.headers.get("content-type", "")
            raise Refused(answer.json() if is_json else {"title": answer.reason_phrase}, status=answer.status_code)
        return answer

    async def _patiently(self, method: str, url: str, **request: Any) -> httpx.Response:
        """Send a request; send it again over a new connection if the first was dropped and a repeat is safe."""
        repeatable = method in _IDEMPOTENT or _KEY in request.get("headers", {})
        for left in reversed(range(_TRIES)):
            try:
                return await self._http.request(method, url, **request)
            except _DROPPED:
                if not (repeatable and left):
                    raise
        raise AssertionError("unreachable: the last try returns or raises")
