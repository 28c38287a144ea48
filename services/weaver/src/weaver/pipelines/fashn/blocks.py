"""The transformer's parts: normalisation, rotary positions, attention, and the two kinds of block.

Names of parameters are those of the published checkpoint. No block computes its own modulation: `network` computes all
vectors of a schedule at once and hands each block its slice, (B, k·D), which is cut into shift, scale and gate here.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

MLP_RATIO = 4
NORM_EPSILON = 1e-6
ROTARY_THETA = 10_000.0

Rotary = tuple[Tensor, Tensor]
"""Cosine and sine of every position, each (N, head_dim/2) float32."""


def rotary_table(rows: int, columns: int, axes: tuple[int, int, int]) -> Rotary:
    """Return the rotary positions of a row-major grid; a token's triple is (0, row, column).

    Angles are computed in float64 and rounded once to float32, as in the published code.
    """
    row, column = np.divmod(np.arange(rows * columns, dtype=np.float64), columns)
    triple = (np.zeros_like(row), row, column)
    angles = np.concatenate(
        [
            np.outer(position, ROTARY_THETA ** (-np.arange(0, dim, 2, dtype=np.float64) / dim))
            for position, dim in zip(triple, axes, strict=True)
        ],
        axis=1,
    )
    return torch.from_numpy(np.cos(angles).astype(np.float32)), torch.from_numpy(np.sin(angles).astype(np.float32))


def rotate(x: Tensor, rotary: Rotary) -> Tensor:
    """Turn neighbouring pairs (2i, 2i+1) of (B, heads, N, head_dim) float32 by their position's angle."""
    cosine, sine = rotary
    even, odd = x.unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack((even * cosine - odd * sine, even * sine + odd * cosine), dim=-1).flatten(-2)


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Return (1 + scale)·LayerNorm(x) + shift; x is (B, N, D), shift and scale are (B, 1, D)."""
    return torch.addcmul(shift, F.layer_norm(x, x.shape[-1:], eps=NORM_EPSILON), 1 + scale)


def attend(query: Tensor, key: Tensor, value: Tensor, rotary: Rotary) -> Tensor:
    """Attention over (B, heads, N, head_dim) with rotary positions, back as (B, N, D) in the dtype of `value`."""
    query, key = (rotate(x, rotary).to(value.dtype) for x in (query, key))
    return F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)


class Scale(nn.Module):
    """RMS normalisation of one head's vectors, in float32."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.empty(width))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (…, width); the result is float32 whatever the input, because rotation follows."""
        return F.rms_norm(x.float(), self.scale.shape, self.scale.float(), eps=NORM_EPSILON)


class QueryKeyNorm(nn.Module):
    """The two RMS normalisations of an attention."""

    def __init__(self, head_dim: int) -> None:
        super().__init__()
        self.query_norm = Scale(head_dim)
        self.key_norm = Scale(head_dim)

    def split(self, qkv: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Cut (B, N, 3·D) into query, key (normalised, float32) and value, each (B, heads, N, head_dim)."""
        head_dim = self.query_norm.scale.shape[0]
        query, key, value = qkv.unflatten(-1, (3, -1, head_dim)).permute(2, 0, 3, 1, 4).unbind(0)
        return self.query_norm(query), self.key_norm(key), value


class Modulation(nn.Module):
    """The layer that turns the time-and-category vector into one block's shifts, scales and gates."""

    def __init__(self, hidden: int, count: int) -> None:
        super().__init__()
        self.lin = nn.Linear(hidden, count * hidden)


class SingleBlock(nn.Module):
    """Attention and MLP side by side on one sequence: h + gate·linear2([attention, gelu(mlp)])."""

    def __init__(self, hidden: int, heads: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(hidden, (3 + MLP_RATIO) * hidden)
        self.linear2 = nn.Linear((1 + MLP_RATIO) * hidden, hidden)
        self.norm = QueryKeyNorm(hidden // heads)
        self.modulation = Modulation(hidden, 3)

    def forward(self, h: Tensor, modulation: Tensor, rotary: Rotary) -> Tensor:
        """Map (B, N, D) to (B, N, D); `modulation` is (B, 3·D)."""
        hidden = h.shape[-1]
        shift, scale, gate = modulation.unsqueeze(1).chunk(3, dim=-1)
        qkv, mlp = self.linear1(modulate(h, shift, scale)).split((3 * hidden, MLP_RATIO * hidden), dim=-1)
        attention = attend(*self.norm.split(qkv), rotary)
        return h + gate * self.linear2(torch.cat((attention, F.gelu(mlp, approximate="tanh")), dim=-1))


class Attention(nn.Module):
    """One stream's side of a joint attention."""

    def __init__(self, hidden: int, heads: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(hidden, 3 * hidden)
        self.proj = nn.Linear(hidden, hidden)
        self.norm = QueryKeyNorm(hidden // heads)


class DoubleBlock(nn.Module):
    """Two streams with their own weights that attend to each other; `txt` is the garment, `img` the person."""

    def __init__(self, hidden: int, heads: int) -> None:
        super().__init__()
        for stream in ("img", "txt"):
            self.add_module(f"{stream}_mod", Modulation(hidden, 6))
            self.add_module(f"{stream}_attn", Attention(hidden, heads))
            mlp = (nn.Linear(hidden, MLP_RATIO * hidden), nn.GELU("tanh"), nn.Linear(MLP_RATIO * hidden, hidden))
            self.add_module(f"{stream}_mlp", nn.Sequential(*mlp))

    def forward(
        self, person: Tensor, garment: Tensor, person_modulation: Tensor, garment_modulation: Tensor, rotary: Rotary
    ) -> tuple[Tensor, Tensor]:
        """Map two (B, N, D) streams; each modulation is (B, 6·D), `rotary` covers both streams, garment first."""
        garment_parts = garment_modulation.unsqueeze(1).chunk(6, dim=-1)
        person_parts = person_modulation.unsqueeze(1).chunk(6, dim=-1)
        garment_qkv = self.txt_attn.norm.split(self.txt_attn.qkv(modulate(garment, *garment_parts[:2])))
        person_qkv = self.img_attn.norm.split(self.img_attn.qkv(modulate(person, *person_parts[:2])))
        query, key, value = (torch.cat(pair, dim=2) for pair in zip(garment_qkv, person_qkv, strict=True))
        attention = attend(query, key, value, rotary)
        length = garment.shape[1]
        garment = garment + garment_parts[2] * self.txt_attn.proj(attention[:, :length])
        person = person + person_parts[2] * self.img_attn.proj(attention[:, length:])
        garment = garment + garment_parts[5] * self.txt_mlp(modulate(garment, *garment_parts[3:5]))
        person = person + person_parts[5] * self.img_mlp(modulate(person, *person_parts[3:5]))
        return person, garment
