"""The rules of tasks that learn from texts without labels, and of generation."""

from __future__ import annotations

from toolkit.names import Method
from toolkit.recipe.rules import Broken, rule
from toolkit.recipe.schema import PAIR, Recipe

NEEDS_SAMPLING = ("temperature", "top_k", "top_p", "min_p", "typical_p")
NEEDS_BEAMS = ("length_penalty", "early_stopping")
COMPARING_METRICS = frozenset({"bleu", "chrf"})
"""Metrics that compare a generated text with its target."""


@rule("task", "data.columns")
def _one_text_or_a_pair(recipe: Recipe) -> Broken:
    columns = recipe.data.columns
    both = [name for name in PAIR if name in columns]
    if PAIR in recipe.spec.columns and "text" in recipe.spec.column_names and "text" in columns and both:
        fix = "keep text for free text, or source and target for answers"
        yield "data.columns.text", f"it goes without {' and '.join(both)}; {fix}"


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


@rule("task", "method", "model.config", "data", "evaluation.metrics")
def _metrics_of_pairs(recipe: Recipe) -> Broken:
    if not recipe.spec.generates or recipe.way is not Method.SCRATCH or recipe.text_columns == PAIR:
        return
    for name in (name for name in recipe.metrics if name in COMPARING_METRICS):
        fix = f"name {' and '.join(PAIR)} in data.columns, or take it out"
        yield "evaluation.metrics", f"{name} compares an answer with a target, and free text has none; {fix}"


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
    for key in (key for key in NEEDS_BEAMS if key in values and values.get("num_beams", 1) == 1):
        yield f"{path}.{key}", "it is for several beams; add num_beams of at least 2"
    shortest, longest = values.get("min_new_tokens"), values.get("max_new_tokens")
    if shortest is not None and longest is not None and shortest > longest:
        yield f"{path}.min_new_tokens", f"{shortest} is more than max_new_tokens, {longest}"
