"""A lever serves only where it is near the exact form; a wrong one is dropped with its numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from proteus.engines import CARDS
from proteus.errors import ModelUnavailable
from proteus.worker.proofs import Candidate
from weaver.pipelines.levers import CHOICES, Trial, distance, ready

ANSWER = np.random.default_rng(0).normal(size=(3, 16, 16)).astype(np.float32)
EXACT, FAST, SAFE = (Candidate(name=name) for name in ("fp32", "fp16 channels_last", "fp16"))


class Device:
    """Loads forms whose answers are off by a share of the exact one's, or that fail; one fits at a time.

    Args:
        errors: By form.
    """

    def __init__(self, **errors: float | Exception) -> None:
        self.errors = {name.replace("_", " ", 1): error for name, error in errors.items()}
        self.loads: list[str] = []
        self.on_device = 0

    def load(self, form: Candidate) -> Network:
        assert self.on_device == 0, "two forms are on the device at once"
        self.loads.append(form.name)
        return Network(self, self.errors.get(form.name, 0.0))


class Network:
    def __init__(self, device: Device, error: float | Exception) -> None:
        self.device, self.error = device, error
        device.on_device += 1

    def __del__(self) -> None:
        self.device.on_device -= 1

    def answers(self) -> dict[str, np.ndarray]:
        if isinstance(self.error, Exception):
            raise self.error
        return {"encoder": ANSWER, "unet": ANSWER * np.float32(1 + self.error)}


def chosen(device: Device, folder: Path, *, forms=(FAST, SAFE), tolerance: float = 0.02, machine: str = "gpu a"):
    form, loaded = ready(
        forms,
        Trial(
            exact=EXACT,
            load=device.load,
            answers=Network.answers,
            tolerance=tolerance,
            what="engine x",
            folder=folder,
            device=machine,
        ),
    )
    assert loaded.error == device.errors.get(form.name, 0.0)
    return form


def test_the_first_lever_within_the_tolerance_serves_and_only_one_form_is_on_the_device_at_a_time(tmp_path):
    device = Device(fp16_channels_last=0.01)
    assert chosen(device, tmp_path) == FAST
    assert device.loads == ["fp32", "fp16 channels_last"]


def test_a_wrong_lever_is_dropped_with_its_numbers_and_the_next_one_serves(tmp_path):
    device = Device(fp16_channels_last=0.5, fp16=0.01)
    with capture_logs() as logs:
        assert chosen(device, tmp_path) == SAFE
    [dropped] = [line for line in logs if line["event"] == "approximation_dropped"]
    assert (dropped["what"], dropped["form"]) == ("engine x", "fp16 channels_last")
    assert (dropped["distance"], dropped["bounds"]) == ("50.00% off", "at most 2.0% off")


@pytest.mark.parametrize(
    "wrong",
    [
        float("nan"),
        pytest.param(float("inf"), marks=pytest.mark.long),
        pytest.param(RuntimeError("CUDA error"), marks=pytest.mark.long),
        pytest.param(MemoryError("no room"), marks=pytest.mark.long),
    ],
)
def test_without_a_right_lever_the_exact_form_serves(tmp_path, wrong):
    assert chosen(Device(fp16_channels_last=wrong, fp16=wrong), tmp_path) == EXACT


def test_an_exact_form_that_does_not_run_proves_nothing_and_is_a_refusal(tmp_path):
    device = Device(fp32=RuntimeError("out of memory"))
    with pytest.raises(ModelUnavailable, match=r"exact form \(fp32\) does not run .* RuntimeError: out of memory"):
        chosen(device, tmp_path)


def test_without_levers_nothing_is_measured(tmp_path):
    device = Device(fp32=RuntimeError("never asked"))
    trial = Trial(
        exact=EXACT,
        load=device.load,
        answers=Network.answers,
        tolerance=0.02,
        what="x",
        folder=tmp_path,
        device="cpu",
    )
    assert ready((), trial)[0] == EXACT
    assert device.loads == ["fp32"]
    assert not (tmp_path / CHOICES).exists()


@pytest.mark.long
def test_a_choice_is_measured_once_for_a_device_and_its_weights(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"one")
    chosen(Device(fp16_channels_last=0.5), tmp_path)
    again = Device(fp16_channels_last=0.5)
    assert chosen(again, tmp_path) == SAFE
    assert again.loads == ["fp16"]
    other_device = Device()
    assert chosen(other_device, tmp_path, machine="gpu b") == FAST
    other_tolerance = Device(fp16_channels_last=0.5)
    assert chosen(other_tolerance, tmp_path, tolerance=0.6) == FAST
    (tmp_path / "model.safetensors").write_bytes(b"other")
    assert chosen(Device(), tmp_path) == FAST


def test_the_part_that_is_farthest_off_counts():
    near = {"encoder": ANSWER, "unet": ANSWER + np.float32(0.25) * np.abs(ANSWER).mean()}
    assert distance({"encoder": ANSWER, "unet": ANSWER}, near).error > 0.15
    assert distance({"unet": ANSWER}, {"unet": ANSWER[:2]}).error == float("inf")


@pytest.mark.parametrize("card", CARDS.values(), ids=list(CARDS))
def test_engines_with_weights_have_a_tolerance_and_the_others_need_none(card):
    assert (0.0 < card.tolerance <= 0.05) is (card.name in {"catvton", "fashn", "klein"})
