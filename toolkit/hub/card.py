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
from toolkit.hub.limits import measured_limits, unmeasured
from toolkit.hub.markdown import Markdown, code_block, code_span, escape
from toolkit.hub.settings import settings
from toolkit.hub.usage import brings_code, intended_use, snippet
from toolkit.names import Problem
from toolkit.recipe.schema import OWN_TRANSFORMER
from toolkit.report import facts, text_facts
from toolkit.report.label_facts import problem_of
from toolkit.report.metric_words import metric_words
from toolkit.shipped import shipped_folder

MOST_LABELS = 30
_BESIDE = " + "  # between files whose lines belong together
_ALL_BUT_NAME_CHARACTERS = re.compile(r"[^\w.-]+")


def render_card(
    metrics: Mapping[str, Any],
    *,
    recipe_yaml: str,
    model_config: Mapping[str, Any] | None = None,
    command: str = "toolkit fine-tune recipe.yaml",
) -> str:
    """The card as Markdown with the front matter that the hub reads.

    The base model is named there only if it is on the hub, the licence not at all: a run does not know it.
    Folders of this machine are left out, but for those that the recipe names.

    Args:
        metrics: the content of ``metrics.json``.
        recipe_yaml: the resolved recipe, as it stands in the run folder.
        model_config: the ``config.json`` of the saved model, which tells whether it brings its own code.
        command: what runs that recipe again.
    """
    results = facts.results(metrics)
    recipe = yaml.safe_load(recipe_yaml)
    own_code = brings_code(recipe, model_config)
    template = _environment().get_template("card.md.jinja")
    card = template.render(
        front_matter=Markdown(_as_yaml(front_matter(metrics, own_code=own_code))),
        facts=facts,
        texts=text_facts,
        metrics=metrics,
        title=model_name(metrics),
        origin=_origin(metrics),
        sources=_listed([_source_words(source) for source in facts.sources(metrics)]),
        labels=_listed([code_span(label) for label in metrics["labels"]]),
        results=results,
        best=facts.best_values(results),
        metric_names=list(results[0].measures),
        intended_use=Markdown(intended_use(metrics, recipe)),
        snippet=code_block(snippet(metrics, recipe, own_code=own_code), "python"),
        own_code=own_code,
        settings=settings(recipe, model_config),
        most_labels=MOST_LABELS,
        answers=Markdown(_answers(metrics)),
        limits=measured_limits(metrics),
        unmeasured=unmeasured(metrics),
        command=code_block(command, "bash"),
        recipe=code_block(recipe_yaml, "yaml"),
    )
    # Half a surrogate pair can come out of a JSON file, and cannot be written to a UTF-8 one.
    return card.encode("utf-8", "replace").decode("utf-8")


def front_matter(metrics: Mapping[str, Any], *, own_code: bool = False) -> dict[str, Any]:
    """The card's metadata as plain values; what is not known is not there.

    Args:
        metrics: the content of ``metrics.json``.
        own_code: whether the model's folder brings its code.
    """
    base_model = _hub_model(metrics)
    datasets = [hub_id for source in facts.sources(metrics) if (hub_id := _hub_data(source))]
    return {
        "library_name": "transformers",
        "pipeline_tag": metrics["task"],
        **({"base_model": base_model} if base_model else {}),
        **({"datasets": datasets} if datasets else {}),
        "metrics": list(metrics["splits"]["test"]["metrics"]),
        "tags": ["transfer-toolkit", metrics["family"], metrics["method"], *(["custom_code"] if own_code else [])],
        **_model_index(metrics),
    }


def model_name(metrics: Mapping[str, Any]) -> str:
    """A name for the result, such as ``minilm-rotten-tomatoes``."""
    model = "transformer" if _starts_at_random(metrics) else _short_name(metrics["model"])
    data = "-".join(dict.fromkeys(_data_name(source) for source in facts.sources(metrics)))
    name = _ALL_BUT_NAME_CHARACTERS.sub("-", f"{model}-{data}")
    return name.strip("-.") or "fine-tuned"


def _answers(metrics: Mapping[str, Any]) -> str:
    """What the model answers with, as a sentence; nothing where that is a text."""
    if text_facts.is_text_task(metrics):
        return ""
    problem, labels = problem_of(metrics), metrics["labels"]
    if problem is Problem.REGRESSION:
        return "It answers with a number, on the scale of the scores in its training data."
    few = len(labels) <= MOST_LABELS
    listed = f": {_listed([code_span(label) for label in labels])}" if few else "; `config.json` lists them"
    if problem is Problem.MULTI_LABEL:
        return f"It answers with any number of {len(labels)} labels, also none{listed}."
    return f"It answers with one of {len(labels)} labels{listed}."


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
    environment.filters.update(
        count=facts.count, amount=facts.amount, words=metric_words, code=code_span, marked=Markdown
    )
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
    sources = facts.sources(metrics)
    dataset = {
        "type": _hub_data(sources[0]) or _data_name(sources[0]),
        "name": ", ".join(_public(source) for source in sources),
        "split": "test",
    }
    result = {"task": {"type": metrics["task"]}, "dataset": dataset, "metrics": values}
    return {"model-index": [{"name": model_name(metrics), "results": [result]}]}


def _hub_model(metrics: Mapping[str, Any]) -> str | None:
    """The base model's hub id; only what came from the hub has a revision."""
    return metrics["model"].partition("@")[0] if metrics["revision"] else None


def _starts_at_random(metrics: Mapping[str, Any]) -> bool:
    return bool(metrics["model"] == OWN_TRANSFORMER)


def _origin(metrics: Mapping[str, Any]) -> Markdown:
    """What the model was before training."""
    if _starts_at_random(metrics):
        return Markdown(f"A Transformer ({escape(metrics['family'])}) of our own, trained from a random start")
    return Markdown(f"Fine-tuned from {_model_words(metrics)}")


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
    packaged, _, _ = source.removeprefix(PREFIX).partition(" ")  # of a collection a part may be named behind
    carrier = PACKAGED_DATA.get(packaged) if source.startswith(PREFIX) else None
    package = f" (Python package {code_span(carrier.distribution)})" if carrier else ""
    return Markdown(f"{code_span(_public(source))}{package}")


def _hub_data(source: str) -> str | None:
    if _BESIDE in source:
        return None
    hub_id = parse_hub_id(source)
    return hub_id.name if hub_id and not source.lower().endswith(DATA_SUFFIXES) else None


def _public(source: str) -> str:
    """A source's name without the folders of this machine."""
    if source.startswith(PREFIX) or _hub_data(source):
        return source
    return _BESIDE.join(_last_part(file) for file in source.split(_BESIDE))


def _data_name(source: str) -> str:
    """A source's name as part of another: ``de-en`` of ``data/train.de + data/train.en``."""
    files = [PurePosixPath(_last_part(file)) for file in source.split(_BESIDE)]
    if len(files) == 1:
        return _short_name(source)
    languages = [file.suffix.removeprefix(".") for file in files]
    distinct = all(languages) and len(set(languages)) == len(languages)
    return "-".join(languages if distinct else [file.stem for file in files])


def _short_name(name: str) -> str:
    last = _last_part(name.removeprefix(PREFIX).partition("@")[0])
    return PurePosixPath(last).stem if last.lower().endswith(DATA_SUFFIXES) else last.partition(":")[0]


def _last_part(path: str) -> str:
    return PurePosixPath(path.replace("\\", "/")).name or path


def _listed(parts: Sequence[Markdown]) -> Markdown:
    return Markdown(", ".join(map(str, parts)))
