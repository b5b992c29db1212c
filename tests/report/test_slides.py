"""Slides of a work without any training: read back, beside the run folders and beside each other."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pptx import Presentation
from pptx.oxml.ns import qn
from told_work import told, write_choice, write_work

import toolkit
from toolkit.cli.main import run as command
from toolkit.errors import RecipeError, ToolkitError
from toolkit.report.language import Language
from toolkit.report.measures import Measure
from toolkit.report.slides.compose import compose
from toolkit.report.slides.deck import Bars, Deck, Slide, Spot
from toolkit.report.slides.phrases import Phrases
from toolkit.report.slides.pptx_file import write_pptx
from toolkit.report.slides.write import write_slides
from toolkit.report.story import Story
from toolkit.report.written import Written

LANGUAGES = ("en", "ko")
KINDS = (".pptx", ".html")


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("work")
    write_work(folder)
    write_choice(folder)
    for language in LANGUAGES:
        for kind in KINDS:
            write_slides(story_of(folder, language), folder / f"deck-{language}{kind}")
    return folder


def story_of(folder: Path, language: str = "en") -> Story:
    return told(folder / "runs" / "trials.jsonl", language=language)


def slides_of(work: Path, language: str) -> list[Any]:
    return list(Presentation(work / f"deck-{language}.pptx").slides)


def charts_of(slides: list[Any]) -> list[Any]:
    return [shape.chart for slide in slides for shape in slide.shapes if shape.has_chart]


def texts_of(slide: Any) -> list[str]:
    """Every text of a slide: its title, paragraphs, cells, and what a chart of bars says of each bar."""
    texts = []
    for shape in slide.shapes:
        if shape.has_text_frame and shape.text_frame.text:
            texts += [paragraph.text for paragraph in shape.text_frame.paragraphs]
        elif shape.has_table:
            texts += [cell.text_frame.text for row in shape.table.rows for cell in row.cells]
        elif shape.has_chart and shape.chart.plots[0].categories:
            texts += [part for name in shape.chart.plots[0].categories for part in name.split("\n")]
    return texts


class Slides(HTMLParser):
    """The texts of each slide of a page, by the elements that hold them."""

    HOLD = ("h1", "h2", "li", "th", "td", "p")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.slides: list[list[str]] = []
        self.open: list[tuple[str, str]] = []
        self.text: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag in ("br", "col", "meta"):
            return
        self.open.append((tag, names.get("class") or ""))
        if tag == "section":
            self.slides.append([])
        if self.is_held(tag, names.get("class") or ""):
            self.text = ""

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open[-1][0] != tag:
            self.open.pop()
        if not self.open:
            return
        name, kind = self.open.pop()
        if self.is_held(name, kind) and self.text is not None:
            self.slides[-1].append(" ".join(self.text.split()))
            self.text = None

    def handle_data(self, data: str) -> None:
        if self.text is not None:
            self.text += data

    def is_held(self, tag: str, kind: str) -> bool:
        within = [name for _, each in self.open for name in each.split()]
        if "notes" in within or kind == "legend":
            return False
        return (tag in self.HOLD and "bars" not in within) or kind in ("name", "figure")


def html_of(work: Path, language: str) -> list[list[str]]:
    return Slides((work / f"deck-{language}.html").read_text(encoding="utf-8")).slides


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_files_say_the_same_on_each_slide(work: Path, language: str):
    ours = [[" ".join(text.split()) for text in texts_of(slide)] for slide in slides_of(work, language)]
    theirs = html_of(work, language)
    assert len(ours) == len(theirs) > 12
    for slide, page in zip(ours, theirs, strict=True):
        assert slide == page


def test_both_languages_have_the_same_slides_and_charts(work: Path):
    english, korean = (slides_of(work, language) for language in LANGUAGES)
    decks = [compose(story_of(work, language)) for language in LANGUAGES]
    kinds = [[[type(block) for block in (*slide.blocks, slide.chart)] for slide in deck.slides] for deck in decks]
    assert kinds[0] == kinds[1]
    values = [
        [[list(series.values) for series in chart.plots[0].series] for chart in charts_of(deck)]
        for deck in (english, korean)
    ]
    assert values[0] == values[1] != []
    hangul = [any("가" <= letter <= "힣" for text in texts_of(slide)[:1] for letter in text) for slide in korean]
    assert all(hangul)


def test_values_and_intervals_of_each_chart_are_those_of_the_runs(work: Path):
    story = story_of(work)
    assert story.compared is not None
    measured = {run.name: run.metrics["accuracy"] for run in story.compared.runs}
    differences = {
        pair.second: pair.metrics["accuracy"].difference for pair in story.compared.pairs
    }  # the other minus the winner
    charts = charts_of(slides_of(work, "en"))
    bars = [chart for chart in charts if len(chart.plots[0].categories) and "Difference" not in axis_title(chart)]
    found = spots_of(bars[-1])
    assert len(found) == len(measured)
    for name, (value, low, high) in found.items():
        entry = next(each for run, each in measured.items() if name.split(" · ")[1].startswith(Path(run).name))
        assert (value, low, high) == pytest.approx((entry.value, *entry.ci95), abs=1e-12)
    found = spots_of(next(chart for chart in charts if "Difference" in axis_title(chart)))
    assert len(found) == len(differences)
    for name, (value, low, high) in found.items():
        each = next(each for run, each in differences.items() if name.split(" · ")[1].startswith(Path(run).name))
        assert (value, low, high) == pytest.approx((-each.value, -each.high, -each.low), abs=1e-12)
    for chart in bars:  # the sheet that an editor opens has the same
        sheet = openpyxl.load_workbook(BytesIO(chart.part.chart_workbook.xlsx_part.blob)).active
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
        kept = [[name, value, high - value, value - low] for name, (value, low, high) in spots_of(chart).items()]
        assert rows == [[name, *map(pytest.approx, numbers)] for name, *numbers in kept]


def axis_title(chart: Any) -> str:
    return chart.value_axis.axis_title.text_frame.text


def spots_of(chart: Any) -> dict[str, tuple[float, float, float]]:
    """Value and interval of each bar, from PowerPoint's own error bars."""
    plot = chart.plots[0]
    errors = plot.series[0]._element.find(qn("c:errBars"))
    sides = [[float(v.text) for v in errors.find(qn(f"c:{side}")).iter(qn("c:v"))] for side in ("minus", "plus")]
    rows = zip(plot.categories, plot.series[0].values, *sides, strict=True)
    return {name: (value, value - minus, value + plus) for name, value, minus, plus in rows}


def test_every_number_stands_in_the_story(work: Path):
    story = story_of(work)
    folders = [*sorted((work / "runs").glob("run-*/metrics.json")), work / "choice" / "choose.json"]
    files = [json.loads(file.read_text(encoding="utf-8")) for file in folders]
    trials = [json.loads(line) for line in (work / "runs" / "trials.jsonl").read_text(encoding="utf-8").splitlines()]
    compared = None if story.compared is None else story.compared.to_json()
    told_of = [
        story.question.wants,
        *(text for family in story.families for text, _ in family.reasons),
        *story.unmeasured,
        *story.limits,
        *story.next_steps,
    ]
    known = set(numbers_in([files, trials, compared, told_of]))
    counts = {
        len(story.attempts),
        sum(each.failed for each in story.attempts),
        sum(each.is_step for each in story.attempts),
    }
    counts |= {
        story.cost.n_unknown,
        len(story.choosing[0].candidates),
        95,
        *range(1, 40),
    }  # numbers of attempts, of slides
    spent = {
        round(part) for seconds in (story.cost.seconds, story.cost.lost_seconds) for part in divmod(round(seconds), 60)
    }
    known |= {f"{n:,}" for n in counts | spent}
    for slide in slides_of(work, "en"):
        for text in texts_of(slide):
            assert set(re.findall(NUMBER, text)) <= known, text


NUMBER = r"(?<![\w.])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e-?\d+)?(?!\w)"


def numbers_in(value: Any) -> Iterator[str]:
    """Numbers of JSON as a slide writes them."""
    if isinstance(value, dict | list | tuple):
        for each in value.values() if isinstance(value, dict) else value:
            yield from numbers_in(each)
    elif isinstance(value, str):
        yield from re.findall(NUMBER, value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        value = abs(value)
        yield from (f"{value:,.{places}f}" for places in range(4))
        yield from (f"{value:.3g}", f"{value / 1e9:.3g}", f"{value / 1e6:.3g}")


def test_notes_say_where_each_figure_of_a_chart_is_from(work: Path):
    slides = slides_of(work, "en")
    for slide in slides:
        for chart in charts_of([slide]):
            notes = slide.notes_slide.notes_text_frame.text
            for category in chart.plots[0].categories:
                name, figure = category.split("\n")
                whole = re.escape(name.removesuffix("…")) + ".*" + re.escape(f", {figure}: ")
                assert re.search(whole, notes)
            assert re.search(r"(metrics|choose)\.json|toolkit compare ", notes)
    assert "fonts-noto-cjk" in slides[0].notes_slide.notes_text_frame.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_letter_has_a_latin_and_a_korean_font(work: Path, language: str):
    for slide in slides_of(work, language):
        runs = list(slide._element.iter(qn("a:rPr")))
        assert runs
        for properties in runs:
            assert {properties.find(qn(f"a:{kind}")).get("typeface") for kind in ("latin", "ea")} == {
                "Arial",
                "Malgun Gothic",
            }
            assert properties.get("lang") == ("ko-KR" if language == "ko" else "en-GB")
        for chart in charts_of([slide]):
            assert chart._chartSpace.find(".//" + qn("a:ea")).get("typeface") == "Malgun Gothic"


def test_wild_texts_are_shown_and_do_nothing(work: Path):
    page = (work / "deck-en.html").read_text(encoding="utf-8")
    assert page.count("<script>") == 1
    assert "&lt;script&gt;alert(" in page
    shown = "\n".join(text for slide in slides_of(work, "en") for text in texts_of(slide))
    assert "<script>alert('1')</script> ␛[31mred␛[0m ⟨U+202E⟩😀 한국어 문장" in shown
    assert not re.search("[\x00-\x08\x0e-\x1f\u202e\ufffe\uffff]", page + shown)
    assert "src=" not in page
    assert "http:" not in page.split("</head>")[0]


def test_one_run_alone_has_a_result_and_no_comparison(tmp_path: Path):
    write_work(tmp_path, shares=(0.8,), ends=False)
    titles = [slide.title for slide in compose(story_of(tmp_path)).slides]
    assert "The result" in titles
    assert not {"By how much", "Rows to read", "What failed, and why", "Candidates"} & set(titles)
    write_slides(story_of(tmp_path, "ko"), tmp_path / "one.pptx")
    assert len(Presentation(tmp_path / "one.pptx").slides) == len(titles)


def test_a_run_without_a_test_split_is_told_and_not_compared(tmp_path: Path):
    write_work(tmp_path, ends=False)
    file = tmp_path / "runs" / "run-1" / "metrics.json"
    values = json.loads(file.read_text(encoding="utf-8"))
    del values["splits"]["test"]
    file.write_text(json.dumps(values), encoding="utf-8")
    write_slides(story_of(tmp_path), tmp_path / "deck.pptx")
    shown = [text for slide in Presentation(tmp_path / "deck.pptx").slides for text in texts_of(slide)]
    assert any(text.startswith("run-1: as #1") for text in shown)
    assert not any("· run-1" in text for text in shown)


def test_where_all_failed_there_is_no_result_but_what_was_learnt(tmp_path: Path):
    write_work(tmp_path, shares=())
    deck = compose(story_of(tmp_path))
    titles = [slide.title for slide in deck.slides]
    assert "What failed, and why" in titles
    assert not any(slide.chart for slide in deck.slides)
    assert "0.01 is too high" in str(deck.slides[titles.index("What failed, and why")].blocks)
    write_slides(story_of(tmp_path), tmp_path / "none.pptx")


def test_of_two_thousand_trials_those_that_matter_are_told(tmp_path: Path):
    write_work(tmp_path, n_more=2000)
    for kind in KINDS:
        write_slides(story_of(tmp_path), tmp_path / f"deck{kind}")
    slides = list(Presentation(tmp_path / "deck.pptx").slides)
    assert len(slides) < 22
    assert (tmp_path / "deck.html").stat().st_size < 200_000
    text = "\n".join(text for slide in slides for text in texts_of(slide))
    for told_of in (
        "Shown: 12 of 2,006 attempts",
        "A · run-2",
        "diverged",
        "out-of-memory",
        "interrupted",
        "is too high",
    ):
        assert told_of in text


def test_a_value_without_an_interval_says_so_and_has_no_error_bar(tmp_path: Path):
    bars = Bars("f1", (Spot("one", "0.5 (no interval)", 0.5),), 3)
    write_pptx(Deck("title", "en", (Slide("title", (), bars),), "Notes"), tmp_path / "deck.pptx")
    (chart,) = charts_of(list(Presentation(tmp_path / "deck.pptx").slides))
    assert chart.plots[0].series[0]._element.find(qn("c:errBars")) is None
    phrases = Phrases(Language("ko"))
    assert phrases.measure(Measure(0.5)) == "0.500 (구간 없음)"
    assert phrases.measure(Measure(0.5, 0.4, 0.6)) == "0.500 (0.400~0.600)"
    assert phrases.measure(Measure()) == "정의되지 않음"


@pytest.mark.parametrize(
    ("name", "told_of", "code"),
    [("deck.ppt", "did you mean '.pptx'?", 2), ("deck", ".pptx, .html", 2), ("no/deck.pptx", "there is no folder", 4)],
)
def test_a_file_that_cannot_be_written_is_refused_before_any_work(name: str, told_of: str, code: int):
    with pytest.raises(ToolkitError, match=re.escape(told_of)) as refused:
        Written.of(None, Path(name))
    assert refused.value.exit_code == code


def test_a_missing_package_is_told_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setitem(sys.modules, "pptx", None)
    with pytest.raises(RecipeError, match=re.escape("pip install 'transfer-toolkit[slides]'")):
        Written.of(None, tmp_path / "deck.pptx")
    assert Written.of(None, tmp_path / "deck.html").page is None


def test_the_command_writes_slides_and_no_page_unless_one_is_named(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    ledger = str(work / "runs" / "trials.jsonl")
    assert command(["report", "--ledger", ledger, "--slides", "deck.pptx", "--language", "ko"]) == 0
    assert "슬라이드: deck.pptx" in capsys.readouterr().out
    assert [file.name for file in tmp_path.iterdir()] == ["deck.pptx"]
    found = toolkit.report(ledger=ledger, output="page.html", slides="deck.html")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["deck.html", "deck.pptx", "page.html"]
    assert "Slides: deck.html" in str(found)
    assert command(["report", "--ledger", ledger, "--slides", "deck.ppt"]) == 2
