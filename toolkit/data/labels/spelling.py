"""The spelling of class names: what is the same name in every file, and what differs in its looks only.

A reader or a data frame writes one value in several ways: 1 becomes 1.0 as soon as a column has a missing value, and
true becomes True. Those are the same name. Names that differ in case, white space or width may be meant to differ.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from toolkit.data.normalise import clean_label, number_text

_WHOLE = re.compile(r"(-?(?:0|[1-9][0-9]*))\.0+")
_DECIMAL = re.compile(r"-?[0-9]*\.[0-9]+")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_TRUTH = {"true": "true", "True": "true", "TRUE": "true", "false": "false", "False": "false", "FALSE": "false"}


def class_name(cell: str | None) -> str:
    """Return the name of a class in a cell; a missing cell is empty.

    A whole number is written without a fraction and in ASCII digits, a truth value as ``true`` or ``false``. Any other
    name is in Unicode's form NFC, without the white space around it. ``007`` and ``1.10`` stay as they are.
    """
    name = clean_label(cell)
    if not name.isascii() and _NUMBER.fullmatch(narrow := _narrowed(name)):
        name = narrow
    whole = _WHOLE.fullmatch(name)
    if whole is not None:
        return "0" if whole[1] == "-0" else whole[1]
    return _TRUTH.get(name, name)


def spelling_key(name: str) -> str:
    """Return what is left of a name without case, white space, invisible characters and width.

    Of a number with a fraction its value is left: ``0.50`` is ``0.5``.
    """
    visible = "".join(letter for letter in _narrowed(name) if unicodedata.category(letter) != "Cf")
    visible = visible.replace("\N{MINUS SIGN}", "-")
    key = " ".join(unicodedata.normalize("NFC", visible).casefold().split())
    return number_text(float(key)) if _DECIMAL.fullmatch(key) else key


def alike(counts: Mapping[str, int]) -> list[list[str]]:
    """Return the groups of names that differ in their spelling only, of each group the most frequent name first.

    Args:
        counts: rows of each name; of names with as many rows the first in the order of their characters leads.
    """
    groups: dict[str, list[str]] = {}
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        groups.setdefault(spelling_key(name), []).append(name)
    return [names for names in groups.values() if len(names) > 1]


def in_words(groups: Iterable[Iterable[str]], counts: Mapping[str, int]) -> str:
    """Return groups of names with their numbers of rows: ``'Yes' (12 rows) and 'yes' (3)``."""
    shown = [
        " and ".join(f"{name!r} ({counts[name]:,}{'' if i else ' rows'})" for i, name in enumerate(names))
        for names in groups
    ]
    return "; ".join(shown[:5]) + ("; …" if len(shown) > 5 else "")


@dataclass(frozen=True)
class Spelling:
    """How names of classes are spelt.

    Args:
        same: the spelling to keep of a `class_name`, where it is another one.
        by_key: the spelling to keep of each `spelling_key`, for names that differ in their looks only.
    """

    same: Mapping[str, str] = field(default_factory=dict)
    by_key: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, outputs: Sequence[str], *, merge: bool) -> Spelling:
        """Return the spelling of a model's outputs.

        Args:
            outputs: their names.
            merge: whether names that differ in their looks only are the same.
        """
        same = {class_name(name): name for name in outputs if class_name(name) not in outputs}
        return cls(same, {spelling_key(name): name for name in reversed(outputs)} if merge else {})

    def name(self, cell: str | None) -> str:
        """Return the name in a cell; empty without one."""
        name = class_name(cell)
        name = self.same.get(name, name)
        return self.by_key.get(spelling_key(name), name) if self.by_key else name

    def merged(self, counts: Mapping[str, int]) -> Spelling:
        """Return this spelling with one name for those that differ in their looks only: the most frequent of them."""
        found = {spelling_key(names[0]): names[0] for names in alike(counts)}
        return replace(self, by_key={**found, **self.by_key})


def _narrowed(text: str) -> str:
    """Return a text with the usual width of each character: ``１`` is ``1``, and ``ｶ`` is ``カ``."""
    if text.isascii():
        return text
    return "".join(
        unicodedata.normalize("NFKC", letter)
        if unicodedata.decomposition(letter).startswith(("<wide>", "<narrow>"))
        else letter
        for letter in text
    )
