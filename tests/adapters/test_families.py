"""What each family needs of its tokenizer and its length, and the heads that score without training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny_models
import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    BigBirdConfig,
    BigBirdModel,
    PreTrainedTokenizerFast,
    XLNetConfig,
)

from toolkit.adapters import (
    SEQUENCE_HEAD,
    LocatedModel,
    adapter_of,
    entailment_index,
    open_body,
    open_for_prediction,
    open_for_scoring,
    open_for_training,
)
from toolkit.errors import IntegrityError, RecipeError
from toolkit.names import Family, Method

LABELS = ("neg", "pos")


def located(name: str, folder: Path) -> LocatedModel:
    return LocatedModel(name, tiny_models.pretrained(name, folder))


def change_tokenizer(folder: Path, **changes: Any) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for name, value in changes.items():
        setattr(tokenizer, name, value)
    tokenizer.save_pretrained(folder)


@pytest.mark.parametrize(("missing", "filler"), [((), "</s>"), (("eos_token",), "<unk>")])
def test_decoder_without_padding_token_fills_with_another(missing: tuple[str, ...], filler: str, tmp_path: Path):
    where = located("llama", tmp_path)
    change_tokenizer(tmp_path, **dict.fromkeys(missing))
    for opened in (open_body(where), open_for_training(where, SEQUENCE_HEAD, labels=LABELS, method=Method.FULL)):
        assert (opened.tokenizer.pad_token, opened.tokenizer.padding_side) == (filler, "right")
        assert opened.model.config.pad_token_id == opened.tokenizer.pad_token_id


def test_model_without_anything_to_fill_a_batch_with_is_refused(tmp_path: Path):
    where = located("llama", tmp_path)
    change_tokenizer(tmp_path, eos_token=None, unk_token=None)
    with pytest.raises(IntegrityError, match="model llama: the tokenizer has no token to fill a batch with"):
        open_body(where)
    encoder = located("bert", tmp_path)
    change_tokenizer(tmp_path, pad_token=None)
    with pytest.raises(IntegrityError, match="model bert: the tokenizer has no padding token"):
        open_body(encoder)


def test_own_padding_token_of_a_decoder_is_kept(tmp_path: Path):
    where = located("gpt2", tmp_path)
    change_tokenizer(tmp_path, pad_token="<pad>")
    opened = open_for_training(where, SEQUENCE_HEAD, labels=LABELS, method=Method.FULL)
    assert (opened.tokenizer.pad_token, opened.model.config.pad_token_id) == ("<pad>", tiny_models.PAD)


def test_texts_of_a_pair_are_parted_also_where_the_decoder_was_made_for_one(tmp_path: Path):
    where = located("gpt2", tmp_path / "base")
    opened = open_for_training(where, SEQUENCE_HEAD, labels=LABELS, method=Method.FULL)
    one, other = opened.tokenizer("the film")["input_ids"], opened.tokenizer("is good")["input_ids"]
    assert opened.tokenizer("the film", "is good")["input_ids"] == [*one, tiny_models.EOS, *other]
    cut = opened.tokenizer("the film", "is very very good", truncation=True, max_length=5)["input_ids"]
    assert len(cut) == 5
    assert tiny_models.EOS in cut
    opened.model.save_pretrained(tmp_path / "saved")
    opened.tokenizer.save_pretrained(tmp_path / "saved")
    for again in (open_for_prediction(LocatedModel("x", tmp_path / "saved"), SEQUENCE_HEAD).tokenizer,
                  AutoTokenizer.from_pretrained(tmp_path / "saved")):  # fmt: skip
        assert again("the film", "is good")["input_ids"] == [*one, tiny_models.EOS, *other]
        assert again("the film")["input_ids"] == one


@pytest.mark.parametrize("name", ["t5", "bart", "marian"])
def test_text_that_spells_a_special_token_is_text(name: str, tmp_path: Path):
    """The heads of T5 and BART want equally many ``</s>`` in each row."""
    opened = open_for_training(located(name, tmp_path / "base"), SEQUENCE_HEAD, labels=LABELS, method=Method.FULL)
    opened.model.save_pretrained(tmp_path / "saved")
    opened.tokenizer.save_pretrained(tmp_path / "saved")
    for model in (opened, open_for_prediction(LocatedModel("x", tmp_path / "saved"), SEQUENCE_HEAD)):
        inputs = model.tokenizer(["the film </s> is </s> good", "bad"], padding=True, return_tensors="pt")
        assert (inputs["input_ids"] == tiny_models.EOS).sum(dim=1).tolist() == [1, 1]
        assert model.model(**inputs).logits.shape == (2, 2)


def test_encoder_decoder_whose_texts_do_not_end_is_refused(tmp_path: Path):
    where = located("t5", tmp_path)
    tokenizer = tiny_models.tokenizer_for("t5")
    tokenizer.backend_tokenizer.post_processor = None
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(IntegrityError, match="model t5: the tokenizer puts no </s> behind a text"):
        open_for_training(where, SEQUENCE_HEAD, labels=LABELS, method=Method.FULL)


def test_length_has_no_limit_where_there_are_no_positions(tmp_path: Path):
    where = located("t5", tmp_path)
    assert open_body(where).max_length == 40  # the tokenizer's
    assert open_body(where, max_length=3000).max_length == 3000
    change_tokenizer(tmp_path, model_max_length=10**30)
    assert open_body(where).max_length == 512


@pytest.mark.parametrize(("max_length", "attention"), [(28, "original_full"), (29, "block_sparse")])
def test_attention_of_big_bird_depends_on_the_longest_text_alone(max_length: int, attention: str, tmp_path: Path):
    """(5 + 2 · 1) blocks of four tokens are too few for blocks."""
    where = located("big_bird", tmp_path)
    opened = open_for_training(where, SEQUENCE_HEAD, labels=LABELS, method=Method.FULL, max_length=max_length)
    assert opened.model.config.attention_type == attention
    assert opened.model.bert.attention_type == opened.model.bert.encoder.attention_type == attention
    full = BigBirdModel(BigBirdConfig.from_pretrained(tmp_path, attention_type="original_full")).eval()
    full.load_state_dict(opened.model.bert.state_dict())
    ids = torch.randint(5, 30, (2, 20))
    with torch.no_grad():
        torch.testing.assert_close(opened.model.bert(ids).last_hidden_state, full(ids).last_hidden_state)


@pytest.mark.parametrize(
    ("name", "head", "vocabulary"),
    [
        ("bert", "masked", 40),
        ("own-encoder", "masked", 40),
        ("gpt2", "language", 40),
        ("qwen2", "language", 260),
        ("t5", "language", 40),
        ("two-berts", "language", 40),
        ("own-encoder-decoder", "language", 40),
    ],
)
def test_models_open_with_the_language_head_that_they_bring(name: str, head: Any, vocabulary: int, tmp_path: Path):
    opened = open_for_scoring(located(name, tmp_path), head=head)
    assert (opened.labels, opened.new_parameters) == ((), ())
    inputs = dict(opened.tokenizer(["the film is good"], return_tensors="pt"))
    if opened.family is Family.ENCODER_DECODER:
        inputs["decoder_input_ids"] = inputs["input_ids"]
    hub = tiny_models.language_model(opened.family).from_pretrained(tmp_path).eval()
    with torch.no_grad():
        logits = opened.model(**inputs).logits
        torch.testing.assert_close(logits, hub(**inputs).logits)
    assert logits.shape[-1] == vocabulary


@pytest.mark.parametrize(
    ("name", "head", "words"),
    [
        ("gpt2", "masked", "this is a model of the family decoder, which has no masked head"),
        ("bert", "language", "this is a model of the family encoder, which has no language head"),
        ("bert", "entailment", "the model has no trained head for entailment scoring"),
        ("marian", "entailment", "models of the type 'marian' have no head for entailment scoring"),
    ],
)
def test_heads_that_are_not_there_are_refused_in_one_line(name: str, head: Any, words: str, tmp_path: Path):
    with pytest.raises(RecipeError, match=words) as refused:
        open_for_scoring(located(name, tmp_path), head=head)
    assert "\n" not in str(refused.value)


def test_body_alone_has_no_masked_head(tmp_path: Path):
    where = located("bert", tmp_path)
    body: Any = open_body(where).model
    body.save_pretrained(tmp_path)
    with pytest.raises(RecipeError, match="no trained head for masked scoring"):
        open_for_scoring(where, head="masked")


def test_entailment_is_found_by_its_name(tmp_path: Path):
    names = ("contradiction", "neutral", "ENTAILMENT")
    for labels, words in ((names, None), (("bad", "good", "so-so"), "none of the model's labels is entailment: bad")):
        config = BertConfig(**tiny_models.SMALL, id2label=dict(enumerate(labels)))
        BertForSequenceClassification(config).save_pretrained(tmp_path)
        tiny_models.tokenizer_for("bert").save_pretrained(tmp_path)
        if words is None:
            opened = open_for_scoring(LocatedModel("x", tmp_path), head="entailment")
            assert (opened.labels, entailment_index(opened.labels)) == (names, 2)
        else:
            with pytest.raises(RecipeError, match=words):
                open_for_scoring(LocatedModel("x", tmp_path), head="entailment")


@pytest.mark.parametrize(
    "config",
    [
        XLNetConfig(vocab_size=40, d_model=16, n_layer=2, n_head=2, d_inner=24, pad_token_id=tiny_models.PAD),
        BertConfig(**tiny_models.SMALL, is_decoder=True),
    ],
    ids=lambda config: config.model_type,
)
def test_heads_that_would_read_the_wrong_place_are_not_used(config: Any, tmp_path: Path):
    """XLNet's reads the last place, padding or not, and a decoder's first token has seen no other."""
    AutoModelForSequenceClassification.from_config(config).save_pretrained(tmp_path)
    tiny_models.tokenizer_for("gpt2").save_pretrained(tmp_path)
    where = LocatedModel("x", tmp_path)
    opened = open_for_training(where, SEQUENCE_HEAD, labels=LABELS, method=Method.FULL)
    assert (type(opened.model).__name__, opened.model.config.pooling) == ("PooledForSequenceClassification", "last")
    texts = ["bad", "the film is good", "not dull . bright film !"]
    with torch.no_grad():
        many = opened.model(**opened.tokenizer(texts, padding=True, return_tensors="pt")).logits
        alone = [opened.model(**opened.tokenizer(text, return_tensors="pt")).logits for text in texts]
    torch.testing.assert_close(torch.cat(alone), many, rtol=0, atol=1e-6)
    if config.model_type == "xlnet":
        with pytest.raises(RecipeError, match="reads padding where texts differ in length"):
            open_for_prediction(where, SEQUENCE_HEAD)


def test_layers_that_are_not_there_are_refused(tmp_path: Path):
    for name in ("bert", "gpt2", "t5", "own-encoder-decoder"):
        body = open_body(located(name, tmp_path / name))
        adapter_of(body.family).check_layers(body.model, [0, 2, -1, -3], model=name)
        with pytest.raises(RecipeError, match=r"there is no layer 3, -4; the model has 0 \(the embeddings\) to 2"):
            adapter_of(body.family).check_layers(body.model, [3, -1, -4], model=name)


def test_configuration_cannot_choose_the_code_of_the_attention(tmp_path: Path):
    where = located("bert", tmp_path)
    config = (tmp_path / "config.json").read_text(encoding="utf-8")
    changed = config.replace(
        "{", '{"attn_implementation": "someone/kernel", "_attn_implementation": "someone/kernel",', 1
    )
    (tmp_path / "config.json").write_text(changed, encoding="utf-8")
    with pytest.raises(IntegrityError, match="it names code to fetch, which is not run"):
        open_body(where)


def test_every_family_has_an_adapter():
    assert [adapter_of(family).family for family in Family] == list(Family)
    assert isinstance(tiny_models.tokenizer_for("bert"), PreTrainedTokenizerFast)
