"""What the installed libraries allow, asked without importing them: their answers are kept (`toolkit.cache`).

Importing transformers and peft takes seconds, and most of what a recipe can have wrong needs only their answers.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import warnings
from collections.abc import Mapping
from typing import Any

from toolkit.cache import kept_answer
from toolkit.recipe.library_settings import Setting, settings_of

_UNKNOWN_STEPS = 10**9


@kept_answer
def training_settings() -> list[Setting]:
    """Return the fields of ``transformers.TrainingArguments``."""
    from transformers import TrainingArguments

    return settings_of(TrainingArguments)


@kept_answer
def generation_names() -> list[str]:
    """Return the names of the fields of ``transformers.GenerationConfig``, which have no types."""
    from transformers import GenerationConfig

    return list(GenerationConfig().to_dict())  # type: ignore[no-untyped-call]


@kept_answer
def own_config() -> dict[str, Any]:
    """Return the ``settings`` of our own Transformer's configuration, without the library's, and its ``presets``."""
    from transformers import PreTrainedConfig

    from toolkit.transformer.configuration import PRESETS, TransformerConfig

    inherited = {setting["name"] for setting in settings_of(PreTrainedConfig)}
    helps = _explained(TransformerConfig) | {"architecture": "Which stacks there are; null: what the task needs."}
    settings = settings_of(TransformerConfig, helps)
    return {
        "settings": [setting for setting in settings if setting["name"] not in inherited],
        "presets": PRESETS,
    }


@kept_answer
def own_config_fault(values: Mapping[str, Any]) -> str | None:
    """Return in one line what our Transformer's configuration refuses about values that exclude each other.

    Args:
        values: complete.
    """
    from huggingface_hub.errors import StrictDataclassError

    from toolkit.transformer.configuration import TransformerConfig

    try:
        TransformerConfig(**values)
    except (StrictDataclassError, ValueError) as error:
        # The library wraps the sentence of a class's own check; that of a field's names the field itself.
        is_sentence = error.__cause__ is not None and "Class validation" in str(error)
        return " ".join(str(error.__cause__ if is_sentence else error).split())
    return None


@kept_answer
def peft_configs() -> dict[str, dict[str, Any]]:
    """Return the configuration classes of peft by their methods' names in lower case.

    Each has its ``config_name``, its ``settings``, and what kind it is: ``is_lora``, ``learns_a_prompt`` (what stands
    before a text, while the layers stay as they are) and ``lengthens_texts`` (that stands among the tokens; prefixes
    are keys and values of each layer).
    """
    from peft import CartridgeConfig, LoraConfig, PrefixTuningConfig
    from peft.config import PromptLearningConfig
    from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING

    return {
        kind.value.lower(): {
            "config_name": made.__name__,
            "settings": settings_of(made),
            "is_lora": issubclass(made, LoraConfig),
            "learns_a_prompt": issubclass(made, PromptLearningConfig),
            "lengthens_texts": issubclass(made, PromptLearningConfig)
            and not issubclass(made, PrefixTuningConfig | CartridgeConfig),
        }
        for kind, made in PEFT_TYPE_TO_CONFIG_MAPPING.items()
    }


def peft_config(name: str, settings: Mapping[str, Any]) -> Any:
    """Return settings as peft takes them; the number of steps is not known yet.

    Args:
        name: of the configuration class.
        settings: by the fields' names.

    Raises:
        ValueError: values that do not agree; other errors of peft's are of this kind, too.
    """
    import peft

    config_class = getattr(peft, name)
    has_steps = any(field.name == "total_step" for field in dataclasses.fields(config_class))
    steps = {"total_step": _UNKNOWN_STEPS} if has_steps else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return config_class(**{**steps, **settings})


@kept_answer
def peft_agrees(name: str, settings: Mapping[str, Any]) -> bool:
    """Return True where peft takes settings. A refusal may depend on what else is installed, and is not kept.

    Raises:
        ValueError: as of `peft_config`.
    """
    peft_config(name, settings)
    return True


def _explained(documented: type) -> dict[str, str]:
    """Return the description of each name in the Args section of a class's docstring, in one line each."""
    section = (inspect.getdoc(documented) or "").partition("Args:\n")[2].partition("\n\n")[0]
    entries = re.findall(r"^ {4}(\w[\w, ]*): (.+(?:\n {8}.+)*)", section, flags=re.MULTILINE)
    return {name: " ".join(text.split()) for names, text in entries for name in names.split(", ")}
