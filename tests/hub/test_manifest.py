"""Row 68 of reliability.md: which files go, and which never do."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest
from push_cases import tree
from tiny_models import ARCHITECTURES, pretrained

from toolkit.errors import IntegrityError
from toolkit.hub.push.manifest import Manifest, is_ours, made_file, model_manifest, read_file
from toolkit.hub.push.model_code import code_files

MODEL = {
    "config.json": b'{"model_type": "bert"}',
    "model.safetensors": b"\x08\0\0\0\0\0\0\0{}      ",
    "tokenizer.json": b"{}",
    "tokenizer_config.json": b"{}",
    "vocab.txt": "영화\n".encode(),
}
STRANGERS = {
    ".env": b"A=1",
    "training_args.bin": b"x",
    "optimizer.pt": b"x",
    "scheduler.pt": b"x",
    "rng_state.pth": b"x",
    "pytorch_model.bin": b"x",
    "helper.py": b"import os\n",
    "data.csv": b"text,label\n",
    "train.parquet": b"x",
    "notebook.ipynb": b"{}",
    "extra.safetensors": b"x",
    "checkpoint-5/model.safetensors": b"x",
    "base.json": b"{}",
}


def test_only_what_belongs_to_a_model_goes(tmp_path: Path):
    folder = tree(tmp_path / "model", MODEL | STRANGERS)
    (folder / "hostname").symlink_to("/etc/hostname")
    manifest = model_manifest(folder)
    assert set(manifest.paths) == set(MODEL)
    assert set(manifest.left_out) == {name.partition("/")[0] for name in STRANGERS} | {"hostname"}
    assert manifest.size == sum(map(len, MODEL.values()))
    for file in manifest.files:
        assert file.sha256 == hashlib.sha256(MODEL[file.path]).hexdigest()


def test_shards_go_with_their_index(tmp_path: Path):
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    files = {name: content for name, content in MODEL.items() if name != "model.safetensors"}
    shards = dict.fromkeys(index["weight_map"].values(), MODEL["model.safetensors"])
    indexed = {"model.safetensors.index.json": json.dumps(index).encode()}
    manifest = model_manifest(tree(tmp_path, files | shards | indexed))
    assert set(manifest.paths) == {*files, *indexed, *index["weight_map"].values()}
    stray = tree(tmp_path / "stray", files | shards | indexed | {"model-00003-of-00003.safetensors": b"x"})
    with pytest.raises(IntegrityError, match=r"model-00003-of-00003\.safetensors is named by no index"):
        model_manifest(stray)
    (tmp_path / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(IntegrityError, match=r"model-00002-of-00002\.safetensors is missing"):
        model_manifest(tmp_path)


def test_index_that_leads_out_of_the_folder_is_refused(tmp_path: Path):
    index = {"weight_map": {"a": "../secret.safetensors"}}
    files = {name: content for name, content in MODEL.items() if name != "model.safetensors"}
    tree(tmp_path, {"secret.safetensors": b"x"})
    with pytest.raises(IntegrityError, match=r"\.\./secret"):
        model_manifest(tree(tmp_path / "model", files | {"model.safetensors.index.json": json.dumps(index).encode()}))


def test_pickled_weights_alone_are_refused(tmp_path: Path):
    with pytest.raises(IntegrityError, match=r"pytorch_model\.bin.*run code"):
        model_manifest(tree(tmp_path, {"config.json": b"{}", "pytorch_model.bin": b"x"}))


def test_adapter_goes_with_its_settings_tokenizer_and_labels(tmp_path: Path):
    adapter = {
        "adapter_config.json": b"{}",
        "adapter_model.safetensors": b"x",
        "config.json": b"{}",
        "tokenizer.json": b"{}",
        "base.json": b"{}",
    }
    manifest = model_manifest(tree(tmp_path, adapter))
    assert manifest.is_adapter
    assert manifest.left_out == ("base.json",)
    (tmp_path / "adapter_model.safetensors").unlink()
    with pytest.raises(IntegrityError, match=r"adapter_model\.safetensors is missing"):
        model_manifest(tmp_path)


def test_links_are_followed_inside_of_the_run_alone(tmp_path: Path):
    run = tmp_path / "run"
    folder = tree(run / "model", MODEL)
    (folder / "vocab.txt").rename(run / "kept.txt")
    (folder / "vocab.txt").symlink_to(run / "kept.txt")
    assert model_manifest(folder, within=run).content("vocab.txt") == MODEL["vocab.txt"]
    with pytest.raises(IntegrityError, match=r"vocab\.txt: this is a link that leads out"):
        model_manifest(folder)
    (folder / "vocab.txt").unlink()
    (folder / "vocab.txt").symlink_to("/etc/hostname")
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer.json").symlink_to("/etc/passwd")
    with pytest.raises(IntegrityError) as refused:
        model_manifest(folder, within=run)
    assert len(refused.value.faults) == 2  # all at once


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes among its files")
def test_pipes_are_not_read(tmp_path: Path):
    os.mkfifo(tmp_path / "vocab.txt")
    with pytest.raises(IntegrityError, match="no plain file"):
        read_file(tmp_path / "vocab.txt", name="vocab.txt", within=tmp_path)


@pytest.mark.parametrize("name", ["own-encoder", "own-decoder", "own-encoder-decoder"])
def test_our_own_transformer_brings_all_its_code(name: str, tmp_path: Path):
    """What travels equals the package's folder, which its own tests open without the toolkit."""
    folder = pretrained(name, tmp_path)
    code = {path for path in model_manifest(folder).paths if path.endswith(".py")}
    assert code == {path.name for path in folder.glob("*.py")}
    assert code
    (folder / sorted(code)[0]).unlink()
    with pytest.raises(IntegrityError, match=r"which is not beside it"):
        model_manifest(folder)


@pytest.mark.parametrize("name", sorted(set(ARCHITECTURES) - {"own-encoder", "own-decoder", "own-encoder-decoder"}))
def test_everything_that_the_library_saves_is_known(name: str, tmp_path: Path):
    folder = pretrained(name, tmp_path)
    assert model_manifest(folder).left_out == ()


def test_code_is_what_auto_map_names_and_imports(tmp_path: Path):
    files = {
        "config.json": b'{"auto_map": {"AutoModel": "modeling_x.X", "AutoConfig": "configuration_x.C"}}',
        "tokenizer_config.json": b'{"auto_map": {"AutoTokenizer": [null, "tokens_x.T"]}}',
        "modeling_x.py": b"from .configuration_x import C\ndef f():\n    from .deep.er import g\n",
        "configuration_x.py": b"import torch\n",
        "deep.py": b"from .modeling_x import X\n",
        "tokens_x.py": b"",
        "other.py": b"",
    }
    assert code_files(tree(tmp_path, files)) == ["configuration_x.py", "deep.py", "modeling_x.py", "tokens_x.py"]


@pytest.mark.parametrize(
    ("auto_map", "words"),
    [
        ('{"AutoModel": "../../evil.X"}', "not beside it"),
        ('{"AutoModel": "other/repo--modeling.X"}', "not beside it"),
        ('{"AutoModel": "gone.X"}', "'gone', which is not beside it"),
        ('{"AutoModel": "broken.X"}', "this is no Python"),
    ],
)
def test_code_that_is_not_there_is_refused(auto_map: str, words: str, tmp_path: Path):
    tree(tmp_path, {"config.json": f'{{"auto_map": {auto_map}}}'.encode(), "broken.py": b"def"})
    with pytest.raises(IntegrityError, match=words):
        code_files(tmp_path)


def test_git_calls_the_files_what_we_call_them(tmp_path: Path):
    tree(tmp_path, MODEL)
    for path, content in MODEL.items():
        said = subprocess.run(
            ["git", "hash-object", "--", path], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert made_file(path, content).git_sha1() == said.stdout.strip()
    weights = read_file(tmp_path / "model.safetensors", name="model.safetensors", within=tmp_path)
    assert weights.git_sha1() == made_file("x", MODEL["model.safetensors"]).git_sha1()


def test_files_take_the_place_of_those_of_the_same_path():
    manifest = Manifest((made_file("b", b"1"), made_file("c", b"{}")), left_out=("x",))
    changed = manifest.having(made_file("b", b"2"), made_file("a", b"0"))
    assert [(file.path, file.source) for file in changed.files] == [("a", b"0"), ("b", b"2"), ("c", b"{}")]
    assert changed.left_out == ("x",)
    assert changed.json("c") == {}
    assert changed.json("gone") is None
    with pytest.raises(IntegrityError, match="no JSON object"):
        changed.json("b")


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        ("model-00001-of-00012.safetensors", True),
        ("adapter_config.json", True),
        ("golden.json", True),
        ("README.md", False),
        (".gitattributes", False),
        ("LICENSE", False),
        ("onnx/config.json", False),
        ("model-1.safetensors", False),
    ],
)
def test_what_a_later_push_may_take_away(path: str, ours: bool):
    assert is_ours(path) is ours
