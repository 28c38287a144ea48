"""Has a tailor read a file's marks: stored as an upload, a job without a row, its result, and the upload deleted.

A gateway that dies meanwhile leaves an upload without a record, which the daily check of uploads deletes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import IO, Any, Final

from redis.exceptions import RedisError

from gateway.rules.failures import error_of
from proteus import object_keys
from proteus.errors import DependencyUnavailable
from proteus.jobs import ImageId, JobId, JobState, UserId, new_id
from proteus.payloads import VerifyResult, VerifyWork
from proteus.queue import AnyQueue, JobView, Submission
from proteus.rowless import JOB_PREFIX, VERIFY
from proteus.storage import ObjectStore

WAIT_SECONDS: Final = 25.0
"""A tailor reads the largest picture in two seconds; a list of cut-outs may be before it."""

LOOK_SECONDS: Final = 0.1


class Verifier:
    """Reads marks by a tailor.

    Args:
        store: Where the tailor finds the file.
        queue: The tailor's.
    """

    def __init__(self, store: ObjectStore, queue: AnyQueue) -> None:
        self._store = store
        self._queue = queue

    async def marks_of(
        self, user_id: UserId, file: IO[bytes], *, size_bytes: int, content_type: str, trace_id: str
    ) -> Mapping[str, Any]:
        """Return what a file's marks say.

        Raises:
            InvalidRequest: It is no picture that we take; the subclass says why.
            DependencyUnavailable: No tailor answered in time.
        """
        name = new_id("img")
        key = object_keys.upload_key(user_id, ImageId(name))
        job_id = JobId(f"{JOB_PREFIX}{name}")
        await asyncio.to_thread(self._store.put_stream, key, file, content_type=content_type, size_bytes=size_bytes)
        try:
            work = VerifyWork(user_id=user_id, trace_id=trace_id, incoming_key=key)
            view = await self._done(job_id, work)
        except (RedisError, OSError) as error:
            raise DependencyUnavailable("The queue does not answer.") from error
        finally:
            await asyncio.shield(asyncio.to_thread(self._store.delete, key))
        if view.state is not JobState.COMPLETED:
            raise error_of({"code": view.code, "message": view.message})
        return VerifyResult.read(view.result).marks

    async def _done(self, job_id: JobId, work: VerifyWork) -> JobView:
        until = time.time() + WAIT_SECONDS
        submission = Submission(
            id=job_id,
            epoch=1,
            payload={"id": job_id},
            body=work.write(),
            engine=VERIFY,
            batch_key=VERIFY,
            age_end_ms=int(until * 1_000),
        )
        await self._queue.submit(submission)
        try:
            while time.time() < until:
                (view,) = await self._queue.look(job_id, positions=False)
                if view is not None and view.state.terminal:
                    if view.state is JobState.EXPIRED:
                        break
                    return view
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await self._queue.forget(job_id)
        raise DependencyUnavailable("No tailor read the picture in time.")
