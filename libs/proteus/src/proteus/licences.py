"""Licences of parsers, and the one rule that refuses weights to a commercial deployment.

Every card carries one of three terms (`proteus.engines.CommercialTerms`): `yes`, commercial use is allowed; `no`, it is
forbidden; `tag_only`, the publisher's licence tag allows it, but what is known of the training data puts that tag in
doubt. The policy `commercial` refuses `no` always, and `tag_only` unless the operator has accepted the model by name.

Pure. The weaver checks it before it loads an engine, the tailor before it loads a parser, the gateway before it accepts
a job; `GET /v1/models`, `proteus models` and the README show the same cards. None of this is legal advice: the cards
repeat the publishers' statements and name the training data, because permissive weights are often trained on data that
was shared for research only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, Protocol

from proteus.engines import CARDS, CommercialTerms
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
    def commercial_terms(self) -> CommercialTerms: ...
    @property
    def commercial_use(self) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class ParserCard:
    """A parser of the tailor, described as far as its licences go; the fields are those of an engine's card."""

    name: str
    code_licence: str
    weights_licence: str
    training_data_note: str
    commercial_terms: CommercialTerms
    description: str

    @property
    def commercial_use(self) -> bool:
        """Whether the terms allow commercial use without a doubt."""
        return self.commercial_terms == "yes"


CLASSIC: Final = ParserCard(
    name="classic",
    code_licence="Apache-2.0",
    weights_licence="Apache-2.0 (BlazePose landmarks and person mask)",
    training_data_note="BlazePose: Google in-house photos; garments are found without any model",
    commercial_terms="yes",
    description="BlazePose and classical segmentation: no further weights, plain backgrounds.",
)

SEGFORMER: Final = ParserCard(
    name="segformer",
    code_licence="Apache-2.0 (Hugging Face implementation)",
    weights_licence="NVIDIA Source Code License for SegFormer, inherited: research or evaluation only",
    training_data_note="ATR data set; the fine-tuning's own MIT tag cannot lift NVIDIA's terms",
    commercial_terms="no",
    description="SegFormer-B2 clothes: 18 classes; its weights are for non-commercial use only.",
)

CLEAN: Final = ParserCard(
    name="clean",
    code_licence="Apache-2.0 (our own implementation)",
    weights_licence="MIT (BiRefNet_lite, U²-Net cloth-seg), Apache-2.0 (MediaPipe selfie multiclass, BlazePose)",
    training_data_note=(
        "BiRefNet: academic sets, of which its author says that DIS5K has stricter terms (ZhengPeng7/BiRefNet#306); "
        "U²-Net: iMaterialist-Fashion 2019, data of a Kaggle competition; MediaPipe: Google in-house"
    ),
    commercial_terms="tag_only",
    description="Three ONNX models with permissive licence tags: foreground, clothes, and hair and skin.",
)

ISNET: Final = ParserCard(
    name="isnet",
    code_licence="Apache-2.0 (our own implementation)",
    weights_licence="none stated for ISNet's (code Apache-2.0; packages with them say MIT), Apache-2.0 (BlazePose)",
    training_data_note=(
        "DIS5K, whose terms ask for research use; commercial use of the weights was asked and not answered "
        "(xuebinqin/DIS#150); BlazePose: Google in-house photos"
    ),
    commercial_terms="tag_only",
    description="`classic`, but a garment that lies or hangs alone is ISNet's foreground: floors, beds, busy walls.",
)

PARSERS: Final[dict[str, ParserCard]] = {card.name: card for card in (CLASSIC, SEGFORMER, CLEAN, ISNET)}
"""Every parser this version knows."""

CARDS_BY_KIND: Final[tuple[tuple[str, Licensed], ...]] = (
    *(("engine", card) for card in CARDS.values()),
    *(("parser", card) for card in PARSERS.values()),
)
"""Everything that carries a licence, in the order in which it is shown."""


@dataclass(frozen=True)
class LicenceRules:
    """Which weights a deployment uses.

    Attributes:
        policy: `any`, or `commercial`.
        accepted: Models of the terms `tag_only` that the operator has accepted by name.
    """

    policy: LicencePolicy = "any"
    accepted: frozenset[str] = frozenset()

    @classmethod
    def of(cls, policy: LicencePolicy, accept: str) -> LicenceRules:
        """Return the rules that the settings name.

        Args:
            policy: `PROTEUS_LICENCE_POLICY`.
            accept: `PROTEUS_LICENCE_ACCEPT`: names of models, separated by commas.

        Raises:
            LicenceRefused: A name is no model of the terms `tag_only`: to accept it changes nothing.
        """
        names = frozenset(name.strip() for name in accept.split(",")) - {""}
        terms = {card.name: card.commercial_terms for _, card in CARDS_BY_KIND}
        open_to_it = [name for name, term in terms.items() if term == "tag_only"]
        for name in sorted(names - set(open_to_it)):
            why = f"its terms are {terms[name]!r}" if name in terms else "there is no such model"
            raise LicenceRefused(
                f"PROTEUS_LICENCE_ACCEPT names {name!r}, but {why}; it can name: {', '.join(open_to_it)}."
            )
        return cls(policy, names)

    def refusal(self, card: Licensed) -> str | None:
        """Return in one sentence why these weights are refused; None: they are not."""
        if self.policy == "any" or card.commercial_terms == "yes" or card.name in self.accepted:
            return None
        refused = f"{card.name} is refused by licence_policy 'commercial': its weights are {card.weights_licence}, "
        if card.commercial_terms == "no":
            return refused + "which does not allow commercial use."
        return (
            refused + f"a tag that its training data puts in doubt ({card.training_data_note}). An operator can "
            f"accept it with PROTEUS_LICENCE_ACCEPT={card.name}."
        )

    def require(self, card: Licensed) -> None:
        """Do nothing if the rules allow these weights.

        Raises:
            LicenceRefused: They do not; the message is the sentence of `refusal`.
        """
        sentence = self.refusal(card)
        if sentence:
            raise LicenceRefused(sentence)


ANY: Final = LicenceRules()
"""Every licence is accepted."""
