"""Model folders that would run code, read a stranger's files or ask somebody: refused, and nothing of it happens.

Each pickle is a real one: whoever opens it makes a file. A hook sees every file that the process opens, every
connection and every question at the terminal.
"""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

MARKER = "executed"
CODE = f"from pathlib import Path\nPath(__file__).with_name({MARKER!r}).touch()\nclass Any: ...\n"


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / MARKER)

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return open, (self.path, "w")


def _set(name: str, **values: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / name
        file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | values), encoding="utf-8")

    return change


def _trap(name: str, *, instead: bool = False, torch_format: bool = False) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        if instead:
            (folder / "model.safetensors").unlink()
        if torch_format:
            torch.save({"weight": Trap(folder)}, folder / name)
        else:
            (folder / name).write_bytes(pickle.dumps(Trap(folder)))

    return change


def _adapter(folder: Path) -> None:
    settings = {"peft_type": "LORA", "task_type": "SEQ_CLS", "base_model_name_or_path": str(folder.parent / "plain")}
    for file in folder.iterdir():
        file.unlink()
    (folder / "adapter_config.json").write_text(json.dumps(settings), encoding="utf-8")
    _trap("adapter_model.bin")(folder)


def _code(folder: Path) -> None:
    (folder / "code.py").write_text(CODE, encoding="utf-8")
    _set("config.json", model_type="theirs", auto_map={"AutoConfig": "code.Any", "AutoModel": "code.Any"})(folder)


def _code_of_the_tokenizer(folder: Path) -> None:
    (folder / "code.py").write_text(CODE, encoding="utf-8")
    _set("tokenizer_config.json", tokenizer_class="Any", auto_map={"AutoTokenizer": ["code.Any", None]})(folder)


def _elsewhere(key: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / "tokenizer.json").unlink()
        _set("tokenizer_config.json", tokenizer_class="BertTokenizer", **{key: "../secret.txt"})(folder)

    return change


REFUSED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "pickle alone": (_trap("pytorch_model.bin", instead=True), "pytorch_model.bin, a format that can run code"),
    "pickle of torch": (_trap("pytorch_model.bin", instead=True, torch_format=True), "a format that can run code"),
    "renamed pickle": (_trap("model.safetensors"), "model.safetensors is a pickle"),
    "renamed pickle of torch": (_trap("model.safetensors", torch_format=True), "model.safetensors is "),
    "adapter": (_adapter, "adapter_model.safetensors is missing"),
    "no settings": (lambda folder: (folder / "config.json").unlink(), "config.json is missing"),
    "settings that are none": (lambda folder: (folder / "config.json").write_text("{"), "config.json is damaged"),
    "unknown type": (_set("config.json", model_type="theirs"), "theirs"),
    "code": (_code, "needs the code that auto_map names"),
    "kernel": (_set("config.json", _attn_implementation_internal="org/kernel"), "_attn_implementation_internal"),
    "kernel by its old name": (_set("config.json", attn_implementation="org/kernel"), "attn_implementation"),
    "vocabulary elsewhere": (_elsewhere("vocab_file"), "it has no tokenizer: none of tokenizer.json, vocab.txt"),
    "tokenizer elsewhere": (_elsewhere("tokenizer_file"), "it has no tokenizer: none of tokenizer.json, vocab.txt"),
}
HARMLESS = {
    "pickle beside": _trap("pytorch_model.bin"),
    "arguments beside": _trap("training_args.bin", torch_format=True),
    "code of the tokenizer": _code_of_the_tokenizer,  # whose tokenizer.json is all that is needed
    "path of another machine": _set("tokenizer_config.json", vocab_file="../secret.txt", tokenizer_file="/x/y.json"),
}


@pytest.fixture(scope="module")
def done(tiny_bert: Path, python_at_once: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What became of each folder, made and opened by a process of its own."""
    root = tmp_path_factory.mktemp("untrusted")
    (root / "secret.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nsecret\n", encoding="utf-8")
    plain = root / "plain"
    torch.manual_seed(0)
    BertForSequenceClassification(BertConfig.from_pretrained(tiny_bert)).save_pretrained(plain)
    AutoTokenizer.from_pretrained(tiny_bert).save_pretrained(plain)
    commands = {}
    for name, change in {**{name: change for name, (change, _) in REFUSED.items()}, **HARMLESS}.items():
        folder = Path(shutil.copytree(plain, root / name))
        change(folder)
        commands[name] = ["predict", str(folder), "a film"]
    (root / "plan.json").write_text(json.dumps({"commands": commands}), encoding="utf-8")
    worker = Path(__file__).with_name("untrusted_worker.py")
    ended = subprocess.run([str(python_at_once), str(worker), str(root / "plan.json")], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return {"root": root, **json.loads(ended.stdout)}


@pytest.mark.parametrize("name", [*REFUSED, *HARMLESS])
def test_nothing_runs_and_nothing_of_others_is_read(name: str, done: dict[str, Any]):
    result, root = done[name], done["root"]
    assert not list(root.rglob(MARKER))
    assert result["beyond"] == []
    ours = [Path(path) for path in result["opened"] if Path(path).is_relative_to(root)]
    folders = {root / name, *([root / "plain"] if name == "adapter" else [])}
    assert {path.parent for path in ours} <= folders
    assert not [path for path in ours if path.name == "code.py" or path.suffix == ".bin"]


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_told_in_one_line(name: str, done: dict[str, Any]):
    result = done[name]
    assert result["code"] == 7, result
    (line,) = result["stderr"].splitlines()
    assert REFUSED[name][1] in line


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_not_needed_is_not_opened(name: str, done: dict[str, Any]):
    assert done[name]["code"] == 0
