"""A process in which importing torch fails, as in the tailor's image."""

from __future__ import annotations

from pathlib import Path

REASON = "there is no torch here"


def without_torch(folder: Path) -> dict[str, str]:
    """Put a package `torch` that cannot be imported under the folder; return the environment that finds it first."""
    package = folder / "no_torch" / "torch"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(f"raise ImportError({REASON!r})")
    return {"PYTHONPATH": str(package.parent)}
