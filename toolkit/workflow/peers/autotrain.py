"""Files of AutoTrain: ``task`` and ``base_model``, and the sections ``data``, ``params`` and ``hub``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from toolkit.data.sources import DATA_SUFFIXES
from toolkit.errors import explain
from toolkit.names import SPECS, Problem, Task
from toolkit.workflow.peers.carrying import Carrying
from toolkit.workflow.peers.methods import put_method
from toolkit.workflow.peers.rows import beside

NAME = "AutoTrain"

_TASKS = {
    "text_classification": Task.TEXT_CLASSIFICATION,
    "text_multi_class_classification": Task.TEXT_CLASSIFICATION,
    "text_binary_classification": Task.TEXT_CLASSIFICATION,
    "text_regression": Task.TEXT_CLASSIFICATION,
    "text_single_column_regression": Task.TEXT_CLASSIFICATION,
    "token_classification": Task.TOKEN_CLASSIFICATION,
    "text_token_classification": Task.TOKEN_CLASSIFICATION,
    "seq2seq": Task.TEXT_GENERATION,
    "llm": Task.TEXT_GENERATION,
    "llm_sft": Task.TEXT_GENERATION,
    "llm_generic": Task.TEXT_GENERATION,
}
_TRAINERS = ("sft", "default", "generic")
_COLUMNS = {"text_column": "text", "target_column": "label", "tokens_column": "tokens", "tags_column": "tags"}
_PAIR = {"text_column": "source", "target_column": "target"}

REASONS = {
    "project_name": "the run folder is given on the command line with --output-dir",
    "backend": "a run is one process on this machine",
    "log": "trackers are named in training.report_to",
    "push_to_hub": "publish the finished run with toolkit push",
    "block_size": "data.max_length is said by model_max_length",
    "padding": "rows are padded on the side that the model needs",
    "merge_adapter": "an adapter is merged where its model allows it",
    "auto_find_batch_size": "the batch size never changes by itself",
}


def recognises(tree: Mapping[str, Any]) -> bool:
    """Return whether settings are of this tool."""
    return {"task", "base_model"} <= tree.keys() and bool({"params", "backend", "project_name"} & tree.keys())


def carry(carrying: Carrying, folder: Path) -> None:
    """Carry task, model, method and data.

    Args:
        carrying: the settings.
        folder: of the file.
    """
    name = str(carrying.get("task")).replace("-", "_")
    task, trainer = _TASKS.get(name), carrying.pop("params.trainer")
    if task is None:
        known = explain(f"{carrying.get('task')!r} is no task of this version", allowed=list(_TASKS), name=name)
        carrying.refuse("task", known)
    elif trainer not in (None, *_TRAINERS):
        carrying.refuse("params.trainer", f"{trainer!r} learns from preferences or rewards, which is no task here")
    else:
        carrying.put("task", "task", task.value)
    carrying.put("base_model", "model.name", carrying.get("base_model"))
    if "regression" in name:
        carrying.recipe["model"]["problem_type"] = Problem.REGRESSION.value
    has_peft = carrying.get("params.peft") is True
    quantization = carrying.get("params.quantization")
    put_method(
        carrying,
        "params.peft",
        name="lora" if has_peft else None,
        variants={},
        bits={"params.quantization": None if quantization == "none" else quantization},
    )
    for theirs in ("params.max_seq_length", "params.model_max_length"):
        if carrying.get(theirs) is not None:
            carrying.put(theirs, "data.max_length", carrying.get(theirs))
    if task is not None:
        _carry_columns(carrying, task)
        _carry_data(carrying, folder)


def _carry_columns(carrying: Carrying, task: Task) -> None:
    known = SPECS[task].column_names
    is_pair = "label" not in known and carrying.get("data.column_mapping.target_column") is not None
    names = _PAIR if is_pair else _COLUMNS
    for key in [key for key in carrying.pending if key.startswith("data.column_mapping.")]:
        ours = names.get(key.rpartition(".")[2])
        if ours is None:
            carrying.leave(key, "the task reads no such column")
            continue
        column = carrying.get(key)
        is_chat = "messages" in known and not is_pair and carrying.get("data.chat_template") not in (None, "none")
        ours = "messages" if is_chat and ours == "text" else ours
        columns = {**carrying.recipe.get("data", {}).get("columns", {}), ours: column}
        carrying.put(key, "data.columns", columns)
        carrying.carried[key] = f"data.columns.{ours}"
    carrying.leave(
        "data.chat_template", "chats are laid out by the tokenizer's own template; data.chat_template takes Jinja"
    )


def _carry_data(carrying: Carrying, folder: Path) -> None:
    path, train, valid = (carrying.get(f"data.{name}") for name in ("path", "train_split", "valid_split"))
    if not path:
        carrying.refuse("data.path", "there are no data")
        return
    sources = [_source(str(path), str(split or "train"), folder) for split in (train, *([valid] if valid else []))]
    if any(source is None for source in sources):
        found = f"{path} has no data file of the name {train or 'train'!r}"
        carrying.refuse("data.path", explain(found, fix="lay the files there, or write the hub id of a data set"))
        return
    carrying.pop("data.train_split")
    carrying.put("data.path", "data.train" if valid else "data.source", sources[0])
    if valid:
        carrying.put("data.valid_split", "data.validation", sources[1])


def _source(path: str, split: str, folder: Path) -> str | None:
    """Return the source of a split: a file of its name in a folder, or a split of a hub data set."""
    there = Path(beside(path, folder)).expanduser()
    if there.is_file():
        return there.as_posix()
    if there.is_dir():
        files = [there / f"{split}{suffix}" for suffix in DATA_SUFFIXES]
        return next((file.as_posix() for file in files if file.is_file()), None)
    is_id = path.count("/") <= 1 and not path.endswith("/") and not path.startswith((".", "~")) and " " not in path
    return f"{path}:{split}" if is_id else None
