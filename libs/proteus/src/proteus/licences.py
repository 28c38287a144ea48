"""Licences of parsers, and the one rule that refuses weights to a commercial deployment.

Pure. The weaver checks it before it loads an engine, the tailor before it loads a parser, the gateway before it accepts
a job; `GET /v1/models`, `proteus models` and the README show the same cards. None of this is legal advice: the cards
repeat the publishers' statements and name the training data, because permissive weights are often trained on data that
was shared for research only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, Protocol

from proteus.engines import CARDS
from proteus.errors import LicenceRefused

LicencePolicy = Literal["any", "commercial"]


class Licensed(Protocol):
    """The licence fields of every engine's and parser's card."""

    @property
    def name(self) -> str: ...
    @property
    def code_licence(self) -> str: ...
    @property
    def weights_licence(self) -> str: ...
    @property
    def training_data_note(self) -> str: ...
    @property
    def commercial_use(self) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class ParserCard:
    """A parser of the tailor, described as far as its licences go; the fields are those of an engine's card."""

    name: str
    code_licence: str
    weights_licence: str
    training_data_note: str
    commercial_use: bool
    description: str


CLASSIC: Final = ParserCard(
    name="classic",
    code_licence="Apache-2.0",
    weights_licence="Apache-2.0 (BlazePose landmarks and person mask)",
    training_data_note="BlazePose: Google in-house photos; garments are found without any model",
    commercial_use=True,
    description="BlazePose and classical segmentation: no further weights, plain backgrounds.",
)

SEGFORMER: Final = ParserCard(
    name="segformer",
    code_licence="Apache-2.0 (Hugging Face implementation)",
    weights_licence="NVIDIA Source Code License for SegFormer, inherited: research or evaluation only",
    training_data_note="ATR data set; the fine-tuning's own MIT tag cannot lift NVIDIA's terms",
    commercial_use=False,
    description="SegFormer-B2 clothes: 18 classes; its weights are for non-commercial use only.",
)

CLEAN: Final = ParserCard(
    name="clean",
    code_licence="Apache-2.0 (our own implementation)",
    weights_licence="MIT (BiRefNet_lite, U²-Net cloth-seg), Apache-2.0 (MediaPipe selfie multiclass, BlazePose)",
    training_data_note="BiRefNet: academic sets; U²-Net: iMaterialist-Fashion 2019; MediaPipe: Google in-house",
    commercial_use=True,
    description="Three ONNX models with permissive licences; the operator brings the files.",
)

PARSERS: Final[dict[str, ParserCard]] = {card.name: card for card in (CLASSIC, SEGFORMER, CLEAN)}
"""Every parser this version knows."""

CARDS_BY_KIND: Final[tuple[tuple[str, Licensed], ...]] = (
    *(("engine", card) for card in CARDS.values()),
    *(("parser", card) for card in PARSERS.values()),
)
"""Everything that carries a licence, in the order in which it is shown."""


def refusal(card: Licensed, policy: LicencePolicy) -> str | None:
    """Return in one sentence why the policy refuses these weights; None: it does not."""
    if policy == "any" or card.commercial_use:
        return None
    return (
        f"{card.name} is refused by licence_policy 'commercial': its weights are {card.weights_licence}, "
        "which does not allow commercial use."
    )


def require(card: Licensed, policy: LicencePolicy) -> None:
    """Do nothing if the policy allows these weights.

    Raises:
        LicenceRefused: It does not; the message is the sentence of `refusal`.
    """
    sentence = refusal(card, policy)
    if sentence:
        raise LicenceRefused(sentence)
