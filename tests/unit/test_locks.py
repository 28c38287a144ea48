"""The locks hold every package that is needed, by hashes, and nothing that belongs elsewhere."""

import re
from pathlib import Path

import pytest

from workbench.deploy.locks import APART, OURS, ROOT, SETS, Set, blocks, canonical, kept

LOCKS = {name: (ROOT / name).read_text() for name in SETS}
PINS = {
    canonical(name): version
    for name, version in re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
}


@pytest.mark.parametrize("name", SETS)
def test_every_package_of_a_lock_has_hashes_and_the_pinned_version(name: str) -> None:
    lines = [line for line in LOCKS[name].splitlines() if not line.startswith(("#", "    --hash=sha256:"))]
    found = blocks(LOCKS[name])
    assert len(found) == len(lines)
    pinned = {package: re.match(r"[\w.-]+==([^\s;]+)", block) for package, block in found.items()}
    assert {package: match[1] for package, match in pinned.items() if match} == {one: PINS[one] for one in found}


@pytest.mark.parametrize("name", SETS)
def test_a_lock_names_no_registry_and_no_package_of_ours_and_no_torch(name: str) -> None:
    assert not re.search(r"https?:|index-url|find-links|file:", LOCKS[name])
    assert [one for one in blocks(LOCKS[name]) if OURS.match(one) or APART.match(one)] == []


def test_lists_that_are_installed_side_by_side_share_no_package() -> None:
    lists = [set(blocks(LOCKS[f"requirements-{name}.lock"])) for name in ("dev", "models", "deploy")]
    assert sum(map(len, lists)) == len(set.union(*lists))


def test_the_roots_of_an_images_lock_are_what_its_dockerfile_installs() -> None:
    for name, one in SETS.items():
        if not name.startswith(("services/", "tools/")):
            continue
        folder = Path(name).parent
        dockerfile = ROOT / folder / ("Dockerfile.gpu" if "gpu" in name else "Dockerfile")
        text = dockerfile.read_text()
        assert f"COPY requirements-build.lock {'constraints.txt ' if 'gpu' in name else ''}{name} ./" in text
        assert f"--no-deps --require-hashes -r {Path(name).name}" in text
        ours = {root.partition("[")[0] for root in one.roots if root.startswith("./")}
        # The workbench is there for its backups alone, without what its other rooms require.
        assert ours == set(re.findall(r" (\./[\w/]+)", text.split("pip wheel")[1])) - {"./tools/workbench"}


def test_what_an_earlier_set_holds_is_not_repeated_and_what_stands_apart_is_left_out() -> None:
    def block(name: str, version: str = "1") -> str:
        return f"{name}=={version} \\\n    --hash=sha256:{'0' * 64}\n"

    text = "".join(map(block, ("torch", "nvidia-cublas-cu12", "numpy", "Jinja2", "heavy"))) + "-e ./libs/proteus\n"
    assert set(kept(text, one=Set(("x",), without=("heavy",)), before=blocks(block("numpy")))) == {"jinja2"}
    assert "numpy" in kept(text, one=Set(("x",)), before=blocks(block("numpy", "2")))
