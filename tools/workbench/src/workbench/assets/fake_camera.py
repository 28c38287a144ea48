"""Pictures as a camera that Chromium takes for a real one: y4m files, for tests and measurements of the Mirror."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from PIL import Image

WIDTH, HEIGHT, FRAMES_PER_SECOND = 640, 480, 30
WALL: Final = (150, 146, 140)


def on_a_wall(person: Image.Image, *, height: int = HEIGHT, x: float = 0.5) -> Image.Image:
    """Return a camera frame with the picture of a person at its lower edge, `height` pixels high, its middle at `x`."""
    frame = Image.new("RGB", (WIDTH, HEIGHT), WALL)
    width = round(person.width * height / person.height)
    frame.paste(person.resize((width, height)), (round(WIDTH * x - width / 2), HEIGHT - height))
    return frame


def write_camera(path: Path, frames: Iterable[Image.Image]) -> Path:
    """Write frames as C420jpeg, the layout that Chromium's file camera reads; it repeats them for ever."""
    half = (WIDTH // 2, HEIGHT // 2)
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_PER_SECOND}:1 Ip A1:1 C420jpeg\n".encode())
        for frame in frames:
            luma, blue, red = frame.convert("YCbCr").split()
            file.write(b"FRAME\n" + luma.tobytes())
            file.writelines(plane.resize(half, Image.Resampling.BILINEAR).tobytes() for plane in (blue, red))
    return path
