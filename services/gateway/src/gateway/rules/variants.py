"""What tells a cut-out from others of the same photo. Pure."""

from __future__ import annotations

from proteus.artefacts import CUT_REVISION
from proteus.jobs import Category


def cut_variant(category: Category, parser_version: str) -> str:
    """Return what tells a cut-out from others of the same photo; `category_of` reads it."""
    return f"{category.value}/{parser_version}/{CUT_REVISION}"


def category_of(variant: str) -> str:
    """Return the category that a cut-out was asked for with."""
    return variant.partition("/")[0]
