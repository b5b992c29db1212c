"""Three families × three ways on the same data: every cell measured through a recipe, with models that need no network.

    python benchmarks/three_by_three.py [--runs runs/three-by-three] [--page docs/choosing.md]

Each cell is a shipped recipe on the same 1,000 test sentences of Rotten Tomatoes (Pang and Lee 2005). The table is
printed and, with --page, put between the marks of that page. A finished run is not repeated.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MARKS = ("<!-- three-by-three -->", "<!-- /three-by-three -->")
FAMILIES = ("encoder", "decoder", "encoder-decoder")
WAYS = ("fine-tune", "features", "zero-shot")


@dataclass(frozen=True)
class Cell:
    """What stands for a family and a way to use it.

    Attributes:
        family, way: its place.
        recipe: the shipped recipe; None where no model could be measured offline.
        overrides: what makes it run without a network and in minutes.
        note: how it differs from the recipe, or why there is none.
    """

    family: str
    way: str
    recipe: str | None
    overrides: tuple[str, ...] = ()
    note: str = ""


CELLS = (
    Cell("encoder", "fine-tune", "movie-sentiment", note="MiniLM, all weights"),
    Cell("encoder", "features", "movie-features", note="MiniLM"),
    Cell(
        "encoder",
        "zero-shot",
        "movie-zero-shot",
        ("model.name=packaged:minilm", "zero_shot.scorer=similarity"),
        "MiniLM, similarity",
    ),
    Cell(
        "decoder",
        "fine-tune",
        "movie-decoder-lora",
        ("model.name=packaged:smollm2", "data.shots_per_class=1000"),
        "SmolLM2, LoRA, 2,000 rows",
    ),
    Cell("decoder", "features", "movie-decoder-features", ("model.name=packaged:smollm2",), "SmolLM2"),
    Cell("decoder", "zero-shot", "movie-decoder-zero-shot", ("model.name=packaged:smollm2",), "SmolLM2"),
    Cell(
        "encoder-decoder",
        "fine-tune",
        "movie-encoder-decoder",
        ("model.name=packaged:minilm2minilm", "training.learning_rate=5e-5", "training.num_train_epochs=2"),
        "MiniLM2MiniLM, all weights",
    ),
    Cell(
        "encoder-decoder",
        "features",
        "movie-encoder-decoder-features",
        ("model.name=packaged:minilm2minilm",),
        "MiniLM2MiniLM's encoder",
    ),
    Cell(
        "encoder-decoder",
        "zero-shot",
        None,
        note="not measured: no offline model (the attention of MiniLM2MiniLM to its source starts at random)",
    ),
)


def main() -> None:
    """Run the cells that are not there yet, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=Path, default=Path("runs/three-by-three"))
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    results = {(cell.family, cell.way): measured(cell, given.runs) for cell in CELLS}
    table = table_of(results)
    print(table)
    if given.page:
        write_between_marks(given.page, table)


def measured(cell: Cell, runs: Path) -> dict[str, Any] | None:
    """The metrics.json of a cell's run."""
    if cell.recipe is None:
        return None
    folder = runs / f"{cell.family}-{cell.way}"
    command = [sys.executable, "-m", "toolkit", "fine-tune", cell.recipe, *cell.overrides, "--json"]
    answer = subprocess.run(
        [*command, "--output-dir", str(folder), "--ledger", str(runs / "trials.jsonl")],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    metrics: dict[str, Any] = json.loads(answer.stdout)
    return metrics


def table_of(results: dict[tuple[str, str], dict[str, Any] | None]) -> str:
    """Accuracy with its interval in every cell, as markdown."""
    lines = ["| | " + " | ".join(WAYS) + " |", "|---" * (len(WAYS) + 1) + "|"]
    cells = {(cell.family, cell.way): cell for cell in CELLS}
    for family in FAMILIES:
        row = [words(cells[family, way], results[family, way]) for way in WAYS]
        lines.append(f"| **{family}** | " + " | ".join(row) + " |")
    some = next(result for result in results.values() if result is not None)
    majority = some["baselines"]["majority"]["metrics"]["accuracy"]["value"]
    tfidf = some["baselines"]["tfidf-logistic"]["metrics"]["accuracy"]["value"]
    rows = some["splits"]["test"]["rows"]
    lines += [
        "",
        f"Accuracy on the same {rows:,} test sentences of Rotten Tomatoes, with 95 % intervals. The largest class:",
    ]
    lines[-1] += f" {majority:.3f}; logistic regression on TF-IDF: {tfidf:.3f}."
    return "\n".join(lines)


def words(cell: Cell, result: dict[str, Any] | None) -> str:
    """A cell: the figure, what was measured, and a mark where it does not beat the largest class."""
    if result is None:
        return cell.note
    accuracy = result["splits"]["test"]["metrics"]["accuracy"]
    low, high = accuracy["ci95"]
    majority = result["baselines"]["majority"]["metrics"]["accuracy"]["value"]
    beaten = "" if low > majority else ", not above the largest class"
    seconds = result["cost"]["train_seconds"] + result["cost"]["evaluate_seconds"]
    return f"**{accuracy['value']:.3f}** ({low:.3f} to {high:.3f}{beaten})<br>{cell.note}, {seconds:,.0f} s"


def write_between_marks(page: Path, table: str) -> None:
    """Replace what stands between the marks.

    Raises:
        ValueError: if a mark is missing.
    """
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if not begin or not end:
        raise ValueError(f"{page} lacks the marks {MARKS[0]} and {MARKS[1]}")
    page.write_text(f"{before}{begin}\n{table}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
