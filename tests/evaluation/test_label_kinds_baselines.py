"""The free baselines of several labels and of numbers: against scikit-learn, on pairs, and where nothing is learnt."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import pearsonr
from sklearn.linear_model import Ridge

from toolkit.data.prepare import prepare_classification
from toolkit.evaluation.baselines import tfidf
from toolkit.evaluation.baselines.label_sets import majority_set_baseline, tfidf_sets_baseline
from toolkit.evaluation.baselines.numbers import mean_baseline, tfidf_ridge_baseline
from toolkit.names import Problem, Task
from toolkit.recipe.schema import DataSection
from toolkit.tasks import room_of

WORDS = ["rain", "sun", "wind", "snow", "fog", "hail"]


def pairs_of(n_rows: int, seed: int) -> tuple[list[str], list[str], np.ndarray]:
    """Sentences that share 0 to 4 of their words, and how many."""
    generator = np.random.default_rng(seed)
    vocabulary = [f"{a}{b}" for a in WORDS for b in WORDS]
    firsts, seconds, shared = [], [], generator.integers(0, 5, size=n_rows)
    for n_shared in shared:
        words = generator.permutation(vocabulary)
        firsts.append(" ".join(words[:4]))
        seconds.append(" ".join([*words[:n_shared], *words[4 : 8 - n_shared]]))
    return firsts, seconds, shared.astype(float)


def test_the_most_frequent_set_and_the_smaller_of_equals():
    assert majority_set_baseline([[1, 0], [1, 1], [1, 1]], 2).predictions.tolist() == [[True, True], [True, True]]
    assert majority_set_baseline([[1, 1], [0, 1]], 1).predictions.tolist() == [[False, True]]
    assert majority_set_baseline([[1, 1], [0, 1]], 0).predictions.shape == (0, 2)


def test_each_label_is_learnt_by_itself():
    train = [f"{a} {b}" for a in WORDS for b in WORDS] * 2
    labels = np.array([["rain" in text, "sun" in text, False, True] for text in train])
    found = tfidf_sets_baseline(train, labels, ["rain sun", "fog sun", "hail hail", "rain"])
    assert found.name == "tfidf-logistic"
    assert found.predictions.tolist() == [
        [True, True, False, True], [False, True, False, True], [False, False, False, True], [True, False, False, True]
    ]  # fmt: skip


def test_second_texts_are_read_for_sets_too():
    found = tfidf_sets_baseline(
        ["same"] * 20, [[1, 0], [0, 1]] * 10, ["same"] * 2, train_pairs=["rain", "sun"] * 10, test_pairs=["sun", "rain"]
    )
    assert found.predictions.tolist() == [[False, True], [True, False]]


@pytest.mark.parametrize(("texts", "labels"), [([" ", ""], [[1, 0], [0, 0]]), (["a", "b"], [[1, 0], [1, 0]])])
def test_sets_without_anything_to_learn_are_the_majority(texts: list[str], labels: list[list[int]]):
    baseline = tfidf_sets_baseline(texts, labels, ["a"])
    assert "predicts the majority" in (baseline.note or "")
    assert baseline.predictions.tolist() == majority_set_baseline(labels, 1).predictions.tolist()


def test_too_much_work_is_cut_down_and_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tfidf, "_MOST_WORK", 1000)
    train = ["good film", "bad movie"] * 500
    sets = tfidf_sets_baseline(train, [[1, 0], [0, 1]] * 500, ["good film"])
    assert (sets.note, sets.predictions.tolist()) == ("trained on 55 of 1000 rows", [[True, False]])
    numbers = tfidf_ridge_baseline(train, [1.0, 3.0] * 500, ["good film", "bad movie"])
    assert numbers.note == "trained on 111 of 1000 rows"
    assert numbers.predictions == pytest.approx([1.0, 3.0], abs=0.1)


def test_ridge_on_single_texts_is_that_of_scikit_learn():
    train = [f"{a} {b}" for a in WORDS for b in WORDS]
    scores = [3.0 * ("sun" in text) - ("rain" in text) for text in train]
    features = tfidf.Tfidf(train, n_outputs=1)
    expected = Ridge(alpha=1.0, solver="cholesky").fit(features.features.toarray(), scores)
    tests = ["sun sun", "rain fog", "nothing"]
    found = tfidf_ridge_baseline(train, scores, tests)
    assert (found.name, found.note) == ("tfidf-ridge", None)
    assert found.predictions == pytest.approx(expected.predict(features(tests).toarray()), abs=1e-2)


def test_ridge_sees_how_alike_two_texts_are():
    """A sum of both texts' features cannot: every word stands in as many pairs that are alike as in others."""
    firsts, seconds, shared = pairs_of(300, seed=0)
    test_firsts, test_seconds, expected = pairs_of(100, seed=1)
    found = tfidf_ridge_baseline(firsts, shared, test_firsts, train_pairs=seconds, test_pairs=test_seconds)
    assert pearsonr(found.predictions, expected).statistic > 0.95
    blind = tfidf_ridge_baseline([f"{a} {b}" for a, b in zip(firsts, seconds, strict=True)], shared, test_firsts)
    assert pearsonr(blind.predictions, expected).statistic < 0.5


def test_numbers_without_anything_to_learn_are_the_mean():
    assert mean_baseline([1.0, 2.0, 6.0], 2).predictions.tolist() == [3.0, 3.0]
    baseline = tfidf_ridge_baseline(["", " "], [1.0, 3.0], ["a", "b"], train_pairs=["", ""], test_pairs=["", ""])
    assert baseline.predictions.tolist() == [2.0, 2.0]
    assert baseline.note == "the training data has only blank texts: predicts the mean"
    assert tfidf_ridge_baseline(["a", "b"], [1.0, 3.0], []).predictions.shape == (0,)


def test_a_blank_text_of_a_pair_is_like_nothing():
    firsts, seconds, shared = pairs_of(50, seed=2)
    found = tfidf_ridge_baseline(firsts, shared, ["", "rain"], train_pairs=seconds, test_pairs=["", ""])
    assert np.isfinite(found.predictions).all()


def test_baselines_of_prepared_data(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    rows = [{"text": f"{a} {b} {i}", "labels": [a, b][: i % 3]} for i in range(4) for a in WORDS for b in WORDS]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "train.jsonl").write_text(lines, encoding="utf-8")
    (tmp_path / "test.jsonl").write_text(lines + '{"text": "x", "labels": ["new"]}\n', encoding="utf-8")
    section = DataSection(train="train.jsonl", test="test.jsonl", validation_size=0)
    data = prepare_classification(section, problem=Problem.MULTI_LABEL)
    found = room_of(Task.TEXT_CLASSIFICATION).baselines(data, ["f1", "exact_match"])
    assert list(found) == ["majority", "tfidf-logistic"]
    # Half of the rows have no label at all, and the one with a new name is never right.
    assert found["majority"].metrics["exact_match"].value == pytest.approx(72 / 145)
    assert found["tfidf-logistic"].metrics["f1"].value > 0.3 > found["majority"].metrics["f1"].value

    numbers = "a,b,label\n" + "".join(f"{a},{b},{n}\n" for a, b, n in zip(*pairs_of(80, seed=3), strict=True))
    (tmp_path / "pairs.csv").write_text(numbers, encoding="utf-8")
    section = DataSection(source="pairs.csv", columns={"text": "a", "text_pair": "b"})
    data = prepare_classification(section, problem=Problem.REGRESSION)
    found = room_of(Task.TEXT_CLASSIFICATION).baselines(data, ["pearson", "mse"])
    assert list(found) == ["mean", "tfidf-ridge"]
    assert found["mean"].metrics["pearson"].value is None
    assert found["tfidf-ridge"].metrics["mse"].value < found["mean"].metrics["mse"].value
