"""Templates: prompts with gaps for a text and a label."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from toolkit.errors import Fault, RecipeError, explain
from toolkit.evaluation.zero_shot.shipped_templates import PAIR_TEMPLATES, TEMPLATES
from toolkit.recipe.schema import ZeroShotSection

LABEL = "label"
TEXTS = ("text", "text_pair")
READS_ITS_PROMPT = frozenset({"likelihood", "mask"})
"""The scorers that read the filled template; others read the text alone, and a prompt of the label alone."""

_GAP = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Template:
    """A prompt with gaps; braces in the values of gaps are plain text.

    Attributes:
        pattern: with ``{label}``, ``{text}`` and, for pairs, ``{text_pair}``, each at most once.
    """

    pattern: str

    @property
    def gaps(self) -> list[str]:
        """Return the names of the gaps, in their order."""
        return _GAP.findall(self.pattern)

    @property
    def ending(self) -> str:
        """Return the text between the last text's gap and the label's."""
        return self.pattern.partition("{label}")[0].rpartition("}")[2]

    def around_label(self, texts: Mapping[str, str]) -> tuple[str, str]:
        """Return the prompt before the label and behind it, with the texts filled in."""
        before, _, after = self.pattern.partition("{label}")
        return _filled(before, texts), _filled(after, texts)

    def fill(self, texts: Mapping[str, str], word: str) -> str:
        """Return the prompt with its texts and the label's verbalizer."""
        return _filled(self.pattern, {**texts, LABEL: word})

    def about(self, word: str) -> str:
        """Return the prompt of a label without texts, in one line."""
        return " ".join(self.fill(dict.fromkeys(TEXTS, " "), word).split())


def _filled(pattern: str, values: Mapping[str, str]) -> str:
    return _GAP.sub(lambda gap: values.get(gap[1], gap[0]), pattern)


def templates_for(settings: ZeroShotSection, *, scorer: str, is_pair: bool) -> tuple[Template, ...]:
    """Return the user's templates, or the default ones of the language.

    Args:
        settings: the recipe's ``zero_shot``.
        scorer: its name.
        is_pair: whether the examples are pairs of texts.

    Raises:
        RecipeError: names every fault of every template.
    """
    if settings.templates is None:
        shipped = PAIR_TEMPLATES if is_pair and scorer in READS_ITS_PROMPT else TEMPLATES
        patterns: Sequence[str] = shipped[scorer][settings.language]
    else:
        patterns = settings.templates
    templates = tuple(map(Template, patterns))
    faults = [
        Fault(f"the template {template.pattern!r} {fault}")
        for template in templates
        for fault in _faults(template, scorer=scorer, is_pair=is_pair)
    ]
    if faults:
        raise RecipeError(*faults)
    return templates


def _faults(template: Template, *, scorer: str, is_pair: bool) -> Iterator[str]:
    gaps = template.gaps
    allowed = [LABEL, *(TEXTS if is_pair else TEXTS[:1])]
    for gap in dict.fromkeys(gaps):
        if gap == "text_pair" and not is_pair:
            yield "has a gap {text_pair}, and the rows are single texts; name the column of the second text"
        elif gap not in allowed:
            braced = [f"{{{name}}}" for name in (gap, *allowed)]
            yield explain(f"has an unknown gap {braced[0]}", allowed=braced[1:], name=braced[0])
        elif gaps.count(gap) > 1:
            yield f"has {gaps.count(gap)} gaps {{{gap}}}; keep one"
    needed = allowed if scorer in READS_ITS_PROMPT else [LABEL]
    lacking = [f"{{{name}}}" for name in sorted(needed, key=[*TEXTS, LABEL].index) if name not in gaps]
    if lacking:
        yield f"lacks {' and '.join(lacking)}"
    elif scorer == "likelihood" and gaps[-1] != LABEL:
        yield f"has {{label}} before {{{gaps[-1]}}}; likelihood is that of the label after the text, so put it behind"
