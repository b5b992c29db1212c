"""Build an English and a Korean set of sentences with entities, from text that is at hand.

    python benchmarks/entities/build.py FOLDER [--korean ChatbotData.csv]

English sentences come from film reviews (``packaged:imdb``), Korean ones from dialogues (``packaged:chatterbot``, or
the questions and answers of a csv file such as that of Chatbot_data). Rules and word lists mark people, places, dates
and numbers. These are silver labels: a model is measured by how well it finds what the rules find, in words that it
has not seen. Each name and place belongs to one split by its hash, and so do the sentences that hold it; a sentence
with words of both splits is left out. The English set has given words (``tokens`` and ``tags``), the Korean one texts
with spans of characters, which end in front of particles: 서울 in 서울에.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

from toolkit.data.sources import read_table

TEST_SHARE = 0.25
MOST_ROWS = {"train": 3000, "test": 1000}
WITHOUT_ENTITIES = 0.3
"""Share of sentences in which nothing is marked, at most."""

Span = tuple[int, int, str]


def split_of(word: str) -> str:
    """Return the split that a word belongs to."""
    return "test" if _share(f"word {word.lower()}") < TEST_SHARE else "train"


def _share(text: str) -> float:
    return int.from_bytes(sha256(text.encode()).digest()[:6], "big") / 2**48


def rows_of(sentences: Iterable[str], find: object) -> dict[str, list[tuple[str, list[Span]]]]:
    """Return sentences with their spans by split, in the order of their hashes."""
    splits: dict[str, list[tuple[str, list[Span]]]] = {"train": [], "test": []}
    empty: dict[str, list[tuple[str, list[Span]]]] = {"train": [], "test": []}
    for sentence in sorted(set(sentences), key=_share):
        spans, keys = find(sentence)  # type: ignore[operator]
        owners = {split_of(key) for key in keys} or {split_of(sentence)}
        if len(owners) == 1:
            (splits if spans else empty)[owners.pop()].append((sentence, spans))
    chosen = {}
    for split, rows in splits.items():
        n_marked = min(len(rows), int(MOST_ROWS[split] * (1 - WITHOUT_ENTITIES)))
        n_empty = int(n_marked * WITHOUT_ENTITIES / (1 - WITHOUT_ENTITIES))
        chosen[split] = sorted(rows[:n_marked] + empty[split][:n_empty], key=lambda row: _share(f"order {row[0]}"))
    return chosen


def any_of(name: str) -> str:
    """Return a pattern for the words of a list in ``words/``, the longest ones first."""
    words = (Path(__file__).parent / "words" / f"{name}.txt").read_text(encoding="utf-8").replace(",\n", ", ").strip()
    return "|".join(map(re.escape, sorted(words.split(", "), key=len, reverse=True)))


# English

_SURNAME = r"(?:Mc|O'|De |Von |Van )?[A-Z][a-z]+(?:-[A-Z][a-z]+)?"
_NAME = rf"(?:{any_of('english-first-names')})(?: [A-Z]\.)?(?: {_SURNAME}){{1,2}}"
_YEAR = rf"(?:(?:{any_of('english-months')})(?: \d{{1,2}},?)? )?(?:18|19|20)\d\d(?:'?s)?|(?:the )?'\d0s|\d0s"
_COUNT = rf"(?:{any_of('english-numbers')})"
_NUMBER = rf"\d+(?:[.,/]\d+)*%?|{_COUNT}(?:[- ]{_COUNT})*"
_ENGLISH = re.compile(
    rf"\b(?:(?P<PER>{_NAME})|(?P<LOC>{any_of('english-places')})|(?P<DATE>{_YEAR})|(?P<NUM>{_NUMBER}))(?!\w)"
)
_TOKEN = re.compile(r"\w+|[^\w\s]")


def english_sentences() -> Iterator[str]:
    """Yield sentences of film reviews that are neither short nor long."""
    for text in read_table("packaged:imdb").columns["text"]:
        plain = re.sub(r"(?:<br />)+", "\n", text or "")
        for sentence in re.split(r"(?<=[.!?])\s+|\n+", plain):
            if 40 <= len(sentence) <= 220 and sentence[0].isupper():
                yield sentence


def find_english(sentence: str) -> tuple[list[Span], set[str]]:
    """Return the spans of a sentence, and the surnames and places that decide its split."""
    found = [(match.start(), match.end(), str(match.lastgroup)) for match in _ENGLISH.finditer(sentence)]
    keys = {sentence[start:end].split()[-1] for start, end, label in found if label == "PER"}
    keys |= {sentence[start:end] for start, end, label in found if label == "LOC"}
    return found, keys


def tagged(sentence: str, spans: Iterable[Span]) -> dict[str, list[str]]:
    """Return the words of a sentence with tags in IOB2."""
    words = [match.span() for match in _TOKEN.finditer(sentence)]
    tags = ["O"] * len(words)
    for start, end, label in spans:
        inside = [index for index, word in enumerate(words) if start <= word[0] and word[1] <= end]
        for index in inside:
            tags[index] = f"{'B' if index == inside[0] else 'I'}-{label}"
    return {"tokens": [sentence[start:end] for start, end in words], "tags": tags}


# Korean

_UNITS = "박 ?\\d+일|시간|시|분|일|주일|주|개월|월|년|살|번째|번|명|개|원|만 ?원|천원|퍼센트|프로|%|킬로|배|층|학년|등"
_NUMERAL = rf"\d+(?:[.,]\d+)* ?(?:{_UNITS})?"
_END = rf"(?=(?:{any_of('korean-particles')})?(?![가-힣\w]))"
_KOREAN = re.compile(
    rf"(?<![가-힣\w])(?:(?P<PER>{any_of('korean-people')})|(?P<LOC>{any_of('korean-places')})"
    rf"|(?P<DATE>{any_of('korean-days')})|(?P<NUM>{_NUMERAL})){_END}"
)


def korean_sentences(csv: Path | None) -> Iterator[str]:
    """Yield both sides of dialogues."""
    if csv is None:
        table = read_table("packaged:chatterbot", subset="korean")
        names = ("source", "target")
    else:
        table, names = read_table(str(csv)), ("Q", "A")
    for name in names:
        yield from (text.strip() for text in table.columns[name] if text and text.strip())


def find_korean(sentence: str) -> tuple[list[Span], set[str]]:
    """Return the spans of a sentence, and the words for people and places that decide its split."""
    found = []
    for match in _KOREAN.finditer(sentence):
        start, end = match.span()
        found.append((start, start + len(sentence[start:end].rstrip()), str(match.lastgroup)))
    return found, {sentence[start:end] for start, end, label in found if label in ("PER", "LOC")}


def main() -> None:
    """Write ``english-train.jsonl``, ``english-test.jsonl``, ``korean-train.jsonl`` and ``korean-test.jsonl``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--korean", type=Path, help="A csv file of dialogues with the columns Q and A.")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    english = rows_of(english_sentences(), find_english)
    for split, rows in english.items():
        write(arguments.folder / f"english-{split}.jsonl", (tagged(*row) for row in rows))
    korean = rows_of(korean_sentences(arguments.korean), find_korean)
    for split, rows in korean.items():
        keys = ("start", "end", "label")
        spanned = (
            {"text": text, "spans": [dict(zip(keys, span, strict=True)) for span in spans]} for text, spans in rows
        )
        write(arguments.folder / f"korean-{split}.jsonl", spanned)


def write(path: Path, rows: Iterable[dict[str, object]]) -> None:
    """Write a row a line."""
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{path}: {len(lines):,} sentences")


if __name__ == "__main__":
    main()
