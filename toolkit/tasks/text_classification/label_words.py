"""Words and code for the three kinds of labels: one class, several labels, a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from toolkit.adapters.decision import ABSTAIN, THRESHOLDS
from toolkit.evaluation.inference.label_set_predictions import THRESHOLD
from toolkit.evaluation.inference.predictions import NONE_OF_THESE
from toolkit.names import Problem
from toolkit.tasks.pages import Call, Demo

_SCORES = "[scores] = pipe([{row}], top_k=None, truncation=True)"
_BY_LABEL = 'return {entry["label"]: entry["score"] for entry in scores}'


@dataclass(frozen=True, kw_only=True)
class LabelWords:
    """Words and code for one kind of labels.

    Attributes:
        noun: of the labels in the plural; empty where there is one only.
        misuse: keys of what a model is not for.
        answers: key of what a model answers with.
        reference: key of the right answer to an example.
        samples_heading: above test rows.
        samples_note: below them.
        call: lines that ask a model.
        demo: function of a demo.
        baseline_names: those that differ from the usual ones.
        has_probabilities: whether a prediction has one.
    """

    noun: str
    misuse: tuple[str, ...] = ("not_people",)
    answers: str
    reference: str = "how.reference"
    samples_heading: str = "Most confident mistakes"
    samples_note: str = ""
    call: Call
    demo: Demo
    baseline_names: Mapping[str, str] = field(default_factory=dict)
    has_probabilities: bool = True


LABEL_WORDS: Mapping[Problem, LabelWords] = {
    Problem.SINGLE_LABEL: LabelWords(
        noun="classes",
        misuse=("not_none", "not_people"),
        answers="how.one_of",
        call=Call("text = {text}\nprint(classify(text, truncation=True))", "classify"),
        demo=Demo((_SCORES, _BY_LABEL), 'gr.Label(label="label")'),
    ),
    Problem.MULTI_LABEL: LabelWords(
        noun="labels",
        answers="how.any_of",
        samples_note="Probability: that of the least sure decision for or against a label.",
        call=Call(
            f"""text = {{text}}
answers = classify([text], top_k=None, truncation=True)[0]
print([answer["label"] for answer in answers if answer["score"] >= {THRESHOLD}])""",
            "classify",
        ),
        demo=Demo((_SCORES, _BY_LABEL), 'gr.Label(label="labels")'),
        baseline_names={"majority": "Most frequent set of labels"},
    ),
    Problem.REGRESSION: LabelWords(
        noun="",
        answers="how.number",
        reference="how.reference_score",
        samples_heading="Largest errors",
        call=Call('text = {text}\nprint(rate([text], truncation=True)[0]["score"])', "rate"),
        demo=Demo(("[scored] = pipe([{row}], truncation=True)", 'return scored["score"]'), 'gr.Number(label="score")'),
        has_probabilities=False,
    ),
}
"""The words for each kind of labels."""

CALLS: Mapping[str, Call] = {
    ABSTAIN: Call(
        f"""text = {{text}}
[best] = classify([text], truncation=True)
sure = best["score"] >= classify.model.config.{ABSTAIN}
print(best if sure else "{NONE_OF_THESE}")""",
        "classify",
    ),
    THRESHOLDS: Call(
        f"""text = {{text}}
config, answers = classify.model.config, classify([text], top_k=None, truncation=True)[0]
least = dict(zip(config.label2id, config.{THRESHOLDS}))
print([answer["label"] for answer in answers if answer["score"] >= least[answer["label"]]])""",
        "classify",
    ),
}
"""Lines that ask a model that decides by a key of its ``config.json``."""

DEMOS: Mapping[str, Demo] = {
    ABSTAIN: Demo(
        (
            _SCORES,
            f'if max(entry["score"] for entry in scores) < pipe.model.config.{ABSTAIN}:',
            f'    return "{NONE_OF_THESE}"',
            _BY_LABEL,
        ),
        'gr.Label(label="label")',
    ),
}
"""Functions of a demo of such models."""
