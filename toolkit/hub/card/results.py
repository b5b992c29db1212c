"""The card's section on results: headline, comparison with the baselines, notes."""

from __future__ import annotations

from toolkit.hub.card.markdown import Markdown, code_span
from toolkit.hub.card.words import Words
from toolkit.names import Method
from toolkit.report import comparison as compare
from toolkit.report.comparison import Comparison
from toolkit.report.measures import Measure, best_values, headline_metric, metric_name, results, without_baseline
from toolkit.report.metric_words import MetricWords, metric_words
from toolkit.run_result import RunResult
from toolkit.tasks import room_of


def reached(result: RunResult, words: Words) -> Markdown:
    """Return the test rows that the model has learnt from, if any, its headline, and the comparison."""
    parts = (seen(result, words), headline(result, words), comparison(result, words))
    return Markdown(" ".join(filter(None, map(str, parts))))


def seen(result: RunResult, words: Words) -> Markdown:
    """Return how many test rows the model has learnt from, and its result without them; empty without such rows."""
    found = result.test.seen
    if found is None:
        return Markdown("")
    rows = words.count("test_rows", result.test.rows)
    if not found.metrics:
        return words("headline.all_seen", seen=found.rows, rows=rows)
    metric, entry = next(iter(found.metrics.items()))
    measure = Measure.of(entry, metric)
    value = words.with_interval(measure)
    others = words.count("test_rows", found.others)
    return words("headline.seen", seen=found.rows, rows=rows, metric=measure.words.name, value=value, others=others)


def headline(result: RunResult, words: Words) -> Markdown:
    """Return the headline metric with its interval."""
    measure = results(result)[0].measures[headline_metric(result)]
    rows = words.count("test_rows", result.test.rows)
    if measure.value is None:
        reached = words("headline.undefined", metric=measure.words.name, rows=rows)
    else:
        told = measure.words.sentence.format(name=measure.words.name, value=measure.text)
        reached = words("headline.reached", reached=words.with_interval(measure, told=told), rows=rows)
    if result.degenerate is None:
        return reached
    return Markdown(f"{words(f'degenerate.{result.degenerate}')} {reached}")


def comparison(result: RunResult, words: Words) -> Markdown:
    """Return the difference to the best baseline, and whether it could be chance; empty without the numbers."""
    found = compare.comparison(result)
    if found is None:
        return Markdown("")
    ours, theirs, difference = found.ours, found.theirs, found.difference
    in_metric = words("headline.in_metric", metric=ours.words.name, value=words.with_interval(ours))
    told = words(
        f"headline.{'above' if difference > 0 else 'below' if difference < 0 else 'equal'}",
        about=words("headline.that") if found.is_headline else in_metric,
        difference=_size(found, words),
        direction=Markdown("") if ours.words.greater_is_better else words("headline.less"),
        name=words.name(found.baseline),
        value=words.with_interval(theirs),
    )
    return Markdown(f"{told}{_paired(found, words)}".strip())


def notes(result: RunResult, words: Words) -> list[Markdown]:
    """Return what a reader of the table has to know, a sentence each."""
    compared = results(result)
    found = [words("results.of", rows=words.count("test_rows", result.test.rows))]
    found += [words("results.bold")] if best_values(compared) else []
    found.append(words("results.saved_asked" if result.way is Method.ZERO_SHOT else "results.saved"))
    missing, lacking = without_baseline(compared), room_of(result.task).pages.no_baseline(result)
    if missing and lacking is not None:
        names = words.listed([metric_name(name) for name in missing])
        found.append(words("results.not_compared", names=names, reason=words(f"results.{lacking.key}")))
    found += [words("results.perplexity")] if "perplexity" in result.test.metrics else []
    found += [words(f"about.{name}") for name in result.test.metrics if metric_words(name).about]
    return found + [_signature(metric_words(name), text, words) for name, text in result.test.signatures.items()]


def heading(metric: MetricWords, words: Words) -> str | Markdown:
    """Return a metric's name for a column, which says where less is better, or neither is."""
    if metric.greater_is_better:
        return metric.name
    key = "results.neither_is_better" if metric.greater_is_better is None else "results.less_is_better"
    return words(key, name=metric.name)


def _signature(metric: MetricWords, text: str, words: Words) -> Markdown:
    key = "results.signature" if metric.by_sacrebleu else "results.settings"
    return words(key, name=metric.name, signature=code_span(text))


def _size(found: Comparison, words: Words) -> Markdown:
    """Return the size of a difference; one below the last place is written as less than that."""
    if not found.difference:
        return Markdown("")
    return Markdown(found.size) if found.size else words("headline.less_than", value=found.last_place)


def _paired(found: Comparison, words: Words) -> str:
    """Return the interval of the difference on the same rows, and what it shows; empty in runs of older versions."""
    if found.verdict is None:
        return ""
    low, high = found.ends
    interval = words("headline.interval", interval=words("headline.range", low=low, high=high))
    return f" {words(f'headline.paired_{found.verdict}', interval=interval)}"
