"""The script of the fresh process: what it imports, what it is given, and that it really stands alone."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from verified_models import SENTENCES, golden_of, labelled

from toolkit.errors import HubError, IntegrityError
from toolkit.hub.verify import fresh_process, replay
from toolkit.hub.verify.fresh_process import replayed


def test_it_imports_the_libraries_that_everyone_has_and_nothing_of_ours():
    tree = ast.parse(Path(replay.__file__).read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "." * node.level for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names) == {
        "torch",
        "transformers",
        "peft",
        "huggingface_hub",
    }


def test_the_process_stands_alone(monkeypatch: pytest.MonkeyPatch):
    """The token goes through the environment alone; nothing of ours is in it; folders are empty and then gone."""
    seen: dict[str, Any] = {}

    def run(command: list[str], **settings: Any) -> subprocess.CompletedProcess[str]:
        seen.update(settings, command=command, there=[*Path(settings["cwd"]).iterdir()])
        seen["home"] = [*Path(settings["env"]["HF_HOME"]).iterdir()]
        return subprocess.CompletedProcess(command, 0, stdout='{"hub": "said hf_abc"}', stderr="")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setenv("HF_HUB_CACHE", "/somewhere")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    with replayed({"repo": "a/b"}, offline=False, endpoint="http://x", token="hf_abc") as report:
        assert report == {"hub": "said hf_***"}
    environment = seen["env"]
    assert environment["HF_TOKEN"] == "hf_abc"
    assert (environment["HF_ENDPOINT"], environment["HF_HUB_OFFLINE"]) == ("http://x", "0")
    assert environment["HF_HUB_DISABLE_XET"] == "1"
    assert not {"HF_HUB_CACHE", "PYTHONPATH", "XDG_CACHE_HOME"} & environment.keys()
    assert seen["command"][1] == "-I"
    assert "hf_abc" not in " ".join(seen["command"]) + seen["input"]
    assert seen["there"] == seen["home"] == []
    assert not Path(seen["cwd"]).exists()
    with replayed({"folder": "x"}, offline=True):
        assert seen["env"]["HF_HUB_OFFLINE"] == "1"
        assert "HF_TOKEN" not in seen["env"]


@pytest.mark.skipif(sys.platform == "win32", reason="scripts of a shell")
def test_a_process_that_dies_or_hangs_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def becomes(script: str) -> None:
        python = tmp_path / "python"
        python.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        python.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(python))

    becomes("echo Traceback >&2; echo Killed by hf_abc >&2; kill -9 $$")
    with (
        pytest.raises(IntegrityError, match=r"died with code -9: Killed by hf_\*\*\*"),
        replayed({}, offline=True, token="hf_abc"),
    ):
        pass
    becomes("exec sleep 60")
    monkeypatch.setattr(fresh_process, "LONGEST_SECONDS", 1)
    with pytest.raises(HubError, match="within 1 seconds"), replayed({}, offline=True):
        pass


def test_the_toolkit_cannot_be_imported_there(tmp_path: Path):
    """It is installed for this Python, so the script has to see to it."""
    source = Path(replay.__file__).read_text(encoding="utf-8")
    begin, end = source.split('if __name__ == "__main__":\n')
    probe = "    try:\n        import toolkit\n    except ImportError:\n        answer.write('blocked ')\n"
    script = tmp_path / "probe.py"
    script.write_text(f'{begin}if __name__ == "__main__":\n{end}'.replace("    json.dump(", f"{probe}    json.dump("))
    done = subprocess.run(
        [sys.executable, "-I", script],
        input='{"repo": "alice/model"}',
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    assert done.stdout.startswith("blocked "), done.stdout + done.stderr
    assert "OfflineModeIsEnabled" in json.loads(done.stdout.removeprefix("blocked "))["hub"]["kinds"]


def test_labels_are_read_from_padded_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Rows one by one and eight at a time: within what docs/design.md, section 4.5, allows."""
    run = labelled("gpt2", tmp_path)
    request = {"folder": str(run / "model"), "golden": golden_of(run)}
    together = replay.main(request)
    monkeypatch.setattr(replay, "ROWS_AT_ONCE", 1)
    alone = replay.main(request)
    assert len(together["answers"]) == len(SENTENCES)
    for one, other in zip(together["answers"], alone["answers"], strict=True):
        assert one["prediction"] == other["prediction"]
        assert one["probabilities"] == pytest.approx(other["probabilities"], abs=1e-5)


def test_a_failure_of_the_network_is_told_from_one_of_the_model():
    class TransportError(Exception):
        pass

    error = OSError("cannot load\n\nthe model")
    error.__cause__ = TransportError("gone")
    assert replay._is_of_the_network(error)
    assert replay._told(error) == {
        "kinds": ["OSError", "TransportError"],
        "status": None,
        "message": "cannot load the model",
    }
    assert not replay._is_of_the_network(OSError("no such file"))


@pytest.mark.parametrize(
    ("golden", "message"),
    [
        ({"task": "divination", "family": "encoder"}, "of the task 'divination'; this version knows text-"),
        ({"task": "fill-mask", "family": "decoder"}, "no model of the family 'decoder' is known for fill-mask"),
    ],
)
def test_golden_rows_of_another_task_or_family_are_refused(golden: dict[str, str], message: str):
    with pytest.raises(ValueError, match=message):
        replay._auto_class(golden, None)
