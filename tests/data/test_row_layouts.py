"""Layouts: packed and padded batches give the same loss, and padded ones the loss of the library's own models."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from datasets import Dataset
from tiny_models import pretrained
from tokenizers import Tokenizer, pre_tokenizers, processors
from tokenizers.models import WordLevel
from transformers import (
    AutoTokenizer,
    BartConfig,
    BartForConditionalGeneration,
    BertConfig,
    BertForMaskedLM,
    BertModel,
    DataCollatorForSeq2Seq,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MarianConfig,
    MarianMTModel,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

from toolkit.adapters import LocatedModel
from toolkit.data.encode import rows_at
from toolkit.data.packaged import packaged_model_folder
from toolkit.data.padding import pad_right
from toolkit.data.row_layouts import CausalLayout, MaskedLayout, Seq2SeqLayout, layout_of
from toolkit.data.vocabulary import train_tokenizer
from toolkit.names import Task
from toolkit.tasks import room_of
from toolkit.transformer import (
    TransformerConfig,
    TransformerForCausalLM,
    TransformerForConditionalGeneration,
    TransformerForMaskedLM,
)

TEXTS = ["the cat sat", "a dog", "the dog and the cat ran to the old house by the sea", "the sea"]
TARGETS = ["die katze", "ein hund lief zum alten haus", "der hund", "das meer"]
WORDS = sorted({word for text in TEXTS + TARGETS for word in text.split()})
SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}

texts = Dataset.from_dict({"id": [3, 1, 2, 0], "text": TEXTS})
pairs = Dataset.from_dict({"source": TEXTS, "target": TARGETS})


def words_tokenizer(template: str, **special: str) -> PreTrainedTokenizerFast:
    """Return a tokenizer of whole words with the special tokens of a model family of the library."""
    tokens = list(dict.fromkeys(special.values()))
    tokenizer = Tokenizer(WordLevel({token: i for i, token in enumerate([*tokens, *WORDS])}, unk_token=tokens[0]))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    ids = [(token, i) for i, token in enumerate(tokens)]
    tokenizer.post_processor = processors.TemplateProcessing(single=template, special_tokens=ids)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)


GPT2 = words_tokenizer("$A", bos_token="<|endoftext|>", eos_token="<|endoftext|>")
LLAMA = words_tokenizer("<s> $A", unk_token="<unk>", bos_token="<s>", eos_token="</s>")
QWEN = words_tokenizer("$A", pad_token="<pad>", eos_token="<|im_end|>")
T5 = words_tokenizer("$A </s>", pad_token="<pad>", eos_token="</s>")
BART = words_tokenizer("<s> $A </s>", bos_token="<s>", pad_token="<pad>", eos_token="</s>")


@pytest.fixture(scope="module")
def own():
    return train_tokenizer(TEXTS * 3 + TARGETS * 3, kind="bpe", vocab_size=400, max_length=64)


def model_of(kind, config):
    torch.manual_seed(0)
    return kind(config).eval()


def loss_of(model, batch):
    with torch.no_grad():
        return float(model(**{name: value for name, value in batch.items() if name != "row"}).loss)


def batch_of(layout, rows, tokenizer, *, max_length=64, packed=False):
    encoded = layout.encode(rows, tokenizer, max_length=max_length)
    encoded = encoded.remove_columns([name for name in ("length", "id") if name in encoded.column_names])
    collate = (layout.packer if packed else layout.padder)(tokenizer)
    return collate(rows_at(encoded.add_column("row", np.arange(len(encoded))), range(len(encoded))))


@pytest.mark.parametrize(
    ("layout", "rows", "kind", "architecture"),
    [
        (MaskedLayout(), texts, TransformerForMaskedLM, "encoder"),
        (CausalLayout(), texts, TransformerForCausalLM, "decoder"),
        (Seq2SeqLayout(1), pairs, TransformerForConditionalGeneration, "encoder-decoder"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, (MaskedLayout, CausalLayout, Seq2SeqLayout)) else "",
)
@pytest.mark.parametrize("max_length", [8, 64])
def test_our_transformer_has_the_same_loss_padded_as_packed(own, layout, rows, kind, architecture, max_length):
    config = {"vocab_size": len(own), "hidden_size": 32, "encoder_layers": 2, "decoder_layers": 2}
    config |= {"num_attention_heads": 4, "intermediate_size": 48, "architecture": architecture}
    model = model_of(kind, TransformerConfig(**config))
    packed = batch_of(layout, rows, own, max_length=max_length, packed=True)
    padded = batch_of(layout, rows, own, max_length=max_length)
    assert loss_of(model, padded) == pytest.approx(loss_of(model, packed), abs=1e-6)
    assert padded["row"].tolist() == packed["row"].tolist()
    assert packed["input_ids"].shape[0] == 1 < padded["input_ids"].shape[0] == len(padded["row"])
    assert padded["attention_mask"].sum() == packed["input_ids"].numel()
    assert (padded["labels"] != -100).sum() == (packed["labels"] != -100).sum() > 0


@pytest.mark.parametrize(
    ("kind", "config", "tokenizer"),
    [
        (GPT2LMHeadModel, GPT2Config(n_embd=32, n_layer=2, n_head=4), GPT2),
        (LlamaForCausalLM, LlamaConfig(**SMALL), LLAMA),
        (LlamaForCausalLM, LlamaConfig(**SMALL), QWEN),
    ],
    ids=["gpt2", "llama", "no first token"],
)
def test_causal_models_of_the_library(kind, config, tokenizer):
    config.vocab_size = len(tokenizer)
    model = model_of(kind, config)
    batch = batch_of(CausalLayout(), texts, tokenizer)
    total, n_tokens = 0.0, 0
    first = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    for text in TEXTS:  # each text alone, through the library's labels
        body = tokenizer(text, add_special_tokens=False)["input_ids"]
        ids = torch.tensor([[*first, *body, tokenizer.eos_token_id]])
        n_predicted = ids.shape[1] - 1
        total += loss_of(model, {"input_ids": ids, "labels": ids}) * n_predicted
        n_tokens += n_predicted
    assert loss_of(model, batch) == pytest.approx(total / n_tokens, abs=1e-6)


@pytest.mark.parametrize(
    ("kind", "config", "tokenizer"),
    [
        (
            T5ForConditionalGeneration,
            T5Config(d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4, decoder_start_token_id=0),
            T5,
        ),
        (MarianMTModel, MarianConfig(d_model=32, encoder_layers=2, decoder_layers=2, decoder_start_token_id=0), T5),
        (BartForConditionalGeneration, BartConfig(d_model=32, encoder_layers=2, decoder_layers=2), BART),
    ],
    ids=["t5", "marian", "bart"],
)
def test_encoder_decoders_of_the_library(kind, config, tokenizer):
    config.vocab_size, config.pad_token_id = len(tokenizer), tokenizer.pad_token_id
    config.decoder_vocab_size = len(tokenizer)
    model = model_of(kind, config)
    layout = Seq2SeqLayout.of(model.config)
    batch = batch_of(layout, pairs, tokenizer)
    collate = DataCollatorForSeq2Seq(tokenizer)
    encoded = [tokenizer(source, text_target=target) for source, target in zip(TEXTS, TARGETS, strict=True)]
    expected = collate([{name: row[name] for name in ("input_ids", "attention_mask", "labels")} for row in encoded])
    for name in ("input_ids", "attention_mask", "labels"):
        assert torch.equal(batch[name], expected[name])
    assert loss_of(model, batch) == pytest.approx(loss_of(model, expected), abs=1e-6)
    # At the tokens of the targets the decoder reads what the library would give it.
    shifted = model.prepare_decoder_input_ids_from_labels(labels=batch["labels"])
    known = batch["labels"] != -100
    assert torch.equal(batch["decoder_input_ids"][known], shifted[known])


def test_masked_models_of_the_library():
    tokenizer = AutoTokenizer.from_pretrained(packaged_model_folder("minilm"))
    model = model_of(BertForMaskedLM, BertConfig(vocab_size=len(tokenizer), **SMALL))
    batch = batch_of(MaskedLayout(), texts, tokenizer)
    total = 0.0
    for ids, labels, mask in zip(batch["input_ids"], batch["labels"], batch["attention_mask"], strict=True):
        n_predicted = int((labels != -100).sum())
        if n_predicted:
            alone = {"input_ids": ids[mask.bool()][None], "labels": labels[mask.bool()][None]}
            total += loss_of(model, alone) * n_predicted
    chosen = batch["labels"] != -100
    assert loss_of(model, batch) == pytest.approx(total / int(chosen.sum()), abs=1e-6)
    whole = pad_right([tokenizer(text)["input_ids"] for text in TEXTS], tokenizer.pad_token_id)
    assert torch.equal(batch["input_ids"].where(~chosen, batch["labels"]), whole)
    assert not set(batch["labels"][chosen].tolist()) & set(tokenizer.all_special_ids)


def test_every_part_of_a_long_text_is_framed_where_a_tokenizer_frames_texts():
    tokenizer = AutoTokenizer.from_pretrained(packaged_model_folder("minilm"))
    encoded = MaskedLayout().encode(texts, tokenizer, max_length=6)
    parts = [row["input_ids"] for row in encoded if row["id"] == 2]
    assert len(parts) == 4
    assert all(ids[0] == tokenizer.cls_token_id and ids[-1] == tokenizer.sep_token_id for ids in parts)
    whole = [token for ids in parts for token in ids[1:-1]]
    assert whole == tokenizer(TEXTS[2], add_special_tokens=False)["input_ids"]
    assert max(encoded["length"]) <= 6


def test_every_part_of_a_long_text_begins_with_the_first_token():
    batch = batch_of(CausalLayout(), texts, LLAMA, max_length=6)
    encoded = CausalLayout().encode(texts, LLAMA, max_length=6)
    assert batch["input_ids"][:, 0].tolist() == [LLAMA.bos_token_id] * len(encoded)
    assert batch["attention_mask"].sum(dim=1).tolist() == encoded["length"][:]
    assert max(encoded["length"]) <= 6
    assert sum(ids.count(LLAMA.eos_token_id) for ids in encoded["input_ids"]) == len(TEXTS)


def test_layouts_that_a_model_cannot_have():
    with pytest.raises(ValueError, match="BertConfig has no decoder_start_token_id"):
        Seq2SeqLayout.of(BertConfig())
    with pytest.raises(ValueError, match="no mask token"):
        MaskedLayout().packer(T5)


@pytest.mark.parametrize(
    ("name", "task", "expected"),
    [
        ("own-encoder", Task.FILL_MASK, MaskedLayout),
        ("own-decoder", Task.TEXT_GENERATION, CausalLayout),
        ("own-encoder-decoder", Task.TRANSLATION, Seq2SeqLayout),
    ],
)
def test_the_layout_of_a_head_is_told_by_what_it_can_do(name, task, expected, tmp_path):
    opened = room_of(task).open(LocatedModel("own", pretrained(name, tmp_path / "model")))
    layout = layout_of(opened.model)
    assert isinstance(layout, expected)
    if isinstance(layout, Seq2SeqLayout):
        assert layout.decoder_start_token_id == opened.tokenizer.bos_token_id
    with pytest.raises(ValueError, match="BertModel has no language head"):
        layout_of(BertModel(BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)))
