"""`python -m proteus.worker.weights_process`: one attempt to fetch one model's weights.

    standard input ─▶ one JSON line: the order and the object storage ─▶ `bring` ─▶ standard output: one JSON line

A process of its own can be ended at its deadline, with any library at work in it; its lock ends with it. The answer is
`{"done": true}`, `{"refused": why}` (by the source) or `{"away": why}` (try again). It ends with its worker.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from proteus.checked_settings import without_credentials
from proteus.errors import DependencyUnavailable, ProteusError
from proteus.service import telemetry
from proteus.settings import LogSettings, StorageSettings
from proteus.worker.heartbeat_process import die_with
from proteus.worker.weights import WeightsOrder, bring


def main() -> None:
    """Make the attempt."""
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    die_with(int(order["parent"]))
    telemetry.configure(LogSettings(), order["order"]["service"])
    print(json.dumps(answer(WeightsOrder(**order["order"]), StorageSettings(**order["storage"]))), flush=True)


def answer(order: WeightsOrder, storage: StorageSettings) -> dict[str, Any]:
    """Return the outcome of the attempt."""
    try:
        bring(order, storage)
    except DependencyUnavailable as error:
        return {"away": error.message}
    except ProteusError as error:
        return {"refused": error.message}
    except Exception as error:  # An edge: an unforeseen error is retried. Its text may hold a signed address.
        source = without_credentials(order.source)
        return {"away": f"{order.model}'s weights cannot be fetched from {source} ({type(error).__name__})"}
    return {"done": True}


if __name__ == "__main__":
    main()
