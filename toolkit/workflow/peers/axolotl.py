"""Files of axolotl: ``base_model``, a list of ``datasets`` with their types, an ``adapter``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from toolkit.errors import explain
from toolkit.names import Task
from toolkit.workflow.peers.carrying import Carrying
from toolkit.workflow.peers.methods import put_method
from toolkit.workflow.peers.rows import NotCarried, Rows, beside, chats, instructions, joined

NAME = "axolotl"

_INSTRUCTIONS = {
    "alpaca": ("instruction", "input", "output"),
    "gpteacher": ("instruction", "input", "response"),
    "alpaca_chat.load_qa": ("question", None, "answer"),
    "context_qa.load_v2": ("question", "context", "answer"),
}
"""The columns of types of data that are instructions with answers."""

_CHATS = {"chat_template": "messages", "sharegpt": "conversations"}
"""The column of types of data that are chats, where none is named."""

_PLAIN = ("completion", "pretrain")
_PICTURES = ("processor_type", "image_size", "image_resize_algorithm", "is_multimodal")

REASONS = {
    "sample_packing": "rows of pretrained models are padded in groups of like length",
    "eval_sample_packing": "rows of pretrained models are padded in groups of like length",
    "train_on_inputs": "what is read is never learnt, only what is written",
    "saves_per_epoch": "saving serves going on after an interruption, every tenth of a training",
    "flash_attention": "attention is chosen by the library",
    "attn_implementation": "attention is chosen by the library",
    "chat_template": "chats are laid out by the tokenizer's own template; another one is Jinja in data.chat_template",
    "tokenizer_type": "the tokenizer is the model's own",
    "model_type": "the class of the model follows from its files",
}


def recognises(tree: Mapping[str, Any]) -> bool:
    """Return whether settings are of this tool."""
    return "base_model" in tree and bool({"datasets", "pretraining_dataset", "sequence_len"} & tree.keys())


def carry(carrying: Carrying, folder: Path) -> None:
    """Carry task, model, method and data.

    Args:
        carrying: the settings.
        folder: of the file.
    """
    carrying.recipe["task"] = Task.TEXT_GENERATION.value
    for key in ("rl", "reward_model", "process_reward_model"):
        if carrying.get(key):
            carrying.refuse(key, f"{carrying.get(key)}: learning from preferences or rewards is no task here")
    for key in _PICTURES:
        if carrying.get(key):
            carrying.refuse(key, "models of this version read no pictures or sounds")
    carrying.put("base_model", "model.name", carrying.get("base_model"))
    if carrying.get("lora_model_dir"):
        carrying.refuse("lora_model_dir", "a training that goes on with an adapter begins anew here")
    adapter = carrying.get("adapter")
    put_method(
        carrying,
        "adapter",
        name=adapter,
        variants={"peft_use_dora": "dora", "peft_use_rslora": "rslora"},
        bits={f"load_in_{bits}bit": bits if carrying.get(f"load_in_{bits}bit") else None for bits in (4, 8)},
    )
    _carry_data(carrying, folder)
    if isinstance(carrying.get("chat_template_jinja"), str):
        carrying.put("chat_template_jinja", "data.chat_template", carrying.get("chat_template_jinja"))
    each, epochs = carrying.get("evals_per_epoch"), carrying.get("num_epochs")
    if isinstance(each, int) and isinstance(epochs, (int, float)) and each * epochs > 1:
        carrying.put("evals_per_epoch", "training.eval_steps", 1 / (each * epochs), "a fraction of all steps")
        carrying.recipe["training"]["eval_strategy"] = "steps"


def _carry_data(carrying: Carrying, folder: Path) -> None:
    key = "datasets" if carrying.get("datasets") else "pretraining_dataset"
    entries = carrying.get(key)
    entries = [{"path": entries}] if isinstance(entries, str) else entries
    try:
        if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
            raise NotCarried("there is no list of data sets with a path each")
        usual = "completion" if key == "pretraining_dataset" else None
        section = joined([rows for entry in entries for rows in _rows(entry, folder, usual=usual)])
    except NotCarried as error:
        carrying.refuse(key, str(error))
        return
    carrying.put(key, "data.source", section.pop("source"))
    carrying.recipe["data"] |= section
    carrying.leave("test_datasets", "name these rows in data.validation, with data.train in place of data.source")


def _rows(entry: Mapping[str, Any], folder: Path, *, usual: str | None) -> list[Rows]:
    """Return the rows of an entry.

    Raises:
        NotCarried: its type is none that a task here learns from.
    """
    kind = entry.get("type", usual)
    subset = entry.get("name")
    return [_of_kind(entry, kind, source, subset) for source in _sources(entry, folder)]


def _of_kind(entry: Mapping[str, Any], kind: Any, source: str, subset: str | None) -> Rows:
    if isinstance(kind, Mapping):
        query = kind.get("field_input")
        prompt, response = kind.get("field_instruction", "instruction"), kind.get("field_output", "output")
        return instructions(source, prompt=prompt, query=query, response=response, subset=subset)
    if kind in _INSTRUCTIONS:
        prompt, query, response = _INSTRUCTIONS[kind]
        return instructions(source, prompt=prompt, query=query, response=response, subset=subset)
    if kind in _CHATS:
        keys = entry.get("message_property_mappings") or {
            ours: entry[theirs]
            for theirs, ours in (("message_field_role", "role"), ("message_field_content", "content"))
            if theirs in entry
        }
        column = entry.get("field_messages") or entry.get("conversation_field") or _CHATS[kind]
        return chats(source, column=column, keys=keys, subset=subset)
    if kind in _PLAIN:
        return Rows(source, {"text": entry.get("field") or entry.get("text_column") or "text"}, subset=subset)
    known = [*_INSTRUCTIONS, *_CHATS, *_PLAIN]
    raise NotCarried(explain(f"data of the type {kind!r} cannot be carried", allowed=known, name=str(kind)))


def _sources(entry: Mapping[str, Any], folder: Path) -> list[str]:
    files = entry.get("data_files")
    if files:
        return [beside(str(file), folder) for file in ([files] if isinstance(files, str) else files)]
    path = str(entry.get("path") or "")
    if not path:
        raise NotCarried("a data set has no path")
    source = beside(path, folder)
    is_file = Path(source).is_file() or Path(path).suffix in (".json", ".jsonl", ".csv", ".parquet", ".txt")
    return [source if is_file else f"{path}:{entry.get('split', 'train')}"]
