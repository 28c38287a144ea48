"""The checked-in descriptions of the API are those of the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.schemas import schemas

ROOT = Path(__file__).parents[2]
SCHEMAS = schemas()


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_checked_in_schema_is_what_the_code_says(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == SCHEMAS[name], "run `make schema` and commit what it writes"


def test_every_founding_route_is_described() -> None:
    founding = {
        "/api/upload/cloth", "/api/snap", "/api/status/{job_id}", "/images/presignedUpUrl",
        "/images/presignedDownloadUrl", "/segformer/segmentOutfitPic", "/catvton/transferOutfit", "/users", "/vtons",
        "/v1/auth/guest",
    }  # fmt: skip
    assert not [path for path in founding if f'"{path}":' not in SCHEMAS["docs/openapi.json"]]
