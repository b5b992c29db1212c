"""Kinds of labels: one class, several classes, or a number. Each kind is one class; a table finds it by `Problem`."""

from toolkit.data.labels.class_sets import ClassSet
from toolkit.data.labels.kind import LabelFigures, LabelKind
from toolkit.data.labels.number import Number
from toolkit.data.labels.one_class import OneClass
from toolkit.names import Problem

_KINDS: dict[Problem, LabelKind] = {kind.problem: kind for kind in (OneClass(), ClassSet(), Number())}


def label_kind(problem: Problem) -> LabelKind:
    """Return the kind of label that a problem type has."""
    return _KINDS[problem]


__all__ = ["ClassSet", "LabelFigures", "LabelKind", "Number", "OneClass", "label_kind"]
