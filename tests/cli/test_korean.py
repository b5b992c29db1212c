"""The command line in Korean: what asks for it, what is translated, what stays, and that it fits a terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from toolkit.cli.main import run
from toolkit.language.spoken import speak

VERBS = "choose fine-tune reproduce evaluate compare predict extract zero-shot export push verify doctor"
VERBS += " recipes trials cache"
HANGUL = re.compile("[가-힣]")


@pytest.fixture(autouse=True)
def unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    for name in ("TOOLKIT_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    yield
    speak("en")


@pytest.mark.parametrize("verb", [[], *([verb] for verb in VERBS.split()), ["recipes", "new"]], ids=" ".join)
def test_the_help_of_every_verb_is_korean_and_fits(verb: list[str], monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    assert run([*verb, "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("사용법: toolkit")
    assert {"옵션:", "  예:"} <= set(lines)
    commands = lines.index("  예:")
    assert max(map(cell_len, lines[:commands])) <= 80
    english = [line for line in lines[1:commands] if not HANGUL.search(line) and len(re.findall("[a-z]+ ", line)) > 3]
    assert english == []


@pytest.mark.parametrize(
    "command",
    [
        ["--language", "ko", "trian", "x"],
        ["--language=ko", "trian", "x"],
        ["trian", "x", "--language", "ko"],
        ["trian", "--language=ko", "x"],
    ],
    ids=" ".join,
)
def test_the_option_works_before_the_verb_and_behind_it(command: list[str], capsys):
    assert run(command) == 2
    assert capsys.readouterr().err == "오류: 'trian': 그런 명령은 없습니다. 혹시 이것입니까: toolkit fine-tune x\n"


def test_what_is_no_option_is_left_alone(capsys):
    assert run(["trian", "--", "--language", "ko"]) == 2
    assert capsys.readouterr().err.startswith("error: ")


@pytest.mark.parametrize(
    "command", [["--language", "fr"], ["recipes", "list", "--language=fr"], ["--language"], ["trials", "--language="]]
)
def test_another_language_is_one_line_that_names_those_there_are(command: list[str], capsys):
    assert run(command) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"error: --language: nothing is said in '(fr)?'; allowed: en, ko\n", err)


def test_another_language_of_the_environment_is_a_warning_and_english(monkeypatch, capsys):
    monkeypatch.setenv("TOOLKIT_LANG", "kr")
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    assert run([]) == 0
    out, err = capsys.readouterr()
    assert err == "warning: TOOLKIT_LANG: nothing is said in 'kr'; allowed: en, ko; it is English then\n"
    assert not HANGUL.search(out)
    assert run(["--language", "ko"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "시작하기" in out


@pytest.mark.parametrize("locale", ["tlh_QO.KLINGON-8", "C", "fr_FR.UTF-8"])
def test_a_locale_that_does_not_exist_or_is_no_korean_is_english(locale: str, monkeypatch, capsys):
    monkeypatch.setenv("LANG", locale)
    assert run([]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert not HANGUL.search(out)


def test_faults_are_korean_and_json_is_never_translated(monkeypatch, capsys):
    monkeypatch.setenv("TOOLKIT_LANG", "ko")
    Path("영화평.csv").write_text("글,관람객의 감정\n좋다,긍정\n", encoding="utf-8")
    assert run(["doctor", "--data", "영화펑.csv", "--json"]) == 3
    out, err = capsys.readouterr()
    assert err == "오류: 영화펑.csv: 그런 파일이 없습니다. 혹시 '영화평.csv'입니까?\n"
    assert json.loads(out)["error"]["message"] == "no such file; did you mean '영화평.csv'?"
    assert run(["doctor", "--data", "영화평.csv", "--label-column", "관람객의 감점"]) == 3
    assert "오류: 영화평.csv: 열 '관람객의 감점' 없음. 혹시 '관람객의 감정'입니까?" in capsys.readouterr().err
    for command, code in (
        (["fine-tune", "movie-sentimnt"], 2),
        (["predict"], 2),
        (["doctor", "--dta", "x.csv"], 2),
        (["fine-tune", "movie-sentiment", "--seed", "x"], 2),
        (["choose", "--task", "text-classification"], 2),
    ):
        assert run(command) == code, command
        told = capsys.readouterr().err
        assert re.match("오류: .*[가-힣]", told), told
    assert run(["trials", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"trials": []}


def test_tables_have_korean_heads_under_which_the_cells_stand(monkeypatch, capsys):
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    assert run(["recipes", "list"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert re.fullmatch("레시피  .*하는 일", head)
    row = next(row for row in rows if row.startswith("ko-sentiment"))
    assert row.endswith("한국어 영화평의 긍정·부정을 가릅니다(NSMC).")
    assert cell_len(head.removesuffix("하는 일")) == cell_len(
        row.removesuffix("한국어 영화평의 긍정·부정을 가릅니다(NSMC).")
    )


def test_choose_explains_in_the_language_of_the_terminal(monkeypatch, capsys):
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    assert run(["choose", "--task", "translation", "--explain"]) == 0
    korean = capsys.readouterr().out
    assert "인코더인가, 디코더인가?" in korean
    assert run(["choose", "--task", "translation", "--explain", "--json"]) == 0
    assert not HANGUL.search(capsys.readouterr().out)
    assert run(["choose", "--task", "translation", "--explain", "--language", "en"]) == 0
    assert "encoder or decoder?" in capsys.readouterr().out
    monkeypatch.delenv("LANG")
    assert run(["choose", "--task", "translation", "--explain", "--language", "ko"]) == 0
    assert capsys.readouterr().out == korean
