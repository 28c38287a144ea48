"""A distribution's commands are found by the entry-point group, and imported when they are called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

METADATA = "Metadata-Version: 2.1\nName: shop-tools\nVersion: 1\n"


def test_a_command_of_another_package_is_listed_and_runs(tmp_path: Path) -> None:
    info = tmp_path / "shop_tools-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA)
    (info / "entry_points.txt").write_text("[proteus.commands]\nstock = shop_tools:stock\n")
    (tmp_path / "shop_tools.py").write_text('print("imported")\ndef stock():\n    """Count."""\n    print("nine")\n')

    def proteus(*words: str) -> str:
        script = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from proteus_cli.__main__ import main; main()"
        done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=True)
        return done.stdout

    listed = proteus("--help")
    assert "stock" in listed
    assert "Comes with shop-tools." in listed
    assert "imported" not in listed
    assert proteus("stock").split() == ["imported", "nine"]
