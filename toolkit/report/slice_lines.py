"""Slices of an evaluation, and how far its probabilities can be taken at their word, as lines for a terminal."""

from __future__ import annotations

from toolkit.language.spoken import language
from toolkit.report.language import Language
from toolkit.report.metric_words import metric_words
from toolkit.report.sections.calibration import calibration_sentences
from toolkit.report.sections.slices import slice_section
from toolkit.run_result import SplitResult
from toolkit.wording import table


def slice_lines(test: SplitResult) -> list[str]:
    """Return a table of the slices, and what has to be known of them; nothing where there are none.

    Args:
        test: the measured rows.
    """
    section = slice_section(test, Language(language()))
    if section is None:
        return []
    kind, cells = "", []
    for row in section.rows:
        kind = row.kind or kind
        cells.append((f"{kind}: {row.name}", f"{row.rows:,}", row.measure.text, row.measure.interval, row.differs))
    header = ("rows by", "rows", metric_words(section.metric).heading, "95 % interval", "than all rows")
    return ["", *(table(cells, header=header) if cells else []), *section.sentences]


def calibration_lines(test: SplitResult) -> list[str]:
    """Return what the figures of the probabilities say; nothing where there are none.

    Args:
        test: the measured rows.
    """
    found = test.details.get("calibration")
    return [] if found is None else ["", *calibration_sentences(found, Language(language()))]
