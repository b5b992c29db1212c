"""What reaches the two streams."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from toolkit.cli import console
from toolkit.errors import Fault
from toolkit.progress import say, warn


def test_control_characters_of_data_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]):
    console.prepare(as_json=False, debug=False)
    console.print_lines(["a\x1b[31mred\rb\x00\x9b", "tab\tand 한글 👨‍👩‍👧\nline"])
    warn("beep \x07")
    console.report_faults([Fault("bad \x1b]0;title\x07\nname", "file\r.csv")], code=3, as_json=False)
    printed = capsys.readouterr()
    assert printed.out == "a␛[31mred␍b␀⟨U+009B⟩\ntab\tand 한글 👨‍👩‍👧\nline\n"
    assert printed.err == "warning: beep ␇\nerror: file␍.csv: bad ␛]0;title␇ name\n"


def test_faults_are_a_line_each_and_one_object(capsys: pytest.CaptureFixture[str]):
    faults = [Fault("first", "a.csv:3"), Fault("second", "b.csv"), Fault("third")]
    console.report_faults(faults, code=3, as_json=True)
    printed = capsys.readouterr()
    assert printed.err == "error: a.csv:3: first\nerror: b.csv: second\nerror: third\n"
    assert json.loads(printed.out) == {
        "error": {"code": 3, "message": "a.csv:3: first\nb.csv: second\nthird", "where": "a.csv:3"}
    }
    console.report_faults(faults[:1], code=3, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"error": {"code": 3, "message": "first", "where": "a.csv:3"}}


def test_json_silences_what_is_only_said(capsys: pytest.CaptureFixture[str]):
    console.prepare(as_json=True, debug=False)
    say("at work")
    warn("look")
    assert capsys.readouterr().err == "warning: look\n"
    console.prepare(as_json=False, debug=False)
    say("at work")
    assert capsys.readouterr().err == "at work\n"
    assert len(logging.getLogger("toolkit").handlers) == 1


def test_streams_that_the_shell_has_closed_swallow_what_is_written(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    console.prepare(as_json=False, debug=False)
    with sys.stdout, sys.stderr:
        console.print_lines(["unheard"])
        console.report_faults([Fault("unheard")], code=2, as_json=True)


def test_numbers_that_json_has_not_are_an_error():
    with pytest.raises(ValueError, match="not JSON compliant"):
        console.print_json({"value": float("nan")})
