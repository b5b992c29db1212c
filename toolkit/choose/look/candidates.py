"""Find the models to choose from, on this machine or the hub, and read their properties without their weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.adapters.family import family_of, reading_config
from toolkit.adapters.integrity import check_weight_files
from toolkit.adapters.loading import open_config
from toolkit.adapters.locate import LocatedModel, locate_model
from toolkit.adapters.open import model_size, open_tokenizer
from toolkit.choose.advice.advise import fitting_families, misfit, ways_of
from toolkit.choose.advice.catalogue import BYTES_TO_READ, BYTES_TO_TRAIN, catalogue
from toolkit.data.packaged import PACKAGED_MODELS, PREFIX, carried_path, packaged_model
from toolkit.errors import (
    Fault,
    HubError,
    IntegrityError,
    RecipeError,
    ResourceError,
    ToolkitError,
    explain,
    nearest,
)
from toolkit.names import SPECS, Family, Method, Problem, Task
from toolkit.report.facts import amount
from toolkit.shortage import is_out_of_memory

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SCRATCH = "scratch"
"""The name of our own Transformer from random weights."""

SCRATCH_ROWS = 500_000
"""Labelled examples from which random weights are worth a try; rules.yaml has the source."""


@dataclass(frozen=True)
class Candidate:
    """A model that could be chosen, or the reason why it cannot be.

    Attributes:
        name: as the user wrote it.
        family: of the model; None where it is not known.
        located: its files; None from scratch, and where they were not found.
        methods: by which it can be used here, in the order of `Method`. A pretrained model may have none, for a task
            that the toolkit trains from scratch only; its likelihoods can still be measured.
        parameters: counted in its files.
        disk_bytes: of its weights.
        hidden_dim, n_layers: of the stack that reads the text.
        vocabulary: size of its tokenizer's vocabulary.
        max_length: tokens that a text may have.
        notes: methods that were left out, and why.
        refused: why it cannot be chosen, in a sentence; None where it can be.
    """

    name: str
    family: Family | None = None
    located: LocatedModel | None = None
    methods: tuple[Method, ...] = ()
    parameters: int | None = None
    disk_bytes: int | None = None
    hidden_dim: int | None = None
    n_layers: int | None = None
    vocabulary: int | None = None
    max_length: int | None = None
    notes: tuple[str, ...] = ()
    refused: str | None = None

    def files(self) -> LocatedModel:
        """Return its files.

        Raises:
            ValueError: it has no files.
        """
        if self.located is None:
            raise ValueError(f"{self.name} has no files")
        return self.located

    def tokenizer(self) -> PreTrainedTokenizerBase | None:
        """Open its own tokenizer; None from scratch, where one is trained on the texts, and where it is refused."""
        return open_tokenizer(self.located)[0] if self.located is not None and self.refused is None else None


def find_candidates(
    names: Sequence[str],
    *,
    task: Task,
    problem: Problem = Problem.SINGLE_LABEL,
    memory_bytes: int | None = None,
) -> tuple[Candidate, ...]:
    """Find each model by its name; a model that cannot be used is a refused candidate, and the others go on.

    Args:
        names: as in a recipe, or ``scratch``; repeated names count once.
        task: of the choice.
        problem: the kind of label.
        memory_bytes: limit for a model; None: no limit.

    Raises:
        HubError: misspelt names, all of them at once, each with its nearest match.
        RecipeError: there is no name; the task fits none of the models' families.
        ToolkitError: none of the models can be used; names the fault of each.
    """
    wanted = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
    if not wanted:
        raise RecipeError("there is no model to choose from; name some, such as packaged:minilm", where="--models")
    fitting_families(task, problem=problem)  # refuses an unknown task before anything is fetched
    _check_names(wanted)
    found: list[Candidate] = []
    errors: list[ToolkitError] = []
    for name in wanted:
        try:
            found.append(_candidate(name, task=task, problem=problem, memory_bytes=memory_bytes))
        except ToolkitError as error:
            if error.__cause__ is not None and is_out_of_memory(error.__cause__):
                raise
            errors.append(error)
            found.append(Candidate(name, family=_known_family(name), refused=error.faults[0].message))
        except Exception as error:  # of the library, of any kind: the others go on
            if is_out_of_memory(error):
                raise
            errors.append(IntegrityError(f"the model cannot be opened: {type(error).__name__}: {error}"))
            found.append(Candidate(name, refused=errors[-1].faults[0].message.split("\n")[0]))
    if len(errors) == len(wanted):
        faults = [Fault(str(candidate.refused), f"model {candidate.name}") for candidate in found]
        raise next((type(e) for e in errors if isinstance(e, RecipeError)), type(errors[0]))(*faults)
    return tuple(found)


def usual_names(task: Task, *, n_rows: int | None = None, problem: Problem = Problem.SINGLE_LABEL) -> tuple[str, ...]:
    """Return the default names: the packaged models that fit and are installed, and `SCRATCH` where it pays.

    Args:
        task: of the choice.
        n_rows: training examples; None: not known.
        problem: the kind of label.
    """
    fitting = fitting_families(task, problem=problem)
    packaged = [PREFIX + name for name, model in PACKAGED_MODELS.items() if model.family in fitting and _is_there(name)]
    return (*packaged, *([SCRATCH] if scratch_pays(task, n_rows) else []))


def scratch_pays(task: Task, n_rows: int | None) -> bool:
    """Return whether random weights are worth a try: always for texts alone, for labels from `SCRATCH_ROWS` on."""
    return SPECS[task].chooses_by == "loss" or (n_rows is not None and n_rows >= SCRATCH_ROWS)


def count_parameters(folder: Path) -> int:
    """Count the parameters in the weight files of a model by their headers, without reading weights.

    Raises:
        IntegrityError: a file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    total = 0
    for path in sorted(folder.glob("model*.safetensors")):
        try:
            with safe_open(str(path), framework="pt") as weights:
                for name in weights.keys():  # noqa: SIM118, it is no dictionary
                    total += prod(weights.get_slice(name).get_shape())
        except SafetensorError as error:
            raise IntegrityError(f"{path.name} is damaged: {error}") from error
    return total


def _candidate(name: str, *, task: Task, problem: Problem, memory_bytes: int | None) -> Candidate:
    if name == SCRATCH:
        return _from_scratch(task, problem)
    _refuse_too_large(_known_parameters(name), memory_bytes)
    try:
        located = locate_model(name)
    except HubError as error:
        match = nearest(name, [model.name for model in catalogue() if model.name != name])
        meant = f"; did you mean {match!r}?" if match is not None and _known_family(name) is None else ""
        raise HubError(f"{error.faults[0].message}{meant}") from error
    config = open_config(located)
    family = family_of(config)
    reason = misfit(task, family, problem=problem)
    if reason is not None:
        raise RecipeError(reason)
    check_weight_files(located.folder, where=name)
    parameters = count_parameters(located.folder)
    _refuse_too_large(parameters, memory_bytes)
    tokenizer, max_length = open_tokenizer(located)
    methods, notes = _methods(task, family, problem, parameters=parameters, memory_bytes=memory_bytes)
    reader: Any = reading_config(config)
    return Candidate(
        name=name,
        family=family,
        located=located,
        methods=methods,
        parameters=parameters,
        disk_bytes=model_size(located.folder),
        hidden_dim=getattr(reader, "hidden_size", None),
        n_layers=getattr(reader, "num_hidden_layers", None),
        vocabulary=len(tokenizer),
        max_length=max_length,
        notes=notes,
    )


def _from_scratch(task: Task, problem: Problem) -> Candidate:
    ways = {family: ways_of(task, family, problem=problem) for family in fitting_families(task, problem=problem)}
    family = next((family for family, known in ways.items() if Method.SCRATCH in known), None)
    if family is None:
        raise RecipeError(f"{task} is not done from random weights in this version")
    return Candidate(SCRATCH, family=family, methods=(Method.SCRATCH,))


def _methods(
    task: Task, family: Family, problem: Problem, *, parameters: int, memory_bytes: int | None
) -> tuple[tuple[Method, ...], tuple[str, ...]]:
    """Return the methods for a pretrained model within the memory, and notes on the methods that were left out."""
    ways = tuple(way for way in ways_of(task, family, problem=problem) if way is not Method.SCRATCH)
    needed = BYTES_TO_TRAIN * parameters
    if Method.FULL not in ways or memory_bytes is None or needed <= memory_bytes:
        return ways, ()
    note = f"training all weights takes {amount(needed, 'B')} at least, and {amount(memory_bytes, 'B')} are allowed"
    return tuple(way for way in ways if way is not Method.FULL), (note,)


def _refuse_too_large(parameters: int | None, memory_bytes: int | None) -> None:
    if parameters is None or memory_bytes is None or BYTES_TO_READ * parameters <= memory_bytes:
        return
    raise ResourceError(
        f"its {parameters:,} parameters take {amount(BYTES_TO_READ * parameters, 'B')} in float32, and "
        f"{amount(memory_bytes, 'B')} are allowed"
    )


def _check_names(names: Sequence[str]) -> None:
    """Refuse names that no model can have, before anything is downloaded; hub ids are not checked."""
    faults = [fault for name in names for fault in _name_faults(name)]
    if faults:
        raise HubError(*faults)


def _name_faults(name: str) -> list[Fault]:
    if name == SCRATCH or Path(name).expanduser().exists():
        return []
    is_path = name.startswith((".", "~", "/")) or name.count("/") > 1
    if is_path or name.startswith(PREFIX):
        try:
            locate_model(name) if is_path else packaged_model(name)
        except ToolkitError as error:
            return [Fault(fault.message, fault.where or "--models") for fault in error.faults]
        return []
    match = nearest(name, [SCRATCH, *PACKAGED_MODELS])
    if "/" in name or match is None:
        return []
    meant = match if match == SCRATCH else PREFIX + match
    return [Fault(explain(f"there is no model {name!r}", fix=f"did you mean {meant!r}?"), "--models")]


def _known_family(name: str) -> Family | None:
    return next((model.family for model in catalogue() if model.name == name.partition("@")[0]), None)


def _known_parameters(name: str) -> int | None:
    return next((model.parameters for model in catalogue() if model.name == name.partition("@")[0]), None)


def _is_there(name: str) -> bool:
    try:
        carried_path(PACKAGED_MODELS[name].carrier)
    except HubError:
        return False
    return True
