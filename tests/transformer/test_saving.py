"""What is saved comes back bit for bit, and a vocabulary can grow."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tiny import ARCHITECTURES, POSITIONS, assert_same, batch_of, random_tokens, tiny_model

from toolkit.transformer import TransformerModel


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("tie", [True, False])
def test_loaded_is_saved_bit_for_bit(architecture: str, position: str, tie: bool, tmp_path: Path):
    settings = {"position": position, "tie_word_embeddings": tie, "norm": "pre", "activation": "swiglu"}
    model = tiny_model(architecture, dtype=torch.float32, **settings)
    model.save_pretrained(tmp_path)
    loaded, report = type(model).from_pretrained(tmp_path, output_loading_info=True)
    assert not any(report[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    own = {"_name_or_path": str(tmp_path), "architectures": [type(model).__name__]}
    assert loaded.config.to_dict() == {**model.config.to_dict(), **own}
    before, after = model.state_dict(), loaded.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert (loaded.lm_head.weight is loaded.get_input_embeddings().weight) == tie
    batch = batch_of(architecture)
    assert torch.equal(loaded.eval()(**batch).logits, model(**batch).logits)


def test_a_body_takes_the_weights_of_a_model_with_a_head(tmp_path: Path):
    model = tiny_model("encoder", dtype=torch.float32)
    model.save_pretrained(tmp_path)
    body, report = TransformerModel.from_pretrained(tmp_path, output_loading_info=True)
    assert not report["missing_keys"]
    tokens = random_tokens(2, 5)
    assert torch.equal(body.eval()(tokens).last_hidden_state, model.model(tokens).last_hidden_state)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("tie", [True, False])
def test_a_resized_vocabulary(architecture: str, tie: bool):
    model = tiny_model(architecture, dtype=torch.float32, tie_word_embeddings=tie)
    batch = batch_of(architecture)
    before = model(**batch).logits
    model.resize_token_embeddings(50)
    stacks = [stack for stack in (model.model.encoder, model.model.decoder) if stack is not None]
    assert all(stack.embed_tokens.weight.shape == (50, 16) for stack in stacks)
    assert model.lm_head.weight.shape == (50, 16)
    assert model.lm_head.out_features == model.config.vocab_size == 50
    assert all((stack.embed_tokens.weight is model.lm_head.weight) == tie for stack in stacks)
    assert_same(model(**batch).logits[..., :41], before, tolerance=1e-5)
    new = {name: value.clone() for name, value in batch.items()}
    new["input_ids"][:, 0] = 49
    new["labels"][:, 0] = 49
    assert torch.isfinite(model(**new).loss)
    with pytest.raises(ValueError, match="50 is outside of the vocabulary, vocab_size=50"):
        model(**{**new, "input_ids": new["input_ids"] + 1})
