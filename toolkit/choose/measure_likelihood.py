"""How probable a pretrained model that generates finds the right texts, without training: bits per character.

Bits per character can be compared between models with unlike tokens. A decoder reads a source, a line end, and then
its target; an encoder-decoder reads the source and writes the target. The end of a text is paid for too, where the
model has a token for it.
"""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.adapters import OpenedModel, open_for_scoring
from toolkit.choose.budget import told
from toolkit.choose.candidates import Candidate
from toolkit.choose.measure_zero_shot import ROWS, files_of
from toolkit.choose.measurement import Measurement, Stage
from toolkit.choose.work import Work, skipped
from toolkit.data.batches import by_length
from toolkit.evaluation.device import inference_device
from toolkit.names import Family
from toolkit.progress import progress_bar

_BATCH_ROWS = 8
_FIRST_ROWS = 4
_IGNORED = -100

_Ids = list[int]


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
    encoded = [_encoded(opened, *texts) for texts in _texts(rows)]
    device = inference_device()
    model: Any = opened.model.to(device)  # type: ignore[arg-type]
    bits = np.zeros(len(encoded))
    lengths = [len(source) + len(target) for source, target in encoded]
    with torch.inference_mode(), progress_bar("scoring", len(encoded)) as bar:
        for places in by_length(lengths, _BATCH_ROWS):
            losses = _losses(opened, model, [encoded[place] for place in places], device)
            bits[places] = losses.double().cpu().numpy() / math.log(2)
            bar.advance(len(places))
    return bits


def _measure(work: Work, candidate: Candidate, *, seconds: float) -> Measurement:
    started = time.monotonic()
    rows, numbers = work.rows, work.rows.some_to_judge(ROWS)
    asked = rows.judge_rows.select(numbers)
    opened = open_for_scoring(files_of(candidate), head="language")
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
        value=rows.judge.value(answers, numbers),
        interval=rows.judge.interval(answers, numbers),
        rate=len(asked) / max(1e-6, time.monotonic() - begun),
        details={"untrained": True},
    )


def _texts(rows: Dataset) -> list[tuple[str | None, str]]:
    if "source" in rows.column_names:
        return list(zip(rows["source"], rows["target"], strict=True))
    return [(None, text) for text in rows["text"]]


def _encoded(opened: OpenedModel, source: str | None, target: str) -> tuple[_Ids, _Ids]:
    """What is read before the first predicted token, and the tokens that are predicted."""
    tokenizer, longest = opened.tokenizer, opened.max_length
    if opened.family is Family.ENCODER_DECODER:
        # Without a source the model reads a text of nothing but its own marks.
        read = tokenizer(source or "", truncation=True, max_length=longest)["input_ids"]
        written = tokenizer(text_target=target, truncation=True, max_length=longest)["input_ids"]
        return list(read), list(written)
    ends = tokenizer.eos_token_id
    begins = ends if tokenizer.bos_token_id is None else tokenizer.bos_token_id
    before = [] if source is None else tokenizer(f"{source}\n", add_special_tokens=False)["input_ids"]
    after = tokenizer(target, add_special_tokens=False)["input_ids"]
    read = [*([] if begins is None else [begins]), *before][: longest // 2]
    written = [*after, *([] if ends is None else [ends])][: longest - len(read)]
    return (read, written) if read else (written[:1], written[1:])


def _losses(opened: OpenedModel, model: Any, encoded: list[tuple[_Ids, _Ids]], device: torch.device) -> torch.Tensor:
    """Nats for each of some rows, ``[rows]``."""
    pad = int(opened.tokenizer.pad_token_id)
    if opened.family is Family.ENCODER_DECODER:
        inputs, labels = _padded([read for read, _ in encoded], pad), _padded([out for _, out in encoded], _IGNORED)
        mask = _padded([[1] * len(read) for read, _ in encoded], 0)
        # Given labels, a model made of two would warn of how it counts a loss that nobody asks for.
        decoder_ids = model.prepare_decoder_input_ids_from_labels(labels.to(device))
        logits = model(
            input_ids=inputs.to(device),
            attention_mask=mask.to(device),
            decoder_input_ids=decoder_ids,
            use_cache=False,
        ).logits
    else:
        whole = _padded([[*read, *out] for read, out in encoded], pad)
        mask = _padded([[1] * (len(read) + len(out)) for read, out in encoded], 0)
        labels = _padded([[_IGNORED] * len(read) + out for read, out in encoded], _IGNORED)[:, 1:]
        logits = model(input_ids=whole.to(device), attention_mask=mask.to(device), use_cache=False).logits[:, :-1]
    losses = torch.nn.functional.cross_entropy(
        logits.float().transpose(1, 2), labels.to(device), ignore_index=_IGNORED, reduction="none"
    )
    return losses.sum(dim=1)


def _padded(rows: list[_Ids], filler: int) -> torch.Tensor:
    longest = max(len(row) for row in rows)
    return torch.tensor([[*row, *[filler] * (longest - len(row))] for row in rows], dtype=torch.long)
