"""Sentences on a run that page and terminal share."""

from __future__ import annotations

from toolkit.names import Method
from toolkit.report import comparison as compare
from toolkit.report import standing
from toolkit.report.comparison import Comparison, Verdict, compared_metric
from toolkit.report.language import ENGLISH, Language
from toolkit.report.measures import Measure, headline_metric, results, without_baseline
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


def subject(result: RunResult, language: Language = ENGLISH) -> str:
    """Return the model as the subject of a sentence."""
    return language.say(_SUBJECTS.get(result.way, "The fine-tuned model"))


def reached(result: RunResult, language: Language = ENGLISH) -> str:
    """Return the result with its interval, as a sentence."""
    return f"{subject(result, language)} {headline(result, language)}."


def beside_baseline(result: RunResult, language: Language = ENGLISH) -> str:
    """Return the free baseline that the model is not shown to beat, as a sentence; nothing without one."""
    return standing.beside_baseline(compare.unbeaten(result), language)


def headline(result: RunResult, language: Language = ENGLISH) -> str:
    """Return the result with its interval: a sentence without its subject, the model."""
    measure = results(result)[0].measures[headline_metric(result)]
    rows = language.count(result.test.rows, "test row")
    learnt = "" if result.degenerate is None else language.say(_DEGENERATE[result.degenerate])
    if measure.value is None:
        return learnt + language.say("has no defined {metric} on {rows}", metric=language.metric(measure), rows=rows)
    found = language.say(measure.words.sentence, name=language.metric(measure), value=measure.text)
    return learnt + language.say("reaches {found} on {rows}", found=found + language.in_brackets(measure), rows=rows)


def seen(result: EvaluationResult, language: Language = ENGLISH) -> str:
    """Return how many test rows the model has learnt from, and its result without them; nothing without such rows."""
    found = result.test.seen
    if found is None:
        return ""
    rows = language.count(result.test.rows, "test row")
    learnt = language.say("It has learnt from {n} of the {rows}", n=found.rows, rows=rows)
    if not found.metrics:
        return language.say("{learnt}, so this says nothing about new texts.", learnt=learnt)
    metric, entry = next(iter(found.metrics.items()))
    measure = Measure.of(entry, metric)
    value = f"{measure.text}{language.in_brackets(measure)}"
    of_others = language.say(
        "{metric} {value} on {rows}",
        metric=language.metric(measure),
        value=value,
        rows=language.count(found.others, "row"),
    )
    return language.say("{learnt}. Without them: {found}.", learnt=learnt, found=of_others)


def comparison(result: RunResult, language: Language = ENGLISH) -> str:
    """Return the difference to the best baseline, and whether it could be chance; nothing without the numbers."""
    found = compare.comparison(result)
    if found is None:
        return ""
    ours, theirs = found.ours, found.theirs
    begin = (
        language.say("That is")
        if found.is_headline
        else language.say(
            "In {metric}, {value}, it is",
            metric=language.metric(ours),
            value=f"{ours.text}{language.in_brackets(ours)}",
        )
    )
    sentence = language.say(
        "{begin} {difference} the best baseline{direction}: {baseline}.",
        begin=begin,
        difference=_difference(found, language),
        direction="" if ours.words.greater_is_better else language.say(", where less is better"),
        baseline=f"{language.name(found.baseline)}, {theirs.text}{language.in_brackets(theirs)}",
    )
    return f"{sentence} {_paired(found, language)}".strip()


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


def signatures(result: EvaluationResult, language: Language = ENGLISH) -> list[tuple[str, str]]:
    """Return each metric with settings in words, and the settings that others need to compare theirs with it."""
    signed = ((metric_words(name), text) for name, text in result.test.signatures.items())
    return [
        (
            language.say(
                "{metric}, signature of sacreBLEU" if words.by_sacrebleu else "{metric}, settings",
                metric=language.name(words.name),
            ),
            text,
        )
        for words, text in signed
    ]


def not_compared(result: RunResult, language: Language = ENGLISH) -> str:
    """Return which metrics have no baseline, and why; nothing where all have one."""
    missing = without_baseline(results(result))
    lacking = room_of(result.task).pages.no_baseline(result)
    if not missing or lacking is None:
        return ""
    names = language.listed([language.name(metric_words(name).name) for name in missing])
    hint = ""
    if lacking.compared and compared_metric(result) is None:
        compared = language.name(lacking.compared)
        hint = language.say("; {compared} among evaluation.metrics would be compared", compared=compared)
    return language.say(
        "{names} cannot be compared with a baseline: {reason}{hint}.",
        names=f"{names[0].upper()}{names[1:]}",
        reason=language.name(lacking.reason),
        hint=hint,
    )


def notes(result: RunResult, language: Language = ENGLISH) -> list[str]:
    """Return what a reader of the numbers has to know, a sentence each."""
    found = [not_compared(result, language)]
    if "perplexity" in result.test.metrics:
        found.append(
            language.say(
                "Perplexity is counted over the tokens of this model's own tokenizer: compare it only with models that "
                "share it."
            )
        )
    found += [language.name(metric_words(name).about) for name in result.test.metrics]
    return [sentence for sentence in found if sentence]


def _difference(found: Comparison, language: Language) -> str:
    """Return ``0.055 above``; a difference below the last place is written as less than that."""
    if not found.difference:
        return language.say("equal to")
    amount = found.size or language.say("less than {amount}", amount=found.last_place)
    return language.say("{amount} above" if found.difference > 0 else "{amount} below", amount=amount)


def _paired(found: Comparison, language: Language) -> str:
    """Return the interval of the difference on the same rows, and what it shows; nothing in runs of older versions."""
    if found.verdict is None:
        return ""
    low, high = found.ends
    return language.say(
        "On the same rows the difference has the 95 % interval {low} to {high}, {verdict}.",
        low=low,
        high=high,
        verdict=language.say(_VERDICTS[found.verdict]),
    )
