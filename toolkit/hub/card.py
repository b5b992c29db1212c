"""The model card of a finished run: every figure in it comes from the run, nothing is typed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from toolkit.data.hub import parse_hub_id
from toolkit.data.packaged import PACKAGED_DATA, PACKAGED_MODELS, PREFIX
from toolkit.data.sources import DATA_SUFFIXES
from toolkit.hub.limits import measured_limits
from toolkit.hub.markdown import Markdown, code_block, code_span, escape
from toolkit.report import facts
from toolkit.shipped import shipped_folder

MOST_LABELS = 30
_ALL_BUT_NAME_CHARACTERS = re.compile(r"[^\w.-]+")


def render_card(metrics: Mapping[str, Any], *, recipe_yaml: str, command: str = "toolkit fine-tune recipe.yaml") -> str:
    """The card as Markdown with the front matter that the hub reads.

    The base model is named there only if it is on the hub, the licence not at all: a run does not know it.
    Folders of this machine are left out, but for those that the recipe names.

    Args:
        metrics: the content of ``metrics.json``.
        recipe_yaml: the resolved recipe, as it stands in the run folder.
        command: what runs that recipe again.
    """
    results = facts.results(metrics)
    template = _environment().get_template("card.md.jinja")
    card = template.render(
        front_matter=Markdown(_as_yaml(front_matter(metrics))),
        facts=facts,
        metrics=metrics,
        title=model_name(metrics),
        base_model=_model_words(metrics),
        sources=_listed([_source_words(source) for source in _sources(metrics)]),
        labels=_listed([code_span(label) for label in metrics["labels"]]),
        results=results,
        metric_names=list(results[0].measures),
        snippet=code_block(_snippet(recipe_yaml), "python"),
        most_labels=MOST_LABELS,
        limits=measured_limits(metrics),
        command=code_block(command, "bash"),
        recipe=code_block(recipe_yaml, "yaml"),
    )
    # Half a surrogate pair can come out of a JSON file, and cannot be written to a UTF-8 one.
    return card.encode("utf-8", "replace").decode("utf-8")


def front_matter(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The card's metadata as plain values; what is not known is not there."""
    base_model = _hub_model(metrics)
    datasets = [hub_id for source in _sources(metrics) if (hub_id := _hub_data(source))]
    return {
        "library_name": "transformers",
        "pipeline_tag": metrics["task"],
        **({"base_model": base_model} if base_model else {}),
        **({"datasets": datasets} if datasets else {}),
        "metrics": list(metrics["splits"]["test"]["metrics"]),
        "tags": ["transfer-toolkit", metrics["family"], metrics["method"]],
        **_model_index(metrics),
    }


def model_name(metrics: Mapping[str, Any]) -> str:
    """A name for the result, such as ``minilm-rotten-tomatoes``."""
    data = "-".join(_short_name(source) for source in _sources(metrics))
    name = _ALL_BUT_NAME_CHARACTERS.sub("-", f"{_short_name(metrics['model'])}-{data}")
    return name.strip("-.") or "fine-tuned"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(shipped_folder("model_cards"), encoding="utf-8"),
        autoescape=True,
        finalize=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(count=facts.count, amount=facts.amount, metric_name=facts.metric_name, code=code_span)
    return environment


def _as_yaml(values: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True, width=float("inf")).rstrip()


def _model_index(metrics: Mapping[str, Any]) -> dict[str, Any]:
    measures = facts.results(metrics)[0].measures
    values = [
        {"type": name, "name": facts.metric_name(name), "value": measure.value}
        for name, measure in measures.items()
        if measure.value is not None
    ]
    if not values:
        return {}
    sources = _sources(metrics)
    dataset = {
        "type": _hub_data(sources[0]) or _short_name(sources[0]),
        "name": ", ".join(_public(source) for source in sources),
        "split": "test",
    }
    result = {"task": {"type": metrics["task"]}, "dataset": dataset, "metrics": values}
    return {"model-index": [{"name": model_name(metrics), "results": [result]}]}


def _hub_model(metrics: Mapping[str, Any]) -> str | None:
    """The base model's hub id; only what came from the hub has a revision."""
    return metrics["model"].partition("@")[0] if metrics["revision"] else None


def _model_words(metrics: Mapping[str, Any]) -> Markdown:
    name = metrics["model"]
    if hub_id := _hub_model(metrics):
        return Markdown(f"[{escape(hub_id)}](https://huggingface.co/{hub_id}) at {code_span(metrics['revision'])}")
    packaged = PACKAGED_MODELS.get(name.removeprefix(PREFIX)) if name.startswith(PREFIX) else None
    if packaged:
        return Markdown(f"{code_span(name)} (Python package {code_span(packaged.carrier.distribution)})")
    return Markdown(f"the local model {code_span(_short_name(name))}")


def _source_words(source: str) -> Markdown:
    if hub_id := _hub_data(source):
        return Markdown(f"[{escape(source)}](https://huggingface.co/datasets/{hub_id})")
    carrier = PACKAGED_DATA.get(source.removeprefix(PREFIX)) if source.startswith(PREFIX) else None
    package = f" (Python package {code_span(carrier.distribution)})" if carrier else ""
    return Markdown(f"{code_span(_public(source))}{package}")


def _sources(metrics: Mapping[str, Any]) -> list[str]:
    return list(metrics["data"]["source"].split(", "))


def _hub_data(source: str) -> str | None:
    hub_id = parse_hub_id(source)
    return hub_id.name if hub_id and not source.lower().endswith(DATA_SUFFIXES) else None


def _public(source: str) -> str:
    """A source's name without the folders of this machine."""
    return source if source.startswith(PREFIX) or _hub_data(source) else _last_part(source)


def _short_name(name: str) -> str:
    last = _last_part(name.removeprefix(PREFIX).partition("@")[0])
    return PurePosixPath(last).stem if last.lower().endswith(DATA_SUFFIXES) else last.partition(":")[0]


def _last_part(path: str) -> str:
    return PurePosixPath(path.replace("\\", "/")).name or path


def _listed(parts: Sequence[Markdown]) -> Markdown:
    return Markdown(", ".join(map(str, parts)))


def _snippet(recipe_yaml: str) -> str:
    columns = yaml.safe_load(recipe_yaml)["data"].get("columns") or {}
    text = '{"text": "…", "text_pair": "…"}' if "text_pair" in columns else '"…"'
    return f"""from transformers import pipeline

classify = pipeline("text-classification", model="RUN/model")
classify({text}, truncation=True)"""
