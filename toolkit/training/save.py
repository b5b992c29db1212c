"""Save a trained model so that plain transformers opens it."""

from __future__ import annotations

from pathlib import Path

from peft import PeftModel
from transformers import PreTrainedModel

from toolkit.adapters import OpenedModel
from toolkit.adapters.quiet import quiet_library
from toolkit.training.peft_methods import merge

ADAPTER_FOLDER = "adapter"
MODEL_FOLDER = "model"


def save_model(model: PreTrainedModel | PeftModel, opened: OpenedModel, run: Path) -> Path:
    """Write ``model/`` and, for a PEFT method, the small ``adapter/`` beside it.

    The adapter is merged into the model: a folder that holds an adapter alone opens with the number of labels
    of its base model, and loses its head where that differs.

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
        config = model.peft_config["default"]
        config.base_model_name_or_path, config.revision = opened.name, opened.revision
        model.save_pretrained(str(run / ADAPTER_FOLDER))
        (run / ADAPTER_FOLDER / "README.md").unlink(missing_ok=True)  # peft's own is a form to fill in
    with quiet_library():
        merge(model).save_pretrained(str(folder))
        opened.tokenizer.save_pretrained(str(folder))
    return folder
