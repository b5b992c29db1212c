"""The rules are whole, true where they can be checked, sourced and worded in both languages."""

from __future__ import annotations

import re
import unicodedata
from itertools import product

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import BertConfig, BertModel

from toolkit.choose.advice.advise import (
    advice_lines,
    advise,
    fitting_families,
    misfit,
    ways_of,
)
from toolkit.choose.advice.rules import ABOUT, Facts, attention_share, family_rules, task_rules
from toolkit.errors import RecipeError
from toolkit.language.spoken import LANGUAGES
from toolkit.names import SPECS, Family, Method, Problem, Task

KNOWN = {"n_rows": 300, "length_p95_tokens": 3000.0, "text_language": "ko"}
HANGUL = re.compile("[가-힣]")


def test_the_rules_name_only_what_exists():
    tasks = set(task_rules())
    assert set(map(str, Task)) <= tasks
    for rule in family_rules():
        assert rule.about in ABOUT
        assert set(rule.tasks) <= tasks
        assert set(rule.when) <= {"length_known", "length_over", "rows_under", "problem", "text_language"}
        assert "problem" not in rule.when or rule.when["problem"] in list(Problem)
    for rule in task_rules().values():
        assert rule.wants in ("understanding", "generation", "both")


@pytest.mark.parametrize("task", task_rules())
def test_every_family_of_every_task_has_its_reasons(task: str):
    for one in advise(task):
        about = [reason.about for reason in one.reasons]
        assert {"attends", "pretrained", "how"} <= set(about), (task, one.family)
        assert about == sorted(about, key=ABOUT.index)
        assert one.wants == advise(task)[0].wants


@pytest.mark.parametrize(("task", "problem"), list(product(task_rules(), Problem)))
def test_every_sentence_is_whole_in_both_languages_and_has_its_source(task: str, problem: Problem):
    english, korean = (advise(task, problem=problem, language=language, **KNOWN) for language in LANGUAGES)
    for one, other in zip(english, korean, strict=True):
        assert (one.family, one.fits, one.ways) == (other.family, other.fits, other.ways)
        assert [reason.source for reason in one.reasons] == [reason.source for reason in other.reasons]
        for reason in (one.wants, *one.reasons):
            assert reason.text.endswith(".")
            assert not HANGUL.search(reason.text)
            assert re.search(r"section|appendix|table|abstract", reason.source), reason.source
        for reason in (other.wants, *other.reasons):
            assert reason.text == unicodedata.normalize("NFC", reason.text)
            sentences = re.findall(r"[가-힣]+(?=\.(?:\s|$))", reason.text)
            assert sentences
            assert all(sentence.endswith(("니다", "십시오")) for sentence in sentences), sentences
        assert not re.search(r"\{|\}", " ".join(reason.text for reason in (*one.reasons, *other.reasons)))


def test_translation_is_never_an_encoders():
    fits = {one.family: one.fits for one in advise("translation")}
    assert fits == {Family.ENCODER_DECODER: True, Family.DECODER: True, Family.ENCODER: False}
    assert ways_of(Task.TRANSLATION, Family.ENCODER) == ()
    (encoder,) = (one for one in advise("translation") if one.family is Family.ENCODER)
    assert {reason.about for reason in encoder.reasons} == {"attends", "pretrained", "how"}


def test_the_families_that_fit_here_are_those_the_toolkit_supports():
    for task in Task:
        assert set(fitting_families(task)) == set(SPECS[task].methods)
    assert fitting_families("question-answering") == ()


def test_zero_shot_chooses_one_class():
    assert Method.ZERO_SHOT in ways_of(Task.TEXT_CLASSIFICATION, Family.DECODER)
    for problem in (Problem.REGRESSION, Problem.MULTI_LABEL):
        ways = ways_of(Task.TEXT_CLASSIFICATION, Family.DECODER, problem=problem)
        assert Method.ZERO_SHOT not in ways
        assert Method.PEFT in ways


def test_a_family_that_does_not_fit_is_told_with_the_families_that_would():
    encoder, decoder, both = (misfit("translation", family) for family in Family)
    assert str(encoder).startswith(
        "translation is not what a model can do that is encoder-only; with encoder-decoder or decoder it is"
    )
    assert decoder is None
    assert both is None
    assert "decoder-only; with encoder it is" in str(misfit("fill-mask", Family.DECODER))
    assert misfit("text-generation", Family.DECODER) is None
    assert "decoder or encoder-decoder" in str(misfit("text-generation", Family.ENCODER))


def test_unknown_words_get_the_nearest():
    with pytest.raises(RecipeError, match="did you mean 'translation'"):
        advise("translations")
    with pytest.raises(RecipeError, match="allowed: en, ko"):
        advise("translation", language="de")


def test_rules_speak_only_of_what_is_known():
    def about(name: str, **known: object) -> str:
        return " ".join(
            r.text for one in advise(Task.TEXT_CLASSIFICATION, **known) for r in one.reasons if r.about == name
        )

    assert about("language") == ""
    assert about("length", length_p95_tokens=512.0) == ""
    assert "Longformer" in about("length", length_p95_tokens=513.0)
    assert "window of w tokens" not in about("length", length_p95_tokens=1000.0)
    assert "window of w tokens" in about("length", length_p95_tokens=2000.0)
    assert "300 rows" in about("rows", n_rows=300)
    assert "random weights" in about("rows", n_rows=499_999)
    assert "random weights" not in about("rows", n_rows=500_000)
    assert "jamo" in about("language", text_language="ko")
    assert "of your texts" not in about("cost")
    shares = re.findall(r"\d+%", about("cost", length_p95_tokens=2304.0))
    assert shares == ["50%", "33%", "33%", "20%", "50%", "33%"]  # encoder, decoder, encoder-decoder


@pytest.mark.parametrize("task", task_rules())
def test_long_texts_are_spoken_of_where_nobody_knows_how_long_they_are(task: str):
    for one in advise(task):
        told = " ".join(reason.text for reason in one.reasons if reason.about in ("cost", "length"))
        assert not one.fits or ("window of w tokens" in told and "24·d²" in told)
        assert not one.fits or one.family is Family.DECODER or re.search("BigBird|LongT5", told)


@pytest.mark.parametrize("family", [Family.ENCODER, Family.DECODER])
def test_the_length_at_which_attention_is_half_of_the_work_is_the_one_that_is_told(family: Family):
    is_causal = family is Family.DECODER
    (rule,) = (r for r in family_rules() if r.about == "cost" and r.families == (family,) and not (r.when or r.tasks))
    for width in (384, 768):
        n_tokens = (12 if is_causal else 6) * width
        assert attention_share(n_tokens, width, is_causal=is_causal) == 0.5
        assert all(f"{n_tokens:,}" in text for text in (rule.text(language, Facts()) for language in LANGUAGES))


@pytest.mark.parametrize("n_tokens", [24, 96, 480])
def test_the_share_of_attention_is_what_a_counter_of_operations_finds(n_tokens: int):
    width = 16
    config = BertConfig(
        vocab_size=8,
        hidden_size=width,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=4 * width,
        max_position_embeddings=512,
        attn_implementation="eager",
    )
    model = BertModel(config, add_pooling_layer=False).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.zeros(1, n_tokens, dtype=torch.long))
    counts = {str(name): flops for name, flops in counter.get_flop_counts()["Global"].items()}
    attention = sum(flops for name, flops in counts.items() if "bmm" in name)
    linear = sum(counts.values()) - attention
    assert attention / (attention + linear) == pytest.approx(attention_share(n_tokens, width))
    # What a causal mask leaves: of n tokens the first looks at one, the last at all.
    looked_at = np.tril(np.ones((n_tokens, n_tokens))).mean()
    causal = attention * looked_at / (attention * looked_at + linear)
    assert causal == pytest.approx(attention_share(n_tokens + 1, width, is_causal=True))


def test_lines_for_the_terminal_tell_what_all_share_once():
    lines = advice_lines(advise(Task.TEXT_CLASSIFICATION, **KNOWN))
    assert lines[0] == "text-classification: encoder or decoder? Does the task want understanding or generation?"
    assert lines[2].startswith("It wants understanding. ")
    assert [line for line in lines if line.endswith(": fits")] == [f"{family}: fits" for family in Family]
    assert sum("24·d²" in line for line in lines) == 6  # of each family the rule, and the share of it at this length
    assert sum("window of w tokens" in line for line in lines) == 1
    assert sum(line.startswith("  methods: full, peft") for line in lines) == 3
    korean = advice_lines(advise(Task.TRANSLATION, language="ko"))
    assert korean[0].startswith("translation: 인코더인가, 디코더인가?")
    assert "encoder: 맞지 않습니다" in korean
    assert korean[-1].startswith("여기까지는 규칙입니다.")
