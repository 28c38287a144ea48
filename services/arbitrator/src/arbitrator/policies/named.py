"""The policies by name, for the settings, the shadow and a replay to choose from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from arbitrator.policies.contract import Policy
from arbitrator.policies.slo import SloPolicy, SloSettings
from arbitrator.policies.table import TablePolicy

POLICIES: Final[Mapping[str, Callable[[float], Policy]]] = {
    TablePolicy.name: lambda slo_seconds: TablePolicy(),
    SloPolicy.name: lambda slo_seconds: SloPolicy(SloSettings(slo_seconds=slo_seconds)),
}
"""Name -> constructor; its argument is the SLO in seconds, for a policy that keeps one."""
