"""`proteus weights segformer` leaves what a tailor without PyTorch serves, or says that it could not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from no_torch import REASON, without_torch
from workbench.bench.checkpoints import write_segformer
from workbench.hub import CHECKSUMS, sha256_of


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder of models in which SegFormer's files are whole, so that nothing is fetched."""
    folder = write_segformer(tmp_path / "models" / "segformer")
    files = ("config.json", "model.safetensors")
    (folder / CHECKSUMS).write_text("".join(f"{sha256_of(folder / name)}  {name}\n" for name in files))
    return tmp_path / "models"


@pytest.fixture
def no_torch(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, **without_torch(tmp_path)}


def run(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], env=env, capture_output=True, text=True, check=False)


@pytest.mark.long
def test_the_export_lies_beside_the_weights_and_serves_where_there_is_no_torch(
    models: Path, no_torch: dict[str, str]
) -> None:
    command = ("-m", "workbench", "weights", "segformer", "--folder", str(models), "--accept-licence")
    refused = run(*command, env=no_torch)
    assert refused.returncode == 3
    assert REASON in refused.stderr
    assert not list(models.rglob("*.onnx"))

    done = run(*command)
    assert (done.returncode, done.stdout.strip()) == (0, str(models / "segformer"))
    [export] = models.rglob("*.onnx")
    assert export.parent == models / "segformer" / "onnx"

    loads = "import sys; from tailor.parsers.segformer import load_network; load_network(sys.argv[1])"
    assert run("-c", loads, str(models / "segformer"), env=no_torch).returncode == 0
