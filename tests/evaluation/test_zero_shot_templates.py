"""Templates, label words and examples: what is filled in, and what is refused in words that help."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from transformers import BertTokenizer

from toolkit.data.packaged import packaged_model_folder
from toolkit.errors import RecipeError
from toolkit.evaluation.zero_shot.labels import check_words, clean_labels, words_for
from toolkit.evaluation.zero_shot.prompts import special_ends
from toolkit.evaluation.zero_shot.shipped_templates import PAIR_TEMPLATES, TEMPLATES
from toolkit.evaluation.zero_shot.shots import choose_examples
from toolkit.evaluation.zero_shot.templates import Template, templates_for
from toolkit.recipe.schema import ZeroShotSection


def test_texts_with_braces_are_texts():
    template = Template("Review: {text}\nSentiment: {label}!")
    texts = {"text": "{label} {text} {0} {"}
    assert template.fill(texts, "{good}") == "Review: {label} {text} {0} {\nSentiment: {good}!"
    assert template.around_label(texts) == ("Review: {label} {text} {0} {\nSentiment: ", "!")
    assert template.ending == "\nSentiment: "
    assert template.about("good") == "Review: Sentiment: good!"
    assert Template("This is {label}.").about("good") == "This is good."


@pytest.mark.parametrize(
    ("patterns", "scorer", "is_pair", "words"),
    [
        (["{text}"], "likelihood", False, r"'\{text\}' lacks \{label\}"),
        (["{label}"], "mask", False, r"lacks \{text\}"),
        (["nothing"], "likelihood", True, r"lacks \{text\} and \{text_pair\} and \{label\}"),
        (["{text}"], "entailment", False, r"lacks \{label\}"),
        (["{text} {lable}"], "mask", False, r"unknown gap \{lable\}; did you mean '\{label\}'"),
        (["{text} {text} {label}"], "mask", False, r"2 gaps \{text\}; keep one"),
        (["{label}: {text}"], "likelihood", False, r"\{label\} before \{text\}.* put it behind"),
        (["{text} {text_pair} {label}"], "mask", False, "rows are single texts"),
        (["{text} {label}"], "likelihood", True, r"lacks \{text_pair\}"),
    ],
)
def test_broken_template_is_refused(patterns: list[str], scorer: str, is_pair: bool, words: str):
    with pytest.raises(RecipeError, match=words) as refused:
        templates_for(ZeroShotSection(templates=patterns), scorer=scorer, is_pair=is_pair)
    assert all("\n" not in str(fault) for fault in refused.value.faults)


def test_all_faults_at_once():
    with pytest.raises(RecipeError) as refused:
        templates_for(ZeroShotSection(templates=["{text}", "{txt} {label}"]), scorer="mask", is_pair=False)
    assert len(refused.value.faults) == 3


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("scorer", TEMPLATES)
def test_shipped_templates_fit_their_scorer(scorer: str, language: Any):
    for is_pair in (False, True) if scorer in PAIR_TEMPLATES else (False,):
        templates = templates_for(ZeroShotSection(language=language), scorer=scorer, is_pair=is_pair)
        assert len(templates) >= 1
        assert all(unicodedata.is_normalized("NFC", template.pattern) for template in templates)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (["a", "", "b"], "label 2 of 3 is empty"),
        (["a", " a "], "named more than once: 'a'"),
        ([unicodedata.normalize("NFD", "긍정"), "긍정"], "named more than once: '긍정'"),
        (["a"], "there is one label"),
        ([], "no label"),
    ],
)
def test_labels_that_leave_no_choice_are_refused(labels: list[str], words: str):
    with pytest.raises(RecipeError, match=words):
        clean_labels(labels, where="--labels")


def test_words_stand_for_labels():
    labels = clean_labels(["card_arrival", " 0", unicodedata.normalize("NFD", "긍정")])
    assert labels == ("card_arrival", "0", "긍정")
    assert words_for(labels, {"0": "nothing at all"}) == ("card arrival", "nothing at all", "긍정")
    with pytest.raises(RecipeError, match="no label 'card_arival'; did you mean 'card_arrival'"):
        words_for(labels, {"card_arival": "x"})


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return BertTokenizer.from_pretrained(packaged_model_folder("packaged:minilm"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("Good", "good", "bad"), "'Good', 'good' are the same tokens"),
        (("a  b", "a b"), "are the same tokens"),
        (("good", "🜚"), "no token for '🜚', which stands for the label '🜚'"),
    ],
)
def test_words_that_the_model_cannot_tell_apart_are_refused(tokenizer: Any, words: tuple[str, ...], message: str):
    with pytest.raises(RecipeError, match=message):
        check_words(words, words, tokenizer)


def test_words_that_it_can_are_not(tokenizer: Any):
    check_words(("a", "b"), ("good", "a good film"), tokenizer)
    assert special_ends(tokenizer) == ([101], [102])


def test_examples_are_balanced_seeded_and_in_turn():
    references = ["a"] * 10 + ["b"] * 3 + ["c"] * 10 + ["?"] * 5
    chosen = choose_examples(references, ("a", "b", "c"), 7, seed=1)
    labels = [references[row] for row in chosen]
    assert len(set(chosen)) == 7
    assert sorted(labels.count(label) for label in "abc") == [2, 2, 3]
    assert len(set(labels[:3])) == len(set(labels[3:6])) == 3
    assert chosen == choose_examples(references, ("a", "b", "c"), 7, seed=1)
    assert chosen != choose_examples(references, ("a", "b", "c"), 7, seed=2)
    assert len(choose_examples(references, ("a", "b", "c"), 90, seed=0)) == 23
