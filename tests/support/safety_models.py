"""Small ONNX graphs in the place of a deployment's safety model, and the card that describes each.

`colours` says how red, green and blue a picture is, so a test can paint what is refused. `random` is a small network
with random weights. The others fail as real models do, but not for grey pictures: those are examined at start.
"""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from PIL import Image

Kind = Literal["colours", "random", "nan", "raises", "too_many"]

RED, GREY, PINK, GREEN = (255, 0, 0), (128, 128, 128), (166, 128, 128), (0, 255, 0)
"""Colours: refused at both levels, at none, at `strict` alone, at none."""

SIDE = 16
CARD: dict[str, Any] = {
    "name": "colours",
    "version": "1",
    "input": {"name": "pixels", "width": SIDE, "height": SIDE},
    "output": {"name": "scores", "form": "probabilities"},
    "labels": ["red", "green", "blue"],
    "thresholds": {"standard": {"red": 0.9}, "strict": {"red": 0.6, "blue": 0.9}},
}


def card(**changes: Any) -> dict[str, Any]:
    """Return the card with other parts; of a part that is an object, with other members."""
    found = copy.deepcopy(CARD)
    for name, change in changes.items():
        found[name] = {**found[name], **change} if isinstance(change, Mapping) else change
    return found


def painted(colour: tuple[int, int, int], size: tuple[int, int] = (96, 128)) -> bytes:
    """Return a PNG of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def write_model(folder: Path, kind: Kind = "colours", *, axes: str = "nchw", **changes: Any) -> Path:
    """Write a graph and its card; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(graph(kind, axes=axes), str(folder / "safety.onnx"))
    (folder / "safety.json").write_text(json.dumps(card(**changes)))
    return folder


def graph(kind: Kind = "colours", *, axes: str = "nchw") -> ModelProto:
    """Return a graph from `pixels`, (1, 3, 16, 16) or with its last two axes swapped in, to `scores`, (1, 3)."""
    shape = [1, 3, SIDE, SIDE] if axes == "nchw" else [1, SIDE, SIDE, 3]
    nodes, constants = [], []
    first = "pixels"
    if axes == "nhwc":
        nodes.append(helper.make_node("Transpose", ["pixels"], ["planes"], perm=[0, 3, 1, 2]))
        first = "planes"
    if kind == "random":
        draw = np.random.default_rng(5)
        constants = [
            numpy_helper.from_array(draw.normal(size=(8, 3, 3, 3)).astype(np.float32), "kernel"),
            numpy_helper.from_array(draw.normal(size=(8, 3)).astype(np.float32), "matrix"),
        ]
        nodes += [
            helper.make_node("Conv", [first, "kernel"], ["convolved"]),
            helper.make_node("Relu", ["convolved"], ["positive"]),
            *_mean("positive", "means"),
            helper.make_node("MatMul", ["means", "matrix"], ["scores"]),
        ]
    else:
        nodes += [*_mean(first, "means"), *_ending(kind, constants)]
    names = 4 if kind == "too_many" else 3
    made = helper.make_graph(
        nodes,
        kind,
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, names])],
        constants,
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def _mean(source: str, target: str) -> list[NodeProto]:
    return [
        helper.make_node("GlobalAveragePool", [source], [f"{target}_pooled"]),
        helper.make_node("Flatten", [f"{target}_pooled"], [target]),
    ]


def _ending(kind: Kind, constants: list[TensorProto]) -> list[NodeProto]:
    """Return what makes scores of the means of red, green and blue."""
    if kind == "nan":  # the root of 0.6 - mean
        constants.append(numpy_helper.from_array(np.array([0.6], np.float32), "limit"))
        return [helper.make_node("Sub", ["limit", "means"], ["rest"]), helper.make_node("Sqrt", ["rest"], ["scores"])]
    if kind == "raises":  # row int(2 * mean) of a table of two rows: there is no row 2
        table = np.zeros((2, 3), np.float32)
        constants += [
            numpy_helper.from_array(table, "table"),
            numpy_helper.from_array(np.array([2.0], np.float32), "two"),
        ]
        return [
            helper.make_node("Mul", ["means", "two"], ["doubled"]),
            helper.make_node("Cast", ["doubled"], ["indices"], to=TensorProto.INT64),
            helper.make_node("ReduceMax", ["indices"], ["row"], axes=[1], keepdims=0),
            helper.make_node("Gather", ["table", "row"], ["scores"]),
        ]
    if kind == "too_many":
        constants.append(numpy_helper.from_array(np.zeros((1, 1), np.float32), "one_more"))
        return [helper.make_node("Concat", ["means", "one_more"], ["scores"], axis=1)]
    return [helper.make_node("Identity", ["means"], ["scores"])]
