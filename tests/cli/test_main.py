"""The command line itself: help, usage errors, --json, signals that end a command, what belongs to no single verb."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from toolkit.cli.main import app, run
from toolkit.errors import DivergedError, IntegrityError, ResourceError
from toolkit.interrupt import Interrupted
from toolkit.workflow import apply

VERBS = [
    [],
    *([verb] for verb in ("fine-tune", "evaluate", "predict", "doctor", "recipes", "trials")),
    *(["recipes", verb] for verb in ("list", "show", "new", "import", "copy", "check", "schema")),
    *(["trials", verb] for verb in ("list", "show")),
]


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_help_ends_with_commands_that_can_be_copied(
    verb: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)  # where no folder has the runs that the commands name, nor lacks them
    assert run([*verb, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "\\b" not in shown
    commands = [shlex.split(line) for line in shown.split("Example")[1].splitlines()[1:]]
    assert commands
    for command in commands:
        assert command[: len(verb) + 1] == ["toolkit", *verb]
        _parses(command[1:])


def _parses(arguments: list[str]) -> None:
    """Let the parser look at a command without carrying it out."""
    arguments = arguments[: arguments.index(">")] if ">" in arguments else arguments
    from typer.main import get_command

    command: Any = get_command(app)
    context = command.make_context("toolkit", list(arguments))
    while hasattr(command, "commands"):
        _, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        context = command.make_context("toolkit", rest, parent=context)


def test_toolkit_alone_shows_five_verbs_to_start_with(capsys: pytest.CaptureFixture[str]):
    assert run([]) == 0
    alone = capsys.readouterr().out
    verbs = re.findall(r"^toolkit ([a-z-]+)  ", alone, re.MULTILINE)
    assert len(verbs) == 5
    assert "All verbs: toolkit --help" in alone
    assert run(["--help"]) == 0
    every = capsys.readouterr().out
    assert all(f"\n  {verb} " in every for verb in verbs)


USAGE = {
    ("fine-tun",): "No such command 'fine-tun'. Did you mean 'fine-tune'? see toolkit --help",
    ("recipes",): "Missing command; see toolkit recipes --help",
    ("recipes", "lst"): "No such command 'lst'. Did you mean 'list'? see toolkit recipes --help",
    ("fine-tune",): "Missing argument 'RECIPE'; see toolkit fine-tune --help",
    ("predict", "run"): "Missing argument 'FILE_OR_TEXT'; see toolkit predict --help",
    ("trials", "show"): "Missing argument 'TRIAL'; see toolkit trials show --help",
    ("evaluate", "run", "--outptu", "x"): "No such option: --outptu",
    ("fine-tune", "x", "--seed", "one"): "Invalid value for '--seed'",
    ("fine-tune", "x", "--seed", "1", "--seeds", "1,2"): "--seeds: --seed and --seeds exclude each other",
    ("fine-tune", "x", "--seeds", "1,1"): "names a seed twice",
    ("fine-tune", "x", "--output-dir"): "Option '--output-dir' requires an argument",
    ("doctor", "--data", "x.csv", "--max-length", "0"): "Invalid value for '--max-length'",
    ("predict", "run", "caf\udce9"): r"'caf\udce9' is not valid UTF-8",
    ("recipes", "show", "movie-sentiment", "seed=1"): "add --resolved",
    ("fine_tune", "x", "--output_dir"): "Option '--output-dir' requires an argument",
    ("fine-tune", "x", "--learning_rate", "1"): "settings of a recipe follow its name without dashes: "
    "training.learning_rate=VALUE",
    ("fine-tune", "x", "--lora_r=8"): "without dashes: peft.r=VALUE",
    ("train", "my.yaml"): "'train' is no verb here; write: toolkit fine-tune my.yaml",
    ("trian", "my.yaml"): "did you mean: toolkit fine-tune my.yaml",
    ("finetune",): "write: toolkit fine-tune",
    ("eval", "run"): "write: toolkit evaluate run",
    ("list",): "write: toolkit recipes list",
    ("help",): "help is shown by: toolkit --help",
    ("help", "predict"): "help is shown by: toolkit predict --help",
    ("chat",): "write: toolkit predict",
    ("ner",): "toolkit choose --task token-classification --data FILE",
    ("movie-sentiment",): "carry it out with: toolkit fine-tune movie-sentiment",
    ("my.yaml", "seed=1"): "carry it out with: toolkit fine-tune my.yaml seed=1",
    ("xyzzy",): "No such command 'xyzzy'",
}


@pytest.mark.parametrize("arguments", USAGE, ids=" ".join)
def test_wrong_usage_is_one_line(arguments: tuple[str, ...], tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(list(arguments)) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert line.startswith("error: ")
    assert USAGE[arguments] in line
    assert list(tmp_path.iterdir()) == []


def test_an_option_that_needs_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "x.csv").write_text("text,label\na,b\n", encoding="utf-8")
    assert run(["doctor", "--data", str(tmp_path / "x.csv"), "--max-length", "8"]) == 2
    assert "--max-length: tokens are counted by a model's tokenizer" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("raised", "code", "words"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (Interrupted(15), 143, "interrupted by SIGTERM"),
        (DivergedError("the loss is not finite", where="step 3"), 6, "step 3: the loss is not finite"),
        (IntegrityError("damaged"), 7, "damaged"),
        (ResourceError("no room"), 4, "no room"),
        (ZeroDivisionError("oops"), 1, "internal error: ZeroDivisionError: oops"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_whatever_ends_a_command_has_its_code(raised: BaseException, code: int, words: str, monkeypatch, capsys):
    def fail(*_: Any, **__: Any) -> None:
        raise raised

    monkeypatch.setattr(apply, "predict", fail)
    assert run(["predict", "run", "a text", "--json"]) == code
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert words in line
    assert json.loads(printed.out)["error"]["code"] == code
    assert run(["predict", "run", "a text", "--debug"]) == code
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (["recipes", "list"], "recipes"),
        (["recipes", "show", "movie-sentiment"], "yaml"),
        (["recipes", "show", "movie-sentiment", "--resolved", "seed=7"], "yaml"),
        (["recipes", "copy", "movie-sentiment", "한글 😀/my recipe.yaml"], "recipe"),
        (["recipes", "check", "movie-sentiment"], "digest"),
        (["recipes", "new", "--task", "text-classification", "--data", "packaged:rotten-tomatoes"], "columns"),
        (["recipes", "schema"], "properties"),
        (["trials", "list"], "trials"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_json_is_one_object(arguments: list[str], key: str, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run([*arguments, "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert key in json.loads(line)


def test_copied_recipe_is_in_order_and_the_next_command_can_be_copied(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["recipes", "copy", "movie-sentiment", "한글 😀/my recipe.yaml"]) == 0
    command = shlex.split(capsys.readouterr().out.splitlines()[1].removeprefix("next: "))
    assert command == ["toolkit", "fine-tune", "한글 😀/my recipe.yaml"]
    assert run(["recipes", "check", command[2]]) == 0
    assert run(["recipes", "copy", "movie-sentiment", command[2]]) == 4
    assert "exists already" in capsys.readouterr().err


def test_recipe_that_is_no_text_is_refused_when_it_is_shown(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"note: caf\xe9\n")
    assert run(["recipes", "show", "latin.yaml"]) == 2
    assert "latin.yaml:1:10: not UTF-8" in capsys.readouterr().err
    (tmp_path / "folder").mkdir()
    assert run(["recipes", "show", "folder"]) == 2


@pytest.mark.skipif(os.name == "nt", reason="a shell that closes streams")
@pytest.mark.parametrize(
    ("command", "code", "out"),
    [
        ("recipes schema | head -c 1", 0, "{"),
        ("recipes list >&-", 0, ""),
        ("recipes show nothing 2>&-", 2, ""),
        ("recipes show nothing --json | head -c 0", 2, ""),
        ("trials list <&-", 0, "no trials"),
    ],
)
def test_closed_streams_are_no_error_of_their_own(command: str, code: int, out: str, tmp_path: Path):
    python = shlex.quote(sys.executable)
    script = f"{python} -m toolkit {command}" + ("; exit ${PIPESTATUS[0]}" if "|" in command else "")
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert done.returncode == code
    assert done.stdout.startswith(out)
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
    assert "internal error" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize(
    "arguments", [["recipes", "list"], ["recipes", "schema"], ["--help"], ["recipes", "list", "--json"]]
)
def test_stdout_that_takes_nothing_more(arguments: list[str]):
    command = [sys.executable, "-m", "toolkit", *arguments]
    subprocess.run(command, check=True, capture_output=True)  # what the libraries allow is known from now on
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (4, "error: the disk is full; make room and try again\n")
    read, write = os.pipe()
    os.close(read)  # as `| true` does, at once
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


COMPLETED = {
    "toolkit fi": ["fine-tune"],
    "toolkit fine-tune movie-dec": [
        "movie-decoder",
        "movie-decoder-features",
        "movie-decoder-lora",
        "movie-decoder-zero-shot",
    ],
    "toolkit predict ru": ["runs/first"],
    "toolkit trials show a": ["abc"],
    "toolkit choose --task tok": ["token-classification"],
    "toolkit predict --text-c": ["--text-column"],
}


def test_the_shell_completes_verbs_options_recipes_runs_and_trials(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("first", "unfinished"):
        (tmp_path / "runs" / name).mkdir(parents=True)
    (tmp_path / "runs" / "first" / "metrics.json").write_text("{}")
    (tmp_path / "runs" / "trials.jsonl").write_text('{"id": "abc", "recipe": "x"}\n{"id": 3}\nno json\n[]\n')
    monkeypatch.setenv("_TOOLKIT_COMPLETE", "complete_bash")
    for words, found in COMPLETED.items():
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
        with pytest.raises(SystemExit) as ended:
            run([])
        assert (ended.value.code, capsys.readouterr().out.split()) == (0, found)


def test_tables_fit_the_terminal_unless_they_may_be_wide(monkeypatch, capsys):
    monkeypatch.setattr("toolkit.cli.console.width_of", lambda stream: 60)
    assert run(["recipes", "list"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 60
    assert run(["recipes", "list", "--wide"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) > 120
