"""The rules of kinds of labels, of frozen features and of zero-shot use."""

from __future__ import annotations

from toolkit.names import Method, Problem
from toolkit.recipe.rules import Broken, rule
from toolkit.recipe.schema import FeaturesSection, Recipe, ZeroShotSection

UNTRAINED = frozenset({Method.FEATURES, Method.ZERO_SHOT})
"""The methods that update no weight of the model; of ``training`` only what trackers are told applies to them."""


def is_of_trackers(key: str) -> bool:
    """Return whether a key of ``training`` says where a run is reported."""
    return key in ("report_to", "run_name", "project") or key.startswith("trackio_")


@rule("task", "model.problem_type", "data.columns")
def _one_column_of_labels(recipe: Recipe) -> Broken:
    columns = recipe.data.columns
    if not recipe.spec.problems or "labels" not in columns:
        return
    if "label" in columns:
        yield "data.columns.labels", "both label and labels are named; keep label for one class, labels for several"
    elif recipe.problem is not Problem.MULTI_LABEL:
        fix = f"name the column label, or write model.problem_type: {Problem.MULTI_LABEL}"
        yield "data.columns.labels", f"labels are several classes of a text, and this is {recipe.problem}; {fix}"


@rule("task", "model.problem_type", "training.class_weights", "training.label_smoothing_factor", "data.shots_per_class")
def _one_class_a_text(recipe: Recipe) -> Broken:
    if not recipe.spec.problems or recipe.problem is Problem.SINGLE_LABEL:
        return
    given = {
        "training.class_weights": recipe.training.class_weights,
        "training.label_smoothing_factor": recipe.training.for_trainer()["label_smoothing_factor"],
        "data.shots_per_class": recipe.data.shots_per_class,
    }
    for path in (path for path, value in given.items() if value):
        yield path, f"it is for texts with one class each, and this is {recipe.problem}; take it out"


@rule("method", "features", "zero_shot", "training")
def _section_of_the_method(recipe: Recipe) -> Broken:
    sections = {
        Method.FEATURES: ("features", recipe.features != FeaturesSection()),
        Method.ZERO_SHOT: ("zero_shot", recipe.zero_shot != ZeroShotSection()),
    }
    for method, (name, is_written) in sections.items():
        if is_written and recipe.way is not method:
            yield name, f"the method {recipe.method} has no use for it; take it out, or write method: {method}"
    if recipe.way in UNTRAINED and (
        others := {key for key in recipe.training.model_fields_set if not is_of_trackers(key)}
    ):
        whole = "take the section out" if others == recipe.training.model_fields_set else "keep report_to alone"
        yield "training", f"the method {recipe.method} trains none of the model's weights; {whole}"


@rule("method", "task", "model.problem_type", "zero_shot", "model.config")
def _zero_shot_can_answer(recipe: Recipe) -> Broken:
    if recipe.way is not Method.ZERO_SHOT or not recipe.spec.problems:
        return
    if recipe.problem is not Problem.SINGLE_LABEL:
        yield "method", f"zero-shot chooses one class of several, and this is {recipe.problem}; choose another method"
    asked = recipe.zero_shot
    if asked.scorer not in (None, "likelihood"):
        for key in ("calibration", "shots"):
            if getattr(asked, key):
                fix = "take one of them out, or write scorer: likelihood"
                yield f"zero_shot.{key}", f"it is for likelihoods, and the scorer is {asked.scorer}; {fix}"
    # Similarity and entailment compare the text with what is said of it, without putting it into the sentence.
    gaps = ("{label}",) if asked.scorer in ("similarity", "entailment") else ("{text}", "{label}")
    for i, template in enumerate(asked.templates or ()):
        lacking = [gap for gap in gaps if gap not in template]
        if lacking:
            yield f"zero_shot.templates.{i}", f"the template lacks {' and '.join(lacking)}: {template!r}"
