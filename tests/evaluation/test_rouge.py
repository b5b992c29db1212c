"""ROUGE against the package rouge-score, with its own tokenizer and with ours."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer
from rouge_score.tokenizers import Tokenizer

from toolkit.evaluation.metrics.measure_texts import measure_texts
from toolkit.evaluation.metrics.script_tokens import tokens
from toolkit.evaluation.metrics.sentence_ends import split_sentences
from toolkit.evaluation.metrics.texts import TEXT_METRICS, TextRows, signature

KINDS = ("rouge1", "rouge2", "rougeL", "rougeLsum")
KOREAN = "정부는 오늘 새 정책을 발표했다. 시장은 크게 반응하지 않았다."

Pairs = list[tuple[str, str]]


class OurTokens(Tokenizer):
    def tokenize(self, text: str) -> list[str]:
        return tokens(text)


THEIR_TOKENS = None


def of_rows(name: str, pairs: Pairs) -> np.ndarray:
    metric = TEXT_METRICS[name]
    rows = TextRows([prediction for prediction, _ in pairs], [reference for _, reference in pairs])
    return metric.value(metric.statistics(rows))


def theirs(pair: tuple[str, str], tokenizer: Tokenizer | None) -> dict[str, float]:
    prediction, reference = pair
    found = RougeScorer(KINDS[:3], tokenizer=tokenizer).score(reference, prediction)
    # The package divides summaries at line ends alone.
    prediction, reference = ("\n".join(split_sentences(text)) for text in pair)
    found |= RougeScorer(KINDS[3:], tokenizer=tokenizer).score(reference, prediction)
    return {name: float(score.fmeasure) for name, score in found.items()}


def corrupted(sentences: list[tuple[str, str]], n_pairs: int) -> Pairs:
    """Pairs of real sentences, two a text: words left out, words of other sentences, another order."""
    generator = np.random.default_rng(0)
    texts = [f"{first}\n{second}" for (first, _), (second, _) in zip(sentences[::2], sentences[1::2], strict=False)]
    texts = [text for text in texts if text.isascii()][:n_pairs]
    pairs = []
    for text, other in zip(texts, texts[1:] + texts[:1], strict=True):
        kept = [word for word in text.split(" ") if generator.random() < 0.7]
        mixed = kept + [word for word in other.split(" ") if generator.random() < 0.2]
        pairs.append((" ".join(generator.permutation(mixed) if generator.random() < 0.3 else mixed), text))
    return pairs


def test_a_thousand_english_pairs_have_the_packages_values(sentences: list[tuple[str, str]]):
    pairs = corrupted(sentences, 1000)
    assert len(pairs) == 1000
    expected = [theirs(pair, THEIR_TOKENS) for pair in pairs]
    for name in KINDS:
        found = of_rows(name, pairs)
        assert found == pytest.approx([of_pair[name] for of_pair in expected], abs=1e-12), name
        assert 0.2 < found.mean() < 0.95


words = st.lists(
    st.sampled_from(["a", "b", "The", "the.", "x-ray", "한국", "어", "我很好", "é", "1,5", "\n"]), max_size=12
)
any_text = st.one_of(words.map(" ".join), st.text(st.characters(codec="utf-8"), max_size=15))


@settings(max_examples=200, deadline=None)
@given(prediction=any_text, reference=any_text)
def test_any_texts_have_the_packages_values_with_our_tokens(prediction: str, reference: str):
    for name, expected in theirs((prediction, reference), OurTokens()).items():
        assert of_rows(name, [(prediction, reference)])[0] == pytest.approx(expected, abs=1e-12), name


@settings(max_examples=100, deadline=None)
@given(text=any_text)
def test_a_text_is_all_of_itself_if_it_has_enough_words(text: str):
    n_tokens = len(tokens(text))
    for name, needed in (("rouge1", 1), ("rouge2", 2), ("rougeL", 1), ("rougeLsum", 1)):
        assert of_rows(name, [(text, text)])[0] == (1.0 if n_tokens >= needed else 0.0), name


@settings(max_examples=50, deadline=None)
@given(pairs=st.lists(st.tuples(any_text, any_text), min_size=1, max_size=5))
def test_rows_in_another_order_have_the_same_mean(pairs: Pairs):
    for name in KINDS:
        one, other = [of_rows(name, some).mean() for some in (pairs, pairs[::-1])]
        assert one == pytest.approx(other)


def test_equal_korean_texts_have_nothing_in_common_for_the_packages_tokenizer():
    for name, score in theirs((KOREAN, KOREAN), THEIR_TOKENS).items():
        assert score == 0.0
        assert of_rows(name, [(KOREAN, KOREAN)])[0] == 1.0
        assert of_rows(name, [(unicodedata.normalize("NFD", KOREAN), KOREAN)])[0] == 1.0


@pytest.mark.parametrize(
    ("prediction", "reference", "expected"),
    [
        # 2 of 3 and of 4 words, "the sat", and no pair of words.
        ("The cat sat!", "the dog sat down", (4 / 7, 0, 4 / 7, 4 / 7)),
        # 5 of 7 syllables, and 4 of their 6 pairs.
        ("나는 학교에 갔다", "나는 학교에 가요", (5 / 7, 4 / 6, 5 / 7, 5 / 7)),
        # The same sentences in another order.
        ("Big cats. Red dogs.", "Red dogs. Big cats.", (1, 2 / 3, 1 / 2, 1)),
        ("고양이", "강아지", (0, 0, 0, 0)),
        ("", "word", (0, 0, 0, 0)),
        ("word", " \n", (0, 0, 0, 0)),
        ("", "", (0, 0, 0, 0)),
        ("!!!", "!!!", (0, 0, 0, 0)),
    ],
)
def test_values_by_hand(prediction: str, reference: str, expected: tuple[float, ...]):
    found = [of_rows(name, [(prediction, reference)])[0] for name in KINDS]
    assert found == pytest.approx(expected)


def test_the_mean_over_rows_has_an_interval():
    predictions, references = ["a b c", "a b", "x"] * 40, ["a b c", "a c", "y"] * 40
    found = measure_texts(["rouge1", "rougeL"], predictions=predictions, references=references, resamples=2000)
    scores = np.tile([1, 0.5, 0], 40)
    half = 1.96 * scores.std() / np.sqrt(len(scores))
    assert found["rouge1"].value == pytest.approx(0.5)
    assert found["rouge1"].ci95 == pytest.approx((0.5 - half, 0.5 + half), abs=0.1 * half)


def test_signatures_name_tokens_and_stemmer():
    assert signature("rouge1", ["a"]) == "nrefs:1|case:lc|form:nfc|tok:words-or-characters.1|stem:no|score:f1|avg:rows"
    assert signature("rougeLsum", ["a"]).endswith("|split:lines+sentences")
