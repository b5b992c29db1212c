"""Any pretrained model, asked without training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from toolkit.adapters import LocatedModel, entailment_index, in_use, locate_model, open_config
from toolkit.adapters.classification_head import labels_of
from toolkit.data.inputs import read_inputs
from toolkit.evaluation.zero_shot import ZeroShot, ask, clean_labels, open_for_question, settle_question
from toolkit.progress import warn
from toolkit.recipe.schema import ZeroShotSection
from toolkit.trials.subject import columns_to_read, find_subject
from toolkit.workflow.apply import check_output
from toolkit.workflow.little_memory import fewer_rows, memory_told


@memory_told(fewer_rows)
def zero_shot(
    model: str,
    inputs: Sequence[str],
    *,
    labels: Sequence[str],
    settings: ZeroShotSection,
    text_column: str | None = None,
    text_pair_column: str | None = None,
    encoding: str | None = None,
    output: Path | None = None,
    raw: bool = False,
) -> ZeroShot:
    """Tell which label fits files, texts, or lines of stdin.

    Args:
        model: a model's name, or a run folder.
        inputs: an argument with a data suffix is a file, ``-`` reads lines from stdin, all else is a text.
        labels: to choose from.
        settings: how the model is asked.
        text_column: where the file has another name than the run's recipe, or than ``text``.
        text_pair_column: the column of the second text, where rows are pairs.
        encoding: of text files and of stdin; None finds it.
        output: where the answers go, if anywhere; its suffix chooses the format.
        raw: leave formulas in csv as they are.

    Raises:
        ToolkitError: of the kind that says what went wrong.
    """
    check_output(output, inputs=inputs)
    labels = clean_labels(labels, where="--labels")
    subject = find_subject(model)
    located = locate_model(subject.model)
    known = columns_to_read(subject, located, text=text_column, text_pair=text_pair_column)
    wanted = ["text"] if text_pair_column is None and _asks_by_entailment(located, settings) else ["text", "text_pair"]
    columns = {name: column for name, column in known.items() if name in wanted}
    rows = read_inputs(inputs, columns=columns, encoding=encoding)
    is_pair = "text_pair" in columns
    question = settle_question(located, labels=labels, settings=settings, is_pair=is_pair, n_rows=len(rows))
    with in_use(located):
        answers = ask(open_for_question(located, question), rows, question)
    for line in answers.warnings:
        warn(line)
    if output is not None:
        answers.write(output, raw=raw)
    return answers


def _asks_by_entailment(located: LocatedModel, settings: ZeroShotSection) -> bool:
    """Return whether the label takes the place of the second text, so that a model of pairs reads single texts."""
    return settings.scorer in (None, "entailment") and entailment_index(labels_of(open_config(located))) is not None
