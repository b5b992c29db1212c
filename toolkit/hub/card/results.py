"""What a card says of the results: the headline, what stands beside it, and on which texts it is better or worse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.hub.card.markdown import Markdown, code_span
from toolkit.hub.card.words import Words
from toolkit.names import Family, Method, Task
from toolkit.report import facts
from toolkit.report.facts import Measure, Result
from toolkit.report.text_facts import is_text_task, signatures
from toolkit.tasks.slices import FEWEST_ROWS, NO_LETTERS


def headline(metrics: Mapping[str, Any], words: Words) -> Markdown:
    """What was reached, with its interval."""
    measure = facts.results(metrics)[0].measures[facts.headline_metric(metrics)]
    rows = words.count("test_rows", metrics["splits"]["test"]["rows"])
    if measure.value is None:
        return words("headline.undefined", metric=measure.words.name, rows=rows)
    told = measure.words.sentence.format(name=measure.words.name, value=measure.text)
    return words("headline.reached", reached=words.with_interval(measure, told=told), rows=rows)


def comparison(metrics: Mapping[str, Any], words: Words) -> Markdown:
    """The difference to the best baseline and whether the intervals settle it; empty without the numbers."""
    metric = facts.compared_metric(metrics)
    model, *baselines = facts.results(metrics)
    if metric is None:
        return Markdown("")
    ours = model.measures[metric]
    best = max((r for r in baselines if metric in r.measures), key=lambda r: r.measures[metric].goodness)
    theirs = best.measures[metric]
    if ours.value is None or theirs.value is None:
        return Markdown("")
    is_headline = metric == facts.headline_metric(metrics)
    shown = words.with_interval(ours)
    difference = ours.value - theirs.value
    told = words(
        f"headline.{'above' if difference > 0 else 'below' if difference < 0 else 'equal'}",
        about=words("headline.that")
        if is_headline
        else words("headline.in_metric", metric=ours.words.name, value=shown),
        difference=_size(difference, ours, words),
        direction=Markdown("") if ours.words.greater_is_better else words("headline.less"),
        name=words.name(best.name),
        value=words.with_interval(theirs),
    )
    return Markdown(f"{told}{_overlap(ours, theirs, words)}".strip())


def notes(metrics: Mapping[str, Any], words: Words) -> list[Markdown]:
    """What a reader of the table has to know, a sentence each."""
    found = [words("results.of", rows=words.count("test_rows", metrics["splits"]["test"]["rows"]))]
    if facts.best_values(facts.results(metrics)):
        found.append(words("results.bold"))
    found.append(words("results.saved_asked" if metrics["method"] == Method.ZERO_SHOT else "results.saved"))
    if is_text_task(metrics):
        found += _of_texts(metrics, words)
    return found


def heading(result: Result, metric: str, words: Words) -> str | Markdown:
    """A metric's name for a column, which says where less is better."""
    return _heading(result.measures[metric], words)


def about_texts(metrics: Mapping[str, Any], words: Words) -> list[Markdown]:
    """How long the test texts were, and what of them the model could not read; runs of older versions do not tell."""
    found = metrics["splits"]["test"].get("slices")
    if not found:
        return []
    rows = words.count("test_rows", metrics["splits"]["test"]["rows"])
    tokens, unknown, limit = found["tokens"], found["unknown"], found["limit"]
    sentences = [words("slices.tokens", **{name: round(value) for name, value in tokens.items()})]
    if found["cut_rows"]:
        sentences.append(words("slices.cut", rows=rows, n=found["cut_rows"], limit=limit))
    elif limit is not None:
        sentences.append(words("slices.none_cut", limit=limit))
    if unknown["rows"]:
        sentences.append(words("slices.unknown", share=_percent(unknown["share"]), n=unknown["rows"], rows=rows))
    else:
        sentences.append(words("slices.none_unknown"))
    scripts = [f"{words.name(name)} {n:,}" for name, n in found["scripts"].items()]
    return [*sentences, words("slices.scripts", scripts=", ".join(scripts))]


def slice_rows(metrics: Mapping[str, Any], words: Words) -> list[tuple[Markdown, int, str]]:
    """The rows of the table of slices: which texts, how many, and what came out."""
    rows = []
    for entry, measure in slices(metrics):
        interval = words.interval(measure)
        shown = f"{words.value(measure)} ({interval})" if interval else words.value(measure)
        rows.append((slice_name(entry, metrics, words), entry["rows"], shown))
    return rows


def slice_heading(metrics: Mapping[str, Any], words: Words) -> str | Markdown:
    """The metric of the table of slices."""
    found = metrics["splits"]["test"].get("slices")
    return _heading(Measure.of(None, found["metric"]), words) if found else ""


def slices(metrics: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], Measure]]:
    """Each slice of the test rows with what came out on it."""
    found = metrics["splits"]["test"].get("slices") or {}
    return [(entry, Measure.of(entry, found["metric"])) for entry in found.get("slices", ())]


def slice_name(entry: Mapping[str, Any], metrics: Mapping[str, Any], words: Words) -> Markdown:
    """Which texts a slice is made of."""
    kind = entry["by"]
    if kind == "length":
        key = "slices.one_length" if entry["low"] == entry["high"] else "slices.length"
        return words(key, low=entry["low"], high=entry["high"])
    if kind == "script":
        return words(
            "slices.no_script" if entry["name"] == NO_LETTERS else "slices.script", name=words.name(entry["name"])
        )
    limit = metrics["splits"]["test"]["slices"]["limit"]
    return words(f"slices.{kind}_{'yes' if entry['has'] else 'no'}", limit=limit)


def about_slices(metrics: Mapping[str, Any], words: Words) -> list[Markdown]:
    """What belongs below the table of slices; nothing where there is none."""
    return [words("slices.few", n=FEWEST_ROWS)] if slices(metrics) else []


def _heading(measure: Measure, words: Words) -> str | Markdown:
    name = measure.words.name
    return name if measure.words.greater_is_better else words("results.less_is_better", name=name)


def _size(difference: float, ours: Measure, words: Words) -> Markdown:
    """How large a difference is; one that would be written as nothing is told as less than the last place."""
    if not difference:
        return Markdown("")
    amount = ours.words.number(abs(difference))
    if float(amount.replace(",", "")) == 0:
        return words("headline.less_than", value=ours.words.number(10.0**-ours.words.places))
    return Markdown(amount)


def _overlap(ours: Measure, theirs: Measure, words: Words) -> str:
    if ours.low is None or ours.high is None or theirs.low is None or theirs.high is None:
        return ""
    apart = ours.low > theirs.high or theirs.low > ours.high
    return f" {words('headline.apart' if apart else 'headline.overlap')}"


def _of_texts(metrics: Mapping[str, Any], words: Words) -> list[Markdown]:
    """What belongs to the metrics of texts: why some have no baseline, and what they can be compared with."""
    model, *baselines = facts.results(metrics)
    missing = [name for name in model.measures if not any(name in result.measures for result in baselines)]
    found = []
    if missing:
        names = words.listed([facts.metric_name(name) for name in missing])
        found.append(words("results.not_compared", names=names, reason=_reason(metrics, words)))
    if "perplexity" in model.measures:
        found.append(words("results.perplexity"))
    signed = signatures(metrics)
    return found + [words("results.signature", name=name, signature=code_span(text)) for name, text in signed]


def _reason(metrics: Mapping[str, Any], words: Words) -> Markdown:
    if metrics["task"] == Task.FILL_MASK:
        return words("results.no_filler")
    return words("results.writes_only" if metrics["family"] == Family.ENCODER_DECODER else "results.no_tokens")


def _percent(share: float) -> str:
    percent = 100 * share
    return f"{percent:.1f} %" if percent >= 1 else f"{percent:.2g} %"
