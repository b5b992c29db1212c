"""Tokens of long and short sentences, their labels, and their way back to words."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import tokenizer_for
from transformers import AutoTokenizer

from toolkit.data.packaged import packaged_model_folder
from toolkit.tasks.token_classification.encode import (
    LabelCollator,
    encode_windows,
    first_tokens,
    label_tokens,
    windows_of,
)
from toolkit.tasks.token_classification.predictions import Pieces, find_entities, predictions_of, reference_entities
from toolkit.tasks.token_classification.schemes import Entity, Scheme, tags_of
from toolkit.tasks.token_classification.sentences import Sentence
from toolkit.tasks.token_classification.words import cut_words, join_words
from toolkit.transformer.cross_entropy import IGNORED

LABELS = {"O": 0, "B-L": 1, "I-L": 2, "B-P": 3, "I-P": 4}
NAMES = list(LABELS)


@pytest.fixture(scope="module")
def tokenizers() -> dict[str, object]:
    minilm = AutoTokenizer.from_pretrained(packaged_model_folder("packaged:minilm"))
    return {"minilm": minilm, **{name: tokenizer_for(name) for name in ("bert", "gpt2", "qwen2", "own-decoder")}}


@pytest.mark.parametrize("name", ["minilm", "bert", "gpt2", "qwen2", "own-decoder"])
@pytest.mark.parametrize("max_length", [5, 8, 13, 40])
def test_windows_give_each_token_once(tokenizers: dict, name: str, max_length: int) -> None:
    tokenizer = tokenizers[name]
    texts = ["the film is good , the 그 film was bad ! " * 3, "", "dull", "not very good the film is"]
    windows = windows_of(texts, tokenizer, max_length=max_length)
    for row, text in enumerate(texts):
        own = [window for window in windows if window.row == row]
        ids = [i for each in own for i, kept in zip(each.inputs["input_ids"], each.owned, strict=True) if kept]
        assert ids == tokenizer(text, add_special_tokens=False)["input_ids"]
        assert all(len(each.offsets) <= max_length for each in own)


def test_a_token_is_owned_where_it_has_most_context(tokenizers: dict) -> None:
    windows = windows_of(["a b c d e f g h " * 8], tokenizers["bert"], max_length=18)
    assert len(windows) > 3
    spare = 16 // 4 // 2
    for window in windows[1:-1]:
        of_text = np.flatnonzero(~window.special)
        owned = np.flatnonzero(window.owned)
        assert owned[0] - of_text[0] == spare
        assert of_text[-1] - owned[-1] == spare


def test_labels_of_tokens(tokenizers: dict) -> None:
    words = ["Zurichberg", "is", "Rossini"]
    text, spans = join_words(words)
    (window,) = windows_of([text], tokenizers["minilm"], max_length=40)
    found = label_tokens(Sentence(text, spans, ["B-L", "O", "B-P"]), window, labels=LABELS, scheme=Scheme.IOB2)
    tokens = tokenizers["minilm"].convert_ids_to_tokens(window.inputs["input_ids"])
    inside = dict(zip(tokens, found, strict=True))
    assert found[0] == found[-1] == IGNORED
    assert found[1] == LABELS["B-L"]
    assert inside["is"] == LABELS["O"]
    n_first = tokens.index("is") - 1
    assert n_first > 1
    assert found[1 : 1 + n_first] == [LABELS["B-L"], *[LABELS["I-L"]] * (n_first - 1)]
    strange = label_tokens(Sentence(text, spans, ["B-X", "O", "O"]), window, labels=LABELS, scheme=Scheme.IOB2)
    assert strange[1] == IGNORED


def test_several_tokens_of_one_character_begin_one_entity(tokenizers: dict) -> None:
    sentence = Sentence("그 영", cut_words("그 영"), ["B-L", "I-L"])
    (window,) = windows_of([sentence.text], tokenizers["qwen2"], max_length=40)
    found = label_tokens(sentence, window, labels=LABELS, scheme=Scheme.IOB2)
    assert len(found) == 7  # three bytes, a blank, three bytes
    assert found == [LABELS["B-L"], *[LABELS["I-L"]] * 6]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["Zurich", "서울에", "is", ",", "Rossini-Bellini", "1999", "É"]), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from("LP")), max_size=4),
    st.sampled_from(["minilm", "qwen2"]),
    st.sampled_from([9, 16, 64]),
)
def test_perfect_labels_give_the_entities_back(
    tokenizers: dict, words: list[str], parts: list[tuple[int, int, str]], name: str, max_length: int
) -> None:
    """Read as tokens, as the pipeline does, and as words: both give what was labelled."""
    entities, position = [], 0
    for gap, length, label in parts:
        if position + gap + length <= len(words):
            entities.append(Entity(position + gap, position + gap + length, label))
            position += gap + length
    text, spans = join_words(words)
    sentence = Sentence(text, spans, tags_of(entities, len(words)))
    pieces = []
    for window in windows_of([text], tokenizers[name], max_length=max_length):
        labels = label_tokens(sentence, window, labels=LABELS, scheme=Scheme.IOB2)
        kept = np.flatnonzero(window.owned)
        pieces.append((window.offsets[kept], [NAMES[labels[index]] for index in kept]))
    joined = Pieces(
        np.concatenate([offsets for offsets, _ in pieces]),
        [tag for _, tags in pieces for tag in tags],
        np.ones(sum(len(tags) for _, tags in pieces)),
    )
    right = [each[:3] for each in reference_entities(sentence, Scheme.IOB2)]
    assert [each[:3] for each in find_entities(joined, Scheme.IOB2)] == right
    by_words = predictions_of([0], [sentence], [joined], given=True, scheme=Scheme.IOB2)
    assert by_words.tags == [sentence.tags]
    assert [each[:3] for each in by_words.entities[0]] == right


def test_ends_of_bioes_are_joined_from_tokens(tokenizers: dict) -> None:
    labels = {tag: index for index, tag in enumerate(["O", "S-L", "B-L", "I-L", "E-L"])}
    text, spans = join_words(["Zurichberg", "is", "Rossini", "Zurichberg"])
    sentence = Sentence(text, spans, ["S-L", "O", "B-L", "E-L"])
    (window,) = windows_of([text], tokenizers["minilm"], max_length=40)
    found = label_tokens(sentence, window, labels=labels, scheme=Scheme.BIOES)
    kept = np.flatnonzero(window.owned)
    pieces = Pieces(window.offsets[kept], [list(labels)[found[index]] for index in kept], np.ones(len(kept)))
    assert [each[:3] for each in find_entities(pieces, Scheme.BIOES)] == [(0, 10, "L"), (14, 32, "L")]


def test_first_tokens_of_words() -> None:
    offsets = np.array([[0, 0], [0, 2], [2, 4], [5, 9], [9, 9]])
    assert first_tokens([(0, 3), (3, 4), (4, 5), (5, 7), (7, 9), (9, 12)], offsets).tolist() == [1, 2, -1, 3, 3, -1]


def test_batches_pad_labels_with_what_the_loss_ignores(tokenizers: dict) -> None:
    windows = windows_of(["a b c", "a"], tokenizers["bert"], max_length=40)
    encoded = encode_windows(windows, [[IGNORED, 1, 2, 1, IGNORED], [IGNORED, 2, IGNORED]])
    batch = LabelCollator(0)([encoded[0], encoded[1]])
    assert batch["labels"].tolist() == [[-100, 1, 2, 1, -100], [-100, 2, -100, -100, -100]]
    assert batch["attention_mask"].sum(dim=1).tolist() == [5, 3]
    assert batch["input_ids"].dtype == torch.int64
    assert set(batch) == {"input_ids", "attention_mask", "labels"}
