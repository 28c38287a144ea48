"""Which commit is the version before: the one named, the last tag before this commit, or the first version."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from workbench.chaos.previous import FIRST, named
from workbench.stack.errors import StackError

GIT = ("git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for words in (("init", "-q"), *[("commit", "-q", "--allow-empty", "-m", str(n)) for n in range(3)]):
        subprocess.run((*GIT, *words), cwd=tmp_path, check=True)
    return tmp_path


def tag(repository: Path, name: str, commit: str) -> str:
    subprocess.run((*GIT, "tag", name, commit), cwd=repository, check=True)
    done = subprocess.run((*GIT, "rev-parse", commit), cwd=repository, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_the_last_tag_before_this_commit_is_the_version_before_and_a_name_given_wins(repository: Path) -> None:
    first = tag(repository, "v1", "HEAD~2")
    assert named("", repository=repository) == first
    own = tag(repository, "v2", "HEAD")
    assert named("", repository=repository) == first, "not the version itself"
    assert named("v2", repository=repository) == own


@pytest.mark.parametrize(("given", "sought"), [("", FIRST), ("v9", "v9")])
def test_a_history_that_lacks_it_is_refused_with_the_way_out(repository: Path, given: str, sought: str) -> None:
    with pytest.raises(StackError, match=f"does not have '{sought}'"):
        named(given, repository=repository)
