"""Chats of unlike length, made of packaged dialogues and film reviews."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from toolkit.data.sources import read_table

SHORTEST, LONGEST = 20, 600  # tokens
MOST_TURNS = 6
TOKENS_OF_A_WORD = 1.75  # with the words that the answer goes on from, and the marks of a turn
OF_DIALOGUES = 0.3  # share of turns that are pairs of a dialogue, which are short

_SPACE = re.compile(r"(?:<br />|\s)+")


def write_chats(path: Path, n_chats: int, *, seed: int) -> None:
    """Write chats of 1 to 6 turns as jsonl, with about 20 to 600 tokens each, spread evenly over their logarithm.

    A turn is a question with its answer from a dialogue, or the beginning of a review that is to be gone on with.
    """
    pairs, reviews = _pairs(), _reviews()
    generator = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for _ in range(n_chats):
            chat = _chat(generator, pairs, reviews)
            file.write(json.dumps({"messages": chat}, ensure_ascii=False) + "\n")


def _chat(generator: np.random.Generator, pairs: list[tuple[str, str]], reviews: list[str]) -> list[dict[str, str]]:
    n_turns = int(generator.integers(1, MOST_TURNS + 1))
    n_words = float(np.exp(generator.uniform(np.log(SHORTEST), np.log(LONGEST)))) / TOKENS_OF_A_WORD / n_turns
    messages = []
    for _ in range(n_turns):
        if generator.random() < OF_DIALOGUES or n_words < 8:
            asked, answer = pairs[generator.integers(len(pairs))]
        else:
            words = reviews[generator.integers(len(reviews))].split(" ")
            n_asked = max(3, round(n_words / 4))
            asked = f"Go on: {' '.join(words[:n_asked])}"
            answer = " ".join(words[n_asked : n_asked + max(4, round(n_words))])
        messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]
    return messages


def _pairs() -> list[tuple[str, str]]:
    columns = read_table("packaged:chatterbot", subset="english").columns
    plain = (_plain(a, b) for a, b in zip(columns["source"], columns["target"], strict=True))
    return [(asked, answer) for asked, answer in plain if asked and 0 < len(answer) < 400]


def _reviews() -> list[str]:
    texts = [_plain(text)[0] for text in read_table("packaged:imdb").columns["text"][::5]]
    return [text for text in texts if text.count(" ") > LONGEST]


def _plain(*texts: str | None) -> list[str]:
    return [_SPACE.sub(" ", text or "").strip() for text in texts]
