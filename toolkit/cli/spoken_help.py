"""Help in the language that is spoken: our words and the parser's, wrapped by the cells that letters take."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand

from toolkit.language.spoken import ENGLISH, language, translated, translated_word
from toolkit.terminal import wrapped

_AS_IT_IS = "\b"
_SETTINGS = re.compile(r"(?P<help>.*?)(?:  )?\[(?P<settings>[^\[\]]*)\]", re.DOTALL)

# typer does not export the classes of its parser; they are attributes of its commands, made for being replaced.
_Context: Any = TyperCommand.context_class
_Formatter: Any = _Context.formatter_class


class _SpokenFormatter(_Formatter):  # type: ignore[misc]
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or f"{translated_word('Usage')}: ")

    def write_heading(self, heading: str) -> None:
        super().write_heading(translated_word(heading))

    def write_text(self, text: str) -> None:
        indent = " " * self.current_indent
        lines = _lines(text, self.width - self.current_indent)
        self.write("".join(f"{indent}{line}".rstrip() + "\n" for line in lines))

    def write_dl(self, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        first = min(max(len(name) for name, _ in rows), col_max) + col_spacing
        behind = " " * (self.current_indent + first)
        for name, text in rows:
            lines = _lines(_with_settings(text), max(self.width - len(behind), 10))
            head = f"{'':>{self.current_indent}}{name}"
            if len(head) + col_spacing > len(behind) or not lines:
                self.write(f"{head}\n")
            else:
                lines[0] = head + " " * (first - len(name)) + lines[0]
                self.write(f"{lines.pop(0)}\n")
            self.write("".join(f"{behind}{line}\n" for line in lines))


class _SpokenContext(_Context):  # type: ignore[misc]
    formatter_class = _SpokenFormatter

    def make_formatter(self) -> Any:
        for command in (self.command, *getattr(self.command, "commands", {}).values()):
            command.help = translated_help(command.help or "")  # it is cut before the formatter has it
        return super().make_formatter()


def speak_help(group: Any) -> None:
    """Let a group of verbs, and all within, answer ``--help`` in the language that is spoken."""
    if language() == ENGLISH:
        return
    group.context_class = _SpokenContext
    for command in group.commands.values():
        command.context_class = _SpokenContext
        if hasattr(command, "commands"):
            speak_help(command)


def translated_help(text: str) -> str:
    """Return a help text with its paragraphs translated; those that are marked keep their lines."""
    return "\n\n".join(map(_paragraph, inspect.cleandoc(text).split("\n\n")))


def _paragraph(text: str) -> str:
    if text.startswith(_AS_IT_IS):
        return "\n".join(map(translated, text.split("\n")))
    return translated(" ".join(text.split()))


def _with_settings(text: str) -> str:
    """Return the help of an option, behind which the parser tells whether it is required and what its default is."""
    found = _SETTINGS.fullmatch(text)
    if found is None:
        return text
    settings = "; ".join(map(translated_word, found["settings"].split("; ")))
    return f"{translated_help(found['help'])}  [{settings}]".strip()


def _lines(text: str, width: int) -> list[str]:
    lines: list[str] = []
    for paragraph in translated_help(text).split("\n\n"):
        lines += [""] if lines else []
        kept = paragraph.startswith(_AS_IT_IS)
        lines += paragraph.split("\n")[1:] if kept else wrapped(paragraph, width)
    return lines if any(lines) else []
