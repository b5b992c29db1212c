"""What is handed over: a recipe for each way that is worth its cost, which loads and runs as it is."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from toolkit.choose.decision.decide import Decision
from toolkit.choose.look.candidates import Candidate
from toolkit.choose.look.rows import Rows
from toolkit.choose.measure.measurement import Measurement
from toolkit.choose.measure.recipes import recipe_tree
from toolkit.choose.measure.runs import short_name
from toolkit.files import write_text_atomically
from toolkit.names import Method
from toolkit.recipe import build_recipe, load_recipe, recipe_yaml

RECIPES = "recipes"


@dataclass(frozen=True)
class HandedOver:
    """The recipes, and the measurement that each one carries out.

    Attributes:
        front: what is worth its cost.
        paths: of their files, in the same order.
    """

    front: tuple[Measurement, ...]
    paths: tuple[Path, ...]

    def of(self, made: Measurement | None) -> Path | None:
        """The recipe of a measurement, if it has one."""
        return next((path for one, path in zip(self.front, self.paths, strict=True) if one is made), None)


def hand_over(decision: Decision, rows: Rows, candidates: Mapping[str, Candidate], *, folder: Path) -> HandedOver:
    """Write the recipes of the front; what else is in their folder stays, as somebody may have changed it.

    Args:
        decision: with its front.
        rows: the data.
        candidates: by name.
        folder: the output folder.
    """
    into = folder / RECIPES
    into.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    for made in decision.front:
        name = "-".join(dict.fromkeys([short_name(made.candidate), str(made.method)]))
        path = into / f"{name}.yaml"
        while path in paths:  # folders of the same name in different places
            path = path.with_stem(f"{path.stem}-2")
        write_text_atomically(path, _text(made, rows, candidates[made.candidate], path))
        load_recipe(path)
        paths.append(path)
    return HandedOver(decision.front, tuple(paths))


def _text(made: Measurement, rows: Rows, candidate: Candidate, path: Path) -> str:
    seed = int(made.recipe.get("seed", 0))
    tree = recipe_tree(rows, candidate, Method(str(made.method)), parts=made.sections, seed=seed)
    value = (
        "" if made.value is None else f"{rows.judge.metric} {made.value:.4f} on {_judged(made, rows):,} validation rows"
    )
    head = [f"# toolkit fine-tune {shlex.quote(str(path))}", f"# From toolkit choose: {value}."]
    return "\n".join([*head, recipe_yaml(build_recipe(tree))])


def _judged(made: Measurement, rows: Rows) -> int:
    return len(rows.judge_rows) if made.rows is None else len(made.rows)
