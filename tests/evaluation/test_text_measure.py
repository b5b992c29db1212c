"""Intervals of text metrics against a plain bootstrap with sacreBLEU, and paired differences."""

from __future__ import annotations

import numpy as np
import pytest
import sacrebleu

from toolkit.evaluation.metrics import intervals
from toolkit.evaluation.metrics.likelihoods import Likelihoods
from toolkit.evaluation.metrics.measure_texts import measure_texts

WORDS = ["the", "a", "cat", "dog", "sat", "ran", "on", "in", "mat", "house", "and", "then", "we", "saw", "it"]


def simulated(rows: int, *, kept: float, seed: int = 0) -> tuple[list[str], list[str]]:
    """Predictions that keep each word of the reference with some probability."""
    generator = np.random.default_rng(0)
    references = [generator.choice(WORDS, size=generator.integers(4, 12)).tolist() for _ in range(rows)]
    noise = np.random.default_rng(seed + 1)
    predictions = [[word if noise.random() < kept else str(noise.choice(WORDS)) for word in row] for row in references]
    return [" ".join(row) for row in predictions], [" ".join(row) for row in references]


def simulated_likelihoods(rows: int, seed: int = 0) -> Likelihoods:
    generator = np.random.default_rng(seed)
    tokens = generator.integers(1, 30, size=rows)
    nats = tokens * generator.gamma(4.0, 0.5, size=rows)
    return Likelihoods(nats, tokens, tokens * 4, generator.binomial(tokens, 0.3))


def test_values_are_sacrebleus_and_intervals_those_of_a_plain_bootstrap():
    predictions, references = simulated(80, kept=0.8)
    found = measure_texts(["chrf", "bleu"], predictions=predictions, references=references, resamples=3000)
    assert list(found) == ["chrf", "bleu"]
    assert found["bleu"].value == pytest.approx(sacrebleu.corpus_bleu(predictions, [references]).score, abs=1e-9)
    assert found["chrf"].value == pytest.approx(sacrebleu.corpus_chrf(predictions, [references]).score, abs=1e-9)
    generator, plain = np.random.default_rng(9), []
    for _ in range(300):
        drawn = generator.integers(80, size=80)
        resampled = [predictions[row] for row in drawn], [[references[row] for row in drawn]]
        plain.append(sacrebleu.corpus_bleu(*resampled).score)
    spread = np.std(plain)
    assert found["bleu"].ci95 == pytest.approx(np.percentile(plain, [2.5, 97.5]), abs=0.35 * spread)


def test_an_interval_of_means_agrees_with_the_normal_approximation():
    nats = np.random.default_rng(1).normal(8.0, 2.0, size=2000)
    ones = np.ones(2000, dtype=np.int64)
    found = measure_texts(["bits_per_character"], likelihoods=Likelihoods(nats, ones, ones), resamples=4000)
    value, half = nats.mean() / np.log(2), 1.96 * nats.std() / np.sqrt(2000) / np.log(2)
    assert found["bits_per_character"].value == pytest.approx(value)
    assert found["bits_per_character"].ci95 == pytest.approx((value - half, value + half), abs=0.1 * half)


def test_seeded_and_independent_of_the_block_size(monkeypatch: pytest.MonkeyPatch):
    predictions, references = simulated(60, kept=0.7)
    options = {"predictions": predictions, "references": references, "likelihoods": simulated_likelihoods(60)}
    first = measure_texts(["bleu", "perplexity"], **options)
    assert measure_texts(["bleu", "perplexity"], **options, seed=1) != first
    assert measure_texts(["bleu"], **options)["bleu"] == first["bleu"]
    monkeypatch.setattr(intervals, "_BLOCK", 100)
    again = measure_texts(["bleu", "perplexity"], **options)
    for name, metric in first.items():
        assert again[name].ci95 == pytest.approx(metric.ci95, rel=1e-12)


def test_blocks_are_multinomial_and_stay_within_the_memory_promised():
    blocks = list(intervals.drawn_rows(50_000, seed=0, resamples=100))
    assert sum(map(len, blocks)) == 100
    assert all(block.size <= intervals._BLOCK for block in blocks)
    assert all((block.sum(axis=1) == 50_000).all() for block in blocks)
    assert np.concatenate(blocks).var() == pytest.approx(1.0, rel=0.02)


def test_undefined_metrics_say_why():
    nothing = Likelihoods(np.array([1.0]), np.array([0]), np.array([0]))
    found = measure_texts(["perplexity", "bits_per_character"], likelihoods=nothing)
    assert found["perplexity"].to_json()["reason"].startswith("there are no tokens")
    assert found["bits_per_character"].value is None


def test_a_resample_without_units_keeps_the_value():
    rows = Likelihoods(np.array([0.0, 2.0]), np.array([0, 2]), np.array([0, 2]))
    assert measure_texts(["perplexity"], likelihoods=rows)["perplexity"].ci95 == pytest.approx((np.e, np.e))


def test_no_metrics_is_no_result():
    assert measure_texts([], predictions=["a"], references=["a"]) == {}
