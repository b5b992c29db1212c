"""The card of the rows that a run has used: a data set's, with or without the rows themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from datasets import Dataset
from jinja2 import Environment

from toolkit.hub.card import data as card_data
from toolkit.hub.card.markdown import Markdown, code_block, code_span
from toolkit.hub.card.metadata import as_yaml
from toolkit.hub.card.words import Words, words_of
from toolkit.names import Split
from toolkit.recipe import Recipe
from toolkit.run_result import RunResult
from toolkit.wording import visible

_SIZES = {1_000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K", 1_000_000: "100K<n<1M", 10_000_000: "1M<n<10M"}
_LARGEST = "10M<n<100M"


@dataclass(frozen=True)
class RowsOfRun:
    """The rows of a run, ready to be described.

    Attributes:
        result, recipe: of the run.
        splits: the rows as others read them.
        licence: its id on the hub; None: it is not known.
        alone: why the card goes without the rows; None where they go with it.
        files: SHA-256 of each file by its path; none where the card goes alone.
        personal: what looks like personal data, a line each.
    """

    result: RunResult
    recipe: Recipe
    splits: Mapping[Split, Dataset]
    licence: str | None
    alone: str | None
    files: Mapping[str, str]
    personal: Sequence[str] = ()


def render_rows_card(rows: RowsOfRun, environment: Environment, *, repo_id: str, language: str = "en") -> str:
    """Render the card of a data set as Markdown with the front matter that the hub reads.

    Args:
        rows: to describe.
        environment: with the templates, as `toolkit.hub.card.render` has it.
        repo_id: ``owner/name``.
        language: of the card: ``en`` or ``ko``.

    Raises:
        RecipeError: there is no card in the language.
    """
    words, result = words_of(language), rows.result
    title = repo_id.rpartition("/")[2]
    loaded = code_block(f'from datasets import load_dataset\n\nrows = load_dataset("{repo_id}")', "python")
    card = environment.get_template("rows.md.jinja").render(
        w=words,
        front_matter=Markdown(as_yaml(_front_matter(rows, title))),
        title=title,
        about=words("rows.about", task=result.task.value),
        alone=None if rows.alone is None else words("rows.alone", why=rows.alone),
        loaded=None if rows.alone is not None else loaded,
        splits=card_data.split_table(result, words),
        lengths=[(words.name(split.value), *_lengths(each)) for split, each in rows.splits.items()],
        about_rows=[
            *_about_labels(rows, words),
            *card_data.about_labels(result, words),
            *_about_scripts(result, words),
            words("rows.form"),
        ],
        origin=[
            words("data.source", sources=card_data.all_sources(result, words)),
            *_about_licence(rows, words),
            words("data.digest", digest=code_span(result.data.digest)),
        ],
        personal=list(rows.personal),
        files=list(rows.files.items()),
        warnings=list(result.data.warnings),
    )
    return visible(card)


def _front_matter(rows: RowsOfRun, title: str) -> dict[str, Any]:
    n_rows = sum(len(each) for each in rows.splits.values())
    paths = [{"split": split.value, "path": f"data/{split}-*.parquet"} for split in rows.splits]
    values = {
        "pretty_name": title,
        "license": rows.licence,
        "language": list(rows.recipe.hub.language),
        "task_categories": [rows.result.task.value],
        "size_categories": [next((size for below, size in _SIZES.items() if n_rows < below), _LARGEST)],
        "tags": ["transfer-toolkit"],
        "configs": [] if rows.alone else [{"config_name": "default", "data_files": paths}],
    }
    return {key: value for key, value in values.items() if value}


def _about_labels(rows: RowsOfRun, words: Words) -> list[Markdown]:
    labels = rows.result.labels
    return [words("rows.labels", n=len(labels), labels=words.listed([code_span(each) for each in labels]))] * bool(
        labels
    )


def _about_scripts(result: RunResult, words: Words) -> list[Markdown]:
    scripts = (result.test.slices or {}).get("scripts") or {}
    told = [f"{words.name(name)} {n:,}" for name, n in scripts.items()]
    return [words("rows.scripts", scripts=words.listed(told))] if told else []


def _about_licence(rows: RowsOfRun, words: Words) -> list[Markdown]:
    if rows.licence is None:
        return card_data.licences(rows.result, words)
    return [words("rows.licence", licence=code_span(rows.licence))]


def _lengths(rows: Dataset) -> tuple[int, int, int]:
    """Return rows, and characters of their texts: the median and the most."""
    lengths = np.zeros(len(rows), dtype=np.int64)
    for name in (name for name in rows.column_names if rows.features[name].dtype in ("string", "large_string")):
        lengths += np.array([len(text or "") for text in rows[name]], dtype=np.int64)
    return (len(rows), int(np.median(lengths)), int(lengths.max())) if len(rows) else (0, 0, 0)
