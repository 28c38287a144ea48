"""Each metric falls with the distortion that it is for, the more the stronger it is, and the others stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.eval import family_a, portraits
from workbench.eval.canvas import Pixels
from workbench.eval.quality import drawn, networks
from workbench.eval.quality.background import background
from workbench.eval.quality.colour import colour
from workbench.eval.quality.hub_networks import FETCH
from workbench.eval.quality.identity import SAME_BELOW, identity
from workbench.eval.quality.measuring import FROM_HUB, METRICS, Row, measure, summary
from workbench.eval.quality.missing import Missing
from workbench.eval.quality.networks import Networks
from workbench.eval.quality.nsfw import nsfw
from workbench.eval.quality.score import Score, Tryon, box_of, lab
from workbench.eval.quality.shape import shape
from workbench.eval.quality.text import similarity, text, words
from workbench.eval.quality.texture import texture
from workbench.eval.quality.worn import worn_in

SIZE = (448, 336)
GARMENTS = ("tee-white-print", "long-breton", "maxi-roses", "jumper-red", "skirt-flowers")
PATTERNED = tuple(name for name in GARMENTS if name != "jumper-red")
TURNED = ("tee-white-print", "skirt-flowers")
"""Those whose pattern differs from its mirror image."""

UNDECIDED = ("maxi-roses",)
"""Scattered flowers on a skirt that flares: drawn on a body, they are as near to their mirror image."""

OWN: dict[str, Callable[[Tryon], Score]] = {
    "background": background, "colour": colour, "texture": texture, "shape": shape,
}  # fmt: skip
"""The metrics that need no package."""

NOISE = 0.01
BLUR_NOISE = 0.07
"""A slight blur of a pattern may fit as well as none, and better by chance where few patches have one."""

NONE = Networks(reader=Missing("no reader"), embedder=Missing("no embedder"), classifier=Missing("no classifier"))


@cache
def sample(garment: str) -> Tryon:
    place = [name for name, _ in drawn.GARMENTS].index(garment)
    person = portraits.cases(12)[place * drawn.APART % 12]
    return drawn.made(person, garment, drawn.GARMENTS[place][1], SIZE)


@cache
def true_score(garment: str, metric: str) -> float:
    value = OWN[metric](sample(garment)).value
    assert value is not None
    return value


def recoloured(tryon: Tryon, strength: float) -> Tryon:
    colours = lab(tryon.result)
    colours[..., 1] += 45 * strength
    colours[..., 2] -= 30 * strength
    return dyed(tryon, cv2.cvtColor(colours, cv2.COLOR_LAB2RGB) * 255)


def blurred(tryon: Tryon, strength: float) -> Tryon:
    return dyed(tryon, cv2.GaussianBlur(tryon.result, (0, 0), 8 * strength))


def checked(tryon: Tryon, strength: float) -> Tryon:
    ys, xs = np.indices(SIZE)
    squares = ((ys // 6 + xs // 6) % 2 * 2 - 1) * 45 * strength
    return dyed(tryon, tryon.result + squares[..., None])


def dyed(tryon: Tryon, colours: np.ndarray) -> Tryon:
    result = tryon.result.copy()
    result[tryon.worn] = np.clip(np.round(colours), 0, 255)[tryon.worn]
    return replace(tryon, result=result)


def shortened(tryon: Tryon, strength: float) -> Tryon:
    rows, _ = box_of(tryon.worn)
    hem = round(rows.stop - 0.75 * strength * (rows.stop - rows.start))
    result, worn = tryon.result.copy(), tryon.worn.copy()
    result[hem:], worn[hem:] = tryon.person[hem:], False
    return replace(tryon, result=result, worn=worn)


def repainted(tryon: Tryon, strength: float) -> Tryon:
    assert tryon.mask is not None
    result = tryon.result.astype(np.int16)
    result[tryon.mask < 128] += round(30 * strength)
    return replace(tryon, result=np.clip(result, 0, 255).astype(np.uint8))


FALLS = (
    (recoloured, "colour", GARMENTS, 0.5),
    (blurred, "texture", PATTERNED, 0.52),
    (checked, "texture", ("jumper-red",), 0.4),
    (shortened, "shape", GARMENTS, 0.5),
    (repainted, "background", GARMENTS, 0.35),  # Walls that are nearly white take less of it.
)
"""Distortion, the metric that falls, for which garments, and how low it falls at full strength."""


@pytest.mark.parametrize("garment", GARMENTS)
def test_a_true_tryon_scores_high_on_every_metric(garment: str) -> None:
    least = {"background": 1.0, "colour": 0.9, "texture": 0.6, "shape": 0.7}
    assert {name: true_score(garment, name) for name in OWN if true_score(garment, name) < least[name]} == {}
    assert [score.failure for score in measure(sample(garment), NONE).values() if score.failure] == []


@pytest.mark.parametrize(
    ("distorted", "metric", "garments", "low"), FALLS, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_distortion_lowers_its_metric_the_more_the_stronger_it_is(
    distorted: Callable[[Tryon, float], Tryon], metric: str, garments: tuple[str, ...], low: float
) -> None:
    noise = BLUR_NOISE if distorted is blurred else NOISE
    for garment in garments:
        scores = [OWN[metric](distorted(sample(garment), strength)) for strength in (0.35, 0.7, 1.0)]
        values = [true_score(garment, metric), *(-1.0 if score.value is None else score.value for score in scores)]
        assert min(values) >= 0
        assert all(after <= before + noise for before, after in pairwise(values)), (garment, values)
        assert {score.failure for score in scores} == {""}, garment
        assert values[0] - values[-1] > 0.2, (garment, values)
        assert values[-1] <= low, (garment, scores[-1])


@pytest.mark.parametrize("garment", GARMENTS)
@pytest.mark.parametrize(
    ("distorted", "others"),
    [(recoloured, ("background", "texture", "shape")), (blurred, ("background", "shape")),
     (checked, ("background", "shape")), (shortened, ("background",)), (repainted, ("colour", "texture", "shape"))],
)  # fmt: skip
def test_a_distortion_leaves_the_other_metrics(
    distorted: Callable[[Tryon, float], Tryon], others: tuple[str, ...], garment: str
) -> None:
    for metric in others:
        value = OWN[metric](distorted(sample(garment), 1.0)).value
        assert value is not None
        assert true_score(garment, metric) - value < 0.15, metric


def test_one_pixel_by_one_level_outside_the_mask_is_found() -> None:
    tryon = sample("jumper-red")
    assert tryon.mask is not None
    ys, xs = np.nonzero(tryon.mask == 0)
    for place in range(0, len(ys), len(ys) // 20):
        result = tryon.result.copy()
        result[ys[place], xs[place], place % 3] ^= 1
        score = background(replace(tryon, result=result))
        assert score.value is not None
        assert score.value <= 0.99
        assert score.reason.startswith("1 of ")


def test_where_an_engine_blends_around_the_mask_pixels_may_change_and_beyond_they_may_not() -> None:
    tryon = sample("jumper-red")
    assert tryon.mask is not None
    allowed = (tryon.mask > 127).astype(np.uint8)
    tryon = replace(tryon, mask=np.where(allowed, 128, 127).astype(np.uint8))
    for reach, feather, exact in ((4, 4, True), (5, 4, False), (1, 0, False), (0, 0, True)):
        result = tryon.person.copy()
        result[cv2.dilate(allowed, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0] ^= 1
        value = background(replace(tryon, result=result, feather_pixels=feather)).value
        assert (value == 1.0) is exact, (reach, feather)


@pytest.mark.parametrize("garment", TURNED)
def test_a_mirrored_print_is_named_without_ocr(garment: str) -> None:
    score = texture(mirrored(sample(garment)))
    assert (score.value, score.failure) == (0.0, "mirrored_print")


@pytest.mark.parametrize("garment", [name for name in GARMENTS if name not in TURNED + UNDECIDED])
def test_a_pattern_that_is_its_own_mirror_image_is_not_called_mirrored(garment: str) -> None:
    assert texture(mirrored(sample(garment))).failure == ""


def mirrored(tryon: Tryon) -> Tryon:
    result, worn = tryon.result.copy(), tryon.worn.copy()
    box = box_of(worn)
    result[box], worn[box] = result[box][:, ::-1], worn[box][:, ::-1]
    return replace(tryon, result=result, worn=worn)


@pytest.mark.parametrize("garment", GARMENTS)
def test_a_missing_garment_has_no_shape_and_nothing_else_is_guessed(garment: str) -> None:
    tryon = sample(garment)
    nothing = replace(tryon, result=tryon.person, worn=worn_in(tryon.person, tryon.person, tryon.mask))
    score = shape(nothing)
    assert (score.value, score.failure) == (0.0, "missing_garment")
    assert (colour(nothing).value, texture(nothing).value) == (None, None)


@pytest.mark.parametrize("garment", GARMENTS)
def test_the_worn_garment_is_found_in_what_changed(garment: str) -> None:
    tryon = sample(garment)
    assert tryon.mask is not None
    elsewhere = tryon.result.copy()
    elsewhere[: SIZE[0] // 8] ^= 128
    found = worn_in(tryon.person, elsewhere, tryon.mask)
    assert np.count_nonzero(found & tryon.worn) > 0.85 * np.count_nonzero(tryon.worn)
    assert np.count_nonzero(found & (tryon.mask == 0)) < 0.02 * np.count_nonzero(tryon.worn)


def test_without_a_mask_the_background_has_no_value() -> None:
    score = background(replace(sample("jumper-red"), mask=None))
    assert score.value is None
    assert "mask" in score.reason


def sleeves_from_left_to_right(picture: Pixels) -> list[str]:
    """Read a marked garment: the names of its sleeves' colours, in the order in which they stand."""
    red, green, blue = (picture[..., channel].astype(int) for channel in range(3))
    places = {"RED": (red > 1.9 * green) & (red > 1.9 * blue), "GREEN": (green > 1.7 * red) & (green > 1.5 * blue)}
    seen = {word: float(np.nonzero(mask)[1].mean()) for word, mask in places.items() if np.count_nonzero(mask) > 50}
    word = "".join(sorted(seen, key=lambda name: seen[name]))
    return [word] if word else []


@pytest.fixture(scope="module")
def marked() -> Tryon:
    garment = portraits.marked(family_a.TEE)
    height, width = garment.shape[:2]
    person = np.full((height + 80, width + 80, 3), 235, np.uint8)
    alpha = garment[..., 3:] / 255
    result, worn = person.copy(), np.zeros(person.shape[:2], bool)
    result[40:-40, 40:-40] = garment[..., :3] * alpha + 235 * (1 - alpha)
    worn[40:-40, 40:-40] = alpha[..., 0] > 0.5
    return Tryon(person=person, garment=garment, result=result, worn=worn)


def test_text_is_right_mirrored_or_missing(marked: Tryon) -> None:
    right = text(marked, sleeves_from_left_to_right)
    assert (right.value, right.failure) == (1.0, "")
    turned = text(replace(marked, result=marked.result[:, ::-1].copy()), sleeves_from_left_to_right)
    assert (turned.value, turned.failure) == (0.0, "mirrored_text")
    half = marked.result.copy()
    half[:, half.shape[1] // 2 :] = 235
    part = text(replace(marked, result=half), sleeves_from_left_to_right)
    assert part.value is not None
    assert 0 < part.value < 0.7
    assert part.failure == ""
    gone = text(replace(marked, result=marked.person), sleeves_from_left_to_right)
    assert (gone.value, gone.failure) == (0.0, "")
    assert text(marked, lambda _: []).value is None


@pytest.mark.parametrize(
    ("read", "expected"),
    [([], []), (["0"], []), (["ocean drive", "N° 7"], ["OCEAN", "DRIVE"]), (["Größe-XL"], ["GRÖSSEXL"]), ([" "], [])],
)
def test_words_are_capitals_of_two_letters_or_more(read: list[str], expected: list[str]) -> None:
    assert words(read) == expected


@given(st.lists(st.text("ABCDE", min_size=2, max_size=6), min_size=1, max_size=4), st.randoms())
def test_similarity_is_one_for_the_same_words_in_any_order_and_falls_when_one_is_lost(wanted, random) -> None:
    shuffled = random.sample(wanted, len(wanted))
    assert similarity(wanted, shuffled) == pytest.approx(1.0)
    assert 0 <= similarity(wanted, shuffled[1:]) <= 1
    assert similarity(wanted, []) == 0


def thumbnail_of_the_head(picture: Pixels) -> np.ndarray | None:
    head = picture[: picture.shape[0] // 4]
    return (
        None if head.max() == 0 else cv2.resize(head, (8, 4), interpolation=cv2.INTER_AREA).astype(float).ravel() / 255
    )


def test_identity_falls_with_the_distance_of_the_faces_and_names_another_face() -> None:
    tryon = replace(sample("jumper-red"), result=sample("jumper-red").person)
    scores = []
    for strength in (0, 20, 60, 120):
        result = tryon.result.copy()
        result[: SIZE[0] // 4] = np.clip(result[: SIZE[0] // 4].astype(int) - strength, 1, 255)
        scores.append(identity(replace(tryon, result=result), thumbnail_of_the_head))
    values = [score.value for score in scores]
    assert values[0] == 1.0
    assert values == sorted(values, reverse=True)  # type: ignore[type-var]
    assert scores[-1].failure == "another_face"
    assert all((score.failure == "another_face") == (score.value <= 0.5) for score in scores if score.value is not None)
    assert SAME_BELOW == 0.6
    black = np.zeros_like(tryon.result)
    assert identity(replace(tryon, result=black), thumbnail_of_the_head).failure == "face_lost"
    assert identity(replace(tryon, person=black), thumbnail_of_the_head).value is None


def test_nsfw_is_one_minus_the_results_probability() -> None:
    tryon = sample("jumper-red")
    score = nsfw(tryon, lambda picture: 0.25 if picture is tryon.result else 0.1)
    assert score.value == 0.75
    assert "0.25" in score.reason
    assert "0.10" in score.reason


def test_what_is_not_installed_has_no_value_and_says_what_to_install() -> None:
    scores = measure(sample("jumper-red"), NONE)
    assert tuple(scores) == METRICS
    assert {name: score.reason for name, score in scores.items() if score.value is None} == {
        "identity": "no embedder", "text": "no reader", "nsfw": "no classifier", **dict.fromkeys(FROM_HUB, FETCH),
    }  # fmt: skip
    for one in (networks.reader(), networks.embedder(), networks.nsfw_classifier()):
        assert not isinstance(one, Missing) or "pip install" in one.reason


def test_a_summary_counts_only_what_was_measured() -> None:
    rows = [
        Row(name="a", group="x", scores={"colour": Score(value=0.5, reason=""), "text": Score(value=None, reason="")}),
        Row(name="b", group="x", scores={"colour": Score(value=1.0, reason="", failure="odd")}),
        Row(name="c", group="y", error="torn"),
    ]
    found = summary(rows)
    assert found["x"]["metrics"]["colour"] == {"measured": 2, "mean": 0.75, "least": 0.5}
    assert found["x"]["metrics"]["text"] == {"measured": 0, "mean": None, "least": None}
    assert (found["x"]["failures"], found["y"]["errors"]) == ({"odd": 1}, 1)
