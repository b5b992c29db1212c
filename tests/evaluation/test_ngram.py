"""The character model against a plain one written from the formula, numbers by hand, and the laws of probability."""

from __future__ import annotations

import logging
import math
import unicodedata
from collections import Counter

import numpy as np
import pytest

from toolkit.evaluation.baselines import ngram
from toolkit.evaluation.baselines.ngram import CharacterModel, ngram_baseline

START, END, UNKNOWN = "<s>", "</s>", "<unk>"


class Plain:
    """Chen & Goodman's formula, read out as it stands, over tuples."""

    def __init__(self, texts: list[str], order: int) -> None:
        self.order = order
        self.alphabet = [*sorted(set("".join(texts))), END, UNKNOWN]
        rows = [[START] * (order - 1) + [*text, END] for text in texts]
        self.counts: dict[int, Counter[tuple[str, ...]]] = {order: Counter()}
        for row in rows:
            for last in range(order - 1, len(row)):
                self.counts[order][tuple(row[last - order + 1 : last + 1])] += 1
        for length in range(order - 1, 0, -1):
            self.counts[length] = Counter(gram[1:] for gram in self.counts[length + 1])
        self.discounts = {length: self._discounts(counts) for length, counts in self.counts.items()}

    @staticmethod
    def _discounts(counts: Counter[tuple[str, ...]]) -> list[float]:
        n = [0] + [sum(count == times for count in counts.values()) for times in (1, 2, 3, 4)]
        if 0 in n[1:4]:
            return [0, 0.5, 1.0, 1.5]
        y = n[1] / (n[1] + 2 * n[2])
        found = [0, *(k - (k + 1) * y * n[k + 1] / n[k] for k in (1, 2, 3))]
        return found if all(0 < found[k] < k for k in (1, 2, 3)) else [0, 0.5, 1.0, 1.5]

    def probability(self, symbol: str, context: tuple[str, ...]) -> float:
        length = len(context) + 1
        lower = self.probability(symbol, context[1:]) if context else 1 / len(self.alphabet)
        following = {gram[-1]: count for gram, count in self.counts[length].items() if gram[:-1] == context}
        if not following:
            return lower
        total = sum(following.values())
        taken = {other: self.discounts[length][min(count, 3)] for other, count in following.items()}
        own = following.get(symbol, 0) - taken.get(symbol, 0)
        return own / total + sum(taken.values()) / total * lower

    def nats(self, text: str) -> float:
        row = [START] * (self.order - 1) + [char if char in self.alphabet else UNKNOWN for char in text] + [END]
        total = 0.0
        for last in range(self.order - 1, len(row)):
            total -= math.log(self.probability(row[last], tuple(row[last - self.order + 1 : last])))
        n_unknown = row.count(UNKNOWN)
        return total + n_unknown * math.log(0x110000 - 0x800 - (len(self.alphabet) - 2))


TRAIN = [
    "the cat sat on the mat", "the dog sat on the log", "a cat and a dog", "", "that mat", "the end",
    "나는 학교에 간다", "나는 집에 간다", "aaaa", "abababab", "on and on and on",
]  # fmt: skip
TEST = ["the cat", "나는 간다", "", "zebra!", "한", "that dog and the mat", "aaaaaa"]


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_agrees_with_the_formula_read_out(order: int):
    plain = Plain(TRAIN, order)
    # Both the discounts of the formula and the usual ones are at work.
    assert plain.discounts[order] != [0, 0.5, 1.0, 1.5] or order == 1
    found = ngram_baseline(TRAIN, TEST, order=order)
    assert found.negative_log_likelihood == pytest.approx([plain.nats(text) for text in TEST], rel=1e-12)
    assert found.characters.tolist() == [len(text) for text in TEST]
    assert found.tokens.tolist() == [len(text) + 1 for text in TEST]


def test_by_hand():
    # "ab", "a": bigrams <s>a twice, ab, b</s>, a</s> once; of the counts of counts n3 is 0: discounts 1/2, 1, 3/2.
    model = CharacterModel(["ab", "a"], order=2)
    assert model.alphabet == "ab"
    # Symbols stand after so many different ones: a after 1 (<s>), b after 1 (a), the end after 2 (a and b).
    left = (0.5 + 0.5 + 1.0) / 4  # a half each for a and b, 1 for the end, of 4 in all
    lowest = np.array([0.5, 0.5, 1.0, 0.0]) / 4 + left / 4
    assert model.distribution("") == pytest.approx(np.array([1.0, 0, 0, 0]) / 2 + 1.0 / 2 * lowest)
    assert model.distribution("a") == pytest.approx(np.array([0, 0.5, 0.5, 0]) / 2 + 1.0 / 2 * lowest)
    assert model.distribution("xx") == pytest.approx(lowest)


def test_probabilities_add_up_to_one_after_anything():
    model = CharacterModel(TRAIN)
    generator = np.random.default_rng(0)
    letters = [*model.alphabet, "x", "힣"]
    contexts = ["".join(generator.choice(letters, size=n)) for n in generator.integers(0, 8, size=200)]
    for context in [*contexts, *(text[:n] for text in TRAIN for n in range(len(text)))]:
        distribution = model.distribution(context)
        assert distribution.shape == (len(model.alphabet) + 2,)
        assert distribution.sum() == pytest.approx(1.0, abs=1e-12)
        assert distribution.min() > 0


def test_a_text_costs_what_its_steps_cost():
    model = CharacterModel(TRAIN)
    text = "the mat"
    steps = [model.distribution(text[:n])[model.alphabet.index(text[n])] for n in range(len(text))]
    steps.append(model.distribution(text)[-2])
    assert model.likelihoods([text]).negative_log_likelihood[0] == pytest.approx(-np.log(steps).sum())


def test_learns_more_from_longer_contexts_and_from_its_own_language(sentences: list[tuple[str, str]]):
    texts = [text for text, _ in sentences[:3000]]
    test = [text for text, _ in sentences[3000:3200]]
    bits = []
    for order in (1, 2, 3, 5):
        found = ngram_baseline(texts, test, order=order)
        bits.append(found.negative_log_likelihood.sum() / found.characters.sum() / np.log(2))
    assert bits == sorted(bits, reverse=True)
    assert 4.0 < bits[0] < 4.6  # Shannon's (1951) entropy of English letters with spaces, and some marks
    assert 2.0 < bits[-1] < 2.7
    backwards = ngram_baseline([text[::-1] for text in texts], test)
    assert backwards.negative_log_likelihood.sum() > 1.3 * found.negative_log_likelihood.sum()


def test_texts_are_read_in_composed_form_whole_or_in_blocks(monkeypatch: pytest.MonkeyPatch):
    first = ngram_baseline(TRAIN, TEST).negative_log_likelihood
    decomposed = [[unicodedata.normalize("NFD", text) for text in texts] for texts in (TRAIN, TEST)]
    monkeypatch.setattr(ngram, "_SCORED_AT_ONCE", 3)
    assert ngram_baseline(*decomposed).negative_log_likelihood == pytest.approx(first, rel=1e-12)


def test_too_many_texts_are_drawn_from_and_told(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    monkeypatch.setattr(ngram, "_MOST_CHARACTERS", 50)
    with caplog.at_level(logging.WARNING):
        ngram_baseline(TRAIN, TEST)
    assert "trained on" in caplog.text
    kept = ngram._affordable(TRAIN)
    assert sum(map(len, kept)) <= 50
    assert [text for text in TRAIN if text in kept] == list(kept)


def test_edges():
    assert len(ngram_baseline(TRAIN, [])) == 0
    empty = ngram_baseline([""], ["", "a"])
    assert empty.negative_log_likelihood[0] < 1
    assert np.isfinite(empty.negative_log_likelihood).all()
    with pytest.raises(ValueError, match="at least one text"):
        ngram_baseline([], ["a"])
    with pytest.raises(ValueError, match="order of at least 1"):
        ngram_baseline(["a"], ["a"], order=0)
