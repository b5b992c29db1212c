"""Write a recipe for each result that is worth its cost; it loads and runs as it is."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from toolkit.choose.decision.decide import Decision
from toolkit.choose.look.candidates import Candidate
from toolkit.choose.look.rows import Rows
from toolkit.choose.measure.measurement import Measurement
from toolkit.choose.measure.recipes import file_stem, recipe_tree
from toolkit.files import write_text_atomically
from toolkit.language.spoken import translated
from toolkit.recipe import build_recipe, load_recipe, set_yaml

RECIPES = "recipes"


@dataclass(frozen=True)
class HandedOver:
    """The recipes, and the result that each one reproduces.

    Attributes:
        front: the results that are worth their cost.
        paths: of their recipes, in the same order.
    """

    front: tuple[Measurement, ...]
    paths: tuple[Path, ...]

    def of(self, result: Measurement | None) -> Path | None:
        """Return the recipe of a result; None where it has none."""
        return next((path for one, path in zip(self.front, self.paths, strict=True) if one is result), None)


def hand_over(decision: Decision, rows: Rows, candidates: Mapping[str, Candidate], *, folder: Path) -> HandedOver:
    """Write the recipes of the front; other files in their folder stay, because a person may have written them.

    Args:
        decision: with its front.
        rows: the data.
        candidates: by name.
        folder: the output folder.
    """
    into = folder / RECIPES
    into.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    for result in decision.front:
        name = "-".join(dict.fromkeys([file_stem(result.candidate), str(result.method)]))
        path = into / f"{name}.yaml"
        while path in paths:  # folders of the same name in different places
            path = path.with_stem(f"{path.stem}-2")
        write_text_atomically(path, _text(result, rows, candidates[result.candidate], path))
        load_recipe(path)
        paths.append(path)
    return HandedOver(decision.front, tuple(paths))


def _text(result: Measurement, rows: Rows, candidate: Candidate, path: Path) -> str:
    seed = int(result.recipe.get("seed", 0))
    tree = recipe_tree(rows, candidate, str(result.method), parts=result.sections, seed=seed)
    about = "From toolkit choose."
    if result.value is not None:
        about = (
            f"From toolkit choose: {rows.judge.metric} {result.value:.4f} on {len(result.answers or ()):,} rows that "
            "are not for the test."
        )
    head = [f"# toolkit fine-tune {shlex.quote(str(path))}", f"# {translated(about)}"]
    return "\n".join([*head, set_yaml(build_recipe(tree))])
