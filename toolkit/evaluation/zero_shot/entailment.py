"""Zero-shot by entailment (Yin et al. 2019): does it follow from the text that it is about the label?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from toolkit.adapters import OpenedModel, entailment_index
from toolkit.data.batches import by_tokens
from toolkit.data.encode import PaddingCollator
from toolkit.errors import RecipeError
from toolkit.evaluation.inference.device import inference_device, moved
from toolkit.evaluation.inference.token_batches import tokens_at_once
from toolkit.evaluation.zero_shot.calibration import Scores, log_softmax
from toolkit.evaluation.zero_shot.templates import Template
from toolkit.progress import progress_bar


def entailment_scores(
    opened: OpenedModel, template: Template, rows: Sequence[Mapping[str, str]], *, words: Sequence[str]
) -> tuple[Scores, int]:
    """Log-probabilities of the labels, ``[rows, labels]``, and how many texts were too long and cut.

    They are a softmax over the labels of how strongly each hypothesis is entailed, the logit of that class.

    Args:
        opened: a classifier trained on natural language inference.
        template: what it says besides the text is the hypothesis.
        rows: the text is the premise.
        words: what stands for each label.

    Raises:
        RecipeError: if the model cannot take the hypothesis.
    """
    premises = [row["text"] for row in rows for _ in words]
    inputs, is_cut = _pairs(opened, premises, [template.about(word) for word in words] * len(rows))
    device, entailed = inference_device(), entailment_index(opened.labels)
    opened.model.to(device)  # type: ignore[arg-type]
    collate = PaddingCollator(int(opened.tokenizer.pad_token_id))
    scores = np.empty(len(inputs))
    with torch.inference_mode(), progress_bar("inferring", len(inputs)) as bar:
        for indices in by_tokens([len(row["input_ids"]) for row in inputs], tokens_at_once(device)):
            logits = opened.model(**moved(collate([inputs[i] for i in indices]), device)).logits
            scores[indices] = logits[:, entailed].float().cpu().numpy()
            bar.advance(len(indices))
    shape = len(rows), len(words)
    return log_softmax(scores.reshape(shape)), int(np.array(is_cut).reshape(shape).any(axis=1).sum())


def _pairs(
    opened: OpenedModel, premises: list[str], hypotheses: list[str]
) -> tuple[list[dict[str, list[int]]], list[bool]]:
    """The model's inputs for each pair, and which premises were cut at their ends because they were too long."""
    tokenizer, longest = opened.tokenizer, opened.max_length
    settings: dict[str, Any] = {"split_special_tokens": True, "return_attention_mask": False, "verbose": False}
    is_cut = [len(ids) > longest for ids in tokenizer(premises, hypotheses, **settings)["input_ids"]]
    if any(is_cut):
        unique = sorted(set(hypotheses))
        size = max(len(ids) for ids in tokenizer([""] * len(unique), unique, **settings)["input_ids"])
        if size > longest:
            raise RecipeError(
                f"the template has {size} tokens without a text, and the model takes {longest}; make it shorter"
            )
    encoded = tokenizer(premises, hypotheses, truncation="only_first", max_length=longest, **settings)
    columns = {name: encoded[name] for name in tokenizer.model_input_names if name in encoded}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)], is_cut
