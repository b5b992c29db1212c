"""A canvas that draws lines, dots and letters smoothly and becomes a PNG, with nothing but numpy."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from toolkit.choose.letters import HEIGHT, strokes_of

Colour = tuple[int, int, int]
Place = tuple[float, float]

# Breadth of a stroke through the height of a capital, and that of the dot of an i through that of a stroke.
_REGULAR, _BOLD, _DOT = 0.12, 0.19, 1.5


class Canvas:
    """Pixels from the left and from the top.

    Args:
        width, height: in pixels.
        paper: its colour.
    """

    def __init__(self, width: int, height: int, paper: Colour) -> None:
        self.width, self.height = width, height
        self._pixels = np.empty((height, width, 3), dtype=np.float32)
        self._pixels[:] = paper

    def line(self, places: Sequence[Place], colour: Colour, *, width: float) -> None:
        """Join places; ends and corners are round, and two equal places are a dot."""
        self._paint(np.array(places), colour, width / 2)

    def dot(self, place: Place, colour: Colour, *, radius: float) -> None:
        """A filled circle."""
        self._paint(np.array([place, place]), colour, radius)

    def text(
        self, text: str, place: Place, colour: Colour, *, size: float, anchor: float = 0.0, bold: bool = False
    ) -> None:
        """A line of text.

        Args:
            text: of `toolkit.choose.letters`.
            place: on the line that it stands on.
            colour: of the strokes.
            size: height of a capital.
            anchor: which part of its width is left of the place: 0 begins, 0.5 is centred, 1 ends there.
            bold: whether the strokes are broad.
        """
        strokes, width = strokes_of(text)
        scale = size / HEIGHT
        left, line = place[0] - anchor * width * scale, place[1]
        breadth = size * (_BOLD if bold else _REGULAR)
        for stroke in strokes:
            is_dot = np.ptp(stroke, axis=0).max() == 0
            places = np.array([left, line]) + stroke * (scale, -scale)
            self._paint(places, colour, breadth * (_DOT if is_dot else 1) / 2)

    def png(self) -> bytes:
        """The picture as a PNG file."""
        rows = np.clip(np.rint(self._pixels), 0, 255).astype(np.uint8).reshape(self.height, -1)
        unfiltered = np.concatenate([np.zeros((self.height, 1), dtype=np.uint8), rows], axis=1)
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        parts = [(b"IHDR", header), (b"IDAT", zlib.compress(unfiltered.tobytes(), 9)), (b"IEND", b"")]
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)

    def _paint(self, places: NDArray[np.float64], colour: Colour, radius: float) -> None:
        """All pixels by how much of them lies within a distance of a line through some places, ``[places, 2]``."""
        left, top = np.maximum(np.floor(places.min(axis=0) - radius - 1).astype(int), 0)
        right, bottom = np.minimum(np.ceil(places.max(axis=0) + radius + 1).astype(int), (self.width, self.height))
        if left >= right or top >= bottom:
            return
        x, y = np.meshgrid(np.arange(left, right) + 0.5, np.arange(top, bottom) + 0.5)
        nearest = np.full(x.shape, np.inf)
        # Each pixel counts once, by the segment that is nearest: pieces of a curve would darken where they meet.
        for start, along in zip(places[:-1], np.diff(places, axis=0), strict=True):
            length = float(along @ along)
            share = np.clip(((x - start[0]) * along[0] + (y - start[1]) * along[1]) / length, 0, 1) if length else 0.0
            np.minimum(nearest, np.hypot(x - start[0] - share * along[0], y - start[1] - share * along[1]), out=nearest)
        covered = np.clip(radius + 0.5 - nearest, 0, 1)[..., np.newaxis].astype(np.float32)
        pixels = self._pixels[top:bottom, left:right]
        pixels += covered * (np.array(colour, dtype=np.float32) - pixels)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
