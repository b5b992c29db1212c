"""`toolkit evaluate`: honest metrics of a run or a model on new data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli import console
from toolkit.cli.lists import LABEL_COLUMNS, RUN_OR_MODEL, one_or_several

EXAMPLE = console.example(
    "toolkit evaluate runs/quickstart --data reviews.csv --label-column sentiment",
    "toolkit evaluate runs/translation --data pairs.csv --text-column german --label-column english",
)


def evaluate(
    model: Annotated[str, RUN_OR_MODEL],
    data: Annotated[list[str], typer.Option(help="A file of rows with right answers; give it again for more files.")],
    text_column: Annotated[str | None, typer.Option(help="The column with the text, or with the source.")] = None,
    text_pair_column: Annotated[str | None, typer.Option(help="The column with the second text of a pair.")] = None,
    label_column: Annotated[
        list[str] | None, typer.Option(help=f"The column with the label, or with the target text. {LABEL_COLUMNS}")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of the file, such as cp949.")] = None,
    slices: Annotated[
        list[str] | None,
        typer.Option("--slice", help="A column, such as channel, by whose values it is measured too; give it again."),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write each prediction: .csv, .jsonl or .parquet.")] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Leave texts in .csv that look like a formula.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object in the shape of metrics.json.")
    ] = False,
) -> None:
    """Measure a model on rows with right answers, with 95 % intervals.

    Those of a language model, or of one that fills in masked words, are the texts themselves.
    """
    from toolkit.data.at_a_glance import refuse_at_a_glance
    from toolkit.data.value_columns import refuse_values_at_a_glance

    named = {"text": text_column, "text_pair": text_pair_column, "label": one_or_several(label_column)}
    refuse_at_a_glance([data], named, encoding=encoding)
    refuse_values_at_a_glance([data], slices or [], encoding=encoding)
    from toolkit.report.summary import evaluation_summary
    from toolkit.workflow.apply import evaluate as carry_out

    result = carry_out(
        model,
        data,
        text_column=text_column,
        text_pair_column=text_pair_column,
        label_column=one_or_several(label_column),
        encoding=encoding,
        slices=slices or [],
        output=output,
        raw=raw,
    )
    if as_json:
        console.print_json(result.to_json())
    else:
        console.print_lines(evaluation_summary(result))
