"""Rows to be corrected by hand: a csv of all rows, those to look at first, that is data again once it is corrected."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from toolkit.data.doctor_doubts import Doubt
from toolkit.data.examples import Examples
from toolkit.evaluation.inference.rows import is_formula
from toolkit.files import replacing
from toolkit.progress import warn


def write_checked(path: Path, splits: Mapping[str, Examples], doubts: Sequence[Doubt]) -> dict[Path, int]:
    """Write a csv a split: ``line``, the texts, ``label``, ``suggestion``, ``reason``; return its rows to look at.

    The rows in doubt come first, in the order of the doubts, then all others. So the file is whole: edit the labels,
    delete rows, and use it as data. Texts are not altered, since they are to be learnt from; a warning counts those
    that a spreadsheet would run as formulas.

    Args:
        path: of the csv; several splits get their names added to it.
        splits: the rows.
        doubts: about them.

    Raises:
        ResourceError: the file cannot be written.
    """
    written = {}
    for name, examples in splits.items():
        file = path if len(splits) == 1 else path.with_name(f"{path.stem}-{name}{path.suffix}")
        of_split: dict[int, list[Doubt]] = {}
        for doubt in doubts:
            if doubt.row.split == name:
                of_split.setdefault(doubt.row.position, []).append(doubt)
        with replacing(file) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(_rows(examples, of_split))
        written[file] = len(of_split)
        n_formulas = sum(is_formula(text) for texts in examples.texts.values() for text in texts)
        if n_formulas:
            warn(
                f"{file}: {n_formulas:,} text{'' if n_formulas == 1 else 's'} would run as formulas in a spreadsheet, "
                "and stay as they are to be given back; open the file with its columns as text"
            )
    return written


def _rows(examples: Examples, doubts: Mapping[int, Sequence[Doubt]]) -> Iterable[Sequence[str | int]]:
    texts = [examples.texts[name] for name in examples.texts]
    yield ["line", *examples.texts, "label", "suggestion", "reason"]
    others = (position for position in range(len(examples)) if position not in doubts)
    labels, of_several = examples.labels, len(examples.table.parts) > 1
    for position in (*doubts, *others):
        found = doubts.get(position, ())
        where, line = examples.table.place(int(examples.ids[position]))
        suggestion = next((doubt.suggestion for doubt in found if doubt.suggestion), "")
        yield [
            f"{where}:{line}" if of_several else line,
            *(column[position] for column in texts),
            labels[position],
            suggestion,
            "; ".join(doubt.reason for doubt in found),
        ]
