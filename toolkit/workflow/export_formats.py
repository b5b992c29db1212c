"""The forms that a model can be exported in."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """A form of a model."""

    MERGED = "merged"
    AVERAGED = "averaged"
    ONNX = "onnx"
    ONNX_INT8 = "onnx-int8"
    GGUF_F32 = "gguf-f32"
    GGUF_F16 = "gguf-f16"
    GGUF_Q8_0 = "gguf-q8_0"

    @property
    def gguf_weights(self) -> str | None:
        """Return the form of the weights in a GGUF file; None for other formats."""
        kind, _, weights = self.value.partition("-")
        return weights if kind == "gguf" else None

    @property
    def is_plain(self) -> bool:
        """Return whether plain transformers opens it."""
        return self in (Format.MERGED, Format.AVERAGED)

    @property
    def is_onnx(self) -> bool:
        """Return whether it is for ONNX Runtime."""
        return self.value.startswith("onnx")
