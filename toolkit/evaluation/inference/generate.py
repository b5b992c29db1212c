"""Generate text: translations, answers, continuations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.adapters import OpenedModel
from toolkit.adapters.inference import inference
from toolkit.adapters.layouts import layout_for
from toolkit.adapters.lengths import usable_positions
from toolkit.adapters.writing import seed_of
from toolkit.data.batches import by_length
from toolkit.data.messages import CHAT, shown
from toolkit.data.row_layouts import Seq2SeqLayout
from toolkit.data.several_inputs import INPUTS, shown_inputs
from toolkit.evaluation.inference.device import inference_device
from toolkit.evaluation.inference.draws import Draws, LastOfAll, numbers_of
from toolkit.evaluation.inference.ends import Ends
from toolkit.evaluation.inference.likelihood import score_encoded
from toolkit.evaluation.inference.smaller_batches import in_batches
from toolkit.evaluation.inference.stream import Stream, listener
from toolkit.evaluation.inference.text_predictions import TextPredictions
from toolkit.evaluation.inference.token_batches import padded
from toolkit.names import Family
from toolkit.progress import Bar, progress_bar
from toolkit.transformer import TransformerConfig

ROWS_AT_ONCE = 64
LONGEST_OUTPUT = 128  # tokens, where neither recipe nor model says


def write_texts(opened: OpenedModel, rows: Dataset) -> tuple[TextPredictions, NDArray[np.bool_]]:
    """Generate a text for every row in float32, as the model's own generation settings say.

    Args:
        opened: with its language head. It answers a source or a chat, or goes on with a text.
        rows: columns ``id``, ``source``, ``messages``, ``inputs`` or ``text``, optionally ``target`` or ``reference``.

    Returns:
        The predictions in the order of `rows`, and for each whether it ended at the longest length allowed.
    """
    device = inference_device()
    opened.model.to(device)  # type: ignore[arg-type]
    with inference():
        written = written_by(opened, rows, device=device)
    predictions = TextPredictions(
        ids=list(rows["id"]),
        texts=texts_of(rows),
        references=references_of(rows),
        predictions=written.texts,
        probabilities=_probabilities(opened, written),
    )
    return predictions, np.array(written.cut, dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class Written:
    """What a model wrote.

    Attributes:
        prompts: token ids that it read. ``[rows]``
        outputs: token ids that it wrote, up to and with the end. ``[rows]``
        texts: of the outputs, without what ends them. ``[rows]``
        cut: whether each ended at the longest length allowed. ``[rows]``
    """

    prompts: list[list[int]]
    outputs: list[list[int]]
    texts: list[str]
    cut: list[bool]


def written_by(opened: OpenedModel, rows: Dataset, *, device: torch.device) -> Written:
    """Generate a text for every row; the model's mode and precision stay as they are.

    Args:
        opened: see `write_texts`.
        rows: see `write_texts`.
        device: where the model is.
    """
    layout, ends = layout_for(opened, rows.column_names), Ends.of(opened)
    prompts = layout.prompts(rows, opened.tokenizer, max_length=opened.max_length)
    outputs = _generate(opened, prompts, ends, device=device)
    texts = list(map(ends.text, outputs))
    return Written(prompts, outputs, texts, [not ends.is_ended(output) for output in outputs])


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


def _generate(opened: OpenedModel, prompts: list[list[int]], ends: Ends, *, device: torch.device) -> list[list[int]]:
    """Generate the new tokens of each row, up to and with that at which it ends."""
    model: Any = opened.model
    outputs: list[list[int]] = [[] for _ in prompts]
    show = listener() if len(prompts) == 1 and (model.generation_config.num_beams or 1) == 1 else None
    stream = None if show is None else Stream(ends, show)

    def write(indices: list[int], limit: int) -> list[list[int]]:
        batch = [prompts[i] for i in indices]
        # A repetition penalty counts padding too, which may be the token that ends a text.
        side: dict[str, Any] = {"filler": ends.padding} if _is_pair(opened) else {"left": True, "filler": None}
        ids, mask = (tensor.to(device) for tensor in padded(batch, **side))
        settings = {**_drawing(opened, batch, n_tokens=limit), **ends.settings()}
        inputs = {"input_ids": ids, "attention_mask": mask, "max_new_tokens": limit, "streamer": stream}
        generated = model.generate(**inputs, **settings)
        forced = limit if model.generation_config.forced_eos_token_id is not None else None
        return [
            ends.cut(row, forced_at=forced) for row in generated[:, 1 if _is_pair(opened) else ids.shape[1] :].tolist()
        ]

    with _seeded(device), _bar(len(prompts), quiet=stream is not None) as bar:
        for limit, batches in _batches(opened, prompts).items():
            for indices, written in in_batches(batches, partial(write, limit=limit)):
                for i, ids in zip(indices, written, strict=True):
                    outputs[i] = ids
                if bar is not None:
                    bar.advance(len(indices))
    if stream is not None:
        stream.finish(ends.text(outputs[0]))
    return outputs


def _is_pair(opened: OpenedModel) -> bool:
    return opened.family is Family.ENCODER_DECODER


def _bar(n_rows: int, *, quiet: bool) -> AbstractContextManager[Bar | None]:
    """Show how far the rows are; a text that is shown while it is written says so itself."""
    return nullcontext() if quiet else progress_bar("writing", n_rows)


def _batches(opened: OpenedModel, prompts: list[list[int]]) -> dict[int, list[list[int]]]:
    """Return rows of similar length by the number of tokens that each may get, whatever stands beside it."""
    model: Any = opened.model
    wanted = model.generation_config.max_new_tokens or min(LONGEST_OUTPUT, opened.max_length)
    last = _last_position(opened) or max(wanted, opened.max_length) * 2
    rows_of: dict[int, list[int]] = {}
    for row, prompt in enumerate(prompts):
        limit = max(1, min(wanted, last - (1 if _is_pair(opened) else len(prompt))))
        rows_of.setdefault(limit, []).append(row)
    return {
        limit: [[rows[i] for i in batch] for batch in by_length([len(prompts[row]) for row in rows], ROWS_AT_ONCE)]
        for limit, rows in rows_of.items()
    }


def _drawing(opened: OpenedModel, prompts: list[list[int]], *, n_tokens: int) -> dict[str, Any]:
    """Return what makes each row draw by itself, where tokens are drawn; the library draws along beams."""
    model: Any = opened.model
    settings = model.generation_config
    if not settings.do_sample or (settings.num_beams or 1) > 1:
        return {}
    numbers = numbers_of(prompts, seed=seed_of(opened), n_tokens=n_tokens)
    return {"watermarking_config": LastOfAll(Draws(numbers))}


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


def _probabilities(opened: OpenedModel, written: Written) -> NDArray[np.float64] | None:
    """Return the probability of each output given its prompt; None for a decoder, which scores prompts too.

    It is that of the tokens that the model chose: not of a first one that its settings force.
    """
    layout = layout_for(opened, ["source", "target"])
    if not isinstance(layout, Seq2SeqLayout):
        return None
    model: Any = opened.model
    settings = model.generation_config
    start, forced = layout.decoder_start_token_id, settings.forced_bos_token_id
    layout = replace(
        layout,
        # What is written may be cut, so that its last token is not that of a target.
        decoder_start_token_id=settings.decoder_start_token_id if start is None else start,
        n_given=0 if forced is None else 1,
    )
    lengths = [len(prompt) + len(output) for prompt, output in zip(written.prompts, written.outputs, strict=True)]
    encoded = Dataset.from_dict({"input_ids": written.prompts, "labels": written.outputs, "length": lengths})
    return np.exp(-score_encoded(opened, encoded, layout).negative_log_likelihood)
