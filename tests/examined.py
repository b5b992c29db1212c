"""The doctor's look at one source, as `toolkit doctor --data` has it."""

from __future__ import annotations

from collections.abc import Mapping

from toolkit.data.doctor import examine_examples, read_examples
from toolkit.data.doctor_report import DoctorReport
from toolkit.data.labels import label_kind
from toolkit.data.sources import Source
from toolkit.names import Problem


def examine_file(
    source: Source, *, columns: Mapping[str, str] | None = None, problem: Problem = Problem.SINGLE_LABEL
) -> DoctorReport:
    read = read_examples({"all": source}, columns=columns or {}, kind=label_kind(problem))
    return examine_examples(read, problem=problem)
