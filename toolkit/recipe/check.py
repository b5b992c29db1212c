"""The rules between the keys of a recipe that every task has, and the check of all rules."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from toolkit.errors import explain
from toolkit.names import Method
from toolkit.recipe import (  # noqa: F401, their rules register themselves
    check_decision,
    check_installed,
    check_methods,
    check_model,
    check_peft,
    check_quantization,
    check_texts,
)
from toolkit.recipe.check_texts import metrics_of_written
from toolkit.recipe.document import Finding, TreePath
from toolkit.recipe.rules import RULES, Broken, rule
from toolkit.recipe.schema import DataSection, Recipe

# C:\new\table.csv and .\new, of which double quotes make line ends and tabs.
_ESCAPED = re.compile(r"(?:[A-Za-z]:|\.{1,2}).*?([\0\a\b\t\n\v\f\r\x1b])")


def check(recipe: Recipe, faulty: Collection[TreePath] = ()) -> list[Finding]:
    """Find all rules that the recipe breaks.

    Args:
        recipe: a recipe of sound structure, with defaults in place of faulty values.
        faulty: the paths of faulty values; a rule that reads one of them is left out.
    """
    return [
        Finding(tuple(path.split(".")), message)
        for each in RULES
        if not any(_overlap(tuple(key.split(".")), path) for key in each.reads for path in faulty)
        for path, message in each.broken(recipe)
    ]


def _overlap(one: TreePath, other: TreePath) -> bool:
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared]


@rule("task", "method")
def _method_exists(recipe: Recipe) -> Broken:
    ways = {way for names in recipe.spec.methods.values() for way in names}
    if recipe.way not in ways:
        yield (
            "method",
            explain(f"{recipe.method} does not exist for {recipe.task}", allowed=sorted(map(in_words, ways))),
        )


def in_words(way: Method) -> str:
    """Return a way as it is written in a recipe."""
    return "a PEFT method such as lora" if way is Method.PEFT else way.value


@rule("data")
def _one_way_to_name_data(recipe: Recipe) -> Broken:
    data = recipe.data
    if data.source is not None and data.train is not None:
        fix = "take one of them out (an override takes it out with =null)"
        yield "data.train", f"both source and train are given; {fix}"
    if data.source is None and data.train is None:
        fix = "write source (one set of rows, to be divided) or train"
        yield "data", f"neither source nor train is given; {fix}"
    if data.train is None:
        for split in ("validation", "test"):
            if getattr(data, split) is not None:
                yield f"data.{split}", f"{split} goes with train, not with source; rename source to train"


@rule("task", "data.columns", "data.prompt")
def _columns_of_the_task(recipe: Recipe) -> Broken:
    allowed = tuple(dict.fromkeys((*recipe.inputs, *recipe.spec.column_names)))
    columns = recipe.data.columns
    for name in columns:
        if name not in allowed:
            yield (
                f"data.columns.{name}",
                explain(
                    f"{recipe.task} has no column {name!r}",
                    allowed=allowed,
                    name=name,
                    fix="on the left stands the task's name, on the right the data's",
                ),
            )
        elif not isinstance(columns[name], str) and not (recipe.spec.problems and name == "labels"):
            yield f"data.columns.{name}", f"{name} is one column; only labels may be a list of columns of 0 and 1"
    several = [part.strip() for part in str(columns.get("labels", "")).split(",")]
    if isinstance(columns.get("labels"), str) and len(several) > 1:
        fix = f"write data.columns.labels: [{', '.join(several)}]; one column with a comma in its name is called label"
        yield "data.columns.labels", f"{columns['labels']!r} is one text, and several columns are a list; {fix}"
    for name, column in columns.items():
        others = [other for other in columns if columns[other] == column and other != name]
        if others and name == list(columns)[-1]:
            yield f"data.columns.{name}", f"{column!r} is named for {others[0]!r} already"


@rule("model.name", "data.source", "data.train", "data.validation", "data.test")
def _paths_have_no_escapes(recipe: Recipe) -> Broken:
    data = recipe.data
    named: dict[str, Any] = {"model.name": recipe.model.name}
    named |= {f"data.{key}": getattr(data, key) for key in ("source", "train", "validation", "test")}
    for path, value in named.items():
        texts = [value] if isinstance(value, str) else [] if value is None else [*value]
        texts += list(value.values()) if isinstance(value, dict) else []
        found = next((match[1] for text in texts if (match := _ESCAPED.match(text))), None)
        if found is not None:
            fix = "a backslash in double quotes begins an escape; write the path with / or in single quotes"
            yield path, f"the path holds the control character {found!r}; {fix}"


@rule("data")
def _sizes_leave_rows(recipe: Recipe) -> Broken:
    data = recipe.data
    if data.test_size == 0 and data.test is None:
        yield "data.test_size", "0 leaves nothing to measure the result on; give it rows, or name data.test"
    fractions = _cut_fractions(data)
    if sum(fractions) >= 1:
        yield (
            "data.test_size",
            f"test and validation take {sum(fractions):g} of the rows, leaving none to learn from",
        )


def _cut_fractions(data: DataSection) -> list[float]:
    cut = [(data.test, data.test_size), (data.validation, data.validation_size)]
    return [size for split, size in cut if split is None and isinstance(size, float) and size < 1]


@rule("data.encoding")
def _encoding_exists(recipe: Recipe) -> Broken:
    encoding = recipe.data.encoding
    if encoding is None:
        return
    try:
        "".encode(encoding)
    except (LookupError, UnicodeError, ValueError):
        names = ("utf-8", "utf-16", "cp949", "euc-kr", "cp1252", "latin-1", "shift_jis", "gb18030", "big5")
        yield "data.encoding", explain(f"unknown encoding {encoding!r}", allowed=names, name=encoding)


@rule("data.test_size", "data.validation_size", "training")
def _one_or_all(recipe: Recipe) -> Broken:
    data = {f"data.{key}": getattr(recipe.data, key) for key in ("test_size", "validation_size")}
    training = recipe.training.for_trainer()
    steps = {f"training.{key}": training[key] for key in ("warmup_steps", "logging_steps", "save_steps", "eval_steps")}
    for path, value in (data | steps).items():
        if isinstance(value, float) and value == 1.0:
            yield path, "1.0 could be one or all of them; write 1 for one, or a fraction below 1"


@rule(
    *("task", "model.config", "model.problem_type", "data.columns", "evaluation.metrics"),
    *("training.metric_for_best_model", "training.greater_is_better"),
)
def _metrics_of_the_task(recipe: Recipe) -> Broken:
    metrics = recipe.evaluation.metrics or []
    known = recipe.spec.metrics_of(recipe.problem)
    for i, name in enumerate(metrics):
        if name not in known:
            what = f"{recipe.task} ({recipe.problem})" if recipe.spec.problems else recipe.task
            yield "evaluation.metrics", explain(f"{what} has no metric {name!r}", allowed=known)
        if name in metrics[:i]:
            yield "evaluation.metrics", f"{name!r} is listed twice"
    best = recipe.training.for_trainer()["metric_for_best_model"]
    by_loss = recipe.spec.chooses_by == "loss"
    allowed = ["loss", *metrics_of_written(recipe)] if by_loss else [*metrics, "loss"]
    if best is not None and best.removeprefix("eval_") not in allowed:
        yield (
            "training.metric_for_best_model",
            explain(
                f"{best!r} is not measured {'while training' if by_loss else 'by this recipe'}",
                allowed=allowed,
                name=best,
                fix=None if by_loss else "add it to evaluation.metrics, or choose by one of these",
            ),
        )


@rule("training", "data")
def _evaluation_while_training(recipe: Recipe) -> Broken:
    training, data = recipe.training.for_trainer(), recipe.data
    if training["eval_strategy"] == "no":
        needing = {
            "early_stopping_patience": recipe.training.early_stopping_patience is not None,
            "load_best_model_at_end": training["load_best_model_at_end"],
        }
        for key in (key for key, needs in needing.items() if needs):
            way_out = "set load_best_model_at_end: false too" if "best" in key else "set eval_strategy: epoch"
            yield "training.eval_strategy", f"'no' leaves {key} without evaluations; {way_out}"
    elif recipe.training.early_stopping_patience is not None and data.validation_size == 0 and data.validation is None:
        yield "data.validation_size", "0 leaves early_stopping_patience without evaluations; give it rows"
    if recipe.training.average_checkpoints is not None and not training["load_best_model_at_end"]:
        fix = "set load_best_model_at_end: true, or take average_checkpoints out"
        yield "training.average_checkpoints", f"without evaluations that keep their weights nothing is averaged; {fix}"
    if training["eval_strategy"] == "steps" and training["eval_steps"] is None:
        yield "training.eval_strategy", "'steps' needs eval_steps; set it, such as eval_steps: 100"


@rule("training")
def _schedule_is_known_in_advance(recipe: Recipe) -> Broken:
    schedule = recipe.training.for_trainer()["lr_scheduler_type"]
    if schedule in {"reduce_lr_on_plateau", "greedy"}:
        yield (
            "training.lr_scheduler_type",
            f"{schedule!r} depends on evaluations; choose one that is known in advance, such as linear or cosine",
        )


@rule("training", "task")
def _training_keys_agree(recipe: Recipe) -> Broken:
    own, training = recipe.training, recipe.training.for_trainer()
    if own.bf16 is True and training["fp16"]:
        yield "training.fp16", "bf16 and fp16 exclude each other; keep one of them"
    if training["max_steps"] == 0:
        yield "training.max_steps", "0 steps train nothing; write -1 to go by num_train_epochs"
    strategy = training["train_sampling_strategy"]
    is_padded = not recipe.spec.packs
    if own.tokens_per_batch is not None and is_padded and strategy != "group_by_length":
        yield (
            "training.tokens_per_batch",
            (f"it needs train_sampling_strategy: group_by_length, found {strategy!r}; remove one of them"),
        )
    if training["dataloader_prefetch_factor"] is not None and training["dataloader_num_workers"] == 0:
        yield "training.dataloader_prefetch_factor", "it needs dataloader_num_workers of at least 1"
