"""Our Transformer beside MarianMT of the same size: training, greedy and beam generation, in one run.

    python benchmarks/translate.py --data FOLDER [--rounds 3] [--steps 20]

FOLDER holds line-parallel text, train.de, train.en and test_2016_flickr.de (Multi30K; Elliott et al. 2016).
Each system runs in a process of its own, in turns, so that a noisy machine is noisy for both; the fastest of
its rounds counts. Both learn from the same batches of 64 pairs in bfloat16 autocast with fused AdamW, and both
write 24 tokens for the same 64 sentences. The table is markdown, for docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"

import torch

from toolkit.data.packing import PackPairs
from toolkit.data.vocabulary import train_tokenizer
from toolkit.training.losses import TokenLoss
from toolkit.training.memory import keep_freed_memory
from toolkit.transformer import TransformerConfig, TransformerForConditionalGeneration

ROWS = 64
NEW_TOKENS = 24
WARM_UP = 3
VOCABULARY = 8000
WIDTH, INNER, LAYERS, HEADS = 256, 1024, 3, 8
SYSTEMS = ("marian", "ours")


def main() -> None:
    """Run the rounds and print the table, or, as a child, measure one system and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--system", choices=SYSTEMS)
    given = parser.parse_args()
    if given.system:
        print(json.dumps(measure(given.system, given.data, given.steps)))
        return
    best: dict[str, dict[str, float]] = {system: {} for system in SYSTEMS}
    for _ in range(given.rounds):
        for system in SYSTEMS:
            for name, value in in_a_process(system, given).items():
                best[system][name] = max(value, best[system].get(name, 0.0))
    print_table(best)


def in_a_process(system: str, given: argparse.Namespace) -> dict[str, float]:
    """What one system measures in a process of its own."""
    command = [sys.executable, __file__, "--data", str(given.data), "--steps", str(given.steps), "--system", system]
    answer = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8")
    found: dict[str, float] = json.loads(answer.stdout.strip().splitlines()[-1])
    return found


def measure(system: str, folder: Path, steps: int) -> dict[str, float]:
    """Tokens a second of one system, and what the arithmetic allows on this machine."""
    data = read_pairs(folder)
    torch.manual_seed(0)
    model = build(system)
    train, n_source, n_target = trainer_of(system, model)
    batches = data["batches"]
    for _ in range(WARM_UP):
        train(next(batches))
    n_source.clear(), n_target.clear()
    started = time.perf_counter()
    for _ in range(steps):
        train(next(batches))
    seconds = time.perf_counter() - started
    figures = {"training": sum(n_target) / seconds}
    per_target = training_flops(model) @ torch.tensor([sum(n_source) / sum(n_target), 1.0])
    figures["training limit"] = matrix_flops(torch.bfloat16) / float(per_target)
    model.eval()
    for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        model.to(dtype)
        for label, beams in (("greedy", 1), ("beam 4", 4)):
            figures[f"{label}, {name}"] = generation_speed(model, data["test"], beams)
    return figures


def read_pairs(folder: Path) -> dict[str, Any]:
    """Endless training batches of token ids, and 64 padded test sources."""
    lines = {
        name: (folder / name).read_text(encoding="utf-8").splitlines()
        for name in ("train.de", "train.en", "test_2016_flickr.de")
    }
    tokenizer = train_tokenizer(
        lines["train.de"] + lines["train.en"], kind="bpe", vocab_size=VOCABULARY, max_length=256
    )
    sources, targets = tokenizer(lines["train.de"])["input_ids"], tokenizer(lines["train.en"])["input_ids"]
    order = torch.randperm(len(sources), generator=torch.Generator().manual_seed(0)).tolist()

    def batches() -> Iterator[list[dict[str, list[int]]]]:
        while True:
            for start in range(0, len(order) - ROWS, ROWS):
                yield [{"input_ids": sources[i], "labels": targets[i]} for i in order[start : start + ROWS]]

    test = tokenizer(lines["test_2016_flickr.de"][:ROWS], padding=True, return_tensors="pt")
    return {"batches": batches(), "test": {name: test[name] for name in ("input_ids", "attention_mask")}}


def build(system: str) -> Any:
    """A model of the common size from a random start."""
    if system == "ours":
        return TransformerForConditionalGeneration(TransformerConfig.from_preset("small", vocab_size=VOCABULARY))
    from transformers import MarianConfig, MarianMTModel

    config = MarianConfig(
        vocab_size=VOCABULARY,
        d_model=WIDTH,
        encoder_layers=LAYERS,
        decoder_layers=LAYERS,
        encoder_attention_heads=HEADS,
        decoder_attention_heads=HEADS,
        encoder_ffn_dim=INNER,
        decoder_ffn_dim=INNER,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
        forced_eos_token_id=None,
        max_position_embeddings=256,
        activation_function="relu",
        scale_embedding=True,
        dropout=0.1,
    )
    return MarianMTModel(config)


def trainer_of(system: str, model: Any) -> tuple[Callable[[list[dict[str, list[int]]]], None], list[int], list[int]]:
    """One training step as each system does it, with lists that collect the real tokens of its batches."""
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4, fused=True)
    pack, loss_of = PackPairs(decoder_start_token_id=1), TokenLoss()
    n_source: list[int] = []
    n_target: list[int] = []
    if system == "ours":
        keep_freed_memory()

    def pad(rows: list[list[int]], filler: int) -> torch.Tensor:
        tensors = [torch.tensor(row) for row in rows]
        return torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=filler)

    def step(rows: list[dict[str, list[int]]]) -> None:
        n_source.append(sum(len(row["input_ids"]) for row in rows))
        n_target.append(sum(len(row["labels"]) for row in rows))
        with torch.autocast("cpu", torch.bfloat16):
            if system == "ours":
                batch = pack(rows)
                labels = batch.pop("labels")
                outputs = model(**batch)
            else:
                sources = pad([row["input_ids"] for row in rows], 0)
                loss = model(
                    input_ids=sources,
                    attention_mask=(sources != 0).long(),
                    labels=pad([row["labels"] for row in rows], -100),
                ).loss
        if system == "ours":
            loss = loss_of(outputs, labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    return step, n_source, n_target


def generation_speed(model: Any, inputs: dict[str, torch.Tensor], beams: int) -> float:
    """New tokens a second for 64 sentences, the better of two times."""
    seconds = []
    with torch.inference_mode():
        for _ in range(2):
            started = time.perf_counter()
            model.generate(
                **inputs, max_new_tokens=NEW_TOKENS, min_new_tokens=NEW_TOKENS, num_beams=beams, do_sample=False
            )
            seconds.append(time.perf_counter() - started)
    return ROWS * NEW_TOKENS / min(seconds)


def training_flops(model: Any) -> torch.Tensor:
    """Multiplications and additions of a training step's matrix products, a source and a target token."""
    body = model.model
    encoder = sum(weight.numel() for name, weight in body.encoder.named_parameters() if is_matrix(name, weight))
    decoder = sum(weight.numel() for name, weight in body.decoder.named_parameters() if is_matrix(name, weight))
    # Keys and values of the encoder are made once a source token.
    crossed = LAYERS * 2 * WIDTH * WIDTH
    return 6.0 * torch.tensor([encoder + crossed, decoder - crossed + VOCABULARY * WIDTH], dtype=torch.float32)


def is_matrix(name: str, weight: torch.Tensor) -> bool:
    """Whether a weight takes part in a matrix product for every token."""
    return weight.ndim == 2 and "embed" not in name


def matrix_flops(dtype: torch.dtype, size: int = 1024) -> float:
    """Multiplications and additions a second of a large matrix product on this machine."""
    first, second = torch.randn(size, size).to(dtype), torch.randn(size, size).to(dtype)
    seconds = []
    for _ in range(20):
        started = time.perf_counter()
        first @ second
        seconds.append(time.perf_counter() - started)
    return 2 * size**3 / min(seconds)


def print_table(best: dict[str, dict[str, float]]) -> None:
    """The ratios, as markdown."""
    threads = torch.get_num_threads()
    print(f"torch {torch.__version__}, {threads} threads; real target tokens a second, the best of the rounds\n")
    print("| | MarianMT | ours | ratio |\n|---|---|---|---|")
    for name, ours in best["ours"].items():
        if name.endswith("limit"):
            continue
        theirs = best["marian"][name]
        print(f"| {name} | {theirs:,.0f} | {ours:,.0f} | {ours / theirs:.2f} × |")
    limit = best["ours"]["training limit"]
    for system in SYSTEMS:
        share = best[system]["training"] / limit
        print(f"\n{system}: training at {share:.0%} of the {limit:,.0f} tokens/s that matrix products alone allow.")


if __name__ == "__main__":
    main()
