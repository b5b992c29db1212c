"""Files of LLaMA-Factory: one level of keys, a ``stage``, and data sets that ``dataset_info.json`` explains."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from toolkit.errors import explain
from toolkit.files import read_json
from toolkit.names import Task
from toolkit.workflow.peers.carrying import Carrying
from toolkit.workflow.peers.methods import put_method
from toolkit.workflow.peers.rows import NotCarried, Rows, beside, chats, instructions, joined

NAME = "LLaMA-Factory"

_INFO = "dataset_info.json"
_STAGES = {
    "rm": "a reward model learns from preferred answers",
    "ppo": "PPO learns from a reward model",
    "dpo": "DPO learns from preferred answers",
    "kto": "KTO learns from marked answers",
}
_PICTURES = ("image_max_pixels", "video_max_pixels", "image_resolution", "freeze_vision_tower", "media_dir")
_ROLES = {"role_tag": "role", "content_tag": "content"}

REASONS = {
    "template": "chats are laid out by the tokenizer's own template; another one is Jinja in data.chat_template",
    "packing": "rows of pretrained models are padded in groups of like length",
    "max_samples": "all rows are read; give a smaller file",
}


def recognises(tree: Mapping[str, Any]) -> bool:
    """Return whether settings are of this tool."""
    return "model_name_or_path" in tree and bool({"stage", "finetuning_type"} & tree.keys())


def carry(carrying: Carrying, folder: Path) -> None:
    """Carry task, model, method and data.

    Args:
        carrying: the settings.
        folder: of the file.
    """
    stage = carrying.get("stage") or "sft"
    if stage in ("sft", "pt"):
        carrying.put("stage", "task", Task.TEXT_GENERATION.value)
    else:
        carrying.refuse("stage", f"{_STAGES.get(stage, f'{stage!r} is unknown')}; stages sft and pt are carried")
    for key in _PICTURES:
        if carrying.get(key) is not None:
            carrying.refuse(key, "models of this version read no pictures, films or sounds")
    carrying.put("model_name_or_path", "model.name", carrying.get("model_name_or_path"))
    if carrying.get("adapter_name_or_path"):
        carrying.refuse("adapter_name_or_path", "a training that goes on with an adapter begins anew here")
    put_method(
        carrying,
        "finetuning_type",
        name=carrying.get("finetuning_type") or "lora",
        variants={"use_dora": "dora", "use_rslora": "rslora"},
        bits={"quantization_bit": carrying.get("quantization_bit")},
    )
    _carry_data(carrying, folder, is_plain=stage == "pt")
    carrying.leave("quantization_method", "bits are those of bitsandbytes")


def _carry_data(carrying: Carrying, folder: Path, *, is_plain: bool) -> None:
    named = carrying.get("dataset")
    names = [part.strip() for part in named.split(",")] if isinstance(named, str) else list(named or ())
    directory = Path(beside(str(carrying.pop("dataset_dir") or "data"), folder))
    try:
        section = joined([_rows(name, directory, folder, is_plain=is_plain) for name in names])
    except NotCarried as error:
        carrying.refuse("dataset", str(error))
        return
    carrying.put("dataset", "data.source", section.pop("source"))
    carrying.recipe["data"] |= section
    if carrying.get("eval_dataset"):
        carrying.leave("eval_dataset", "name these rows in data.validation, with data.train in place of data.source")


def _rows(name: str, directory: Path, folder: Path, *, is_plain: bool) -> Rows:
    """Return the rows of a data set by its name.

    Raises:
        NotCarried: they are unknown, or cannot be learnt from here.
    """
    entry = _known(directory).get(name)
    if entry is None:
        source = beside(name, folder)
        if not Path(source).is_file():
            known = sorted(_known(directory))
            found = f"{name!r} is a name that {directory.as_posix()}/{_INFO} should explain"
            raise NotCarried(
                explain(found, allowed=known[:20], name=name, fix=f"lay {_INFO} there, or name a data file instead")
            )
        entry = {"file_name": name}
        directory = folder if source != name else Path()
    if entry.get("ranking"):
        raise NotCarried(f"{name!r} ranks answers, which no task here learns from")
    columns: Mapping[str, str] = entry.get("columns") or {}
    if {"images", "videos", "audios"} & columns.keys():
        raise NotCarried(f"{name!r} has pictures, films or sounds; texts are read")
    source, subset = _source(name, entry, directory), entry.get("subset")
    if is_plain:
        return Rows(source, {"text": columns.get("prompt", "text")}, subset=subset)
    if entry.get("formatting") == "sharegpt":
        tags = entry.get("tags") or {}
        keys = {ours: tags[theirs] for theirs, ours in _ROLES.items() if theirs in tags}
        return chats(source, column=columns.get("messages", "conversations"), keys=keys, subset=subset)
    query = columns.get("query", "input" if "prompt" not in columns else None)
    prompt, response = columns.get("prompt", "instruction"), columns.get("response", "output")
    return instructions(source, prompt=prompt, query=query, response=response, subset=subset)


def _known(directory: Path) -> dict[str, Any]:
    try:
        found = read_json(directory / _INFO)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _source(name: str, entry: Mapping[str, Any], directory: Path) -> str:
    if "file_name" in entry:
        return (directory / str(entry["file_name"])).as_posix()
    if "hf_hub_url" in entry:
        return f"{entry['hf_hub_url']}:{entry.get('split', 'train')}"
    raise NotCarried(f"{name!r} is neither a file nor on the Hugging Face hub")
