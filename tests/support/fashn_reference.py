"""The published network and sampler, written a second time: plain functions over the published tensor names, float64.

It shares nothing with `weaver.pipelines.fashn`: both branches always run, everything is computed anew at every step,
rotary positions are complex numbers, attention is written out, patches are cut with loops.
"""

from __future__ import annotations

import math
from typing import Any

import torch

Tensors = dict[str, torch.Tensor]


class Reference:
    """Reads the sizes from the tensors themselves, but for the canvas and the rotary axes."""

    def __init__(self, tensors: Tensors, *, height: int, width: int, patch: int, axes: tuple[int, int, int]) -> None:
        self.w = {name: tensor.double() for name, tensor in tensors.items()}
        self.height, self.width, self.patch, self.axes = height, width, patch, axes
        self.head = sum(axes)

    def count(self, prefix: str) -> int:
        return len({name.split(".")[1] for name in self.w if name.startswith(prefix + ".")})

    def linear(self, name, x):
        return x @ self.w[f"{name}.weight"].T + self.w[f"{name}.bias"]

    def patches(self, name, picture):
        """One patch after the other, as a matrix product with the flattened kernel."""
        kernel = self.w[f"{name}.proj.weight"].flatten(1)
        p = self.patch
        tokens = [
            picture[:, :, row : row + p, column : column + p].flatten(1) @ kernel.T + self.w[f"{name}.proj.bias"]
            for row in range(0, self.height, p)
            for column in range(0, self.width, p)
        ]
        return torch.stack(tokens, dim=1)

    def unpatch(self, tokens):
        p = self.patch
        picture = torch.zeros(len(tokens), 3, self.height, self.width, dtype=tokens.dtype)
        columns = self.width // p
        for n in range(tokens.shape[1]):
            row, column = (n // columns) * p, (n % columns) * p
            picture[:, :, row : row + p, column : column + p] = tokens[:, n].reshape(-1, 3, p, p)
        return picture

    def turns(self, copies: int):
        """(copies·N, head/2) complex: e^(i·angle) of (0, row, column)."""
        angles = []
        for row in range(self.height // self.patch):
            for column in range(self.width // self.patch):
                angles.append(
                    [
                        position / 10_000 ** (2 * i / dim)
                        for position, dim in zip((0, row, column), self.axes, strict=True)
                        for i in range(dim // 2)
                    ]
                )
        angle = torch.tensor(angles * copies, dtype=torch.float64)
        return torch.polar(torch.ones_like(angle), angle)

    def vector(self, t, category):
        angles = 1000 * t[:, None] * torch.tensor([math.exp(-math.log(10_000) * i / 128) for i in range(128)]).double()
        wave = torch.cat([torch.cos(angles), torch.sin(angles)], dim=1)
        time = self.linear("t_embedder.mlp.in_layer", wave)
        return (
            self.linear("t_embedder.mlp.out_layer", time * torch.sigmoid(time)) + self.w["y_embedder.weight"][category]
        )

    def modulation(self, name, vector, parts):
        return [part[:, None] for part in self.linear(name, vector * torch.sigmoid(vector)).chunk(parts, dim=1)]

    @staticmethod
    def shifted(x, shift, scale):
        mean = x.mean(-1, keepdim=True)
        variance = ((x - mean) ** 2).mean(-1, keepdim=True)
        return (1 + scale) * (x - mean) / torch.sqrt(variance + 1e-6) + shift

    @staticmethod
    def gelu(x):
        return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))

    def heads(self, x, scale=None):
        """(B, N, D) -> (B, N, heads, head), RMS-normalised when a scale is named."""
        x = x.reshape(*x.shape[:2], -1, self.head)
        if scale is None:
            return x
        return x / torch.sqrt((x**2).mean(-1, keepdim=True) + 1e-6) * self.w[f"{scale}.scale"]

    def attention(self, q, k, v, turns):
        q, k = (
            torch.view_as_real(
                torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2).contiguous()) * turns[:, None]
            ).flatten(-2)
            for x in (q, k)
        )
        weights = torch.softmax(torch.einsum("bnhd,bmhd->bhnm", q, k) / math.sqrt(self.head), dim=-1)
        return torch.einsum("bhnm,bmhd->bnhd", weights, v).flatten(2)

    def single(self, name, h, vector, turns):
        shift, scale, gate = self.modulation(f"{name}.modulation.lin", vector, 3)
        hidden = h.shape[-1]
        mixed = self.linear(f"{name}.linear1", self.shifted(h, shift, scale))
        q, k, v, mlp = mixed.split([hidden, hidden, hidden, 4 * hidden], dim=-1)
        attention = self.attention(
            self.heads(q, f"{name}.norm.query_norm"), self.heads(k, f"{name}.norm.key_norm"), self.heads(v), turns
        )
        return h + gate * self.linear(f"{name}.linear2", torch.cat([attention, self.gelu(mlp)], dim=-1))

    def double(self, name, img, txt, vector, turns):
        streams = {"txt": txt, "img": img}
        mods = {s: self.modulation(f"{name}.{s}_mod.lin", vector, 6) for s in streams}
        qs, ks, vs = [], [], []
        for s, h in streams.items():
            q, k, v = self.linear(f"{name}.{s}_attn.qkv", self.shifted(h, *mods[s][:2])).chunk(3, dim=-1)
            qs.append(self.heads(q, f"{name}.{s}_attn.norm.query_norm"))
            ks.append(self.heads(k, f"{name}.{s}_attn.norm.key_norm"))
            vs.append(self.heads(v))
        joint = self.attention(torch.cat(qs, 1), torch.cat(ks, 1), torch.cat(vs, 1), turns)
        halves = {"txt": joint[:, : txt.shape[1]], "img": joint[:, txt.shape[1] :]}
        out = {}
        for s, h in streams.items():
            h = h + mods[s][2] * self.linear(f"{name}.{s}_attn.proj", halves[s])
            inner = self.gelu(self.linear(f"{name}.{s}_mlp.0", self.shifted(h, *mods[s][3:5])))
            out[s] = h + mods[s][5] * self.linear(f"{name}.{s}_mlp.2", inner)
        return out["img"], out["txt"]

    def forward(self, x, t, person, person_pose, garment, garment_pose, category, keep):
        x, t, person, person_pose, garment, garment_pose = (
            tensor.double().clone() for tensor in (x, t, person, person_pose, garment, garment_pose)
        )
        category = category.clone()
        for row, kept in enumerate(keep.tolist()):
            if not kept:
                for tensor in (person, person_pose, garment, garment_pose):
                    tensor[row] = 0
                category[row] = 0
        img = self.patches("x_embedder", torch.cat([x, person, person_pose], dim=1))
        txt = self.patches("garment_embedder", torch.cat([garment, garment_pose], dim=1))
        vector = self.vector(t, category)
        for n in range(self.count("x_patch_mixer")):
            img = self.single(f"x_patch_mixer.{n}", img, vector, self.turns(1))
        for n in range(self.count("double_blocks")):
            img, txt = self.double(f"double_blocks.{n}", img, txt, vector, self.turns(2))
        h = torch.cat([txt, img], dim=1)
        for n in range(self.count("single_blocks")):
            h = self.single(f"single_blocks.{n}", h, vector, self.turns(2))
        shift, scale = self.modulation("final_layer.adaLN_modulation.1", vector, 2)
        return self.unpatch(self.linear("final_layer.linear", self.shifted(h[:, txt.shape[1] :], shift, scale)))

    def sample(self, person, person_pose, garment, garment_pose, category, *, steps, guidance, noise, skip, mu=1.5):
        """Both branches as one doubled batch in every step, as published."""
        x = noise.double()
        batch = len(x)
        twice: list[Any] = [torch.cat([c, c]) for c in (person, person_pose, garment, garment_pose, category)]
        keep = torch.tensor([True] * batch + [False] * batch)
        s = math.exp(-mu)
        times = [0.0] + [s / (s + (1 / (i / steps) - 1)) for i in range(1, steps + 1)]
        for i in range(steps):
            t = torch.full((2 * batch,), times[i], dtype=torch.float64)
            velocity = self.forward(torch.cat([x, x]), t, *twice, keep)  # type: ignore[call-arg]  # five in `twice`
            conditional, null = velocity.chunk(2)
            weight = 1.0 if i >= steps - skip else guidance
            x = x + (times[i + 1] - times[i]) * (null + weight * (conditional - null))
        return x
