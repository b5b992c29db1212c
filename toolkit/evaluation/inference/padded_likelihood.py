"""The log-likelihood of given texts under any model that generates, from padded batches.

A decoder predicts a text, an encoder-decoder reads the source and predicts the target. The token that ends a text is
predicted too, where the tokenizer has one. Every token of a target is predicted: a target that is longer
than the model's context is scored in several windows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.adapters import OpenedModel
from toolkit.adapters.inference import inference
from toolkit.adapters.layouts import first_of_targets, layout_for, prompt_of
from toolkit.data.answer_layout import AnswerLayout
from toolkit.data.batches import by_length
from toolkit.data.encode import prompted
from toolkit.data.padding import pad_right
from toolkit.data.several_inputs import INPUTS
from toolkit.evaluation.inference.device import inference_device
from toolkit.evaluation.inference.smaller_batches import in_batches
from toolkit.evaluation.inference.token_batches import padded, sum_log_likelihoods
from toolkit.evaluation.metrics.likelihoods import Likelihoods, count_characters
from toolkit.names import Family
from toolkit.progress import progress_bar
from toolkit.transformer.cross_entropy import IGNORED

_BATCH_ROWS = 8
_TOKENIZE: dict[str, Any] = {"split_special_tokens": True, "verbose": False}

_Ids = list[int]


@dataclass(frozen=True)
class _Window:
    """A part of a target that is scored in one forward pass.

    Attributes:
        source: token ids for the encoder of an encoder-decoder; empty for a decoder.
        context: token ids before the predicted ones; those of an encoder-decoder begin with that of its decoder.
        predicted: token ids whose likelihood is summed.
    """

    source: _Ids
    context: _Ids
    predicted: _Ids

    def __len__(self) -> int:
        return len(self.source) + len(self.context) + len(self.predicted)


def padded_likelihoods(opened: OpenedModel, rows: Dataset) -> Likelihoods:
    """Score texts, or targets given their sources, in float32.

    Args:
        opened: a decoder or an encoder-decoder with its language head.
        rows: column ``text``, or ``source``, ``messages`` or ``inputs`` with ``target``.

    Raises:
        ValueError: the model is an encoder, which gives texts no likelihood.
    """
    if opened.family is Family.ENCODER:
        raise ValueError("an encoder gives no likelihood to a text; take a decoder or an encoder-decoder")
    texts = _texts(rows)
    answers = opened.family is Family.DECODER and "text" not in rows.column_names
    if answers:
        windows_of = _answer_windows(opened, rows)
    elif INPUTS in rows.column_names:
        windows_of = _input_windows(opened, rows)
    else:
        windows_of = [_windows(opened, *text) for text in texts]
    windows = [window for of_row in windows_of for window in of_row]
    row_of = np.repeat(np.arange(len(rows)), [len(of_row) for of_row in windows_of])
    device = inference_device()
    model: Any = opened.model.to(device)  # type: ignore[arg-type]
    nats = np.zeros(len(rows))
    batches = by_length([len(window) for window in windows], _BATCH_ROWS)

    def scored(indices: list[int]) -> NDArray[np.float64]:
        scores = _score(opened, model, [windows[index] for index in indices], device)
        return scores.cpu().double().numpy()

    with inference(), progress_bar("scoring", len(windows)) as bar:
        for indices, scores in in_batches(batches, scored):
            np.add.at(nats, row_of[indices], -scores)
            bar.advance(len(indices))
    return Likelihoods(
        negative_log_likelihood=nats,
        tokens=np.array([sum(len(window.predicted) for window in of_row) for of_row in windows_of], dtype=np.int64),
        characters=count_characters([target for _, target in texts]),
    )


def unknown_share(opened: OpenedModel, rows: Dataset) -> float:
    """Return the share of the targets' tokens that are the unknown token.

    Args:
        opened, rows: as for `padded_likelihoods`.
    """
    targets = [target for _, target in _texts(rows)]
    tokens = [
        token for ids in opened.tokenizer(targets, **_TOKENIZE, add_special_tokens=False)["input_ids"] for token in ids
    ]
    return tokens.count(opened.tokenizer.unk_token_id) / max(1, len(tokens))


def _texts(rows: Dataset) -> list[tuple[str | None, str]]:
    """Return source and target of each row; the source of a text alone, of a chat and of several inputs is None."""
    if "source" in rows.column_names:
        return list(zip(rows["source"], rows["target"], strict=True))
    return [(None, text) for text in rows["target" if "target" in rows.column_names else "text"]]


def _answer_windows(opened: OpenedModel, rows: Dataset) -> list[list[_Window]]:
    """Cut answers into windows that all begin with what is answered, as far as it fits."""
    layout, longest = AnswerLayout(prompt_of(opened.tokenizer)), opened.max_length
    read = layout.prompts(rows, opened.tokenizer, max_length=longest)
    written = layout.answers(rows, opened.tokenizer)
    return [
        [_Window([], *part) for part in _cut(prompt, answer, longest)]
        for prompt, answer in zip(read, written, strict=True)
    ]


def _input_windows(opened: OpenedModel, rows: Dataset) -> list[list[_Window]]:
    """Cut the targets of several inputs, which an encoder reads, into windows."""
    layout, longest = layout_for(opened, rows.column_names), opened.max_length
    read = layout.prompts(rows, opened.tokenizer, max_length=longest)
    written = opened.tokenizer(text_target=list(rows["target"]), **_TOKENIZE)["input_ids"]
    return [
        [_Window(source, *part) for part in _cut([], target, longest)]
        for source, target in zip(read, written, strict=True)
    ]


def _windows(opened: OpenedModel, source: str | None, target: str) -> list[_Window]:
    """Cut a target into as many windows as the model's context needs."""
    tokenizer, longest = opened.tokenizer, opened.max_length
    if opened.family is Family.ENCODER_DECODER:
        # Without a source the encoder reads the special tokens of an empty text.
        asked = prompted(source or "", prompt_of(tokenizer))
        read = tokenizer(asked, truncation=True, max_length=longest, **_TOKENIZE)["input_ids"]
        written = tokenizer(text_target=target, **_TOKENIZE)["input_ids"]
        first = first_of_targets(opened.model, name=opened.name)
        start = written[-1] if first is None else first
        return [_Window(read, [start, *context], predicted) for context, predicted in _cut([], written, longest)]
    end = tokenizer.eos_token_id
    begin = end if tokenizer.bos_token_id is None else tokenizer.bos_token_id
    plain = {"add_special_tokens": False, **_TOKENIZE}
    read = [] if begin is None else [begin]
    written = [*tokenizer(target, **plain)["input_ids"], *([] if end is None else [end])]
    if not read:
        read, written = written[:1], written[1:]
    return [_Window([], context, predicted) for context, predicted in _cut(read, written, longest)]


def _cut(read: _Ids, written: _Ids, longest: int) -> Iterator[tuple[_Ids, _Ids]]:
    """Yield the context and the predicted tokens of each window.

    From the second window on, half of the room behind `read` repeats the tokens before the predicted ones.
    """
    room, start = longest - len(read), 0
    while start < len(written):
        first = max(0, start - room // 2)
        end = first + room
        yield [*read, *written[first:start]], written[start:end]
        start = end


def _score(opened: OpenedModel, model: Any, windows: Sequence[_Window], device: torch.device) -> torch.Tensor:
    """Return the log-likelihood of each window in nats, ``[windows]``."""
    pad = int(opened.tokenizer.pad_token_id)
    written = [[*window.context, *window.predicted] for window in windows]
    targets = pad_right([[IGNORED] * len(window.context) + window.predicted for window in windows], IGNORED).to(device)
    if opened.family is Family.ENCODER_DECODER:
        ids, mask = (tensor.to(device) for tensor in padded([window.source for window in windows], filler=pad))
        # Given labels, a model made of two would warn of how it counts a loss that nobody reads.
        decoder_ids = pad_right([ids[:-1] for ids in written], pad).to(device)
        logits = model(input_ids=ids, attention_mask=mask, decoder_input_ids=decoder_ids, use_cache=False).logits
        return sum_log_likelihoods(logits, targets[:, 1:])
    ids, mask = (tensor.to(device) for tensor in padded(written, filler=pad))
    logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
    return sum_log_likelihoods(logits[:, :-1], targets[:, 1:])
