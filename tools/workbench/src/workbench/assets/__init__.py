"""The demo's two pictures. Their origin and licences: `LICENCES.md` beside this file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

PERSON: Final = Path(__file__).with_name("person.jpg")
GARMENT: Final = Path(__file__).with_name("garment.jpg")
