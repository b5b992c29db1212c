"""Row 68 of reliability.md: secrets are found by file and line and not shown, and nothing else is taken for one."""

from __future__ import annotations

import json
import random
import string
import time
from pathlib import Path

import pytest
from push_cases import FILES, manifest_of

from toolkit.data.packaged import packaged_model_folder
from toolkit.errors import IntegrityError
from toolkit.hub.push.manifest import made_file, model_manifest, read_file
from toolkit.hub.push.secrets import find_secrets, refuse_secrets

_letters = random.Random(0)


def made_up(n: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    """Made up anew, so that no file of the repository holds anything that looks like a token."""
    return "".join(_letters.choices(alphabet, k=n))


SECRETS = {
    "hub": "hf_" + made_up(34),
    "aws": "AKIA" + made_up(16, string.ascii_uppercase + string.digits),
    "key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "new key": "-----BEGIN " + "PRIVATE KEY-----",
    "ssh": "-----BEGIN OPENSSH " + "PRIVATE KEY-----",
    "openai": "sk-" + made_up(24) + "7" + made_up(20),
    "openai project": "sk-proj-" + made_up(30) + "1_-",
    "github": "ghp_" + made_up(36),
    "github fine": "github_pat_" + made_up(40),
    "google": "AIza" + made_up(35),
    "slack": "xoxb-" + made_up(12, string.digits) + "-" + made_up(12),
    "env": "DB_PASSWORD=" + made_up(12),
    "env quoted": f'export WANDB_API_KEY="{made_up(20)}"',
}
HARMLESS = [
    "hf_hub_download(repo_id)",
    "task-specific-fine-tuning-of-models-for-2026-and-on",
    "sk-learn",
    "risk-" + "a1" * 20,
    '"pad_token": "[PAD]"',
    "HF_TOKEN=<token>",
    "HF_TOKEN=$TOKEN",
    "TOKEN = 5",
    "sha256: " + "ab12" * 16,
    "AKIA is a prefix",
    "BEGIN PUBLIC KEY",
    "영화 평은 비밀번호가 아니다",
]


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("around", ["{}", "  {}  ", "한글 앞 {}", "x\r\n{}"], ids=["alone", "spaces", "Hangul", "crlf"])
def test_every_kind_is_found_at_its_line_and_not_shown(kind: str, around: str):
    if kind.startswith("env") and "한글" in around:
        pytest.skip("an assignment of a settings file begins its line")
    content = "first\n둘째\n" + around.format(SECRETS[kind])
    [fault] = find_secrets(made_file("notes.md", content.encode()))
    assert fault.where == f"notes.md:{content[: content.index(SECRETS[kind])].count(chr(10)) + 1}"
    secret = SECRETS[kind].partition("=")[2].strip('"') or SECRETS[kind]
    assert secret not in str(fault)
    assert "remove it where it comes from" in fault.message


@pytest.mark.parametrize("holder", ["README.md", "config.json", "notebook.ipynb", "modeling_x.py", "golden.json"])
def test_planted_token_in_any_text_file_stops_the_push(holder: str):
    cell = json.dumps({"cells": [{"source": [f"login(token='{SECRETS['hub']}')\n"]}]})
    with pytest.raises(IntegrityError) as refused:
        refuse_secrets(manifest_of({**FILES, holder: cell.encode()}))
    assert refused.value.exit_code == 7
    assert [fault.where for fault in refused.value.faults] == [f"{holder}:1"]
    assert SECRETS["hub"] not in str(refused.value)


def test_all_are_told_at_once():
    files = {"a.txt": f"{SECRETS['aws']}\n\n{SECRETS['github']}".encode(), "b.txt": SECRETS["key"].encode()}
    with pytest.raises(IntegrityError) as refused:
        refuse_secrets(manifest_of(files))
    assert [fault.where for fault in refused.value.faults] == ["a.txt:1", "a.txt:3", "b.txt:1"]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_resembles_a_secret_passes(text: str):
    assert find_secrets(made_file("a.txt", text.encode())) == []


def test_the_token_in_use_is_found_whatever_its_shape_and_also_in_weights(tmp_path: Path):
    token = "not-of-any-known-shape"
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"\0" * 70_000 + token.encode() + b"\0")
    file = read_file(weights, name="model.safetensors", within=tmp_path)
    assert find_secrets(file) == []
    [fault] = find_secrets(file, token=token)
    assert "the token in use" in fault.message
    assert token not in str(fault)
    [fault] = find_secrets(made_file("a.txt", b"a\n" + token.encode()), token=token)
    assert fault.where == "a.txt:2"


def test_empty_files(tmp_path: Path):
    (tmp_path / "model.safetensors").touch()
    assert (
        find_secrets(read_file(tmp_path / "model.safetensors", name="model.safetensors", within=tmp_path), token="t")
        == []
    )
    assert find_secrets(made_file("a.txt", b""), token="t") == []


def test_real_model_with_its_tokenizer_passes():
    manifest = model_manifest(Path(packaged_model_folder("packaged:minilm")))
    refuse_secrets(manifest, token=SECRETS["hub"])


@pytest.mark.parametrize("piece", ["sk-", "sk-a", "A", "AAAA_TOKEN", "hf_", "BEGIN A ", " " * 50, "xoxb-", "export "])
def test_long_lines_take_no_longer_than_their_length(piece: str):
    """What makes a careless pattern take hours: many beginnings of it, and no end.

    Time that grows with the square would grow sixteenfold; the shortest of three is that with the fewest disturbances.
    """

    def seconds(length: int) -> float:
        file, taken = made_file("a.txt", (piece * length)[:length].encode()), []
        for _ in range(3):
            started = time.process_time()
            find_secrets(file)
            taken.append(time.process_time() - started)
        return min(taken)

    assert seconds(400_000) < 10 * seconds(100_000) + 0.01
