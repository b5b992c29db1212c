"""Generate text with a saved model in float32: translations, answers, continuations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.adapters import OpenedModel
from toolkit.adapters.layouts import layout_for
from toolkit.adapters.lengths import usable_positions
from toolkit.adapters.writing import ends_of
from toolkit.data.batches import by_length
from toolkit.data.messages import CHAT, shown
from toolkit.data.row_layouts import Layout
from toolkit.data.several_inputs import INPUTS, shown_inputs
from toolkit.evaluation.inference.device import inference_device
from toolkit.evaluation.inference.likelihood import score_encoded
from toolkit.evaluation.inference.text_predictions import TextPredictions
from toolkit.evaluation.inference.token_batches import padded
from toolkit.names import Family
from toolkit.progress import progress_bar
from toolkit.transformer import TransformerConfig

ROWS_AT_ONCE = 64
LONGEST_OUTPUT = 128  # tokens, where neither recipe nor model says


def write_texts(opened: OpenedModel, rows: Dataset) -> tuple[TextPredictions, NDArray[np.bool_]]:
    """Generate a text for every row, as the model's own generation settings say.

    Args:
        opened: with its language head. It answers a source or a chat, or goes on with a text.
        rows: columns ``id``, ``source``, ``messages``, ``inputs`` or ``text``, optionally ``target`` or ``reference``.

    Returns:
        The predictions in the order of `rows`, and for each whether it ended at the longest length allowed.
    """
    layout = layout_for(opened, rows.column_names)
    prompts = layout.prompts(rows, opened.tokenizer, max_length=opened.max_length)
    outputs = _generate(opened, prompts)
    ends = ends_of(opened)
    predictions = TextPredictions(
        ids=list(rows["id"]),
        texts=texts_of(rows),
        references=references_of(rows),
        predictions=list(opened.tokenizer.batch_decode(outputs, skip_special_tokens=True)),
        probabilities=_probabilities(opened, prompts, outputs, layout),
    )
    return predictions, np.array([ends.isdisjoint(output) for output in outputs], dtype=np.bool_)


def texts_of(rows: Dataset) -> list[str]:
    """Return what a model reads of each row, for people."""
    if INPUTS in rows.column_names:
        return [shown_inputs(cell) for cell in rows[INPUTS]]
    if CHAT in rows.column_names:
        return [shown(cell) for cell in rows[CHAT]]
    return list(rows["source" if "source" in rows.column_names else "text"])


def references_of(rows: Dataset) -> list[str] | None:
    """Return the reference texts; None unless every row has one."""
    for name in ("target", "reference"):
        if name in rows.column_names and None not in rows[name]:
            return list(rows[name])
    return None


def _generate(opened: OpenedModel, prompts: list[list[int]]) -> list[list[int]]:
    """Generate the new tokens of each row, up to and with the end token."""
    device = inference_device()
    model: Any = opened.model.to(device)  # type: ignore[arg-type]
    is_pair, pad, ends = opened.family is Family.ENCODER_DECODER, int(opened.tokenizer.pad_token_id), ends_of(opened)
    wanted = model.generation_config.max_new_tokens or min(LONGEST_OUTPUT, opened.max_length)
    last = _last_position(opened) or max(wanted, opened.max_length) * 2
    outputs: list[list[int]] = [[] for _ in prompts]
    with torch.inference_mode(), _seeded(device), progress_bar("writing", len(prompts)) as bar:
        for indices in by_length([len(prompt) for prompt in prompts], ROWS_AT_ONCE):
            batch = [prompts[i] for i in indices]
            inputs, mask = (tensor.to(device) for tensor in padded(batch, left=not is_pair, filler=pad))
            n_given = 1 if is_pair else inputs.shape[1]
            limit = max(1, min(wanted, last - n_given))
            generated = model.generate(input_ids=inputs, attention_mask=mask, max_new_tokens=limit)
            for i, ids in zip(indices, generated[:, n_given:].tolist(), strict=True):
                outputs[i] = _ended(ids, ends)
            bar.advance(len(indices))
    return outputs


def _last_position(opened: OpenedModel) -> int | None:
    """Return the number of positions that a model has; None where there is no end."""
    config = opened.model.config
    if isinstance(config, TransformerConfig):
        return opened.max_length if config.position == "learned" else None  # only a table has an end
    return usable_positions(opened.model)


@contextmanager
def _seeded(device: torch.device) -> Iterator[None]:
    """Fork the random generator and seed it, so that sampling is reproducible and disturbs nothing else."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(0)
        yield


def _ended(ids: list[int], ends: set[int]) -> list[int]:
    """Cut a row after its first end token, behind which there is padding."""
    end = next((place for place, token in enumerate(ids) if token in ends), len(ids))
    return ids[: end + 1]


def _probabilities(
    opened: OpenedModel, prompts: list[list[int]], outputs: list[list[int]], layout: Layout
) -> NDArray[np.float64] | None:
    """Return the probability of each output given its prompt; None for a decoder, which scores prompts too."""
    if opened.family is not Family.ENCODER_DECODER:
        return None
    lengths = [len(prompt) + len(output) for prompt, output in zip(prompts, outputs, strict=True)]
    encoded = Dataset.from_dict({"input_ids": prompts, "labels": outputs, "length": lengths})
    return np.exp(-score_encoded(opened, encoded, layout).negative_log_likelihood)
