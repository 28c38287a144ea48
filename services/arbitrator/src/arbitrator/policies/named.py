"""The policies by their names: what the settings, the shadow and a replay choose from."""

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
"""Name -> the policy that keeps an SLO of so many seconds, if it keeps one."""
