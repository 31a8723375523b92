"""The templates of the public pages, and what all of them know: how numbers are written, and which pages there are."""

from __future__ import annotations

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from services.reporting.dashboard import quality_texts, texts
from services.reporting.dashboard.page import PAGES


def templates() -> Environment:
    """What they print is escaped, and a name they do not know is an error."""
    environment = Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = texts.number
    environment.filters["percent"] = texts.percent
    environment.filters["decimal"] = quality_texts.decimal
    environment.globals["views"] = quality_texts.VIEWS
    for name in environment.list_templates(extensions=["html"]):
        environment.get_template(name)  # compiled now: the first who asks would stop all others for 30 ms
    return environment
