"""GGUF files as plain model folders: the same numbers, trainable, whole or refused; SmolLM2 for real."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest
import torch
from tiny_gguf import TOKENS, write_tiny_gguf
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from toolkit.adapters import locate_model
from toolkit.adapters.family import family_of
from toolkit.data.packaged import PACKAGED_MODELS, carried_path
from toolkit.errors import HubError, IntegrityError
from toolkit.names import Family

NILE = (
    "The Nile is a major river in northeastern Africa that flows north into the Mediterranean Sea. It is about 6,650 "
    "kilometres long and its basin covers eleven countries. In ancient times, the yearly floods left rich soil on the "
    "fields along its banks, and the people of Egypt built their towns, temples and tombs beside it."
)


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    write_tiny_gguf(path)
    return path


@pytest.fixture(scope="module")
def smollm2() -> Path:
    """Converted once on this machine, into the user's own cache: that takes some 20 seconds."""
    return locate_model("packaged:smollm2").folder


@pytest.fixture(scope="module")
def real(smollm2: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    return AutoModelForCausalLM.from_pretrained(smollm2), AutoTokenizer.from_pretrained(smollm2)


@pytest.mark.parametrize("tied", [True, False])
def test_numbers_are_those_unpacked_by_hand(tied: bool, tmp_path: Path, own_cache: Path):
    wanted = write_tiny_gguf(tmp_path / "Tiny.GGUF", tied=tied)
    located = locate_model(str(tmp_path / "Tiny.GGUF"))
    assert located.name == str(tmp_path / "Tiny.GGUF")
    model = AutoModelForCausalLM.from_pretrained(located.folder)
    assert (model.dtype, model.training) == (torch.float32, False)
    state = model.state_dict()
    assert state.keys() == wanted.state_dict().keys()
    for name, tensor in wanted.state_dict().items():
        assert torch.equal(state[name], tensor), name
    ids = torch.arange(40).reshape(2, 20)
    with torch.no_grad():
        assert torch.equal(model(ids).logits, wanted(ids).logits)
    assert (model.lm_head.weight is model.model.embed_tokens.weight) is tied


def test_nothing_says_that_it_was_gguf(tiny: Path, own_cache: Path):
    folder = locate_model(str(tiny)).folder
    config = AutoConfig.from_pretrained(folder)
    text = (folder / "config.json").read_text(encoding="utf-8")
    assert "gguf" not in text
    assert "quant" not in text
    assert str(tiny.parent) not in text + (folder / "tokenizer_config.json").read_text(encoding="utf-8")
    assert family_of(config) is Family.DECODER
    assert (config.rope_parameters["rope_theta"], config.num_key_value_heads, config.pad_token_id) == (5000.0, 2, None)


def test_the_tokenizer_keeps_specials_digits_and_template(tiny: Path, own_cache: Path):
    tokenizer = AutoTokenizer.from_pretrained(locate_model(str(tiny)).folder)
    assert tokenizer.get_vocab() == {token: index for index, token in enumerate(TOKENS)}
    assert (tokenizer.pad_token, tokenizer.eos_token, tokenizer.model_max_length) == ("<|im_end|>", "<|im_end|>", 128)
    # Digits stand alone, so the blanks before one are a piece of their own, and merge.
    assert tokenizer.tokenize("x  12 the") == ["x", "ĠĠ", "1", "2", "Ġthe"]
    assert tokenizer("<|im_start|>the")["input_ids"] == [1, TOKENS.index("the")]
    assert tokenizer.decode(tokenizer("안녕, 세계")["input_ids"]) == "안녕, 세계"
    said = tokenizer.apply_chat_template([{"role": "user", "content": "hi"}], tokenize=False)
    assert said == "<|im_start|>user hi<|im_end|>"


def test_it_trains_and_is_equal_after_saving(tiny: Path, own_cache: Path, tmp_path: Path):
    model = AutoModelForCausalLM.from_pretrained(locate_model(str(tiny)).folder)
    ids = torch.arange(20).reshape(1, 20)
    before = model(ids, labels=ids).loss
    before.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    assert model(ids, labels=ids).loss < before
    model.save_pretrained(tmp_path / "trained")
    reloaded = AutoModelForCausalLM.from_pretrained(tmp_path / "trained").state_dict()
    assert all(torch.equal(tensor, reloaded[name]) for name, tensor in model.state_dict().items())


def test_the_second_time_nothing_is_converted(tiny: Path, own_cache: Path, tmp_path: Path):
    def written() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in [folder, *folder.iterdir()]}

    folder = locate_model(str(tiny)).folder
    before = written()
    assert locate_model(str(tiny)).folder == folder
    copied = shutil.copy(tiny, tmp_path / "other name.gguf")
    assert locate_model(str(copied)).folder == folder
    assert written() == before


def test_another_file_under_the_same_name_is_converted(tmp_path: Path, own_cache: Path):
    path = tmp_path / "model.gguf"
    write_tiny_gguf(path)
    first = locate_model(str(path)).folder
    write_tiny_gguf(path, tied=False)
    assert locate_model(str(path)).folder != first


@pytest.mark.parametrize("kept", [0, 3, 20, 700, 0.05, 0.3, 0.5, 0.99, -1])
def test_a_file_cut_short_is_one_line_and_leaves_nothing(kept: float, tiny: Path, tmp_path: Path, own_cache: Path):
    content = tiny.read_bytes()
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(content[: int(len(content) * kept) if 0 < kept < 1 else int(kept)])
    with pytest.raises(IntegrityError, match="no whole GGUF file: it is cut short or damaged") as caught:
        locate_model(str(cut))
    assert str(caught.value).startswith(f"model {cut}: ")
    assert len(str(caught.value).splitlines()) == 1
    assert [path for path in own_cache.rglob("*") if path.is_dir() and path.parent.name == "models"] == []


def test_what_is_no_gguf_file_or_none_that_can_be_converted(tmp_path: Path, own_cache: Path):
    other = tmp_path / "text.gguf"
    other.write_text("This is a note about models, not a model. " * 20)
    with pytest.raises(IntegrityError, match="no whole GGUF file"):
        locate_model(str(other))
    write_tiny_gguf(tmp_path / "odd.gguf", architecture="jais")
    with pytest.raises(IntegrityError, match=r"transformers cannot convert this GGUF file: .*jais") as caught:
        locate_model(str(tmp_path / "odd.gguf"))
    assert len(str(caught.value).splitlines()) == 1
    with pytest.raises(HubError, match="there is no such GGUF file"):
        locate_model(str(tmp_path / "missing.gguf"))
    other.rename(tmp_path / "text.txt")
    with pytest.raises(HubError, match=r"a model is a folder, a \.gguf file"):
        locate_model(str(tmp_path / "text.txt"))


def test_smollm2_is_what_its_authors_published(real: tuple[PreTrainedModel, PreTrainedTokenizerBase]):
    model, tokenizer = real
    config = model.config
    assert (config.hidden_size, config.intermediate_size, config.num_hidden_layers) == (576, 1536, 30)
    assert (config.num_attention_heads, config.num_key_value_heads, config.vocab_size) == (9, 3, 49152)
    assert (config.rope_parameters["rope_theta"], config.max_position_embeddings) == (100000.0, 8192)
    assert (config.tie_word_embeddings, model.num_parameters()) == (True, 134_515_008)
    assert config.rms_norm_eps == pytest.approx(1e-5)
    assert (tokenizer.pad_token, tokenizer.model_max_length, len(tokenizer)) == ("<|im_end|>", 8192, 49152)
    assert "<|im_start|>assistant" in tokenizer.apply_chat_template(
        [{"role": "user", "content": "hi"}], tokenize=False, add_generation_prompt=True
    )


def test_smollm2_gives_the_logits_of_its_file(real: tuple[PreTrainedModel, PreTrainedTokenizerBase]):
    model, tokenizer = real
    path = carried_path(PACKAGED_MODELS["smollm2"].carrier)
    source = AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, config=model.config, dtype=torch.float32
    )
    ids = tokenizer(NILE, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        assert torch.equal(model(ids).logits, source(ids).logits)


def test_smollm2_knows_english_and_a_capital(real: tuple[PreTrainedModel, PreTrainedTokenizerBase]):
    model, tokenizer = real
    prompt = tokenizer("The capital of France is", return_tensors="pt")
    written = model.generate(**prompt, max_new_tokens=2, do_sample=False)
    assert tokenizer.decode(written[0]) == "The capital of France is Paris."
    ids = tokenizer(NILE, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        assert float(model(ids, labels=ids).loss) < math.log(25)  # 86 where queries and keys are turned wrongly
