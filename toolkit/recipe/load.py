"""Loading: a file and overrides become a checked recipe with every default filled in."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from toolkit.errors import Fault, IntegrityError, RecipeError
from toolkit.names import Method, default_metrics
from toolkit.recipe.check import check
from toolkit.recipe.config_keys import completed_config, usual_architecture
from toolkit.recipe.document import Document, Place, TreePath
from toolkit.recipe.find import exists, missing_recipe
from toolkit.recipe.model import peft_method_of, recipe_model
from toolkit.recipe.overrides import apply_overrides
from toolkit.recipe.peft_keys import peft_section
from toolkit.recipe.schema import Recipe, TokenizerSection
from toolkit.recipe.structure import structural_faults
from toolkit.recipe.yaml_text import read_document


def load_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe file and check all of it.

    Args:
        path: the YAML file.
        overrides: texts ``key.path=value``, applied in order before anything is checked.

    Raises:
        RecipeError: with all faults at once, each at its ``file:line:col`` or its override.
    """
    if not exists(path):
        raise missing_recipe(str(path))
    document = read_document(path)
    apply_overrides(document, overrides)
    return _checked(document)


def reread_recipe(path: Path) -> Recipe:
    """Read the resolved recipe of a finished run, which another version may have written.

    Nothing is checked again: keys that this version does not know, and values that it would refuse, are left out.

    Raises:
        IntegrityError: the file cannot be read, or too little of it is a recipe.
    """
    try:
        document = read_document(path)
    except RecipeError as error:
        raise IntegrityError(*error.faults) from error
    faulty = {finding.path for finding in structural_faults(document.tree)} | document.unreadable
    recipe = _sound_part(document.tree, faulty)
    if recipe is None:
        raise IntegrityError("this is no recipe: task, model, data or method is missing or unknown", where=str(path))
    return recipe


def build_recipe(tree: Mapping[str, Any], overrides: Sequence[str] = ()) -> Recipe:
    """Check a recipe of plain values, as code makes it.

    Args:
        tree: the values.
        overrides: as of `load_recipe`.

    Raises:
        RecipeError: with all faults at once.
    """
    document = Document(copy.deepcopy(dict(tree)), {(): Place("recipe", "recipe")})
    apply_overrides(document, overrides)
    return _checked(document)


def _checked(document: Document) -> Recipe:
    # A value that could not be read is None in the tree, and its fault is reported already.
    findings = [
        finding
        for finding in structural_faults(document.tree)
        if finding.on_key or not any(path[: len(finding.path)] == finding.path for path in document.unreadable)
    ]
    faulty = {finding.path for finding in findings} | document.unreadable
    recipe = _sound_part(document.tree, faulty)
    if recipe is not None:
        findings += check(recipe, faulty)
    faults: list[Fault] = [*document.faults, *document.faults_of(findings)]
    if faults or recipe is None:
        raise RecipeError(*faults)
    return _completed(recipe)


def _sound_part(tree: dict[str, Any], faulty: Collection[TreePath]) -> Recipe | None:
    """Return the recipe without its faulty values, for the rules to check; None if too little is left."""
    tree = copy.deepcopy(tree)
    # Inner values before outer ones, and the last of a list first, so that the other paths stay valid.
    for path in sorted(faulty, key=lambda path: (len(path), [f"{part:>9}" for part in path]), reverse=True):
        _remove(tree, path)
    try:
        return _with_defaults(recipe_model(peft_method_of(tree)).model_validate(tree))
    except ValidationError:
        return None


def _remove(tree: Any, path: TreePath) -> None:
    if not path:
        return
    for part in path[:-1]:
        tree = tree[part]
    del tree[path[-1]]


def _with_defaults(recipe: Recipe) -> Recipe:
    """Fill in the defaults that depend on the task and the method."""
    filled: dict[str, Any] = {}
    if recipe.evaluation.metrics is None:
        metrics = list(default_metrics(recipe.task, recipe.problem))
        filled["evaluation"] = recipe.evaluation.model_copy(update={"metrics": metrics})
    if recipe.way is Method.PEFT and not recipe.peft:
        filled["peft"] = peft_section(recipe.method)().model_dump()
    if recipe.way is Method.SCRATCH and recipe.tokenizer is None:
        filled["tokenizer"] = TokenizerSection()
    written = recipe.model.config
    if written is not None and written.get("architecture") is None:
        config = {**written, "architecture": usual_architecture(recipe).value}
        filled["model"] = recipe.model.model_copy(update={"config": config})
    return recipe.model_copy(update=filled)


def _completed(recipe: Recipe) -> Recipe:
    """Fill in all values of the model's configuration; it comes last, because the rules read what was written."""
    if recipe.model.config is None:
        return recipe
    model = recipe.model.model_copy(update={"config": completed_config(recipe.model.config)})
    return recipe.model_copy(update={"model": model})
