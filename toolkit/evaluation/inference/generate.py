"""Generate text with a saved model in float32: translations, answers, continuations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.adapters import OpenedModel
from toolkit.data.batches import by_length
from toolkit.data.cut_texts import note_lengths
from toolkit.data.encode import cut_ids
from toolkit.data.row_layouts import layout_of
from toolkit.evaluation.inference.device import inference_device
from toolkit.evaluation.inference.likelihood import score_encoded
from toolkit.evaluation.inference.text_predictions import TextPredictions
from toolkit.evaluation.inference.token_batches import padded
from toolkit.names import Family
from toolkit.progress import progress_bar

ROWS_AT_ONCE = 64
LONGEST_OUTPUT = 128  # tokens, where neither recipe nor model says


def write_texts(opened: OpenedModel, rows: Dataset) -> tuple[TextPredictions, NDArray[np.bool_]]:
    """Generate a text for every row, as the model's own generation settings say.

    Args:
        opened: with the head that it was trained with. An encoder-decoder answers the source, a decoder continues
            the text.
        rows: columns ``id``, ``source`` or ``text``, optionally ``target`` or ``reference``.

    Returns:
        The predictions in the order of `rows`, and for each whether it ended at the longest length allowed.
    """
    texts = list(rows["source" if "source" in rows.column_names else "text"])
    prompts = _prompts(opened, texts)
    outputs = _generate(opened, prompts)
    end = opened.tokenizer.eos_token_id
    predictions = TextPredictions(
        ids=list(rows["id"]),
        texts=texts,
        references=references_of(rows),
        predictions=list(opened.tokenizer.batch_decode(outputs, skip_special_tokens=True)),
        probabilities=_probabilities(opened, prompts, outputs),
    )
    return predictions, np.array([end not in output for output in outputs], dtype=np.bool_)


def references_of(rows: Dataset) -> list[str] | None:
    """Return the reference texts; None unless every row has one."""
    for name in ("target", "reference"):
        if name in rows.column_names and None not in rows[name]:
            return list(rows[name])
    return None


def _prompts(opened: OpenedModel, texts: Sequence[str]) -> list[list[int]]:
    """Return the token ids that the model reads: a source to its end, or a text without its end token."""
    tokenizer, longest = opened.tokenizer, opened.max_length
    if opened.family is Family.ENCODER_DECODER:
        return cut_ids(tokenizer, texts, max_length=longest)  # as in training
    plain = tokenizer(list(texts), add_special_tokens=False, split_special_tokens=True)["input_ids"]
    note_lengths(texts, [len(ids) for ids in plain], max_length=longest // 2)
    # The end of a long text says more about what follows than its beginning.
    return [[int(tokenizer.bos_token_id), *ids[-(longest // 2) :]] for ids in plain]


def _generate(opened: OpenedModel, prompts: list[list[int]]) -> list[list[int]]:
    """Generate the new tokens of each row, up to and with the end token."""
    device = inference_device()
    model: Any = opened.model.to(device)  # type: ignore[arg-type]
    is_pair, pad = opened.family is Family.ENCODER_DECODER, int(opened.tokenizer.pad_token_id)
    settings = model.generation_config
    wanted = settings.max_new_tokens or min(LONGEST_OUTPUT, opened.max_length)
    # Only a table of learned positions has an end.
    last = opened.max_length if model.config.position == "learned" else max(wanted, opened.max_length) * 2
    outputs: list[list[int]] = [[] for _ in prompts]
    with torch.inference_mode(), _seeded(device), progress_bar("writing", len(prompts)) as bar:
        for indices in by_length([len(prompt) for prompt in prompts], ROWS_AT_ONCE):
            batch = [prompts[i] for i in indices]
            inputs, mask = (tensor.to(device) for tensor in padded(batch, left=not is_pair, filler=pad))
            n_given = 1 if is_pair else inputs.shape[1]
            limit = max(1, min(wanted, last - n_given))
            generated = model.generate(input_ids=inputs, attention_mask=mask, max_new_tokens=limit)
            for i, ids in zip(indices, generated[:, n_given:].tolist(), strict=True):
                outputs[i] = _ended(ids, end=int(opened.tokenizer.eos_token_id), pad=pad)
            bar.advance(len(indices))
    return outputs


@contextmanager
def _seeded(device: torch.device) -> Iterator[None]:
    """Fork the random generator and seed it, so that sampling is reproducible and disturbs nothing else."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(0)
        yield


def _ended(ids: list[int], *, end: int, pad: int) -> list[int]:
    """Cut a row after its end token, and leave out padding."""
    if end in ids:
        return ids[: ids.index(end) + 1]
    return [token for token in ids if token != pad]


def _probabilities(
    opened: OpenedModel, prompts: list[list[int]], outputs: list[list[int]]
) -> NDArray[np.float64] | None:
    """Return the probability of each output given its prompt; None for a decoder, which scores prompts too."""
    if opened.family is not Family.ENCODER_DECODER:
        return None
    lengths = [len(prompt) + len(output) for prompt, output in zip(prompts, outputs, strict=True)]
    encoded = Dataset.from_dict({"input_ids": prompts, "labels": outputs, "length": lengths})
    scores = score_encoded(opened, encoded, layout_of(opened.model))
    return np.exp(-scores.negative_log_likelihood)
