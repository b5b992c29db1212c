"""Memory that runs out while a model writes or scores, for real: smaller batches, the same answers, one warning."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch
from limits import under_limits
from tiny_models import SMALL, tokenizer_for
from transformers import LlamaConfig, LlamaForCausalLM

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
VOCABULARY = 30_000  # whose logits take far more memory than the weights
MB = 1 << 20


@pytest.fixture(scope="module")
def wide_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wide") / "llama"
    torch.manual_seed(0)
    config = LlamaConfig(**{**SMALL, "vocab_size": VOCABULARY}, num_key_value_heads=1, bos_token_id=1, eos_token_id=2)
    LlamaForCausalLM(config).save_pretrained(folder)
    settings = {"max_new_tokens": 6, "suppress_tokens": list(range(40, VOCABULARY)), "no_repeat_ngram_size": 1}
    (folder / "generation_config.json").write_text(json.dumps(settings), encoding="utf-8")
    tokenizer_for("llama").save_pretrained(folder)
    return folder


def test_a_model_goes_on_in_smaller_batches(wide_model: Path, tmp_path: Path, python_at_once: Path):
    words = ["the", "film", "is", "was", "good", "bad", "very", "not", "dull", "bright"]
    texts = [" ".join(words[(row + at) % 10] for at in range(4 + row % 3)) for row in range(64)]
    (tmp_path / "rows.jsonl").write_text("\n".join(json.dumps({"text": text}) for text in texts), encoding="utf-8")
    (tmp_path / "row.jsonl").write_text(json.dumps({"text": texts[0]}), encoding="utf-8")
    ask = ["predict", str(wide_model), str(tmp_path / "rows.jsonl"), "--output", "out.jsonl"]
    score = ["evaluate", str(wide_model), "--data", str(tmp_path / "rows.jsonl"), "--json"]
    one = [
        [*command[:2], *(each.replace("rows.jsonl", "row.jsonl") for each in command[2:])] for command in (ask, score)
    ]
    commands = [ask, score, *one]
    (free,) = under_limits(python_at_once, tmp_path / "free", commands, {})
    assert [run["code"] for run in free["runs"]] == [0] * 4, free
    needed = [run["needed"] for run in free["runs"]]
    whole = (tmp_path / "free" / "limited" / "0" / "out.jsonl").read_text(encoding="utf-8")
    for at, command in enumerate((ask, score)):
        most, least = needed[at], needed[at + 2]
        assert most > least + 4 * MB, needed
        folder = tmp_path / str(at)
        (limited,) = under_limits(python_at_once, folder, [command], {"memory": least + (most - least) // 3})
        (run,) = limited["runs"]
        assert run["code"] == 0, run
        assert run["stderr"].count("memory ran out: going on in batches of half as many rows") == 1
        if command is ask:
            assert (folder / "limited" / "0" / "out.jsonl").read_text(encoding="utf-8") == whole
        else:
            before, after = (json.loads(each["stdout"])["splits"]["test"] for each in (free["runs"][1], run))
            assert after["rows"] == before["rows"] == 64
            for name, value in before["metrics"].items():
                assert after["metrics"][name]["value"] == pytest.approx(value["value"], rel=1e-6)
