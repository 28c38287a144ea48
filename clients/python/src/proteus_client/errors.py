"""Every error of the client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from proteus_client.jobs import Job


class ClientError(Exception):
    """A request or a job did not succeed."""

    hint: ClassVar[str] = ""
    """What to do about every error of this class."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.way_out = ""
        """What to do about this error; empty: see `hint`."""


class ServerUnreachable(ClientError):
    """The gateway does not answer."""

    hint = "Start a stack with `make up`, or name another gateway with --url."


class Refused(ClientError):
    """The gateway refused a request."""

    def __init__(self, problem: Mapping[str, Any], *, status: int) -> None:
        super().__init__(str(problem.get("detail") or problem.get("title") or f"HTTP {status}"))
        self.status = status
        self.problem_code = str(problem.get("code", "unknown"))
        self.way_out = str(problem.get("hint") or "")


class JobEnded(ClientError):
    """The job did not complete."""

    def __init__(self, job: Job) -> None:
        error = job.error or {}
        super().__init__(str(error.get("message") or f"The job was {job.status}."))
        self.job = job
        self.problem_code = str(error.get("code") or job.status)
        self.way_out = str(error.get("hint") or "")
