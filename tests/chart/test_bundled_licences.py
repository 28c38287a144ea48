"""What the wheels of our images carry inside may be passed on, and NOTICE names what must be named."""

import ast
from importlib import metadata
from pathlib import Path

import pytest

from workbench.deploy.bundled import IMAGES, faults, look, to_be_named

from .conftest import ROOT

ELF = b"\x7fELF" + bytes(60)


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_carries_nothing_that_may_not_be_passed_on(image: str) -> None:
    try:
        found = faults(image)
    except metadata.PackageNotFoundError as absent:
        pytest.skip(f"{absent.name} is not installed here; `make test` installs it")
    assert found == []


def test_notice_names_what_is_not_permissive() -> None:
    notice = (ROOT / "NOTICE").read_text()
    named = set()
    for image in IMAGES:
        try:
            named |= to_be_named(image)
        except metadata.PackageNotFoundError:
            continue
    assert named >= {("opencv-python-headless", "FFmpeg"), ("numpy", "libquadmath")}
    assert [one for one in sorted(named) if not all(word in notice for word in one)] == []


def package(folder: Path, name: str, files: dict[str, bytes], *, licence: str = "MIT") -> metadata.Distribution:
    """Return a package with these files, as pip would have installed it."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\nLicense-Expression: {licence}\n"
    )
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    (info / "RECORD").write_text("".join(f"{path},,\n" for path in files))
    return metadata.Distribution.at(info)


def fault_of(found: metadata.Distribution) -> str:
    return "; ".join(one.fault for one in look(found) if one.fault)


@pytest.mark.parametrize(
    "path", ["fresh.libs/libx265-1234.so.199", "fresh/helper", "fresh/face.dat", "fresh/weights.onnx", "fresh/lib.so"]
)
def test_a_piece_that_nobody_has_looked_up_is_refused(tmp_path: Path, path: str) -> None:
    content = b"data" if path.endswith((".dat", ".onnx")) else ELF
    assert fault_of(package(tmp_path, "fresh", {path: content})) == (
        "nobody has said under which licence it may be shared"
    )


def test_a_packages_own_extension_needs_no_line_of_its_own(tmp_path: Path) -> None:
    files = {"fresh/_core.cpython-311-x86_64-linux-gnu.so": ELF, "fresh/rest.abi3.so": ELF, "fresh/read.py": b"x = 1"}
    assert fault_of(package(tmp_path, "fresh", files)) == ""


def test_an_ffmpeg_that_was_built_with_gpl_parts_is_refused_where_a_clean_one_was_known(tmp_path: Path) -> None:
    path = "opencv_python_headless.libs/libavcodec-1234.so.62"
    clean = package(tmp_path, "opencv-python-headless", {path: ELF + b"--enable-libvpx"})
    assert fault_of(clean) == ""
    (tmp_path / path).write_bytes(ELF + b"--enable-libvpx --enable-gpl --enable-libx264")
    assert fault_of(clean) == "it was built with --enable-gpl"


@pytest.mark.parametrize(
    "licence", ["GPL-3.0-only", "AGPL-3.0-or-later", "CC-BY-NC-4.0", "Free for non-commercial use"]
)
def test_a_package_that_says_so_itself_is_refused(tmp_path: Path, licence: str) -> None:
    assert fault_of(package(tmp_path, "fresh", {}, licence=licence)) == f"its metadata says {licence}"


@pytest.mark.parametrize("licence", ["LGPL-2.1-or-later", "BSD-3-Clause AND GPL-3.0-or-later WITH GCC-exception-3.1"])
def test_lgpl_and_gccs_exception_are_no_gpl(tmp_path: Path, licence: str) -> None:
    assert fault_of(package(tmp_path, "fresh", {}, licence=licence)) == ""


@pytest.mark.parametrize("name", ["av", "pillow-heif", "dlib"])
def test_a_package_that_hides_what_it_carries_is_refused_by_name(tmp_path: Path, name: str) -> None:
    assert fault_of(package(tmp_path, name, {})) != ""


def test_nothing_of_ours_opens_a_video_so_opencvs_ffmpeg_and_openssl_are_never_called() -> None:
    users = []
    for folder in ("libs", "services", "tools"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text()
            if "Video" not in text:
                continue
            words = {node.attr for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)}
            if words & {"VideoCapture", "VideoWriter", "VideoWriter_fourcc"}:
                users.append(str(path))
    assert users == []
