"""Tokens of long and short sentences, their labels, and their way back to words."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import tokenizer_for
from token_texts import KINDS, TEXTS, tokenizer_of
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from toolkit.data.packaged import packaged_model_folder
from toolkit.errors import RecipeError
from toolkit.tasks.token_classification.encode import LabelCollator, encode_windows, label_windows, windows_of
from toolkit.tasks.token_classification.entities import Entity, tags_of
from toolkit.tasks.token_classification.predictions import Pieces, predictions_of, read_tokens, reference_entities
from toolkit.tasks.token_classification.schemes import IOB2, Kind, Scheme
from toolkit.tasks.token_classification.sentences import Sentence
from toolkit.tasks.token_classification.words import cut_words, join_words
from toolkit.transformer.cross_entropy import IGNORED

NAMES = ["minilm", "bert", "gpt2", "qwen2", "own-decoder", *KINDS]


@cache
def tokenizer_named(name: str) -> PreTrainedTokenizerFast:
    if name == "minilm":
        return AutoTokenizer.from_pretrained(packaged_model_folder("packaged:minilm"))
    return tokenizer_of(name) if name in KINDS else tokenizer_for(name)


def perfect(sentence: Sentence, tokenizer: PreTrainedTokenizerFast, scheme: Scheme, max_length: int = 500) -> Pieces:
    """Return the tokens of a sentence with the tags that they are trained to have."""
    tags = sentence.tags or []
    names = sorted(scheme.completed([*tags, "O"]))
    windows = windows_of([sentence.text], tokenizer, max_length=max_length)
    labels = label_windows([sentence], windows, labels={tag: i for i, tag in enumerate(names)}, scheme=scheme)
    kept = [[index for index, owned in enumerate(window.owned) if owned] for window in windows]
    found = [names[row[index]] for row, owned in zip(labels, kept, strict=True) for index in owned]
    assert all(
        (np.array(row) >= 0).tolist() == window.owned.tolist() for row, window in zip(labels, windows, strict=True)
    )
    offsets = [window.offsets[window.owned] for window in windows]
    return Pieces(np.concatenate([*offsets, np.empty((0, 2), dtype=np.int64)]), found, np.ones(len(found)))


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("max_length", [5, 8, 13, 40])
def test_windows_give_each_token_once(name: str, max_length: int, side: str) -> None:
    tokenizer = tokenizer_named(name)
    texts = ["the film is good , the 그 film was bad ! " * 3, "", "dull", "not very good the film is"]
    tokenizer.truncation_side = side
    windows = windows_of(texts, tokenizer, max_length=max_length)
    assert [window.row for window in windows] == sorted(window.row for window in windows)
    for row, text in enumerate(texts):
        own = [window for window in windows if window.row == row]
        ids = [i for each in own for i, kept in zip(each.inputs["input_ids"], each.owned, strict=True) if kept]
        assert ids == tokenizer(text, add_special_tokens=False)["input_ids"]
        assert all(len(each.offsets) <= max_length for each in own)
        assert len({len(each.offsets) for each in own}) <= 1  # no short last window
        assert len({tuple(np.flatnonzero(each.special)) for each in own}) <= 1


def test_a_text_of_one_window_is_read_as_the_tokenizer_gives_it() -> None:
    for name in NAMES:
        for text in TEXTS:
            (window,) = windows_of([text], tokenizer_named(name), max_length=500)
            assert window.inputs["input_ids"] == tokenizer_named(name)(text)["input_ids"]


@given(st.integers(18, 300), st.integers(6, 60))
@settings(max_examples=60, deadline=None)
def test_a_token_is_owned_where_it_has_most_context(n_words: int, max_length: int) -> None:
    windows = windows_of(["a " * n_words], tokenizer_named("bert"), max_length=max_length)
    room = max_length - 2
    for number, window in enumerate(windows):
        before, behind = np.flatnonzero(window.owned)[0] - 1, len(window.owned) - 2 - np.flatnonzero(window.owned)[-1]
        assert before == 0 if number == 0 else before >= room // 4 // 2
        assert behind == 0 if number == len(windows) - 1 else behind >= room // 4 // 2
    owned = sum(int(window.owned.sum()) for window in windows)
    assert owned == n_words
    assert len(windows) == 1 + max(0, -(-(n_words - room) // (room - room // 4)))


def test_no_room_is_told() -> None:
    with pytest.raises(RecipeError, match="2 tokens have no room for a text beside 2 special ones"):
        windows_of(["a b"], tokenizer_named("bert"), max_length=2)


def test_labels_of_tokens() -> None:
    text, spans = join_words(["Zurichberg", "is", "Rossini"])
    windows = windows_of([text], tokenizer_named("minilm"), max_length=40)
    index = {"O": 0, "B-L": 1, "I-L": 2, "B-P": 3, "I-P": 4}
    (found,) = label_windows([Sentence(text, spans, ["B-L", "O", "B-P"])], windows, labels=index, scheme=IOB2)
    tokens = tokenizer_named("minilm").convert_ids_to_tokens(windows[0].inputs["input_ids"])
    assert found[0] == found[-1] == IGNORED
    n_first = tokens.index("is") - 1
    assert n_first > 1
    assert found[1 : 1 + n_first] == [1, *[2] * (n_first - 1)]
    assert found[1 + n_first] == 0
    (strange,) = label_windows([Sentence(text, spans, ["B-X", "O", "O"])], windows, labels=index, scheme=IOB2)
    assert strange[1] == IGNORED


def test_several_tokens_of_one_character_begin_one_entity() -> None:
    sentence = Sentence("그 영", cut_words("그 영"), ["B-L", "I-L"])
    assert perfect(sentence, tokenizer_named("qwen2"), IOB2).tags == [
        "B-L",
        *["I-L"] * 6,
    ]  # three bytes, a blank, three


def test_a_lone_blank_is_no_part_of_the_next_word() -> None:
    """RoBERTa's tokenizer gives it the place of the word behind it, with a length of none."""
    text = "x Ann 3 Lee y"
    for scheme, tags in ((IOB2, "O B-A I-A I-A O"), (IOB2, "O B-A B-A I-A O"), (Scheme(Kind.BIOES), "O B-A E-A S-A O")):
        sentence = Sentence(text, cut_words(text), tags.split())
        for name in NAMES[:-1]:  # the last one has a token of parts of two words
            pieces = perfect(sentence, tokenizer_named(name), scheme)
            assert read_tokens(pieces, scheme) == [(*each[:3], 1.0) for each in reference_entities(sentence, scheme)]
    (window,) = windows_of([text], tokenizer_named("byte-bpe"), max_length=50)
    assert [int(start) for start, end in window.offsets[window.owned] if start == end]  # there are such blanks


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_perfect_labels_give_tags_and_entities_back(name: str, kind: Kind, data: st.DataObject) -> None:
    """Read as words, and as tokens as the pipeline does; texts of words, of characters, and in windows."""
    scheme = Scheme(kind)
    by_character = data.draw(st.booleans())
    if by_character:
        text = data.draw(st.sampled_from([*TEXTS, "뉴 욕에 감", "a\u0301 각"]))[: data.draw(st.integers(1, 30))]
        words = [(index, index + 1) for index in range(len(text))]
    else:
        words_of_it = data.draw(
            st.lists(
                st.sampled_from(["Zurich", "서울에", "is", ",", "Rossini-Bellini", "1999", "É"]), min_size=1, max_size=9
            )
        )
        text, words = join_words(words_of_it)
    entities: list[Entity] = []
    position = 0
    for gap, length, label in data.draw(
        st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from("LP")), max_size=4)
    ):
        start, end = position + gap, position + gap + length
        if end > len(words):
            break
        touches = entities and entities[-1].end == start and entities[-1].label == label
        between = [text[slice(*word)] for word in words[entities[-1].end if entities else 0 : start]]
        # Runs cannot tell two that touch; nor can IOB1 where the blank between them is a word, and no token.
        if (kind is Kind.PLAIN and touches) or (
            kind in (Kind.PLAIN, Kind.IOB1) and all(map(str.isspace, between)) and between
        ):
            break
        # An entity of characters neither begins nor ends with a blank: there is no token for that.
        if any(text[slice(*words[edge])].isspace() for edge in (start, end - 1)):
            break
        entities.append(Entity(start, end, label))
        position = end
    sentence = Sentence(text, words, tags_of(entities, len(words), scheme))
    max_length = data.draw(st.sampled_from([9, 16, 500]))
    pieces = perfect(sentence, tokenizer_named(name), scheme, max_length)
    covered = {index for start, end in pieces.places for index in range(start, end)}
    right = reference_entities(sentence, scheme)
    tagged = [range(*each[:2]) for each in right]
    edges = {edge for each in right for edge in each[:2]}
    crossed = any(start < edge < end for start, end in pieces.places for edge in edges)
    # A token may hold the end of an entity and what follows it, and a character may have none.
    if not crossed and all(index in covered or text[index].isspace() for span in tagged for index in span):
        found = read_tokens(pieces, scheme)
        assert [each[:3] for each in found] == [each[:3] for each in right]
        by_words = predictions_of([0], [sentence], [pieces], given=True, scheme=scheme)
        assert by_words.tags == [sentence.tags]
        assert [each[:3] for each in by_words.entities[0]] == [each[:3] for each in right]


def test_words_without_tokens_go_by_their_neighbours() -> None:
    """Where each character is a word, blanks are words of the data and no tokens."""
    sentence = Sentence("뉴 욕에", [(0, 1), (1, 2), (2, 3), (3, 4)], ["B-LC", "I-LC", "I-LC", "O"])
    for places, tags in (
        ([(0, 1), (2, 3), (3, 4)], ["B-LC", "I-LC", "O"]),
        ([(0, 1), (2, 2), (2, 3), (3, 4)], ["B-LC", "I-LC", "I-LC", "O"]),
    ):
        pieces = Pieces(np.array(places), tags, np.ones(len(tags)))
        found = predictions_of([0], [sentence], [pieces], given=True, scheme=IOB2)
        assert found.tags == [sentence.tags]
        assert found.entities[0][0][:3] == (0, 3, "LC")


@pytest.mark.parametrize(
    ("scheme", "tags", "inside"), [(IOB2, "B-LC I-LC O", "B-LC O"), (Scheme(Kind.BIOES), "B-LC E-LC O", "S-LC O")]
)
def test_a_token_of_two_words(scheme: Scheme, tags: str, inside: str) -> None:
    sentence = Sentence("서울에", [(0, 1), (1, 2), (2, 3)], tags.split())
    pieces = Pieces(np.array([(0, 2), (2, 3)]), inside.split(), np.ones(2))
    assert predictions_of([0], [sentence], [pieces], given=True, scheme=scheme).tags == [tags.split()]


def test_given_words_are_read_strictly_and_texts_as_pipelines_do() -> None:
    sentence = Sentence("Ann met Bo", [(0, 3), (4, 7), (8, 10)], ["B-PER", "O", "B-PER"])
    pieces = Pieces(np.array(sentence.words), ["B-PER", "O", "I-PER"], np.array([0.5, 0.75, 1.0]))
    strict = predictions_of([0], [sentence], [pieces], given=True, scheme=IOB2)
    assert strict.entities == [[(0, 3, "PER", 0.5)]]
    assert strict.tags == [["B-PER", "O", "I-PER"]]
    loose = predictions_of([0], [sentence], [pieces], given=False, scheme=IOB2)
    assert loose.entities == [[(0, 3, "PER", 0.5), (8, 10, "PER", 1.0)]]


def test_two_that_touch_stay_two() -> None:
    scheme = Scheme(Kind.BIOES)
    sentence = Sentence("AnnBo", [(0, 3), (3, 5)], ["S-PER", "S-PER"])
    for name in NAMES:
        pieces = perfect(sentence, tokenizer_named(name), scheme)
        if 3 in {start for start, _ in pieces.places}:
            assert [each[:2] for each in read_tokens(pieces, scheme)] == [(0, 3), (3, 5)]


def test_batches_pad_labels_with_what_the_loss_ignores() -> None:
    windows = windows_of(["a b c", "a"], tokenizer_named("bert"), max_length=40)
    encoded = encode_windows(windows, [[IGNORED, 1, 2, 1, IGNORED], [IGNORED, 2, IGNORED]])
    batch = LabelCollator(0)([encoded[0], encoded[1]])
    assert batch["labels"].tolist() == [[-100, 1, 2, 1, -100], [-100, 2, -100, -100, -100]]
    assert batch["attention_mask"].sum(dim=1).tolist() == [5, 3]
    assert batch["input_ids"].dtype == torch.int64
    assert set(batch) == {"input_ids", "attention_mask", "labels"}
