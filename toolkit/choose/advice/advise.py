"""Advise on encoder or decoder: which family can do a task, by which methods, and why, from the literature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.choose.advice.rules import ABOUT, Facts, Rule, family_rules, task_rules
from toolkit.errors import RecipeError, explain
from toolkit.language.po import ADVICE
from toolkit.language.spoken import LANGUAGES, sentence_in
from toolkit.names import SPECS, Family, Method, Problem, Task


@dataclass(frozen=True)
class Reason:
    """A sentence or two with their source.

    Attributes:
        text: in the language of the advice.
        source: paper and section.
        about: one of `toolkit.choose.advice.rules.ABOUT`, or ``task``.
    """

    text: str
    source: str
    about: str


@dataclass(frozen=True)
class Advice:
    """The advice on one family for a task.

    Attributes:
        family: of models.
        fits: whether such a model can do the task at all, and this version has a method for it.
        suits: whether such a model can do the task at all, be it with another program.
        ways: the methods of the toolkit for it; empty where there are none.
        reasons: in the order in which they teach.
        task: the task's name.
        wants: whether the task needs understanding, generation or both; the same for every family.
        language: of the sentences.
    """

    family: Family
    fits: bool
    suits: bool
    ways: tuple[Method, ...]
    reasons: tuple[Reason, ...]
    task: str
    wants: Reason
    language: str


def advise(
    task: Task | str,
    *,
    problem: Problem = Problem.SINGLE_LABEL,
    n_rows: int | None = None,
    length_p95_tokens: float | None = None,
    text_language: str | None = None,
    language: str = "en",
) -> tuple[Advice, ...]:
    """Advise on the three families for a task, the one to try first before the others; needs no data.

    Args:
        task: any task, also one that the toolkit only explains, such as ``summarization``.
        problem: the kind of label.
        n_rows: training examples; None: not known.
        length_p95_tokens: length that 95 % of the texts do not exceed; None: not known.
        text_language: the language of the texts, such as ``ko``; None: not known.
        language: of the advice, ``en`` or ``ko``.

    Raises:
        RecipeError: an unknown task or language.
    """
    _check_words(str(task), language)
    rule = task_rules()[str(task)]
    facts = Facts(problem, n_rows, length_p95_tokens, text_language)
    wants = Reason(f"{_said(language, _WANTS[rule.wants])} {_said(language, rule.says)}", rule.source, "task")
    others = [family for family in Family if family not in rule.families]
    return tuple(
        Advice(
            family=family,
            fits=family in rule.families and bool(ways_of(task, family, problem=problem)),
            suits=family in rule.families,
            ways=ways_of(task, family, problem=problem),
            reasons=tuple(
                Reason(known.text(language, facts), known.source, known.about)
                for known in family_rules()
                if known.holds(str(task), family, facts) and (family in rule.families or _says_why_not(known))
            ),
            task=str(task),
            wants=wants,
            language=language,
        )
        for family in [*rule.families, *others]
    )


def ways_of(task: Task | str, family: Family, *, problem: Problem = Problem.SINGLE_LABEL) -> tuple[Method, ...]:
    """Return the methods of the toolkit for a task and a family, in the order of `Method`."""
    known = SPECS[Task(task)].methods.get(family, frozenset()) if task in list(Task) else frozenset()
    is_single = problem is Problem.SINGLE_LABEL  # zero-shot chooses one class
    return tuple(way for way in Method if way in known and (is_single or way is not Method.ZERO_SHOT))


def fitting_families(task: Task | str, *, problem: Problem = Problem.SINGLE_LABEL) -> tuple[Family, ...]:
    """Return the families that can do a task here, the one to try first before the others.

    Raises:
        RecipeError: an unknown task.
    """
    return tuple(advice.family for advice in advise(task, problem=problem) if advice.fits)


def misfit(task: Task | str, family: Family, *, problem: Problem = Problem.SINGLE_LABEL) -> str | None:
    """Explain in one line why a family cannot do a task, with the families that can; return None if it can."""
    fitting = fitting_families(task, problem=problem)
    if family in fitting:
        return None
    only = "" if family is Family.ENCODER_DECODER else "-only"
    found = f"{task} is not what a model can do that is {family}{only}"
    if family in task_rules()[str(task)].families:
        found = f"{task} is not done with {family} models in this version"
    would = f"with {' or '.join(fitting)} it is" if fitting else "it only explains the task"
    return f"{found}; {would}; `toolkit choose --task {task} --explain` says why"


def advice_lines(advice: Sequence[Advice]) -> list[str]:
    """Format the advice for a terminal: the task, then each family, then once the reasons that hold for all."""
    first = advice[0]
    shared = shared_reasons(advice)

    def said(english: str) -> str:
        return _said(first.language, english)

    asked = said("encoder or decoder? Does the task want understanding or generation?")
    lines = [f"{first.task}: {asked}", "", *_format(first.wants)]
    for one in advice:
        lines += ["", heading_of(one)]
        lines += [f"  {said('methods')}: {', '.join(one.ways)}"] if one.ways else []
        for reason in (reason for reason in one.reasons if reason not in shared):
            lines += _format(reason, heading=said(_HEADINGS[reason.about]))
    if shared:
        lines += ["", shared_heading(first)]
        for reason in shared:
            lines += _format(reason, heading=said(_HEADINGS[reason.about]))
    if any(one.fits for one in advice):
        last = "These are rules; what holds for your data is measured: toolkit choose --task … --data FILE"
    else:
        last = "These are rules; this version cannot measure the task."
    return [*lines, "", said(last)]


def shared_reasons(advice: Sequence[Advice]) -> list[Reason]:
    """Return the reasons that hold for every family that suits the task, in their order."""
    return [reason for reason in advice[0].reasons if all(reason in one.reasons for one in advice if one.suits)]


def heading_of(one: Advice) -> str:
    """Return a family with whether it fits the task, in words; never that it fits what this version cannot do."""
    verdict = "fits" if one.fits else "could do it, but not in this version" if one.suits else "does not fit"
    return f"{one.family}: {_said(one.language, verdict)}"


def shared_heading(one: Advice) -> str:
    """Return the heading of the reasons that hold for all families."""
    return _said(one.language, "For every family that could do it:")


def _said(language: str, english: str) -> str:
    return sentence_in(language, english, context=ADVICE)


def _format(reason: Reason, *, heading: str | None = None) -> list[str]:
    text = reason.text if heading is None else f"  {heading}: {reason.text}"
    return [f"{text} [{reason.source}]"]


def _says_why_not(rule: Rule) -> bool:
    """Return whether a rule also explains a family that cannot do the task; its costs, for example, do not."""
    return rule.about in ("attends", "pretrained", "how")


def _check_words(task: str, language: str) -> None:
    if task not in task_rules():
        message = explain(f"nothing is known of the task {task!r}", name=task, allowed=list(task_rules()))
        raise RecipeError(message, where="--task")
    if language not in LANGUAGES:
        raise RecipeError(explain(f"there is no advice in the language {language!r}", allowed=LANGUAGES))


_WANTS = {
    "understanding": "It wants understanding.",
    "generation": "It wants generation.",
    "both": "It wants understanding first, then generation.",
}

_HEADINGS = dict(
    zip(ABOUT, ("attention", "pretraining", "here", "cost", "long texts", "rows", "language"), strict=True)
)
