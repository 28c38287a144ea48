"""The map in docs/architecture.md: every room of every package, with the first sentence of its docstring.

`python -m workbench.rooms` writes it; a test compares.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[4]
PAGE: Final = ROOT / "docs" / "architecture.md"
BEGIN: Final = "<!-- rooms: written by `python -m workbench.rooms` -->"
END: Final = "<!-- end of rooms -->"
PACKAGES: Final = {
    "proteus": "libs/proteus",
    "proteus_client": "clients/python",
    "gateway": "services/gateway",
    "tailor": "services/tailor",
    "weaver": "services/weaver",
    "arbitrator": "services/arbitrator",
    "proteus_cli": "tools/cli",
    "workbench": "tools/workbench",
}


def rooms(package: str) -> list[tuple[str, str]]:
    """Return (name, first sentence of the docstring) of every module and folder right below a package."""
    home = ROOT / PACKAGES[package] / "src" / package
    found = {}
    for path in sorted(home.iterdir()):
        source = path / "__init__.py" if path.is_dir() else path
        if source.suffix == ".py" and source.is_file() and path.name not in ("__init__.py", "__pycache__"):
            found[f"{path.name}/" if path.is_dir() else path.stem] = _first_sentence(source)
    return sorted(found.items(), key=lambda room: (not room[0].endswith("/"), room[0]))


def page_with_rooms(page: str) -> str:
    """Return the page with its map written anew."""
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    parts = [BEGIN, ""]
    for package, folder in PACKAGES.items():
        parts += [f"### `{folder}`", "", "| room | what it is |", "|---|---|"]
        parts += [f"| `{name}` | {sentence} |" for name, sentence in rooms(package)]
        parts.append("")
    return before + "\n".join(parts) + END + after


def _first_sentence(source: Path) -> str:
    text = ast.get_docstring(ast.parse(source.read_text())) or ""
    paragraph = " ".join(text.split("\n\n")[0].split())
    end = paragraph.find(". ")
    return (paragraph if end < 0 else paragraph[: end + 1]).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page_with_rooms(PAGE.read_text()))
