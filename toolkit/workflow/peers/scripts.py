"""Arguments of transformers' example scripts and of TRL, or of `TrainingArguments` alone: one level of keys."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from toolkit.names import SPECS, Problem, Task
from toolkit.recipe.training_keys import OLD_NAMES, REFUSED, training_section
from toolkit.workflow.peers.carrying import Carrying
from toolkit.workflow.peers.methods import put_method
from toolkit.workflow.peers.rows import beside

NAME = "transformers"

_FEW = 3
"""Known names from which a file counts as settings of a training."""

_NAMING = frozenset({"model_name_or_path", "dataset_name", "train_file"})

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "text_column_names": ("text",),
    "text_column_name": ("tokens", "text"),
    "label_column_name": ("tags", "label"),
    "text_column": ("source",),
    "summary_column": ("target",),
    "source_column": ("source",),
    "target_column": ("target",),
    "dataset_text_field": ("text",),
}
"""The arguments that name columns, and what tasks call these; the first name counts that a task has."""

_TOLD_BY: tuple[tuple[Task, tuple[str, ...]], ...] = (
    (Task.TRANSLATION, ("source_lang", "target_lang")),
    (Task.SUMMARIZATION, ("summary_column",)),
    (Task.TOKEN_CLASSIFICATION, ("return_entity_level_metrics", "label_all_tokens")),
    (Task.FILL_MASK, ("mlm_probability", "line_by_line")),
    (Task.TEXT_GENERATION, ("block_size", "dataset_text_field", "packing", "use_peft")),
    (Task.TEXT_CLASSIFICATION, ("label_column_name", "text_column_names", "do_regression", "metric_name")),
)
"""The arguments that only the scripts of a task have."""

_REFUSED = {
    "beta": "learning from preferences is no task here",
    "loss_type": "learning from preferences is no task here",
    "reward_model_path": "learning from rewards is no task here",
    "image_column_name": "pictures are not read in this version",
    "audio_column_name": "sounds are not read in this version",
    "version_2_with_negative": "question-answering by spans is no task of this version",
}

REASONS = {
    "overwrite_output_dir": "--restart starts a run over",
    "preprocessing_num_workers": "rows are read in one process",
    "pad_to_max_length": "rows are padded to the longest of their batch",
}


def recognises(tree: Mapping[str, Any]) -> bool:
    """Return whether settings are of such a script."""
    known = {*training_section().model_fields, *OLD_NAMES, *REFUSED, *_NAMING}
    n_known = len(known & tree.keys())
    return n_known >= _FEW or (bool(_NAMING & tree.keys()) and n_known > 1)


def carry(carrying: Carrying, folder: Path) -> None:
    """Carry task, model, method and data; what is not there has to be said beside the file.

    Args:
        carrying: the settings.
        folder: of the file.
    """
    for key in [key for key in _REFUSED if carrying.get(key) is not None]:
        carrying.refuse(key, _REFUSED[key])
    task = _task(carrying)
    if carrying.get("model_name_or_path") is not None:
        carrying.put("model_name_or_path", "model.name", carrying.get("model_name_or_path"))
    if carrying.get("do_regression") is True:
        carrying.put("do_regression", "model.problem_type", Problem.REGRESSION.value)
    put_method(
        carrying,
        "use_peft",
        name="lora" if carrying.get("use_peft") else None,
        variants={"use_dora": "dora", "use_rslora": "rslora"} if carrying.get("use_peft") else {},
        bits={f"load_in_{bits}bit": bits if carrying.get(f"load_in_{bits}bit") else None for bits in (4, 8)},
    )
    _carry_data(carrying, folder)
    known = () if task is None else SPECS[task].column_names
    for key, names in _COLUMNS.items():
        ours = next((name for name in names if name in known), None)
        if ours is not None and isinstance(carrying.get(key), str):
            columns = {**carrying.recipe.get("data", {}).get("columns", {}), ours: carrying.get(key)}
            carrying.put(key, "data.columns", columns)
            carrying.carried[key] = f"data.columns.{ours}"
    if isinstance(carrying.get("source_prefix"), str):
        carrying.put("source_prefix", "data.prompt", f"{carrying.get('source_prefix')}{{source}}")


def _task(carrying: Carrying) -> Task | None:
    named = str(carrying.get("task_name") or carrying.get("task") or "")
    by_name = next((task for task in Task if named.replace("_", "-") == task), None)
    by_name = Task.TOKEN_CLASSIFICATION if named in ("ner", "pos", "chunk") else by_name
    told = (task for task, keys in _TOLD_BY if any(carrying.get(key) not in (None, False) for key in keys))
    task = by_name or next(told, None)
    if task is not None:
        carrying.recipe["task"] = task.value
        for key in ("task", "task_name"):
            if by_name is not None and carrying.get(key) is not None:
                carrying.put(key, "task", task.value)
    return task


def _carry_data(carrying: Carrying, folder: Path) -> None:
    files = {
        "train_file": "data.train",
        "validation_file": "data.validation",
        "test_file": "data.test",
    }
    named = [key for key in files if carrying.get(key)]
    for key in named:
        home = "data.source" if named == ["train_file"] else files[key]
        carrying.put(key, home, beside(str(carrying.get(key)), folder))
    if not named and carrying.get("dataset_name"):
        carrying.put("dataset_name", "data.source", carrying.get("dataset_name"))
        if carrying.get("dataset_config_name"):
            carrying.put("dataset_config_name", "data.subset", carrying.get("dataset_config_name"))
    for theirs, ours in (("source_lang", "data.source_language"), ("target_lang", "data.target_language")):
        if carrying.get(theirs):
            carrying.put(theirs, ours, carrying.get(theirs))
