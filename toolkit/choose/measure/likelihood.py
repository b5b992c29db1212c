"""How probable a pretrained model that generates finds the right texts, without training: bits per character.

Bits per character can be compared between models with unlike tokens. A decoder reads a source, a line end, and then
its target; an encoder-decoder reads the source and writes the target. The end of a text is paid for too, where the
model has a token for it. Every character is paid for: a target that is longer than the model takes is scored in
several windows.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.adapters import OpenedModel, open_for_scoring
from toolkit.choose.look.candidates import Candidate
from toolkit.choose.measure.budget import told
from toolkit.choose.measure.measurement import Measurement, Stage
from toolkit.choose.measure.work import Work, skipped
from toolkit.choose.measure.zero_shot import ROWS
from toolkit.data.batches import by_length
from toolkit.errors import DataError
from toolkit.evaluation.inference.device import inference_device
from toolkit.names import Family
from toolkit.progress import progress_bar
from toolkit.tasks.judge import Answered

MOST_UNKNOWN = 0.01
"""Share of the targets' tokens that may be unknown: one of them stands for a whole word, and costs next to nothing."""

_BATCH_ROWS = 8
_FIRST_ROWS = 4
_IGNORED = -100
_SETTINGS: dict[str, Any] = {"split_special_tokens": True, "verbose": False}

_Ids = list[int]


@dataclass(frozen=True)
class _Window:
    """A part of a target that is scored at once.

    Attributes:
        source: what the encoder of an encoder-decoder reads; nothing of a decoder.
        given: what comes before, which is not paid for.
        paid: what is paid for.
    """

    source: _Ids
    given: _Ids
    paid: _Ids

    def __len__(self) -> int:
        return len(self.source) + len(self.given) + len(self.paid)


def measure_likelihood(work: Work, candidate: Candidate, *, seconds: float) -> Measurement:
    """Score some validation rows with a candidate as it is.

    Args:
        work: a choice whose task generates texts.
        candidate: located; a decoder or an encoder-decoder.
        seconds: that it may take.
    """
    return work.measure(
        candidate,
        Stage.ZERO_SHOT,
        lambda: _measure(work, candidate, seconds=seconds),
        method=None,
        seconds=seconds,
        settings={"rows": ROWS},
    )


def bits_of(opened: OpenedModel, rows: Dataset) -> NDArray[np.float64]:
    """The bits that a model pays for each text, or for each target given its source, ``[rows]``.

    Args:
        opened: with its language head.
        rows: columns ``text``, or ``source`` and ``target``.
    """
    windows_of = [_windows(opened, *texts) for texts in _texts(rows)]
    windows = [window for of_row in windows_of for window in of_row]
    row_of = np.repeat(np.arange(len(rows)), [len(of_row) for of_row in windows_of])
    device = inference_device()
    model: Any = opened.model.to(device)  # type: ignore[arg-type]
    bits = np.zeros(len(rows))
    with torch.inference_mode(), progress_bar("scoring", len(windows)) as bar:
        for places in by_length([len(window) for window in windows], _BATCH_ROWS):
            losses = _losses(opened, model, [windows[place] for place in places], device)
            np.add.at(bits, row_of[places], losses.double().cpu().numpy() / math.log(2))
            bar.advance(len(places))
    return bits


def unknown_share(opened: OpenedModel, rows: Dataset) -> float:
    """The share of the targets' tokens that are the unknown one.

    Args:
        opened, rows: as for `bits_of`.
    """
    targets = [target for _, target in _texts(rows)]
    tokens = [
        token for ids in opened.tokenizer(targets, **_SETTINGS, add_special_tokens=False)["input_ids"] for token in ids
    ]
    return tokens.count(opened.tokenizer.unk_token_id) / max(1, len(tokens))


def _measure(work: Work, candidate: Candidate, *, seconds: float) -> Measurement:
    started = time.monotonic()
    rows, numbers = work.rows, work.rows.some_to_judge(ROWS)
    asked = rows.judge_rows.select(numbers)
    opened = open_for_scoring(candidate.files(), head="language")
    unknown = unknown_share(opened, asked)
    if unknown >= MOST_UNKNOWN:
        raise DataError(
            f"bits per character cannot be compared: {unknown:.0%} of the targets' tokens are unknown to it"
        )
    opening = time.monotonic() - started
    first = asked.select(range(min(_FIRST_ROWS, len(asked))))
    bits_of(opened, first)
    needed = (time.monotonic() - started - opening) / len(first) * len(asked)
    if needed > seconds - (time.monotonic() - started):
        reason = f"{len(asked)} rows would take about {told(needed)}, and its share of the budget is {told(seconds)}"
        return skipped(candidate, Stage.ZERO_SHOT, reason, needed=needed)
    begun = time.monotonic()
    answers = bits_of(opened, asked).tolist()
    return Measurement(
        candidate=candidate.name,
        stage=Stage.ZERO_SHOT,
        family=opened.family.value,
        rows=numbers,
        answers=answers,
        value=rows.judge.value(Answered(answers, numbers)),
        interval=rows.judge.interval(Answered(answers, numbers)),
        rate=len(asked) / max(1e-6, time.monotonic() - begun),
        details={"untrained": True},
    )


def _texts(rows: Dataset) -> list[tuple[str | None, str]]:
    if "source" in rows.column_names:
        return list(zip(rows["source"], rows["target"], strict=True))
    return [(None, text) for text in rows["text"]]


def _windows(opened: OpenedModel, source: str | None, target: str) -> list[_Window]:
    """A target in as many windows as the model needs."""
    tokenizer, longest = opened.tokenizer, opened.max_length
    if opened.family is Family.ENCODER_DECODER:
        # Without a source the model reads a text of nothing but its own marks.
        read = tokenizer(source or "", truncation=True, max_length=longest, **_SETTINGS)["input_ids"]
        written = tokenizer(text_target=target, **_SETTINGS)["input_ids"]
        return [_Window(read, given, paid) for given, paid in _cut([], written, longest)]
    ends = tokenizer.eos_token_id
    begins = ends if tokenizer.bos_token_id is None else tokenizer.bos_token_id
    plain = {"add_special_tokens": False, **_SETTINGS}
    before = [] if source is None else tokenizer(f"{source}\n", **plain)["input_ids"]
    read = [*([] if begins is None else [begins]), *before][: longest // 2]
    written = [*tokenizer(target, **plain)["input_ids"], *([] if ends is None else [ends])]
    if not read:
        read, written = written[:1], written[1:]
    return [_Window([], given, paid) for given, paid in _cut(read, written, longest)]


def _cut(read: _Ids, written: _Ids, longest: int) -> Iterator[tuple[_Ids, _Ids]]:
    """What is given and what is paid for in each window; half of what room there is repeats what came before."""
    room, start = longest - len(read), 0
    while start < len(written):
        first = max(0, start - room // 2)
        end = first + room
        yield [*read, *written[first:start]], written[start:end]
        start = end


def _losses(opened: OpenedModel, model: Any, windows: Sequence[_Window], device: torch.device) -> torch.Tensor:
    """Nats for each of some windows, ``[windows]``."""
    pad = int(opened.tokenizer.pad_token_id)
    written = [[*window.given, *window.paid] for window in windows]
    labels = _padded([[_IGNORED] * len(window.given) + window.paid for window in windows], _IGNORED)
    if opened.family is Family.ENCODER_DECODER:
        sources = [window.source for window in windows]
        # Given labels, a model made of two would warn of how it counts a loss that nobody asks for.
        decoder_ids = model.prepare_decoder_input_ids_from_labels(_padded(written, _IGNORED).to(device))
        logits = model(
            input_ids=_padded(sources, pad).to(device),
            attention_mask=_padded([[1] * len(source) for source in sources], 0).to(device),
            decoder_input_ids=decoder_ids,
            use_cache=False,
        ).logits
    else:
        mask = _padded([[1] * len(ids) for ids in written], 0).to(device)
        logits = model(input_ids=_padded(written, pad).to(device), attention_mask=mask, use_cache=False).logits
        logits, labels = logits[:, :-1], labels[:, 1:]
    losses = torch.nn.functional.cross_entropy(
        logits.float().transpose(1, 2), labels.to(device), ignore_index=_IGNORED, reduction="none"
    )
    return losses.sum(dim=1)


def _padded(rows: list[_Ids], filler: int) -> torch.Tensor:
    longest = max(len(row) for row in rows)
    return torch.tensor([[*row, *[filler] * (longest - len(row))] for row in rows], dtype=torch.long)
