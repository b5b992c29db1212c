"""Take pictures of the pages that people read, in both languages: the report of a run, a choice, a model card.

    python benchmarks/pictures.py [--work build/pictures] [--pictures docs/pictures]

Runs and choices are made once, in the work folder; their pages are written again each time, by the templates as they
are. axe-core reads each of them on a phone and on a desk, light and dark, and Chromium prints it. A run folder that
somebody puts into ``runs/`` of the work folder is looked at too, in both languages. Ends with 1 where axe-core finds
something serious, or where a page is wider than its window.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from contextlib import chdir
from pathlib import Path

import dill
from browser import need, printed, sheet
from markdown_it import MarkdownIt
from picture_rows import write_rows
from PIL import Image
from story import toolkit as carry_out

import toolkit
from toolkit.choose.show.page import render_choice
from toolkit.hub.card.refresh import card_of
from toolkit.language.spoken import LANGUAGES, speaking
from toolkit.report.page import render_page
from toolkit.run_result.log import training_losses
from toolkit.trials.finished import RECIPE_FILE, read_run

DATA = {"en": "reviews", "ko": "messages"}
RECIPES = {
    "reviews": """task: text-classification
model: {name: packaged:minilm}
data: {train: reviews.csv, columns: {text: text, label: label}, test_size: 400, validation_size: 200}
method: full
training:
  learning_rate: 5.0e-5
  num_train_epochs: 3
  per_device_train_batch_size: 16
  eval_strategy: steps
  eval_steps: 20
  save_strategy: steps
  save_steps: 20
evaluation: {metrics: [accuracy, f1], calibrate: true}
seed: 0
""",
    "messages": """task: text-classification
model: {name: packaged:minilm}
data: {train: messages.csv, columns: {text: text, label: label}, test_size: 60}
method: features
evaluation: {metrics: [accuracy, f1]}
seed: 0
""",
}
BUDGET = "4m"

STYLE = Path(__file__).parents[1] / "toolkit" / "report" / "page.css"
CARD = """<!doctype html><html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>{title}</title><style>{style} h2 {{ margin-top: 2rem; }}</style></head><body><main>{body}</main></body></html>"""
"""A card as a page: the hub has a style of its own, which is not ours to show."""

VIEWS = ((1280, "light"), (390, "light"), (1280, "dark"), (390, "dark"))
MARGIN = 190  # of a page on a desk, beside its text
TALLEST, SCALE, COLOURS = 2200, 0.5, 48
GAP, GREY = 16, "#888"
AXE = Path(__file__).with_name("axe.mjs")


def main() -> None:
    """Carry all of it out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("build/pictures"))
    parser.add_argument("--pictures", type=Path, default=Path("docs/pictures"))
    given = parser.parse_args()
    need("chromium", "pdftoppm", "node")
    given.work.mkdir(parents=True, exist_ok=True)
    given.pictures.mkdir(parents=True, exist_ok=True)
    shown, others = write_pages(given.work)
    with tempfile.TemporaryDirectory() as scratch:
        axe = ["node", str(AXE), "--pictures", scratch, *map(str, [*shown, *others])]
        found = subprocess.run(axe, check=False).returncode
        for page in shown:
            on_screen = [Image.open(Path(scratch) / f"{page.stem}-{width}-{scheme}.png") for width, scheme in VIEWS]
            _save(_columns(on_screen), given.pictures / f"{page.stem}.png")
            _save(sheet(printed(page, Path(scratch)), columns=4), given.pictures / f"{page.stem}-printed.png")
    sys.exit(found)


def write_pages(work: Path) -> tuple[list[Path], list[Path]]:
    """Make what is missing and write all pages; return those that are shown, and those that are looked at only."""
    write_rows(work)
    shown = []
    for language, data in DATA.items():
        (work / f"{data}.yaml").write_text(RECIPES[data], encoding="utf-8")
        run = work / "runs" / data
        if not run.exists():
            carry_out(work, "fine-tune", f"{data}.yaml", "--output-dir", f"runs/{data}")
        pages = {
            "report": report_of(run, language),
            "choose": choice_of(work, data, language),
            "card": card_page(run, language),
        }
        shown += [_written(page, work / f"{name}-{language}.html") for name, page in pages.items()]
    others = [run for run in sorted((work / "runs").glob("*/metrics.json")) if run.parent.name not in DATA.values()]
    (work / "others").mkdir(exist_ok=True)
    return shown, [
        _written(report_of(run.parent, language), work / "others" / f"{run.parent.name}-{language}.html")
        for run in others
        for language in LANGUAGES
    ]


def report_of(folder: Path, language: str) -> str:
    """Return the report of a finished run, by the templates as they are now."""
    run = read_run(folder)
    samples = [row.to_json() for row in run.result.written] or run.samples()
    recipe = (folder / RECIPE_FILE).read_text(encoding="utf-8")
    with speaking(language):
        return render_page(run.result, recipe_yaml=recipe, samples=samples, losses=training_losses(folder))


def choice_of(work: Path, data: str, language: str) -> str:
    """Return the page of a choice, by the templates as they are now; the choice itself is made once and kept."""
    with chdir(work), speaking(language):
        kept = Path("choices", f"{data}.pickle")
        if not kept.exists():
            asked = {"models": "packaged:minilm", "budget": BUDGET, "output_dir": f"choices/{data}"}
            chosen = toolkit.choose("text-classification", f"{data}.csv", **asked)
            kept.write_bytes(dill.dumps(chosen.choice))  # a decision has a function in it
        return render_choice(dill.loads(kept.read_bytes()))  # noqa: S301 - written above


def card_page(folder: Path, language: str) -> str:
    """Return the model card as a page, its front matter left out, as the hub does."""
    _, _, text = card_of(folder, language=language).removeprefix("---\n").partition("\n---\n")
    body = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    body = body.replace("<table>", '<div class="scroll" tabindex="0"><table>').replace("</table>", "</table></div>")
    style = STYLE.read_text(encoding="utf-8")
    return CARD.format(language=language, title=f"{folder.name}, {language}", style=style, body=body)


def _written(page: str, file: Path) -> Path:
    file.write_text(page, encoding="utf-8")
    return file


def _columns(views: list[Image.Image]) -> Image.Image:
    """Put pages beside each other, the light ones above the dark ones, each cut to columns where it is long."""
    rows = [_row(views[:2]), _row(views[2:])]
    placed = Image.new("RGB", (max(row.width for row in rows), sum(row.height + GAP for row in rows) - GAP), GREY)
    placed.paste(rows[0], (0, 0))
    placed.paste(rows[1], (0, rows[0].height + GAP))
    return placed.resize((round(placed.width * SCALE), round(placed.height * SCALE)), Image.Resampling.LANCZOS)


def _row(views: list[Image.Image]) -> Image.Image:
    pieces = []
    for view in views:
        wide, high = view.size
        inner = view.crop((MARGIN, 0, wide - MARGIN, high)) if wide > 3 * MARGIN else view
        step = -(-high // -(-high // TALLEST))
        pieces += [inner.crop((0, top, inner.width, min(top + step, high))) for top in range(0, high, step)]
    placed = Image.new("RGB", (sum(each.width + GAP for each in pieces) - GAP, max(p.height for p in pieces)), GREY)
    left = 0
    for piece in pieces:
        placed.paste(piece, (left, 0))
        left += piece.width + GAP
    return placed


def _save(picture: Image.Image, file: Path) -> None:
    picture.quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(file, optimize=True)


if __name__ == "__main__":
    main()
