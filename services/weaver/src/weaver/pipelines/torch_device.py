"""What the PyTorch engines share: the description of their device, its memory errors, and fp32 that is exact."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from proteus.errors import ModelUnavailable, OutOfMemory


@contextmanager
def memory_errors() -> Iterator[None]:
    """Turn the device's out-of-memory error into ours, and release the memory that torch caches."""
    try:
        yield
    except RuntimeError as error:  # torch.OutOfMemoryError is one; a CPU reports it in the message only
        if not isinstance(error, torch.OutOfMemoryError) and "allocate memory" not in str(error):
            raise
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        raise OutOfMemory from error


def describe(device: str) -> str:
    """Name the device and the libraries that compute on it: a lever that is right on one may be wrong on another.

    Raises:
        ModelUnavailable: The device is not there.
    """
    parts = [f"torch {torch.__version__}", device]
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ModelUnavailable("this machine has no CUDA device that torch can use; set the device to `cpu`")
    if device.startswith("cuda"):
        major, minor = torch.cuda.get_device_capability(device)
        parts += [torch.cuda.get_device_name(device), f"sm_{major}{minor}"]
        parts += [f"cuda {torch.version.cuda}", f"cudnn {torch.backends.cudnn.version()}"]
    return ", ".join(parts)


def prepare(device: str) -> None:
    """Make the device ready to take a form of a network.

    A GPU's fp32 convolutions are TF32 by PyTorch's default, 10 bits of 24: no exact form, so that is switched off. The
    allocator releases what it keeps of an earlier form.
    """
    torch.backends.cuda.matmul.fp32_precision = "ieee"
    torch.backends.cudnn.conv.fp32_precision = "ieee"
    if device.startswith("cuda"):
        torch.cuda.empty_cache()
