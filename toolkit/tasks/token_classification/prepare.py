"""The three data sets of tagged sentences, from the data section of a recipe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, ClassVar

from datasets import Dataset

from toolkit.data.column_names import plain_names
from toolkit.data.divide import cut_missing_splits, read_tables_of, source_names, with_share, without_blank_rows
from toolkit.data.notes import about_overlaps
from toolkit.data.tables import Table
from toolkit.data.wording import counted, listed
from toolkit.errors import DataError, Fault, RecipeError, explain
from toolkit.names import Split
from toolkit.tasks.token_classification.entities import illegal_tags
from toolkit.tasks.token_classification.reading import pick_tagged, read_sentences
from toolkit.tasks.token_classification.schemes import OUTSIDE, Kind, Scheme, find_scheme
from toolkit.tasks.token_classification.sentences import Sentences, digest, labels_for

if TYPE_CHECKING:
    from toolkit.recipe.schema import DataSection


@dataclass(frozen=True)
class TaggedData:
    """Tagged sentences, divided; the columns are those of `Sentences.to_dataset`.

    Attributes:
        train: the sentences to learn from.
        validation: the sentences that choose the best epoch, or None.
        test: the sentences that measure the result; they choose nothing.
        labels: the names of the model's outputs, in their order: the tags of the training split.
        scheme: of the tags, told by those of training.
        digest: SHA-256 of all rows in their splits.
        warnings: notes for the user, a line each.
        source: the name of the source for messages.
    """

    train: Dataset
    validation: Dataset | None
    test: Dataset
    labels: tuple[str, ...]
    scheme: Scheme
    digest: str
    warnings: tuple[str, ...]
    source: str
    problem: ClassVar[None] = None


def prepare_tagged(section: DataSection) -> TaggedData:
    """Read, check, normalise and divide the data of a recipe.

    Sentences without words are left out of training and kept in the other splits. A split that the recipe does not name
    is cut from the training rows, so that each set of labels keeps its share.

    Args:
        section: the recipe's ``data``.

    Raises:
        DataError: what `read_sentences` refuses, a tag that is no IOB where others are, only one tag in training, too
            few rows.
        HubError: a hub or packaged data set that cannot be found.
        RecipeError: an unknown encoding, subset or split; ``shots_per_class``.
    """
    if section.shots_per_class is not None:
        raise RecipeError("a sentence has no one class to count by; take it out", where="data.shots_per_class")
    tables = read_tables_of(section, partial(pick_tagged, columns=plain_names(section.columns)))
    whole = _read_all(tables)
    scheme = find_scheme(whole[Split.TRAIN].tags())
    refuse_foreign(whole.values(), scheme)
    notes = [note for sentences in whole.values() for note in about_illegal(sentences, scheme)]
    splits = with_share(without_blank_rows(cut_missing_splits(whole, section), notes), section)
    labels = _outputs(splits[Split.TRAIN], scheme)
    notes += _about_tags(splits, labels, scheme)
    notes += about_overlaps(splits)
    prepared = {split: sentences.to_dataset() for split, sentences in splits.items()}
    return TaggedData(
        train=prepared[Split.TRAIN],
        validation=prepared.get(Split.VALIDATION),
        test=prepared[Split.TEST],
        labels=labels,
        scheme=scheme,
        digest=digest({split: splits[split] for split in Split if split in splits}),
        warnings=tuple(notes),
        source=source_names(whole),
    )


def _read_all(tables: Mapping[Split, Table]) -> dict[Split, Sentences]:
    sentences: dict[Split, Sentences] = {}
    faults: list[Fault] = []
    for split, table in tables.items():
        try:
            sentences[split] = read_sentences(table)
        except DataError as error:
            faults += error.faults
    if faults:
        raise DataError(*faults)
    return sentences


def refuse_foreign(splits: Iterable[Sentences], scheme: Scheme) -> None:
    """Refuse tags that are none of the scheme that others have.

    Raises:
        DataError: with the tags and their lines.
    """
    faults: list[Fault] = []
    for sentences in splits:
        places = sentences.places(lambda tags: [index for index, tag in enumerate(tags) if scheme.is_foreign(tag)])
        if places:
            rows = list(sentences.tags())
            foreign = sorted({rows[position][word] for position, word in places})
            faults += sentences.faults(f"tags that are no {scheme} as the others are ({listed(foreign)})", places)
    if faults:
        raise DataError(*faults)


def about_illegal(sentences: Sentences, scheme: Scheme) -> list[str]:
    """Return notes on tags that may not follow each other, one a file."""
    places = sentences.places(lambda tags: illegal_tags(tags, scheme))
    meaning = "no entity by the strict rules" if scheme.is_strict else "read as conlleval reads them"
    message = f"{counted(len(places), 'tag')} that {scheme} does not allow there, {meaning},"
    return [str(fault) for fault in sentences.faults(message, places)]


def _outputs(train: Sentences, scheme: Scheme) -> tuple[str, ...]:
    """Return the tags of training, and those that tokens within a word can have."""
    found = set(chain.from_iterable(train.tags()))
    if len(found) < 2:
        same = f"all tokens have the tag {found.pop()!r}" if found else "no training row is left"
        raise DataError(explain(same, fix="telling tags apart takes two of them"), where=train.table.name)
    return tuple(labels_for(scheme.completed(found), scheme, train.table.categories.get("tags", ())))


def _about_tags(splits: Mapping[Split, Sentences], labels: tuple[str, ...], scheme: Scheme) -> list[str]:
    notes = []
    for split in (Split.VALIDATION, Split.TEST):
        if split in splits:
            strange = sorted(set(chain.from_iterable(splits[split].tags())) - set(labels))
            rows = splits[split].with_tags(strange)
            message = f"tags of the {split} split that training does not have ({listed(strange)}), counted as wrong,"
            notes += [str(fault) for fault in splits[split].table.faults(message, rows)] if strange else []
    is_plain = scheme.kind is Kind.PLAIN
    if OUTSIDE not in labels and not is_plain:
        notes.append(f"no token has the tag {OUTSIDE!r}: a model that learns from these rows finds entities everywhere")
    hyphened = [label for label in labels if "-" in label] if is_plain else []
    if hyphened:
        notes.append(
            f"the library's pipeline shows of plain tags with a hyphen ({listed(hyphened)}) what follows it; toolkit "
            "predict shows them whole"
        )
    if not is_plain and any(label != OUTSIDE and label[:2] not in ("B-", "I-") for label in labels):
        notes.append(
            "the library's pipeline knows the prefixes B- and I- alone, and gives entities of other ones in parts; "
            "toolkit predict joins them"
        )
    return notes
