"""What a card says of the data and of the model that it began with: names, licences, sizes, labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from toolkit.hub.card.markdown import Markdown, code_span
from toolkit.hub.card.names import data_carrier, hub_data, hub_model, model_carrier, public_source, short_name
from toolkit.hub.card.words import Words
from toolkit.names import PEFT_METHODS, Method, Split
from toolkit.report import facts
from toolkit.report.label_facts import number

MOST_COLUMNS = 6
"""Labels that get a column of their own in the table of splits."""

_HUB = "https://huggingface.co"


@dataclass(frozen=True)
class SplitTable:
    """The rows of each split, and of each label in it where there are few.

    Attributes:
        labels: those with a column of their own.
        rows: name of the split, its rows, and the rows of each of the labels.
    """

    labels: tuple[str, ...]
    rows: tuple[tuple[str, int, tuple[int, ...]], ...]


def origin(metrics: Mapping[str, Any], words: Words, *, adapter: bool) -> Markdown:
    """What the model was before, what was done with it, and on what."""
    method = metrics["method"]
    key = _ORIGINS.get(method, "full")
    if method in {str(name) for name in PEFT_METHODS}:
        key = "adapter" if adapter else "merged"
    return words(
        f"origin.{key}",
        model=_model(metrics, words),
        family=metrics["family"],
        method=code_span(method),
        task=metrics["task"],
        sources=all_sources(metrics, words),
    )


def all_sources(metrics: Mapping[str, Any], words: Words) -> Markdown:
    """Where the rows come from, each with its link or its package."""
    return Markdown(", ".join(str(_source(source, words)) for source in facts.sources(metrics)))


def licences(metrics: Mapping[str, Any], words: Words) -> list[Markdown]:
    """What is known of the licence of each source, a sentence each.

    Of a package it is what the package says of itself; a licence of the data apart from it is not known here.
    """
    sentences, unknown = [], []
    for source in facts.sources(metrics):
        carrier = data_carrier(source)
        stated = _package_licence(carrier.distribution) if carrier else None
        named = code_span(public_source(source))
        if stated:
            sentences.append(words("data.package_licence", source=named, licence=stated))
        elif hub_data(source):
            sentences.append(words("data.hub_licence", source=named))
        else:
            unknown.append(named)
    return sentences + ([words("data.no_licence", sources=words.listed(unknown))] if unknown else [])


def split_table(metrics: Mapping[str, Any], words: Words) -> SplitTable:
    """The splits with their rows; runs of older versions do not tell those of their labels."""
    splits = metrics["splits"]
    counted = [split.get("labels") for split in splits.values()]
    labels = tuple(metrics["labels"]) if all(counted) and len(metrics["labels"]) <= MOST_COLUMNS else ()
    rows = (
        (words.name(name), split["rows"], tuple(split["labels"].get(label, 0) for label in labels))
        if labels
        else (words.name(name), split["rows"], ())
        for name, split in splits.items()
    )
    return SplitTable(labels, tuple(rows))


def about_labels(metrics: Mapping[str, Any], words: Words) -> list[Markdown]:
    """How the training rows are spread over labels that have no column, or over scores."""
    train = metrics["splits"][Split.TRAIN.value]
    scores, counts = train.get("scores"), train.get("labels")
    if scores:
        return [words("data.scores", **{name: number(value) for name, value in scores.items()})]
    if not counts or len(metrics["labels"]) <= MOST_COLUMNS:
        return []
    low, high = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
    return [
        words(
            "data.labels",
            low=words.count("rows", counts[low]),
            low_label=code_span(low),
            high=words.count("rows", counts[high]),
            high_label=code_span(high),
        )
    ]


def about_use(metrics: Mapping[str, Any], recipe: Mapping[str, Any], words: Words) -> list[Markdown]:
    """Of a model that was only asked: what the training rows were used for."""
    if metrics["method"] != Method.ZERO_SHOT:
        return []
    shots = (recipe.get("zero_shot") or {}).get("shots") or 0
    return [words("data.unused"), *([words("data.shots", n=shots)] if shots else [])]


_ORIGINS = {Method.SCRATCH: "scratch", Method.FEATURES: "features", Method.ZERO_SHOT: "zero_shot"}


def _model(metrics: Mapping[str, Any], words: Words) -> Markdown:
    name = metrics["model"]
    if hub_id := hub_model(metrics):
        url = Markdown(f"{_HUB}/{hub_id}")
        return words("origin.hub_model", name=hub_id, url=url, revision=code_span(metrics["revision"]))
    if carrier := model_carrier(metrics):
        return words("origin.carried", name=code_span(name), package=code_span(carrier.distribution))
    return words("origin.local_model", name=code_span(short_name(name)))


def _source(source: str, words: Words) -> Markdown:
    if found := hub_data(source):
        return Markdown(f"[{words.escaped(source)}]({_HUB}/datasets/{found.name})")
    named = code_span(public_source(source))
    carrier = data_carrier(source)
    return words("data.package", source=named, package=code_span(carrier.distribution)) if carrier else named


def _package_licence(distribution: str) -> str | None:
    """The licence that an installed package states, in its words."""
    try:
        stated = metadata.metadata(distribution)
    except metadata.PackageNotFoundError:
        return None
    classifiers = [name for name in stated.get_all("Classifier") or () if name.startswith("License ::")]
    of_classifiers = ", ".join(name.rpartition(" :: ")[2] for name in classifiers)
    fields = stated.json  # its other ways in warn of fields that are not there
    named = str(fields.get("license_expression") or fields.get("license") or "").strip()
    # Some packages put the whole text of their licence there.
    return named if len(named.splitlines()) == 1 else of_classifiers or None
