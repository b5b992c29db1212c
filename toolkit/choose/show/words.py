"""All words about a choice, for terminal and page: one sentence a key, with gaps for names and figures."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

WORDS: Mapping[str, str] = MappingProxyType(
    {
        # Headline
        "recommended": "Recommended: {name}: {metric} {value} {interval} on {rows} test rows, which chose nothing.",
        "recommended.untested": "Recommended: {name}: {metric} {value} {interval} on the rows that decided.",
        "baseline": "Recommended: the free baseline {name}: {metric} {value} {interval} on {rows} test rows, which "
        "chose nothing. No model is shown to be better.",
        "baseline.untested": "Recommended: the free baseline {name}: {metric} {value} {interval}. No model is shown to "
        "be better.",
        "writer": "Recommended: the free baseline {name}. No model is shown to write better.",
        "nothing": "Nothing is recommended: no result is shown to be better than the same answer to every text "
        "({name}{value}). Look at the labels with toolkit doctor, or give more rows.",
        "characters": "Nothing is recommended: a model that counts characters finds the texts as probable. More rows "
        "or more time are needed.",
        "unmeasured": "Nothing could be measured that a recipe can carry out.",
        # Why
        "untested": "The test rows were not measured: {reason}.",
        "some tested": "Of the test rows {reason}.",
        "decided": "{value} {interval} on {rows} rows decided, none of them a test row.",
        "best": "{name} is the best of what was measured.",
        "cheaper": "{name} is not shown to be better than {chosen}, which costs no more.",
        "rivals": "It is not shown to be better than {names}, which cost no less.",
        "over baseline": "It beats the best free baseline, {name}, by {difference}.",
        "best model": "The best model, {name}, came to {value}: {difference} from the baseline.",
        "uneven": "Macro F1 decides, as the largest class has {ratio} times the rows of the smallest; --metric "
        "accuracy has accuracy decide.",
        "metric": "What decides is {metric}.",
        "seeds": "With other seeds it varies ({seeds}); the middle one counts.",
        "reads badly": "{name} reads these texts badly (see the warnings); try a model that knows their language.",
        "short": "The trainings were short, {steps} steps at most: with a larger --budget they may win, here they had "
        "no time to.",
        # What is written
        "written": "Baselines that write give no probabilities, so they are compared by {metric} of what is written, "
        "on {rows} validation rows: {value} against {baselines}.",
        "written.none": "What it writes was not measured: {reason}.",
        "written.tie": "The model is not shown to write better than the free baseline {name} ({difference}): more rows "
        "or more time may tell.",
        "written.better": "It writes better than the best of them, {name}, by {difference}.",
        "written.worse": "The free baseline {name} writes better ({difference}).",
        # What to do
        "next": "Next:",
        "model is there": "Its model is there already: {run}",
        "use": "toolkit predict {run} YOUR_FILE",
        "carry out": "toolkit fine-tune {recipe}",
        "for more": "For more than that, change the recipe and carry it out:",
        "code": "The baseline is a few lines of scikit-learn, where texts and labels are those of your rows:",
        "code.pairs": "The baseline is a few lines of scikit-learn, where each of texts is both texts of a row, in two "
        "lines, and labels are those of your rows:",
        # Table
        "head.name": "model and method",
        "head.value": "{metric}",
        "head.cost": "to train and answer {n} texts",
        "note.star": "* worth its cost: a recipe is written.",
        "note.rows": "Rows that decided are training and validation rows; a head or a baseline answers each of them "
        "after learning from the others only.",
        "note.tie": "Small figures: 95 % bootstrap intervals. Two ways tie where the interval of their difference on "
        "the same rows holds zero; then the cheaper one is taken. Costs count as equal where their spread does not "
        "tell them apart; what a free baseline ties or beats gets no recipe.",
        "note.promise": "In the order of what their frozen features promise, by LogME, nearest neighbours and the loss "
        "of a head on rows that it has not seen: {names}.",
        # Page
        "title": "Chosen for {source}",
        "section.picture": "Quality and cost",
        "section.next": "What to do",
        "section.recipes": "Recipes",
        "section.unmeasured": "Not measured",
        "section.data": "The data, and what each tokenizer makes of them",
        "section.families": "Why these families",
        "axis.cost": "seconds to train it and to answer {n} texts, one at a time",
        "axis.value": "{metric}, 95 % intervals",
        "axis.value.less": "{metric}, 95 % intervals; less is better, upwards",
        "alt": "Quality and cost of what was measured, as in the table below",
        "sources": "sources",
        "spent": "{used} of {budget} used",
        "page": "Page: {path}",
        "free": "free baseline",
        "tokens.each": "tokens a character",
        "tokens.unknown": "unknown",
        "tokens.broken": "into jamo",
        "tokens.length": "95 % up to",
        "tokens.cut": "cut",
        "tokens.share": "attention's work",
    }
)


def say(key: str, **gaps: Any) -> str:
    """Return a sentence with its gaps filled.

    Args:
        key: of `WORDS`.
        gaps: by name.
    """
    return WORDS[key].format_map(gaps)
