"""Intervals of text metrics against a plain bootstrap with sacreBLEU, and paired differences."""

from __future__ import annotations

import numpy as np
import pytest
import sacrebleu

from toolkit.evaluation import intervals
from toolkit.evaluation.likelihoods import Likelihoods
from toolkit.evaluation.text_measure import compare_texts, measure_texts
from toolkit.evaluation.text_metrics import TextRows

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
    compared = compare_texts(["perplexity"], first=TextRows(likelihoods=nothing), second=TextRows(likelihoods=nothing))
    assert compared["perplexity"].holds_zero is None
    assert compared["perplexity"].to_json() == {
        "difference": None,
        "ci95": None,
        "holds_zero": None,
        "reason": found["perplexity"].reason,
    }


def test_a_resample_without_units_keeps_the_value():
    rows = Likelihoods(np.array([0.0, 2.0]), np.array([0, 2]), np.array([0, 2]))
    assert measure_texts(["perplexity"], likelihoods=rows)["perplexity"].ci95 == pytest.approx((np.e, np.e))


def test_no_metrics_is_no_result():
    assert measure_texts([], predictions=["a"], references=["a"]) == {}


def test_a_difference_is_that_of_the_values_and_tighter_than_the_intervals():
    worse, references = simulated(300, kept=0.7)
    better = [
        " ".join(row.split()[:-1] + reference.split()[-1:]) for row, reference in zip(worse, references, strict=True)
    ]
    names = ["bleu", "chrf"]
    compared = compare_texts(names, first=TextRows(worse, references), second=TextRows(better, references))
    values = [measure_texts(names, predictions=texts, references=references) for texts in (worse, better)]
    for name in names:
        assert compared[name].difference == pytest.approx(values[1][name].value - values[0][name].value, abs=1e-9)
        lower, upper = compared[name].ci95
        assert 0 < lower < compared[name].difference < upper
        assert compared[name].holds_zero is False
        assert upper - lower < values[0][name].ci95[1] - values[0][name].ci95[0]
    same = compare_texts(["bleu"], first=TextRows(worse, references), second=TextRows(worse, references))["bleu"]
    assert (same.difference, same.ci95, same.holds_zero) == (0.0, (0.0, 0.0), True)


def test_equally_good_systems_differ_as_rarely_as_the_interval_says():
    n_trials, apart = 200, 0
    for seed in range(n_trials):
        ones = np.ones(100, dtype=np.int64)
        first, second = (
            TextRows(likelihoods=Likelihoods(np.random.default_rng([seed, n]).normal(5, 1, 100), ones, ones))
            for n in (0, 1)
        )
        found = compare_texts(["bits_per_character"], first=first, second=second, seed=seed, resamples=300)
        apart += not found["bits_per_character"].holds_zero
    assert 2 <= apart <= 22  # 5 % of 200 with a standard deviation of 3


def test_what_cannot_be_compared_is_refused():
    first, second = simulated_likelihoods(20), simulated_likelihoods(20, seed=1)
    with pytest.raises(ValueError, match="do not count the same tokens"):
        compare_texts(["perplexity"], first=TextRows(likelihoods=first), second=TextRows(likelihoods=second))
    with pytest.raises(ValueError, match="different references"):
        compare_texts(["bleu"], first=TextRows(["a"], ["b"]), second=TextRows(["a"], ["c"]))
    with pytest.raises(ValueError, match="1 rows cannot be compared with 2"):
        compare_texts(["bleu"], first=TextRows(["a"], ["b"]), second=TextRows(["a", "b"], ["b", "c"]))
