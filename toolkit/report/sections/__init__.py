"""Sections of a run's page: a file a section, from what was measured to what its template shows."""

from __future__ import annotations

from typing import Any

from toolkit.report.language import Language
from toolkit.report.sections.calibration import calibration_section
from toolkit.report.sections.curve_says import curve_says
from toolkit.report.sections.label_table import label_section
from toolkit.report.sections.precision_recall import curve_section
from toolkit.report.sections.slices import slice_section
from toolkit.run_result import RunResult


def run_sections(result: RunResult, language: Language, *, metric: str) -> dict[str, Any]:
    """Return what the sections of a page read, by name; None for those of which nothing was measured.

    Args:
        result: of the run.
        language: of the words.
        metric: that the learning curve shows.
    """
    return {
        "says": curve_says(result, metric, language),
        "by_label": label_section(result, language),
        "slices": slice_section(result.test, language),
        "curves": curve_section(result.test, language),
        "calibration": calibration_section(result, language),
    }
