"""What the hub reads of a card: its front matter, and the results of a benchmark that lives there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml
from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

from toolkit.hub.card.names import data_name, hub_data, hub_model, public_source
from toolkit.names import Method
from toolkit.report import facts

_NOT_IN_METADATA = re.compile(r"[<>\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


def front_matter(
    metrics: Mapping[str, Any],
    recipe: Mapping[str, Any],
    *,
    name: str,
    own_code: bool = False,
    adapter: bool = False,
) -> dict[str, Any]:
    """The card's metadata as plain values; what is not known is not there.

    Intervals and the base model's revision have no place in it: they stand in the card's text. A model into which an
    adapter was merged is a ``finetune`` of its base; ``merge`` is the hub's word for several models made into one.

    Args:
        metrics: the content of ``metrics.json``.
        recipe: the resolved recipe.
        name: of the model.
        own_code: whether the model's folder brings its code.
        adapter: whether the adapter alone is published.
    """
    hub = recipe.get("hub") or {}
    base_model = hub_model(metrics)
    made_of_it = metrics["method"] != Method.ZERO_SHOT
    datasets = [found.name for source in facts.sources(metrics) if (found := hub_data(source))]
    values = {
        "library_name": "peft" if adapter else "transformers",
        "pipeline_tag": metrics["task"],
        "language": list(hub.get("language") or ()),
        "license": hub.get("license"),
        "base_model": base_model,
        "base_model_relation": ("adapter" if adapter else "finetune") if base_model and made_of_it else None,
        "datasets": list(dict.fromkeys(datasets)),
        "metrics": list(metrics["splits"]["test"]["metrics"]),
        "tags": ["transfer-toolkit", metrics["family"], metrics["method"], *(["custom_code"] if own_code else [])],
        "model-index": _model_index(metrics, recipe, name=name),
    }
    return {key: value for key, value in values.items() if value}


def as_yaml(values: Mapping[str, Any]) -> str:
    """Plain values as the lines between ``---`` and ``---``."""
    return yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True, width=float("inf")).rstrip()


def eval_results(metrics: Mapping[str, Any], recipe: Mapping[str, Any]) -> dict[str, str]:
    """The files of ``.eval_results/``, by their path in the repository; none where the test split is no benchmark's.

    That is where the recipe names a hub data set for the test split: rows that were cut from other rows here are not
    what others measure on.

    Args:
        metrics: the content of ``metrics.json``.
        recipe: the resolved recipe.
    """
    data = recipe.get("data") or {}
    source = hub_data(data["test"]) if isinstance(data.get("test"), str) else None
    measures = facts.results(metrics)[0].measures
    name, measure = next(iter(measures.items()))
    if source is None or measure.value is None:
        return {}
    rows = facts.count(metrics["splits"]["test"]["rows"], "row")
    interval = f", 95 % interval {measure.interval}" if measure.interval else ""
    split = f" of the split {source.split}" if source.split else ""
    revision = source.revision if re.fullmatch(r"[0-9a-f]{40}", source.revision or "") else None
    entry = EvalResultEntry(
        dataset_id=source.name,
        task_id=data.get("subset") or "default",
        value=measure.value,
        dataset_revision=revision,
        notes=f"{facts.metric_name(name)} on {rows}{split}{interval}",
    )
    text = yaml.safe_dump(eval_result_entries_to_yaml([entry]), sort_keys=False, allow_unicode=True)
    return {f".eval_results/{source.name.replace('/', '--')}.yaml": text}


def _model_index(metrics: Mapping[str, Any], recipe: Mapping[str, Any], *, name: str) -> list[dict[str, Any]]:
    measures = facts.results(metrics)[0].measures
    values = [
        {"type": metric, "name": facts.metric_name(metric), "value": measure.value}
        for metric, measure in measures.items()
        if measure.value is not None
    ]
    if not values:
        return []
    sources = facts.sources(metrics)
    on_hub = hub_data(sources[0])
    dataset = {
        "type": on_hub.name if on_hub else _plain(data_name(sources[0])),
        "name": _plain(", ".join(public_source(source) for source in sources)),
        "config": (recipe.get("data") or {}).get("subset"),
        "split": "test",
        "revision": on_hub.revision if on_hub else None,
    }
    known = {key: value for key, value in dataset.items() if value}
    result = {"task": {"type": metrics["task"]}, "dataset": known, "metrics": values}
    return [{"name": name, "results": [result]}]


def _plain(name: str) -> str:
    """A name of the user's without what could end the metadata or begin HTML."""
    cleaned = _NOT_IN_METADATA.sub(" ", name).strip(" -~/\\.")
    return cleaned or "data"
