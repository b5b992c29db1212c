"""A frozen candidate with a head: every layer in one pass, the best ones found by scores, a head on these."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.adapters import OpenedBody, open_body
from toolkit.adapters.features import feature_cache, pooled_features
from toolkit.choose.body_digest import body_digest
from toolkit.choose.budget import told
from toolkit.choose.candidates import Candidate
from toolkit.choose.costs import measure_costs
from toolkit.choose.measure_zero_shot import files_of
from toolkit.choose.measurement import Measurement, Stage
from toolkit.choose.scores import FeatureScores, score_layers
from toolkit.choose.work import Work, skipped
from toolkit.evaluation.device import inference_device
from toolkit.names import Method, Problem
from toolkit.training.head import FittedHead, fit_head

POOLING = "mean"
FEWEST_TO_LEARN = 64
"""Rows below which a head tells nothing about a model."""

_COST_BATCH = 16  # texts at once where costs are measured
_FASTER = 4.0  # times the rate of such batches, which many rows of like length may be read at
_HELD_BACK = 0.15  # of the rows to learn from, to choose the penalty and the layer by
_HEADS = 2  # layers that get a head beside the last one
_SPARE = 0.8  # of the time that is left goes to reading; the rest to scores and heads


@dataclass(frozen=True, eq=False)
class _Read:
    """The features of some rows, of all layers end to end, ``[rows, dim * layers]``."""

    vectors: NDArray[np.float32]
    layers: Sequence[int]

    def of(self, layer: int) -> NDArray[np.float32]:
        """Those of one layer, ``[rows, dim]``."""
        dim = self.vectors.shape[1] // len(self.layers)
        place = list(self.layers).index(layer)
        return np.ascontiguousarray(self.vectors[:, place * dim : (place + 1) * dim])


def measure_features(
    work: Work, candidate: Candidate, *, seconds: float, known: Sequence[Measurement] = ()
) -> Measurement:
    """Measure what a head makes of a frozen candidate.

    Args:
        work: the choice.
        candidate: located.
        seconds: that it may take; where the rows would take longer, it learns from fewer of them.
        known: results of other candidates; where one has the same body, its result is this one's.
    """
    return work.measure(
        candidate,
        Stage.FEATURES,
        lambda: _measure(work, candidate, seconds=seconds, known=known),
        method=Method.FEATURES.value,
        seconds=seconds * 1.2,
        settings={
            "pooling": POOLING,
            "bf16": work.use_bf16,
            "seed": work.seed,
            "max_length": work.rows.max_length,
        },
        enough=lambda made: made.rows_learnt >= len(work.rows.learn) or seconds <= made.details.get("seconds", 0.0),
    )


def features_answers(work: Work, candidate: Candidate, made: Measurement, asked: Dataset) -> list[Any]:
    """What the candidate with the head that was measured says about other rows.

    Args:
        work: the choice.
        candidate: located.
        made: its measurement, by which layer and rows are known.
        asked: the rows.
    """
    body = open_body(files_of(candidate), max_length=work.rows.max_length)
    layers = made.recipe["features"]["layers"]
    learn = work.rows.some_to_learn(made.rows_learnt)
    every = _layers(body)
    # The rows to learn from are in the cache with all their layers; of the others one is enough.
    vectors = _read(work, candidate, body, learn, every).of(layers[0])
    head = _fit(work, vectors, _labels(learn))
    return _answers(head, _read(work, candidate, body, asked, layers).of(layers[0]), work.rows.problem)


def _measure(work: Work, candidate: Candidate, *, seconds: float, known: Sequence[Measurement]) -> Measurement:
    started = time.monotonic()
    rows = work.rows
    body = open_body(files_of(candidate), max_length=rows.max_length)
    digest = body_digest(body)
    same = next((made for made in known if made.body == digest and made.value is not None), None)
    if same is not None:
        details = {**same.details, "same_body_as": same.candidate}
        return replace(same, candidate=candidate.name, family=body.family.value, details=details)
    costs = measure_costs(
        body, list(rows.judge_rows["text"]), batch_rows=_COST_BATCH, most_seconds=min(1.0, seconds / 20)
    )
    layers, n_judged = _layers(body), len(rows.judge_rows)
    left = seconds - (time.monotonic() - started)
    if n_judged / (_FASTER * costs.texts_per_second) > _SPARE * left:
        return _too_slow(work, candidate, costs.texts_per_second, seconds=seconds)
    begun = time.monotonic()
    judged = _read(work, candidate, body, rows.judge_rows, layers)
    # From the cache they come faster than any model reads.
    rate = min(_FASTER * costs.texts_per_second, n_judged / max(time.monotonic() - begun, 1e-6))
    left = seconds - (time.monotonic() - started)
    n_learn = min(len(rows.learn), int(_SPARE * left * rate))
    if n_learn < min(len(rows.learn), max(FEWEST_TO_LEARN, len(rows.labels))):
        return _too_slow(work, candidate, rate, seconds=seconds)
    learn = rows.some_to_learn(n_learn)
    learnt = _read(work, candidate, body, learn, layers)
    reading = time.monotonic() - begun
    made = _with_heads(work, candidate, learn=learn, learnt=learnt, judged=judged)
    details = {**made.details, "seconds": round(seconds, 1), "reading_seconds": round(reading, 2)}
    return replace(made, body=digest, family=body.family.value, rate=rate, costs=costs.to_json(), details=details)


def _too_slow(work: Work, candidate: Candidate, rate: float, *, seconds: float) -> Measurement:
    needed = (len(work.rows.judge_rows) + len(work.rows.learn)) / rate / _SPARE
    reason = f"reading the rows would take about {told(needed)}, and its share of the budget is {told(seconds)}"
    return skipped(candidate, Stage.FEATURES, reason, method=Method.FEATURES.value, needed=needed)


def _with_heads(work: Work, candidate: Candidate, *, learn: Dataset, learnt: _Read, judged: _Read) -> Measurement:
    problem = work.rows.problem or Problem.SINGLE_LABEL
    labels = _labels(learn)
    scores = score_layers(learnt.vectors, labels, layers=list(learnt.layers), problem=problem)
    heads = {layer: _fit(work, learnt.of(layer), labels) for layer in _promising(scores)}
    layer = min(heads, key=lambda layer: min(point.loss for point in heads[layer].curve))
    answers = _answers(heads[layer], judged.of(layer), work.rows.problem)
    judge = work.rows.judge
    return Measurement(
        candidate=candidate.name,
        stage=Stage.FEATURES,
        method=Method.FEATURES.value,
        recipe={"features": {"pooling": POOLING, "layers": [layer], "head": "linear"}},
        answers=answers,
        value=judge.value(answers),
        interval=judge.interval(answers),
        rows_learnt=len(learn),
        details={"layer": layer, "scores": {str(name): asdict(of_layer) for name, of_layer in scores.items()}},
    )


def _layers(body: OpenedBody) -> list[int]:
    return list(range(int(body.model.config.num_hidden_layers) + 1))


def _read(work: Work, candidate: Candidate, body: OpenedBody, rows: Dataset, layers: Sequence[int]) -> _Read:
    cache = feature_cache(body, files_of(candidate).folder, pooling=POOLING, bf16=work.use_bf16)
    vectors = pooled_features(
        body, rows, pooling=POOLING, layers=layers, cache=cache, device=inference_device(), bf16=work.use_bf16
    )
    return _Read(vectors, layers)


def _labels(rows: Dataset) -> NDArray[Any]:
    return np.asarray(rows["label"])


def _promising(scores: dict[int, FeatureScores]) -> list[int]:
    """The layers whose features say most about the labels, and the last one."""
    worth = {layer: -np.inf if known.log_me is None else known.log_me for layer, known in scores.items()}
    best = sorted(worth, key=lambda layer: worth[layer], reverse=True)
    return sorted({*best[:_HEADS], max(scores)})


def _fit(work: Work, vectors: NDArray[np.float32], labels: NDArray[Any]) -> FittedHead:
    """A head whose penalty is chosen on some of the rows to learn from, and that then learns from all of them."""
    order = np.random.default_rng(work.seed).permutation(len(labels))
    n_held = max(1, round(_HELD_BACK * len(labels)))
    held, rest = np.sort(order[:n_held]), np.sort(order[n_held:])
    return fit_head(
        vectors[rest],
        labels[rest],
        problem=work.rows.problem or Problem.SINGLE_LABEL,
        kind="linear",
        n_labels=len(work.rows.labels),
        seed=work.seed,
        validation=(vectors[held], labels[held]),
    )


def _answers(head: FittedHead, vectors: NDArray[np.float32], problem: Problem | None) -> list[Any]:
    logits = head.logits(vectors).numpy()
    if problem is Problem.MULTI_LABEL:
        return [np.flatnonzero(row > 0).tolist() for row in logits]
    if problem is Problem.REGRESSION:
        return [float(number) for number in logits[:, 0]]
    return [int(label) for label in logits.argmax(axis=1)]
