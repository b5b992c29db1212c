import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import RecipeError
from toolkit.recipe.document import Document, Place
from toolkit.recipe.overrides import apply_overrides

VALID = "task: text-classification\nmodel: {name: m}\ndata: {source: a.csv}\nmethod: full\n"


def override(tree, *overrides):
    document = Document(tree, {(): Place("r", "r")})
    apply_overrides(document, overrides)
    return document


def test_values_are_read_like_those_of_the_file():
    document = override(
        {},
        "a=1e-5",
        "b=no",
        "c=010",
        "d='5'",
        "e=[x, 2]",
        "f={g: true}",
        "h=",
        "i=한국어",
        'j="a=b"',
        "k=a=b",
    )
    assert document.faults == []
    assert document.tree == {
        "a": 1e-5,
        "b": "no",
        "c": 10,
        "d": "5",
        "e": ["x", 2],
        "f": {"g": True},
        "h": None,
        "i": "한국어",
        "j": "a=b",
        "k": "a=b",
    }


def test_sections_are_made_and_replaced_and_the_last_one_wins():
    document = override({"a": {"b": 1, "c": 2}, "d": None}, "a.b=3", "d.e.f=4", "a.b=5", "g={h: 1}", "g.h=2")
    assert document.tree == {"a": {"b": 5, "c": 2}, "d": {"e": {"f": 4}}, "g": {"h": 2}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed", "override seed: an override is key=value"),
        ("=3", "override =3: an override is key=value"),
        ("a..b=3", "override a..b=3: an override is key=value"),
        ("list.0=3", "override list.0=3: list is a list; give all of it, such as list=[first,second]"),
        ("one.two=3", "override one.two=3: one is a single value"),
        ("a=[1", "override a=[1: the bracket is not closed, or a comma is missing in it; put a text"),
        ('a="\\UFFFFFFFF"', 'override a="\\UFFFFFFFF": this escape stands for no character'),
        ('a="\\uD800"', "is half a character"),
        ('a="\\0"', "stands for no character of a text"),
        ("a=.nan", "override a=.nan: .nan is not a number"),
        ("a={b: 1, b: 2}", "duplicate key 'b'"),
    ],
)
def test_overrides_that_are_refused(text, message):
    document = override({"list": [1, 2], "one": 1}, text)
    assert [message in str(fault) for fault in document.faults] == [True]


def test_a_token_in_an_override_is_not_repeated():
    token = "hf_" + "x1" * 12
    for text in (f"hub.token={token}", token):
        (fault,) = override({}, text).faults
        assert "access token" in fault.message
        assert token not in str(fault)


def test_a_fault_names_the_override_and_the_file_where_each_is_wrong(faults):
    lines = faults(VALID + "seed: -1\n", "training.lr=1", "foo.bar=2", "training.optim=sgdd", "nope")
    assert lines[0].startswith("override nope: ")
    assert lines[1].startswith("recipe.yaml:5:7: seed: found -1")
    assert lines[2] == "override training.lr=1: training.lr: unknown key 'lr'; it is called 'learning_rate' here"
    assert lines[3].startswith("override foo.bar=2: foo: unknown key 'foo'")
    assert lines[4].startswith(
        "override training.optim=sgdd: training.optim: found the text 'sgdd'; did you mean 'sgd'?"
    )


def test_an_override_mends_a_faulty_file(load):
    assert load("seed: no\nnote: {a: 1}\n", "seed=1", "note=fine").seed == 1
    with pytest.raises(RecipeError):
        load("seed: no\n")


@given(st.text(alphabet="ab.=[]{}:'\"#&*!|> -~", max_size=20))
def test_no_text_is_more_than_a_fault(text):
    document = override({"a": {"b": [1]}}, text)
    assert document.faults or isinstance(document.tree, dict)
