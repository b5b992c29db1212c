"""The story of a recipe for a file: its columns and figures, a model, sizes that fit, a method that suits."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.choose.draft.facts import FileFacts, look_at_file
from toolkit.choose.draft.model import ChosenModel, model_for
from toolkit.choose.draft.sizes import epochs_for, evaluations, fitted_batch, split_sizes, text_length
from toolkit.choose.look.candidates import Candidate
from toolkit.choose.look.columns import all_texts
from toolkit.choose.look.look import language_of, sampled_texts
from toolkit.choose.measure.recipes import (
    LORA_SETTINGS,
    MIDDLING,
    SMALL,
    own_model,
    own_tokenizer,
    training_section,
)
from toolkit.data.column_names import ColumnName
from toolkit.data.doctor_recipe import FEW_ROWS
from toolkit.data.sources import Source
from toolkit.data.vocabulary import least_vocab_size
from toolkit.data.wording import counted
from toolkit.errors import RecipeError, explain
from toolkit.names import LORA, SPECS, Family, Method, Problem, Task, TaskSpec, method_of
from toolkit.progress import without_repeats
from toolkit.recipe import Recipe, build_recipe
from toolkit.recipe.commented import commented_yaml
from toolkit.recipe.find import refuse_existing, write_recipe
from toolkit.tasks import room_of
from toolkit.tasks.interfaces import TaskData


@dataclass(frozen=True, eq=False)
class Draft:
    """A recipe that was written for a file.

    Attributes:
        path: the recipe file.
        recipe: checked.
        facts: of the file.
        about: what was found, in a sentence.
        text: of the recipe file.
    """

    path: Path
    recipe: Recipe
    facts: FileFacts
    about: str
    text: str


@without_repeats()
def draft_recipe(
    task: Task,
    data: Mapping[str, Any],
    *,
    given: Mapping[str, ColumnName],
    output: Path | None = None,
    model: str | None = None,
    problem: Problem | None = None,
) -> Draft:
    """Write a commented recipe for a file; it is checked, and its rows are prepared once, before it is written.

    Args:
        task: that a model shall learn.
        data: a recipe's ``data`` without columns: ``source``, or ``train`` with perhaps ``validation`` and ``test``;
            perhaps ``labels`` and ``encoding``.
        given: the columns that the user has named, as in `toolkit.data.guess_columns.given_for`.
        output: the file to write, or a folder; None takes the current folder and the name of the data.
        model: a model's name; None: the usual one by task and language.
        problem: what the labels are; None: as the columns say.

    Raises:
        DataError: the file cannot be read, or its columns leave open which ones the task reads.
        HubError: there is no such model or data set.
        RecipeError: the model cannot do the task.
        ResourceError: the output exists already, or cannot be written.
    """
    source: Source = data.get("source") or data["train"]
    usual = _usual_output(source)
    output = usual if output is None else output / usual if output.is_dir() else output
    refuse_existing(output)
    room, spec = room_of(task), SPECS[task]
    if problem is not None and not spec.problems:
        raise RecipeError(f"{task} has labels of one kind only; leave it out", where="--problem")
    labels: Sequence[str] = data.get("labels") or ()
    facts = look_at_file(room, source, given=given, problem=problem, labels=labels, encoding=data.get("encoding"))
    why: dict[str, str] = {}
    section = _data_section(data, facts, spec, why)
    rows = room.prepare(_provisional(spec, section, facts))
    languages = [language_of(texts) for texts in sampled_texts(rows).values()]
    chosen = model_for(task, facts.problem, languages=[name or "en" for name in languages], named=model)
    why["model"] = chosen.why
    tree = _tree(spec, section, facts, chosen, rows, why)
    tree["evaluation"], why["evaluation"] = _evaluation(facts, task)
    spoken = sorted({name for name in languages if name is not None})
    tree |= {"hub": {"language": spoken}} if spoken else {}
    tree["seed"] = 0
    recipe = build_recipe(tree)
    about = f"Written for {_named(source)}: {facts.sentence()}."
    command = f"toolkit fine-tune {shlex.quote(output.as_posix())}"
    text = commented_yaml(tree, why, command=command, about=about)
    write_recipe(output, text)
    return Draft(output, recipe, facts, about, text)


def _named(source: Source) -> str:
    return source if isinstance(source, str) else ", ".join(source.values() if isinstance(source, dict) else source)


def _data_section(data: Mapping[str, Any], facts: FileFacts, spec: TaskSpec, why: dict[str, str]) -> dict[str, Any]:
    """Return the section ``data`` without the length of texts."""
    guess = facts.guess
    section = {**data, "columns": dict(guess.columns), **guess.data}
    remarks = [remark for remark in guess.why.values() if remark]
    if guess.by_content:
        remarks.append(f"Told by what the columns hold, not by their names: {', '.join(sorted(guess.by_content))}.")
    why["data.columns"] = " ".join(remarks)
    if guess.data:
        why["data.prompt"] = "Names in braces are columns; what a row lacks is left out."
    if "test" in data or "test" in facts.splits:
        return section
    sizes, why["data.test_size"] = split_sizes(
        facts.report.rows, n_classes=len(facts.report.classes or ()), generates=spec.generates
    )
    if "validation" in data or "validation" in facts.splits:
        del sizes["validation_size"]
    return section | sizes


def _provisional(spec: TaskSpec, section: Mapping[str, Any], facts: FileFacts) -> Recipe:
    """Return a recipe by which the rows can be prepared, before a model is known."""
    is_pretrained = any(Method.FULL in methods for methods in spec.methods.values())
    model: dict[str, Any] = {"name": "any"} if is_pretrained else own_model(0)
    method = Method.FULL if is_pretrained else Method.SCRATCH
    return build_recipe(
        {"task": spec.task.value, "model": model | _problem(spec, facts), "data": dict(section), "method": method.value}
    )


def _problem(spec: TaskSpec, facts: FileFacts) -> dict[str, Any]:
    usual = Problem.MULTI_LABEL if "labels" in facts.guess.columns else Problem.SINGLE_LABEL
    return {"problem_type": facts.problem.value} if spec.problems and facts.problem is not usual else {}


def _tree(
    spec: TaskSpec,
    section: dict[str, Any],
    facts: FileFacts,
    chosen: ChosenModel,
    rows: TaskData,
    why: dict[str, str],
) -> dict[str, Any]:
    """Return the recipe without its evaluation."""
    candidate, n_rows = chosen.candidate, len(rows.train)
    texts = sampled_texts(rows)
    language = next((name for name in map(language_of, texts.values()) if name), None)
    in_parts = candidate.family is not None and room_of(spec.task).reads_in_parts(candidate.family)
    length = text_length(texts, candidate, language=language, in_parts=in_parts and "target" not in texts)
    why["data.max_length"] = length.why
    section = section | {"max_length": length.tokens}
    method, why["method"] = _method(candidate, n_rows, spec)
    own = method == Method.SCRATCH
    return {
        "task": spec.task.value,
        "model": own_model(n_rows) if own else {"name": candidate.name, **_problem(spec, facts)},
        **({"tokenizer": own_tokenizer(n_rows, least=least_vocab_size(all_texts(rows.train)))} if own else {}),
        "data": section,
        "method": method,
        **({"peft": dict(LORA_SETTINGS)} if method_of(method) is Method.PEFT else {}),
        **({} if method == Method.FEATURES else {"training": _training(candidate, method, n_rows, spec, texts, why)}),
    }


def _method(candidate: Candidate, n_rows: int, spec: TaskSpec) -> tuple[str, str]:
    """Return the method that suits a model and a number of rows, and why.

    Raises:
        RecipeError: the model has no method for the task.
    """
    ways, size = candidate.methods, candidate.parameters
    learnt = counted(n_rows, "row")
    if not set(ways) - {Method.ZERO_SHOT}:
        can = [family for family in Family if spec.methods.get(family)]
        fix = "leave --model out: our own Transformer learns it" if Method.SCRATCH in spec.methods[can[0]] else None
        raise RecipeError(explain(f"{candidate.name} cannot be trained for {spec.task}", fix=fix), where="--model")
    if ways == (Method.SCRATCH,):
        return Method.SCRATCH.value, "There is no pretrained model to go on from for this task."
    if Method.FEATURES in ways and n_rows < FEW_ROWS:
        return Method.FEATURES.value, f"{learnt} to learn from are few: the model stays as it is, and a head learns."
    largest = SMALL if spec.generates else MIDDLING
    if Method.FULL in ways and n_rows >= FEW_ROWS and size is not None and size <= largest:
        return (
            Method.FULL.value,
            f"{learnt} to learn from, and a model of {size / 1e6:,.0f} million weights: all of them learn.",
        )
    if Method.PEFT in ways:
        few = f"{learnt} to learn from are few" if n_rows < FEW_ROWS else "The model is large"
        return LORA, f"{few}: small adapters learn beside its weights (LoRA), which takes less memory."
    return Method.FULL.value, "The only way to train this model for the task."


def _training(
    candidate: Candidate,
    method: str,
    n_rows: int,
    spec: TaskSpec,
    texts: Mapping[str, Sequence[str]],
    why: dict[str, str],
) -> dict[str, Any]:
    values = training_section(candidate, method, epochs=1, generates=spec.generates)
    why["training.learning_rate"] = "As is usual for a model of this size and this method."
    if "tokens_per_batch" in values:
        row_tokens = (
            sum(len(text) for column in texts.values() for text in column) / 4 / max(1, len(next(iter(texts.values()))))
        )
        batch = max(1, round(values["tokens_per_batch"] / max(1.0, row_tokens)))
    else:
        batch = values["per_device_train_batch_size"] = fitted_batch(values["per_device_train_batch_size"], n_rows)
        why["training.per_device_train_batch_size"] = "Halve it where memory runs out."
    steps = -(-n_rows // batch)
    epochs = values["num_train_epochs"] = epochs_for(n_rows, batch)
    why["training.num_train_epochs"] = f"An epoch has about {counted(steps, 'step')}."
    more, reason = evaluations(epochs, steps)
    why |= {f"training.{key}": reason for key in list(more)[:1]}
    return values | more


def _evaluation(facts: FileFacts, task: Task) -> tuple[dict[str, Any], str]:
    metrics, reason = room_of(task).metrics_for(facts.report, facts.problem)
    chooses = "The first one chooses the best weights on the validation rows, and stands for the result."
    if SPECS[task].chooses_by == "loss":
        chooses = "The first one stands for the result; the loss on the validation rows chooses the best weights."
    return {"metrics": metrics}, " ".join(filter(None, (reason, chooses)))


def _usual_output(source: Source) -> Path:
    first = source if isinstance(source, str) else next(iter(source.values() if isinstance(source, dict) else source))
    last = first.partition("#")[0].replace("\\", "/").rstrip("/").split("/")[-1].split(":")[-1].partition("@")[0]
    return Path(f"{last.partition('.')[0] or 'recipe'}.yaml")
