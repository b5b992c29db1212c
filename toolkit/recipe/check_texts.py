"""The rules of tasks that learn from texts without labels, and of generation."""

from __future__ import annotations

from toolkit.errors import explain
from toolkit.names import Method
from toolkit.recipe.prompts import gaps_of
from toolkit.recipe.rules import Broken, rule
from toolkit.recipe.schema import PAIR, Recipe

NEEDS_SAMPLING = ("temperature", "top_k", "top_p", "min_p", "typical_p")
NEEDS_BEAMS = ("length_penalty", "early_stopping")
SCORING_METRICS = frozenset({"perplexity", "bits_per_character", "masked_accuracy"})
"""Metrics of given texts; all others examine a generated text beside its target."""
UNDIRECTED_METRICS = frozenset({"length_ratio", "copied_4grams"})
"""Metrics of which neither more nor less is better by itself."""


def metrics_of_written(recipe: Recipe) -> list[str]:
    """Return the metrics of what a model writes for validation rows that can choose its best weights."""
    if not recipe.spec.generates or recipe.text_columns == ("text",):
        return []
    unsure = UNDIRECTED_METRICS if recipe.training.for_trainer()["greater_is_better"] is None else frozenset()
    return [name for name in recipe.spec.metrics if name not in SCORING_METRICS | unsure]


@rule("task", "data.columns")
def _one_text_or_a_pair(recipe: Recipe) -> Broken:
    columns = recipe.data.columns
    forms = [form for form in recipe.spec.columns if PAIR in recipe.spec.columns]
    named = [name for name in ("text", "source", "messages") if name in columns and any(name in form for form in forms)]
    if len(named) > 1:
        fix = "keep text for free text, source and target for answers, or messages for chats"
        yield f"data.columns.{named[0]}", f"it goes without {' and '.join(named[1:])}; {fix}"
    if "messages" in named and "target" in columns:
        yield "data.columns.target", "a chat has its answers in messages; take it out"


@rule("task", "method", "data", "model.config")
def _told_to_pretrained_models(recipe: Recipe) -> Broken:
    data = recipe.data
    told = {key: getattr(data, key) for key in ("prompt", "chat_template", "source_language", "target_language")}
    for key in (key for key, value in told.items() if value is not None):
        if not recipe.spec.generates or recipe.way is Method.SCRATCH:
            yield f"data.{key}", "it is for pretrained models that write; take it out"
        elif key != "chat_template" and recipe.text_columns != PAIR and not recipe.inputs:
            yield f"data.{key}", f"it is for rows of {' and '.join(PAIR)}; take it out, or name these columns"
    gaps = () if data.prompt is None else gaps_of(data.prompt)
    if data.prompt is not None and not gaps:
        yield "data.prompt", f"it lacks {{source}}, where the source goes: {data.prompt!r}"
    if "target" in gaps:
        yield "data.prompt", "it shows {target}, which the model is to write; take it out"
    for name in (name for name in ("source", "text", "messages") if gaps and name in data.columns and name not in gaps):
        braced = [f"{{{gap}}}" for gap in gaps]
        found = f"the prompt has no {{{name}}}, and data.columns names it"
        yield "data.prompt", explain(found, allowed=braced, name=f"{{{name}}}", fix="name the columns that it shows")
    if "messages" in data.columns and recipe.way is Method.SCRATCH:
        yield "data.columns.messages", "our own Transformer reads no chats; name source and target, or a model"


@rule("task", "data.shots_per_class", "training.class_weights", "model.problem_type")
def _no_classes_without_labels(recipe: Recipe) -> Broken:
    given = {
        "data.shots_per_class": recipe.data.shots_per_class,
        "training.class_weights": recipe.training.class_weights,
        "model.problem_type": recipe.model.problem_type,
    }
    if recipe.spec.labels_tokens:
        del given["training.class_weights"]
    for path in (path for path, value in given.items() if value is not None and not recipe.spec.problems):
        yield path, f"{recipe.task} has no classes; take it out"


@rule("task", "model.config", "data", "evaluation.metrics")
def _metrics_of_pairs(recipe: Recipe) -> Broken:
    if not recipe.spec.generates or recipe.text_columns != ("text",):
        return
    for name in (name for name in recipe.metrics if name in recipe.spec.metrics and name not in SCORING_METRICS):
        fix = f"name {' and '.join(PAIR)} in data.columns, or take it out"
        yield "evaluation.metrics", f"{name} is for answers with targets, and free text has none; {fix}"


@rule("task", "training.dataloader_persistent_workers")
def _masks_differ_from_epoch_to_epoch(recipe: Recipe) -> Broken:
    if recipe.spec.hides_tokens and recipe.training.for_trainer()["dataloader_persistent_workers"]:
        yield (
            "training.dataloader_persistent_workers",
            "workers that outlive an epoch would hide the same words in each; set it to false for fill-mask",
        )


@rule("data.max_length", "task")
def _room_for_a_token(recipe: Recipe) -> Broken:
    if recipe.spec.packs and recipe.data.max_length == 1:
        yield "data.max_length", "1 leaves no room beside the token that ends a text; make it 2 or more"


@rule("task", "evaluation.generation")
def _generation_of_the_task(recipe: Recipe) -> Broken:
    values = {key: value for key, value in recipe.evaluation.generation.items() if value is not None}
    path = "evaluation.generation"
    if values and not recipe.spec.generates:
        yield path, f"{recipe.task} generates no text; take the section out"
        return
    for key in (key for key in NEEDS_SAMPLING if key in values and not values.get("do_sample")):
        yield f"{path}.{key}", "it is for drawing tokens; add do_sample: true"
    if values.get("do_sample") and values.get("num_beams", 1) > 1:
        yield (
            f"{path}.do_sample",
            "a text is drawn or searched for along beams, not both; take do_sample or num_beams out",
        )
    for key in (key for key in NEEDS_BEAMS if key in values and values.get("num_beams", 1) == 1):
        yield f"{path}.{key}", "it is for several beams; add num_beams of at least 2"
    shortest, longest = values.get("min_new_tokens"), values.get("max_new_tokens")
    if shortest is not None and longest is not None and shortest > longest:
        yield f"{path}.min_new_tokens", f"{shortest} is more than max_new_tokens, {longest}"
