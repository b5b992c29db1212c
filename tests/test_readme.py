"""The README in both languages: every command runs as it stands, and prints what is shown but for figures."""

from __future__ import annotations

import csv
import io
import re
import shlex
import tomllib
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import pytest
from loopback_client import only_hub
from readme_pages import ROOT, blocks_of, headings_of, not_printed, table_of_abilities, verbs_of
from tiny_models import pretrained

from toolkit.cli.main import run as run_command
from toolkit.names import SPECS, Method
from toolkit.recipe import find_recipe, load_recipe

PAGES = ("README.md", "README.ko.md")
TABLE = re.compile(r"<!-- abilities -->\n(.*?)\n?<!-- /abilities -->", re.DOTALL)
TINY = ["model.config.preset=tiny", "tokenizer.vocab_size=1200"]
N_ROWS = 48
SAME = ("runs/quickstart", "zero-shot packaged:minilm")
"""What both pages run in the same words, and what nothing on them builds on: once is enough."""

_printed: dict[str, str] = {}


@pytest.fixture(scope="module")
def tiny_chat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pretrained("gpt2", tmp_path_factory.mktemp("chat") / "gpt2")


def shorter(arguments: list[str], encoder: Path, chat: Path) -> list[str]:
    """What makes a long command short: fewer rows, two steps, and tiny models but in the first run of all."""
    verb, *rest = arguments
    if verb != "fine-tune":
        return []
    changes = [argument for argument in rest[1:] if re.match(r"[\w.]+=", argument)]
    recipe = load_recipe(find_recipe(rest[0]), changes)
    few = ["data.max_length=24", "data.validation_size=8"]
    few += [] if recipe.data.test else ["data.test_size=16"]
    few += [] if recipe.way is Method.FEATURES else ["training.max_steps=2"]
    if recipe.task != "text-classification":
        few += ["evaluation.generation.max_new_tokens=4"] if SPECS[recipe.task].generates else []
    elif str(recipe.data.source).startswith("packaged:"):
        few.append("data.shots_per_class=20")
    if recipe.way is Method.SCRATCH:
        return [*few, *TINY]
    if recipe.task == "text-generation":
        template = "{% for message in messages %}{{ message.content }}\\n{% endfor %}"
        return [*few, f"model.name={chat}", f'data.chat_template="{template}"']
    return few if rest[-1] == "runs/quickstart" else [*few, f"model.name={encoder}"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder, and a hub whose user is "you"."""
    monkeypatch.chdir(tmp_path)
    with only_hub(monkeypatch, tmp_path.parent / "hf-home") as hub:
        monkeypatch.setenv("HF_TOKEN", hub.add_token("you"))
        yield tmp_path


def write_rows(shown: str, name: str) -> None:
    """Write rows like those that a page shows, with a number behind each text."""
    header, *rows = csv.reader(io.StringIO(shown))
    with Path(name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [header, *([f"{text} {i}", *rest] for i, (text, *rest) in enumerate(islice(cycle(rows), N_ROWS)))]
        )


@pytest.mark.parametrize("name", PAGES)
def test_every_command_runs_and_prints_what_is_shown(
    name: str, home: Path, tiny_bert: Path, tiny_chat: Path, quick_processes: None, capsys: pytest.CaptureFixture[str]
):
    page, names, printed = ROOT / name, dict[str, object](), ""
    mentioned = re.findall(r"[\w-]+\.csv", page.read_text(encoding="utf-8"))
    wrong: list[str] = []
    for block in blocks_of(page):
        commands = [command for command in block.commands if command.startswith("toolkit ")]
        if block.language == "text" and "," in block.content.split("\n")[0] and " " not in block.content.split("\n")[0]:
            for file in set(mentioned) - {"labelled.csv"}:
                if not Path(file).exists() and (block.content.startswith("Q,A") == file.startswith("Chatbot")):
                    write_rows(block.content, file)
        elif block.language == "text":
            wrong += [f"{block.section}: not printed: {line}" for line in not_printed(block.content, printed)]
        elif block.language == "python":
            code = block.content.replace("packaged:minilm", str(tiny_bert))
            exec(compile(code, name, "exec"), names)
        printed = "" if commands else printed
        for command in commands:
            if command in _printed and any(same in command for same in SAME):
                printed += _printed[command]
                continue
            arguments = shlex.split(command, comments=True)[1:]
            code = run_command([*arguments, *shorter(arguments, tiny_bert, tiny_chat)])
            out, err = capsys.readouterr()
            _printed[command] = err + out
            printed += err + out
            wrong += [f"{command}: exit code {code}\n{err}"] if code else []
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", PAGES)
def test_the_table_of_abilities_is_that_of_the_registry(name: str):
    found = TABLE.search((ROOT / name).read_text(encoding="utf-8"))
    assert found is not None
    assert found[1] == table_of_abilities(name)


@pytest.mark.parametrize("name", PAGES)
def test_what_installs_is_what_make_installs(name: str):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    lines = [line for block in blocks_of(ROOT / name) for line in block.commands if not line.startswith("toolkit ")]
    installs = [shlex.split(line)[2:] for line in lines if line.startswith("pip install ")]
    assert len(installs) == len(lines) - 1 == 3
    assert all(words[:2] == ["--constraint", "constraints.txt"] for words in installs)
    torch, package, carriers = (words[2:] for words in installs)
    assert torch == ["torch"]
    assert set(re.findall(r"[a-z]+", package[1])) <= set(extras)
    assert f"CARRIERS := {' '.join(carriers[1:])}\n" in makefile


def test_the_languages_say_the_same():
    english, korean = (ROOT / name for name in PAGES)
    assert [level for level, _ in headings_of(english)] == [level for level, _ in headings_of(korean)]
    assert verbs_of(english) == verbs_of(korean)
    links = [set(re.findall(r"\]\((docs/[^)#]+)", page.read_text(encoding="utf-8"))) for page in (english, korean)]
    # Each shows pictures in its own language.
    assert {link.replace("-ko", "-en") for link in links[0]} == {link.replace("-ko", "-en") for link in links[1]}
    assert all(re.search("[가-힣]", title) for _, title in headings_of(korean)[1:])


def test_it_is_short_enough_to_be_read():
    assert len((ROOT / "README.md").read_text(encoding="utf-8")) < 10_000
