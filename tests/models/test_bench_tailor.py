"""`make bench-tailor` on a tiny network: ours and transformers' label the same photos the same way."""

from __future__ import annotations

from tailor.parsers.segformer import load_network
from workbench.bench.checkpoints import write_segformer
from workbench.bench.tailor import Rival, compare


def test_ours_agrees_with_transformers_on_real_photos(tmp_path):
    folder = write_segformer(tmp_path / "weights")
    timed, agreement = compare({"theirs": Rival(folder), "ours": load_network(str(folder)).labels}, rounds=1)
    assert agreement["theirs"] == 1
    assert agreement["ours"] > 0.99999
    assert all(times.ms_per_photo(batch) > 0 for times in timed.values() for batch in (1, 4))
