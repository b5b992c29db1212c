"""Saving of a trained model in a form that plain transformers opens."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, cast

from peft import PeftModel
from transformers import PreTrainedModel

from toolkit.adapters import OpenedModel
from toolkit.adapters.adapter_folder import write_base, write_config
from toolkit.adapters.peft_models import merge
from toolkit.adapters.quiet import quiet_library
from toolkit.shortage import disk_for
from toolkit.training.checkpoints import GO_ON
from toolkit.training.trainable import count_parameters

ADAPTER_FOLDER = "adapter"
MODEL_FOLDER = "model"


def save_model(model: PreTrainedModel | PeftModel, opened: OpenedModel, run: Path) -> Path:
    """Write ``model/`` and, for a PEFT method, the small ``adapter/`` beside it.

    The model has the adapter merged into it. Plain peft opens a folder that holds an adapter alone with the number of
    labels of the base model, and loses the head if that number differs. Where a method cannot be merged, or the base
    model is quantized, the adapter is the model, which peft opens.

    Args:
        model: trained.
        opened: its tokenizer and base model; the tokenizer's ``model_max_length`` is the recipe's, so that it
            truncates texts as in training wherever it is loaded.
        run: the run folder.

    Returns:
        The folder of the model, in float32 safetensors.

    Raises:
        ResourceError: the disk is full.
    """
    folder = run / MODEL_FOLDER
    with disk_for(run, needed=count_parameters(model).model_bytes, fix=GO_ON), quiet_library():
        if isinstance(model, PeftModel):
            _save_adapter(model, opened, run / ADAPTER_FOLDER)
        merged = merge(model)
        if merged is None:
            adapter_alone(run)
            return folder
        merged.save_pretrained(str(folder))
        opened.tokenizer.save_pretrained(str(folder))
        readable(folder)
    return folder


def adapter_alone(run: Path) -> None:
    """Let a run's adapter be its model."""
    folder = run / MODEL_FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    (run / ADAPTER_FOLDER).rename(folder)


def _save_adapter(model: PeftModel, opened: OpenedModel, folder: Path) -> None:
    """Save the adapter with what peft leaves out: labels, generation settings, tokenizer, digests of the base model."""
    config = model.peft_config["default"]
    # A name with its revision is none of the hub's; peft has a field for each.
    name = opened.name if opened.revision is None else opened.name.partition("@")[0]
    config.base_model_name_or_path, config.revision = name, opened.revision
    opened.model.config.architectures = [type(opened.model).__name__]
    with quiet_library():
        model.save_pretrained(str(folder), save_embedding_layers=False)
        write_config(folder, opened.model.config)
        if opened.model.can_generate():
            cast(Any, opened.model).generation_config.save_pretrained(str(folder))
        opened.tokenizer.save_pretrained(str(folder))
    (folder / "README.md").unlink(missing_ok=True)  # peft's is an empty template
    if opened.folder is not None:
        write_base(folder, opened.folder)
    readable(folder)


def readable(folder: Path) -> None:
    """Give weights the mode of the files beside them; safetensors makes them readable for the owner alone.

    Args:
        folder: of a model, with a JSON file whose mode follows the umask.
    """
    example = next(iter(sorted(folder.glob("*.json"))), None)
    for file in folder.glob("*.safetensors"):
        if example is not None:
            shutil.copymode(example, file)
