"""`toolkit doctor`: look at the data before training on it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli import console
from toolkit.cli.lists import LABEL_COLUMNS, LABELS, MERGE_LABELS, names_in, one_or_several
from toolkit.errors import RecipeError
from toolkit.names import Problem, Split

if TYPE_CHECKING:
    from toolkit.data.doctor_doubts import ModelReport, Trust

EXAMPLE = console.example(
    "toolkit doctor --data reviews.csv --label-column sentiment",
    "toolkit doctor --data reviews.csv --model packaged:minilm --output checked.csv",
    "toolkit doctor --train train.csv --test test.csv",
    "toolkit doctor --data comments.csv --label-column toxic --label-column insult",
)


def doctor(
    data: Annotated[
        list[str] | None, typer.Option(help="A data file or packaged:<name>; give it again for more files.")
    ] = None,
    train: Annotated[list[str] | None, typer.Option(help="The rows to learn from, instead of --data.")] = None,
    validation: Annotated[list[str] | None, typer.Option(help="The validation rows; compared with the others.")] = None,
    test: Annotated[list[str] | None, typer.Option(help="The test rows; compared with the others.")] = None,
    text_column: Annotated[str | None, typer.Option(help="The column with the text.")] = None,
    text_pair_column: Annotated[str | None, typer.Option(help="The column with the second text of a pair.")] = None,
    label_column: Annotated[
        list[str] | None, typer.Option(help=f"The column with the label, if there is one. {LABEL_COLUMNS}")
    ] = None,
    labels: Annotated[list[str] | None, typer.Option(help=LABELS)] = None,
    merge_labels: Annotated[bool, typer.Option("--merge-labels", help=MERGE_LABELS)] = False,
    model: Annotated[str | None, typer.Option(help="Also read the rows with this model.")] = None,
    max_length: Annotated[
        int | None, typer.Option(min=1, help="Tokens beyond which a text is cut; needs --model.")
    ] = None,
    problem: Annotated[
        Problem | None,
        typer.Option(
            help="What the labels are: one class a text, several, or a number; by default one class, or several where "
            "several columns are named."
        ),
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of the file, such as cp949.")] = None,
    output: Annotated[
        Path | None, typer.Option(help="Write a .csv of all rows to correct, the doubtful ones first; needs --model.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Look at data before training on it.

    It reports classes, lengths, duplicates, conflicting labels, other scripts and empty rows, and compares splits.
    With --model also what the tokenizer loses, labels that other rows contradict, near duplicates, and texts unlike
    all others.
    """
    sources = _sources(data, {Split.TRAIN: train, Split.VALIDATION: validation, Split.TEST: test})
    from toolkit.data.at_a_glance import refuse_at_a_glance

    named = {"text": text_column, "text_pair": text_pair_column, "label": one_or_several(label_column)}
    refuse_at_a_glance(sources.values(), named, encoding=encoding)
    from toolkit.report.doctor import examination_summary
    from toolkit.workflow.examine import examine

    found = examine(
        sources,
        text_column=text_column,
        text_pair_column=text_pair_column,
        label_column=one_or_several(label_column),
        labels=names_in(labels or ()),
        merge_labels=merge_labels,
        model=model,
        max_length=max_length,
        problem=problem,
        encoding=encoding,
        output=output,
    )
    if as_json:
        seen = {} if found.model is None else _model_json(found.model)
        console.print_json(asdict(found.data) | seen | {"recipe": "\n".join(found.recipe) or None})
    else:
        console.print_lines(examination_summary(found))


def _sources(data: list[str] | None, splits: dict[Split, list[str] | None]) -> dict[str, list[str]]:
    """Return the sources of each split.

    Raises:
        RecipeError: there are none, or both undivided data and splits.
    """
    given = {str(split): files for split, files in splits.items() if files}
    if bool(data) == bool(given):
        raise RecipeError("give --data for one set of rows, or --train, --validation and --test for splits")
    return {"all": data} if data else given


def _model_json(model: ModelReport) -> dict[str, Any]:
    files = {str(file): rows for file, rows in model.files.items()}
    entry = {"tokens": asdict(model.tokens), "model_warnings": list(model.warnings), "files": files}
    return entry | {"trust": None if model.trust is None else _trust_json(model.trust)}


def _trust_json(trust: Trust) -> dict[str, Any]:
    doubts = [
        {
            "split": doubt.row.split,
            "place": doubt.row.place,
            "label": doubt.row.label,
            "suggestion": doubt.suggestion or None,
            "reason": doubt.reason,
        }
        for doubt in trust.doubts
    ]
    return {
        "rows": trust.rows,
        "of_rows": trust.of_rows,
        "wrong_share": trust.wrong_share,
        "agreement": trust.agreement,
        "contradicted_labels": len(trust.labels),
        "near_duplicates": len(trust.near_duplicates),
        "near_duplicates_across_splits": trust.across,
        "outliers": len(trust.outliers),
        "doubts": doubts,
    }
