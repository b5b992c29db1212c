"""Zero-shot by entailment: the text is the premise, and the hypothesis says that it is about the label.

Yin et al. 2019, https://arxiv.org/abs/1909.00161.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from toolkit.adapters import OpenedModel, entailment_index
from toolkit.adapters.inference import inference
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
    """Return log-probabilities of the labels, ``[rows, labels]``, and the number of texts that were cut.

    They are a softmax over the labels of the logits of the class entailment.

    Args:
        opened: a classifier trained on natural language inference.
        template: its text without the gap of the text is the hypothesis.
        rows: the premises.
        words: the verbalizer of each label.

    Raises:
        RecipeError: the hypothesis does not fit into the model.
    """
    premises = [row["text"] for row in rows for _ in words]
    inputs, is_cut = _pairs(opened, premises, [template.about(word) for word in words] * len(rows))
    device, entailed = inference_device(), entailment_index(opened.labels)
    opened.model.to(device)  # type: ignore[arg-type]
    collate = PaddingCollator(int(opened.tokenizer.pad_token_id))
    scores = np.empty(len(inputs))
    with inference(), progress_bar("inferring", len(inputs)) as bar:
        for indices in by_tokens([len(row["input_ids"]) for row in inputs], tokens_at_once(device)):
            logits = opened.model(**moved(collate([inputs[i] for i in indices]), device)).logits
            scores[indices] = logits[:, entailed].float().cpu().numpy()
            bar.advance(len(indices))
    shape = len(rows), len(words)
    return log_softmax(scores.reshape(shape)), int(np.array(is_cut).reshape(shape).any(axis=1).sum())


def _pairs(
    opened: OpenedModel, premises: list[str], hypotheses: list[str]
) -> tuple[list[dict[str, list[int]]], list[bool]]:
    """Return the model's inputs for each pair, and whether its premise was too long and cut at its end."""
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
