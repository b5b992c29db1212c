"""What ``metrics.json`` says of tasks whose output is text, and of models that were trained from a random start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.names import Family, Method, Task
from toolkit.report.facts import compared_metric, metric_name, results

_WRITE_ONLY = "the free baselines write texts and give no probabilities"
_SUBJECTS = {
    Method.SCRATCH: "The model, trained from a random start,",
    Method.FEATURES: "The pretrained model with a new head",
    Method.ZERO_SHOT: "The pretrained model, without any training,",
}
_NO_TOKENS = "the free baseline counts characters and has no tokens"


def is_text_task(metrics: Mapping[str, Any]) -> bool:
    """Whether the model answers with a text, or scores one, instead of naming a label."""
    return not metrics["labels"]


_WITHOUT_STEPS = {
    "features": "The model was left as it is; rows that were held back chose how the head on its features learnt.",
    "zero-shot": "Nothing was trained.",
}


def trained_how(metrics: Mapping[str, Any]) -> str:
    """The model as the subject of a sentence."""
    return _SUBJECTS.get(metrics["method"], "The fine-tuned model")


def weights(metrics: Mapping[str, Any]) -> str:
    """Which weights were kept, as a sentence."""
    training = metrics["training"]
    if metrics["method"] in _WITHOUT_STEPS:
        return _WITHOUT_STEPS[metrics["method"]]
    averaged, steps = averaged_steps(metrics), training["steps"]
    if averaged:
        places = listed([f"{step:,}" for step in averaged])
        one, several = f"those of the evaluation at step {places}", f"the mean of the evaluations at steps {places}"
        return f"The weights are {several if len(averaged) > 1 else one}."
    if training["best_step"] is None:
        return f"The weights are those of the last step, {steps}."
    return f"The validation rows chose the weights of step {training['best_step']} of {steps}."


def averaged_steps(metrics: Mapping[str, Any]) -> list[int]:
    """The evaluations whose weights were averaged; runs of older versions do not tell."""
    return list(metrics["training"].get("averaged_steps") or [])


def signatures(metrics: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each of sacreBLEU's metrics in words, and the signature that others need to compare theirs with it."""
    measured = metrics["splits"]["test"]["metrics"]
    return [(metric_name(name), entry["signature"]) for name, entry in measured.items() if entry.get("signature")]


def not_compared(metrics: Mapping[str, Any]) -> str:
    """Which metrics no baseline has, and why: one sentence, or nothing."""
    model, *baselines = results(metrics)
    missing = [name for name in model.measures if not any(name in result.measures for result in baselines)]
    if not missing or not is_text_task(metrics):
        return ""
    names = listed([metric_name(name) for name in missing])
    return f"{names[0].upper()}{names[1:]} cannot be compared with a baseline: {_reason(metrics)}."


def notes(metrics: Mapping[str, Any]) -> list[str]:
    """What a reader of the numbers has to know, a sentence each."""
    found = [not_compared(metrics)]
    if "perplexity" in metrics["splits"]["test"]["metrics"] and is_text_task(metrics):
        found.append(
            "Perplexity is counted over the tokens of this model's own tokenizer: "
            "compare it only with models that share it."
        )
    return [sentence for sentence in found if sentence]


def listed(parts: Sequence[str]) -> str:
    """``a, b and c``."""
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def _reason(metrics: Mapping[str, Any]) -> str:
    if metrics["task"] == Task.FILL_MASK:
        return "nothing that costs nothing fills in masked words"
    is_pair = metrics["family"] == Family.ENCODER_DECODER
    reason, would = (_WRITE_ONLY, "bleu or chrf") if is_pair else (_NO_TOKENS, "bits_per_character")
    hint = "" if compared_metric(metrics) else f"; {would} among evaluation.metrics would be compared"
    return reason + hint
