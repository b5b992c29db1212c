"""Training of random models of real sizes: tokens a second, memory and the share of the peak, beside `SFTTrainer`."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from cuda_checks.checked import REPOSITORY, Setting, use_tests
from cuda_checks.peak import peak_file

SIZES: dict[str, dict[str, Any]] = {
    "smollm2": {  # SmolLM2-135M
        "vocab_size": 49152,
        "hidden_size": 576,
        "intermediate_size": 1536,
        "num_hidden_layers": 30,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
        "tie_word_embeddings": True,
    },
    "llama-1b": {  # Llama 3.2 1B with the vocabulary of Llama 2
        "vocab_size": 32000,
        "hidden_size": 2048,
        "intermediate_size": 8192,
        "num_hidden_layers": 16,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "tie_word_embeddings": True,
    },
}
TINY: dict[str, Any] = {
    "vocab_size": 512,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "tie_word_embeddings": True,
}
CHATML = (
    "{%- for message in messages -%}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' }}"
    "{%- endfor -%}{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}"
)
MOST_APART = 0.05  # nats a token, of the losses on held-out chats


def smollm2_lora(setting: Setting) -> dict[str, Any]:
    """Train adapters of a model of SmolLM2's size."""
    return _measured(setting, "smollm2", "lora")


def smollm2_full(setting: Setting) -> dict[str, Any]:
    """Train all weights of a model of SmolLM2's size."""
    return _measured(setting, "smollm2", "full")


def llama_lora(setting: Setting) -> dict[str, Any]:
    """Train adapters of a model with a thousand million parameters."""
    return _measured(setting, "llama-1b", "lora")


def llama_full(setting: Setting) -> dict[str, Any]:
    """Train all weights of a model with a thousand million parameters."""
    return _measured(setting, "llama-1b", "full")


def _measured(setting: Setting, name: str, method: str) -> dict[str, Any]:
    use_tests()
    from writing.job import Job
    from writing.prepare import write_rows

    folder = setting.folder
    config = TINY if setting.tiny else SIZES[name]
    job = Job(
        model=str(_model(name, config, setting)),
        train=str(folder / "train.jsonl"),
        test=str(folder / "test.jsonl"),
        encoded=str(folder / "rows.json"),
        steps=3 if setting.tiny else 12,
        batch=4 if setting.tiny else 16,
        warmup=1 if setting.tiny else 4,
        method=method,
        device=setting.device,
        learning_rate=2e-4 if method == "lora" else 2e-5,
    )
    _write_chats(Path(job.train), job.steps * job.batch, seed=0)
    _write_chats(Path(job.test), 8, seed=1)
    write_rows(job)
    job.write(folder / "job.json")
    peak = json.loads(peak_file(folder).read_text(encoding="utf-8")) if peak_file(folder).exists() else None
    needed = _flops(job, config)
    figures: dict[str, Any] = {}
    for contestant in ("toolkit", "SFTTrainer"):
        if contestant == "SFTTrainer" and find_spec("trl") is None:
            figures["SFTTrainer"] = "trl is not installed"
            continue
        found = _trained(contestant, folder)
        share = needed / sum(found["step_seconds"]) / peak if peak else None
        figures |= {
            f"{contestant}_tokens_per_second": round(found["tokens_per_second"]),
            f"{contestant}_step_seconds": round(statistics.median(found["step_seconds"]), 4),
            f"{contestant}_peak_gib": round(found["peak_bytes"] / 2**30, 2),
            f"{contestant}_held_out": round(found["held_out"], 4),
            f"{contestant}_share_of_peak": None if share is None else round(share, 4),
        }
    if "SFTTrainer_held_out" in figures:
        figures["ratio"] = round(figures["toolkit_tokens_per_second"] / figures["SFTTrainer_tokens_per_second"], 2)
        apart = abs(figures["toolkit_held_out"] - figures["SFTTrainer_held_out"])
        if not apart <= MOST_APART:
            raise AssertionError(f"the losses are {apart:.4f} nats a token apart: {figures}")
    return figures


def _trained(contestant: str, folder: Path) -> dict[str, Any]:
    script = REPOSITORY / "benchmarks" / "writing_speed.py"
    command = [sys.executable, str(script), "--contestant", contestant, "--work", str(folder), "--loss"]
    answer = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    if answer.returncode:
        raise AssertionError(f"{contestant} failed: {answer.stderr[-1500:]}")
    found: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return found


def _model(name: str, config: dict[str, Any], setting: Setting) -> Path:
    """Make a random model on the device, once for all checks, with a tokenizer of bytes."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedTokenizerFast

    folder = setting.folder.parent / name
    if (folder / "config.json").exists():
        return folder
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate([*special, *letters])}, []))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        **dict(zip(("pad_token", "bos_token", "eos_token"), special, strict=True)),
        chat_template=CHATML,
        model_max_length=2048,
    ).save_pretrained(folder)
    ids = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    torch.manual_seed(0)
    with torch.device(setting.device):
        model = AutoModelForCausalLM.from_config(
            LlamaConfig(**config, **ids, max_position_embeddings=2048), dtype=torch.bfloat16
        )
    model.save_pretrained(folder)
    return folder


def _write_chats(path: Path, n_chats: int, *, seed: int) -> None:
    """Write chats of 1 to 6 turns with 40 to 600 tokens, spread evenly over their logarithm; a letter is a token."""
    generator = np.random.default_rng(seed)
    words = ["".join(generator.choice(list("etaoinshrdlu"), size=generator.integers(2, 9))) for _ in range(500)]

    def text(length: int) -> str:
        return " ".join(generator.choice(words, size=max(1, length // 5)))[: max(1, length)]

    with path.open("w", encoding="utf-8", newline="\n") as file:
        for _ in range(n_chats):
            goal = float(np.exp(generator.uniform(np.log(40), np.log(600))))
            n_turns = max(1, min(int(generator.integers(1, 7)), int(goal // 40)))
            said = max(2.0, goal / n_turns - 20)  # a turn has about 20 tokens of marks
            messages = []
            for _ in range(n_turns):
                messages += [{"role": "user", "content": text(round(said * 0.3))}]
                messages += [{"role": "assistant", "content": text(round(said * 0.7))}]
            file.write(json.dumps({"messages": messages}) + "\n")


def _flops(job: Any, config: dict[str, Any]) -> float:
    """Return the operations that the timed steps need, without padding and without computing anything twice.

    A product with a weight takes 2 operations a parameter and token forward, and as many for each gradient: of the
    states, and of the weight where it trains. Attention takes 2 × 2 × width for each pair of a token and one before it.
    The product with the vocabulary is needed for learnt tokens alone. Adapters are left out.
    """
    width, layers = config["hidden_size"], config["num_hidden_layers"]
    keys = width * config["num_key_value_heads"] // config["num_attention_heads"]
    weights = layers * (2 * width * width + 2 * width * keys + 3 * width * config["intermediate_size"])
    rows = job.rows("train")[job.warmup * job.batch :]
    lengths = np.array([len(row["input_ids"]) for row in rows], dtype=np.float64)
    n_learnt = sum(label != -100 for row in rows for label in row["labels"])
    products = 2 * weights * lengths.sum() + 2 * width * config["vocab_size"] * n_learnt
    attention = layers * 4 * width * (lengths**2).sum() / 2
    gradients = 3 if job.method == "full" else 2
    return float(gradients * products + 3 * attention)
