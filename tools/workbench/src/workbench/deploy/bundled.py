"""What lies inside the wheels of our images: every library, program and data file, against a list of licences.

A wheel's metadata names the licence of its own code, not of files copied into it. So each file that is an ELF object,
or data by its name, must be a Python extension of its own package or stand in `bundled_licences.KNOWN`.
`python -m workbench.deploy.bundled` prints the list of each image.
"""

from __future__ import annotations

import mmap
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

from workbench.deploy.bundled_licences import ALLOWED, DENIED_PACKAGES, KNOWN, NAMED_IN_NOTICE, Piece
from workbench.deploy.locks import APART, ROOT, blocks, canonical

IMAGES: Final = {
    "gateway": "services/gateway/requirements.lock",
    "tailor": "services/tailor/requirements.lock",
    "weaver": "services/weaver/requirements.lock",
    "weaver-gpu": "services/weaver/requirements-gpu.lock",
    "arbitrator": "services/arbitrator/requirements.lock",
}
"""Image -> its lock."""

DATA: Final = re.compile(
    r"\.(tflite|onnx|ort|ptl?|pth|np[yz]|dat|pb|pkl|pickle|h5|hdf5|safetensors|task|caffemodel|gz|xz|bz2|zip|tar|bin|model"
    r"|mat|gguf|ckpt|weights|traineddata|ttf|otf)$"
)
"""Names under which models, samples and other data travel."""

_EXTENSION: Final = re.compile(r"\.(cpython-3\d+|abi3)[-\w]*\.so$")
_DENIED_LICENCE: Final = re.compile(r"\bA?GPL\b|\bSSPL\b|non-?commercial|\bCC-BY-NC", re.IGNORECASE)
_WITH_EXCEPTION: Final = re.compile(r"GPL-3\.0(-or-later|-only)? WITH GCC-exception-3\.1|\bLGPL[-\w.+]*")
_DENIED_WORDS: Final = (b"--enable-gpl", b"--enable-nonfree")
"""Build flags in an FFmpeg that holds GPL or non-free code."""


@dataclass(frozen=True)
class Finding:
    """An examined file of a wheel.

    Attributes:
        piece: Its entry in the list; None: it has none.
        fault: Why it must not be in an image; empty: it may.
    """

    package: str
    path: str
    piece: Piece | None
    fault: str = ""


def packages(image: str) -> list[metadata.Distribution]:
    """Return the packages of an image as they are installed here; those for other platforms are left out.

    Raises:
        metadata.PackageNotFoundError: One is not installed.
    """
    found: list[metadata.Distribution] = []
    for block in blocks((ROOT / IMAGES[image]).read_text()).values():
        asked = Requirement(block.partition("\\")[0].strip())
        if asked.marker is None or asked.marker.evaluate():
            found.append(metadata.distribution(asked.name))
    if image == "weaver-gpu":
        found += [one for one in metadata.distributions() if APART.match(canonical(one.metadata["Name"]))]
    return found


def look(package: metadata.Distribution) -> Iterator[Finding]:
    """Yield the files in a package beside Python and its own extensions, and every file that must not be there."""
    name = canonical(package.metadata["Name"])
    if reason := DENIED_PACKAGES.get(name):
        yield Finding(name, "", None, reason)
    if _DENIED_LICENCE.search(_WITH_EXCEPTION.sub("", declared(package))):
        yield Finding(name, "", None, f"its metadata says {declared(package)}")
    for file in package.files or ():
        path = Path(str(package.locate_file(file)))
        if path.is_file() and (found := _judged(name, str(file), path)):
            yield found


@cache
def installed(name: str) -> tuple[Finding, ...]:
    """Return what `look` finds in an installed package: once, for several images carry it."""
    return tuple(look(metadata.distribution(name)))


def declared(package: metadata.Distribution) -> str:
    """Return the licence that a package's metadata names."""
    told = package.metadata
    expressions = told.get_all("License-Expression") or []
    classes = [one for one in told.get_all("Classifier") or () if one.startswith("License ::")]
    return "; ".join(expressions or classes or [one[:100] for one in told.get_all("License") or ()])


def faults(image: str) -> list[str]:
    """Return a sentence for each file that must not be in an image."""
    return [
        f"{found.package} {found.path}: {found.fault}"
        for package in packages(image)
        for found in installed(package.metadata["Name"])
        if found.fault
    ]


def to_be_named(image: str) -> set[tuple[str, str]]:
    """Return (package, name of the work) of the pieces of an image that NOTICE must name."""
    return {
        (found.package, found.piece.what)
        for package in packages(image)
        for found in installed(package.metadata["Name"])
        if found.piece and found.piece.licence in NAMED_IN_NOTICE
    }


def _judged(package: str, file: str, path: Path) -> Finding | None:
    elf = _is_elf(path)
    lines_for_python = file.endswith(".pth") and "/" not in file
    if not elf and (lines_for_python or not DATA.search(file)):
        return None
    piece = next((one for one in KNOWN.get(package, ()) if fnmatch(file, one.pattern)), None)
    if elf and (word := _denied_word(path)):
        return Finding(package, file, piece, f"it was built with {word}")
    if piece is None:
        own = elf and _EXTENSION.search(file) and ".libs/" not in file
        return None if own else Finding(package, file, None, "nobody has said under which licence it may be shared")
    if piece.licence not in ALLOWED | NAMED_IN_NOTICE:
        return Finding(package, file, piece, f"{piece.what} is under {piece.licence}, which no image may carry")
    return Finding(package, file, piece)


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _denied_word(path: Path) -> str:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as held:
        return next((word.decode() for word in _DENIED_WORDS if held.find(word) >= 0), "")


def main() -> int:
    """Print every image's list; return 1 if a file must not be there."""
    wrong = 0
    for image in IMAGES:
        print(f"== {image}")
        for package in packages(image):
            told = sorted(
                {(found.piece.what, found.piece.licence) for found in look(package) if found.piece and not found.fault}
            )
            for what, licence in told:
                print(f"{package.metadata['Name']}: {what} ({licence})")
        for fault in faults(image):
            wrong += 1
            print(f"REFUSED {fault}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
