"""Save a trained model so that plain transformers opens it."""

from __future__ import annotations

import shutil
from pathlib import Path

from peft import PeftModel
from transformers import PreTrainedModel

from toolkit.adapters import OpenedModel
from toolkit.adapters.adapter_folder import write_base
from toolkit.adapters.quiet import quiet_library
from toolkit.training.peft_methods import merge

ADAPTER_FOLDER = "adapter"
MODEL_FOLDER = "model"


def save_model(model: PreTrainedModel | PeftModel, opened: OpenedModel, run: Path) -> Path:
    """Write ``model/`` and, for a PEFT method, the small ``adapter/`` beside it.

    The adapter is merged into the model: for plain peft a folder that holds an adapter alone opens with the number
    of labels of its base model, and loses its head where that differs.

    Args:
        model: trained.
        opened: where its tokenizer and base model came from; the tokenizer's ``model_max_length`` is the
            recipe's, so that it truncates for everybody as it did in training.
        run: the run folder.

    Returns:
        The folder of the model, in float32 safetensors.
    """
    folder = run / MODEL_FOLDER
    if isinstance(model, PeftModel):
        _save_adapter(model, opened, run / ADAPTER_FOLDER)
    with quiet_library():
        merge(model).save_pretrained(str(folder))
        opened.tokenizer.save_pretrained(str(folder))
    readable(folder)
    return folder


def _save_adapter(model: PeftModel, opened: OpenedModel, folder: Path) -> None:
    """The adapter, and beside it what peft does not keep: labels, tokenizer, and which weights it belongs to."""
    config = model.peft_config["default"]
    config.base_model_name_or_path, config.revision = opened.name, opened.revision
    opened.model.config.architectures = [type(opened.model).__name__]
    with quiet_library():
        model.save_pretrained(str(folder), save_embedding_layers=False)
        opened.model.config.save_pretrained(str(folder))
        opened.tokenizer.save_pretrained(str(folder))
    (folder / "README.md").unlink(missing_ok=True)  # peft's own is a form to fill in
    if opened.folder is not None:
        write_base(folder, opened.folder)
    readable(folder)


def readable(folder: Path) -> None:
    """Give weights the mode of the files beside them: safetensors writes them for their owner alone.

    Args:
        folder: of a model, with a JSON file that the umask has had its say on.
    """
    example = next(iter(sorted(folder.glob("*.json"))), None)
    for file in folder.glob("*.safetensors"):
        if example is not None:
            shutil.copymode(example, file)
