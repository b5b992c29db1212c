"""The model of a recipe that is written for a file: the user's, or the usual one by task and language."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from huggingface_hub import constants, try_to_load_from_cache

from toolkit.choose.advice.advise import fitting_families, ways_of
from toolkit.choose.advice.catalogue import Catalogued, catalogue, suggest
from toolkit.choose.look.candidates import SCRATCH, Candidate, find_candidates, usual_names
from toolkit.data.packaged import PREFIX
from toolkit.errors import HubError, ToolkitError
from toolkit.names import SPECS, Method, Problem, Task

KOREAN = "ko"


@dataclass(frozen=True)
class ChosenModel:
    """A model for a recipe.

    Attributes:
        candidate: the model, with its tokenizer where it is on this machine.
        why: a sentence or two for the recipe.
    """

    candidate: Candidate
    why: str


def model_for(task: Task, problem: Problem, *, languages: Sequence[str], named: str | None = None) -> ChosenModel:
    """Return the model that the user has named, or the usual one.

    Args:
        task: of the recipe.
        problem: what the labels are.
        languages: of what is read and of what is written, as ISO 639-1 codes.
        named: by the user; None: the usual one by task and languages.

    Raises:
        ToolkitError: there is no such model here, or it cannot do the task.
    """
    if named is not None:
        return ChosenModel(_candidate(named, task, problem), _where(named))
    offline = _offline_names(task, problem)
    if offline[0] == SCRATCH:
        why = "The task is learnt from a random start: our own Transformer, which runs without a network."
        return ChosenModel(_candidate(SCRATCH, task, problem), why)
    here = _candidate(offline[0], task, problem)
    known = _suggested(task, languages, here=here)
    if known is None:
        return ChosenModel(here, "It runs without a network; name another with --model.")
    if KOREAN in languages and (not constants.HF_HUB_OFFLINE or is_here(known.name)):
        why = f"It was pretrained on this language. {offline[0]} runs without a network, but reads Korean badly."
        return ChosenModel(_candidate(known.name, task, problem), why)
    weak = ", but reads Korean badly" if KOREAN in languages else ""
    why = f"It runs without a network{weak}; {known.name} is another one, from the hub."
    return ChosenModel(here, why)


def is_here(name: str) -> bool:
    """Return whether a model needs no download: it is packaged, a file or a folder, or in the hub's cache."""
    if name.startswith(PREFIX) or name == SCRATCH or Path(name).expanduser().exists() or name.count("/") != 1:
        return True  # what is neither is refused when it is looked for
    repo, _, revision = name.partition("@")
    with suppress(HubError, ValueError):
        return isinstance(try_to_load_from_cache(repo, "config.json", revision=revision or None), str)
    return False


def _candidate(name: str, task: Task, problem: Problem) -> Candidate:
    """Return what is known of a model; of one that would have to be fetched, what the catalogue says."""
    if is_here(name):
        try:
            return find_candidates([name], task=task, problem=problem)[0]
        except ToolkitError as error:  # it is asked for several where they are compared
            here = [replace(fault, where="--model") if fault.where == "--models" else fault for fault in error.faults]
            raise type(error)(*here) from error
    known = next((model for model in catalogue() if model.name == name.partition("@")[0]), None)
    families = fitting_families(task, problem=problem) if known is None else (known.family,)
    ways: list[Method] = [way for family in families for way in ways_of(task, family, problem=problem)]
    found = Candidate(name, methods=tuple(way for way in Method if way in ways and way is not Method.SCRATCH))
    if known is None:
        return found
    return replace(found, family=known.family, parameters=known.parameters, max_length=known.max_length)


def _where(name: str) -> str:
    if is_here(name):
        return "As you have named it."
    return "As you have named it. It is not on this machine yet; the first run fetches it."


def _offline_names(task: Task, problem: Problem) -> list[str]:
    """Return models that need no network, the one to take first; our own where nothing else can learn the task."""
    pretrained = any(methods - {Method.SCRATCH} for methods in SPECS[task].methods.values())
    names = [name for name in usual_names(task, problem=problem) if name != SCRATCH] if pretrained else []
    return [*names, SCRATCH]


def _suggested(task: Task, languages: Sequence[str], *, here: Candidate) -> Catalogued | None:
    """Return the smallest well-known model for a task that reads and writes the languages, in this order.

    A model as large as the one that is here is the same one under its name of the hub.
    """
    order = list(dict.fromkeys(languages))

    def in_order(model: Catalogued) -> bool:
        places = [model.languages.index(language) for language in order if language in model.languages]
        return places == sorted(places)

    def is_same(model: Catalogued) -> bool:
        return model.family is here.family and math.isclose(model.parameters, here.parameters or 0, rel_tol=0.01)

    return next((model for model in suggest(task, order) if in_order(model) and not is_same(model)), None)
