"""Charts of a presentation as PowerPoint's own: values, intervals and colours can be edited in them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from pptx.chart.data import CategoryChartData, XyChartData
from pptx.enum.chart import (
    XL_CHART_TYPE,
    XL_LABEL_POSITION,
    XL_LEGEND_POSITION,
    XL_MARKER_STYLE,
    XL_TICK_LABEL_POSITION,
)
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Pt
from xlsxwriter import Workbook

from toolkit.report.charts import Axis
from toolkit.report.slides.deck import Bars, Chart, Curves, Scatter, Spot
from toolkit.report.slides.html_chart import bar_axis, is_logarithmic, upward_axis, values_axis
from toolkit.report.slides.layout import CELL_SIZE, SMALL_SIZE, Placed
from toolkit.report.slides.pptx_theme import INK, OTHER, OURS, SERIES, SOFT, set_fonts

_BELOW_BARS = 44.0
"""Points below the bars, for the numbers and the title of the axis."""


def add_chart(shapes: Any, content: Chart, placed: Placed, language: str) -> None:
    """Draw a chart on a slide.

    Args:
        shapes: of the slide.
        content: of the chart.
        placed: where it stands.
        language: of the deck.
    """
    kind, data, box = *_data(content), placed.box
    frame = shapes.add_chart(kind, Pt(box.x), Pt(box.y), Pt(box.width), Pt(box.height), data)
    frame._element.nvGraphicFramePr.cNvPr.set("descr", content.title)
    chart = frame.chart
    chart.has_title = False
    chart.font.size, chart.font.color.theme_color = Pt(CELL_SIZE), INK
    set_fonts(chart._chartSpace.find(qn("c:txPr")).find(".//" + qn("a:defRPr")), language)
    if isinstance(content, Bars):
        _bars(chart, content, language)
        _place_bars(chart, placed)
    elif isinstance(content, Scatter):
        _scatter(chart, content, language)
    else:
        _curves(chart, content, language)


def _data(content: Chart) -> tuple[Any, Any]:
    number_format = "0" if not content.places else "0." + "0" * content.places
    if isinstance(content, Bars):
        data = CategoryChartData(number_format=number_format)
        data.categories = [f"{spot.name}\n{spot.figure}" for spot in content.spots]
        data.add_series(content.title, [spot.value for spot in content.spots])
        return XL_CHART_TYPE.BAR_CLUSTERED, data
    points = XyChartData(number_format=number_format)  # its names go into a sheet, where "=" begins a formula
    if isinstance(content, Scatter):
        for spot in content.spots:
            points.add_series(_name(f"{spot.name}\n{spot.figure}")).add_data_point(spot.x, spot.value)
        return XL_CHART_TYPE.XY_SCATTER, points
    for name, line in content.lines.items():
        series = points.add_series(_name(name))
        for x, y in line:
            series.add_data_point(x, y)
    return XL_CHART_TYPE.XY_SCATTER_LINES_NO_MARKERS, points


def _name(text: str) -> str:
    """Return a text that a sheet takes for nothing else."""
    return f" {text}" if text.startswith(("=", "{=")) else text


def _bars(chart: Any, content: Bars, language: str) -> None:
    plot, values = chart.plots[0], chart.value_axis
    plot.gap_width = 60
    series = plot.series[0]
    for number, spot in enumerate(content.spots):
        fill = series.points[number].format.fill
        fill.solid()
        fill.fore_color.theme_color = OURS if spot.marked else OTHER
    series._element.get_or_add_invertIfNegative().set("val", "0")
    chart.has_legend = False
    chart.category_axis.reverse_order = True
    chart.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    chart.category_axis.format.line.color.theme_color = SOFT
    chart.category_axis.has_major_gridlines = False
    _range(values, bar_axis(content))
    _axis(values, content.title, language)
    # Categories from above put the other axis above, too; its numbers belong below.
    values.tick_label_position = XL_TICK_LABEL_POSITION.HIGH
    _error_bars(series, content.spots, direction=None)
    _keep_intervals(chart, content)


def _place_bars(chart: Any, placed: Placed) -> None:
    """Give the names the width that was measured for them, so that bars begin where those of other formats do."""
    left, high = placed.names / placed.box.width, 1 - _BELOW_BARS / placed.box.height
    places = "".join(
        f'<c:{name} val="{value:.4f}"/>' for name, value in (("x", left), ("y", 0), ("w", 1 - left), ("h", high))
    )
    layout = parse_xml(
        f'<c:layout {nsdecls("c")}><c:manualLayout><c:layoutTarget val="inner"/><c:xMode val="edge"/>'
        f'<c:yMode val="edge"/>{places}</c:manualLayout></c:layout>'
    )
    area = chart._chartSpace.find(".//" + qn("c:plotArea"))
    for old in area.findall(qn("c:layout")):
        area.remove(old)
    area.insert(0, layout)


def _scatter(chart: Any, content: Scatter, language: str) -> None:
    chart.has_legend = False
    _axis(chart.category_axis, content.x_title, language, number_format="General")
    _axis(chart.value_axis, content.title, language)
    _range(chart.value_axis, upward_axis(content))
    xs = [spot.x for spot in content.spots if spot.x is not None]
    if is_logarithmic(xs):
        scaling = chart.category_axis._element.find(qn("c:scaling"))
        scaling.insert(0, parse_xml(f'<c:logBase {nsdecls("c")} val="10"/>'))
    middle = (min(xs) * max(xs)) ** 0.5 if is_logarithmic(xs) else (min(xs) + max(xs)) / 2
    for spot, series in zip(content.spots, chart.plots[0].series, strict=True):
        colour = OURS if spot.marked else SOFT
        series.format.line.fill.background()
        series.marker.style, series.marker.size = XL_MARKER_STYLE.CIRCLE, 9
        series.marker.format.fill.solid()
        series.marker.format.fill.fore_color.theme_color = colour
        series.marker.format.line.color.theme_color = colour
        label = series.points[0].data_label
        label.position = XL_LABEL_POSITION.LEFT if (spot.x or 0.0) > middle else XL_LABEL_POSITION.RIGHT
        run = label.text_frame.paragraphs[0].add_run()
        run.text = spot.name
        run.font.size, run.font.bold = Pt(SMALL_SIZE), spot.marked
        set_fonts(run._r.get_or_add_rPr(), language)
        _error_bars(series, [spot], direction="y")


def _curves(chart: Any, content: Curves, language: str) -> None:
    chart.has_legend = len(content.lines) > 1
    if chart.has_legend:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    _axis(chart.category_axis, content.x_title, language, number_format="#,##0")
    _axis(chart.value_axis, content.title, language)
    _range(chart.value_axis, values_axis(content))
    chart.category_axis.minimum_scale = 0
    for number, series in enumerate(chart.plots[0].series):
        series.smooth = False
        series.format.line.width = Pt(2)
        series.format.line.color.theme_color = SERIES[number % len(SERIES)]


def _axis(axis: Any, title: str, language: str, *, number_format: str | None = None) -> None:
    """Give an axis its title, faint lines, and letters of the size of a table's."""
    axis.has_title = True
    frame = axis.axis_title.text_frame
    run = frame.paragraphs[0].add_run()
    run.text = title
    run.font.size, run.font.bold, run.font.color.theme_color = Pt(CELL_SIZE), False, SOFT
    set_fonts(run._r.get_or_add_rPr(), language)
    axis.has_major_gridlines = True
    properties = axis.major_gridlines.format.line
    properties.width = Pt(0.5)
    properties.color.theme_color, properties.color.brightness = OTHER, 0.6
    axis.format.line.color.theme_color = OTHER
    axis.tick_labels.font.size = Pt(SMALL_SIZE)
    if number_format is not None:
        axis.tick_labels.number_format, axis.tick_labels.number_format_is_linked = number_format, False


def _range(axis: Any, ours: Axis) -> None:
    """Let an axis reach as far as the intervals do; by itself it would end with the values."""
    axis.minimum_scale, axis.maximum_scale = ours.ends
    axis.major_unit = ours.step


def _error_bars(series: Any, spots: Sequence[Spot], *, direction: str | None) -> None:
    """Draw the intervals of a series as PowerPoint's own error bars; none where no value has one."""
    if not any(spot.above or spot.below for spot in spots):
        return
    last = len(spots) + 1
    sides = (("plus", "C", [spot.above for spot in spots]), ("minus", "D", [spot.below for spot in spots]))
    kept = "".join(_side(*side, last=last, in_sheet=direction is None) for side in sides)
    way = "" if direction is None else f'<c:errDir val="{direction}"/>'
    bars = parse_xml(
        f'<c:errBars {nsdecls("c", "a")}>{way}<c:errBarType val="both"/><c:errValType val="cust"/><c:noEndCap val="0"/>'
        f'{kept}<c:spPr><a:ln w="15875"><a:solidFill><a:schemeClr val="tx1"/></a:solidFill></a:ln></c:spPr></c:errBars>'
    )
    element = series._element
    following = [element.find(qn(name)) for name in ("c:cat", "c:xVal", "c:val", "c:yVal")]
    next(each for each in following if each is not None).addprevious(bars)


def _side(name: str, column: str, values: Sequence[float], *, last: int, in_sheet: bool) -> str:
    points = "".join(f'<c:pt idx="{number}"><c:v>{value!r}</c:v></c:pt>' for number, value in enumerate(values))
    content = f"<c:formatCode>General</c:formatCode><c:ptCount val='{len(values)}'/>{points}"
    if not in_sheet:
        return f"<c:{name}><c:numLit>{content}</c:numLit></c:{name}>"
    place = f"Sheet1!${column}$2:${column}${last}"
    return f"<c:{name}><c:numRef><c:f>{place}</c:f><c:numCache>{content}</c:numCache></c:numRef></c:{name}>"


def _keep_intervals(chart: Any, content: Bars) -> None:
    """Write the chart's sheet again, with the intervals in columns of their own beside the values."""
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 1, [content.title, "+", "-"])
        for number, spot in enumerate(content.spots, 1):
            sheet.write_row(number, 0, [f"{spot.name}\n{spot.figure}", spot.value, spot.above, spot.below])
    chart.part.chart_workbook.update_from_xlsx_blob(file.getvalue())
