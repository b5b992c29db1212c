"""Pages of token classification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.names import Problem
from toolkit.recipe import Recipe
from toolkit.run_result import RunResult, SplitResult
from toolkit.tasks.label_scores import LabelScore
from toolkit.tasks.pages import Call, Code, Demo, Sentence, TaskPages
from toolkit.tasks.token_classification.baselines import FREQUENT, SHAPES
from toolkit.tasks.token_classification.marked import hues_of, parts_of, spelt
from toolkit.wording import shortened, table

SAMPLES_SHOWN = 3
LABELS_SHOWN = 3

_BASELINES = {FREQUENT: "Most frequent tag of each word", SHAPES: "Linear model of word shapes"}

_FIND = """text = {text}
for entity in find(text, aggregation_strategy="simple"):
    print(text[entity["start"] : entity["end"]].strip(), entity["entity_group"], f"{entity['score']:.3f}")"""

_DEMO = (
    'found = pipe({row}, aggregation_strategy="simple")',
    'marks = [{"entity": each["entity_group"], "start": each["start"], "end": each["end"]} for each in found]',
    'return {"text": {row}, "entities": marks}',
)


class TaggingPages(TaskPages):
    """Pages of tags and entities."""

    label_note = (
        "Entities of the test rows. An entity is right if its label and both of its ends are. Of given words, tags in "
        "an order that IOB2 or BIOES does not allow mark no entity, as in seqeval's strict mode."
    )
    curve_note = "Validation: cross entropy in nats a token, on average over the tokens that have a tag."

    def baseline_names(self, problem: Problem | None) -> Mapping[str, str]:
        """Return the names of the most frequent tag and of the linear model."""
        return _BASELINES

    def label_noun(self, result: RunResult) -> str:
        """Return ``tags``."""
        return "tags"

    def weak_lines(self, test: SplitResult) -> list[str]:
        """Return the labels whose entities are hardest to find."""
        lines = [
            f"  {label}: F1 {entry['metrics']['entity_f1']['value']:.3f}; {entry['entities']:,} in the test rows, "
            f"{entry['predicted']:,} predicted"
            for label, entry in _hardest(test)[:LABELS_SHOWN]
        ]
        return ["", "Hardest labels:", *lines] if lines else []

    def label_scores(self, test: SplitResult) -> list[LabelScore]:
        """Return precision and recall of the entities of each label."""
        return [
            LabelScore(
                label,
                rows=entry["entities"],
                given=entry["predicted"],
                precision=_value(entry["metrics"]["entity_precision"]),
                recall=_value(entry["metrics"]["entity_recall"]),
            )
            for label, entry in (test.details.get("by_label") or {}).items()
        ]

    def sample_lines(self, samples: Sequence[Mapping[str, Any]]) -> list[str]:
        """Return sentences with wrong or missing entities."""
        lines = []
        for row in samples[:SAMPLES_SHOWN]:
            lines += [f"  {shortened(row['text'])}"]
            lines += [f"    found {self.shown(row['entities'])}; right is {self.shown(row['reference'])}"]
        return ["", "Most wrong or missing entities:", *lines] if lines else []

    def part(self, result: RunResult) -> Mapping[str, Any]:
        """Return the colours of labels, and how texts are marked."""
        by_label = result.test.details.get("by_label") or {}
        return {"hues": hues_of(sorted(by_label)), "parts_of": parts_of}

    def prediction_lines(self, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """Return rows with their entities, which stand in the last column and are never shortened."""
        cells = [(str(row["id"]), shortened(str(row["text"])), self.shown(row["entities"])) for row in rows]
        return table(cells, header=("id", "text", "entities"))

    def use(self, result: RunResult) -> str:
        """Return the key of models that find entities."""
        return "tagger"

    def misuse(self, result: RunResult) -> tuple[str, ...]:
        """Return decisions about people."""
        return ("not_people",)

    def answers(self, result: RunResult) -> str:
        """Return the key of a tag for each token."""
        return "how.tags"

    def reference(self, result: RunResult) -> str:
        """Return the key of the right entities."""
        return "how.reference_entities"

    def unmeasured(self, result: RunResult) -> frozenset[str]:
        """Return calibration."""
        return frozenset({"calibrated"})

    def shown(self, value: Any) -> str:
        """Return entities in words."""
        return spelt(value)

    def limits(self, test: SplitResult) -> list[Sentence]:
        """Return the label whose entities are hardest to find."""
        return [
            Sentence(
                "limits.hardest_entity",
                {
                    "label": Code(label),
                    "f1": f"{entry['metrics']['entity_f1']['value']:.3f}",
                    "n": entry["entities"],
                    "given": entry["predicted"],
                },
            )
            for label, entry in _hardest(test)[:1]
        ]

    def call(self, result: RunResult, recipe: Recipe) -> Call:
        """Return the lines that ask the library's pipeline."""
        return Call(_FIND, "find")

    def demo(self, result: RunResult, recipe: Recipe) -> Demo:
        """Return the text with its entities coloured."""
        return Demo(_DEMO, 'gr.HighlightedText(label="entities")')


def _value(entry: Mapping[str, Any]) -> MetricValue:
    ends = entry["ci95"]
    return MetricValue(entry["value"], None if ends is None else (ends[0], ends[1]))


def _hardest(test: SplitResult) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the labels that the test rows have with their measures, the lowest F1 first."""
    measured = [(label, entry) for label, entry in (test.details.get("by_label") or {}).items() if entry["entities"]]
    return sorted(measured, key=lambda each: (each[1]["metrics"]["entity_f1"]["value"], each[0]))
