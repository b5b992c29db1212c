"""The parts of README.md and README.ko.md that can be checked: headings, commands, what they print, code, the table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from toolkit.names import SPECS, Family, Method

ROOT = Path(__file__).resolve().parents[1]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_NUMBER = re.compile(r"\d[\d,.]*")

WORDS = {
    "README.md": ("task", "a row has", ("encoder", "decoder", "encoder-decoder"), " or "),
    "README.ko.md": ("작업(task)", "한 행에 있는 열", ("인코더", "디코더", "인코더-디코더"), " 또는 "),
}
"""The words of the table of abilities in each language."""


@dataclass(frozen=True)
class Block:
    """A block of code: its language, its content and the title of its section."""

    language: str
    content: str
    section: str

    @property
    def commands(self) -> list[str]:
        """Its lines, if it is for a shell."""
        return self.content.splitlines() if self.language == "sh" else []


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of a page in their order."""
    text = page.read_text(encoding="utf-8")
    bare = _BLOCK.sub(lambda match: " " * len(match[0]), text)
    titles = [(match.start(), match[2]) for match in _HEADING.finditer(bare)]
    return [
        Block(match[1], match[2], [title for at, title in titles if at < match.start()][-1])
        for match in _BLOCK.finditer(text)
    ]


def headings_of(page: Path) -> list[tuple[int, str]]:
    """Return the level and the title of each heading."""
    return [(len(marks), title) for marks, title in _HEADING.findall(_BLOCK.sub("", page.read_text(encoding="utf-8")))]


def verbs_of(page: Path) -> list[list[str]]:
    """Return the verbs of the commands of each section that has some."""
    sections: dict[str, list[str]] = {}
    for block in blocks_of(page):
        for command in block.commands:
            sections.setdefault(block.section, []).append(" ".join(command.split()[:2]))
    return list(sections.values())


def plain(text: str) -> list[str]:
    """Return lines without their figures and without the width of their columns."""
    return [" ".join(_NUMBER.sub("#", line).split()) for line in text.splitlines()]


def not_printed(shown: str, printed: str) -> list[str]:
    """Return the lines of a block that were not printed in this order; ``…`` stands for any lines."""
    lines, missing = plain(printed), []
    for line in plain(shown):
        if line in ("", "…"):
            continue
        if line in lines:
            lines = lines[lines.index(line) + 1 :]
        else:
            missing.append(line)
    return missing


def table_of_abilities(name: str) -> str:
    """Return the table of tasks and families of a page, from the registry."""
    task, row, families, either = WORDS[name]
    lines = [f"| {task} | {row} | {' | '.join(families)} |", "|---" * (2 + len(Family)) + "|"]
    for spec in SPECS.values():
        columns = either.join(" · ".join(f"`{column}`" for column in columns) for columns in spec.columns)
        methods = [[_name(method) for method in Method if method in spec.methods.get(family, ())] for family in Family]
        lines.append(f"| {spec.task} | {columns} | {' | '.join(', '.join(each) or '–' for each in methods)} |")
    return "\n".join(lines)


def _name(method: Method) -> str:
    return "PEFT" if method is Method.PEFT else f"`{method}`"
