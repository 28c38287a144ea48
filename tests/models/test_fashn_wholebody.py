"""The opt-in pose estimator: who is chosen, and what is said when it is not complete."""

from __future__ import annotations

import importlib.util
import sys
import types

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from structlog.testing import capture_logs

from proteus.errors import ModelUnavailable
from weaver.pipelines.fashn.wholebody import DETECTOR, ESTIMATOR, WholebodyPose, clearest


def person(side: float, score: float) -> tuple[np.ndarray, np.ndarray]:
    angle = np.linspace(0, 2 * np.pi, 133, endpoint=False)
    return np.stack([np.cos(angle * 11), np.sin(angle * 11)], axis=1) * side, np.full(133, score)


def test_the_largest_and_clearest_person_is_taken() -> None:
    people = [person(100, 0.5), person(300, 0.5), person(100, 0.9), person(900, 0.2)]
    points, scores = (np.stack(arrays) for arrays in zip(*people, strict=True))
    assert clearest(points, scores) == 1


def test_missing_files_are_named(tmp_path) -> None:
    (tmp_path / DETECTOR).touch()
    with pytest.raises(ModelUnavailable, match=rf"has no {ESTIMATOR}"):
        WholebodyPose(tmp_path, device="cpu")


@pytest.mark.skipif(importlib.util.find_spec("rtmlib") is not None, reason="rtmlib is here")
def test_without_its_library_the_opt_in_says_what_to_install(tmp_path) -> None:
    for name in (DETECTOR, ESTIMATOR):
        (tmp_path / name).touch()
    with pytest.raises(ModelUnavailable, match="pip install rtmlib"):
        WholebodyPose(tmp_path, device="cpu")


def graph(path, *, gain: float = 1.0) -> None:
    """An ONNX file that multiplies a picture of any size."""
    shape = [1, 3, "h", "w"]
    onnx.save(
        helper.make_model(
            helper.make_graph(
                [helper.make_node("Mul", ["picture", "gain"], ["answer"])],
                "g",
                [helper.make_tensor_value_info("picture", TensorProto.FLOAT, shape)],
                [helper.make_tensor_value_info("answer", TensorProto.FLOAT, shape)],
                [numpy_helper.from_array(np.array(gain, np.float32), "gain")],
            ),
            opset_imports=[helper.make_opsetid("", 17)],
            ir_version=8,
        ),
        path,
    )


class Session:
    """ONNX Runtime's, of a machine whose CUDA provider is there, or is not, and may be wrong."""

    def __init__(self, path: str, providers: list[str], gain: float) -> None:
        self._real = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        self._providers, self._gain = providers, gain
        self.get_inputs = self._real.get_inputs

    def get_providers(self) -> list[str]:
        return self._providers

    def run(self, names, feed):
        return [answer * np.float32(self._gain) for answer in self._real.run(names, feed)]


def rtmlib_of(cuda: str, *, gain: float = 1.0) -> types.ModuleType:
    """The library on a machine where device `cuda` gets the provider `cuda`, off by `gain`."""

    class Tool:
        def __init__(self, path: str, *, backend: str, device: str, **_: object) -> None:
            assert backend == "onnxruntime"
            on_gpu = device == "cuda"
            self.session = Session(path, [cuda if on_gpu else "CPUExecutionProvider"], gain if on_gpu else 1.0)

    module = types.ModuleType("rtmlib")
    vars(module).update(YOLOX=Tool, RTMPose=Tool)
    return module


@pytest.mark.parametrize(
    ("provider", "gain", "form", "reason"),
    [
        ("CUDAExecutionProvider", 1.0005, "cuda", ""),
        ("CUDAExecutionProvider", 1.3, "cpu", "30.00% off"),
        pytest.param(
            "CPUExecutionProvider",
            1.0,
            "cpu",
            "ONNX Runtime has no CUDAExecutionProvider here, it would take CPU",
            marks=pytest.mark.long,
        ),
    ],
)
def test_the_gpus_provider_serves_only_where_it_is_there_and_right(
    tmp_path, monkeypatch, provider, gain, form, reason
) -> None:
    monkeypatch.setitem(sys.modules, "rtmlib", rtmlib_of(provider, gain=gain))
    for name in (DETECTOR, ESTIMATOR):
        graph(tmp_path / name)
    with capture_logs() as logs:
        assert WholebodyPose(tmp_path, device="cuda").form == form
    dropped = [line["distance"] for line in logs if line["event"] == "approximation_dropped"]
    assert all(reason in line for line in dropped)
    assert bool(dropped) is bool(reason)


def test_on_a_cpu_the_pose_is_the_exact_one_and_nothing_is_measured(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "rtmlib", rtmlib_of("none"))
    for name in (DETECTOR, ESTIMATOR):
        graph(tmp_path / name)
    assert WholebodyPose(tmp_path, device="cpu").form == "cpu"
