"""When the pages are built anew, and the error when they cannot be."""

from pathlib import Path

import pytest

from workbench import pages
from workbench.deploy.locks import ROOT


def files(folder: Path, **texts: str) -> list[Path]:
    for name, text in texts.items():
        (folder / name).write_text(text)
    return [folder / name for name in texts]


def test_the_hash_follows_names_and_contents_and_nothing_else(tmp_path: Path) -> None:
    found = files(tmp_path, a="1", b="2")
    first = pages.digest(found, root=tmp_path)
    assert pages.digest(reversed(found), root=tmp_path) == first
    assert pages.digest(files(tmp_path, a="1", b="3"), root=tmp_path) != first
    assert pages.digest(files(tmp_path, a="1", c="2"), root=tmp_path) != first
    assert pages.digest(files(tmp_path, a="12", b=""), root=tmp_path) != first


def test_sources_are_all_that_the_pages_are_made_of() -> None:
    found = {str(path.relative_to(ROOT)) for path in pages.sources()}
    needed = {
        "requirements-pages.lock", "frontend/package-lock.json", "frontend/index.html", "frontend/vite.config.ts",
        "frontend/src/main.tsx", "clients/typescript/src/api.ts", "clients/typescript/src/generated/api.ts",
    }  # fmt: skip
    assert needed <= found
    assert [name for name in found if "node_modules" in name or ".venv" in name or "/tests/" in name] == []


def test_a_folder_is_made_from_the_hash_in_it_alone(tmp_path: Path) -> None:
    assert not pages.is_made_from(tmp_path, "x")
    (tmp_path / pages.STAMP).write_text("x")
    assert pages.is_made_from(tmp_path, "x")
    assert not pages.is_made_from(tmp_path, "y")


def test_a_step_that_fails_is_reported_with_its_last_lines() -> None:
    with pytest.raises(pages.PagesNotBuilt, match=r"(?s)`sh -c .*failed:.*no registry answers"):
        pages.run(["sh", "-c", "echo no registry answers >&2; exit 3"], {})


@pytest.mark.parametrize("folder", ["frontend", "frontend/tests/chromium"])
def test_npms_lock_names_no_registry(folder: str) -> None:
    assert "resolved" not in (ROOT / folder / "package-lock.json").read_text()
    assert "omit-lockfile-registry-resolved=true" in (ROOT / folder / ".npmrc").read_text()
