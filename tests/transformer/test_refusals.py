"""Whatever is wrong with what a model gets, one sentence says it, with what was found and what there is."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tiny import ARCHITECTURES, HEADS, batch_of, random_tokens, tiny_config, tiny_model
from transformers.utils import logging

from toolkit.transformer import TransformerForCausalLM, TransformerForMaskedLM


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("token", [41, 1000, -1])
def test_a_token_outside_of_the_vocabulary(architecture: str, token: int):
    batch = batch_of(architecture)
    batch["input_ids"][1, 1] = token
    with pytest.raises(ValueError, match=f"token id {token} is outside of the vocabulary, vocab_size=41"):
        tiny_model(architecture)(**batch)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("token", [41, -7])
def test_a_label_outside_of_the_vocabulary(architecture: str, token: int):
    batch = batch_of(architecture)
    batch["labels"][1, -1] = token  # the last one, which the decoder does not read
    with pytest.raises(ValueError, match=f"label {token} is outside of the vocabulary, vocab_size=41"):
        tiny_model(architecture)(**batch)


@pytest.mark.parametrize("architecture", ["encoder", "decoder"])
def test_longer_than_the_learned_positions(architecture: str):
    model = tiny_model(architecture, position="learned", max_position_embeddings=6)
    told = "a sequence of 7 tokens is longer than the 6 learned positions \\(max_position_embeddings\\)"
    with pytest.raises(ValueError, match=told):
        model(input_ids=random_tokens(2, 7))
    assert model(input_ids=random_tokens(2, 6)).logits.shape == (2, 6, 41)
    # Padding has no position of its own.
    mask = torch.tensor([[1] * 6 + [0] * 2])
    assert model(input_ids=random_tokens(1, 8), attention_mask=mask).logits.shape == (1, 8, 41)


def test_generated_beyond_the_learned_positions():
    model = tiny_model("decoder", position="learned", max_position_embeddings=6)
    with pytest.raises(ValueError, match="a sequence of 7 tokens is longer than the 6 learned positions"):
        model.generate(random_tokens(1, 4), max_new_tokens=9, min_new_tokens=9)


@pytest.mark.parametrize("position", ["sinusoidal", "rotary", "alibi", "none"])
def test_other_positions_know_no_limit(position: str):
    model = tiny_model("decoder", position=position, max_position_embeddings=6)
    assert torch.isfinite(model(input_ids=random_tokens(1, 30)).logits).all()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_no_target_at_all(architecture: str):
    batch = batch_of(architecture)
    batch["labels"] = batch["labels"][:, :0]
    if architecture != "encoder-decoder":
        batch = {name: value[:, :0] for name, value in batch.items()}
    with pytest.raises(ValueError, match="the targets are empty: labels have a length of 0 tokens"):
        tiny_model(architecture)(**batch)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("other", ARCHITECTURES)
def test_a_head_for_another_architecture(architecture: str, other: str, tmp_path: Path):
    if architecture == other:
        return
    told = f"{HEADS[other].__name__} needs architecture='{other}', found '{architecture}'"
    with pytest.raises(ValueError, match=told):
        HEADS[other](tiny_config(architecture))
    tiny_model(architecture, dtype=torch.float32).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=told):
        HEADS[other].from_pretrained(tmp_path)


def test_a_checkpoint_of_other_sizes(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """The library refuses it, with a table of what does not fit."""
    tiny_model("decoder", dtype=torch.float32).save_pretrained(tmp_path)
    logging.enable_propagation()
    before = logging.get_verbosity()
    logging.set_verbosity_warning()
    try:
        with pytest.raises(RuntimeError, match="ignore_mismatched_sizes"):
            TransformerForCausalLM.from_pretrained(tmp_path, config=tiny_config("decoder", intermediate_size=20))
    finally:
        logging.disable_propagation()
        logging.set_verbosity(before)
    told = caplog.text
    assert "up_proj.weight" in told
    assert "(24, 16)" in told or "[24, 16]" in told
    assert "(20, 16)" in told or "[20, 16]" in told


def test_neither_tokens_nor_embeddings_or_both():
    model = tiny_model("encoder")
    with pytest.raises(ValueError, match="either token ids or embeddings"):
        model()
    with pytest.raises(ValueError, match="either token ids or embeddings"):
        model(input_ids=random_tokens(1, 2), inputs_embeds=torch.zeros(1, 2, 16).double())
    with pytest.raises(ValueError, match="either token ids or embeddings"):
        tiny_model()(input_ids=random_tokens(1, 2))


def test_a_decoder_without_its_encoder():
    decoder = tiny_model().get_decoder()
    with pytest.raises(ValueError, match="the decoder of an encoder-decoder needs encoder_hidden_states"):
        decoder(random_tokens(1, 3))


def test_unknown_implementation_of_attention():
    with pytest.raises((ValueError, ImportError), match="sdpaa"):
        TransformerForMaskedLM(tiny_config("encoder")).set_attn_implementation("sdpaa")


@pytest.mark.parametrize(("sources", "targets"), [(2, 5), (5, 2), (0, 2)])
def test_targets_that_belong_to_no_source(sources: int, targets: int):
    told = f"{targets} rows of targets do not belong to {sources} rows of sources"
    with pytest.raises(ValueError, match=told):
        tiny_model()(input_ids=random_tokens(sources, 4), decoder_input_ids=random_tokens(targets, 3))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_batch_of_no_rows(architecture: str):
    settings = {"decoder_input_ids": random_tokens(0, 3)} if architecture == "encoder-decoder" else {}
    assert tiny_model(architecture)(input_ids=random_tokens(0, 3), **settings).logits.shape == (0, 3, 41)
