from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from toolkit.data.packaged_data import read_packaged
from toolkit.data.vocabulary import least_vocab_size, train_tokenizer
from toolkit.errors import DataError, RecipeError

KINDS = ("bpe", "unigram")

ODD_TEXTS = [
    "",
    " ",
    "  two  spaces   inside and behind  ",
    " one in front",
    "\n\nlines\r\n\tand tabs\n",
    "저는 한국어를 공부합니다. 안녕하세요!",
    unicodedata.normalize("NFD", "저는 한국어를 공부합니다."),
    "뷁쒧 龘靐齉",
    "Straße, Fußgängerübergänge",
    "😀 👨‍👩‍👧 🇰🇷",
    "<0x41> <0xEC><0x95><0x88> < 0x41>",
    "▁▁ Ġ a▁b ##c",
    "1984-12-31 3.14159",
    "don't … «quoted» — ok",
    "NUL \x00, SOH \x01\x01 and no-break\u00a0space\u3000wide",
    "a" * 5000,
    "-" * 3000 + " " * 100,
]

IN_A_FRESH_PROCESS = """
import hashlib
from toolkit.data.packaged_data import read_packaged
from toolkit.data.vocabulary import train_tokenizer

table = read_packaged("chatterbot", subset="korean")
for kind in ("bpe", "unigram"):
    tokenizer = train_tokenizer(table.columns["target"], kind=kind, vocab_size=1500, max_length=64)
    print(hashlib.sha256(tokenizer.backend_tokenizer.to_str().encode()).hexdigest())
"""


def dialogues(*languages):
    tables = [read_packaged("chatterbot", subset=language) for language in languages]
    return [text for table in tables for name in ("source", "target") for text in table.columns[name]]


@pytest.fixture(scope="module")
def texts():
    return dialogues("korean", "german", "english")


@pytest.fixture(scope="module")
def trained(texts):
    return {kind: train_tokenizer(texts, kind=kind, vocab_size=3000, max_length=100_000) for kind in KINDS}


@pytest.fixture(params=KINDS)
def tokenizer(request, trained):
    return trained[request.param]


def back(tokenizer, text, **settings):
    ids = tokenizer(text, **settings)["input_ids"]
    assert ids[-1] == 2
    assert 3 not in ids
    assert tokenizer.decode(ids) == tokenizer.decode(ids, skip_special_tokens=True) + "</s>"
    return tokenizer.decode(ids, skip_special_tokens=True)


def test_texts_come_back_exactly(tokenizer, texts):
    for text in [*texts, *ODD_TEXTS]:
        assert back(tokenizer, text) == unicodedata.normalize("NFC", text)


@settings(max_examples=200)
@given(text=st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=60), kind=st.sampled_from(KINDS))
def test_any_text_comes_back(trained, text, kind):
    assert back(trained[kind], text, split_special_tokens=True) == unicodedata.normalize("NFC", text)


def test_a_text_that_spells_special_tokens(tokenizer):
    text = "<s> not the start </s><pad> <mask> <unk>."
    assert back(tokenizer, text, split_special_tokens=True) == text
    ids = tokenizer("one</s>two")["input_ids"]
    assert ids.count(2) == 2
    assert tokenizer.decode(ids) == "one</s>two</s>"
    assert tokenizer.decode(ids, skip_special_tokens=True) == "onetwo"


@pytest.mark.parametrize("kind", KINDS)
def test_what_looks_like_a_special_or_byte_token_is_not_learnt_as_one(kind):
    texts = ["look: <0x41><0x42> and </s> and <mask>, again and again <0x41>"] * 300
    tokenizer = train_tokenizer(texts, kind=kind, vocab_size=600, max_length=64)
    assert back(tokenizer, texts[0], split_special_tokens=True) == texts[0]
    assert back(tokenizer, "<0x41>") == "<0x41>"


def test_fixed_ids(tokenizer):
    tokens = tokenizer.convert_ids_to_tokens(range(261))
    assert tokens == ["<pad>", "<s>", "</s>", "<unk>", "<mask>", *(f"<0x{byte:02X}>" for byte in range(256))]
    assert (tokenizer.pad_token_id, tokenizer.bos_token_id, tokenizer.eos_token_id) == (0, 1, 2)
    assert (tokenizer.unk_token_id, tokenizer.mask_token_id) == (3, 4)
    assert sorted(tokenizer.all_special_ids) == [0, 1, 2, 3, 4]
    assert len(tokenizer) == tokenizer.vocab_size == 3000
    assert sorted(tokenizer.get_vocab().values()) == list(range(3000))


def test_rare_characters_are_their_bytes(tokenizer):
    ids = tokenizer("龘", add_special_tokens=False)["input_ids"]
    assert ids == [5 + byte for byte in "龘".encode()]


def test_nothing_in_front_and_the_end_behind(tokenizer):
    assert tokenizer("")["input_ids"] == [2]
    first, second = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in ("Guten Tag", "안녕"))
    assert set(tokenizer("Guten Tag", "안녕")) == {"input_ids", "attention_mask"}
    assert tokenizer("Guten Tag", "안녕")["input_ids"] == [*first, 2, *second, 2]
    cut = tokenizer("Guten Tag und auf Wiedersehen, bis morgen", truncation=True, max_length=4)["input_ids"]
    assert len(cut) == 4
    assert cut[-1] == 2
    batch = tokenizer(["Guten Tag", ""], padding=True)
    assert batch["input_ids"][1] == [2] + [0] * (len(first))
    assert batch["attention_mask"][1] == [1] + [0] * (len(first))


def test_a_masked_word_leaves_the_other_tokens_as_they_are(tokenizer):
    ids = tokenizer("I want to know you.")["input_ids"]
    word = tokenizer(" know", add_special_tokens=False)["input_ids"]
    start = next(i for i in range(len(ids)) if ids[i : i + len(word)] == word)
    masked = tokenizer("I want to <mask> you.")["input_ids"]
    assert masked == [*ids[:start], 4, *ids[start + len(word) :]]


def test_saved_and_loaded(tokenizer, texts, tmp_path):
    tokenizer.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    sample = [*texts[::20], *ODD_TEXTS]
    assert loaded(sample)["input_ids"] == tokenizer(sample)["input_ids"]
    assert loaded.batch_decode(loaded(sample)["input_ids"]) == tokenizer.batch_decode(tokenizer(sample)["input_ids"])
    assert loaded.model_max_length == tokenizer.model_max_length == 100_000
    assert (loaded.padding_side, loaded.model_input_names) == ("right", ["input_ids", "attention_mask"])
    assert loaded.mask_token_id == 4
    assert loaded("I want to <mask> you.")["input_ids"] == tokenizer("I want to <mask> you.")["input_ids"]


def test_the_same_vocabulary_in_every_process():
    def digests(threads):
        environment = os.environ | {"RAYON_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "true"}
        environment["PYTHONHASHSEED"] = str(threads)
        done = subprocess.run(
            [sys.executable, "-c", IN_A_FRESH_PROCESS], capture_output=True, text=True, check=True, env=environment
        )
        return done.stdout.split()

    first = digests(1)
    assert len(set(first)) == 2
    assert first == digests(3)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_vocabulary_whatever_the_hash_tables_do(kind, texts):
    def digest(lines):
        tokenizer = train_tokenizer(lines, kind=kind, vocab_size=1500, max_length=64)
        return hashlib.sha256(tokenizer.backend_tokenizer.to_str().encode()).hexdigest()

    # Every table of the library has an order of its own, within one process too.
    texts = texts[::3]
    assert len({digest(texts), digest(iter(texts)), digest(reversed(texts)), digest(texts)}) == 1


def test_lowercase(texts):
    tokenizer = train_tokenizer(texts, kind="bpe", vocab_size=2000, lowercase=True, max_length=64)
    for text in ("Guten TAG, Österreich", "I AM  Here", "안녕 HELLO"):
        assert back(tokenizer, text) == text.lower()
    assert not any(token != token.lower() for token in tokenizer.convert_ids_to_tokens(range(261, 2000)))


@pytest.mark.parametrize("kind", KINDS)
def test_rare_characters_leave_room_for_words(kind):
    hanja = [chr(0x4E00 + i) for i in range(2000)]
    texts = [f"the weather is fine and the night is long {character}" for character in hanja]
    tokenizer = train_tokenizer(texts, kind=kind, vocab_size=700, max_length=64)
    learnt = tokenizer.convert_ids_to_tokens(range(261, len(tokenizer)))
    assert sum(token.strip() in hanja for token in learnt) <= (700 - 261) // 2
    assert {" weather", " night", " long"} <= set(learnt)
    assert all(back(tokenizer, text) == text for text in texts[::50])


def test_unigram_learns_frequent_words_that_begin_no_other():
    texts = [f"we saw -- then {word} cloudscape" for word in ("he", "she", "they", "it")] * 20
    tokenizer = train_tokenizer(texts, kind="unigram", vocab_size=330, max_length=64)
    assert {" --", " then", " cloudscape"} <= set(tokenizer.get_vocab())


@pytest.mark.parametrize("kind", KINDS)
def test_too_small_says_how_much_is_needed(kind, texts):
    with pytest.raises(RecipeError, match="300 tokens are too few: 5 special tokens, 256 bytes") as caught:
        train_tokenizer(texts, kind=kind, vocab_size=300, max_length=64)
    assert caught.value.faults[0].where == "tokenizer.vocab_size"
    needed = least_vocab_size(texts)
    assert f"at least {needed:,};" in str(caught.value)
    assert len(train_tokenizer(texts, kind=kind, vocab_size=needed, max_length=64)) == needed
    with pytest.raises(RecipeError, match=f"{needed - 1} tokens are too few"):
        train_tokenizer(texts, kind=kind, vocab_size=needed - 1, max_length=64)


@pytest.mark.parametrize("kind", KINDS)
def test_little_text_gives_fewer_tokens(kind):
    tokenizer = train_tokenizer(["a small text, a very small text"] * 3, kind=kind, vocab_size=8000, max_length=64)
    assert 261 < len(tokenizer) < 350
    vocabulary = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["vocab"]
    assert len(vocabulary) == len(tokenizer)
    assert back(tokenizer, "a very small text") == "a very small text"


@pytest.mark.parametrize("texts", [[], [""], ["\0", "\1"]])
def test_nothing_to_learn_from(texts):
    with pytest.raises(DataError, match="no characters"):
        train_tokenizer(texts, kind="bpe", vocab_size=1000, max_length=64)
