"""Rules from the literature about the three families, from ``rules.yaml``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from toolkit.language.po import ADVICE
from toolkit.language.spoken import sentence_in
from toolkit.language.template import filled
from toolkit.names import Family, Problem

ABOUT = ("attends", "pretrained", "how", "cost", "length", "rows", "language")
"""The subjects of rules, in the order of the advice."""


@dataclass(frozen=True)
class Facts:
    """Facts about the task and its data; None: not known.

    Attributes:
        problem: the kind of label.
        n_rows: training examples.
        length_p95_tokens: length that 95 % of the texts do not exceed.
        text_language: the language of the texts, such as ``ko``.
    """

    problem: Problem = Problem.SINGLE_LABEL
    n_rows: int | None = None
    length_p95_tokens: float | None = None
    text_language: str | None = None


@dataclass(frozen=True)
class TaskRule:
    """The needs of a task.

    Attributes:
        wants: ``understanding``, ``generation`` or ``both``.
        families: those that can do it, the one to try first before the others.
        says: why, in English.
        source: paper and section.
    """

    wants: str
    families: tuple[Family, ...]
    says: str
    source: str


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        about: one of `ABOUT`.
        families, tasks: for which it holds; empty: for all.
        when: conditions on the facts, by name.
        says: its sentences in English, with gaps such as ``{length}`` for facts.
        source: paper and section.
    """

    about: str
    says: str
    source: str
    families: tuple[Family, ...] = ()
    tasks: tuple[str, ...] = ()
    when: Mapping[str, Any] = field(default_factory=dict)

    def holds(self, task: str, family: Family, facts: Facts) -> bool:
        """Return whether the rule applies to a task, a family and the facts."""
        named = (not self.families or family in self.families) and (not self.tasks or task in self.tasks)
        return named and all(_CONDITIONS[name](facts, value) for name, value in self.when.items())

    def text(self, language: str, facts: Facts) -> str:
        """Return its sentences with the facts filled in."""
        known: dict[str, str] = {}
        if facts.n_rows is not None:
            known["n_rows"] = f"{facts.n_rows:,}"
        if facts.length_p95_tokens is not None:
            known["length"] = f"{facts.length_p95_tokens:,.0f}"
            for width in (384, 768):
                known[f"share_{width}"] = f"{attention_share(facts.length_p95_tokens, width):.0%}"
                causal = attention_share(facts.length_p95_tokens, width, is_causal=True)
                known[f"causal_share_{width}"] = f"{causal:.0%}"
        return filled(sentence_in(language, self.says, context=ADVICE), known)


_CONDITIONS: dict[str, Callable[[Facts, Any], bool]] = {
    "length_known": lambda facts, is_known: (facts.length_p95_tokens is not None) == is_known,
    "length_over": lambda facts, tokens: facts.length_p95_tokens is None or facts.length_p95_tokens > tokens,
    "rows_under": lambda facts, rows: facts.n_rows is not None and facts.n_rows < rows,
    "problem": lambda facts, problem: facts.problem == problem,
    "text_language": lambda facts, language: facts.text_language == language,
}
"""The conditions of ``when``. A fact that is not known fulfils none of them but ``length_over``."""


def attention_share(n_tokens: float, hidden_dim: int, *, is_causal: bool = False) -> float:
    """Return the share of attention in the operations of a layer, between 0 and 1.

    A layer with a feed-forward part of width 4·d does 24·d² operations for a token in its linear parts: 12·d² weights,
    a multiplication and an addition each (Kaplan et al. 2020, https://arxiv.org/abs/2001.08361, table 1). Attention
    adds 4·n·d by our own count: n products with keys and n with values. Under a causal mask it is half of that on
    average, which is the count of Kaplan et al.

    Args:
        n_tokens: the length n of the text.
        hidden_dim: the width d of the layer.
        is_causal: whether later positions are masked and not computed.
    """
    return n_tokens / (n_tokens + (12 if is_causal else 6) * hidden_dim)


@cache
def task_rules() -> Mapping[str, TaskRule]:
    """Return the needs of each task, by the task's name."""
    return {
        name: TaskRule(entry["wants"], _families(entry), entry["says"], entry["source"])
        for name, entry in _read()["tasks"].items()
    }


@cache
def family_rules() -> tuple[Rule, ...]:
    """Return all rules about families, in the order of `ABOUT`."""
    rules = [
        Rule(
            about=entry["about"],
            says=entry["says"],
            source=entry["source"],
            families=_families(entry),
            tasks=tuple(entry.get("tasks", ())),
            when=entry.get("when", {}),
        )
        for entry in _read()["rules"]
    ]
    return tuple(sorted(rules, key=lambda rule: ABOUT.index(rule.about)))


def _read() -> Any:
    return yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))


def _families(entry: Mapping[str, Any]) -> tuple[Family, ...]:
    return tuple(Family(name) for name in entry.get("families", ()))
