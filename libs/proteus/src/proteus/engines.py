"""The engines' cards: what the gateway, the weaver and a user must know of each, without importing any of them.

A card is data. The engine's code is in `weaver.pipelines`; the gateway reads cards to make batch keys, to check the
licence policy and to answer `GET /v1/models`. The chart's list of engines and its refusals are generated from the cards
(`python -m workbench.deploy.manifests`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from proteus.artefacts import ACCESSORIES, CLOTHES, GarmentCategory

Quality = Literal["fast", "balanced", "best", "approximate"]
"""How much is computed for a picture. `approximate` leaves out parts of steps, so its pictures differ from those of the
same steps done whole; every other quality does its steps whole. Engines without shortcuts make it as `balanced`."""

MaskMode = Literal["auto", "provided", "free"]
"""Where a picture may change: the parse's mask, the client's own, or everywhere."""

CommercialTerms = Literal["yes", "tag_only", "no"]
"""Whether weights may be used commercially: `proteus.licences`."""


@dataclass(frozen=True, kw_only=True)
class Preset:
    """What a quality means for an engine.

    Attributes:
        width: Canvas in pixels, like `height`; 0: the engine has none.
        steps: Number of steps; 0: one shot.
        guidance: Weight of the garment's guidance, where the pictures of a batch must share it.
        shortcuts: What its steps leave out, one sentence each; none: every step is done whole.
        cost_steps: What it costs, in whole steps of its canvas; None: as many as it has.
    """

    width: int
    height: int
    steps: int
    guidance: float | None = None
    shortcuts: tuple[str, ...] = ()
    cost_steps: int | None = None

    @property
    def costs(self) -> int:
        """What it costs, in whole steps."""
        return self.steps if self.cost_steps is None else self.cost_steps


STEPS_DIGITS_MOST: Final = 4
"""No engine takes more steps; keys come from the queue and may hold anything."""


def steps_of(batch_key: str) -> int:
    """Return the whole steps that a batch key's pictures cost: its last part. 0: one shot, or it names no number."""
    last = batch_key.rpartition("/")[2]
    return int(last) if last.isascii() and last.isdigit() and len(last) <= STEPS_DIGITS_MOST else 0


def canvas_of(batch_key: str) -> str:
    """Return a batch key without its number of steps: pictures of one canvas key run together; "": there is none."""
    return batch_key.rpartition("/")[0]


@dataclass(frozen=True, kw_only=True)
class EngineCard:
    """One engine, described.

    Attributes:
        degraded: The preset of degraded mode; None: the engine has no degraded form.
        device: Device it runs on; an engine for `gpu` runs on a CPU too, for tests.
        needs_weights: Its weights are fetched; its package offers `load_engine` (`weaver.pipelines.registry`).
        auto_rank: Place among the engines that the default `auto` chooses from, the smallest first; None: never chosen.
        needs_parse: It needs the person's `PersonParse`; if not, the photo's ingest is enough.
        mask_modes: Which masks it can work with.
        categories: What it can put on.
        output_format: The format it writes when the client names none.
        description: One sentence for people, shown with every result.
        expected_seconds: Quality -> the least and the most that one picture should take, from the fastest device to the
            slowest on which the engine makes sense. A measurement outside is rejected; none: all are accepted.
        weights_version: What a deployment calls its weights; empty: they have no name of their own.
        tolerance: How far a lever (half precision, a memory layout, a compiled network) may be from the exact form:
            root mean square of the difference, as a share of the exact answer's; see `weaver.pipelines.levers`. 0: it
            has no levers.
        quality_floor: A picture whose quality score would be lower is refused (`quality_too_low`); 0: none is.
        fallback: The engine that makes a picture instead where the engine's own gate does not show its own; "": the
            picture is refused (`quality_too_low`).
    """

    name: str
    version: str
    code_licence: str
    weights_licence: str
    training_data_note: str
    commercial_terms: CommercialTerms
    description: str
    presets: dict[Quality, Preset]
    degraded: Preset | None
    needs_parse: bool
    output_format: Literal["png", "webp", "jpeg"]
    device: Literal["cpu", "gpu"]
    needs_weights: bool
    auto_rank: int | None
    expected_seconds: Mapping[Quality, tuple[float, float]] = field(default_factory=dict)
    tolerance: float = 0.0
    quality_floor: float = 0.0
    fallback: str = ""
    mask_modes: tuple[MaskMode, ...] = ("auto", "provided")
    categories: tuple[GarmentCategory, ...] = CLOTHES
    weights_version: str = ""

    @property
    def full_version(self) -> str:
        """The version that results, workers and canaries name."""
        return f"{self.version}+{self.weights_version}" if self.weights_version else self.version

    @property
    def commercial_use(self) -> bool:
        """Whether the terms allow commercial use without a doubt."""
        return self.commercial_terms == "yes"

    def batch_key(self, quality: Quality, *, degraded: bool = False) -> str:
        """Return `engine/version/WxH/steps`, or `engine/version/WxH/gGUIDANCE/steps` where the preset names one.

        The steps are those that it costs: costs follow from the key alone, in services of every version.

        An engine without canvas (puppet) batches everything.

        Returns "" for the degraded form of an engine that has none.
        """
        preset = self.degraded if degraded else self.preset(quality)
        if preset is None:
            return ""
        guidance = "" if preset.guidance is None else f"g{preset.guidance:g}/"
        return f"{self.name}/{self.version}/{preset.width}x{preset.height}/{guidance}{preset.costs}"

    def preset(self, quality: Quality, *, degraded: bool = False) -> Preset:
        """Return how a picture is made; as the quality says where the engine has no degraded form.

        `approximate` is `balanced` where the engine has no shortcuts.
        """
        return (self.degraded if degraded else None) or self.presets.get(quality) or self.presets["balanced"]

    @property
    def approximate_cost(self) -> float:
        """What `approximate` computes for a picture, as a share of `balanced`."""
        return round(self.preset("approximate").costs / max(1, self.preset("balanced").costs), 2) or 1.0

    def forms_on(self, canvas: str) -> list[tuple[Quality, bool]]:
        """Return what may share a batch on this canvas, fewest steps first: qualities, and whether degraded."""
        forms: list[tuple[Quality, bool]] = [(quality, False) for quality in self.presets]
        if self.degraded is not None:
            forms.append(("balanced", True))
        there = [form for form in forms if canvas_of(self.batch_key(form[0], degraded=form[1])) == canvas]
        return sorted(there, key=lambda form: self.preset(form[0], degraded=form[1]).steps)

    def sample_form(self, canvas: str) -> tuple[Quality, bool]:
        """Return the form in the middle of those on a canvas that take no shortcuts: what its costs are measured with.

        Raises:
            ValueError: It is none of this engine's.
        """
        forms = [form for form in self.forms_on(canvas) if not self.preset(form[0], degraded=form[1]).shortcuts]
        if not forms:
            raise ValueError(f"{canvas!r} is no canvas of {self.name}")
        return forms[len(forms) // 2]


_NO_CANVAS: Final = Preset(width=0, height=0, steps=0)

QUALITY_FLOOR: Final = 0.03
"""Of the drawn set's cut-outs by `classic`, fewer than one good one in a hundred has a lower confidence, and more than
a quarter of the bad ones: mugs, text, several garments."""

PUPPET: Final = EngineCard(
    name="puppet",
    version="1",
    code_licence="Apache-2.0",
    weights_licence="none (pose landmarks: BlazePose, Apache-2.0)",
    training_data_note="no training: the garment's own pixels, warped by a mesh",
    commercial_terms="yes",
    description="Instant preview: the cut-out warped onto the torso by a mesh, no diffusion.",
    presets={"fast": _NO_CANVAS, "balanced": _NO_CANVAS, "best": _NO_CANVAS},
    degraded=None,
    needs_parse=True,
    output_format="png",
    device="cpu",
    needs_weights=False,
    auto_rank=3,
    expected_seconds=dict.fromkeys(("fast", "balanced", "best"), (0.02, 3.0)),
    quality_floor=QUALITY_FLOOR,
)

CATVTON: Final = EngineCard(
    name="catvton",
    version="1",
    code_licence="Apache-2.0 (our own implementation)",
    weights_licence="CC BY-NC-SA 4.0 (CatVTON) on CreativeML OpenRAIL-M (Stable Diffusion 1.5 inpainting)",
    training_data_note="VITON-HD and DressCode: academic, non-commercial data sets",
    commercial_terms="no",
    description="Diffusion try-on after CatVTON; its weights are for non-commercial use only.",
    presets={
        "fast": Preset(width=768, height=1024, steps=12),
        "balanced": Preset(width=768, height=1024, steps=20),
        "best": Preset(width=768, height=1024, steps=50),
        "approximate": Preset(
            width=768,
            height=1024,
            steps=20,
            shortcuts=("Deep cache: of 3 steps 2 run only the network's outermost layer.",),
            cost_steps=9,
        ),
    },
    degraded=Preset(width=384, height=512, steps=20),
    needs_parse=True,
    output_format="webp",
    device="gpu",
    needs_weights=True,
    auto_rank=1,
    expected_seconds={"fast": (0.1, 30.0), "balanced": (0.2, 50.0), "best": (0.4, 120.0), "approximate": (0.1, 30.0)},
    tolerance=0.02,
    quality_floor=QUALITY_FLOOR,
)

FASHN: Final = EngineCard(
    name="fashn",
    version="1.5",
    code_licence="Apache-2.0 (our own implementation)",
    weights_licence="Apache-2.0 as published for FASHN VTON v1.5; confirm on its model card before you deploy",
    training_data_note="origin of the photos not disclosed by the publisher (trained from scratch)",
    commercial_terms="yes",
    description="Diffusion try-on after FASHN VTON v1.5 (pixel space, mask-free).",
    presets={
        "fast": Preset(width=576, height=864, steps=20, guidance=1.5),
        "balanced": Preset(width=576, height=864, steps=30, guidance=1.5),
        "best": Preset(width=576, height=864, steps=50, guidance=1.5),
        "approximate": Preset(
            width=576,
            height=864,
            steps=30,
            guidance=1.5,
            shortcuts=(
                "Guidance interval: guided only in the middle of the way, from 0.15 to 0.8 of it.",
                "First-block cache: every second step runs only the person's own first blocks.",
            ),
            cost_steps=13,
        ),
    },
    degraded=Preset(width=576, height=864, steps=20, guidance=1.5),
    needs_parse=True,
    output_format="webp",
    device="gpu",
    needs_weights=True,
    auto_rank=2,
    expected_seconds={"fast": (0.2, 60.0), "balanced": (0.3, 90.0), "best": (0.5, 150.0), "approximate": (0.2, 60.0)},
    tolerance=0.03,
    quality_floor=QUALITY_FLOOR,
    mask_modes=("auto", "provided", "free"),
)

KLEIN: Final = EngineCard(
    name="klein",
    version="1",
    code_licence="Apache-2.0 (diffusers' pipeline class)",
    weights_licence="Apache-2.0 as published for FLUX.2 klein 4B; confirm on its model card before you deploy",
    training_data_note="origin of the pictures not disclosed by the publisher; nor of the text encoder's texts",
    commercial_terms="yes",
    description="General picture editor FLUX.2 klein 4B, asked in words; a gate decides whether its picture is shown.",
    presets={
        "fast": Preset(width=576, height=768, steps=4),
        "balanced": Preset(width=768, height=1024, steps=4),
        "best": Preset(width=864, height=1152, steps=4),
    },
    degraded=Preset(width=576, height=768, steps=4),
    needs_parse=True,
    output_format="webp",
    device="gpu",
    needs_weights=True,
    auto_rank=4,
    expected_seconds={"fast": (0.1, 60.0), "balanced": (0.2, 120.0), "best": (0.25, 180.0)},
    tolerance=0.03,
    quality_floor=QUALITY_FLOOR,
    fallback="fashn",
    mask_modes=("auto", "provided", "free"),
    categories=(*CLOTHES, *ACCESSORIES),
)

TIMED: Final = EngineCard(
    name="timed",
    version="1",
    code_licence="Apache-2.0",
    weights_licence="none",
    training_data_note="none",
    commercial_terms="yes",
    description="Sleeps t(b) and returns the person's photo: for tests and benchmarks only.",
    presets={
        "fast": Preset(width=384, height=512, steps=4),
        "balanced": Preset(width=384, height=512, steps=8),
        "best": Preset(width=384, height=512, steps=8),
    },
    degraded=Preset(width=384, height=512, steps=3),
    needs_parse=False,
    output_format="png",
    device="cpu",
    needs_weights=False,
    auto_rank=None,
    mask_modes=("auto", "provided", "free"),
    categories=(*CLOTHES, *ACCESSORIES),
)

CARDS: Final[dict[str, EngineCard]] = {card.name: card for card in (PUPPET, CATVTON, FASHN, KLEIN, TIMED)}
"""Every engine this version knows. The deployment chooses which of them run (the workers' registry shows it)."""

AUTO_ORDER: Final = tuple(
    card.name for card in sorted(CARDS.values(), key=lambda one: one.auto_rank or 0) if card.auto_rank is not None
)
"""The engines that the default `auto` chooses from, best first. A general editor comes last: it is chosen where no
other one of the fleet can put the garment on."""

AUTO_FALLBACK: Final = PUPPET.name
"""The engine that `auto` chooses while no worker is registered: it needs nothing."""
