"""What slides say, before any format: titles, blocks of text, tables, charts and quotations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Lines:
    """Points beneath each other.

    Attributes:
        items: a sentence or two each.
        large: whether they are what the slide is about, without dots before them.
    """

    items: tuple[str, ...]
    large: bool = False


@dataclass(frozen=True)
class Grid:
    """A table.

    Attributes:
        header: the names of the columns.
        rows: a cell for each column.
        shares: of the width, for each column.
        numbers: columns that stand to the right.
        marked: rows that stand out.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    shares: tuple[float, ...]
    numbers: frozenset[int] = frozenset()
    marked: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Quote:
    """A row of the data with the answers to it.

    Attributes:
        text: what was read.
        answers: who answered, and what.
    """

    text: str
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Spot:
    """A value with its interval.

    Attributes:
        name: what was measured.
        figure: the value and its interval in words.
        value, low, high: None where the interval is not known.
        x: what it is plotted over; None in charts of bars.
        marked: whether it stands out.
    """

    name: str
    figure: str
    value: float
    low: float | None = None
    high: float | None = None
    x: float | None = None
    marked: bool = False

    @property
    def below(self) -> float:
        """Return how far the interval reaches below the value."""
        return 0.0 if self.low is None else max(0.0, self.value - self.low)

    @property
    def above(self) -> float:
        """Return how far the interval reaches above the value."""
        return 0.0 if self.high is None else max(0.0, self.high - self.value)


@dataclass(frozen=True)
class Bars:
    """A bar a value, beneath each other, with its interval.

    Attributes:
        title: what the values are.
        spots: from above.
        places: behind the point.
        scale: the end of the axis; None where the values decide.
    """

    title: str
    spots: tuple[Spot, ...]
    places: int
    scale: float | None = None


@dataclass(frozen=True)
class Scatter:
    """Values over another one, such as quality over cost.

    Attributes:
        title, x_title: of the two axes.
        spots: each has its `x`.
        places: behind the point.
    """

    title: str
    x_title: str
    spots: tuple[Spot, ...]
    places: int


@dataclass(frozen=True)
class Curves:
    """Lines over the steps of trainings.

    Attributes:
        title, x_title: of the two axes.
        lines: points by name, in the order of the steps.
        places: behind the point.
    """

    title: str
    x_title: str
    lines: Mapping[str, tuple[tuple[float, float], ...]]
    places: int


Chart = Bars | Scatter | Curves
Block = Lines | Grid | Quote


@dataclass(frozen=True)
class Slide:
    """One slide.

    Attributes:
        title: what it says, or asks.
        blocks: beneath each other, at the left of a chart.
        chart: at the right, or all of the slide where there are no blocks.
        notes: for the speaker: where each figure is from.
        opening: whether it is the first one, whose title is that of the deck.
    """

    title: str
    blocks: tuple[Block, ...] = ()
    chart: Chart | None = None
    notes: tuple[str, ...] = ()
    opening: bool = False


@dataclass(frozen=True)
class Deck:
    """Slides in a language.

    Attributes:
        title: of all of them.
        language: ``en`` or ``ko``.
        slides: in their order.
        notes_heading: what stands over the notes of a page that shows them.
    """

    title: str
    language: str
    slides: tuple[Slide, ...]
    notes_heading: str
