"""``make cards``: the cards of the shipped recipes' models, written again from their newest finished runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from toolkit.errors import ToolkitError
from toolkit.files import read_json, write_text_atomically
from toolkit.hub.card.render import render_card
from toolkit.recipe import list_recipes, load_recipe, recipe_digest, reread_recipe
from toolkit.training.save import ADAPTER_FOLDER, MODEL_FOLDER
from toolkit.trials.finished import METRICS_FILE, RECIPE_FILE, read_run
from toolkit.trials.reproductions import read_reproductions
from toolkit.trials.trial import FINISHED

TRIAL_FILE = "trial.json"


@dataclass(frozen=True)
class RecipeRun:
    """A finished run of a recipe.

    Attributes:
        folder: of the run.
        digest: of the recipe that it carried out.
        time: when, as ISO 8601.
    """

    folder: Path
    digest: str
    time: str


def refresh_cards(runs: Path, *, into: Path) -> list[str]:
    """Write ``<recipe>.md`` for every shipped recipe that has a finished run.

    A run of the recipe as it is shipped goes before one with overrides (paths of data, say), then the newest before
    others.

    Args:
        runs: a folder with run folders, at any depth.
        into: where the cards go.

    Returns:
        The names of the recipes whose cards were written.
    """
    found: dict[str, list[RecipeRun]] = {}
    for name, run in _finished(runs):
        found.setdefault(name, []).append(run)
    written = []
    for recipe in list_recipes():
        if recipe.name in found:
            shipped = recipe_digest(load_recipe(recipe.path))
            best = max(found[recipe.name], key=lambda run: (run.digest == shipped, run.time))
            write_text_atomically(into / f"{recipe.name}.md", card_of(best.folder))
            written.append(recipe.name)
    return written


def card_of(folder: Path, *, language: str = "en", repo_id: str | None = None, adapter: bool = False) -> str:
    """Return the card of a finished run.

    Args:
        folder: of the run.
        language: of the card.
        repo_id: where the model is published.
        adapter: whether the adapter alone is.
    """
    config = folder / (ADAPTER_FOLDER if adapter else MODEL_FOLDER) / "config.json"
    return render_card(
        read_run(folder).result,
        reread_recipe(folder / RECIPE_FILE),
        recipe_yaml=(folder / RECIPE_FILE).read_text(encoding="utf-8"),
        model_config=read_json(config) if config.is_file() else None,
        language=language,
        repo_id=repo_id,
        adapter=adapter,
        reproductions=read_reproductions(folder),
    )


def _finished(runs: Path) -> Iterator[tuple[str, RecipeRun]]:
    """Yield the name of the recipe of each finished run, and the run."""
    for file in sorted(runs.rglob(TRIAL_FILE)):
        trial = read_json(file)
        whole = (file.parent / METRICS_FILE).is_file() and not file.parent.name.endswith(".unfinished")
        if whole and trial.get("status") in FINISHED:
            yield trial["recipe"], RecipeRun(file.parent, trial["recipe_digest"], trial["time"])


def main() -> int:
    """Refresh the cards of the checkout in the current directory; ends with 1 where there is no run to show."""
    try:
        written = refresh_cards(Path("runs"), into=Path("model_cards"))
    except ToolkitError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write("".join(f"model_cards/{name}.md\n" for name in written) or "no finished run under runs/\n")
    return 0 if written else 1


if __name__ == "__main__":
    raise SystemExit(main())
