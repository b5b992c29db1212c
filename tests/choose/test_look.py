"""What tokenizers do to texts, above all to Korean, is seen and said in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import tiny_models
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from toolkit.adapters.open import open_tokenizer
from toolkit.choose.look.candidates import Candidate, find_candidates
from toolkit.choose.look.look import Look, TokenLook, look, look_lines
from toolkit.data import prepare_classification, prepare_texts, read_table
from toolkit.names import Problem, Task
from toolkit.recipe.schema import DataSection

WriteCsv = Callable[..., Path]
PACKAGED = ("packaged:minilm", "packaged:smollm2", "packaged:minilm2minilm")


@pytest.fixture(scope="module")
def packaged() -> tuple[Candidate, ...]:
    return find_candidates([*PACKAGED, "scratch", "no-such/model"], task=Task.TEXT_CLASSIFICATION)


@pytest.fixture(scope="module")
def dialogue() -> list[tuple[str, str]]:
    """Korean questions and answers, told apart by their labels."""
    table = read_table("packaged:chatterbot", subset="korean")
    asked = [(str(text), "question") for text in dict.fromkeys(table.columns["source"])]
    return asked + [(str(text), "answer") for text in dict.fromkeys(table.columns["target"])]


def looked(path: Path, candidates: Sequence[Candidate], *, problem: Problem = Problem.SINGLE_LABEL) -> Look:
    data = prepare_classification(
        DataSection(source=str(path), columns={"text": "text", "label": "label"}), problem=problem
    )
    return look(data, candidates, problem=problem)


def of(found: Look, name: str) -> tuple[TokenLook, list[str]]:
    (one,) = (one for one in found.tokens if one.name == name)
    return one, [line for line in found.warnings if line.startswith(f"{name}: ")]


def test_korean_through_an_english_uncased_tokenizer(
    dialogue: list[tuple[str, str]], packaged: tuple[Candidate, ...], write_csv: WriteCsv
):
    found = looked(write_csv(dialogue), packaged)
    assert found.text_language == "ko"
    one, warnings = of(found, "packaged:minilm")
    assert one.losses.broken_syllables == 1.0
    assert one.losses.unknown_characters > 0.1
    assert one.report.tokens_per_character > 1
    assert one.reads_badly
    jamo, unknown, many = warnings
    assert "100% of the Hangul syllables apart into jamo" in jamo
    assert "such as klue/" in jamo
    assert re.search(r"\d+% of the characters stand in words that its tokenizer gives up as unknown", unknown)
    assert "tokens a character, more than one" in many
    assert of(found, "packaged:minilm2minilm")[0].reads_badly


def test_korean_through_a_tokenizer_of_bytes(
    dialogue: list[tuple[str, str]], packaged: tuple[Candidate, ...], write_csv: WriteCsv
):
    one, warnings = of(looked(write_csv(dialogue), packaged), "packaged:smollm2")
    assert (one.losses.broken_syllables, one.losses.unknown_characters, one.reads_badly) == (0.0, 0.0, False)
    assert 1.5 < one.report.tokens_per_character < 3  # a syllable has three bytes in UTF-8
    (many,) = warnings
    assert "tokens a character, more than one" in many


def test_english_gets_no_warning(
    sentences: list[tuple[str, str]], packaged: tuple[Candidate, ...], write_csv: WriteCsv
):
    found = looked(write_csv(sentences[:200]), packaged)
    assert found.text_language is None
    assert [one.name for one in found.tokens] == list(PACKAGED)
    assert found.warnings == ()
    assert found.length_p95_tokens == min(one.report.p95_tokens for one in found.tokens)
    assert all(one.report.tokens_per_character < 0.4 for one in found.tokens)


def test_figures_agree_with_the_tokenizer_by_hand(write_csv: WriteCsv, packaged: tuple[Candidate, ...]):
    texts = ["영화가 좋다", "a film café", "좋은 날", "the end"]
    path = write_csv([(text, str(i % 2)) for i, text in enumerate(texts * 10)])
    data = prepare_classification(DataSection(source=str(path), test_size=2, validation_size=2))
    train = data.train["text"]
    one, _ = of(look(data, packaged, problem=Problem.SINGLE_LABEL), "packaged:minilm")
    tokenizer, _ = open_tokenizer(packaged[0].located)  # type: ignore[arg-type]
    words = [word for text in train for word in text.split()]
    lost = sum(len(word) for word in words if tokenizer.tokenize(word) == ["[UNK]"])
    assert lost > 0
    assert one.losses.unknown_characters == pytest.approx(lost / sum(map(len, words)))
    assert one.losses.lost_accents == pytest.approx(
        sum(word == "café" for word in words) / sum(len(re.findall(r"\w", word)) for word in words)
    )
    assert one.attention_share == pytest.approx(one.report.p95_tokens / (one.report.p95_tokens + 6 * 384))
    causal, _ = of(look(data, packaged, problem=Problem.SINGLE_LABEL), "packaged:smollm2")
    assert causal.attention_share == pytest.approx(causal.report.p95_tokens / (causal.report.p95_tokens + 12 * 576))

    # A recipe that cuts texts sooner decides what is cut.
    shorter, _ = of(look(data, packaged, problem=Problem.SINGLE_LABEL, max_length=4), "packaged:minilm")
    assert shorter.report.max_length == 4
    assert shorter.report.truncation_rate == pytest.approx(
        np.mean([len(tokenizer(text).input_ids) > 4 for text in train])
    )


def test_a_tokenizer_that_composes_breaks_nothing(tmp_path: Path, write_csv: WriteCsv):
    folder = tiny_models.pretrained("bert", tmp_path / "bert")  # normal form C
    found = looked(
        write_csv([("그 영화 는 좋다", "1"), ("그 영화 는 나쁘다", "0")] * 20),
        find_candidates([str(folder)], task=Task.TEXT_CLASSIFICATION),
    )
    (one,) = found.tokens
    assert (one.losses.broken_syllables, one.losses.unknown_characters, one.losses.lost_accents) == (0.0, 0.0, 0.0)
    assert found.text_language == "ko"


def test_only_a_share_of_the_syllables_may_be_broken(tmp_path: Path, write_csv: WriteCsv):
    folder = tiny_models.pretrained("bert", tmp_path / "bert")
    tokenizer = Tokenizer(models.WordLevel({token: i for i, token in enumerate(tiny_models.TOKENS)}, unk_token="<unk>"))
    decomposed = unicodedata.normalize("NFD", "영")
    tokenizer.normalizer = normalizers.Replace("영", decomposed)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    settings = {"unk_token": "<unk>", "pad_token": "<pad>", "model_input_names": ["input_ids", "attention_mask"]}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **settings).save_pretrained(folder)
    (one,) = looked(
        write_csv([("그 영화 는", "1"), ("그 영화 는", "0")] * 20),
        find_candidates([str(folder)], task=Task.TEXT_CLASSIFICATION),
    ).tokens
    assert one.losses.broken_syllables == pytest.approx(1 / 4)
    assert one.losses.unknown_characters == pytest.approx(2 / 4)  # 영화, of which one letter was taken apart


def test_texts_that_are_cut_and_dear_tokens_are_warned_of(tmp_path: Path, write_csv: WriteCsv):
    folder = tiny_models.pretrained("qwen2", tmp_path / "qwen2")  # a token a byte
    word = tiny_models.pretrained("bert", tmp_path / "bert")
    rows = [("the film is good " * 3, "1"), ("the film is bad", "0")] * 20
    found = looked(write_csv(rows), find_candidates([str(folder), str(word)], task=Task.TEXT_CLASSIFICATION))
    one, warnings = of(found, str(folder))
    assert one.report.truncation_rate == pytest.approx(0.5, abs=0.05)
    assert any("of the texts are longer than the 40 tokens" in line for line in warnings)
    assert any(re.search(rf"times the tokens of {re.escape(str(word))}", line) for line in warnings)
    assert of(found, str(word))[1] == []


def test_what_the_doctor_says_of_the_training_rows_is_there(write_csv: WriteCsv):
    rows = [(f"text {i}", "common") for i in range(60)] + [("rare one", "rare"), ("rare two", "rare")]
    found = looked(write_csv([*rows, *rows[:5], ("text 1", "rare")]), ())
    assert found.classes is not None
    assert list(found.classes) == ["common", "rare"]
    assert sum(found.classes.values()) == found.rows
    assert any("times the rows of the smallest" in line for line in found.warnings)
    assert any("1 class with fewer than 5 rows" in line for line in found.warnings)
    assert len(set(found.warnings)) == len(found.warnings)
    assert (found.tokens, found.length_p95_tokens) == ((), None)


@pytest.mark.parametrize(
    ("problem", "labels"), [(Problem.MULTI_LABEL, ("a;b", "b", "")), (Problem.REGRESSION, ("0.5", "1", "2.5"))]
)
def test_several_labels_and_numbers(problem: Problem, labels: Sequence[str], write_csv: WriteCsv):
    rows = [(f"text {i}", labels[i % 3]) for i in range(60)]
    found = looked(write_csv(rows), (), problem=problem)
    counts = {"b": 2, "a": 1}
    expected = None if problem is Problem.REGRESSION else counts
    assert (found.classes and {name: round(3 * n / found.rows) for name, n in found.classes.items()}) == expected


def test_texts_without_labels(packaged: tuple[Candidate, ...]):
    section = DataSection(source="packaged:chatterbot", subset="korean")
    data = prepare_texts(section, columns=("source", "target"))
    found = look(data, packaged[1:3], problem=Problem.SINGLE_LABEL)
    assert found.classes is None
    assert found.text_language == "ko"
    decoder, both = found.tokens
    read, split = packaged[1].tokenizer(), packaged[2].tokenizer()
    assert read is not None
    assert split is not None
    pairs = list(zip(data.train["source"], data.train["target"], strict=True))
    assert decoder.report.max_tokens == max(len(read(*pair)["input_ids"]) for pair in pairs)
    halves = [text for pair in pairs for text in pair]
    assert both.report.max_tokens == max(len(split(text)["input_ids"]) for text in halves)


def test_lines_for_the_terminal(dialogue: list[tuple[str, str]], packaged: tuple[Candidate, ...], write_csv: WriteCsv):
    found = looked(write_csv(dialogue), packaged)
    lines = look_lines(found)
    assert lines[0] == (
        f"{found.rows:,} rows to learn from of 2 classes, the smallest "
        f"{min(found.classes, key=found.classes.__getitem__)!r} with {min(found.classes.values()):,}"  # type: ignore[union-attr,arg-type]
    )
    header, *rows = lines[2:]
    assert "into jamo" in header
    assert [line.split()[0] for line in rows] == list(PACKAGED)
    one, _ = of(found, "packaged:minilm")
    assert f" {one.losses.broken_syllables:.0%} " in rows[0]
    assert f" {one.report.p95_tokens:,.0f} " in rows[0]


def test_jamo_are_a_column_for_korean_alone(
    sentences: list[tuple[str, str]], packaged: tuple[Candidate, ...], write_csv: WriteCsv
):
    path = write_csv(sentences[:200])
    assert not any("jamo" in line for line in look_lines(looked(path, packaged)))
    assert len(look_lines(looked(path, ()))) == 1
