"""The chart's and Compose's memory limits have room for the slots they ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from proteus.service.machine import MIB, fitting_slots
from tailor.loading import WORK_BYTES
from tailor.settings import TailorSettings
from weaver.loading import PICTURE_BYTES
from weaver.settings import WeaverSettings

from .conftest import CHART, Objects, profile_values, render
from .test_compose_and_images import compose

LOADED_BYTES = {"tailor": 320 * MIB, "weaver": 256 * MIB, "weaver-gpu": 6144 * MIB}
"""Resident when ready. Measured: `classic` with two slots 272 MiB, `puppet` 125 MiB. Estimated, without a GPU at hand:
both engines' imports with PyTorch's CPU wheel take 463 MiB (measured); CUDA's libraries and context are put at 2 GiB,
and the largest file of weights, mapped while it is copied to the device, at 3.7 GiB."""

UNITS = {"Mi": MIB, "Gi": 1024 * MIB}


def size(text: str) -> int:
    return int(text[:-2]) * UNITS[text[-2:]]


def fits(service: str, environment: dict[str, str], limit_bytes: int, *, loaded: str) -> bool:
    wanted = int(environment["TAILOR_SLOTS" if service == "tailor" else "WEAVER_MAX_BATCH"])
    slot = max(WORK_BYTES, int(environment["TAILOR_IMAGE_BYTES_MOST"])) if service == "tailor" else PICTURE_BYTES
    fitting = fitting_slots(
        wanted, slot_bytes=slot, base_bytes=LOADED_BYTES[loaded], limit_bytes=limit_bytes, setting=service
    )
    return fitting == wanted


def worker(objects: Objects, name: str) -> dict[str, Any]:
    [found] = [o for o in objects if o["kind"] == "Deployment" and o["metadata"]["name"] == f"demo-{name}"]
    container: dict[str, Any] = found["spec"]["template"]["spec"]["containers"][0]
    return container


@pytest.mark.parametrize("service", ["tailor", "weaver"])
def test_every_profile_gives_its_workers_memory_for_all_their_slots(
    objects: Objects, profile: str, service: str
) -> None:
    container = worker(objects, service)
    environment = {entry["name"]: entry.get("value", "") for entry in container["env"]}
    loaded = "weaver-gpu" if "weaver-gpu" in container["image"] else service
    assert fits(service, environment, size(container["resources"]["limits"]["memory"]), loaded=loaded), profile


@pytest.mark.parametrize("service", ["tailor", "weaver"])
def test_compose_gives_its_workers_memory_for_all_their_slots(service: str) -> None:
    told = compose("")["services"][service]
    assert fits(service, told["environment"], int(told["mem_limit"]), loaded=service)


def test_chart_and_code_have_the_same_defaults() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    tailor, weaver = TailorSettings.model_fields, WeaverSettings.model_fields
    assert values["tailor"]["slots"] == tailor["slots"].default
    assert values["tailor"]["imageBytesMost"] == tailor["image_bytes_most"].default
    assert values["weaver"]["maxBatch"] == weaver["max_batch"].default


def test_bytes_reach_the_tailor_as_digits(rendered: Callable[..., Objects]) -> None:
    environment = {entry["name"]: entry.get("value") for entry in worker(rendered(), "tailor")["env"]}
    assert environment["TAILOR_IMAGE_BYTES_MOST"] == "402653184"
    large = render(profile_values("cpu", tailor={"imageBytesMost": 2147483648}))
    environment = {entry["name"]: entry.get("value") for entry in worker(large, "tailor")["env"]}
    assert environment["TAILOR_IMAGE_BYTES_MOST"] == "2147483648"
