import os

import pytest

from toolkit.errors import RecipeError
from toolkit.recipe import load_recipe
from toolkit.recipe.yaml_text import parse, read_document

TOKEN = "hf_" + "aB3" * 10


def read(text):
    return parse(text, lambda line, column: f"{line}:{column}")


def test_places_of_keys_values_and_items():
    document = read("a:\n  b: [1, x]\n'c': {d: 2}\n")
    assert document.tree == {"a": {"b": [1, "x"]}, "c": {"d": 2}}
    places = {path: (place.key, place.value) for path, place in document.places.items()}
    assert places == {
        (): ("1:1", "1:1"),
        ("a",): ("1:1", "2:3"),
        ("a", "b"): ("2:3", "2:6"),
        ("a", "b", 0): ("2:7", "2:7"),
        ("a", "b", 1): ("2:10", "2:10"),
        ("c",): ("3:1", "3:6"),
        ("c", "d"): ("3:7", "3:10"),
    }


def test_keys_stay_as_written():
    assert read("{0: a, 007: b, no: c, 1.50: d, ~: e}").tree == {
        "0": "a",
        "007": "b",
        "no": "c",
        "1.50": "d",
        "~": "e",
    }


def test_quoted_words_are_texts():
    assert read("['1', \"true\", '', 'null']").tree == ["1", "true", "", "null"]
    assert read("a: |\n  5\n").tree == {"a": "5\n"}


def test_two_escapes_stand_for_one_character_as_in_json():
    assert read('["\\ud83d\\ude00", "\\U0001F600", "\\u2028\\e\\x7f"]').tree == ["😀", "😀", "\u2028\x1b\x7f"]


def test_every_duplicate_key_is_reported_with_both_places():
    document = read("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n")
    assert [str(fault) for fault in document.faults] == [
        "4:3: duplicate key 'c'; it stands already at 3:3; keep one of them",
        "5:1: duplicate key 'a'; it stands already at 1:1; keep one of them",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a:\n\tb: 1", "2:1: a tab indents this line; use spaces"),
        ("a: b: c", "1:5: a colon too many"),
        ("a: [1\nb: 2", "2:2: the bracket at 1:4 is not closed"),
        ("a: {b: 1", "1:9: the bracket at 1:4 is not closed"),
        ("a: 'x", "1:6: the quote at 1:4 is not closed"),
        ("a: 1\n---\nb: 2", "2:1: a second document begins here"),
        ("a: !!python/object/apply:os.system [x]", "1:4: tags such as !!str are not used"),
        ("a: !!int '3'", "1:4: tags such as !!str are not used"),
        ("a: *b", "1:4: not YAML: found undefined alias 'b'"),
        ("a: &a [*a]", "the aliases (*) stand for more than 20,000 values, or for themselves"),
        ("a: " + "[" * 5000, "1:35: nested deeper than 32 levels"),
        ('a: "x\\UFFFFFFFF"', "1:6: this escape stands for no character, because Unicode ends at \\U0010FFFF"),
        ('a:\n  b: "\\U00110000"', "2:7: this escape stands for no character"),
        ('a: "\\uD800"', "1:4: an escape from \\uD800 to \\uDFFF is half a character"),
        ('"\\uDC00\\uD83D": a', "1:1: an escape from \\uD800 to \\uDFFF is half a character"),
        ('a: ["x\\0"]', "1:5: the escape \\0 stands for no character"),
        ('a: "\\x00"', "1:4: the escape \\0 stands for no character"),
        (f"%YAML 1.{'1' * 5000}\n---\na: b", "not YAML: a number of too many digits"),
        ("a: b\x01c", "1:5: the control character 0x01 is not allowed"),
    ],
)
def test_text_that_is_refused(text, message):
    with pytest.raises(RecipeError) as caught:
        read(text)
    assert message in str(caught.value)


def test_aliases_work_within_reason():
    assert read("a: &x [1, 2]\nb: *x").tree == {"a": [1, 2], "b": [1, 2]}


def test_an_alias_bomb_is_refused_before_it_grows():
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    with pytest.raises(RecipeError, match="aliases"):
        read("\n".join(levels))


def test_bad_numbers_are_faults_among_the_others(faults):
    lines = faults("task: text-classification\nmodel: {nam: x}\ndata: {source: a}\nmethod: full\nseed: .inf\n")
    assert lines == [
        "recipe.yaml:5:7: seed: .inf is not a number to compute with; write a finite one",
        "recipe.yaml:2:9: model.nam: unknown key 'nam'; did you mean 'name'?; allowed: name, config, quantization, "
        "problem_type",
    ]


@pytest.mark.parametrize("content", ["", "# only a comment\n", "---\n", "~", b"\xef\xbb\xbf"])
def test_an_empty_recipe(faults, content):
    (line,) = faults(content)
    assert line.startswith("recipe.yaml: the recipe is empty")


@pytest.mark.parametrize(("content", "found"), [("- a\n", "a list"), ("hello", "'hello'"), ("5", "'5'")])
def test_a_recipe_is_keys_with_values(faults, content, found):
    assert faults(content) == [f"recipe.yaml:1:1: a recipe consists of keys with values, but this is {found}"]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_bytes_that_are_not_utf8_are_named_by_offset(faults, mark):
    content = mark + b"task: x\nnote: ab" + "한국어".encode("cp949")
    (line,) = faults(content)
    offset = content.index("한".encode("cp949"))
    assert line == f"recipe.yaml:2:9: not UTF-8: byte 0xc7 at offset {offset}; save the file as UTF-8"


def test_byte_order_mark_windows_line_ends_and_korean(write):
    text = "task: text-classification\nmodel: {name: m}\ndata: {source: a}\nmethod: full\nnote: 한국어 😀\n"
    text = text.replace("\n", "\r\n")
    assert load_recipe(write(b"\xef\xbb\xbf" + text.encode())).note == "한국어 😀"


def test_a_large_file_is_not_parsed(faults):
    (line,) = faults("#" * 1_000_001)
    assert "1,000,001 bytes" in line


def test_a_token_is_refused_and_not_repeated(faults):
    for content in (f"note: x\nmodel: {{name: {TOKEN}}}\n", f"note: x\n#      {TOKEN}\n"):
        (line,) = faults(content)
        assert line.startswith("recipe.yaml:2:")
        assert "access token" in line
        assert TOKEN not in line
        assert TOKEN[3:] not in line


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    with pytest.raises(RecipeError, match="not a file"):
        read_document(pipe)
