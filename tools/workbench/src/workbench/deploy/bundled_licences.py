"""The list behind `workbench.deploy.bundled`: the pieces in our images' wheels, and the licence of each.

The test refuses a wheel with a new piece until its licence is looked up and listed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Piece(NamedTuple):
    """Files of a wheel that belong together.

    Attributes:
        pattern: `fnmatch` pattern of their paths inside the wheel.
        what: Name of the work.
        licence: SPDX expression.
    """

    pattern: str
    what: str
    licence: str


GCC: Final = "GPL-3.0-or-later WITH GCC-exception-3.1"

_PERMISSIVE: Final = ("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "FTL", "MIT", "OpenSSL", "Public-Domain")
_OF_PICTURES: Final = ("IJG AND BSD-3-Clause", "libpng-2.0", "libtiff")

ALLOWED: Final = frozenset({*_PERMISSIVE, *_OF_PICTURES, GCC})
"""Permissive, or GPL with the exception for programs that link GCC's runtime."""

NAMED_IN_NOTICE: Final = frozenset(
    {"LGPL-2.1-or-later", "LGPL-3.0-or-later", "LicenseRef-Intel-Simplified", "LicenseRef-NVIDIA-CUDA"}
)
"""LGPL, as a replaceable shared object; and binaries that a vendor allows everyone to redistribute."""

DENIED_PACKAGES: Final[Mapping[str, str]] = {
    "av": "its wheels carry FFmpeg built with x264 and x265 (GPL)",
    "dlib": "its 68-point model was trained on iBUG 300-W: no commercial use",
    "dlib-bin": "its 68-point model was trained on iBUG 300-W: no commercial use",
    "face-recognition-models": "it holds dlib's 68-point model: no commercial use",
    "opencv-contrib-python": "its non-free modules and its FFmpeg are not on the list",
    "pillow-heif": "its wheels carry x265 (GPL)",
    "pyheif": "its wheels carry x265 (GPL)",
    "ultralytics": "AGPL-3.0",
}
"""Wheels whose metadata looks harmless, or that are often used, and why no image may have them."""

_FFMPEG: Final = ("libavcodec", "libavformat", "libavutil", "libswresample", "libswscale")
_PILLOW: Final = {
    "libXau": ("libXau", "MIT"),
    "libavif": ("libavif with dav1d, libaom and libyuv", "BSD-2-Clause"),
    "libbrotli": ("Brotli", "MIT"),
    "libfreetype": ("FreeType", "FTL"),
    "libharfbuzz": ("HarfBuzz", "MIT"),
    "libjpeg": ("libjpeg-turbo", "IJG AND BSD-3-Clause"),
    "liblcms2": ("Little CMS", "MIT"),
    "liblzma": ("liblzma of XZ Utils", "0BSD"),
    "libopenjp2": ("OpenJPEG", "BSD-2-Clause"),
    "libpng16": ("libpng", "libpng-2.0"),
    "libsharpyuv": ("libwebp", "BSD-3-Clause"),
    "libtiff": ("libtiff", "libtiff"),
    "libwebp": ("libwebp", "BSD-3-Clause"),
    "libxcb": ("libxcb", "MIT"),
    "libzstd": ("Zstandard", "BSD-3-Clause"),
}

KNOWN: Final[Mapping[str, tuple[Piece, ...]]] = {
    "c2pa-python": (Piece("c2pa/libs/libc2pa_c*", "c2pa-rs, with its Rust crates linked in", "Apache-2.0"),),
    "ai-edge-litert": (Piece("ai_edge_litert/*", "LiteRT, its accelerators and compiler plugins", "Apache-2.0"),),
    "botocore": (Piece("botocore/data/*.json.gz", "descriptions of AWS services", "Apache-2.0"),),
    "networkx": (Piece("networkx/*", "graphs for tests, atlas of graphs", "BSD-3-Clause"),),
    "numpy": (
        Piece("numpy.libs/libgfortran-*", "libgfortran", GCC),
        Piece("numpy.libs/libquadmath-*", "libquadmath", "LGPL-2.1-or-later"),
        Piece("numpy.libs/libscipy_openblas*", "OpenBLAS", "BSD-3-Clause"),
        Piece("numpy/*/tests/data/*", "arrays for tests", "BSD-3-Clause"),
    ),
    "onnxruntime": (
        Piece("onnxruntime/capi/libonnxruntime*", "ONNX Runtime", "MIT"),
        Piece("onnxruntime/datasets/*.onnx", "three models of a few bytes for its examples", "MIT"),
    ),
    "opencv-python-headless": (
        *(Piece(f"*.libs/{name}-*", "FFmpeg", "LGPL-2.1-or-later") for name in _FFMPEG),
        Piece("*.libs/libaom-*", "libaom", "BSD-2-Clause"),
        Piece("*.libs/libavif-*", "libavif", "BSD-2-Clause"),
        Piece("*.libs/libcrypto-*", "OpenSSL 1.1.1k", "OpenSSL"),
        Piece("*.libs/libssl-*", "OpenSSL 1.1.1k", "OpenSSL"),
        Piece("*.libs/libdrm-*", "libdrm", "MIT"),
        Piece("*.libs/libgfortran-*", "libgfortran", GCC),
        Piece("*.libs/libopenblasp-*", "OpenBLAS", "BSD-3-Clause"),
        Piece("*.libs/libpng16-*", "libpng", "libpng-2.0"),
        Piece("*.libs/libquadmath-*", "libquadmath", "LGPL-2.1-or-later"),
        Piece("*.libs/libvpx-*", "libvpx", "BSD-3-Clause"),
    ),
    "pi-heif": (
        Piece("pi_heif.libs/libheif-*", "libheif", "LGPL-3.0-or-later"),
        Piece("pi_heif.libs/libde265-*", "libde265", "LGPL-3.0-or-later"),
    ),
    "pillow": tuple(Piece(f"pillow.libs/{name}*", what, licence) for name, (what, licence) in _PILLOW.items()),
    "python-dateutil": (Piece("dateutil/zoneinfo/*.tar.gz", "the IANA time zone database", "Public-Domain"),),
    "torch": (
        Piece("torch/lib/libtorch_cpu.so", "Intel oneMKL", "LicenseRef-Intel-Simplified"),
        Piece("torch/lib/libgomp*", "libgomp", GCC),
        Piece("torch.libs/libgomp*", "libgomp", GCC),
        Piece("torch/*", "PyTorch, its tools and tests", "BSD-3-Clause"),
        Piece("functorch/*", "PyTorch, its tools and tests", "BSD-3-Clause"),
    ),
}
"""Package -> the pieces in its wheel; the first matching pattern counts."""
