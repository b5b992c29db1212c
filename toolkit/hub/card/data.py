"""The card's sentences on data and base model: names, licences, sizes, labels."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata

from toolkit.hub.card.markdown import Markdown, code_span
from toolkit.hub.card.names import data_carrier, hub_data, hub_model, model_carrier, public_source, short_name
from toolkit.hub.card.words import Words
from toolkit.names import Method, Split
from toolkit.recipe import Recipe
from toolkit.report import facts
from toolkit.run_result import RunResult
from toolkit.wording import number

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


def origin(result: RunResult, words: Words, *, adapter: bool) -> Markdown:
    """Return the base model, the method and the data in a sentence."""
    key = _ORIGINS.get(result.way, "full")
    if result.way is Method.PEFT:
        key = "adapter" if adapter else "merged"
    return words(
        f"origin.{key}",
        model=_model(result, words),
        family=result.family,
        method=code_span(result.method),
        task=result.task,
        sources=all_sources(result, words),
    )


def all_sources(result: RunResult, words: Words) -> Markdown:
    """Return the sources of the rows, each with its link or its package."""
    return Markdown(", ".join(str(_source(source, words)) for source in facts.sources(result)))


def licences(result: RunResult, words: Words) -> list[Markdown]:
    """Return what is known of the licence of each source, a sentence each.

    A package is quoted on its own licence; the data in it may have another, which is not known here.
    """
    sentences, unknown = [], []
    for source in facts.sources(result):
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


def split_table(result: RunResult, words: Words) -> SplitTable:
    """Return the splits with their rows; runs of older versions did not count those of each label."""
    splits = result.splits
    counted = all(split.counts.get("labels") for split in splits.values())
    labels = result.labels if counted and len(result.labels) <= MOST_COLUMNS else ()
    rows = (
        (words.name(name), split.rows, tuple(split.counts["labels"].get(label, 0) for label in labels))
        if labels
        else (words.name(name), split.rows, ())
        for name, split in splits.items()
    )
    return SplitTable(labels, tuple(rows))


def about_labels(result: RunResult, words: Words) -> list[Markdown]:
    """Describe how the training rows are spread over labels that have no column, or over scores."""
    train = result.splits[Split.TRAIN.value].counts
    scores, counts = train.get("scores"), train.get("labels")
    if scores:
        return [words("data.scores", **{name: number(value) for name, value in scores.items()})]
    if not counts or len(result.labels) <= MOST_COLUMNS:
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


def about_use(result: RunResult, recipe: Recipe, words: Words) -> list[Markdown]:
    """Return what the training rows of an untrained model were used for; nothing for other models."""
    if result.way is not Method.ZERO_SHOT:
        return []
    shots = recipe.zero_shot.shots
    return [words("data.unused"), *([words("data.shots", n=shots)] if shots else [])]


_ORIGINS = {Method.SCRATCH: "scratch", Method.FEATURES: "features", Method.ZERO_SHOT: "zero_shot"}


def _model(result: RunResult, words: Words) -> Markdown:
    name = result.model
    if hub_id := hub_model(result):
        url = Markdown(f"{_HUB}/{hub_id}")
        return words("origin.hub_model", name=hub_id, url=url, revision=code_span(str(result.revision)))
    if carrier := model_carrier(result):
        return words("origin.carried", name=code_span(name), package=code_span(carrier.distribution))
    return words("origin.local_model", name=code_span(short_name(name)))


def _source(source: str, words: Words) -> Markdown:
    if found := hub_data(source):
        return Markdown(f"[{words.escaped(source)}]({_HUB}/datasets/{found.name})")
    named = code_span(public_source(source))
    carrier = data_carrier(source)
    return words("data.package", source=named, package=code_span(carrier.distribution)) if carrier else named


def _package_licence(distribution: str) -> str | None:
    """Return the licence that an installed package states, in its words."""
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
