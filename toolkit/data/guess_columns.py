"""The columns that a task reads, guessed from the names and the content of a file's columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolkit.data.column_looks import ColumnLook, Content, items_of, name_key
from toolkit.data.column_names import ColumnName
from toolkit.data.messages import CHAT
from toolkit.data.tables import no_column
from toolkit.errors import DataError, explain
from toolkit.names import Problem

_NAMES = {
    "text": "text sentence review comment content body document message tweet post utterance question title "
    "문장 텍스트 내용 본문 리뷰 댓글 글 발화 문서 질문",
    "label": "label labels class category target sentiment intent topic emotion stars rating score y tag answer type "
    "라벨 레이블 분류 카테고리 감정 의도 주제 별점 평점 점수 정답",
    "source": "source src input question prompt instruction query document article text context sentence q "
    "원문 질문 문서 기사 본문 입력 지시 문장",
    "target": "target tgt output answer response completion reply summary headline highlights abstract title "
    "translation a 번역 번역문 답변 응답 대답 요약 요약문 제목 출력 정답",
    "messages": "messages conversations conversation chat dialogue 대화",
    "tokens": "tokens words 단어 토큰 어절",
    "tags": "tags nertags labels postags bio bioes iob entities 태그 개체명",
    "spans": "spans entities annotations labels ner 개체",
}
"""Names that people give to a task's columns, beside its own, the most telling ones first."""

_BY_NAME = {
    "text": {Content.TEXT, Content.CLASSES, Content.KEYS},
    "label": {Content.CLASSES, Content.NUMBERS, Content.FLAGS, Content.LISTS, Content.KEYS},
    "source": {Content.TEXT, Content.CLASSES, Content.KEYS},
    "target": {Content.TEXT, Content.CLASSES, Content.KEYS},
    "messages": {Content.CHATS},
    "tokens": {Content.LISTS},
    "tags": {Content.LISTS},
    "spans": {Content.SPANS},
}
"""What a column of such a name may hold."""

_BY_CONTENT = {
    "text": {Content.TEXT},
    "label": {Content.CLASSES, Content.NUMBERS, Content.FLAGS},
    "messages": {Content.CHATS},
    "spans": {Content.SPANS},
}
"""What a column holds that is recognised whatever its name."""

_PAIRS = (("premise", "hypothesis"), ("query", "passage"), ("text", "textpair"), ("전제", "가설"))
_SIDE = re.compile(r"(.+?)(1|2|a|b)")


@dataclass(frozen=True)
class Guess:
    """The columns of a file by the task's own names.

    Attributes:
        columns: the data's name of a column by the task's name.
        by_content: the task's names of columns that were told by their content alone.
        data: other keys of a recipe's ``data`` that these columns need, such as ``prompt``.
        problem: what the labels are, where that is plain; None leaves it to the columns.
        why: a remark for a reader of the recipe, by the task's name of a column.
    """

    columns: Mapping[str, ColumnName]
    by_content: frozenset[str] = frozenset()
    data: Mapping[str, Any] = field(default_factory=dict)
    problem: Problem | None = None
    why: Mapping[str, str] = field(default_factory=dict)


class Columns:
    """The columns of a file, which are taken one after the other.

    Args:
        looks: of all columns.
        given: the data's name of a column by the task's name, as the user has named them.

    Raises:
        DataError: a column that was named is not there.
    """

    def __init__(self, looks: Sequence[ColumnLook], given: Mapping[str, ColumnName]) -> None:
        self.looks = {look.name: look for look in looks}
        self.given = given
        self.taken: dict[str, ColumnName] = {}
        self.by_content: set[str] = set()
        for column in given.values():
            for name in [column] if isinstance(column, str) else column:
                if name not in self.looks:
                    raise DataError(no_column(name, self.looks))

    def free(self) -> list[ColumnLook]:
        """Return the columns that nothing has been taken for, and that the user has named for nothing."""
        used = {
            name
            for column in (*self.taken.values(), *self.given.values())
            for name in ([column] if isinstance(column, str) else column)
        }
        return [look for look in self.looks.values() if look.name not in used and name_key(look.name) != "id"]

    def take(self, name: str, *, told_by_content: bool = True) -> bool:
        """Take the column for a task's own name: as it was named, else by its name, else the only one that fits.

        Returns:
            Whether there is one.
        """
        column = self.given.get(name) or self._by_name(name)
        if column is None and told_by_content:
            fitting = [look.name for look in self.free() if look.content in _BY_CONTENT.get(name, ())]
            column = fitting[0] if len(fitting) == 1 else None
            self.by_content |= {name} if column is not None else set()
        if column is not None:
            self.taken[name] = column
        return column is not None

    def _by_name(self, name: str) -> str | None:
        free = {name_key(look.name): look for look in reversed(self.free())}
        own = free.get(name_key(name))
        if own is not None and own.content is not Content.EMPTY:
            return own.name
        fitting = _BY_NAME.get(name, {Content.TEXT})
        known = (free.get(word) for word in _NAMES.get(name, "").split())
        return next((look.name for look in known if look is not None and look.content in fitting), None)

    def take_pair(self) -> bool:
        """Take the two columns of pairs of texts, such as ``sentence1`` and ``sentence2``, if there are two."""
        free = {name_key(look.name): look for look in self.free() if look.content in _BY_NAME["text"]}
        sides = [_SIDE.fullmatch(key) for key in free]
        numbered = [(f"{side[1]}{one}", f"{side[1]}{two}") for side in sides if side for one, two in ("12", "ab")]
        found = next((pair for pair in (*_PAIRS, *numbered) if set(pair) <= free.keys()), None)
        if found is not None:
            self.taken |= {"text": free[found[0]].name, "text_pair": free[found[1]].name}
        return found is not None

    def take_two(self, first: str, second: str, *, longer_first: bool) -> bool:
        """Take the only two columns of texts.

        Args:
            first, second: the task's names.
            longer_first: whether the longer texts are the first; else the order in the file decides.
        """
        texts = [look for look in self.free() if look.content is Content.TEXT]
        if len(texts) != 2 or {first, second} & self.given.keys():
            return False
        ordered = sorted(texts, key=lambda look: -look.characters) if longer_first else texts
        self.taken |= {first: ordered[0].name, second: ordered[1].name}
        self.by_content |= {first, second}
        return True

    def take_words(self) -> bool:
        """Take the only two columns of lists that are equally long: words, and their tags, which are repeated more."""
        lists = [look for look in self.free() if look.content is Content.LISTS]
        if len(lists) != 2 or {"tokens", "tags"} & self.given.keys():
            return False
        items = [[items_of(cell) or [] for cell in look.cells] for look in lists]
        if [len(row) for row in items[0]] != [len(row) for row in items[1]]:
            return False
        n_different = [len({str(item) for row in rows for item in row}) for rows in items]
        words, tags = sorted(range(2), key=lambda index: -n_different[index])
        self.taken |= {"tokens": lists[words].name, "tags": lists[tags].name}
        self.by_content |= {"tokens", "tags"}
        return True

    def guess(self, **more: Any) -> Guess:
        """Return what was taken."""
        return Guess(dict(self.taken), frozenset(self.by_content), **more)


def guess_columns(
    looks: Sequence[ColumnLook],
    alternatives: Iterable[Sequence[str]],
    *,
    given: Mapping[str, ColumnName],
    longer_first: bool = False,
) -> Guess | None:
    """Guess the columns of the alternative that fits best: by names rather than by content, and the longer one.

    Args:
        looks: of all columns of the file.
        alternatives: the columns that a row may have, by the task's own names.
        given: as in `given_for`.
        longer_first: whether of two columns of texts that are told by content the longer ones are read.

    Returns:
        None if no alternative fits.
    """
    found = [
        (columns, number)
        for number, names in enumerate(alternatives)
        if (columns := _taken((CHAT,) if CHAT in names else tuple(names), looks, given, longer_first)) is not None
    ]
    best = max(found, key=lambda one: (-len(one[0].by_content), len(one[0].taken), -one[1]), default=None)
    return None if best is None else best[0].guess()


def _taken(
    names: Sequence[str], looks: Sequence[ColumnLook], given: Mapping[str, ColumnName], longer_first: bool
) -> Columns | None:
    placed = given_for(names, given)
    if placed is None:
        return None
    columns = Columns(looks, placed)
    by_name = [columns.take(name, told_by_content=False) for name in names]
    if not any(by_name) and len(names) == 2:
        first, second = names
        if columns.take_two(first, second, longer_first=longer_first) if first == "source" else columns.take_words():
            return columns
    found = [name in columns.taken or columns.take(name) for name in names]
    if all(found) or (len(names) == 2 and found.count(False) == 1 and _last_text(columns, names[found.index(False)])):
        return columns
    return None


def given_for(names: Sequence[str], given: Mapping[str, ColumnName]) -> dict[str, ColumnName] | None:
    """Return the columns that the user has named by a task's own names; None if one of them has no place there.

    Args:
        names: the columns of a row: what is read first, the reference last.
        given: the data's name of a column by ``text``, ``text_pair`` and ``label``, as the options name them.
    """
    places = {"text": names[0], **({"label": names[-1]} if len(names) > 1 else {})}
    places |= {"text_pair": "text_pair"} if "text_pair" in names else {}
    return {places[name]: column for name, column in given.items()} if given.keys() <= places.keys() else None


def _last_text(columns: Columns, name: str) -> bool:
    """Take the only column of texts that is left for the other half of a pair."""
    texts = [look.name for look in columns.free() if look.content is Content.TEXT]
    if name not in ("source", "target", "text") or len(texts) != 1:
        return False
    columns.taken[name] = texts[0]
    columns.by_content.add(name)
    return True


def cannot_guess(task: str, looks: Sequence[ColumnLook], *, wanted: str) -> DataError:
    """Return the error of a file whose columns leave open which ones a task reads, with what was found.

    Args:
        task: its name.
        looks: of all columns.
        wanted: the task's own columns, in words.
    """
    found = "; ".join(map(str, looks[:12])) + ("; …" if len(looks) > 12 else "")
    message = f"it is not plain which columns {task} reads ({wanted}). Found: {found}"
    return DataError(explain(message, fix="name them with --text-column and --label-column"))
