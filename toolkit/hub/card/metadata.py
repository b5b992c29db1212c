"""The front matter of a card, and the results of a benchmark that the hub lists."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import yaml
from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

from toolkit.hub.card.names import data_name, hub_data, hub_model, public_source
from toolkit.names import Method
from toolkit.recipe import Recipe
from toolkit.report import facts
from toolkit.report.measures import metric_name, results
from toolkit.report.metric_words import metric_words
from toolkit.run_result import RunResult

_NOT_IN_METADATA = re.compile(r"[<>\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


def front_matter(
    result: RunResult,
    recipe: Recipe,
    *,
    name: str,
    own_code: bool = False,
    adapter: bool = False,
) -> dict[str, Any]:
    """Return the card's metadata as plain values; unknown ones are left out.

    Intervals and the base model's revision have no place in it: they stand in the card's text. A model into which an
    adapter was merged is a ``finetune`` of its base; ``merge`` is the hub's word for several models made into one.

    Args:
        result: of the run.
        recipe: of the run.
        name: of the model.
        own_code: whether the model's folder brings its code.
        adapter: whether the adapter alone is published.
    """
    base_model = hub_model(result)
    made_of_it = result.way is not Method.ZERO_SHOT
    datasets = [found.name for source in facts.sources(result) if (found := hub_data(source))]
    values = {
        "library_name": "peft" if adapter else "transformers",
        "pipeline_tag": result.task.value,
        "language": list(recipe.hub.language),
        "license": recipe.hub.license,
        "base_model": base_model,
        "base_model_relation": ("adapter" if adapter else "finetune") if base_model and made_of_it else None,
        "datasets": list(dict.fromkeys(datasets)),
        "metrics": list(dict.fromkeys(map(_hub_metric, result.test.metrics))),
        "tags": ["transfer-toolkit", result.family.value, result.method, *(["custom_code"] if own_code else [])],
        "model-index": _model_index(result, recipe, name=name),
    }
    return {key: value for key, value in values.items() if value}


def as_yaml(values: Mapping[str, Any]) -> str:
    """Write plain values as the lines between ``---`` and ``---``."""
    return yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True, width=float("inf")).rstrip()


def eval_results(result: RunResult, recipe: Recipe) -> dict[str, str]:
    """Return the files of ``.eval_results/`` by their path; none where the test split is no benchmark's.

    It is a benchmark's where the recipe names a hub data set for it. Rows that were cut from other rows here are not
    those that others measure on, and rows that the model has learnt from measure nothing.

    Args:
        result: of the run.
        recipe: of the run.
    """
    data = recipe.data
    source = hub_data(data.test) if isinstance(data.test, str) else None
    measures = results(result)[0].measures
    name, measure = next(iter(measures.items()))
    if source is None or measure.value is None or result.test.seen is not None:
        return {}
    rows = facts.count(result.test.rows, "row")
    interval = f", 95 % interval {measure.interval}" if measure.interval else ""
    split = f" of the split {source.split}" if source.split else ""
    revision = source.revision if re.fullmatch(r"[0-9a-f]{40}", source.revision or "") else None
    entry = EvalResultEntry(
        dataset_id=source.name,
        task_id=data.subset or "default",
        value=measure.value,
        dataset_revision=revision,
        notes=f"{metric_name(name)} on {rows}{split}{interval}",
    )
    text = yaml.safe_dump(eval_result_entries_to_yaml([entry]), sort_keys=False, allow_unicode=True)
    return {f".eval_results/{source.name.replace('/', '--')}.yaml": text}


def _model_index(result: RunResult, recipe: Recipe, *, name: str) -> list[dict[str, Any]]:
    # Rows that the model has learnt from measure nothing, and a list of numbers has no place to say so.
    seen = result.test.seen
    values = [
        {"type": _hub_metric(metric), "name": metric_name(metric), "value": float(entry.value)}
        for metric, entry in result.test.unseen_metrics.items()
        if entry.value is not None and math.isfinite(entry.value)
    ]
    if not values:
        return []
    sources = facts.sources(result)
    on_hub = hub_data(sources[0])
    without = "" if seen is None else f", without {facts.count(seen.rows, 'row')} that the model has learnt from"
    dataset = {
        "type": on_hub.name if on_hub else _plain(data_name(sources[0])),
        "name": _plain(", ".join(public_source(source) for source in sources)) + without,
        "config": recipe.data.subset,
        "split": "test",
        "revision": on_hub.revision if on_hub else None,
    }
    known = {key: value for key, value in dataset.items() if value}
    entry = {"task": {"type": result.task.value}, "dataset": known, "metrics": values}
    return [{"name": name, "results": [entry]}]


def _hub_metric(name: str) -> str:
    return metric_words(name).hub or name


def _plain(name: str) -> str:
    """Return a name of the user's without characters that could end the metadata or begin HTML."""
    cleaned = _NOT_IN_METADATA.sub(" ", name).strip(" -~/\\.")
    return cleaned or "data"
