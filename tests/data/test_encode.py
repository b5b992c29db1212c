from __future__ import annotations

import pytest
from datasets import Dataset
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast

from toolkit.data.encode import CHUNK_ROWS, encode, encode_pairs, encode_texts
from toolkit.data.vocabulary import train_tokenizer

SENTENCES = ["Ein Hund läuft über die Wiese.", "A dog runs over the meadow.", "강아지가 풀밭을 달린다.", ""]


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(SENTENCES * 3, kind="bpe", vocab_size=400, max_length=16)


def ids_of(tokenizer, text):
    return tokenizer(text, split_special_tokens=True, verbose=False)["input_ids"]


def test_pairs(tokenizer):
    rows = Dataset.from_dict({"id": [3, 1, 2], "source": SENTENCES[:3], "target": SENTENCES[1:]})
    encoded = encode_pairs(rows, tokenizer, max_length=100)
    assert encoded.column_names == ["input_ids", "labels", "length"]
    assert encoded["input_ids"][:] == [ids_of(tokenizer, text) for text in SENTENCES[:3]]
    assert encoded["labels"][:] == [ids_of(tokenizer, text) for text in SENTENCES[1:]]
    assert encoded["labels"][2] == [2]
    assert [row["length"] for row in encoded] == [len(row["input_ids"]) + len(row["labels"]) for row in encoded]
    assert str(encoded.features["input_ids"].feature.dtype) == "int32"


def test_each_side_of_a_pair_is_cut_and_still_ends(tokenizer):
    rows = Dataset.from_dict({"source": SENTENCES[:1], "target": SENTENCES[1:2]})
    encoded = encode_pairs(rows, tokenizer, max_length=5)[0]
    for name, text in (("input_ids", SENTENCES[0]), ("labels", SENTENCES[1])):
        assert encoded[name] == [*ids_of(tokenizer, text)[:4], 2]
    assert encoded["length"] == 10


def test_texts_lose_no_token(tokenizer):
    rows = Dataset.from_dict({"id": [40, 30, 20, 10], "text": SENTENCES})
    for max_length in range(1, 40):
        encoded = encode_texts(rows, tokenizer, max_length=max_length)
        assert encoded.column_names == ["input_ids", "length", "id"]
        for row_id, text in zip(rows["id"], SENTENCES, strict=True):
            parts = [row["input_ids"] for row in encoded if row["id"] == row_id]
            whole = ids_of(tokenizer, text)
            assert [token for part in parts for token in part] == whole
            lengths = [len(part) for part in parts]
            assert len(parts) == -(-len(whole) // max_length)
            assert max(lengths) <= min(max_length, min(lengths) + 1)
        assert encoded["length"][:] == [len(ids) for ids in encoded["input_ids"]]
        assert sorted(encoded["id"], reverse=True) == encoded["id"][:]


def test_what_looks_like_a_special_token_is_text(tokenizer):
    rows = Dataset.from_dict({"text": ["no </s> end <mask>"]})
    ids = encode_texts(rows, tokenizer, max_length=100)["input_ids"][0]
    assert ids.count(2) == 1
    assert 4 not in ids
    assert tokenizer.decode(ids, skip_special_tokens=True) == "no </s> end <mask>"
    # The next call reads special tokens as ever.
    assert tokenizer("</s>")["input_ids"] == [2, 2]


def test_a_text_longer_than_the_model_takes_is_no_warning(tokenizer, caplog):
    rows = Dataset.from_dict({"text": ["many words " * 50]})
    encode_texts(rows, tokenizer, max_length=16)
    assert not caplog.records


def test_more_rows_than_a_chunk(tokenizer):
    n_rows = CHUNK_ROWS + 3
    texts = [str(number) for number in range(n_rows)]
    encoded = encode_texts(Dataset.from_dict({"text": texts}), tokenizer, max_length=50)
    assert tokenizer.batch_decode(encoded["input_ids"][:], skip_special_tokens=True) == texts
    pairs = encode_pairs(Dataset.from_dict({"source": texts, "target": texts}), tokenizer, max_length=50)
    assert pairs["labels"][:] == encoded["input_ids"][:]


def test_no_rows(tokenizer):
    with pytest.raises(ValueError, match="no row"):
        encode_texts(Dataset.from_dict({"text": []}), tokenizer, max_length=50)


def test_a_blank_text_is_one_token_where_a_tokenizer_adds_none():
    words = Tokenizer(WordLevel({"<unk>": 0, "</s>": 1, "dog": 2}, unk_token="<unk>"))
    bare = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="<unk>", eos_token="</s>")
    encoded = encode(Dataset.from_dict({"text": ["dog", ""], "label": [0, 1]}), bare, max_length=4)
    assert encoded["input_ids"][:] == [[2], [1]]
    assert encoded["length"][:] == [1, 1]
