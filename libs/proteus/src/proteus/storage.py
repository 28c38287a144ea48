"""The object store. The only module that knows boto3.

Calls block; services run them in threads. Objects are named by key; a URL is made when it is needed and is never
stored. `proteus.object_keys` defines the keys.

Every error of the store becomes one of ours: `NotFound` only if the store states that this object is missing,
`InvalidRequest` if no store could accept the key, else `DependencyUnavailable`. Half an answer counts as none.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from botocore.parsers import ResponseParserError
from s3transfer.exceptions import RetriesExceededError
from urllib3.exceptions import HTTPError

from proteus import object_urls, store_calls
from proteus.errors import DependencyUnavailable, InvalidRequest, NotFound, ProteusError, UploadMissing
from proteus.retrying import Waits
from proteus.settings import StorageSettings
from proteus.store_answers import refusal, status_of
from proteus.tracing import child

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RANGE_NOT_SATISFIABLE: Final = 416

ANSWER_SECONDS: Final = 20.0
"""Silence after which a worker's call is tried again: it cannot go on without the answer."""

TRIES: Final = 3

NO_ANSWER: Final = (BotoCoreError, ResponseParserError, RetriesExceededError, HTTPError)
"""The client's errors where no answer came, or an unreadable one."""


class NoStorageKey(ProteusError):
    """OBJECT_STORAGE_ACCESS_KEY and OBJECT_STORAGE_SECRET_KEY are not set, so nothing can be signed."""

    code = "no_storage_key"


@dataclass(frozen=True, kw_only=True)
class ObjectInfo:
    """The result of a HEAD or a listing."""

    key: str
    size_bytes: int
    modified: datetime
    content_type: str = ""
    etag: str = ""


@dataclass(frozen=True, kw_only=True)
class PresignedPut:
    """A signed upload: the client must send exactly these headers, and exactly this many bytes."""

    url: str
    headers: dict[str, str]


@dataclass
class _Answered:
    """When the store last answered, on the monotonic clock."""

    at: float = float("-inf")


class ObjectStore:
    """One bucket.

    Args:
        settings: Where it is and how to sign. URLs for clients are signed for `client_endpoint`.
        answer_seconds: Longest silence before an answer, per try.
        tries: How often a call is made that gets no answer.

    Raises:
        NoStorageKey: There is nothing to sign with; boto3 would look for a key elsewhere.
    """

    def __init__(
        self, settings: StorageSettings, *, answer_seconds: float = ANSWER_SECONDS, tries: int = TRIES
    ) -> None:
        if not (settings.access_key and settings.secret_key.get_secret_value()):
            raise NoStorageKey
        self.settings = settings
        self._answer_seconds, self._tries = answer_seconds, tries
        self._waits = Waits()
        self._answered = _Answered()
        self._s3 = self._client(settings.endpoint)
        self._signer = (
            self._s3 if settings.client_endpoint == settings.endpoint else self._client(settings.client_endpoint)
        )

    def _client(self, endpoint: str) -> S3Client:
        client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            aws_access_key_id=self.settings.access_key,
            aws_secret_access_key=self.settings.secret_key.get_secret_value(),
            region_name=self.settings.region,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                connect_timeout=min(3.0, self._answer_seconds),
                read_timeout=self._answer_seconds,
                retries={"max_attempts": self._tries, "mode": "standard"},
                max_pool_connections=32,
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
        client.meta.events.register_last("before-call.s3", _expect_nothing)
        return client

    @property
    def answered_at(self) -> float:
        """When the store last served a call of this process, or answered that an object is missing; monotonic seconds.

        A caller whose calls failed since learns from it whether the store is away for all callers.
        """
        return self._answered.at

    def watched(self, waits: Waits) -> ObjectStore:
        """Return this store; `waits` tells whether one of its calls is running."""
        watched = copy.copy(self)
        watched._waits = waits
        return watched

    def ensure_bucket(self, *, cors_origins: list[str]) -> None:
        """Make the bucket if it is missing, and let browsers of these origins PUT and GET with signed URLs."""
        try:
            self._call("head_bucket", Bucket=self.settings.bucket)
        except DependencyUnavailable as error:
            if error.reason == "away":
                raise
            self._call("create_bucket", Bucket=self.settings.bucket)
        self._call(
            "put_bucket_cors",
            Bucket=self.settings.bucket,
            CORSConfiguration={
                "CORSRules": [
                    {
                        "AllowedOrigins": cors_origins,
                        "AllowedMethods": ["GET", "PUT", "HEAD"],
                        "AllowedHeaders": ["*"],
                        "ExposeHeaders": ["ETag"],
                        "MaxAgeSeconds": 3600,
                    }
                ]
            },
        )

    def ping(self) -> None:
        """Raise `DependencyUnavailable` unless the bucket answers."""
        self._call("head_bucket", Bucket=self.settings.bucket)

    def put(self, key: str, body: bytes, *, content_type: str) -> None:
        """Store an object, replacing an earlier one."""
        self._call("put_object", Bucket=self.settings.bucket, Key=key, Body=body, ContentType=content_type)

    def put_stream(self, key: str, body: IO[bytes], *, content_type: str, size_bytes: int) -> None:
        """Store an object of known size from a file without holding it in memory."""
        self._call(
            "put_object",
            Bucket=self.settings.bucket,
            Key=key,
            Body=body,
            ContentType=content_type,
            ContentLength=size_bytes,
        )

    def copy(self, key: str, to: str) -> None:
        """Copy an object inside the store; raise `NotFound` if there is none."""
        bucket = self.settings.bucket
        self._call("copy_object", Bucket=bucket, Key=to, CopySource={"Bucket": bucket, "Key": key})

    def put_json(self, key: str, value: Any) -> None:
        """Store a JSON document."""
        self.put(key, json.dumps(value, separators=(",", ":")).encode(), content_type="application/json")

    def get(self, key: str, *, start: int = 0, limit_bytes: int | None = None, etag: str = "") -> bytes:
        """Return an object's bytes from `start` on; with a limit, at most one byte more, so that the caller can tell.

        Raises:
            NotFound: There is no such object.
            DependencyUnavailable: The store does not answer, or the object is not the one of that `etag`.
        """
        extra = {} if limit_bytes is None else {"Range": f"bytes={start}-{start + limit_bytes}"}
        extra |= {"IfMatch": etag} if etag else {}
        with store_calls.counted(), self._asking("get_object", key):
            try:
                response = self._s3.get_object(Bucket=self.settings.bucket, Key=key, **extra)  # type: ignore[arg-type]
            except ClientError as error:
                if status_of(error) == RANGE_NOT_SATISFIABLE:
                    return b""  # An empty object has no first byte.
                raise
            if not response["ResponseMetadata"]["HTTPHeaders"].keys() & {"content-length", "transfer-encoding"}:
                # A head that was cut off has no length, and its body looks like an empty one.
                raise DependencyUnavailable("The object store broke off while sending.")
            data: bytes = response["Body"].read()
            return data

    def download(self, key: str, sink: IO[bytes]) -> None:
        """Write an object of any size into a file, in parts that come side by side.

        Raises:
            NotFound: There is no such object.
            DependencyUnavailable: The store does not answer.
        """
        self._call("download_fileobj", Bucket=self.settings.bucket, Key=key, Fileobj=sink)

    def get_json(self, key: str) -> Any:
        """Return a JSON document."""
        return json.loads(self.get(key))

    def head(self, key: str) -> ObjectInfo:
        """Return an object's size and type.

        Raises:
            UploadMissing: There is no such object.
        """
        try:
            found = self._call("head_object", Bucket=self.settings.bucket, Key=key)
        except NotFound as error:
            raise UploadMissing from error
        try:
            return ObjectInfo(
                key=key,
                size_bytes=found["ContentLength"],
                modified=found["LastModified"],
                content_type=found.get("ContentType", ""),
            )
        except KeyError as error:
            raise DependencyUnavailable(f"The object store broke off: its answer has no {error}.") from error

    def exists(self, key: str) -> bool:
        """Tell whether an object is there."""
        try:
            self.head(key)
        except UploadMissing:
            return False
        return True

    def delete(self, *keys: str) -> None:
        """Delete objects; missing ones are no error.

        Raises:
            DependencyUnavailable: The store kept one, or does not answer.
        """
        for start in range(0, len(keys), 1000):
            chunk = keys[start : start + 1000]
            answer = self._call(
                "delete_objects",
                Bucket=self.settings.bucket,
                Delete={"Objects": [{"Key": key} for key in chunk], "Quiet": True},
            )
            # The answer is 200 nevertheless: it names each object that was kept.
            if kept := answer.get("Errors", ()):
                code = kept[0].get("Code", "no reason given")
                raise DependencyUnavailable(f"The object store kept {len(kept)} of {len(chunk)} objects: {code}.")

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield every object under a prefix."""
        token: dict[str, str] = {}
        while True:
            page = self._call("list_objects_v2", Bucket=self.settings.bucket, Prefix=prefix, **token)
            for entry in page.get("Contents", ()):
                key, size, at, etag = entry["Key"], entry["Size"], entry["LastModified"], entry.get("ETag", "")
                yield ObjectInfo(key=key, size_bytes=size, modified=at, etag=etag)
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def presign_put(self, key: str, *, content_type: str, size_bytes: int, expires_seconds: int) -> PresignedPut:
        """Return a signed upload. Content type and length are signed: the store refuses another body."""
        url = self._signer.generate_presigned_url(
            "put_object",
            Params={
                "Bucket": self.settings.bucket,
                "Key": key,
                "ContentType": content_type,
                "ContentLength": size_bytes,
            },
            ExpiresIn=expires_seconds,
        )
        return PresignedPut(url=url, headers={"Content-Type": content_type, "Content-Length": str(size_bytes)})

    def presign_get(self, key: str, *, expires_seconds: int, download_name: str | None = None) -> str:
        """Return a signed download URL."""
        params: dict[str, Any] = {"Bucket": self.settings.bucket, "Key": key}
        if download_name:
            params["ResponseContentDisposition"] = f'attachment; filename="{download_name}"'
        return self._signer.generate_presigned_url("get_object", Params=params, ExpiresIn=expires_seconds)

    def url_of(self, key: str) -> str:
        """Return the object's unsigned address inside this deployment's storage (what payloads and rows may hold)."""
        return object_urls.url_of(self.settings, key)

    def key_of(self, url: str) -> str:
        """Return the key behind an address of this deployment's storage; a query (a signature) is ignored.

        Raises:
            ForeignUrl: The address is not in this bucket.
        """
        return object_urls.key_of(self.settings, url)

    def _call(self, operation: str, **arguments: Any) -> Any:
        with store_calls.counted(), self._asking(operation, str(arguments.get("Key", ""))):
            return getattr(self._s3, operation)(**arguments)

    @contextmanager
    def _asking(self, operation: str, key: str) -> Iterator[None]:
        """Turn the store's errors inside the block into our own, and note when it answered."""
        try:
            with self._waits, child(f"store {operation}"):
                yield
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            ours = refusal(code, status=status_of(error), operation=operation, key=key)
            if isinstance(ours, NotFound):
                self._answered.at = time.monotonic()
            raise ours from error
        except ParamValidationError as error:
            raise InvalidRequest(f"{str(key)[:200]!r} is no key of an object.") from error
        except NO_ANSWER as error:
            raise DependencyUnavailable("The object store does not answer.") from error
        self._answered.at = time.monotonic()


def _expect_nothing(params: dict[str, Any], **_: Any) -> None:
    """Send bodies at once, without `Expect: 100-continue`.

    Where the connection ends in the middle of the answer to that, botocore's thread loops without end.
    """
    params["headers"].pop("Expect", None)
