"""The version before this one: built from the repository's history into an environment of its own.

Our own packages are built as wheels from that commit. What they need of others is taken from the environment that runs
this: the two versions differ in our code alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from workbench.stack.errors import StackError

FIRST: Final = "9669e6b"
"""v0.1.0, for as long as no release has a tag."""

PACKAGES: Final = ("libs/proteus", "services/gateway", "services/tailor", "services/weaver", "services/arbitrator")


def named(given: str, *, repository: Path) -> str:
    """Return the commit that is called the version before.

    Args:
        given: A tag or commit that somebody chose; empty: the last tag, or `FIRST` without one.
        repository: A checkout with history.

    Raises:
        StackError: The repository does not have it.
    """
    tags = _git(repository, "tag", "--merged", "HEAD^", "--sort=-creatordate").split() if not given else []
    wanted = given or next(iter(tags), FIRST)
    try:
        return _git(repository, "rev-parse", "--verify", "--quiet", f"{wanted}^{{commit}}").strip()
    except subprocess.CalledProcessError:
        raise StackError(
            f"This checkout does not have {wanted!r}, the version before.",
            way_out="fetch the history and tags (`git fetch --unshallow --tags`), or name another one in PREVIOUS",
        ) from None


def python_of(commit: str, *, repository: Path, folder: Path) -> Path:
    """Return the Python that runs this commit's services; built once below `folder`."""
    made = folder / commit[:12]
    if not made.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            draft = Path(scratch)
            _build(commit, repository=repository, draft=draft)
            (draft / "venv").rename(made)
    return made / "bin" / "python"


def _build(commit: str, *, repository: Path, draft: Path) -> None:
    tree, wheels, venv = draft / "tree", draft / "wheels", draft / "venv"
    _git(repository, "worktree", "add", "--detach", "--force", str(tree), commit)
    try:
        sources = [str(tree / one) for one in PACKAGES]
        _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels), *sources)
    finally:
        shutil.rmtree(tree)
        _git(repository, "worktree", "prune")
    subprocess.run((sys.executable, "-m", "venv", "--without-pip", str(venv)), check=True)
    packages = next(venv.glob("lib/python3*/site-packages"))
    _pip("install", "--no-deps", "--no-index", "--target", str(packages), *map(str, wheels.glob("*.whl")))
    ours = [one for one in sys.path if one.endswith("site-packages")]
    # Names of folders alone: `.pth` files inside them, which lead to this version's sources, are not read.
    (packages / "others.pth").write_text("".join(f"{one}\n" for one in ours))


def _pip(*words: str) -> None:
    command = (sys.executable, "-m", "pip", words[0], "--quiet", "--disable-pip-version-check", *words[1:])
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise StackError(f"The version before could not be built:\n{done.stderr[-2000:]}")


def _git(repository: Path, *words: str) -> str:
    # A hook's variables would lead git to another repository.
    outside = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ("git", "-C", str(repository), *words)
    return subprocess.run(command, check=True, capture_output=True, text=True, env=outside).stdout
