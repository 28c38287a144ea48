"""The tailor's tasks that no row stands for: what they make is asked for again if it is lost.

The reconciler, which compares rows with queues, leaves their jobs out of its count.
"""

from __future__ import annotations

from typing import Final

VARIANT: Final = "variant"
"""Store a result in another size, format or quality."""

VERIFY: Final = "verify"
"""Read the marks of a file."""

ROWLESS: Final = (VARIANT, VERIFY)

JOB_PREFIX: Final = "once_"
"""Begins the ids of their jobs."""
