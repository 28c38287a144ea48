"""The network in two parts: the person's own blocks, and the blocks that it shares with the garment.

    x, person ─▶ mixer ─▶ m ─▶ joint blocks ─▶ j ─▶ final layer          whole; may keep j - m
    x, person ─▶ mixer ─▶ m + (j - m of an earlier step) ─▶ final layer  shallow

What the shared blocks add changes little from one step to the next. A shallow pass runs the mixer, this network's
first blocks, and the final layer on the step's own picture and time, and takes the rest over.
"""

from __future__ import annotations

from typing import Final

from torch import Tensor

from weaver.pipelines.fashn.network import TryOnNetwork

SHALLOW_COST: Final = 0.061
"""A shallow row's operations as a share of a whole one's, counted (`make bench-shortcuts`)."""


def whole(
    network: TryOnNetwork, x: Tensor, condition: Tensor, garment_tokens: Tensor, modulation: Tensor
) -> tuple[Tensor, Tensor]:
    """Run the network as `TryOnNetwork.denoise`; return the velocity, and what the joint blocks added, (B, N, D)."""
    parts, (alone, joint) = network.parts(modulation), network.positions(x.device)
    mixed = network.mixed(x, condition, parts, alone)
    person = network.joined(mixed, garment_tokens, parts, joint)
    return network.painted(person, parts), person - mixed


def shallow(network: TryOnNetwork, x: Tensor, condition: Tensor, modulation: Tensor, added: Tensor) -> Tensor:
    """Return the velocity with what the joint blocks of an earlier step of the same rows added."""
    mixed = network.mixed(x, condition, network.parts(modulation), network.positions(x.device)[0])
    return network.painted(mixed + added, network.parts(modulation, last=True))
