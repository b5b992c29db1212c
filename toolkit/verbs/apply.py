"""`toolkit.predict`, `toolkit.evaluate`, `toolkit.extract` and `toolkit.zero_shot`: a model put to use."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from toolkit.errors import RecipeError
from toolkit.verbs.given import Given, Rows
from toolkit.verbs.named import Named, name_of
from toolkit.verbs.results import Evaluation, Predictions
from toolkit.verbs.work import working

if TYPE_CHECKING:
    from toolkit.workflow.extract import Extracted


@working()
def predict(
    model: Named,
    inputs: Rows,
    *,
    text_column: str | None = None,
    text_pair_column: str | None = None,
    encoding: str | None = None,
    output: str | PathLike[str] | None = None,
    raw: bool = False,
) -> Predictions:
    """Answer each row: its label and how probable that is, its translation, how it goes on, the words it hides.

    Args:
        model: a run, its folder, or a model's name.
        inputs: rows, or texts: a frame, a data set, a list of texts or of dicts, one text, or a file. A text alone
            with a data suffix, such as ``"reviews.csv"``, is a file. In a list it is a text; ``Path("reviews.csv")`` is
            the file.
        text_column: where the rows have another name than the run's recipe, or than ``text``.
        text_pair_column: the column of the second text, where the model reads pairs and no recipe says so.
        encoding: of a text file; None finds it.
        output: a file that the answers are also written to; its suffix chooses the format.
        raw: leave formulas in csv as they are.

    Raises:
        ToolkitError: of the kind that says what went wrong.
    """
    from toolkit.workflow.apply import predict as carry_out

    given = Given()
    predicted = carry_out(
        name_of(model),
        given.inputs(inputs),
        text_column=text_column,
        text_pair_column=text_pair_column,
        encoding=encoding,
        output=path_of(output),
        raw=raw,
    )
    return Predictions(predicted.answers)


@working()
def evaluate(
    model: Named,
    data: Rows,
    *,
    text_column: str | None = None,
    text_pair_column: str | None = None,
    label_column: str | list[str] | None = None,
    encoding: str | None = None,
    slices: Sequence[str] = (),
    output: str | PathLike[str] | None = None,
    raw: bool = False,
) -> Evaluation:
    """Measure a model on rows with right answers, with 95 % intervals.

    Args:
        model: a run, its folder, or a model's name.
        data: rows, a file, or another source.
        text_column, label_column: where the rows have other names than the run's recipe, or than ``text`` and
            ``label``; a list names the columns of 0 and 1 of several labels.
        text_pair_column: the column of the second text, where the model reads pairs and no recipe says so.
        encoding: of a text file; None finds it.
        slices: columns, such as ``["channel"]``, by whose values it is measured too, besides those of the run's recipe.
        output: a file that each answer is written to; its suffix chooses the format.
        raw: leave formulas in csv as they are.

    Raises:
        ToolkitError: of the kind that says what went wrong.
    """
    from toolkit.workflow.apply import evaluate as carry_out

    given = Given()
    result = carry_out(
        name_of(model),
        given.sources(data),
        text_column=text_column,
        text_pair_column=text_pair_column,
        label_column=label_column,
        encoding=encoding,
        slices=[slices] if isinstance(slices, str) else slices,
        output=path_of(output),
        raw=raw,
    )
    return Evaluation(result)


@working()
def extract(
    model: Named,
    data: Rows,
    *,
    output: str | PathLike[str] | None = None,
    text_column: str | None = None,
    text_pair_column: str | None = None,
    pooling: Literal["mean", "cls", "last", "max"] = "mean",
    layers: Sequence[int] = (-1,),
    max_length: int | None = None,
    encoding: str | None = None,
    bf16: bool = False,
    use_cache: bool = True,
) -> Extracted:
    """Return what a model makes of each text: ``ids``, and ``features`` of shape ``[rows, dim * layers]``.

    Args:
        model: a model's name, or a run.
        data: rows, a list of texts, a file, or another source.
        output: a ``.parquet`` file that they are also written to.
        text_column: where the rows have another name than the run's recipe, or than ``text``.
        text_pair_column: the column of the second text, where rows are pairs.
        pooling: how the vectors of a text's tokens become one.
        layers: 0 is the embeddings, -1 the last layer; several are joined end to end.
        max_length: tokens beyond which a text is cut; None takes what the model was made for.
        encoding: of a text file; None finds it.
        bf16: whether the model computes in bfloat16.
        use_cache: whether features are read from the cache and kept there.

    Raises:
        ToolkitError: of the kind that says what went wrong.
    """
    from toolkit.workflow.extract import extract as carry_out

    given = Given()
    return carry_out(
        name_of(model),
        given.sources(data),
        output=path_of(output),
        pooling=pooling,
        layers=layers,
        text_column=text_column,
        text_pair_column=text_pair_column,
        encoding=encoding,
        max_length=max_length,
        bf16=bf16,
        use_cache=use_cache,
    )


@working()
def zero_shot(
    model: Named,
    inputs: Rows,
    *,
    labels: Sequence[str] = (),
    task: str = "text-classification",
    template: str | Sequence[str] = (),
    language: Literal["en", "ko"] = "en",
    scorer: Literal["similarity", "mask", "entailment", "likelihood"] | None = None,
    calibration: Literal["none", "length", "content-free", "domain", "batch"] | None = None,
    text_column: str | None = None,
    text_pair_column: str | None = None,
    encoding: str | None = None,
    output: str | PathLike[str] | None = None,
    raw: bool = False,
) -> Predictions:
    """Tell for each row which label fits, or write a text for it, with a model that was not trained for it.

    Args:
        model: a model's name, or a run.
        inputs: as of `predict`.
        labels: to choose from.
        task: ``text-classification``, or one whose answer is a text, such as ``summarization``.
        template: a prompt with ``{text}`` and ``{label}``, or several whose answers are averaged; for a task that
            writes one with ``{source}``.
        language: of the prompts, where no template is given.
        scorer: how the model is asked; None: what it was made for.
        calibration: how likelihoods become comparable.
        text_column, text_pair_column, encoding, output, raw: as of `predict`.

    Raises:
        ToolkitError: of the kind that says what went wrong.
    """
    templates = [template] if isinstance(template, str) else list(template)
    given = Given()
    names = given.inputs(inputs)
    if task != "text-classification":
        from toolkit.workflow.write_untrained import write_untrained, writing_asked

        others = {
            "labels": labels,
            "scorer": scorer,
            "calibration": calibration,
            "text_pair_column": text_pair_column,
        }
        asked, prompt = writing_asked(task, given=others, templates=templates)
        written = write_untrained(
            name_of(model),
            names,
            task=asked,
            template=prompt,
            language=language,
            text_column=text_column,
            encoding=encoding,
            output=path_of(output),
            raw=raw,
        )
        return Predictions(written.answers)
    if isinstance(labels, str) or not labels:
        raise RecipeError('name the labels to choose from as a list, such as ["food", "service"]', where="labels")
    from toolkit.recipe.schema import ZeroShotSection
    from toolkit.workflow.zero_shot import zero_shot as carry_out

    settings = ZeroShotSection(scorer=scorer, templates=templates or None, language=language, calibration=calibration)
    answers = carry_out(
        name_of(model),
        names,
        labels=[str(label) for label in labels],
        settings=settings,
        text_column=text_column,
        text_pair_column=text_pair_column,
        encoding=encoding,
        output=path_of(output),
        raw=raw,
    )
    return Predictions(answers)


def path_of(path: str | PathLike[str] | None) -> Path | None:
    """Return a path as an object."""
    return None if path is None else Path(path)
