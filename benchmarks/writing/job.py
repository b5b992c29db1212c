"""What every contestant is given, and what it gives back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, list[int]]
"""``input_ids`` and ``labels`` of a chat, -100 where nothing is to be written. ``[length]``"""


@dataclass(frozen=True)
class Job:
    """A training that all contestants carry out alike.

    Attributes:
        model: folder of the model with its tokenizer.
        train, test: files with chats.
        encoded: file with the rows of both, as `write_rows` leaves them.
        steps, batch: updates, and chats of each.
        warmup: first steps that are not timed.
        method: ``lora`` or ``full``.
        bf16: whether autocast computes in bfloat16; False: all in float32.
        device: ``cpu`` or ``cuda``.
        rank, learning_rate, seed, max_length: the same for all.
    """

    model: str
    train: str
    test: str
    encoded: str
    steps: int
    batch: int
    warmup: int
    method: str = "lora"
    bf16: bool = True
    device: str = "cpu"
    rank: int = 16
    learning_rate: float = 2e-4
    seed: int = 0
    max_length: int = 1024

    def write(self, path: Path) -> None:
        """Write the job for another process."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Job:
        """Read what `write` left."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    @property
    def lora(self) -> dict[str, Any]:
        """Return the settings of the adapter."""
        return {"r": self.rank, "lora_alpha": 2 * self.rank, "lora_dropout": 0.0, "target_modules": "all-linear"}

    @property
    def training(self) -> dict[str, Any]:
        """Return the settings of the training, by the library's names; the rest stays at each contestant's defaults."""
        return {
            "max_steps": self.steps,
            "per_device_train_batch_size": self.batch,
            "learning_rate": self.learning_rate,
            "lr_scheduler_type": "constant",
            "warmup_steps": 0,
            "weight_decay": 0.0,
            "max_grad_norm": 1.0,
            "bf16": self.bf16,
            "train_sampling_strategy": "sequential",
            "save_strategy": "no",
            "use_cpu": self.device == "cpu",
        }

    def rows(self, split: str) -> list[Row]:
        """Return the encoded chats of ``train`` or ``test``."""
        rows: list[Row] = json.loads(Path(self.encoded).read_text(encoding="utf-8"))[split]
        return rows

    def lengths_of_steps(self) -> list[list[int]]:
        """Return the lengths of the chats of each step."""
        lengths = [len(row["input_ids"]) for row in self.rows("train")]
        return [lengths[start : start + self.batch] for start in range(0, self.steps * self.batch, self.batch)]


@dataclass(frozen=True)
class Timing:
    """What a training took.

    Attributes:
        step_seconds: of every timed step.
        tokens_per_second: tokens with text of all timed steps, by their seconds.
        peak_bytes: the most memory of the process, or of the device.
        held_out: loss of the trained model on the test rows, nats a token; None: not measured.
    """

    step_seconds: Sequence[float]
    tokens_per_second: float
    peak_bytes: int
    held_out: float | None
