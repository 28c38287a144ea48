"""CatVTON's rule on ATR labels: what each category keeps and changes; and the soft edge at the photo's resolution."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from proteus.artefacts import Landmark
from proteus.errors import InvalidRequest, NoGarmentDetected, NoPersonDetected
from tailor.labels import Atr
from tailor.parsers.segformer import Network, SegformerParser
from tailor.parsers.segformer.agnostic import agnostic_masks, extremities
from tailor.parsers.segformer.matting import soft_alpha
from tailor.pose import Pose

WIDTH, HEIGHT = 768, 1024


def figure() -> np.ndarray:
    """A person of rectangles: hair, face, shirt, arms to the sides, trousers to the knee, legs, shoes, a bag."""
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    labels[60:110, 330:440] = Atr.HAIR
    labels[110:220, 340:430] = Atr.FACE
    labels[220:560, 280:490] = Atr.UPPER_CLOTHES
    labels[240:560, 220:280] = Atr.LEFT_ARM
    labels[240:560, 490:550] = Atr.RIGHT_ARM
    labels[560:800, 290:480] = Atr.PANTS
    labels[800:940, 300:370] = Atr.LEFT_LEG
    labels[800:940, 400:470] = Atr.RIGHT_LEG
    labels[940:980, 290:380] = Atr.LEFT_SHOE
    labels[940:980, 395:480] = Atr.RIGHT_SHOE
    labels[450:540, 550:620] = Atr.BAG
    return labels


def share(mask, labels, *wanted) -> float:
    return float((mask[np.isin(labels, wanted)] == 255).mean())


@pytest.fixture(scope="module")
def masks():
    hands = np.zeros((HEIGHT, WIDTH), np.bool_)
    hands[530:560, 220:280] = True
    return agnostic_masks(figure(), hands)


@pytest.mark.parametrize(
    ("category", "changed", "kept"),
    [
        ("upper", [Atr.UPPER_CLOTHES], [Atr.HAIR, Atr.FACE, Atr.PANTS, Atr.LEFT_LEG, Atr.BAG, Atr.LEFT_SHOE]),
        ("lower", [Atr.PANTS, Atr.LEFT_LEG, Atr.RIGHT_LEG], [Atr.HAIR, Atr.FACE, Atr.UPPER_CLOTHES, Atr.RIGHT_ARM]),
        ("overall", [Atr.UPPER_CLOTHES, Atr.PANTS, Atr.LEFT_LEG], [Atr.HAIR, Atr.FACE, Atr.RIGHT_SHOE, Atr.BAG]),
    ],
)
def test_a_category_changes_its_clothes_and_keeps_the_rest(masks, category, changed, kept):
    labels = figure()
    for label in changed:
        assert share(masks[category], labels, label) > 0.97, label
    for label in kept:
        assert share(masks[category], labels, label) < 0.35, label  # the last dilation bites into the rim
    assert set(np.unique(masks[category])) <= {0, 255}


def test_hands_and_face_are_never_repainted_but_for_their_rim(masks):
    for category in ("upper", "overall"):
        assert not masks[category][535:555, 226:276].any()
        assert not masks[category][120:210, 350:420].any()
        assert share(masks[category], figure(), Atr.RIGHT_ARM) > 0.97


def test_a_dress_follows_the_rule_of_the_whole_body(masks):
    assert np.array_equal(masks["dress"], masks["overall"])


def test_a_worn_dress_goes_for_every_category():
    labels = figure()
    labels[np.isin(labels, [Atr.UPPER_CLOTHES, Atr.PANTS])] = Atr.DRESS
    for mask in agnostic_masks(labels, np.zeros(labels.shape, np.bool_)).values():
        assert share(mask, labels, Atr.DRESS) == 1


def marks(**places) -> tuple[Landmark, ...]:
    """33 landmarks in the middle of the figure; `places` by index as `_15=(x, y)`."""
    base = [Landmark(x=384, y=400, visibility=0.9)] * 33
    fixed = {11: (470, 240), 12: (300, 240), 23: (440, 560), 24: (330, 560)}
    for index, (x, y) in (fixed | {int(name[1:]): place for name, place in places.items()}).items():
        base[index] = Landmark(x=x, y=y, visibility=0.9)
    return tuple(base)


def test_hands_lie_beyond_the_wrists_of_the_pose():
    found = extremities(marks(_15=(250, 540), _17=(245, 590), _19=(250, 595), _21=(258, 585)), (HEIGHT, WIDTH))
    assert found[590, 250]
    assert not found[300, 250]


class KnownPose:
    """A pose model that has seen the figure."""

    def find(self, photo, **_):
        mask = np.zeros(photo.shape[:2], np.uint8)
        mask[photo.shape[0] // 3 : photo.shape[0] // 2, photo.shape[1] // 2 - 10 : photo.shape[1] // 2 + 10] = 255
        return Pose(landmarks=marks(), mask=mask, score=0.99)


def network_that_sees(labels: np.ndarray) -> Network:
    """A network whose answer is known, sure of it, on the real grid of 128 x 128."""
    grid = cv2.resize(labels, (128, 128), interpolation=cv2.INTER_NEAREST)
    logits = np.where(np.arange(18)[:, None, None] == grid, np.float32(6), np.float32(0)).astype(np.float32)
    return Network(
        forward=lambda pictures: np.stack([logits] * len(pictures)), side=512, backend="torch", version="known"
    )


def parser_that_sees(labels: np.ndarray) -> SegformerParser:
    return SegformerParser(network_that_sees(labels), KnownPose())


def coloured(labels: np.ndarray) -> np.ndarray:
    palette = np.random.default_rng(4).integers(0, 256, (18, 3), np.uint8)
    palette[0] = 250
    return palette[labels]


@pytest.mark.parametrize(
    ("category", "found", "labels_cut"),
    [
        ("auto", "upper", [Atr.UPPER_CLOTHES]),
        ("upper", "upper", [Atr.UPPER_CLOTHES]),
        ("lower", "lower", [Atr.PANTS]),
        ("overall", "overall", [Atr.UPPER_CLOTHES, Atr.PANTS]),
    ],
)
def test_a_worn_garment_is_cut_by_its_category(category, found, labels_cut):
    labels = figure()
    garment = parser_that_sees(labels).find_garment(coloured(labels), category=category)
    assert garment.category == found
    assert garment.worn
    assert 0.3 < garment.confidence <= 1
    wanted = np.isin(labels, labels_cut)
    assert garment.alpha.shape == labels.shape
    assert garment.alpha[cv2.erode(wanted.astype(np.uint8), np.ones((17, 17))) > 0].mean() > 254.9
    assert (garment.alpha[cv2.dilate(wanted.astype(np.uint8), np.ones((31, 31))) == 0] == 0).all()


def test_a_garment_alone_is_cut_whole_however_its_parts_are_named():
    labels = np.zeros((400, 300), np.uint8)
    labels[50:300, 50:250] = Atr.UPPER_CLOTHES
    labels[200:300, 50:250] = Atr.DRESS
    garment = parser_that_sees(labels).find_garment(coloured(labels), category="upper")
    assert not garment.worn
    assert garment.category == "upper"
    assert (garment.alpha[60:290, 60:240] == 255).all()


@pytest.mark.parametrize(("category", "error"), [("dress", NoGarmentDetected), ("glove", InvalidRequest)])
def test_what_is_not_worn_or_not_a_category_is_refused(category, error):
    with pytest.raises(error):
        parser_that_sees(figure()).find_garment(coloured(figure()), category=category)


def test_a_photo_without_clothes_has_no_garment_and_no_person():
    empty = np.zeros((200, 200), np.uint8)
    with pytest.raises(NoGarmentDetected):
        parser_that_sees(empty).find_garment(coloured(empty), category="auto")
    with pytest.raises(NoPersonDetected):
        parser_that_sees(empty).find_person(coloured(empty))


def test_a_person_comes_with_masks_at_the_photos_size_and_without_bystanders():
    labels = figure()
    labels[300:700, 20:120] = Atr.UPPER_CLOTHES  # a stranger at the left edge
    found = parser_that_sees(labels).find_person(coloured(labels))
    assert found.person.shape == labels.shape
    assert not found.person[:, :130].any()
    assert (found.person[300:500, 300:480] == 255).all()
    assert set(found.agnostic) == {"upper", "lower", "overall", "dress"}
    for mask in found.agnostic.values():
        assert mask.shape == labels.shape
        assert not mask[:, :110].any()
    assert (found.agnostic["upper"][300:500, 300:480] == 255).all()


def test_the_edge_follows_the_photo_not_the_networks_grid():
    photo = np.full((512, 512, 3), 240, np.uint8)
    photo[100:400, 130:363] = (30, 60, 120)  # the cloth ends inside a cell of 4 pixels
    photo = cv2.GaussianBlur(photo, (0, 0), 0.7)
    grid = np.zeros((128, 128), np.float32)
    grid[25:100, 32:91] = 1
    alpha = soft_alpha(photo, cv2.GaussianBlur(grid, (0, 0), 0.8))
    truth = (240 - photo[..., 0].astype(float)) / (240 - 30) * 255
    row = np.abs(alpha[250].astype(float) - truth[250])
    coarse = cv2.resize(grid, (512, 512), interpolation=cv2.INTER_LINEAR)[250] * 255
    assert row.mean() < np.abs(coarse - truth[250]).mean() / 2
    assert alpha[250, 250] == 255
    assert alpha[250, 20] == 0
    assert not soft_alpha(photo, np.zeros((128, 128), np.float32)).any()
