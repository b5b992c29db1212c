"""What the verbs return: frozen, with the look of a table in a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, overload

from toolkit.data.wording import counted

if TYPE_CHECKING:
    import pandas

    from toolkit.choose.choice import Choice
    from toolkit.data.doctor_doubts import Examination
    from toolkit.report.story import Story
    from toolkit.report.written import Written
    from toolkit.run_result import EvaluationResult
    from toolkit.trials.compared import ComparedRuns
    from toolkit.trials.reproductions import Reproduced

SHOWN = 20
"""Rows of a table in a notebook."""


class _Answers(Protocol):
    def columns(self) -> dict[str, list[Any]]: ...

    def rows(self) -> list[dict[str, Any]]: ...

    def write(self, path: str | Path, *, raw: bool = False) -> None: ...


@dataclass(frozen=True, eq=False)
class Predictions(Sequence[dict[str, Any]]):
    """Answers to rows, in their order: a sequence of dicts with ``id``, the input, ``prediction`` and so on.

    Attributes:
        answers: of the model.
    """

    answers: _Answers

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), []))

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> Any:
        return self.answers.rows()[index]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.answers.rows())

    @property
    def columns(self) -> Mapping[str, list[Any]]:
        """Return the answers by the names of their columns."""
        return self.answers.columns()

    def to_pandas(self) -> pandas.DataFrame:
        """Return the answers as a frame of pandas."""
        import pandas

        return pandas.DataFrame(dict(self.columns))

    def write(self, path: str | Path, *, raw: bool = False) -> None:
        """Write the answers; the suffix chooses csv, jsonl or parquet.

        Args:
            path: the file.
            raw: leave formulas in csv as they are.

        Raises:
            ToolkitError: another suffix, or a file that cannot be written.
        """
        from toolkit.workflow.apply import check_output

        check_output(Path(path), inputs=())
        self.answers.write(path, raw=raw)

    def __repr__(self) -> str:
        return f"Predictions({counted(len(self), 'row')}, columns: {', '.join(self.columns)})"

    def _repr_html_(self) -> str:
        from toolkit.report.notebook import table_html

        columns = self.columns
        rows = [list(row) for row in zip(*(cells[:SHOWN] for cells in columns.values()), strict=True)]
        return table_html(list(columns), rows, n_rows=len(self))


@dataclass(frozen=True)
class Evaluation:
    """A model measured on rows with right answers.

    Attributes:
        result: with intervals, the split ``test`` alone.
    """

    result: EvaluationResult

    @property
    def metrics(self) -> Mapping[str, float | None]:
        """Return each metric by its name; None where it is not defined."""
        return {name: entry.value for name, entry in self.result.test.metrics.items()}

    def __str__(self) -> str:
        from toolkit.report.summary import evaluation_summary

        return "\n".join(evaluation_summary(self.result))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from toolkit.report.notebook import evaluation_html

        return evaluation_html(self.result)


@dataclass(frozen=True, eq=False)
class Examined:
    """What the doctor found.

    Attributes:
        found: every figure.
    """

    found: Examination

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what deserves attention, a line each."""
        model = () if self.found.model is None else self.found.model.warnings
        return (*self.found.data.warnings, *model)

    @property
    def recipe(self) -> str:
        """Return a recipe for the data, as YAML; empty without labels."""
        return "\n".join(self.found.recipe)

    def __str__(self) -> str:
        from toolkit.report.doctor import examination_summary

        return "\n".join(examination_summary(self.found))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from toolkit.report.notebook import lines_html

        return lines_html(str(self))


@dataclass(frozen=True, eq=False)
class Compared:
    """Finished runs beside the first of them.

    Attributes:
        result: every figure.
    """

    result: ComparedRuns

    def __str__(self) -> str:
        from toolkit.report.compared import compared_lines

        return "\n".join(compared_lines(self.result))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from toolkit.report.notebook import compared_html

        return compared_html(self.result)


@dataclass(frozen=True, eq=False)
class ReproducedRun:
    """A run beside the one that carried it out again.

    Attributes:
        result: every figure.
    """

    result: Reproduced

    @property
    def passed(self) -> bool:
        """Return whether each figure fell into its interval."""
        return self.result.passed

    @property
    def folder(self) -> Path:
        """Return the folder of the new run, for `toolkit.load`."""
        return Path(self.result.found.run)

    def __str__(self) -> str:
        from toolkit.report.reproduced import reproduced_lines

        return "\n".join(reproduced_lines(self.result))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from toolkit.report.reproduced import reproduced_html

        return reproduced_html(self.result)


@dataclass(frozen=True, eq=False)
class Reported:
    """A work on one page, as slides, or both.

    Attributes:
        written: the files.
        story: all that they tell.
    """

    written: Written
    story: Story

    def __str__(self) -> str:
        from toolkit.report.story_lines import story_lines

        return "\n".join(story_lines(self.story, self.written))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from toolkit.report.notebook import lines_html

        return lines_html(str(self), wraps=True)


@dataclass(frozen=True, eq=False)
class Chosen:
    """A choice among models and methods.

    Attributes:
        choice: all that was measured.
        held: what keeps the rows in memory, so that the recipes can be carried out.
    """

    choice: Choice
    held: object = None

    @property
    def folder(self) -> Path:
        """Return where the page and the recipes are."""
        return self.choice.folder

    @property
    def recommended(self) -> Mapping[str, Any] | None:
        """Return the recommended ``model``, ``method`` and ``recipe``; None where nothing is recommended.

        Of a free baseline that no model beats, method and recipe are None.
        """
        from toolkit.choose.show.lines import choice_json

        found: Mapping[str, Any] | None = choice_json(self.choice)["recommended"]
        return found

    @property
    def run(self) -> Path | None:
        """Return the run with the recommended model, for `toolkit.predict`; None where none is saved."""
        return self.choice.run

    @property
    def recipe(self) -> Path | None:
        """Return the recipe of the recommended candidate, for `toolkit.fine_tune`."""
        return self.choice.recipes.of(self.choice.decision.recommended)

    @property
    def recipes(self) -> tuple[Path, ...]:
        """Return the recipes of all candidates that are worth their cost."""
        return self.choice.recipes.paths

    def __str__(self) -> str:
        from toolkit.choose.show.lines import choice_lines

        return "\n".join(choice_lines(self.choice)).strip()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from toolkit.choose.show.lines import HEADER, result_rows
        from toolkit.choose.show.sentences import metric_name, recommendation
        from toolkit.report.notebook import lines_html, table_html

        header = [cell.format(metric=metric_name(self.choice)) for cell in HEADER]
        rows = [list(row) for row in result_rows(self.choice)]
        return lines_html("\n".join(recommendation(self.choice)), wraps=True) + table_html(header, rows)


@dataclass(frozen=True, eq=False)
class Drafted:
    """A recipe file that was written.

    Attributes:
        recipe: the file, for `toolkit.fine_tune`.
        text: its content.
        notes: what was carried from another tool's file and what was not, a line each.
        held: what keeps the rows in memory, so that the recipe can be carried out.
    """

    recipe: Path
    text: str
    notes: tuple[str, ...] = ()
    held: object = None

    def __str__(self) -> str:
        return "\n".join([*self.notes, f"{self.recipe}:", self.text]).strip()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from toolkit.report.notebook import lines_html

        return lines_html(str(self))
