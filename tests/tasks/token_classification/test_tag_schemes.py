"""Tags and the entities that they mark."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities

from toolkit.tasks.token_classification.schemes import (
    Entity,
    Scheme,
    continued,
    entities_of,
    find_scheme,
    is_foreign,
    joined_ends,
    n_illegal,
    tags_of,
)

LABELS = ("PER", "LOC", "a-b")


def tags(prefixes: str) -> st.SearchStrategy[list[str]]:
    names = [f"{prefix}-{label}" for prefix in prefixes for label in ("PER", "LOC", "X")]
    return st.lists(st.sampled_from(["O", "O", *names]), max_size=12)


@given(tags("BI"))
def test_entities_are_those_of_seqeval(sentence: list[str]) -> None:
    expected = [Entity(start, end + 1, label) for label, start, end in get_entities(sentence)]
    assert entities_of(sentence, Scheme.IOB2) == expected
    assert entities_of(sentence, Scheme.IOB1) == expected


@given(tags("BIES"))
def test_entities_with_ends_are_those_of_seqeval(sentence: list[str]) -> None:
    expected = [Entity(start, end + 1, label) for label, start, end in get_entities(sentence)]
    assert entities_of(sentence, Scheme.BIOES) == expected
    bilou = [tag.replace("E-", "L-").replace("S-", "U-") for tag in sentence]
    assert entities_of(bilou, Scheme.BIOES) == expected


@given(st.lists(st.sampled_from(["O", "NOUN", "VERB"]), max_size=9))
def test_plain_tags_mark_runs(sentence: list[str]) -> None:
    entities = entities_of(sentence, Scheme.PLAIN)
    assert [entity.label for entity in entities for _ in range(entity.end - entity.start)] == [
        tag for tag in sentence if tag != "O"
    ]
    for first, second in pairwise(entities):
        assert first.end < second.start or first.label != second.label


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from(LABELS)), max_size=5))
def test_tags_of_entities_give_them_back(parts: list[tuple[int, int, str]]) -> None:
    entities, position = [], 0
    for gap, length, label in parts:
        entities.append(Entity(position + gap, position + gap + length, label))
        position += gap + length
    written = tags_of(entities, position + 1)
    assert entities_of(written, Scheme.IOB2) == entities
    assert n_illegal(written, Scheme.IOB2) == 0


@pytest.mark.parametrize(
    ("sentences", "scheme"),
    [
        ([["B-PER", "I-PER", "O", "B-LOC"]], Scheme.IOB2),
        ([["I-PER", "I-PER", "O", "I-LOC", "B-LOC"]], Scheme.IOB1),
        ([["B-PER", "E-PER", "O", "S-LOC"]], Scheme.BIOES),
        ([["B-PER", "L-PER", "O", "U-LOC"]], Scheme.BIOES),
        ([["NOUN", "VERB", "O"]], Scheme.PLAIN),
        ([["person-actor", "O"]], Scheme.PLAIN),
        ([["O", "O"]], Scheme.PLAIN),
        ([["B-PER"], ["I-PER", "B-PER", "I-PER"], ["B-LOC"]], Scheme.IOB2),  # one slip does not make it IOB1
    ],
)
def test_scheme_is_told_by_looking(sentences: list[list[str]], scheme: Scheme) -> None:
    assert find_scheme(sentences) is scheme


@pytest.mark.parametrize(
    ("sentence", "scheme", "count"),
    [
        ("O I-PER", Scheme.IOB2, 1),
        ("B-PER I-LOC", Scheme.IOB2, 1),
        ("B-PER I-PER I-PER B-PER", Scheme.IOB2, 0),
        ("O B-PER", Scheme.IOB1, 1),
        ("I-PER B-PER I-PER O I-LOC", Scheme.IOB1, 0),
        ("B-PER O", Scheme.BIOES, 1),
        ("B-PER", Scheme.BIOES, 1),
        ("S-PER B-PER I-PER E-PER O", Scheme.BIOES, 0),
        ("E-PER", Scheme.BIOES, 1),
        ("NOUN I-X", Scheme.PLAIN, 0),
    ],
)
def test_illegal_sequences_are_counted(sentence: str, scheme: Scheme, count: int) -> None:
    assert n_illegal(sentence.split(), scheme) == count


def test_tags_of_another_form_are_foreign() -> None:
    assert is_foreign("PER", Scheme.IOB2)
    assert is_foreign("", Scheme.PLAIN)
    assert not is_foreign("O", Scheme.BIOES)
    assert not is_foreign("I-PER", Scheme.IOB1)


def test_sub_tokens_continue_their_token() -> None:
    assert [continued(tag, Scheme.IOB2) for tag in ("O", "B-PER", "I-PER")] == ["O", "I-PER", "I-PER"]
    assert continued("NOUN", Scheme.PLAIN) == "NOUN"
    assert [continued(tag, Scheme.BIOES) for tag in ("B-PER", "E-PER", "S-PER")] == ["I-PER", "E-PER", "S-PER"]


def test_repeated_ends_are_one_word() -> None:
    tags = ["B-X", "I-X", "E-X", "E-X", "S-Y", "S-Y", "S-Y", "S-Y", "O"]
    adjacent = [False, True, False, True, False, True, True, False, False]
    joined = joined_ends(tags, adjacent)
    assert joined == ["B-X", "I-X", "I-X", "E-X", "B-Y", "I-Y", "E-Y", "S-Y", "O"]
    assert n_illegal(joined, Scheme.BIOES) == 0
