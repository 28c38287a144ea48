"""What a cut takes with an operator's networks is measured at start, whatever becomes of the sample."""

from __future__ import annotations

import numpy as np
import pytest
from structlog.testing import capture_logs

from proteus.errors import NoGarmentDetected
from proteus.imaging import MAX_STORED_SIDE_PIXELS
from proteus.service.machine import MIB
from tailor.loading import WORK_BYTES, WORK_MARGIN, work_bytes
from tailor.parsers.classic import ClassicParser
from tailor.parsers.contract import GarmentMask, Pixels

HUNGER_BYTES = 500 * MIB


class Hungry:
    """A parser behind the seam whose network takes this much; it finds a garment or none."""

    name, version = "hungry", "1"

    def __init__(self, size_bytes: int, *, finds: bool = True) -> None:
        self.size_bytes, self.finds, self.seen = size_bytes, finds, (0, 0, 0)

    def find_garment(self, photo: Pixels, *, category: str) -> GarmentMask:
        self.seen = photo.shape
        assert np.ones(self.size_bytes, np.uint8).any()
        if not self.finds:
            raise NoGarmentDetected
        return GarmentMask(
            alpha=np.where(photo[..., 0] < 200, np.uint8(255), np.uint8(0)),
            category="upper",
            confidence=1.0,
            worn=False,
        )

    def find_person(self, photo: Pixels) -> None:
        raise NotImplementedError


@pytest.mark.parametrize("finds", [True, False])
def test_a_slot_has_room_for_what_the_networks_really_take(finds: bool) -> None:
    parser = Hungry(HUNGER_BYTES, finds=finds)
    with capture_logs() as logs:
        found = work_bytes(parser)
    assert parser.seen == (MAX_STORED_SIDE_PIXELS, MAX_STORED_SIDE_PIXELS, 3)
    assert WORK_MARGIN * (HUNGER_BYTES - MIB) <= found < WORK_MARGIN * HUNGER_BYTES + 200 * MIB
    [line] = logs
    assert (line["event"], line["parser"]) == ("work_measured", "hungry")
    assert line["cut_mib"] >= HUNGER_BYTES // MIB - 1  # the kernel counts in pages, some of them late


def test_a_small_network_takes_no_less_than_a_cut_does() -> None:
    assert work_bytes(Hungry(MIB)) == WORK_BYTES


def test_classic_has_no_networks_of_an_operator_and_its_measure_is_known() -> None:
    with capture_logs() as logs:
        assert work_bytes(ClassicParser(pose=None)) == WORK_BYTES  # type: ignore[arg-type]
    assert logs == []
