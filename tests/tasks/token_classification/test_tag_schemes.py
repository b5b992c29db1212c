"""Tag schemes: told by looking, spelt as they came, carried from words to tokens and back."""

from __future__ import annotations

import pytest

from toolkit.tasks.token_classification.entities import entities_of
from toolkit.tasks.token_classification.schemes import IOB2, Kind, Scheme, find_scheme, scheme_of_labels

PLAIN = Scheme(Kind.PLAIN)


@pytest.mark.parametrize(
    ("sentences", "scheme"),
    [
        (["B-PER I-PER O B-LOC"], IOB2),
        (["I-PER I-PER O I-LOC B-LOC"], Scheme(Kind.IOB1)),
        (["I-A O"], Scheme(Kind.IOB1)),
        (["B-PER", "I-PER B-PER I-PER", "B-LOC"], IOB2),  # one slip does not make it IOB1
        (["B-PER E-PER O S-LOC"], Scheme(Kind.BIOES)),
        (["B-PER L-PER O U-LOC"], Scheme(Kind.BIOES, letters="BILU")),
        (["B-A M-A E-A O S-B"], Scheme(Kind.BIOES, letters="BMES")),
        (["I-A E-A O"], Scheme(Kind.IOE)),
        (["B_PER I_PER O"], Scheme(Kind.IOB2, separator="_")),
        (["PER-B PER-I O"], Scheme(Kind.IOB2, suffixed=True)),
        (["PER_B O PER_I PER_I"], Scheme(Kind.IOB2, separator="_", suffixed=True)),
        (["PER-I O PER-I PER-I", "PER-I PER-B"], Scheme(Kind.IOB1, suffixed=True)),
        (["B I I B O"], IOB2),
        (["B-A I-A B-A PERSON O"], IOB2),
        (["NOUN VERB O"], PLAIN),
        (["person-actor O person-other"], PLAIN),
        (["E-mail phone O"], PLAIN),
        (["S V O"], PLAIN),  # one of two tags looks like a position: most do not
        (["O O"], PLAIN),
        ([], PLAIN),
    ],
)
def test_scheme_is_told_by_looking(sentences: list[str], scheme: Scheme) -> None:
    assert find_scheme([tags.split() for tags in sentences]) == scheme


@pytest.mark.parametrize(
    ("labels", "written", "kind"),
    [
        ("O B-PER I-PER B-LOC I-LOC", None, Kind.IOB2),
        ("O B-PER I-PER B-LOC I-LOC", "IOB1", Kind.IOB1),
        ("O I-PER B-LOC I-LOC", None, Kind.IOB1),  # of CoNLL 2003, where no person follows another
        ("O B-PER I-PER X", None, Kind.IOB2),
        ("O S-PER B-PER", None, Kind.BIOES),
        ("NOUN VERB", "IOB1", Kind.PLAIN),
    ],
)
def test_the_scheme_of_a_model_is_that_of_its_labels(labels: str, written: str | None, kind: Kind) -> None:
    assert scheme_of_labels(labels.split(), written).kind is kind


def test_tags_of_another_form_are_foreign() -> None:
    assert IOB2.is_foreign("PER")
    assert PLAIN.is_foreign("")
    assert not PLAIN.is_foreign("PER")
    assert not Scheme(Kind.BIOES).is_foreign("O")
    assert Scheme(Kind.IOB2, suffixed=True).is_foreign("B-PER")


def test_a_model_has_the_tags_of_further_tokens() -> None:
    assert IOB2.completed(["O", "B-B", "B-A"]) == {"O", "B-A", "I-A", "B-B", "I-B"}
    assert Scheme(Kind.BIOES, letters="BILU").completed(["U-A"]) == {"B-A", "I-A", "L-A", "U-A"}
    assert Scheme(Kind.IOB1).completed(["O", "I-A", "B-B"]) == {"O", "I-A", "B-B", "I-B"}
    assert Scheme(Kind.IOE).completed(["E-A"]) == {"E-A", "I-A"}
    assert Scheme(Kind.IOB2, separator="_", suffixed=True).completed(["A_B"]) == {"A_B", "A_I"}
    assert PLAIN.completed(["V", "O"]) == {"O", "V"}
    assert IOB2.completed(["B", "O"]) == {"O", "B", "I"}


@pytest.mark.parametrize(
    ("kind", "tag"), [(Kind.IOB1, "I-A"), (Kind.IOB2, "B-A"), (Kind.BIOES, "S-A"), (Kind.IOE, "E-A"), (Kind.PLAIN, "A")]
)
def test_the_tokens_of_a_word_mark_its_entity(kind: Kind, tag: str) -> None:
    scheme = Scheme(kind)
    tokens = [scheme.part(tag, tag, starts=index == 0, ends=index == 2) for index in range(3)]
    assert [tuple(entity) for entity in entities_of(tokens, scheme)] == [(0, 3, "A")]
    assert scheme.part(tokens[0], tokens[-1], starts=True, ends=True) == tag


def test_tokens_of_words_in_bioes() -> None:
    scheme = Scheme(Kind.BIOES)
    for tag, tokens in (("S-A", "B-A I-A E-A"), ("B-A", "B-A I-A I-A"), ("E-A", "I-A I-A E-A"), ("O", "O O O")):
        assert [scheme.part(tag, tag, starts=i == 0, ends=i == 2) for i in range(3)] == tokens.split()


def test_between() -> None:
    assert IOB2.between("B-A", "I-A") == "I-A"
    assert IOB2.between("B-A", "B-A") == "O"
    assert Scheme(Kind.BIOES).between("I-A", "E-A") == "I-A"
    assert Scheme(Kind.BIOES).between("E-A", "I-A") == "O"
    assert Scheme(Kind.BIOES).between("S-A", "S-A") == "O"
    assert PLAIN.between("A", "A") == "A"
    assert PLAIN.between("A", "B") == "O"
