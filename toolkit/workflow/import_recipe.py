"""From a file of another tool to a recipe, with a list of what was carried and what was not."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.data.column_looks import look_at_columns
from toolkit.data.sources import data_suffix, read_table
from toolkit.errors import DataError, Fault, RecipeError
from toolkit.files import json_value
from toolkit.names import LORA, Method, Task, method_of
from toolkit.recipe import Recipe, build_recipe, recipe_text
from toolkit.recipe.commented import commented_yaml
from toolkit.recipe.document import Document, Place
from toolkit.recipe.find import refuse_existing, write_recipe
from toolkit.recipe.model import schema_of
from toolkit.recipe.overrides import apply_overrides
from toolkit.recipe.yaml_text import parse, refuse_tokens
from toolkit.tasks import room_of
from toolkit.workflow.peers import autotrain, axolotl, llama_factory, scripts
from toolkit.workflow.peers.carrying import Carrying, flattened

_PEERS: tuple[Any, ...] = (llama_factory, autotrain, axolotl, scripts)
"""A module a tool, the more particular ones first."""

_SECTIONS = 2
"""Levels of sections that a tool's file may have."""

_ORDER = ("task", "model", "data", "method", "peft", "training", "evaluation", "hub", "seed")

_CORE = {
    "task": "task=text-classification",
    "model": "model.name=packaged:minilm",
    "data": "data.source=reviews.csv",
}
"""What a recipe cannot do without, and how to say it beside the file."""

_NAMED_FIRST = re.compile(r"(?:training|peft|evaluation|hub|data\.(?:max_length|validation_size|chat_template))[\w.]*")


@dataclass(frozen=True, eq=False)
class Imported:
    """A recipe that was made of another tool's file.

    Attributes:
        path: the recipe file.
        recipe: checked.
        tool: whose file it was.
        carried: the path in the recipe by the path of the setting.
        left: why a setting was not carried, by its path.
        text: of the recipe file.
    """

    path: Path
    recipe: Recipe
    tool: str
    carried: Mapping[str, str]
    left: Mapping[str, str]
    text: str

    def lines(self) -> list[str]:
        """Return what was carried and what was not, for a terminal."""
        lines = [f"{self.path}: a recipe of {self.tool}'s settings", "", "carried:"]
        lines += [f"  {theirs} → {ours}" for theirs, ours in self.carried.items()]
        lines += ["", "not carried:" if self.left else "everything was carried"]
        lines += [f"  {theirs}: {reason}" for theirs, reason in self.left.items()]
        if self.recipe.data.test is None:
            size = self.recipe.data.test_size
            rows = f"{size:,} rows" if isinstance(size, int) else f"{size:.0%} of the rows"
            lines += ["", f"new: {rows} are kept to measure the result (data.test_size); name others in data.test"]
        return lines


def import_recipe(file: Path, *, overrides: Sequence[str] = (), output: Path | None = None) -> Imported:
    """Make a recipe of another tool's file; it is checked before it is written.

    Args:
        file: YAML or JSON of LLaMA-Factory, axolotl, AutoTrain, transformers' scripts or `TrainingArguments`.
        overrides: texts ``key.path=value``, for what the file does not say.
        output: the recipe file, or a folder; None takes the current folder, and a name from that of the file.

    Raises:
        RecipeError: the file is none of these, or its task, model, method or data cannot be carried.
        ResourceError: the output exists already, or cannot be written.
    """
    usual = Path(f"{file.stem}-recipe.yaml")
    output = usual if output is None else output / usual if output.is_dir() else output
    refuse_existing(output)
    tree = _read(file)
    peer = next((peer for peer in _PEERS if peer.recognises(tree)), None)
    if peer is None:
        raise RecipeError(_unknown(tree), where=str(file))
    carrying = Carrying(flattened(tree, depth=_SECTIONS if peer is autotrain else 0))
    peer.carry(carrying, file.parent)
    recipe, values = _completed(carrying, peer, file, overrides)
    more = [f"Not carried: {theirs}: {reason}" for theirs, reason in carrying.left.items()]
    text = commented_yaml(
        values,
        {},
        command=f"toolkit fine-tune {shlex.quote(output.as_posix())}",
        about=f"Made of {file.name}, which {peer.NAME} reads.",
        more=more,
    )
    refuse_tokens(text, lambda line, column: f"{output}:{line}:{column}")
    write_recipe(output, text)
    return Imported(output, recipe, peer.NAME, carrying.carried, carrying.left, text)


def _read(file: Path) -> dict[str, Any]:
    """Return the settings of a file.

    Raises:
        RecipeError: it cannot be read, or is no YAML or JSON with keys at the top.
    """
    text = recipe_text(file)
    if text.lstrip().startswith("{"):
        try:
            tree = json_value(text)
        except ValueError as error:
            raise RecipeError(f"not JSON: {error}", where=str(file)) from error
    else:
        document = parse(text, lambda line, column: f"{file}:{line}:{column}")
        if document.faults:
            raise RecipeError(*document.faults)
        tree = document.tree
    if not isinstance(tree, dict) or not tree:
        raise RecipeError("settings are keys with values, and there are none here", where=str(file))
    return tree


def _unknown(tree: Mapping[str, Any]) -> str:
    if {"task", "model", "data", "method"} <= tree.keys():
        return "this is a recipe already; toolkit recipes check looks at it"
    tools = "LLaMA-Factory, axolotl, AutoTrain, or of transformers' scripts and TrainingArguments"
    return f"these are no settings of {tools}; found the keys {', '.join(list(map(str, tree))[:10])}"


def _completed(carrying: Carrying, peer: Any, file: Path, overrides: Sequence[str]) -> tuple[Recipe, dict[str, Any]]:
    """Carry the rest, and return the checked recipe with its values in the order of a recipe.

    Raises:
        RecipeError: all reasons why there can be none, at once.
    """
    method = str(carrying.recipe.get("method", Method.FULL.value))
    if not carrying.faults:
        has_adapter = method_of(method) is Method.PEFT
        carrying.carry_rest(schema_of(method if has_adapter else LORA), has_adapter=has_adapter, reasons=peer.REASONS)
    document = Document(carrying.recipe, {(): Place(str(file), str(file))})
    apply_overrides(document, overrides)
    faults = [Fault(f"{key}: {reason}", str(file)) for key, reason in carrying.faults.items()] + document.faults
    faults += [
        Fault(f"it names no {key}; say it beside the file, such as {example}", str(file))
        for key, example in _CORE.items()
        if not carrying.recipe.get(key) and not carrying.faults
    ]
    if faults:
        raise RecipeError(*faults)
    carrying.recipe.setdefault("method", method)
    _guess_columns(carrying)
    recipe = _checked(carrying, file)
    values = {key: carrying.recipe[key] for key in _ORDER if carrying.recipe.get(key) not in (None, {})}
    return recipe, values


def _guess_columns(carrying: Carrying) -> None:
    """Name the columns of a file that is at hand, where the settings do not and it is plain which they are."""
    data = carrying.recipe["data"]
    source = data.get("source") or data.get("train")
    is_there = isinstance(source, str) and data_suffix(source) is not None and Path(source).expanduser().is_file()
    if data.get("columns") or not is_there or carrying.recipe["task"] not in set(Task):
        return
    try:
        found = room_of(Task(carrying.recipe["task"])).guess(look_at_columns(read_table(source)), {})
    except DataError:
        return
    data |= {"columns": dict(found.columns), **found.data}
    carrying.carried["the columns of the file"] = "data.columns"


def _checked(carrying: Carrying, file: Path) -> Recipe:
    """Return the recipe; settings beside its core that it refuses are left, with the reason.

    Raises:
        RecipeError: its core is refused.
    """
    while True:
        try:
            return build_recipe(carrying.recipe)
        except RecipeError as error:
            if not [fault for fault in error.faults if _left(carrying, fault)]:
                raise RecipeError(*(Fault(fault.message, str(file)) for fault in error.faults)) from error


def _left(carrying: Carrying, fault: Fault) -> bool:
    """Take the setting out of the recipe that a fault is about; return whether it was there and may be left."""
    named = _NAMED_FIRST.match(fault.message)
    section, _, key = (named[0] if named else "").rstrip(".").partition(".")
    key = key.partition(".")[0]
    if key not in carrying.recipe.get(section, {}):
        return False
    del carrying.recipe[section][key]
    home = f"{section}.{key}"
    theirs = next((name for name, ours in carrying.carried.items() if ours.partition(" ")[0] == home), home)
    carrying.carried.pop(theirs, None)
    carrying.left[theirs] = fault.message.partition(": ")[2] or fault.message
    return True
