"""Pages of text classification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.adapters.decision import ABSTAIN, THRESHOLDS
from toolkit.data.wording import counted
from toolkit.evaluation.inference.predictions import NONE_OF_THESE
from toolkit.names import Problem
from toolkit.recipe import Recipe
from toolkit.run_result import EvaluationResult, RunResult, SplitResult
from toolkit.tasks.label_scores import LabelScore
from toolkit.tasks.pages import NO_LABEL, Call, Code, Demo, Rows, Sentence, TaskPages
from toolkit.tasks.text_classification.decision_words import (
    ABSTENTION,
    answered_lines,
    card_sentences,
    chosen_lines,
)
from toolkit.tasks.text_classification.label_words import CALLS, DEMOS, LABEL_WORDS, LabelWords
from toolkit.tasks.text_classification.weak_places import (
    confusion_rows,
    hardest_labels,
    is_shifted,
    most_confused,
    scores_of_labels,
    spread_of_errors,
)
from toolkit.wording import number, shortened, table

SAMPLES_SHOWN = 3
CONFUSIONS_SHOWN = 3
LABELS_SHOWN = 3

MOST_CLASSES_IN_A_MATRIX = 20
MOST_PAIRS = 20

_BASELINES = {
    "majority": "Most frequent class",
    "mean": "Mean of the training scores",
    "tfidf-logistic": "TF-IDF + logistic regression",
    "tfidf-ridge": "TF-IDF + ridge regression",
}


class ClassificationPages(TaskPages):
    """Pages of classes, sets of labels and numbers."""

    def baseline_names(self, problem: Problem | None) -> Mapping[str, str]:
        """Return the names of constant answers and of linear models."""
        return {**_BASELINES, **LABEL_WORDS[problem or Problem.SINGLE_LABEL].baseline_names}

    def label_noun(self, result: RunResult) -> str:
        """Return ``classes`` or ``labels``; nothing for numbers."""
        return _words(result).noun

    def weak_lines(self, test: SplitResult) -> list[str]:
        """Return the most frequent confusions, the hardest labels, or the spread of errors."""
        errors = spread_of_errors(test)
        told = [*answered_lines(test), *([errors] if errors else [])]
        return [*_confusion_lines(test), *_hard_label_lines(test), *(line for each in told for line in ("", each))]

    def label_scores(self, test: SplitResult) -> list[LabelScore]:
        """Return precision and recall of each class or label."""
        return scores_of_labels(test)

    def decision_lines(self, result: RunResult) -> list[str]:
        """Return when it abstains, or the thresholds of its labels."""
        return chosen_lines(result)

    def sample_lines(self, samples: Sequence[Mapping[str, Any]]) -> list[str]:
        """Return the most confident mistakes, or the largest errors."""
        if not samples:
            return []
        has_probabilities = "probability" in samples[0]
        heading = next(w.samples_heading for w in LABEL_WORDS.values() if w.has_probabilities == has_probabilities)
        lines = ["", f"{heading}:"]
        for row in samples[:SAMPLES_SHOWN]:
            predicted, expected = (self.shown(row[name]) for name in ("prediction", "reference"))
            sure = f"{row['probability']:.2f} sure of" if has_probabilities else "predicted"
            lines.append(f"  {sure} {predicted}, but it is {expected}: {shortened(_joined_texts(row))}")
        return lines

    def part(self, result: RunResult) -> Mapping[str, Any]:
        """Return confusion, labels, points of numbers, and how to show them."""
        test, words = result.test, _words(result)
        confusion = test.details.get("confusion")
        return {
            "decided": [*self.decision_lines(result), *answered_lines(test)],
            "abstention": test.details.get(ABSTENTION),
            "coverage_points": (test.details.get(ABSTENTION) or {}).get("curve", ()),
            "confusion": confusion,
            "confusion_rows": [] if confusion is None else confusion_rows(confusion),
            "confused": [] if confusion is None else most_confused(confusion, at_most=MOST_PAIRS),
            "most_classes": MOST_CLASSES_IN_A_MATRIX,
            "points": test.details.get("points") or (),
            "errors": spread_of_errors(test),
            "heading": words.samples_heading,
            "note": words.samples_note,
            "shown": self.shown,
        }

    def prediction_lines(self, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """Return rows with their labels or numbers."""
        scored = ("probability",) if all("probability" in row for row in rows) else ()
        cells = [
            (
                str(row["id"]),
                self.shown(row["prediction"]),
                *(f"{row[name]:.3f}" for name in scored),
                shortened(_joined_texts(row)),
            )
            for row in rows
        ]
        return table(cells, header=("id", "prediction", *scored, "text"))

    def use(self, result: RunResult) -> str:
        """Return the key of the problem."""
        return _problem(result).value

    def misuse(self, result: RunResult) -> tuple[str, ...]:
        """Return decisions about people, and of classes texts that none fits."""
        keys = _words(result).misuse
        return tuple("not_none_sure" if key == "not_none" and _abstains(result) else key for key in keys)

    def answers(self, result: RunResult) -> str:
        """Return the key of one label, any labels, or a number."""
        return _words(result).answers

    def decision(self, result: RunResult) -> list[Sentence]:
        """Return when it abstains and how well it answers then, or the thresholds of its labels."""
        return card_sentences(result)

    def reference(self, result: RunResult) -> str:
        """Return the key of a right label, or of a right score."""
        return _words(result).reference

    def unmeasured(self, result: RunResult) -> frozenset[str]:
        """Return calibration, where there are probabilities."""
        return frozenset({"calibrated"} if _words(result).has_probabilities else ())

    def shown(self, value: Any) -> str:
        """Return a label, labels joined by commas, or a number."""
        if value is None:
            return NONE_OF_THESE
        return (value or NO_LABEL) if isinstance(value, str) else number(value)

    def limits(self, test: SplitResult) -> list[Sentence]:
        """Return the spread of errors, the hardest label, or what is confused most."""
        return [*_error_limits(test), *_hard_label_limits(test), *_confusion_limits(test)]

    def call(self, result: RunResult, recipe: Recipe) -> Call:
        """Return the lines that ask the library's pipeline."""
        return _words(result).call if result.decision is None else CALLS.get(_rule(result), _words(result).call)

    def demo(self, result: RunResult, recipe: Recipe) -> Demo:
        """Return the probability of each label, or the number."""
        return _words(result).demo if result.decision is None else DEMOS.get(_rule(result), _words(result).demo)


def _problem(result: EvaluationResult) -> Problem:
    # Runs of older versions had one class a text and do not say so.
    return result.problem or Problem.SINGLE_LABEL


def _words(result: EvaluationResult) -> LabelWords:
    return LABEL_WORDS[_problem(result)]


def _rule(result: RunResult) -> str:
    """Return the key of ``config.json`` by which the model decides; empty where it does so as usual."""
    found = result.decision or {}
    return next((key for key in (ABSTAIN, THRESHOLDS) if found.get(key)), "")


def _abstains(result: RunResult) -> bool:
    return _rule(result) == ABSTAIN


def _joined_texts(row: Mapping[str, Any]) -> str:
    pair = row.get("text_pair")
    return str(row["text"]) if pair is None else f"{row['text']} / {pair}"


def _confusion_lines(test: SplitResult) -> list[str]:
    confusion = test.details.get("confusion")
    pairs = most_confused(confusion, at_most=CONFUSIONS_SHOWN) if confusion else []
    lines = [f"  {pair.reference} taken for {pair.prediction}: {pair.rows} of {pair.of_rows}" for pair in pairs]
    return ["", "Most confused:", *lines] if pairs else []


def _hard_label_lines(test: SplitResult) -> list[str]:
    scores = hardest_labels(test, at_most=LABELS_SHOWN)
    lines = [
        f"  {score['label']}: F1 {score['f1']:.3f}; in {counted(score['rows'], 'row')}, given to {score['given']:,}"
        for score in scores
    ]
    return ["", "Hardest labels:", *lines] if scores else []


def _error_limits(test: SplitResult) -> list[Sentence]:
    errors = test.details.get("errors")
    if errors is None:
        return []
    sentences = [Sentence("limits.errors", {name: number(errors[name]) for name in ("median", "p95")})]
    if is_shifted(errors):
        direction = "high" if errors["bias"] > 0 else "low"
        sentences.append(Sentence(f"limits.{direction}", {"bias": number(abs(errors["bias"]))}))
    return sentences


def _hard_label_limits(test: SplitResult) -> list[Sentence]:
    return [
        Sentence(
            "limits.hardest",
            {
                "label": Code(score["label"]),
                "f1": f"{score['f1']:.3f}",
                "found": round((score["recall"] or 0.0) * score["rows"]),
                "rows": Rows(score["rows"]),
                "given": score["given"],
            },
        )
        for score in hardest_labels(test, at_most=1)
    ]


def _confusion_limits(test: SplitResult) -> list[Sentence]:
    confusion = test.details.get("confusion")
    if confusion is None:
        return []
    counted_rows = confusion_rows(confusion)
    known = [
        (row[index] / sum(row), row[index], sum(row), label)
        for index, (label, row) in enumerate(counted_rows[: len(confusion["labels"])])
        if sum(row)
    ]
    sentences = []
    if known:
        share, found, rows, label = min(known, key=lambda entry: entry[0])
        gaps = {"label": Code(label), "found": found, "rows": Rows(rows), "share": f"{100 * share:.0f}"}
        sentences.append(Sentence("limits.found_least", gaps))
    for pair in most_confused(confusion, at_most=1):
        names = {"reference": Code(pair.reference), "prediction": Code(pair.prediction)}
        sentences.append(Sentence("limits.confused", {**names, "n": pair.rows, "rows": Rows(pair.of_rows)}))
    unknown = sum(sum(row) for _, row in counted_rows[len(confusion["labels"]) :])
    return [*sentences, *([Sentence("limits.unknown", {"rows": Rows(unknown)})] if unknown else [])]
