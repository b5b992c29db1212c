"""Names of models and data in a card: hub ids where there are any, and never a folder of this machine."""

from __future__ import annotations

import re
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import yaml

from toolkit.data.hub_datasets import HubId, parse_hub_id
from toolkit.data.packaged import PACKAGED_DATA, PACKAGED_MODELS, PREFIX, Carrier
from toolkit.data.sources import DATA_SUFFIXES
from toolkit.names import Method
from toolkit.recipe.schema import OWN_TRANSFORMER
from toolkit.report import facts
from toolkit.run_result import RunResult

BESIDE = " + "
"""Separator of files whose lines belong together."""

_ALL_BUT_NAME_CHARACTERS = re.compile(r"[^\w.-]+")


def model_name(result: RunResult) -> str:
    """Return a name for the result, such as ``minilm-rotten-tomatoes``."""
    model = "transformer" if result.model == OWN_TRANSFORMER else short_name(result.model)
    data = "-".join(dict.fromkeys(data_name(source) for source in facts.sources(result)))
    asked = f"-{Method.ZERO_SHOT}" if result.way is Method.ZERO_SHOT else ""
    name = _ALL_BUT_NAME_CHARACTERS.sub("-", f"{model}-{data}{asked}")
    return name.strip("-.") or "fine-tuned"


def hub_model(result: RunResult) -> str | None:
    """Return the base model's hub id; only a model from the hub has a revision."""
    return result.model.partition("@")[0] if result.revision else None


def hub_data(source: str) -> HubId | None:
    """Return a source as a hub data set; None where it is none."""
    if BESIDE in source or source.lower().endswith(DATA_SUFFIXES):
        return None
    return parse_hub_id(source)


def model_carrier(result: RunResult) -> Carrier | None:
    """Return the package that carries the base model, if one does."""
    name = result.model
    packaged = PACKAGED_MODELS.get(name.removeprefix(PREFIX)) if name.startswith(PREFIX) else None
    return packaged.carrier if packaged else None


def data_carrier(source: str) -> Carrier | None:
    """Return the package that carries a source, if one does."""
    packaged, _, _ = source.removeprefix(PREFIX).partition(" ")  # of a collection a part may be named behind
    return PACKAGED_DATA.get(packaged) if source.startswith(PREFIX) else None


def public_source(source: str) -> str:
    """Return a source's name without the folders of this machine."""
    if source.startswith(PREFIX) or hub_data(source):
        return source
    return BESIDE.join(_last_part(file) for file in source.split(BESIDE))


def public_recipe(recipe_yaml: str) -> str:
    """Return a recipe without the folders of this machine: of full paths only the last part is left.

    Args:
        recipe_yaml: the resolved recipe, as it stands in the run folder.
    """
    recipe = yaml.safe_load(recipe_yaml)
    named = _texts([recipe.get("model"), recipe.get("data")])
    for path in sorted({text for text in named if is_full_path(text)}, key=len, reverse=True):
        # YAML may fold a long text at its spaces, and doubles a quote between quotes.
        as_written = r"\s+".join(re.escape(part).replace("'", "''?") for part in path.split())
        recipe_yaml = re.sub(as_written, _last_part(path), recipe_yaml)
    return recipe_yaml


def data_name(source: str) -> str:
    """Return a source's name as part of another: ``de-en`` of ``data/train.de + data/train.en``."""
    files = [PurePosixPath(_last_part(file)) for file in source.split(BESIDE)]
    if len(files) == 1:
        return short_name(source)
    languages = [file.suffix.removeprefix(".") for file in files]
    distinct = all(languages) and len(set(languages)) == len(languages)
    return "-".join(languages if distinct else [file.stem for file in files])


def short_name(name: str) -> str:
    """Return the last part of a model's or a source's name."""
    last = _last_part(name.removeprefix(PREFIX).partition("@")[0])
    return PurePosixPath(last).stem if last.lower().endswith(DATA_SUFFIXES) else last.partition(":")[0]


def _last_part(path: str) -> str:
    return PurePosixPath(path.replace("\\", "/")).name or path


def is_full_path(text: str) -> bool:
    """Return whether a text is a path from the root of this machine."""
    return "\n" not in text and (PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute())


def _texts(value: Any) -> list[str]:
    """Return all texts of a recipe, at any depth."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in inner for text in _texts(each)]
