"""Texts as models with their own special tokens read them, cut where they are too long, in batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from toolkit.adapters import OpenedBody, OpenedModel
from toolkit.data.batches import by_tokens
from toolkit.data.encode import PaddingCollator
from toolkit.errors import RecipeError
from toolkit.evaluation.device import inference_device, moved
from toolkit.evaluation.zero_shot.batching import tokens_at_once
from toolkit.progress import progress_bar

Inputs = list[dict[str, list[int]]]


def encoded_texts(
    opened: OpenedModel | OpenedBody, texts: Sequence[str], pairs: Sequence[str] | None = None
) -> tuple[Inputs, list[bool]]:
    """The model's inputs for each text, perhaps with a second one that is never cut, and which texts were cut.

    Args:
        opened: whose tokenizer and length count.
        texts: cut at their ends where they are too long.
        pairs: one for each text.

    Raises:
        RecipeError: a second text alone is longer than the model takes.
    """
    tokenizer, longest = opened.tokenizer, opened.max_length
    settings: dict[str, Any] = {"split_special_tokens": True, "return_attention_mask": False, "verbose": False}
    second = None if pairs is None else list(pairs)
    whole = tokenizer(list(texts), second, **settings)["input_ids"]
    is_cut = [len(ids) > longest for ids in whole]
    if second is not None and any(is_cut):
        _check_pairs(sorted(set(second)), opened)
    strategy = True if second is None else "only_first"
    encoded = tokenizer(list(texts), second, truncation=strategy, max_length=longest, **settings)
    columns = {name: encoded[name] for name in tokenizer.model_input_names if name in encoded}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return rows, is_cut


def computed(
    opened: OpenedModel | OpenedBody,
    inputs: Inputs,
    compute: Callable[[dict[str, Any]], torch.Tensor],
    *,
    doing: str,
) -> NDArray[np.float64]:
    """What a model gives for each text, in their order, from batches of like length, ``[texts, …]``.

    Args:
        opened: moved to the device where models predict.
        inputs: as `encoded_texts` gives them.
        compute: from a batch of inputs to a tensor ``[batch, …]``.
        doing: what the progress bar says.
    """
    device = inference_device()
    opened.model.to(device)  # type: ignore[arg-type]
    collate = PaddingCollator(int(opened.tokenizer.pad_token_id))
    parts: dict[int, torch.Tensor] = {}
    with torch.inference_mode(), progress_bar(doing, len(inputs)) as bar:
        for indices in by_tokens([len(row["input_ids"]) for row in inputs], tokens_at_once(device)):
            batch = moved(collate([inputs[i] for i in indices]), device)
            parts.update(zip(indices, compute(batch).cpu().double(), strict=True))
            bar.advance(len(indices))
    return torch.stack([parts[i] for i in range(len(inputs))]).numpy()


def _check_pairs(pairs: Sequence[str], opened: OpenedModel | OpenedBody) -> None:
    lengths = [len(ids) for ids in opened.tokenizer([""] * len(pairs), list(pairs), verbose=False)["input_ids"]]
    if max(lengths) > opened.max_length:
        raise RecipeError(
            f"the template has {max(lengths)} tokens without a text, and the model takes {opened.max_length}; "
            "make it shorter"
        )
