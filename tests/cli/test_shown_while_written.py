"""One text is shown on a terminal while a model writes it, and is the text that is written elsewhere."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

import pytest
from transformers import AutoTokenizer
from writing_models import writing_model

from toolkit.cli.main import run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals of Unix")
TEXT = "the film is good"


def words_only(model: Path, **more: object) -> Path:
    """Let a model write many tokens, no special ones, no half characters, none of them twice."""
    tokenizer = AutoTokenizer.from_pretrained(model)
    tokens = {number: tokenizer.decode([number], skip_special_tokens=True) for number in range(len(tokenizer))}
    unseen = [number for number, text in tokens.items() if not text.isascii() or not text.isprintable() or not text]
    settings = {"max_new_tokens": 12, "no_repeat_ngram_size": 1, "suppress_tokens": unseen, **more}
    settings |= {"decoder_start_token_id": 0} if model.name == "t5" else {}
    (model / "generation_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return model


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder-decoder whose tokens are words, and a decoder whose tokens are bytes."""
    folder = tmp_path_factory.mktemp("models")
    for name in ("qwen2", "t5"):
        words_only(writing_model(name, folder / name, seed=3))
    return folder


def on_a_terminal(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run a command whose stdout is a pseudo-terminal; return what was read from it, piece by piece."""
    master, slave = os.openpty()
    pieces: list[bytes] = []

    def read() -> None:
        while b"\0" not in (piece := os.read(master, 1 << 16)):
            pieces.append(piece)
        pieces.append(piece.split(b"\0")[0])

    reader = threading.Thread(target=read)
    reader.start()
    try:
        with os.fdopen(slave, "w", encoding="utf-8") as terminal:
            monkeypatch.setattr(sys, "stdout", terminal)
            assert terminal.isatty()
            assert run(arguments) == 0
            terminal.write("\0")
            terminal.flush()
            reader.join()
    finally:
        monkeypatch.undo()
        os.close(master)
    return [piece.decode("utf-8") for piece in pieces if piece]


def asked(model: Path, *options: str) -> list[str]:
    task = "summarization" if model.name == "t5" else "text-generation"
    return ["zero-shot", str(model), TEXT, "--task", task, "--template", "{source}", *options]


@pytest.mark.parametrize("name", ["qwen2", "t5"])
def test_a_text_is_shown_as_it_is_written(name: str, models: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    capsys.readouterr()
    assert run(asked(models / name, "--json")) == 0
    text = json.loads(capsys.readouterr().out)["predictions"][0]["prediction"]
    assert len(text) > 10
    pieces = on_a_terminal(asked(models / name), monkeypatch)
    assert len(pieces) > 2
    assert "".join(pieces) == f"{text}\r\n"


def test_beams_stops_and_draws(models: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    model = models / "qwen2"

    def written() -> str:
        capsys.readouterr()
        assert run(asked(model, "--json")) == 0
        text: str = json.loads(capsys.readouterr().out)["predictions"][0]["prediction"]
        return text

    words_only(model, do_sample=True)
    whole = written()
    assert "".join(on_a_terminal(asked(model), monkeypatch)) == f"{whole}\r\n"
    words_only(model, do_sample=True, stop_strings=[whole[5:7], "\n\n"])
    text = written()
    assert text == whole[:5]
    assert "".join(on_a_terminal(asked(model), monkeypatch)) == f"{text}\r\n"
    words_only(model, num_beams=2)
    monkeypatch.setenv("NO_COLOR", "1")
    shown = "".join(on_a_terminal(asked(model), monkeypatch)).splitlines()
    assert shown[0].split() == ["id", "text", "prediction"]
    assert shown[-1].endswith(" ".join(written().split()))
