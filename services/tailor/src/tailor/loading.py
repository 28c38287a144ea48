"""Prepares a tailor for work: loads one parser per slot, as many as its memory has room for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import structlog

from proteus import imaging
from proteus.errors import ModelUnavailable, PhotoRejected
from proteus.imaging import Limits
from proteus.licences import PARSERS
from proteus.service import machine
from proteus.worker.safety import load_safety, safety_weights
from proteus.worker.weights import WeightsOrder
from tailor.bench import Bench
from tailor.cutting import cut_out
from tailor.parsers.classic import ClassicParser
from tailor.parsers.clean import CleanParser
from tailor.parsers.contract import Parser
from tailor.parsers.isnet import IsnetParser
from tailor.parsers.segformer import SegformerParser, load_network
from tailor.pose import PoseModel
from tailor.settings import Settings

log = structlog.get_logger()

OWN_PLACE: Final = ".proteus/models"
"""Where the parsers' folders are when `weights_dir` is empty; `make weights` puts them there."""

WORK_BYTES: Final = 384 * 1024 * 1024
"""A cut or a parse of the largest ingested photo, 2048 x 2048, by `classic`: 335 MiB measured in a tailor's process."""

WORK_MARGIN: Final = 1.25
"""Factor on the memory measured for one cut with other networks: photos differ, a parse also finds the pose, and an
allocator keeps some."""


def weights_of(settings: Settings) -> list[WeightsOrder]:
    """Return the weights that the settings' parser and safety model need.

    Raises:
        LicenceRefused: The deployment's licence rules refuse them.
    """
    tailor = settings.tailor
    settings.worker.licences.require(PARSERS[tailor.parser])
    safety = safety_weights(settings.safety)
    if tailor.parser == "classic":
        return safety
    return [
        *safety,
        WeightsOrder(model=tailor.parser, source=tailor.weights_source, folder=tailor.weights_dir, service="tailor"),
    ]


def make_bench(settings: Settings, missing: Mapping[str, ModelUnavailable] | None = None) -> Bench:
    """Load one parser per slot, leave out those that the memory has no room for; blocks.

    Args:
        settings: Which parser, how many, and where its weights are.
        missing: Models whose weights are unavailable, and why.

    Raises:
        TooLittleMemory: There is room for none.
        ModelUnavailable: The parser's, the pose model's or the safety model's weights are missing or broken.
    """
    missing = missing or {}
    if refused := missing.get(settings.tailor.parser):
        raise refused
    safety = load_safety(settings.safety, missing)
    folder = Path(settings.pose.model_dir)
    make_parser = _parser_maker(settings)
    parsers = [make_parser(PoseModel(folder)) for _ in range(settings.tailor.slots)]
    most = settings.tailor.image_bytes_most
    loaded = machine.resident_bytes()
    slots = machine.fitting_slots(
        len(parsers),
        slot_bytes=max(most, work_bytes(parsers[0])),
        base_bytes=loaded,
        limit_bytes=machine.memory_limit_bytes(),
        setting="TAILOR_SLOTS",
    )
    return Bench(parsers[:slots], pose_model=PoseModel.name, limits=Limits(memory_bytes=most), safety=safety)


def work_bytes(parser: Parser) -> int:
    """Return the most memory that a slot takes for a cut or a parse; blocks for as long as one cut.

    The networks are an operator's own files, and only running them shows what they take.
    """
    if parser.name == ClassicParser.name:
        return WORK_BYTES
    measured = machine.growth_bytes(partial(_cut_sample, parser))
    log.info("work_measured", parser=parser.name, cut_mib=measured // machine.MIB)
    return max(WORK_BYTES, round(WORK_MARGIN * measured))


def _cut_sample(parser: Parser) -> None:
    """Do a cut's work on a drawn garment of the largest size that ingest leaves."""
    side = imaging.MAX_STORED_SIDE_PIXELS
    photo = np.full((side, side, 3), 250, np.uint8)
    photo[side // 8 : -side // 8, side // 4 : -side // 4] = (90, 60, 150)
    try:
        alpha = parser.find_garment(photo, category="upper").alpha
    except PhotoRejected:  # the memory taken so far counts; random weights find nothing
        alpha = photo[..., 0]
    pixels, _ = cut_out(photo, alpha)
    imaging.encode(pixels, "png")


def _parser_maker(settings: Settings) -> Callable[[PoseModel], Parser]:
    tailor = settings.tailor
    if tailor.parser == "classic":
        return ClassicParser
    folder = Path(tailor.weights_dir or OWN_PLACE) / tailor.parser
    if tailor.parser == "clean":
        return partial(CleanParser, folder=folder)
    if tailor.parser == "isnet":
        return partial(IsnetParser, folder=folder)
    network = load_network(
        folder, backend=tailor.segformer_backend, threads=tailor.segformer_threads, slots=tailor.slots
    )
    return partial(SegformerParser, network)
