"""The guides: each message that troubleshooting.md explains is one of the code's, and cheap commands run."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest
from readme_pages import ROOT, Block, blocks_of, headings_of
from test_readme import shorter, write_rows

from toolkit.cli.main import run as run_command

QUOTED = re.compile(r"`(.+)`")
VALUE = "\0"
GUIDES = ("own-data", "choosing", "korean")
DEARER = ("push", "choose --task text-classification --data")
"""Commands whose kind the README has run already."""


def messages() -> list[str]:
    """Every text of the code, with a mark where a value stands in it."""
    found = []
    for path in sorted((ROOT / "toolkit").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                found.append("".join(part.value if isinstance(part, ast.Constant) else VALUE for part in node.values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return found


def test_every_message_that_is_explained_is_in_the_code():
    titles = [title for level, title in headings_of(ROOT / "docs" / "troubleshooting.md") if level == 3]
    assert len(titles) > 20
    texts = "\n".join(messages())
    for title in titles:
        quoted = QUOTED.fullmatch(title)
        assert quoted is not None, title
        parts = [part.strip() for part in quoted[1].split("…") if len(part.strip()) > 2]
        assert sum(map(len, parts)) >= len("no column"), title
        pattern = r"[^\n]*?".join(map(re.escape, parts))
        assert re.search(pattern, texts), title


def commands_of(guide: str) -> list[tuple[Block, str]]:
    blocks = blocks_of(ROOT / "docs" / f"{guide}.md")
    return [(block, command) for block in blocks for command in block.commands if not any(d in command for d in DEARER)]


@pytest.mark.parametrize("guide", GUIDES)
def test_the_commands_of_a_guide_run(
    guide: str, tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    write_rows("review,sentiment\na moving and funny film,good\ndull from end to end,bad\n", "reviews.csv")
    write_rows("review,sentiment\nit moved me,good\nendless and dull,bad\n", "more-reviews.csv")
    shown = next((block for block in blocks_of(ROOT / "docs" / "korean.md") if "\t" in block.content), None)
    assert shown is not None
    header, *rows = shown.content.splitlines()
    for name in ("ratings_train.txt", "ratings_test.txt"):
        numbered = [row.replace("\t", f"\t{name} {i} ", 1) for i in range(24) for row in rows]
        Path(name).write_text("\n".join([header, *numbered]) + "\n", encoding="utf-8")
    commands = commands_of(guide)
    wrong = []
    for _, command in commands:
        arguments = shlex.split(command)[1:]
        code = run_command([*arguments, *shorter(arguments, tiny_bert, tiny_bert)])
        wrong += [f"{command}: exit code {code}\n{capsys.readouterr().err}"] if code else []
    assert not wrong, "\n".join(wrong)
