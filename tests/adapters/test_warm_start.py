"""packaged:minilm2minilm: MiniLM twice, the same every time, and equal after saving."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, BertModel, PreTrainedModel

from toolkit.adapters import locate_model
from toolkit.adapters.family import family_of
from toolkit.adapters.warm_start import warm_started
from toolkit.data.packaged import packaged_model_folder
from toolkit.errors import IntegrityError
from toolkit.names import Family

NAME = "packaged:minilm2minilm"


@pytest.fixture(scope="module")
def folder() -> Path:
    return locate_model(NAME).folder


@pytest.fixture
def model(folder: Path) -> PreTrainedModel:
    return AutoModelForSeq2SeqLM.from_pretrained(folder)


@pytest.fixture
def minilm() -> dict[str, torch.Tensor]:
    tensors = load_file(packaged_model_folder("minilm") / "model.safetensors")
    return {name: tensor for name, tensor in tensors.items() if "position_ids" not in name}


def test_both_halves_are_minilm_and_only_the_rest_is_new(model: PreTrainedModel, minilm: dict[str, torch.Tensor]):
    state = model.state_dict()
    taken = {f"encoder.{name}" for name in minilm}
    taken |= {f"decoder.bert.{name}" for name in minilm if not name.startswith("pooler")}
    assert all(torch.equal(state[name], minilm[name.split(".", 1)[1].removeprefix("bert.")]) for name in taken)
    new = [name for name in state if name not in taken]
    assert {name.split(".")[1] for name in new} == {"bert", "cls"}
    assert all("crossattention" in name for name in new if name.startswith("decoder.bert"))
    assert 0.015 < state["decoder.bert.encoder.layer.0.crossattention.self.query.weight"].std() < 0.025
    words = model.decoder.bert.embeddings.word_embeddings.weight
    assert model.decoder.cls.predictions.decoder.weight is words
    assert model.encoder.embeddings.word_embeddings.weight is not words


def test_it_is_the_same_on_every_machine(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    torch.manual_seed(123)
    before = torch.get_rng_state()
    again = locate_model(NAME).folder
    assert torch.equal(torch.get_rng_state(), before)
    assert again != folder
    for name in ("model.safetensors", "config.json", "tokenizer.json", "generation_config.json"):
        digests = {hashlib.sha256((path / name).read_bytes()).hexdigest() for path in (folder, again)}
        assert len(digests) == 1, name
    assert "/" not in json.dumps(json.loads((again / "config.json").read_text(encoding="utf-8")))


def test_the_encoder_reads_as_minilm_does(model: PreTrainedModel, folder: Path):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    minilm = BertModel.from_pretrained(packaged_model_folder("minilm"))
    rows = tokenizer(["A gripping film.", "dull"], padding=True, return_tensors="pt")
    with torch.no_grad():
        assert torch.equal(model.encoder(**rows).last_hidden_state, minilm(**rows).last_hidden_state)
    assert tokenizer.convert_ids_to_tokens(rows["input_ids"][0])[:2] == ["[CLS]", "a"]
    long = tokenizer("word " * 600)["input_ids"]
    assert len(long) == 602  # nothing of the sentence encoder's limit of 128 is left
    assert (tokenizer.model_max_length, tokenizer.eos_token_id, tokenizer.pad_token_id) == (512, 102, 0)


def test_the_decoder_sees_the_text_and_only_what_came_before(model: PreTrainedModel):
    source = torch.tensor([[101, 2143, 102]])
    target = torch.tensor([[101, 2293, 2143, 102]])
    with torch.no_grad():
        whole = model(input_ids=source, decoder_input_ids=target).logits
        cut = model(input_ids=source, decoder_input_ids=target[:, :2]).logits
        other = model(input_ids=source + torch.tensor([[0, 1, 0]]), decoder_input_ids=target).logits
    assert torch.allclose(whole[:, :2], cut, atol=1e-5)
    assert not torch.allclose(whole, other, atol=1e-3)


def test_it_generates_and_learns_and_is_equal_after_saving(model: PreTrainedModel, tmp_path: Path):
    source = torch.tensor([[101, 2143, 2293, 102]])
    written = model.generate(source, max_new_tokens=5)
    assert written[0, 0] == 101
    assert family_of(model.config) is Family.ENCODER_DECODER
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    losses = []
    for _ in range(3):
        logits = model(input_ids=source, decoder_input_ids=source[:, :-1]).logits
        loss = torch.nn.functional.cross_entropy(logits[0], source[0, 1:])
        losses.append(float(loss.detach()))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < losses[0]
    idle = {name for name, parameter in model.named_parameters() if parameter.grad is None}
    assert idle == {"encoder.pooler.dense.weight", "encoder.pooler.dense.bias"}  # which a decoder does not read
    model.save_pretrained(tmp_path)
    reloaded = AutoModelForSeq2SeqLM.from_pretrained(tmp_path).state_dict()
    assert all(torch.equal(tensor, reloaded[name]) for name, tensor in model.state_dict().items())
    assert reloaded.keys() == model.state_dict().keys()


def test_a_damaged_encoder_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    encoder = Path(shutil.copytree(packaged_model_folder("minilm"), tmp_path / "minilm"))
    weights = encoder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(IntegrityError, match="its encoder cannot be opened") as caught:
        warm_started(encoder, name=NAME)
    assert len(str(caught.value).splitlines()) == 1
    weights.unlink()
    with pytest.raises(IntegrityError, match="its weights cannot be read"):
        warm_started(encoder, name=NAME)
