"""`proteus eval picture`, `set`, `drawn` and `distance`: what they read, print, write, and refuse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from proteus.imaging import encode
from workbench.eval.__main__ import evaluate
from workbench.eval.canvas import Pixels
from workbench.eval.quality import docs, sheet
from workbench.eval.quality.cli import REFUSED, UNMEASURED
from workbench.eval.quality.measuring import METRICS, Row
from workbench.eval.quality.score import Score

PAGE = Path(__file__).parents[2] / "docs" / "quality.md"
SIZE = (160, 120)


def photo() -> Pixels:
    return np.full((*SIZE, 3), (200, 190, 180), np.uint8)


def garment() -> Pixels:
    cut = np.zeros((80, 64, 4), np.uint8)
    cut[8:-8, 8:-8] = (180, 30, 40, 255)
    return cut


def mask() -> Pixels:
    allowed = np.zeros(SIZE, np.uint8)
    allowed[30:130, 20:100] = 255
    return allowed


def result() -> Pixels:
    picture = photo()
    picture[48:112, 36:84] = (180, 30, 40)
    return picture


def write(folder: Path, **changes: Pixels) -> dict[str, Path]:
    """Write a try-on's files; `changes` replace a picture, `None` leaves it out."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {"person": photo(), "garment": garment(), "result": result(), "mask": mask(), **changes}
    paths = {name: folder / f"{name}.png" for name in pictures}
    for name, pixels in pictures.items():
        paths[name].write_bytes(encode(pixels, "png"))
    return paths


def run(*words: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(evaluate, [str(word) for word in words])
    return done.exit_code, done.stdout, " ".join(done.stderr.split())


def options(paths: dict[str, Path], *names: str) -> list[object]:
    return [word for name in names for word in (f"--{name}", paths[name])]


def test_a_picture_gives_each_metric_with_its_reason(tmp_path: Path) -> None:
    words = options(write(tmp_path), "person", "garment", "result", "mask")
    status, out, _ = run("picture", *words, "--json")
    scores = json.loads(out)["scores"]
    assert (status, tuple(scores)) == (0, METRICS)
    assert {name: scores[name]["value"] for name in ("background", "colour", "texture", "shape")} == {
        "background": 1.0, "colour": 1.0, "texture": 1.0, "shape": 1.0,
    }  # fmt: skip
    assert all(score["reason"] for score in scores.values())
    status, out, _ = run("picture", *words)
    assert (status, [name for name in METRICS if name not in out]) == (0, [])


def test_without_a_mask_only_the_background_has_no_value(tmp_path: Path) -> None:
    _, out, _ = run("picture", *options(write(tmp_path), "person", "garment", "result"), "--json")
    scores = json.loads(out)["scores"]
    assert [name for name in ("background", "colour", "shape") if scores[name]["value"] is None] == ["background"]


def test_around_the_mask_an_engine_may_blend_unless_it_is_told_otherwise(tmp_path: Path) -> None:
    blended = result()
    blended[29, 60] = 0
    words = options(write(tmp_path, result=blended), "person", "garment", "result", "mask")
    values = [
        json.loads(run("picture", *words, "--json", *more)[1])["scores"]["background"]["value"]
        for more in ((), ("--feather", 1), ("--feather", 0))
    ]
    assert values[:2] == [1.0, 1.0]
    assert values[2] < 1.0


def test_a_worn_mask_says_where_the_garment_is(tmp_path: Path) -> None:
    elsewhere = np.zeros(SIZE, np.uint8)
    elsewhere[118:130, 20:100] = 255
    paths = write(tmp_path, worn=elsewhere)
    _, out, _ = run("picture", *options(paths, "person", "garment", "result", "mask", "worn"), "--json")
    assert json.loads(out)["scores"]["shape"]["value"] == 0.0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"garment": garment()[..., :3]}, "garment.png has no transparency"),
        ({"result": result()[:-40]}, "The result is 120 x 120 pixels, the photo 120 x 160 pixels"),
        ({"mask": mask()[:, :-40]}, "mask.png is 80 x 160 pixels, the photo 120 x 160 pixels"),
    ],
)
def test_pictures_that_do_not_fit_are_refused(tmp_path: Path, changes: dict[str, Pixels], sentence: str) -> None:
    paths = write(tmp_path, **changes)
    status, out, said = run("picture", *options(paths, "person", "garment", "result", "mask"), "--json")
    assert (status, out) == (REFUSED, "")
    assert sentence in said


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    paths = write(tmp_path)
    paths["result"].unlink()
    status, _, said = run("picture", *options(paths, "person", "garment", "result"))
    assert status == REFUSED
    assert "cannot be read: No such file" in said


def test_a_folder_is_a_set_and_a_torn_entry_is_a_row(tmp_path: Path) -> None:
    write(tmp_path / "good")
    write(tmp_path / "bad", result=photo())
    write(tmp_path / "torn")["result"].write_bytes(b"\x89PNG\r\n\x1a\n")
    status, out, _ = run("set", tmp_path, "--sheet", tmp_path / "sheet.html")
    found = json.loads(out)
    rows = {row["name"]: row for row in found["pictures"]}
    assert status == UNMEASURED
    assert list(rows) == ["bad", "good", "torn"]
    assert rows["torn"]["error"]
    assert rows["bad"]["scores"]["shape"]["failure"] == "missing_garment"
    assert found["groups"][""]["errors"] == 1
    page = (tmp_path / "sheet.html").read_text()
    assert page.index("torn</h2>") < page.index("bad</h2>") < page.index("good</h2>")
    assert page.count("data:image/webp;base64,") == 6
    assert "<script" not in page
    assert "http" not in page


def test_a_manifest_compares_engines_and_presets(tmp_path: Path) -> None:
    write(tmp_path / "a")
    write(tmp_path / "b", result=photo())
    entry = {name: f"a/{name}.png" for name in ("person", "garment", "mask")}
    manifest = [
        {"name": "1", **entry, "result": "a/result.png", "engine": "puppet", "quality": "best"},
        {"name": "2", **entry, "result": "b/result.png", "engine": "fashn", "quality": "fast"},
    ]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    for place in (tmp_path, tmp_path / "manifest.json"):
        status, out, _ = run("set", place)
        groups = json.loads(out)["groups"]
        assert (status, list(groups)) == (0, ["fashn/fast", "puppet/best"])
        assert groups["puppet/best"]["metrics"]["shape"]["mean"] == 1.0
        assert groups["fashn/fast"]["failures"] == {"missing_garment": 1}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{}", "is no manifest: the file:"),
        ("[", "is no manifest: the file:"),
        ('[{"name": "x"}]', "is no manifest: 0.person:"),
        ('[{"name": "", "person": "p", "garment": "g", "result": "r"}]', "is no manifest: 0.name:"),
        ('[{"name": "x", "person": "p", "garment": "g", "result": "r", "model": "m"}]', "is no manifest: 0.model:"),
        ("[]", "holds no try-ons"),
    ],
)
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    status, out, said = run("set", tmp_path)
    assert (status, out) == (REFUSED, "")
    assert sentence in said


def test_a_place_that_is_no_set_is_refused(tmp_path: Path) -> None:
    assert run("set", tmp_path)[0] == REFUSED
    assert "is neither a folder nor a manifest" in run("set", tmp_path / "nowhere")[2]
    paths = write(tmp_path / "half")
    paths["garment"].unlink()
    assert "half has no garment: each try-on's folder needs all three." in run("set", tmp_path)[2]


def test_the_contact_sheet_escapes_what_others_wrote() -> None:
    row = Row(name="<b>", group="a&b", scores={"text": Score(value=0.0, reason="reads '<i>'", failure="mirrored_text")})
    page = sheet.page([row, Row(name="x", error="<torn>")], title="<t>")
    assert "<b>&lt;" not in page.replace("<b>mirrored text</b>", "")
    for escaped in ("&lt;b&gt;", "a&amp;b", "&lt;i&gt;", "&lt;torn&gt;", "&lt;t&gt;"):
        assert escaped in page


def test_drawn_tryons_are_measured_and_their_page_is_the_one_that_is_shipped(tmp_path: Path) -> None:
    status, out, _ = run("drawn", "--count", 1, "--page", tmp_path / "quality.md")
    assert status == 0
    assert json.loads(out)["groups"]["puppet"]["metrics"]["background"]["least"] == 1.0
    made, shipped = (tmp_path / "quality.md").read_text(), PAGE.read_text()
    for part in (docs.HEAD, docs.PACKAGES, docs.UNMEASURED):
        assert part in made
        assert part in shipped, "run `make quality`"
    assert all(f"| {name} | {docs.MEANINGS[name]} |" in shipped for name in METRICS)


def test_the_distance_of_two_results_is_told_in_levels_and_only_where_the_mask_is_white(tmp_path: Path) -> None:
    exact = np.full((80, 64, 3), 100, np.uint8)
    result, mask = exact.copy(), np.zeros((80, 64, 3), np.uint8)
    result[:40], mask[:40] = 104, 255
    places = {}
    for name, pixels in (("exact", exact), ("result", result), ("mask", mask)):
        places[name] = tmp_path / f"{name}.png"
        Image.fromarray(pixels).save(places[name])
    status, line, _ = run("distance", places["exact"], places["result"], "--mask", places["mask"])
    assert (status, json.loads(line)) == (0, {"mean": 4.0, "rms": 4.0, "largest": 4, "psnr": 36.09})
    assert json.loads(run("distance", places["exact"], places["result"])[1])["mean"] == 2.0
    assert json.loads(run("distance", places["exact"], places["exact"])[1])["psnr"] is None


def test_results_that_cannot_be_compared_are_refused(tmp_path: Path) -> None:
    for name, size, value in (("a", (64, 80), 9), ("b", (64, 90), 9), ("black", (64, 80), 0)):
        Image.new("RGB", size, (value, value, value)).save(tmp_path / f"{name}.png")
    a = tmp_path / "a.png"
    for words, sentence in (
        ([a, tmp_path / "b.png"], "must have one size"),
        ([a, a, "--mask", tmp_path / "black.png"], "mask is black"),
        ([a, tmp_path / "none.png"], "cannot be read"),
    ):
        status, _, said = run("distance", *words)
        assert status == REFUSED
        assert sentence in said
