"""t(b) from a file: seconds by batch size, as an operator measured them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from proteus.estimates import CostTable

FORM: Final = '{"normal": {"1": 2.0, "4": 5.1}, "degraded": {"1": 0.8}}'

Tables = tuple[CostTable, CostTable | None]
"""t(b), and that of the degraded form if there is one."""


class Costs(BaseModel):
    """Seconds by batch size; no degraded form where there is none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    normal: Mapping[int, float]
    degraded: Mapping[int, float] | None = None

    def tables(self) -> Tables:
        return CostTable.measured(self.normal), CostTable.measured(self.degraded) if self.degraded else None


def from_file(path: Path) -> Tables:
    """Read the tables.

    Raises:
        ValueError: The file holds none.
    """
    try:
        return Costs.model_validate_json(path.read_bytes()).tables()
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'all'}: {each['msg']}" for each in error.errors())
        raise ValueError(f"{path} is not of the form {FORM}: {said}") from error
    except ValueError as error:
        raise ValueError(f"{path} is not of the form {FORM}: {error}") from error
