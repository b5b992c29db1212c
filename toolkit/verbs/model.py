"""A model or a finished run in a Python program: plain objects of transformers, and the verbs that use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.errors import RecipeError, explain
from toolkit.verbs import apply, publish
from toolkit.verbs.given import Rows
from toolkit.verbs.named import ByName, Named, name_of
from toolkit.verbs.work import working

if TYPE_CHECKING:
    from transformers import Pipeline, PreTrainedModel, PreTrainedTokenizerBase

    from toolkit.adapters import LocatedModel
    from toolkit.hub.verify.verdict import Verified
    from toolkit.names import Task
    from toolkit.run_result import RunResult
    from toolkit.trials.curve import Curve
    from toolkit.trials.finished import FinishedRun
    from toolkit.verbs.results import Evaluation, Predictions


@dataclass(frozen=True)
class Model(ByName):
    """A model by its name: a hub id, a folder, ``packaged:<name>``, or a run folder; opened when it is needed."""

    @cached_property
    def _opened(self) -> tuple[PreTrainedModel, PreTrainedTokenizerBase, Task | None]:
        with working():
            return _open(self.name)

    @property
    def model(self) -> PreTrainedModel:
        """Return the model, a plain object of transformers, in float32 and evaluation mode; an adapter is merged.

        Raises:
            ToolkitError: there is no such model, or its files are damaged.
        """
        return self._opened[0]

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """Return the model's tokenizer, a plain object of transformers."""
        return self._opened[1]

    def pipeline(self, **settings: Any) -> Pipeline:
        """Return the library's pipeline of the model's task.

        Args:
            settings: of ``transformers.pipeline``.

        Raises:
            RecipeError: the library has none for the task, or the model has no task.
        """
        from transformers import pipeline
        from transformers.pipelines import PIPELINE_REGISTRY

        model, tokenizer, task = self._opened
        if task is None or task.value not in (known := PIPELINE_REGISTRY.get_supported_tasks()):
            found = "this model has no task" if task is None else f"transformers has no pipeline for {task.value}"
            allowed = () if task is None else known
            fix = "fine_tune it" if task is None else "ask with predict, or model.generate"
            raise RecipeError(explain(found, allowed=allowed, fix=fix), where=self.name)
        made: Pipeline = pipeline(task.value, model=model, tokenizer=tokenizer, **settings)  # type: ignore[call-overload]
        return made

    def predict(self, inputs: Rows, **options: Any) -> Predictions:
        """Answer rows; the arguments are those of `toolkit.predict`."""
        return apply.predict(self, inputs, **options)

    def evaluate(self, data: Rows, **options: Any) -> Evaluation:
        """Measure on other rows; the arguments are those of `toolkit.evaluate`."""
        return apply.evaluate(self, data, **options)

    def verify(self, **options: Any) -> Verified:
        """Prove that the model gives its answers; the arguments are those of `toolkit.verify`."""
        return publish.verify(self, **options)


@dataclass(frozen=True)
class Run(Model):
    """A finished run.

    Attributes:
        name: its folder as text.
        finished: the run as it was carried out, or read from its folder.
        curve: results by the share of the training rows, where `toolkit.fine_tune` was asked for them.
    """

    finished: FinishedRun
    curve: Curve | None = None

    @property
    def folder(self) -> Path:
        """Return the run folder (docs/design.md, section 4.4)."""
        return self.finished.folder

    @property
    def result(self) -> RunResult:
        """Return the content of ``metrics.json``: intervals, baselines, costs."""
        return self.finished.result

    @property
    def metrics(self) -> Mapping[str, float | None]:
        """Return each metric on the test rows by its name; None where it is not defined."""
        return {name: entry.value for name, entry in self.result.test.metrics.items()}

    def push(self, repo_id: str | None = None, **options: Any) -> Any:
        """Publish the run; the arguments are those of `toolkit.push`."""
        return publish.push(self, repo_id, **options)

    def __repr__(self) -> str:
        measured = ", ".join(f"{name}={_short(value)}" for name, value in self.metrics.items())
        return f"Run({str(self.folder)!r}, {measured})"

    def __str__(self) -> str:
        from toolkit.report.summary import run_summary

        return "\n".join(run_summary(self.result, folder=str(self.folder), samples=self.finished.samples())).strip()

    def _repr_html_(self) -> str:
        from toolkit.report.notebook import run_html
        from toolkit.run_result.log import training_losses

        return run_html(self.result, samples=self.finished.samples(), losses=training_losses(self.folder))


@working()
def load(model: Named) -> Model:
    """Return a finished run, or any model, to be used from Python.

    Args:
        model: a run folder, or a model's name.

    Returns:
        A `Run` for a run folder, else a `Model`; nothing is opened before it is needed.

    Raises:
        ToolkitError: the run is not finished, or it is damaged.
    """
    from toolkit.trials.finished import METRICS_FILE, read_run
    from toolkit.trials.subject import find_subject

    name = name_of(model)
    folder = Path(name).expanduser()
    find_subject(name)  # refuses a run that is not finished
    return Run(name, read_run(folder)) if (folder / METRICS_FILE).is_file() else Model(name)


def _open(name: str) -> tuple[PreTrainedModel, PreTrainedTokenizerBase, Task | None]:
    """Open a model with the head of its task, or as it is where it has none or its run has asked it as it is."""
    from toolkit.adapters import in_use, locate_model
    from toolkit.tasks import room_of, task_of
    from toolkit.trials.subject import find_subject

    subject = find_subject(name)
    located = locate_model(subject.model)
    with in_use(located):
        if subject.untrained is not None:
            return *_as_it_is(located), None
        task = subject.task or task_of(located)
        try:
            opened = room_of(task).open(located)
        except RecipeError:  # it has no trained head
            if subject.task is not None:
                raise
            return *_as_it_is(located), None
        return opened.model, opened.tokenizer, task


def _as_it_is(located: LocatedModel) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Open a model by the class that its configuration names."""
    import transformers

    from toolkit.adapters import open_config, open_tokenizer
    from toolkit.adapters.quiet import quiet_library

    named = next(iter(open_config(located).architectures or ()), "")
    opener = getattr(transformers, named, transformers.AutoModel)
    with quiet_library():
        model: PreTrainedModel = opener.from_pretrained(located.folder).float().eval()
    return model, open_tokenizer(located)[0]


def _short(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.4g}"
