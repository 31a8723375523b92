"""Draws the plots of the public page as SVG: run as a program, it answers one line of JSON with another.

A program of its own, because drawing holds the interpreter for a tenth of a second and the events must not wait for it. It
ends when its input ends, so it never outlives the service that started it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

import altair as alt
import vl_convert

FONT = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', Arial, sans-serif"
INK = "#2b2522"
RESOLVED = "#96181b"
PENDING = "#e5a823"
NAME_PIXELS_A_CHARACTER = 6.9
LINE = 15
NARROW_MAX = 400


def months(drawing: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of received dossiers, split into resolved and pending; the total stands above."""
    rows = drawing["rows"]
    names = [row["name"] for row in rows]
    x = alt.X(
        "name:N",
        sort=names,
        title=None,
        axis=alt.Axis(labelAngle=0 if len(rows) * 58 <= drawing["width"] else -45),
    )
    # Room above the highest column for its number.
    room = alt.Scale(domainMax=max((row["received"] for row in rows), default=0) * 1.08 + 1)
    y = alt.Y("amount:Q", title=drawing["dossiers"], axis=alt.Axis(tickCount=5, format=",d"), scale=room)
    bars = (
        alt.Chart(alt.InlineData(values=_long(rows, drawing)))
        .mark_bar(cornerRadiusEnd=2)
        .encode(x=x, y=y, color=_color(drawing), order="order:Q")
    )
    # Numbers that would run into one another are left to the table.
    roomy = len(rows) * max((len(row["received_text"]) for row in rows), default=0) * 8 <= drawing["width"]
    totals = (
        alt.Chart(alt.InlineData(values=list(rows) if roomy else []))
        .mark_text(dy=-7, color=INK, fontWeight=600, fontSize=11)
        .encode(x=x, y="received:Q", text="received_text:N")
    )
    return _spec(bars + totals, drawing, height=330 if drawing["width"] > NARROW_MAX else 260)


def procedures(drawing: Mapping[str, Any]) -> dict[str, Any]:
    """A bar for each procedure under its full name, which a label beside the bar would cut."""
    characters = int(drawing["width"] / NAME_PIXELS_A_CHARACTER)
    wrapped = [wrap(row["name"], characters) for row in drawing["rows"]]
    deepest = max((len(lines) for lines in wrapped), default=1)
    # Empty lines before a short name keep it next to its bar.
    rows = [
        {**row, "label": "\n".join([""] * (deepest - len(lines)) + lines)}
        for row, lines in zip(drawing["rows"], wrapped, strict=True)
    ]
    bar = 18 if drawing["width"] > NARROW_MAX else 13
    step = LINE * deepest + bar + 20
    below = step / 2 - bar / 2 - 5
    y = alt.Y("key:N", sort=[row["key"] for row in rows], title=None, axis=None)
    x = alt.X("amount:Q", title=drawing["dossiers"], axis=alt.Axis(tickCount=4, format=",d"))
    bars = (
        alt.Chart(alt.InlineData(values=_long(rows, drawing)))
        .mark_bar(height=bar, yOffset=below, cornerRadiusEnd=2)
        .encode(y=y, x=x, color=_color(drawing), order="order:Q")
    )
    totals = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_text(align="left", dx=5, yOffset=below, color=INK, fontWeight=600, fontSize=12)
        .encode(y=y, x="received:Q", text="received_text:N")
    )
    names = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_text(
            align="left",
            baseline="line-bottom",
            yOffset=below - bar / 2 - 4 - LINE * (deepest - 1),
            lineBreak="\n",
            lineHeight=LINE,
            color=INK,
            fontSize=12.5,
        )
        .encode(y=y, x=alt.value(0), text="label:N")
    )
    return _spec(bars + totals + names, drawing, height=step * max(len(rows), 1))


DRAWINGS = {"months": months, "procedures": procedures}


def draw(drawing: Mapping[str, Any]) -> str:
    """The SVG of one drawing: its kind, width in pixels, rows and words. No script, no style, nothing from outside."""
    numbers = {
        "decimal": drawing["decimal"],
        "thousands": drawing["thousands"],
        "grouping": [3],
        "currency": ["", ""],
    }
    return str(vl_convert.vegalite_to_svg(DRAWINGS[drawing["kind"]](drawing), format_locale=numbers))


def _long(rows: Sequence[Mapping[str, Any]], drawing: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"key": row["key"], "name": row["name"], "amount": row[kind], "kind": drawing[kind], "order": order}
        for row in rows
        for order, kind in enumerate(("resolved", "pending"))
    ]


def _color(drawing: Mapping[str, Any]) -> alt.Color:
    domain = [drawing["resolved"], drawing["pending"]]
    legend = alt.Legend(orient="top", title=None, symbolType="square")
    return alt.Color("kind:N", scale=alt.Scale(domain=domain, range=[RESOLVED, PENDING]), legend=legend)


def _spec(chart: alt.LayerChart, drawing: Mapping[str, Any], height: int) -> dict[str, Any]:
    told = (
        chart.properties(
            width=drawing["width"],
            height=height,
            autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        )
        .configure(font=FONT, background="transparent", padding=4)
        .configure_view(stroke=None)
        .configure_axis(
            gridColor="#e8e0d8",
            domainColor="#b9aca0",
            tickColor="#b9aca0",
            labelColor=INK,
            titleColor=INK,
            labelFontSize=11,
            titleFontSize=11,
            titleFontWeight="normal",
        )
        .configure_axisX(grid=False)
        .configure_legend(labelFontSize=12, labelColor=INK)
    )
    spec: dict[str, Any] = told.to_dict()
    return spec


def main() -> None:
    """One drawing a line in, one answer a line out; a drawing that fails is an answer too."""
    for line in sys.stdin:
        try:
            answer = {"svg": draw(json.loads(line))}
        except Exception as fault:
            answer = {"fault": type(fault).__name__}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
