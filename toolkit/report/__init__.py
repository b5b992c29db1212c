"""A finished run as one page to read: `render_page`."""

from toolkit.report.page import render_page

__all__ = ["render_page"]
