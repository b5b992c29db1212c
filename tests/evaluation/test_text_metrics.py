"""Metrics of texts against sacreBLEU's own corpus scores and plain formulas."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import names
from toolkit.errors import RecipeError
from toolkit.evaluation.metrics import bleu_tokenizer as tokenizer_module
from toolkit.evaluation.metrics.bleu_tokenizer import bleu_tokenizer
from toolkit.evaluation.metrics.likelihoods import Likelihoods, count_characters
from toolkit.evaluation.metrics.texts import TEXT_METRICS, LikelihoodMetric, TextRows, signature, text_metrics
from toolkit.recipe.check_texts import SCORING_METRICS, UNDIRECTED_METRICS

ENGLISH = [
    ("The cat sat on the mat.", "The cat is on the mat."),
    ("A man in a blue shirt is standing on a ladder cleaning a window.", "A man in blue stands on a ladder."),
    ("Two people, don't you see?", "Two people: don't you see!"),
    ("", "Something."),
    ("Word", "Word"),
    ("THE CAT SAT ON THE MAT.", "The cat sat on the mat."),
    ("a b c", ""),
    ("It costs 3.5 &quot;units&quot; at 10,000 - or more", 'It costs 3.5 "units" at 10,000-or more'),
]
GERMAN = [
    ("Ein Mann mit grünem Hut schaut über die Straße.", "Ein Mann mit einem grünen Hut sieht über die Straße."),
    ("Zwei Größen", "Zwei Größen."),
]
KOREAN = [
    ("나는 오늘 학교에 갔습니다.", "나는 어제 학교에 갔어요."),
    ("사랑해 ㅋㅋㅋ", "사랑해요 ㅋㅋ"),
    ("", "위로해 드립니다."),
    ("맛있게 드세요 please", "맛있게 드세요."),
]
SHORT = [("one", "one"), ("two words", "two words"), ("three", "four")]
NOTHING = [("x y z w", "a b c d"), ("", "")]
CORPORA = {"en": ENGLISH, "de": GERMAN, "ko": KOREAN, "short": SHORT, "nothing": NOTHING}

Pairs = list[tuple[str, str]]


def ours(name: str, pairs: Pairs) -> float:
    metric = TEXT_METRICS[name]
    rows = TextRows([prediction for prediction, _ in pairs], [reference for _, reference in pairs])
    return float(metric.value(metric.statistics(rows).sum(axis=0)))


def theirs(name: str, pairs: Pairs) -> float:
    predictions, references = [prediction for prediction, _ in pairs], [[reference for _, reference in pairs]]
    if name == "chrf":
        return sacrebleu.corpus_chrf(predictions, references).score
    options = {"tokenize": bleu_tokenizer(references[0]), "lowercase": name == "bleu_lowercase"}
    return sacrebleu.corpus_bleu(predictions, references, force=True, **options).score


@pytest.mark.parametrize("corpus", CORPORA)
@pytest.mark.parametrize("name", ["bleu", "bleu_lowercase", "chrf"])
def test_values_are_sacrebleus(name: str, corpus: str):
    assert ours(name, CORPORA[corpus]) == pytest.approx(theirs(name, CORPORA[corpus]), abs=1e-9)


@pytest.mark.parametrize("corpus", ["en", "ko"])
def test_sentence_chrf_is_that_of_a_corpus_of_one(corpus: str):
    for pair in CORPORA[corpus]:
        assert ours("chrf", [pair]) == pytest.approx(sacrebleu.sentence_chrf(pair[0], [pair[1]]).score, abs=1e-9)


words = st.lists(st.sampled_from(["a", "b", "c", "The", "the", "e.g.", "(x)", "한국", "é", "1,5"]), max_size=7)
random_pairs = st.lists(st.tuples(words.map(" ".join), words.map(" ".join)), min_size=1, max_size=6)
random_text = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12).map(
    lambda text: unicodedata.normalize("NFC", text)
)
wild_pairs = st.lists(st.tuples(random_text, random_text), min_size=1, max_size=4)


@settings(max_examples=150, deadline=None)
@given(pairs=st.one_of(random_pairs, wild_pairs))
def test_random_texts_give_sacrebleus_values(pairs: Pairs):
    for name in ("bleu", "bleu_lowercase", "chrf"):
        assert ours(name, pairs) == pytest.approx(theirs(name, pairs), abs=1e-9), name


def test_real_texts_give_sacrebleus_values(sentences: list[tuple[str, str]]):
    generator = np.random.default_rng(0)
    pairs = []
    for text, _ in sentences[:300]:
        kept = [word for word in text.split(" ") if generator.random() < 0.8]
        pairs.append((" ".join(generator.permutation(kept) if generator.random() < 0.2 else kept), text))
    for name in ("bleu", "bleu_lowercase", "chrf"):
        assert 20 < theirs(name, pairs) < 95
        assert ours(name, pairs) == pytest.approx(theirs(name, pairs), abs=1e-9), name


def test_many_sums_are_evaluated_at_once():
    rows = TextRows([prediction for prediction, _ in ENGLISH], [reference for _, reference in ENGLISH])
    for name in ("bleu", "chrf"):
        metric = TEXT_METRICS[name]
        statistics = metric.statistics(rows)
        assert statistics.shape == (len(ENGLISH), 10 if name == "bleu" else 18)
        values = metric.value(np.stack([[statistics[:n].sum(axis=0) for n in (1, 3, 8)]]))
        assert values.shape == (1, 3)
        assert values[0] == pytest.approx([theirs(name, ENGLISH[:n]) for n in (1, 3, 8)], abs=1e-9)


def test_sentences_alone_log_no_advice(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING):
        ours("bleu", [("tokenized .", "not tokenized.")] * 120)
    assert not caplog.records


def test_case_counts_and_chrf_reads_composed_letters():
    pairs = [("THE CAT SAT DOWN HERE", "the cat sat down here")]
    assert ours("bleu", pairs) == 0
    assert ours("bleu_lowercase", pairs) == pytest.approx(100)
    decomposed = [(unicodedata.normalize("NFD", prediction), reference) for prediction, reference in KOREAN]
    assert ours("chrf", decomposed) == ours("chrf", KOREAN)


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        ([reference for _, reference in ENGLISH], "13a"),
        (["123 !?", ""], "13a"),
        ([], "13a"),
        (["Привет, мир", "Größe"], "13a"),
        ([reference for _, reference in KOREAN], "ko-mecab"),
        ([unicodedata.normalize("NFD", "나는 학교에 간다")], "ko-mecab"),
        (["ㅋㅋㅋ", "ok"], "ko-mecab"),
        (["the word 한국 is Korean"], "13a"),
        (["我爱北京天安门", "HTML 很好"], "zh"),
        (["私は東京に住んでいます。"], "char"),
        (["สวัสดีครับ"], "char"),
    ],
)
def test_the_letters_choose_the_tokenizer(references: list[str], expected: str):
    pytest.importorskip("mecab_ko")
    assert bleu_tokenizer(references) == expected


def test_korean_without_mecab_is_measured_by_characters(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tokenizer_module, "find_spec", lambda name: None)
    references = [reference for _, reference in KOREAN]
    assert bleu_tokenizer(references) == "char"
    assert "tok:char" in str(signature("bleu", references))
    predictions = [prediction for prediction, _ in KOREAN]
    expected = sacrebleu.corpus_bleu(predictions, [references], tokenize="char").score
    assert ours("bleu", KOREAN) == pytest.approx(expected, abs=1e-9)


def test_signatures_are_sacrebleus():
    references = [reference for _, reference in ENGLISH]
    for name, scorer in (
        ("bleu", sacrebleu.BLEU()),
        ("bleu_lowercase", sacrebleu.BLEU(lowercase=True)),
        ("chrf", sacrebleu.CHRF()),
    ):
        scorer.corpus_score(references, [references])
        assert signature(name, references) == str(scorer.get_signature())
    assert signature("perplexity", references) is None
    pytest.importorskip("mecab_ko")
    assert "tok:ko-mecab" in str(signature("bleu", ["한국어"]))


def likelihoods(**changes: object) -> Likelihoods:
    columns = {
        "negative_log_likelihood": np.array([10.0, 30.0]),
        "tokens": np.array([4, 6]),
        "characters": np.array([16, 24]),
        "correct": np.array([1, 3]),
    }
    return Likelihoods(**{**columns, **changes})


def test_likelihood_metrics_are_quotients_of_sums():
    expected = {"perplexity": np.exp(4.0), "bits_per_character": 1 / np.log(2), "masked_accuracy": 0.4}
    for name, value in expected.items():
        metric = TEXT_METRICS[name]
        found = metric.value(metric.statistics(TextRows(likelihoods=likelihoods())).sum(axis=0))
        assert float(found) == pytest.approx(value)
        assert not np.isfinite(metric.value(np.zeros(2)))


def test_characters_are_syllables():
    assert count_characters(["", "한국어", unicodedata.normalize("NFD", "한국어"), "a b\n"]).tolist() == [0, 3, 3, 4]


def test_metrics_of_free_text_are_those_of_likelihoods():
    assert {name for name, each in TEXT_METRICS.items() if isinstance(each, LikelihoodMetric)} == SCORING_METRICS


def test_every_metric_is_explained_in_the_docs():
    page = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert [name for name in TEXT_METRICS if f"| `{name}` |" not in page] == []


def test_every_metric_that_a_task_offers_is_there():
    offered = {name for spec in names.SPECS.values() if spec.chooses_by == "loss" for name in spec.metrics}
    assert offered == set(TEXT_METRICS)
    assert {name for name, metric in TEXT_METRICS.items() if not metric.greater_is_better} == {
        "perplexity",
        "bits_per_character",
        "length_ratio",
        "copied_4grams",
        "repeated_4grams",
    }
    undirected = {name for name, metric in TEXT_METRICS.items() if metric.greater_is_better is None}
    assert undirected == UNDIRECTED_METRICS == {"length_ratio", "copied_4grams"}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: TextRows(), "no rows"),
        (lambda: TextRows([], []), "no rows"),
        (lambda: TextRows(["a"], ["a", "b"]), "1 predictions, 2 references"),
        (lambda: TEXT_METRICS["bleu"].statistics(TextRows(["a"])), "bleu needs predictions and references"),
        (lambda: TEXT_METRICS["perplexity"].statistics(TextRows(["a"])), "needs likelihoods"),
        (
            lambda: TEXT_METRICS["masked_accuracy"].statistics(TextRows(likelihoods=likelihoods(correct=None))),
            "with correct",
        ),
        (lambda: likelihoods(tokens=np.array([1])), r"tokens has the shape \(1,\)"),
        (lambda: likelihoods(negative_log_likelihood=np.array([1.0, np.inf])), "not finite"),
    ],
)
def test_what_is_missing_is_told(wrong: Callable[[], object], message: str):
    with pytest.raises(ValueError, match=message):
        wrong()


def test_unknown_names_are_all_told():
    with pytest.raises(RecipeError, match=r"'blue'.*'bleu'") as caught:
        text_metrics(["blue", "bleu", "chr"])
    assert len(caught.value.faults) == 2
