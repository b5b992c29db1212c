"""A folder with a PEFT adapter alone: its base model is found and opened, and the adapter is put on it."""

from __future__ import annotations

import copy
import warnings
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from safetensors import SafetensorError, safe_open
from transformers import GenerationConfig, PreTrainedConfig, PreTrainedModel
from transformers.utils import GENERATION_CONFIG_NAME

from toolkit.adapters.bodies import has_stock_head, load_pooled, pooled_config
from toolkit.adapters.classification_head import labels_of, problem_of
from toolkit.adapters.family import family_of
from toolkit.adapters.heads import Head
from toolkit.adapters.integrity import check_finite
from toolkit.adapters.json_files import read_object
from toolkit.adapters.loading import load_model, open_config
from toolkit.adapters.locate import LocatedModel, locate_model
from toolkit.adapters.opened import OpenedModel
from toolkit.adapters.peft_models import hide_virtual_tokens, merge
from toolkit.adapters.quantization import checked_settings, dequantize, settings_of
from toolkit.adapters.quiet import quiet_library
from toolkit.cache import file_digest
from toolkit.errors import IntegrityError, RecipeError
from toolkit.exported import PooledConfig
from toolkit.files import write_json_atomically
from toolkit.recipe.check_quantization import INSTALL
from toolkit.recipe.peft_methods import NOT_HERE, peft_methods

if TYPE_CHECKING:
    from peft import PeftModel

SETTINGS = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
BASE = "base.json"
CONFIG = "config.json"
QUANTIZATION = "base_quantization"
"""The key of ``config.json`` for the arguments of ``BitsAndBytesConfig`` by which the base model is opened."""

MERGES = "merges"
"""The key of ``config.json`` that is false where a merged model would answer otherwise."""

_LAST_LAYERS = ("classifier.weight", "score.weight", "out_proj.weight")


def is_adapter(folder: Path) -> bool:
    """Return True if a folder holds an adapter."""
    return (folder / SETTINGS).is_file()


def write_base(folder: Path, base: Path) -> None:
    """Write the digests of the base model's weights into an adapter's folder.

    Args:
        folder: of the adapter.
        base: folder of the model that it was trained on.
    """
    write_json_atomically(folder / BASE, {"sha256": _digests(base)})


def write_config(folder: Path, config: PreTrainedConfig) -> None:
    """Write the configuration of an adapter's model, with how its base is quantized under a key of its own.

    Under the library's key it would say that the files of the base model are quantized.

    Args:
        folder: of the adapter.
        config: of the base model, as it was trained on.
    """
    described = copy.deepcopy(config)
    if (settings := settings_of(config)) is not None:
        del described.quantization_config
        setattr(described, QUANTIZATION, settings)
    described.save_pretrained(str(folder))


def never_merge(folder: Path) -> None:
    """Note in an adapter's folder that its model answers otherwise once it is merged.

    Args:
        folder: of the adapter, with its ``config.json``.
    """
    write_json_atomically(folder / CONFIG, {**read_object(folder / CONFIG), MERGES: False})


def load_adapted(located: LocatedModel, head: Head) -> tuple[PreTrainedModel, LocatedModel]:
    """Put an adapter on its base model; return the model, and the folder whose tokenizer it reads with.

    The adapter is merged into the model. One that cannot be merged, or is for a quantized model, stays in peft's
    wrapper, which answers as what it wraps.

    Args:
        located: the adapter's folder. Where it has a ``config.json``, as in our runs, labels and head are those; else
            the head is the library's, with as many labels as the adapter has rows.
        head: the outputs that the task needs.

    Raises:
        RecipeError: if the adapter is for another task.
        HubError: if the base model cannot be found.
        IntegrityError: if the adapter is damaged, cannot be trusted, or belongs to another model.
    """
    where = f"model {located.name}"
    base = _base_of(located, head)
    _check_base(located, base, where=where)
    config = open_config(base)
    if (located.folder / CONFIG).is_file():
        wanted = open_config(located)
    else:
        wanted = _with_rows(config, _head_rows(located, where=where), head)

    quantization = _quantization_of(wanted, where=where)

    def opened_base() -> PreTrainedModel:
        if isinstance(wanted, PooledConfig):
            return load_pooled(base, config, wanted)[0]
        factory = head.auto_class(family_of(wanted, model=located.name))
        return load_model(
            factory, base, config=copy.deepcopy(wanted), new_head=head.is_labelled, quantization=quantization
        )[0]

    keeps_apart = quantization is not None or not getattr(wanted, MERGES, True)
    model = None if keeps_apart else merge(_adapted(opened_base(), located, where=where))
    if model is None:
        adapted = _adapted(opened_base(), located, where=where)
        hide_virtual_tokens(adapted)
        model = cast(PreTrainedModel, adapted)
    if (located.folder / GENERATION_CONFIG_NAME).is_file():
        settings = GenerationConfig.from_pretrained(str(located.folder))
        cast(Any, model).generation_config = settings  # peft's wrapper hands it to what it wraps
    model.train(False)
    check_finite(model, where=where)
    tokenizer = any((located.folder / name).is_file() for name in ("tokenizer.json", "tokenizer_config.json"))
    return model, located if tokenizer else base


def adapter_task_type(located: LocatedModel) -> str | None:
    """Return the task type that peft was told when an adapter was trained.

    Raises:
        IntegrityError: the adapter's settings are damaged.
    """
    task_type = _settings(located).get("task_type")
    return None if task_type is None else str(task_type)


def _settings(located: LocatedModel) -> dict[str, Any]:
    try:
        settings = read_object(located.folder / SETTINGS)
        str(settings["base_model_name_or_path"])
    except (ValueError, KeyError) as error:
        raise IntegrityError(f"{SETTINGS} is damaged", where=f"model {located.name}") from error
    return settings


def _base_of(located: LocatedModel, head: Head) -> LocatedModel:
    """Return the base model of an adapter that is safe to open."""
    where = f"model {located.name}"
    settings = _settings(located)
    base, revision = str(settings["base_model_name_or_path"]), settings.get("revision")
    method = str(settings.get("peft_type")).lower()
    names_code = any(settings.get(name) is not None for name in ("megatron_config", "shadow_model"))
    if method not in peft_methods() or method in NOT_HERE or names_code:
        raise RecipeError(
            f"this is an adapter of the type {settings.get('peft_type')}, which the toolkit does not open; "
            "take one of a method that recipes have",
            where=where,
        )
    fitting = sorted({kind.value for kind in head.peft_types.values()})
    if settings.get("task_type") not in fitting:
        raise RecipeError(
            f"this is an adapter for {settings.get('task_type')}; {head.task} needs one for {' or '.join(fitting)}",
            where=where,
        )
    return locate_model(base if not revision or "@" in base or Path(base).is_dir() else f"{base}@{revision}")


def merge_dequantized(opened: OpenedModel) -> OpenedModel:
    """Merge an adapter into the float32 weights that its quantized base stands for, so that the answers stay.

    Args:
        opened: an adapter on a quantized model; it must not be used any more.

    Raises:
        IntegrityError: the adapter's files are damaged.
    """
    adapted: Any = opened.model
    base = adapted.unload()
    dequantize(base)
    delattr(base.config, QUANTIZATION)
    where = f"model {opened.name}"
    model = merge(_adapted(base, LocatedModel(opened.name, cast(Path, opened.folder)), where=where))
    if model is None:
        raise IntegrityError("the adapter cannot be merged into its base model", where=where)
    model.train(False)
    return replace(opened, model=model)


def _quantization_of(config: Any, *, where: str) -> dict[str, Any] | None:
    """Return how the base of an adapter with this configuration is quantized."""
    noted = getattr(config, QUANTIZATION, None)
    if noted is None:
        return None
    settings = checked_settings(noted, where=where)
    if find_spec("bitsandbytes") is None:
        raise RecipeError(
            f"this adapter was trained on a quantized model, and bitsandbytes is not installed; {INSTALL}", where=where
        )
    return settings


def _check_base(located: LocatedModel, base: LocatedModel, *, where: str) -> None:
    if not (located.folder / WEIGHTS).is_file():
        raise IntegrityError(f"{WEIGHTS} is missing", where=where)
    noted = located.folder / BASE
    if not noted.is_file():
        return
    try:
        digests = read_object(noted)["sha256"]
    except (ValueError, KeyError) as error:
        raise IntegrityError(f"{BASE} is damaged", where=where) from error
    if digests != _digests(base.folder):
        raise IntegrityError(
            f"the adapter was trained on other weights than {base.name} has now; put its base model back", where=where
        )


def _digests(folder: Path) -> dict[str, str]:
    return {file.name: file_digest(file) for file in sorted(folder.glob("*.safetensors"))}


def _head_rows(located: LocatedModel, *, where: str) -> int | None:
    """Return the number of rows of the saved head's last layer; None if no head was saved."""
    try:
        with safe_open(located.folder / WEIGHTS, framework="pt") as file:
            last = [name for name in file.keys() if name.endswith(_LAST_LAYERS) and "lora_" not in name]  # noqa: SIM118
            shapes = [file.get_slice(name).get_shape() for name in sorted(last, key=lambda name: name.count("."))]
    except (SafetensorError, OSError) as error:
        raise IntegrityError(f"a file of the model is damaged: {error}", where=where) from error
    return shapes[0][0] if shapes else None


def _with_rows(config: Any, rows: int | None, head: Head) -> Any:
    """Return the base's configuration with as many labels as the adapter has."""
    if rows is not None and rows != config.num_labels:
        config.num_labels = rows
    if not head.is_pooled or has_stock_head(config):
        return config
    return pooled_config(config, labels=labels_of(config), problem=problem_of(config))


def _adapted(model: PreTrainedModel, located: LocatedModel, *, where: str) -> PeftModel:
    from peft import PeftModel, get_peft_model_state_dict

    try:
        with quiet_library(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # missing tensors are found below, other warnings do not concern the user
            adapted = PeftModel.from_pretrained(model, str(located.folder))
        with safe_open(located.folder / WEIGHTS, framework="pt") as file:
            saved = set(file.keys())
    except (SafetensorError, OSError, KeyError) as error:
        raise IntegrityError(f"a file of the model is damaged: {error}", where=where) from error
    except (ValueError, RuntimeError, TypeError) as error:
        first_line = str(error).strip().split("\n")[0]
        raise IntegrityError(f"the adapter does not fit its base model: {first_line}", where=where) from error
    unmatched = saved.symmetric_difference(get_peft_model_state_dict(adapted, save_embedding_layers=False))
    if unmatched:
        raise IntegrityError(
            f"the adapter does not fit its base model: {sorted(unmatched)[0]} is only in one of them", where=where
        )
    return adapted
