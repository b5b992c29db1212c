"""Build recipes as plain values: for the runs that measure, and for those that are handed over."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from toolkit.choose.look.candidates import SCRATCH, Candidate
from toolkit.choose.look.rows import Rows
from toolkit.names import LORA, Method, method_of

SMALL, MIDDLING = 60_000_000, 250_000_000
"""Numbers of parameters up to which learning rates are larger; up to the first all weights are trained."""

# Learning rates of models up to `SMALL`, up to `MIDDLING`, and beyond.
# All weights: MiniLM's 22 M parameters reach 0.914 on banking77 with 2e-4 and 0.896 with 5e-4, and 5e-5 and 1e-4 are
# alike on Rotten Tomatoes, which has two classes (docs/experiments.md); benchmarks/choose takes the better of 1e-4 and
# 3e-4. Larger ones: Devlin et al. 2019, https://aclanthology.org/N19-1423, section A.3: 2e-5 to 5e-5 with 16 or 32
# examples a step.
# Adapters: Hu et al. 2021, https://arxiv.org/abs/2106.09685, appendix D: 4e-4 to 5e-4 for RoBERTa base, 2e-4 to 4e-4
# for RoBERTa large, 2e-4 for GPT-2; for small models as in our recipe banking77-lora.
# Random weights: as in our recipes of method scratch, 1e-3 to 1.5e-3 with 2,048 to 4,096 tokens a step.
_OF_ALL_WEIGHTS = (2e-4, 5e-5, 2e-5)
_OF_ADAPTERS = (1e-3, 5e-4, 2e-4)
_FROM_SCRATCH = 1e-3

ROWS_A_STEP_OF_TEXTS = 8
"""Rows of a step where texts are written: each of their tokens is learnt from, not one label a row."""

LORA_SETTINGS = {"r": 16, "lora_alpha": 32, "lora_dropout": 0.05, "target_modules": "all-linear"}


def training_methods(candidate: Candidate) -> tuple[str, ...]:
    """Return the methods of training that are worth a try; for a large candidate only adapters."""
    if candidate.name == SCRATCH:
        return (Method.SCRATCH.value,)
    is_small = (candidate.parameters or 0) <= SMALL
    wanted = (Method.FULL.value, LORA) if is_small else (LORA, Method.FULL.value)
    return tuple(method for method in wanted if method_of(method) in candidate.methods)[: 2 if is_small else 1]


def training_section(candidate: Candidate, method: str, *, epochs: float, generates: bool) -> dict[str, Any]:
    """Return a recipe's ``training`` section for a model of this size and a method.

    Args:
        candidate: the model.
        method: of training.
        epochs: of the training examples.
        generates: whether the task's output is a new text.
    """
    size = candidate.parameters or 0
    if method == Method.SCRATCH:
        return {
            "learning_rate": _FROM_SCRATCH,
            "num_train_epochs": epochs,
            "tokens_per_batch": 4_096,
            "warmup_steps": 0.1,
            "lr_scheduler_type": "cosine",
            "logging_steps": 10,
        }
    rates = _OF_ADAPTERS if method_of(method) is Method.PEFT else _OF_ALL_WEIGHTS
    rows_a_step = 32 if size <= SMALL else 16
    return {
        "learning_rate": rates[sum(size > limit for limit in (SMALL, MIDDLING))],
        "num_train_epochs": epochs,
        "per_device_train_batch_size": ROWS_A_STEP_OF_TEXTS if generates else rows_a_step,
        "train_sampling_strategy": "group_by_length",
        "warmup_steps": 0.1,
        "logging_steps": 10,
    }


def recipe_tree(
    rows: Rows,
    candidate: Candidate,
    method: str,
    *,
    parts: Mapping[str, Any],
    data: Mapping[str, Any] | None = None,
    seed: int = 0,
    note: str | None = None,
) -> dict[str, Any]:
    """Return a recipe as plain values, for `toolkit.recipe.build_recipe`.

    Args:
        rows: of the choice.
        candidate: the model.
        method: by which it is used.
        parts: sections of the recipe: ``features``, ``zero_shot``, ``training``, ``peft``.
        data: the ``data`` section; None: that of the choice.
        seed: of the run.
        note: for the ledger.
    """
    own = own_model(len(rows.learn))
    model = {**(own if method == Method.SCRATCH else {"name": candidate.name}), **rows.model}
    return {
        "task": rows.task.value,
        "model": model,
        "data": dict(rows.section if data is None else data),
        "method": method,
        **({"peft": dict(LORA_SETTINGS)} if method_of(method) is Method.PEFT else {}),
        **(
            {"tokenizer": own_tokenizer(len(rows.learn), least=rows.least_vocab_size)}
            if method == Method.SCRATCH
            else {}
        ),
        **dict(parts),
        "seed": seed,
        **({} if note is None else {"note": note}),
    }


_ROWS_FOR_SMALL = 20_000
_SMALLEST_VOCABULARY, _LARGEST_VOCABULARY = 500, 8_000


def own_model(n_rows: int) -> dict[str, Any]:
    """Return a ``model`` section for our own Transformer that suits the number of examples."""
    return {"config": {"preset": "tiny" if n_rows < _ROWS_FOR_SMALL else "small"}}


def own_tokenizer(n_rows: int, *, least: int) -> dict[str, Any]:
    """Return a ``tokenizer`` section whose vocabulary suits the number of examples and the characters of their texts.

    Korean has more than a thousand syllables, each of which is a character.

    Args:
        n_rows: to learn from.
        least: `toolkit.data.vocabulary.least_vocab_size` of their texts.
    """
    usual = min(_LARGEST_VOCABULARY, max(_SMALLEST_VOCABULARY, n_rows // 2))
    # Folds have other texts, whose characters may be a few more.
    return {"train": "bpe", "vocab_size": max(usual, 100 * math.ceil(1.1 * least / 100))}


def file_stem(model: str) -> str:
    """Return the end of a model's name as part of a file name."""
    last = model.rstrip("/").replace("\\", "/").split("/")[-1].removeprefix("packaged:")
    kept = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in last)
    return kept.strip("-.") or "model"
