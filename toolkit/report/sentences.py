"""Sentences on a run that page and terminal share."""

from __future__ import annotations

from toolkit.names import Method
from toolkit.report import comparison as compare
from toolkit.report.comparison import Comparison, Verdict, compared_metric
from toolkit.report.facts import count
from toolkit.report.measures import Measure, headline_metric, metric_name, results, without_baseline
from toolkit.report.metric_words import metric_words
from toolkit.run_result import Degenerate, EvaluationResult, RunResult
from toolkit.tasks import room_of
from toolkit.wording import enumerated

_SUBJECTS = {
    Method.SCRATCH: "The model, trained from a random start,",
    Method.FEATURES: "The pretrained model with a new head",
    Method.ZERO_SHOT: "The pretrained model, without any training,",
}
_WITHOUT_STEPS = {
    Method.FEATURES: "The model was left as it is; rows that were held back chose how the head on its features learnt.",
    Method.ZERO_SHOT: "Nothing was trained.",
}


_DEGENERATE = {
    Degenerate.ONE_ANSWER: "is degenerate, as it gives the same answer to every test row, and ",
    Degenerate.NOT_ABOVE_CONSTANT: "is degenerate, as it is not shown to be better than the same answer to every row, "
    "and ",
}


_VERDICTS = {
    Verdict.BETTER: "so the model is better",
    Verdict.WORSE: "so the baseline is better",
    Verdict.OPEN: "so they do not settle which is better",
}


def subject(result: RunResult) -> str:
    """Return the model as the subject of a sentence."""
    return _SUBJECTS.get(result.way, "The fine-tuned model")


def headline(result: RunResult) -> str:
    """Return the result with its interval: a sentence without its subject, the model."""
    measure = results(result)[0].measures[headline_metric(result)]
    rows = count(result.test.rows, "test row")
    learnt = "" if result.degenerate is None else _DEGENERATE[result.degenerate]
    if measure.value is None:
        return f"{learnt}has no defined {measure.words.name} on {rows}"
    reached = measure.words.sentence.format(name=measure.words.name, value=measure.text)
    return f"{learnt}reaches {reached}{_interval(measure)} on {rows}"


def seen(result: EvaluationResult) -> str:
    """Return how many test rows the model has learnt from, and its result without them; nothing without such rows."""
    found = result.test.seen
    if found is None:
        return ""
    learnt = f"It has learnt from {found.rows:,} of the {count(result.test.rows, 'test row')}"
    if not found.metrics:
        return f"{learnt}, so this says nothing about new texts."
    metric, entry = next(iter(found.metrics.items()))
    measure = Measure.of(entry, metric)
    of_others = f"{measure.words.name} {measure.text}{_interval(measure)} on {count(found.others, 'row')}"
    return f"{learnt}. Without them: {of_others}."


def comparison(result: RunResult) -> str:
    """Return the difference to the best baseline, and whether it could be chance; nothing without the numbers."""
    found = compare.comparison(result)
    if found is None:
        return ""
    ours, theirs = found.ours, found.theirs
    begin = "That is" if found.is_headline else f"In {ours.words.name}, {ours.text}{_interval(ours)}, it is"
    direction = "" if ours.words.greater_is_better else ", where less is better"
    sentence = f"{begin} {_difference(found)} the best baseline{direction}: {found.baseline}, {theirs.text}"
    return f"{sentence}{_interval(theirs)}. {_paired(found)}".strip()


def weights(result: RunResult) -> str:
    """Return which weights were kept."""
    training = result.training
    if result.way in _WITHOUT_STEPS:
        return _WITHOUT_STEPS[result.way]
    averaged = training.averaged_steps or ()
    if averaged:
        steps = enumerated([f"{step:,}" for step in averaged])
        single, mean = f"those of the evaluation at step {steps}", f"the mean of the evaluations at steps {steps}"
        return f"The weights are {mean if len(averaged) > 1 else single}."
    if training.best_step is None:
        return f"The weights are those of the last step, {training.steps}."
    return f"The validation rows chose the weights of step {training.best_step} of {training.steps}."


def signatures(result: EvaluationResult) -> list[tuple[str, str]]:
    """Return each metric with settings in words, and the settings that others need to compare theirs with it."""
    signed = ((metric_words(name), text) for name, text in result.test.signatures.items())
    return [
        (f"{words.name}, {'signature of sacreBLEU' if words.by_sacrebleu else 'settings'}", text)
        for words, text in signed
    ]


def not_compared(result: RunResult) -> str:
    """Return which metrics have no baseline, and why; nothing where all have one."""
    missing = without_baseline(results(result))
    lacking = room_of(result.task).pages.no_baseline(result)
    if not missing or lacking is None:
        return ""
    names = enumerated([metric_name(name) for name in missing])
    would = f"; {lacking.compared} among evaluation.metrics would be compared"
    hint = would if lacking.compared and compared_metric(result) is None else ""
    return f"{names[0].upper()}{names[1:]} cannot be compared with a baseline: {lacking.reason}{hint}."


def notes(result: RunResult) -> list[str]:
    """Return what a reader of the numbers has to know, a sentence each."""
    found = [not_compared(result)]
    if "perplexity" in result.test.metrics:
        found.append(
            "Perplexity is counted over the tokens of this model's own tokenizer: "
            "compare it only with models that share it."
        )
    found += [metric_words(name).about for name in result.test.metrics]
    return [sentence for sentence in found if sentence]


def _difference(found: Comparison) -> str:
    """Return ``0.055 above``; a difference below the last place is written as less than that."""
    if not found.difference:
        return "equal to"
    amount = found.size or f"less than {found.last_place}"
    return f"{amount} {'above' if found.difference > 0 else 'below'}"


def _interval(measure: Measure) -> str:
    return f" (95 % interval {measure.interval})" if measure.interval else ""


def _paired(found: Comparison) -> str:
    """Return the interval of the difference on the same rows, and what it shows; nothing in runs of older versions."""
    if found.verdict is None:
        return ""
    low, high = found.ends
    return f"On the same rows the difference has the 95 % interval {low} to {high}, {_VERDICTS[found.verdict]}."
