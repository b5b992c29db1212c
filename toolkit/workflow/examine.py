"""A look at data before anything is trained on it. Without a model nothing heavy is imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from toolkit.data.column_names import ColumnName
from toolkit.data.doctor import examine_examples, read_examples
from toolkit.data.doctor_doubts import Examination, ModelReport
from toolkit.data.doctor_recipe import recipe_lines
from toolkit.data.doctor_tokens import examine_tokens
from toolkit.data.examples import Examples
from toolkit.data.labels import label_kind
from toolkit.data.tokenizer_losses import find_losses, reading_warnings
from toolkit.errors import RecipeError, ResourceError
from toolkit.names import Problem
from toolkit.workflow.little_memory import memory_told, shorter_texts_or_no_model


@memory_told(shorter_texts_or_no_model)
def examine(
    sources: Mapping[str, list[str]],
    *,
    text_column: str | None = None,
    text_pair_column: str | None = None,
    label_column: ColumnName | None = None,
    labels: Sequence[str] = (),
    merge_labels: bool = False,
    model: str | None = None,
    max_length: int | None = None,
    problem: Problem | None = None,
    encoding: str | None = None,
    output: Path | None = None,
) -> Examination:
    """Look at data, without a model or as a model reads it.

    Args:
        sources: files or other sources of each split; ``all`` is data that are not divided yet.
        text_column: where it is not called ``text``, or as in the run.
        label_column: where it is not called ``label``, or as in the run; a list names the columns of 0 and 1 of
            several labels.
        labels: their names in their order, if they are known.
        merge_labels: whether labels that differ in case, white space or width only are one.
        text_pair_column: the column of the second text, where rows are pairs.
        model: a model's name, or a run folder.
        max_length: tokens beyond which a text is cut; None takes what the model was made for.
        problem: what the labels are; None is one class, or several where several columns are named.
        encoding: of text files; None finds it.
        output: a csv of the rows, to be corrected; needs a model.

    Raises:
        ToolkitError: of the kind that says what went wrong.
    """
    _check(model, max_length=max_length, output=output)
    _keep_inputs(sources, output)
    several = "labels" if isinstance(label_column, list) else "label"
    given = {"text": text_column, "text_pair": text_pair_column, several: label_column}
    columns, name = _columns(model, {column: named for column, named in given.items() if named is not None})
    problem = problem or (Problem.MULTI_LABEL if "labels" in columns else Problem.SINGLE_LABEL)
    kind = label_kind(problem).named(labels)
    splits = read_examples(sources, columns=columns, kind=kind, merge_labels=merge_labels, encoding=encoding)
    report = examine_examples(splits, problem=problem, labels=labels)
    examples = {name: found for name, (found, _) in splits.items()}
    seen = None if name is None else _look(examples, name, max_length=max_length, output=output)
    lines = recipe_lines(
        report,
        {"source" if name == "all" else name: source for name, source in sources.items()},
        columns=columns,
        model=name,
        more={
            "labels": list(labels) or None,
            "merge_labels": merge_labels or None,
            "encoding": encoding,
            "max_length": max_length,
        },
    )
    return Examination(report, seen, tuple(lines))


def _check(model: str | None, *, max_length: int | None, output: Path | None) -> None:
    """Refuse options that need a model, and an output of another kind than csv."""
    if max_length is not None and model is None:
        raise RecipeError("tokens are counted by a model's tokenizer; add --model", where="--max-length")
    if output is not None and model is None:
        raise RecipeError("rows to correct are found with a model; add --model packaged:minilm", where="--output")
    if output is not None and output.suffix.lower() != ".csv":
        raise RecipeError("rows to correct are written as .csv; choose such a name", where=str(output))


def _keep_inputs(sources: Mapping[str, list[str]], output: Path | None) -> None:
    """Refuse an output that would replace what is read, or that has no folder."""
    if output is None:
        return
    if output.resolve() in {Path(name).resolve() for names in sources.values() for name in names}:
        raise RecipeError("this would replace the file that is read; choose another --output", where=str(output))
    if not output.resolve().parent.is_dir():
        raise ResourceError(f"there is no folder {str(output.parent)!r}; choose another --output", where=str(output))


def _columns(model: str | None, given: Mapping[str, ColumnName]) -> tuple[dict[str, ColumnName], str | None]:
    """Return the columns to read, and the name of the model; a run knows its own."""
    if model is None:
        return dict(given), None
    from toolkit.trials.subject import find_subject

    subject = find_subject(model)
    return subject.columns(**given), subject.model


def _look(splits: Mapping[str, Examples], name: str, *, max_length: int | None, output: Path | None) -> ModelReport:
    from toolkit.adapters import in_use, locate_model, open_tokenizer
    from toolkit.workflow.checked_rows import write_checked
    from toolkit.workflow.trust import MOST_ROWS, find_doubts

    located = locate_model(name)
    tokenizer, length = open_tokenizer(located, max_length=max_length)
    step = -(-sum(map(len, splits.values())) // MOST_ROWS)
    chosen = [examples.take(np.arange(0, len(examples), step)).texts for examples in splits.values()]
    texts, *pairs = ([text for texts in chosen for text in texts[column]] for column in chosen[0])
    second = pairs[0] if pairs else None
    with in_use(located):
        tokens = examine_tokens(texts, tokenizer, length, pairs=second)
        losses = find_losses([*texts, *(second or ())], tokenizer)
    warnings = reading_warnings(tokens, losses)
    if losses.reads_badly and output is not None:
        message = f"{name} loses too much of these texts to tell which rows are wrong; choose a model that reads them"
        raise RecipeError(message, where="--output")
    with in_use(located):
        trust = None if losses.reads_badly else find_doubts(splits, located, max_length=max_length)
    files = {} if trust is None or output is None else write_checked(output, splits, trust.doubts)
    return ModelReport(name, tokens, tuple(warnings), trust, files)
