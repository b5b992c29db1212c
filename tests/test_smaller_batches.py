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
VOCABULARY = 100_000  # whose logits take far more memory than the weights
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


def test_a_model_goes_on_in_smaller_batches(wide_model: Path, tmp_path: Path):
    words = ["the", "film", "is", "was", "good", "bad", "very", "not", "dull", "bright"]
    texts = [" ".join(words[(row + at) % 10] for at in range(4 + row % 3)) for row in range(64)]
    (tmp_path / "rows.jsonl").write_text("\n".join(json.dumps({"text": text}) for text in texts), encoding="utf-8")
    ask = ["predict", str(wide_model), str(tmp_path / "rows.jsonl"), "--output", "out.jsonl"]
    score = ["evaluate", str(wide_model), "--data", str(tmp_path / "rows.jsonl"), "--json"]
    python = Path(sys.executable)  # one that holds no memory which it has already given back
    told_once = "memory ran out: going on in batches of half as many rows"
    limits = [{"memory": size * MB} for size in (72, 80, 64, 88, 56, 96, 48, 104)]  # beside what the process holds
    free, *limited = under_limits(python, tmp_path, [ask, score], {}, *limits, until=told_once)
    assert [run["code"] for run in free["runs"]] == [0, 0], free
    folders = [tmp_path / "limited" / str(number) for number in range(1 + len(limited))]
    whole = (folders[0] / "out.jsonl").read_text(encoding="utf-8")
    measured = json.loads(free["runs"][1]["stdout"])["splits"]["test"]
    assert measured["rows"] == 64
    told = [0, 0]
    for result, folder in zip(limited, folders[1:], strict=True):
        for at, run in enumerate(result["runs"]):
            assert run["code"] in (0, 4), run  # the model itself, or one row, may be too much
            if run["code"] == 4:
                continue
            assert run["stderr"].count(told_once) <= 1
            told[at] += told_once in run["stderr"]
            if at == 0:
                assert (folder / "out.jsonl").read_text(encoding="utf-8") == whole
                continue
            again = json.loads(run["stdout"])["splits"]["test"]["metrics"]
            for name, value in measured["metrics"].items():
                assert again[name]["value"] == pytest.approx(value["value"], rel=1e-6)
    assert min(told) >= 1, [run["stderr"] for result in limited for run in result["runs"]]
