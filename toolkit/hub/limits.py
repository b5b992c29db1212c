"""What the test split showed that the model does badly, and what it did not show, in sentences for the card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.hub.markdown import Markdown, code_span, escape
from toolkit.names import Method, Problem, Task
from toolkit.report.facts import Confused, Measure, confusion_rows, count, most_confused, results
from toolkit.report.label_facts import hardest_labels, problem_of, spread_of_errors
from toolkit.report.text_facts import is_text_task


def measured_limits(metrics: Mapping[str, Any]) -> list[Markdown]:
    """One sentence a finding: baselines that are not beaten, classes that are confused, rows of classes never seen."""
    sentences = _not_beaten(metrics)
    test = metrics["splits"]["test"]
    sentences += _about_labels(test)
    confusion = test.get("confusion")
    if confusion is None:
        return sentences
    sentences += _found_least(confusion)
    sentences += [_confused(pair) for pair in most_confused(confusion, at_most=1)]
    unknown = sum(sum(row) for _, row in confusion_rows(confusion)[len(confusion["labels"]) :])
    if unknown:
        sentences.append(Markdown(f"{count(unknown, 'test row')} of classes that training did not have: all wrong."))
    return sentences


def unmeasured(metrics: Mapping[str, Any]) -> list[str]:
    """What nobody should take for known, a sentence each."""
    is_text = is_text_task(metrics)
    is_score = problem_of(metrics) is Problem.REGRESSION
    calibration = "" if is_text or is_score else ", and whether the probabilities are calibrated"
    sentences = [
        "Any other data than this test split: other domains, languages and times.",
        "The spread over seeds: this is one training. The intervals say how far another test sample would move a "
        "figure, not another training.",
        f"Differences between groups of people, robustness against misspelt or hostile text{calibration}.",
    ]
    if metrics["task"] in (Task.TRANSLATION, Task.TEXT_GENERATION):
        sentences.append(
            "What people think of its texts: whether they are right, fluent or harmful. It can write what is false, "
            "and repeat what stood in its training texts."
        )
    if metrics["method"] != Method.SCRATCH:
        sentences.append("Whether the pretrained model had seen the test rows before.")
    return sentences


def _not_beaten(metrics: Mapping[str, Any]) -> list[Markdown]:
    """The metrics in which something that costs nothing is at least as good."""
    model, *baselines = results(metrics)
    sentences = []
    for name, ours in model.measures.items():
        known = [(result.measures[name], result.name) for result in baselines if name in result.measures]
        theirs, baseline = max(known, key=lambda pair: pair[0].goodness, default=(Measure(), ""))
        if ours.value is not None and theirs.value is not None and theirs.goodness >= ours.goodness:
            metric = escape(ours.words.name)
            sentences.append(
                Markdown(
                    f"In {metric} it is no better than a baseline that costs nothing: "
                    f"{ours.text} against {theirs.text} ({code_span(baseline)})."
                )
            )
    return sentences


def _about_labels(test: Mapping[str, Any]) -> list[Markdown]:
    """Of several labels the hardest one, of scores how far they are off."""
    errors = spread_of_errors(test)
    sentences = [Markdown(errors)] if errors else []
    for score in hardest_labels(test, at_most=1):
        recall = score["recall"] or 0.0
        found = f"{count(round(recall * score['rows']))} of {count(score['rows'], 'test row')}"
        sentences.append(
            Markdown(
                f"The hardest label is {code_span(score['label'])} (F1 {score['f1']:.3f}): found in {found} that "
                f"have it, given to {count(score['given'])}."
            )
        )
    return sentences


def _found_least(confusion: Mapping[str, Any]) -> list[Markdown]:
    shares = [
        (row[index] / sum(row), row[index], sum(row), label)
        for index, (label, row) in enumerate(confusion_rows(confusion)[: len(confusion["labels"])])
        if sum(row)
    ]
    if not shares:
        return []
    share, found, rows, label = min(shares, key=lambda entry: entry[0])
    of_rows = f"{count(found)} of {count(rows, 'test row')} ({100 * share:.0f} %)"
    return [Markdown(f"The class found least is {code_span(label)}: {of_rows}.")]


def _confused(pair: Confused) -> Markdown:
    return Markdown(
        f"The most frequent confusion: {code_span(pair.reference)} taken for {code_span(pair.prediction)}, "
        f"{count(pair.rows)} of {count(pair.of_rows, 'test row')}."
    )
