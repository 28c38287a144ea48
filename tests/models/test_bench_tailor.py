"""`make bench-tailor` on a tiny network: ours and transformers' label the same photos the same way."""

from __future__ import annotations

import pytest

from tailor.parsers.segformer import load_network
from workbench.bench.checkpoints import write_segformer
from workbench.bench.tailor import Rival, agree, compare, photos


@pytest.mark.long
def test_ours_agrees_with_transformers_on_real_photos_but_for_ties(tmp_path):
    folder = write_segformer(tmp_path / "weights")
    eager = Rival(folder)
    timed, maps = compare({"theirs": eager, "ours": load_network(str(folder)).labels}, rounds=1)
    assert agree(maps["ours"], maps["theirs"]) > 0.99999
    assert max(map(eager.widest_tie, photos(), maps["ours"], maps["theirs"])) < 1e-5
    assert all(times.ms_per_photo(batch) > 0 for times in timed.values() for batch in (1, 4))


def test_labels_that_are_wrong_are_no_tie(tmp_path):
    eager = Rival(write_segformer(tmp_path / "weights"))
    photo = photos()[0]
    (labels,) = eager([photo])
    assert eager.widest_tie(photo, labels, labels) == 0
    assert eager.widest_tie(photo, (labels + 1) % 18, labels) > 0.1
