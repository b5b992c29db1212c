"""Measure a frozen candidate with a head: features of all layers in one pass, a head on the best layers by scores."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.adapters import OpenedBody, open_body
from toolkit.adapters.features import feature_cache, pooled_features
from toolkit.choose.look.body_digest import body_digest
from toolkit.choose.look.candidates import Candidate
from toolkit.choose.measure.costs import measure_costs
from toolkit.choose.measure.measurement import Measurement, Stage
from toolkit.choose.measure.scores import FeatureScores, score_layers
from toolkit.choose.measure.work import Work, skipped
from toolkit.evaluation.inference.device import inference_device
from toolkit.names import Method
from toolkit.report.facts import duration
from toolkit.tasks.judge import Answered
from toolkit.training.head import FittedHead, fit_head

POOLING = "mean"
FEWEST_TO_LEARN = 64
"""Training examples below which a head says nothing about a model."""

SPEEDUP = 4.0
"""Throughput of many examples sorted by length, as a multiple of that of small batches, at most."""

_HELD_BACK = 0.15  # of the training examples, to choose the penalty and the layer
_HEADS = 2  # layers that get a head beside the last one
_SCORED_ROWS = 4_000
"""Examples that layers are compared on: neighbours take quadratic time, and the features of all layers much memory."""

_SPARE = 0.8  # of the remaining time is for features; the rest for scores and heads


@dataclass(frozen=True, eq=False)
class _Read:
    """Features of some examples, of several layers, concatenated, ``[examples, dim * layers]``."""

    vectors: NDArray[np.float32]
    layers: Sequence[int]

    def of(self, layer: int) -> NDArray[np.float32]:
        """Return the features of one layer, ``[examples, dim]``."""
        dim = self.vectors.shape[1] // len(self.layers)
        position = list(self.layers).index(layer)
        return np.ascontiguousarray(self.vectors[:, position * dim : (position + 1) * dim])


def measure_features(
    work: Work, candidate: Candidate, *, seconds: float, known: Sequence[Measurement] = ()
) -> Measurement:
    """Measure a frozen candidate with a head, by cross-validation over all examples that are not test ones.

    Args:
        work: the choice.
        candidate: located.
        seconds: time limit; where it is too short for all training examples, the head learns from fewer; where it is
            too short for all folds, fewer examples decide.
        known: results of other candidates; the result of one with the same body is used again.
    """
    return work.measure(
        candidate,
        Stage.FEATURES,
        partial(read_and_fit, candidate=candidate, seconds=seconds, known=known),
        method=Method.FEATURES.value,
        seconds=seconds * 1.2,
        settings={
            "pooling": POOLING,
            "seed": work.seed,
            "max_length": work.rows.max_length,
        },
        enough=lambda result: (
            result.rows_learnt >= len(work.rows.learn) or seconds <= result.details.get("seconds", 0.0)
        ),
    )


def features_answers(work: Work, candidate: Candidate, result: Measurement, examples: Dataset) -> list[Any]:
    """Answer other examples with the head that the recipe gives: of all training and validation examples.

    Args:
        work: the choice.
        candidate: located.
        result: its measurement, with the layer.
        examples: to answer. ``[examples]``
    """
    body = open_body(candidate.files(), max_length=work.rows.max_length)
    (layer,) = result.recipe["features"]["layers"]

    def vectors_of(rows: Dataset) -> NDArray[np.float32]:
        return _read(candidate, body, rows, [layer]).of(layer)

    data = work.rows.data
    held = None if data.validation is None else (vectors_of(data.validation), _labels(data.validation))
    head = _fitted(work, vectors_of(data.train), _labels(data.train), validation=held)
    return work.rows.judge.answers_of(head.logits(vectors_of(examples)).numpy())


def read_and_fit(work: Work, candidate: Candidate, *, seconds: float, known: Sequence[Measurement] = ()) -> Measurement:
    """Measure a frozen candidate with a head, in this process; arguments as of `measure_features`."""
    started = time.monotonic()
    rows = work.rows
    body = open_body(candidate.files(), max_length=rows.max_length)
    digest = body_digest(body)
    same = next((result for result in known if result.body == digest and result.value is not None), None)
    if same is not None:
        details = {**same.details, "same_body_as": same.candidate}
        return replace(same, candidate=candidate.name, family=body.family.value, details=details)
    costs = measure_costs(body, rows.judge_rows, most_seconds=min(1.0, seconds / 20))
    n_judged, fastest = len(rows.judge_rows), SPEEDUP * costs.texts_per_second
    left = seconds - (time.monotonic() - started)
    if n_judged / fastest > _SPARE * left:
        needed = seconds - left + (n_judged + len(rows.learn)) / costs.texts_per_second / _SPARE
        return _too_slow(candidate, needed=needed, seconds=seconds)
    begun = time.monotonic()
    judged = _read(candidate, body, rows.judge_rows, _layers(body))
    rate = n_judged / max(time.monotonic() - begun, 1e-6)
    is_cached = rate > fastest  # no model is as fast; the features of the training examples are cached too then
    left = seconds - (time.monotonic() - started)
    n_learn = min(len(rows.learn), int(_SPARE * left * min(rate, fastest)))
    if n_learn < min(len(rows.learn), max(FEWEST_TO_LEARN, len(rows.labels))):
        needed = seconds - left + len(rows.learn) / min(rate, fastest) / _SPARE
        return _too_slow(candidate, needed=needed, seconds=seconds)
    scores = _scored_layers(work, candidate, body, n_rows=min(n_learn, _SCORED_ROWS))
    layers = _promising(scores)
    learn = rows.some_to_learn(n_learn)
    learnt = _read(candidate, body, learn, layers)
    reading = time.monotonic() - begun
    ends = started + seconds
    result = _with_heads(work, candidate, labels=_labels(learn), learnt=learnt, judged=judged, ends=ends)
    details = {
        **result.details,
        "scores": {str(layer): asdict(of_layer) for layer, of_layer in scores.items()},
        "seconds": round(seconds, 1),
        "reading_seconds": round(reading, 2),
        "train_seconds": round(len(learn) / min(rate, fastest) + result.details["head_seconds"], 2),
    }
    rate = costs.texts_per_second if is_cached else rate
    return replace(result, body=digest, family=body.family.value, rate=rate, costs=costs.to_json(), details=details)


def _scored_layers(work: Work, candidate: Candidate, body: OpenedBody, *, n_rows: int) -> dict[int, FeatureScores]:
    """Score each layer by the features of some training examples, computed in one pass."""
    learn, layers = work.rows.some_to_learn(n_rows), _layers(body)
    vectors = _read(candidate, body, learn, layers).vectors
    return score_layers(vectors, _labels(learn), layers=layers, problem=work.rows.problem)


def _too_slow(candidate: Candidate, *, needed: float, seconds: float) -> Measurement:
    would = f"opening it and reading the rows would take about {duration(needed)}"
    reason = f"{would}, and its share of the budget is {duration(seconds)}"
    return skipped(candidate, Stage.FEATURES, reason, method=Method.FEATURES.value, needed=needed)


def _with_heads(
    work: Work, candidate: Candidate, *, labels: NDArray[Any], learnt: _Read, judged: _Read, ends: float
) -> Measurement:
    """Answer the validation examples with a head that learnt from the others, and so each fold while there is time.

    The layer is chosen once, by the heads that learnt from the training examples, as the recipe names one layer for
    all. The penalty of each head is chosen on examples that are held back from what it learns from.
    """
    rows = work.rows
    begun = time.monotonic()
    heads = {layer: _fit(work, learnt.of(layer), labels) for layer in learnt.layers}
    losses = {layer: min(point.loss for point in head.curve) for layer, head in heads.items()}
    layer = min(losses, key=losses.__getitem__)
    mine, others_know = learnt.of(layer), judged.of(layer)
    answers = rows.judge.answers_of(heads[layer].logits(others_know).numpy())
    took = (time.monotonic() - begun) / len(heads)
    is_whole = len(labels) == len(rows.learn)
    known, n_folds = _labels(rows.judge_rows), 0
    for fold, numbers in enumerate(rows.folds if is_whole else ()):
        started = time.monotonic()
        if started + took > ends:
            break
        others = rows.without_those_of(fold)
        head = _fit(work, np.concatenate([mine[others], others_know]), np.concatenate([labels[others], known]))
        answers += rows.judge.answers_of(head.logits(mine[numbers]).numpy())
        took, n_folds = time.monotonic() - started, n_folds + 1
    indices = None if len(answers) == len(rows.judged) else list(range(len(answers)))
    answered = Answered(answers, indices)
    return Measurement(
        candidate=candidate.name,
        stage=Stage.FEATURES,
        method=Method.FEATURES.value,
        recipe={"features": {"pooling": POOLING, "layers": [layer], "head": "linear"}},
        rows=indices,
        answers=answers,
        value=rows.judge.value(answered),
        interval=rows.judge.interval(answered),
        rows_learnt=len(labels),
        details={
            "layer": layer,
            "held_out_loss": losses[layer],
            "folds": 1 + n_folds,
            "head_seconds": round(took, 2),
        },
    )


def _layers(body: OpenedBody) -> list[int]:
    return list(range(int(body.model.config.num_hidden_layers) + 1))


def _read(candidate: Candidate, body: OpenedBody, rows: Dataset, layers: Sequence[int]) -> _Read:
    cache = feature_cache(body, candidate.files().folder, pooling=POOLING)
    vectors = pooled_features(body, rows, pooling=POOLING, layers=layers, cache=cache, device=inference_device())
    return _Read(vectors, layers)


def _labels(rows: Dataset) -> NDArray[Any]:
    return np.asarray(rows["label"])


def _promising(scores: dict[int, FeatureScores]) -> list[int]:
    """Return the layers with the highest LogME, and the last one."""
    worth = {layer: -np.inf if known.log_me is None else known.log_me for layer, known in scores.items()}
    best = sorted(worth, key=lambda layer: worth[layer], reverse=True)
    return sorted({*best[:_HEADS], max(scores)})


def _fit(work: Work, vectors: NDArray[np.float32], labels: NDArray[Any]) -> FittedHead:
    """Fit a head: choose its penalty on held-out training examples, then fit all of them."""
    order = np.random.default_rng(work.seed).permutation(len(labels))
    n_held = max(1, round(_HELD_BACK * len(labels)))
    held, rest = np.sort(order[:n_held]), np.sort(order[n_held:])
    return _fitted(work, vectors[rest], labels[rest], validation=(vectors[held], labels[held]))


def _fitted(
    work: Work,
    vectors: NDArray[np.float32],
    labels: NDArray[Any],
    *,
    validation: tuple[NDArray[np.float32], NDArray[Any]] | None,
) -> FittedHead:
    return fit_head(
        vectors,
        labels,
        problem=work.rows.problem,
        kind="linear",
        n_labels=len(work.rows.labels),
        seed=work.seed,
        validation=validation,
    )
