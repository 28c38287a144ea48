"""A garment's sides are drawn in where they would hang in the air; what lies elsewhere stays where it is."""

from __future__ import annotations

import numpy as np
import pytest

from weaver.pipelines.fitting import Piece
from weaver.pipelines.mesh import Mesh, bilinear, unit_grid, warp
from weaver.pipelines.snug import Bounds, snug

SIDE, MARGIN = 200, 3.0


def piece_of(left: int = 40, right: int = 160) -> Piece:
    """A plain piece, 200 pixels a side, that is carried onto the photo as it is."""
    mask = np.zeros((SIDE, SIDE), bool)
    mask[20:180, left:right] = True
    corners = np.array([(left - 1, 19), (right, 19), (left - 1, 180), (right, 180)], float)
    grid = bilinear(corners, *unit_grid())
    return Piece(mask, Mesh(grid, grid.copy()), "forearms")


def painted(piece: Piece) -> np.ndarray:
    texture = piece.mask.astype(np.float32)[..., None].repeat(4, axis=2)
    return warp(texture, piece.mesh, (0, 0, SIDE, SIDE))[..., 3] > 0.5


def drawn_in(piece: Piece, air: np.ndarray, *, below: float = 0.0, cover: np.ndarray | None = None) -> Piece:
    cover = np.zeros_like(air) if cover is None else cover
    return snug(piece, Bounds(air=air, cover=cover, offset=(0, 0), margin=MARGIN), middle=100.0, below=below)


@pytest.mark.parametrize("side", ["left", "right", "both"])
def test_cloth_ends_before_the_air_on_each_side_and_the_middle_stays(side: str) -> None:
    air = np.zeros((SIDE, SIDE), bool)
    air[90:150, :60] = side != "right"
    air[90:150, 140:] = side != "left"
    piece = piece_of()
    before, after = painted(piece), painted(drawn_in(piece, air))
    assert (before & air).sum() > 1000
    assert not (after & air).any()
    assert after[25:175, 90:110].all()
    # Far from the air it is as wide as before, and in its rows hardly narrower than it has to be.
    assert (after ^ before)[22:40].sum() <= 2 * 18
    assert after[120].sum() > (~air[120] & before[120]).sum() - 4 * (MARGIN + 2)


def test_sides_run_in_slowly_so_that_no_step_is_seen() -> None:
    air = np.zeros((SIDE, SIDE), bool)
    air[100:, 140:] = True
    edge = np.array([np.flatnonzero(row).max() for row in painted(drawn_in(piece_of(), air))[25:175]])
    assert np.abs(np.diff(edge)).max() <= 4


@pytest.mark.parametrize("case", ["no air", "air above the shoulders", "air deep inside"])
def test_a_piece_stays_as_it_is_where_no_side_hangs_in_the_air(case: str) -> None:
    air = np.zeros((SIDE, SIDE), bool)
    air[30:60, 130:] = case == "air above the shoulders"
    # A hand before the belly is nothing to draw a side in for.
    air[100:120, 115:135] = case == "air deep inside"
    piece = piece_of()
    assert drawn_in(piece, air, below=80.0) is piece


@pytest.mark.parametrize("side", ["left", "right", "both"])
def test_cloth_covers_a_leg_that_is_wider_and_the_middle_stays(side: str) -> None:
    leg = np.zeros((SIDE, SIDE), bool)
    leg[90:150, 28:100] = side != "right"
    leg[90:150, 100:172] |= side != "left"
    piece = piece_of()
    before, after = painted(piece), painted(drawn_in(piece, np.zeros_like(leg), cover=leg))
    assert (leg & ~before).sum() > 500
    assert not (leg & ~after).any()
    assert not (before & ~after).any()
    # Far from the leg it is as wide as before; beside it hardly wider than it has to be.
    assert (after ^ before)[22:40].sum() <= 2 * 18
    assert after[120].sum() < (leg[120] | before[120]).sum() + 4 * (MARGIN + 2)


def test_cloth_is_drawn_out_by_a_third_at_most() -> None:
    leg = np.zeros((SIDE, SIDE), bool)
    leg[90:150, :100] = True
    after = painted(drawn_in(piece_of(), np.zeros_like(leg), cover=leg))
    assert after.any(axis=0).argmax() >= 100 - 1.35 * 60 - 1
