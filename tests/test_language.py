"""The catalogue: every entry is a message of the package, and is found by it; what has no entry is counted."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import yaml
from message_sources import (
    PACKAGE,
    all_templates,
    clauses,
    is_made_of,
    literal_pieces,
    skeleton,
    texts_of_words,
    told_templates,
)
from words_used import words_used

from toolkit.choose.advice.rules import family_rules, task_rules
from toolkit.language import spoken
from toolkit.language.catalogue import Catalogue, joined, split
from toolkit.language.page import spoken_page
from toolkit.language.particles import with_particle
from toolkit.language.po import ADVICE, CARD, PAGE, WORD, Entry, read_folder, read_po
from toolkit.language.spoken import language_of, speak, translated, translated_word
from toolkit.language.template import FIELD, OURS, PARTICLES, QUOTED, Template, filled, ways_of
from toolkit.shipped import shipped_folder

FOLDER = PACKAGE / "language" / "ko"
ENTRIES = list(read_folder(FOLDER))
ALL = [(source, entry) for entry in ENTRIES for source in entry.sources]
MESSAGES = [(source, entry) for source, entry in ALL if entry.context in ("", WORD)]
"""Those that are matched; the others are looked up."""
LEFT_IN_ENGLISH = 238
"""Texts of the package with three words in a row that no entry covers: it never rises.

They are pieces that stand within other messages, what models are asked, code that is shown, files such as a README that
are written in English, and errors of Python functions that no command reaches.
"""


@pytest.fixture
def korean() -> Iterator[None]:
    speak("ko")
    yield
    speak("en")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(ENTRIES)


def test_every_block_of_the_catalogue_is_read_and_none_is_there_twice():
    texts = [file.read_text(encoding="utf-8") for file in FOLDER.iterdir()]
    assert len(ENTRIES) == sum(len(re.findall(r"^msgid ", text, re.MULTILINE)) - 1 for text in texts) > 2000
    keys = Counter((entry.context, source) for source, entry in ALL)
    assert [key for key, times in keys.items() if times > 1] == []
    assert {entry.context for entry in ENTRIES} == {"", WORD, PAGE, CARD, ADVICE}


def test_no_sentence_of_pages_says_again_what_a_message_says():
    told = {source: entry.translation.replace(":text", "") for source, entry in MESSAGES}
    assert [source for source, entry in ALL if entry.context == PAGE and told.get(source) == entry.translation] == []


def test_every_sentence_of_pages_slides_and_cards_has_an_entry(catalogue: Catalogue):
    known = {source for source, _ in ALL}
    said = words_used()
    assert len(said) > 200
    assert said - known == set()
    assert sentences_of_advice() - known == set()
    card = sentences_of_cards()
    assert len(card) > 200
    assert [each for each in card if re.search("[a-z]{3}", re.sub("{.*?}", "", each)) and each not in known] == []
    assert catalogue.sentence("{n} row", context=PAGE) == "{n}개 행"
    assert catalogue.sentence("nobody says it", context=CARD) == "nobody says it"


def sentences_of_advice() -> set[str]:
    """Return what the rules about families say."""
    return {rule.says for rule in (*task_rules().values(), *family_rules())}


def sentences_of_cards() -> set[str]:
    """Return the sentences of a card, singular and plural."""
    words = yaml.safe_load((shipped_folder("model_cards") / "words.yaml").read_text(encoding="utf-8"))
    told = [each for group in words.values() for each in group.values()]
    return {str(form) for each in told for form in (each if isinstance(each, list) else [each])}


def test_what_is_continued_or_escaped_is_read_as_in_gettext(tmp_path: Path):
    (tmp_path / "x.po").write_text(
        'msgid ""\nmsgstr ""\n"Language: ko\\n"\n\n# a note\nmsgctxt "word"\nmsgid "a \\"b\\" "\n"c\\\\d"\n'
        'msgid_plural "as"\nmsgstr[0] "가"\n"나"\n\nmsgid "without"\nmsgstr ""\n',
        encoding="utf-8",
    )
    assert list(read_po(tmp_path / "x.po")) == [Entry(('a "b" c\\d', "as"), "가나", "word")]


def test_every_entry_keeps_its_fields():
    for source, entry in ALL:
        of_forms = [{field[1] for field in FIELD.finditer(form)} for form in entry.sources]
        fields = {field[1] for field in FIELD.finditer(entry.translation)}
        # "It has one label" names no figure, which Korean may do: whoever counts gives it.
        assert set.intersection(*of_forms) <= fields <= set.union(*of_forms), source
        ways = {way for field in FIELD.finditer(entry.translation) for way in ways_of(field)}
        assert ways <= ({OURS, *PARTICLES} if entry.context in ("", WORD) else {*PARTICLES}), source
        assert not re.search(r"[{}]", FIELD.sub("", entry.translation)) or re.search(r"[{}]", FIELD.sub("", source))


def test_no_entry_is_stale_and_messages_without_one_are_counted():
    sources = all_templates()
    known = {run.rstrip(".") for text in sources for run in clauses(text)}
    known |= {skeleton(sentence) for sentence in words_used() | sentences_of_cards() | sentences_of_advice()}
    known |= {name.split()[0].capitalize() for name in map(unicodedata.name, "aЖ가")}
    pieces = literal_pieces(sources)
    stale = [
        source
        for source, _ in ALL
        if not known.intersection((skeleton(source), skeleton(source).rstrip(".")))
        and not is_made_of(skeleton(source), pieces)
    ]
    assert stale == []
    assert not is_made_of("the moon is made of green cheese", pieces)

    entries = {skeleton(source).rstrip(".") for source, _ in ALL} | {"{}", "{!r}"}
    told = {text: place for text, place in told_templates().items() if not _is_put_together(text)}
    missing = {text: place for text, place in told.items() if not _is_covered(text, entries)}
    assert missing == {}


def test_texts_that_no_entry_covers_are_counted(catalogue: Catalogue):
    looked_up = {skeleton(source) for source, entry in ALL if entry.context not in ("", WORD)}
    left = {text: place for text, place in texts_of_words().items() if text not in looked_up}
    left = {text: place for text, place in left.items() if not _is_recognised(text, catalogue)}
    assert len(left) <= LEFT_IN_ENGLISH, left


def _is_recognised(text: str, catalogue: Catalogue) -> bool:
    """Return whether a message is translated, be it in part, with names or with numbers in its fields."""
    for values in (("x{}", "'x{}'"), ("{}7", "'x{}'"), ("{}7 rows", "'x{}'")):
        number = count(1)
        english = re.sub(r"\{(!r)?\}", lambda field: values[bool(field[1])].format(next(number)), text)  # noqa: B023
        english = english.strip(" ,;:")
        if catalogue.text(english) != english or catalogue.word(english) != english:
            return True
    return False


def _is_covered(text: str, entries: set[str]) -> bool:
    """Return whether a message divides into entries, as it is translated; a field behind a word may be empty."""
    return any(_divides(form, entries) for form in (text, re.sub(r"(?<=[\w})])\{\}", "", text)))


def _divides(text: str, entries: set[str]) -> bool:
    parts = split(text)
    reached = {0}
    for end in range(1, len(parts) + 1):
        if any(joined(parts[start:end])[0].rstrip(".") in entries for start in reached):
            reached.add(end)
    return len(parts) in reached


def _is_put_together(text: str) -> bool:
    """Return whether a message is a name, or hardly more than its fields, which are messages themselves."""
    words = re.findall(r"[A-Za-z]{2,}", re.sub(r"\{.*?\}", "", text))
    return " " not in text or len(words) < (3 if "{" in text else 2)


def test_every_entry_is_found_by_an_example_of_it_and_no_other_is(catalogue: Catalogue):
    for source, entry in MESSAGES:
        values = {field[1]: _example(field, place) for place, field in enumerate(FIELD.finditer(source), start=1)}
        english = FIELD.sub(lambda field: values[field[1]], source)  # noqa: B023
        find = catalogue.word if entry.context == WORD else catalogue.text
        assert find(english) == Template(source, entry.translation).filled(values, catalogue.ours), source


def _example(field: re.Match[str], place: int) -> str:
    if field[1] == "n" or field[1].startswith("n_"):
        return f"{place},234.5"
    return f"'it is; a {place}. Text'" if field[2] == QUOTED else f"Q{place}x"


def test_no_entry_matches_nearly_everything():
    for source, entry in MESSAGES:
        loose = [f for f in FIELD.finditer(source) if not f[1].startswith("n") and f[2] != QUOTED]
        assert entry.context == WORD or not loose or len(re.sub(r"\s", "", FIELD.sub("", source))) >= 3, source


@pytest.mark.parametrize(
    ("english", "told"),
    [
        ("no such file; did you mean 'a; b.csv'?", "그런 파일이 없습니다. 혹시 'a; b.csv'입니까?"),
        ("reviews.csv:17: only a header, no rows", "reviews.csv:17: 머리글만 있고 행이 없습니다"),
        ("  look at r/report.html; the model is in r/model", "  보고서는 r/report.html에, 모델은 r/model에 있습니다"),
        ("Cost: train time 2 min 50 s, peak memory 1.9 GB.", "비용: 학습 시간 2분 50초, 최대 메모리 1.9 GB."),
        ("training: 5 of 10, loss 0.5, 2 min left", "학습: 5/10, 손실 0.5, 2분 남음"),
        ("No such file.", "그런 파일이 없습니다."),
        ("a column 가 was lost somewhere", "a column 가 was lost somewhere"),
        ("no such file; a thing nobody has words for", "그런 파일이 없습니다. a thing nobody has words for"),
        ("the label 'no such file' is odd", "the label 'no such file' is odd"),
        ("", ""),
        ("x" * 10_000, "x" * 10_000),
    ],
)
@pytest.mark.usefixtures("korean")
def test_a_message_is_recognised_with_what_it_is_joined_with(english: str, told: str):
    assert translated(english) == told


def test_english_is_as_it_was_and_reads_no_catalogue():
    spoken._catalogue.cache_clear()
    assert translated("no such file") == translated_word("no such file") == "no such file"
    page = '<html lang="en"><p>Result</p></html>'
    assert spoken_page(page) is page
    assert spoken._catalogue.cache_info().currsize == 0


@pytest.mark.parametrize(
    ("word", "particle", "told"),
    [
        ("영화", "을", "영화를"),
        ("감정", "을", "감정을"),
        ("'label'", "이", "'label'이"),
        ("data.csv", "은", "data.csv는"),
        ("서울", "으로", "서울로"),
        ("3", "으로", "3으로"),
        ("1", "으로", "1로"),
        ("54 %", "을", "54 %를"),
        ("label", "이나", "label이나"),
        ("data", "이라고", "data라고"),
        ("<bdi>영화</bdi>", "을", "<bdi>영화</bdi>를"),
        ("<b><bdi>감정</bdi></b>", "이", "<b><bdi>감정</bdi></b>이"),
        ("&lt;감정&gt;", "은", "&lt;감정&gt;은"),
        ("1.9 GB", "이", "1.9 GB가"),
        ("영화".encode().decode(), "과", "영화와"),
        ("\u1107\u1161\u11ab", "과", "\u1107\u1161\u11ab과"),
        ("🙂", "이", "🙂가"),
    ],
)
def test_a_particle_follows_the_last_sound(word: str, particle: str, told: str):
    assert with_particle(word, particle) == told


@pytest.mark.parametrize(
    ("environment", "language", "unknown"),
    [
        ({}, "en", None),
        ({"LANG": "ko_KR.UTF-8"}, "ko", None),
        ({"LANG": "ko"}, "ko", None),
        ({"LANG": "ko_KR.eucKR", "LC_ALL": "C"}, "en", None),
        ({"LANG": "C", "LC_MESSAGES": "ko_KR"}, "ko", None),
        ({"LANG": "xx_YY.UTF-8"}, "en", None),
        ({"LANG": "kok_IN"}, "en", None),
        ({"LANG": "C"}, "en", None),
        ({"LANG": "POSIX", "LC_MESSAGES": ""}, "en", None),
        ({"LANG": "C", "TOOLKIT_LANG": "kr"}, "en", "kr"),
        ({"LANG": "fr_FR.UTF-8", "TOOLKIT_LANG": "fr"}, "en", "fr"),
        ({"LANG": "\udcff"}, "en", None),
        ({"LANG": "ko_KR.UTF-8", "TOOLKIT_LANG": "en"}, "en", None),
        ({"LANG": "C", "TOOLKIT_LANG": "KO-kr"}, "ko", None),
        ({"LANG": "ko_KR.UTF-8", "TOOLKIT_LANG": "xx"}, "en", "xx"),
        ({"LANG": "ko_KR.UTF-8", "TOOLKIT_LANG": " "}, "ko", None),
    ],
)
def test_the_environment_asks_for_a_language(environment: dict[str, str], language: str, unknown: str | None):
    assert language_of(environment) == (language, unknown)


def test_a_field_of_our_words_takes_its_particle_once_it_is_translated():
    template = Template("more {metric} is better", "{metric:text:은} 높을수록 좋습니다")
    assert template.filled({"metric": "accuracy"}, {"accuracy": "정확도"}.__getitem__) == "정확도는 높을수록 좋습니다"
    assert filled("{n}개와 {name:을} 봅니다", {"n": 3, "name": "감정"}) == "3개와 감정을 봅니다"
    with pytest.raises(KeyError):
        filled("{n} rows", {})


@pytest.mark.usefixtures("korean")
def test_a_page_is_in_korean_but_for_what_others_wrote():
    english = """<html lang="en"><head><style>p { content: "Result" }</style></head><body>
<h2>Result</h2><svg aria-label="Loss by step"><title>95 % interval 0.8 to 0.9</title></svg>
<p><bdi>accuracy</bdi></p><p class="text" dir="auto">Result</p><pre>Result</pre><td><code>Result</code></td>
<p class="note">reference <b><bdi>a &amp; Result</bdi></b> · predicted <b><bdi>validation</bdi></b> · row 7</p>
<p><bdi>packaged:minilm: no such file; did you mean &#39;a&#39;?</bdi></p></body></html>"""
    assert spoken_page(english) == (
        """<html lang="ko"><head><style>p { content: "Result" }</style></head><body>
<h2>결과</h2><svg aria-label="스텝별 손실"><title>95 % 구간 0.8 to 0.9</title></svg>
<p><bdi>accuracy</bdi></p><p class="text" dir="auto">Result</p><pre>Result</pre><td><code>Result</code></td>
<p class="note">정답 <b><bdi>a &amp; Result</bdi></b> · 예측 <b><bdi>validation</bdi></b> · 행 7</p>
<p><bdi>packaged:minilm: 그런 파일이 없습니다. 혹시 'a'입니까?</bdi></p></body></html>"""
    )


def test_a_language_is_spoken_while_a_block_runs():
    before = spoken.language()
    with spoken.speaking("ko"):
        assert "혼동" in spoken_page("<h2>Confusion</h2>")
    assert spoken.language() == before
    assert spoken_page("<h2>Confusion</h2>") == "<h2>Confusion</h2>"
