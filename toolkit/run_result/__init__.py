"""The typed result of a run or an evaluation, and its form in ``metrics.json``."""

from toolkit.run_result.damage import content_of
from toolkit.run_result.degenerate import Degenerate
from toolkit.run_result.parts import DataSource, DataSummary, Environment, Example, TrainingSummary, Written
from toolkit.run_result.result import SCHEMA, EvaluationResult, RunResult
from toolkit.run_result.splits import BaselineResult, SeenRows, SplitResult

__all__ = [
    "SCHEMA",
    "BaselineResult",
    "DataSource",
    "DataSummary",
    "Degenerate",
    "Environment",
    "EvaluationResult",
    "Example",
    "RunResult",
    "SeenRows",
    "SplitResult",
    "TrainingSummary",
    "Written",
    "content_of",
]
