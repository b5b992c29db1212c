"""Honest evaluation: metrics, intervals, baselines, confusion and mistakes."""

from toolkit.evaluation.baselines import Baseline, majority_baseline, tfidf_baseline
from toolkit.evaluation.confusion import ConfusedPair, Confusion
from toolkit.evaluation.intervals import bootstrap_interval
from toolkit.evaluation.metrics import (
    F1,
    METRICS,
    Accuracy,
    ClassificationMetric,
    MatthewsCorrelation,
    Precision,
    Recall,
    compute_metrics,
)
from toolkit.evaluation.mistakes import Mistake, most_confident_mistakes
from toolkit.evaluation.predictions import OUTPUT_SUFFIXES, Predictions, check_output_suffix
from toolkit.evaluation.result import (
    Evaluation,
    MetricValue,
    evaluate_predictions,
    measure,
    metrics_to_json,
)
from toolkit.evaluation.tally import UNKNOWN

__all__ = [
    "F1",
    "METRICS",
    "OUTPUT_SUFFIXES",
    "UNKNOWN",
    "Accuracy",
    "Baseline",
    "ClassificationMetric",
    "ConfusedPair",
    "Confusion",
    "Evaluation",
    "MatthewsCorrelation",
    "MetricValue",
    "Mistake",
    "Precision",
    "Predictions",
    "Recall",
    "bootstrap_interval",
    "check_output_suffix",
    "compute_metrics",
    "evaluate_predictions",
    "majority_baseline",
    "measure",
    "metrics_to_json",
    "most_confident_mistakes",
    "tfidf_baseline",
]
