"""`toolkit zero-shot`: which of your labels fits, without training."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from toolkit.cli import console
from toolkit.cli.answers import show_answers
from toolkit.cli.lists import names_in
from toolkit.errors import Fault, RecipeError

EXAMPLE = console.example(
    'toolkit zero-shot packaged:smollm2 "a moving and funny film" --labels "negative,positive"',
    'toolkit zero-shot packaged:minilm reviews.csv --labels "food,service,price" --output labelled.csv',
    'toolkit zero-shot packaged:smollm2 "The film is long, but never dull." --task summarization',
)

_OPTIONS = {
    "data.prompt": "--template",
    "data.source_language": "--source-language",
    "data.target_language": "--target-language",
}
"""What the keys of a recipe are on the command line."""


def zero_shot(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model folder, a hub id or packaged:<name>.")],
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="FILE_OR_TEXT", help="A data file, texts, or - for lines from stdin."),
    ],
    labels: Annotated[
        list[str] | None,
        typer.Option(
            help="The labels to choose from, with commas between them. A label with a comma of its own is put in "
            "double quotes; or give the option again for each label."
        ),
    ] = None,
    task: Annotated[
        str,
        typer.Option(help="What the model shall do: choose a label, or translation, summarization, text-generation."),
    ] = "text-classification",
    output: Annotated[Path | None, typer.Option(help="Write to this file: .csv, .jsonl or .parquet.")] = None,
    template: Annotated[
        list[str] | None,
        typer.Option(
            help='A prompt such as "{text} It was {label}."; give several to average their answers. For a task that '
            'writes one such as "Translate to English: {source}"; names in braces are columns of a file.'
        ),
    ] = None,
    language: Annotated[Literal["en", "ko"], typer.Option(help="Of the prompts, where no template is given.")] = "en",
    source_language: Annotated[
        str | None, typer.Option(help="What a model for several languages reads, such as de or deu_Latn.")
    ] = None,
    target_language: Annotated[
        str | None, typer.Option(help="What a model for several languages writes, such as en or eng_Latn.")
    ] = None,
    scorer: Annotated[
        Literal["similarity", "mask", "entailment", "likelihood"] | None,
        typer.Option(help="How the model is asked; what it was made for if not given."),
    ] = None,
    calibration: Annotated[
        Literal["none", "length", "content-free", "domain", "batch"] | None,
        typer.Option(help="How likelihoods become comparable."),
    ] = None,
    text_column: Annotated[str | None, typer.Option(help="The column with the text.")] = None,
    text_pair_column: Annotated[str | None, typer.Option(help="The column with the second text of a pair.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of the file or of stdin, such as cp949.")] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Leave texts in .csv that look like a formula.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell for each row which label fits, or write a text for it, with a model that was not trained for it."""
    from toolkit.data.at_a_glance import refuse_at_a_glance

    refuse_at_a_glance([inputs], {"text": text_column, "text_pair": text_pair_column}, encoding=encoding)
    if task != "text-classification":
        _write(
            model,
            inputs,
            task,
            given={
                "--labels": labels,
                "--scorer": scorer,
                "--calibration": calibration,
                "--text-pair-column": text_pair_column,
            },
            templates=template or [],
            language=language,
            source_language=source_language,
            target_language=target_language,
            text_column=text_column,
            encoding=encoding,
            output=output,
            raw=raw,
            as_json=as_json,
        )
        return
    for option, named in (("--source-language", source_language), ("--target-language", target_language)):
        if named is not None:
            raise RecipeError("it is for tasks that write a text; leave it out", where=option)
    if not labels:
        raise RecipeError("name the labels to choose from, with commas between them", where="--labels")
    from toolkit.recipe.schema import ZeroShotSection
    from toolkit.workflow.zero_shot import zero_shot as carry_out

    settings = ZeroShotSection(scorer=scorer, templates=template or None, language=language, calibration=calibration)
    answers = carry_out(
        model,
        inputs,
        labels=names_in(labels),
        settings=settings,
        text_column=text_column,
        text_pair_column=text_pair_column,
        encoding=encoding,
        output=output,
        raw=raw,
    )
    if as_json:
        console.print_json({"predictions": answers.rows()})
    elif output is None:
        from toolkit.tasks.text_classification.pages import ClassificationPages

        console.print_lines(ClassificationPages().prediction_lines(answers.predictions.rows()))
    else:
        console.print_lines([f"{len(answers.predictions)} predictions written to {output}"])


def _write(
    model: str,
    inputs: list[str],
    task: str,
    *,
    given: dict[str, Any],
    templates: list[str],
    output: Path | None,
    as_json: bool,
    **settings: Any,
) -> None:
    from toolkit.workflow.write_untrained import write_untrained, writing_asked

    asked, template = writing_asked(task, given=given, templates=templates)
    answer = partial(write_untrained, model, inputs, task=asked, template=template, output=output, **settings)
    try:
        show_answers(answer, inputs, output=output, as_json=as_json)
    except RecipeError as error:
        faults = [Fault(fault.message, _OPTIONS.get(fault.where or "", fault.where)) for fault in error.faults]
        raise RecipeError(*faults) from error
