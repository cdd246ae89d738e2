"""How the page looks: HTML with its style sheet and the few lines that sort tables and keep their keys in sight."""
from __future__ import annotations

import base64
import re
from html import escape

from .content import Cell, Content, Table
from .drawings import Drawing

STYLE_SHEET = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #1c1c1c; background: #fff; margin: 0 auto; max-width: 76rem;
  padding: 1rem 1.25rem 4rem; }
h1 { font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; margin: .5rem 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .5rem 0; }
dt { color: #555; } dd { margin: 0; overflow-wrap: anywhere; }
.warnings { border-left: 4px solid #b35900; background: #fff6ec; padding: .6rem 1rem; margin: 1rem 0; }
.warnings ul { margin: .2rem 0; padding-left: 1.2rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1.5rem; }
figure { margin: 0; } figure img { width: 100%; min-width: 27rem; height: auto; }
figcaption, .note { color: #444; font-size: .9rem; }
.scroll { overflow-x: auto; max-width: 100%; }
.table { max-height: 85vh; overflow-y: auto; }
table { border-collapse: separate; border-spacing: 0; font-size: .875rem; font-variant-numeric: tabular-nums; }
th { max-width: 13rem; }
th, td { padding: .25rem .7rem; text-align: left; border-bottom: 1px solid #e3e3e3; white-space: nowrap; }
.number { text-align: right; } td.long { white-space: normal; min-width: 12rem; }
thead th { border-bottom: 2px solid #888; vertical-align: bottom; white-space: normal; min-width: 4rem;
  position: sticky; top: 0; background: #fff; z-index: 2; }
.key { position: sticky; background: #fff; z-index: 1; } thead .key { z-index: 3; }
.key.last { border-right: 1px solid #bbb; }
th button { all: unset; cursor: pointer; font-weight: 600; }
th button:focus-visible { outline: 2px solid #0072b2; outline-offset: 2px; }
th[aria-sort=ascending] button::after { content: " \\25B2"; }
th[aria-sort=descending] button::after { content: " \\25BC"; }
tbody tr:hover, tbody tr:hover .key { background: #f4f7fa; }
summary { cursor: pointer; } summary h2 { display: inline-block; }
@media (max-width: 32rem) {
  dl { grid-template-columns: 1fr; } dd { margin-bottom: .4rem; } body { padding: .5rem .8rem 3rem; }
}
@media print {
  .scroll, .table { overflow: visible; max-height: none; } .key, thead th { position: static; }
  th button::after { content: none !important; }
}
"""

SCRIPT = """
"use strict";
function key(row, column) {
  const text = row.cells[column].dataset.key, number = Number(text);
  return text === "-inf" ? -Infinity : text === "inf" ? Infinity : text !== "" && !Number.isNaN(number) ? number : text;
}
function compare(a, b) {
  return typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? -1 : 1;
}
function sort(button) {
  const head = button.closest("th"), body = head.closest("table").tBodies[0], column = head.cellIndex;
  const down = head.getAttribute("aria-sort") === "ascending";
  for (const other of head.parentNode.cells) other.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const rows = [...body.rows].map((row, place) => [key(row, column), place, row]);
  rows.sort((a, b) => (down ? compare(b[0], a[0]) : compare(a[0], b[0])) || a[1] - b[1]);
  body.append(...rows.map(([, , row]) => row));
}
function freeze(table) {
  const heads = [...table.tHead.rows[0].cells].slice(0, Number(table.dataset.keys)), lefts = [];
  let width = 0;
  for (const head of heads) { lefts.push(width); width += head.getBoundingClientRect().width; }
  const fits = width > 0 && width < table.parentNode.clientWidth / 2;
  for (const row of table.rows) for (let i = 0; i < heads.length; ++i) {
    row.cells[i].classList.toggle("key", fits);
    row.cells[i].classList.toggle("last", fits && i === heads.length - 1);
    row.cells[i].style.left = fits ? `${lefts[i]}px` : "";
  }
}
function freezeAll() { document.querySelectorAll("table").forEach(freeze); }
for (const name of ["load", "resize", "toggle"]) window.addEventListener(name, freezeAll, true);
document.addEventListener("click", event => {
  const button = event.target.closest("th button");
  if (button) sort(button);
});
"""

# The page can load nothing, whoever opens it.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
LONG = 40  # characters from which a cell may wrap


def render(content: Content) -> str:
    """The whole page."""
    parts = [f"<h1>{escape(content.title)}</h1>", _facts(content.facts), _warnings(content.warnings)]
    if content.drawings:
        parts.append('<section class="figures">' + "\n".join(map(_figure, content.drawings)) + "</section>")
    parts += [_table(table) for table in content.tables]
    body = "\n".join(parts)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{escape(content.title)}</title>
<link rel="icon" href="data:,">
<style>{STYLE_SHEET}</style>
</head>
<body>
{body}
<script>{SCRIPT}</script>
</body>
</html>
"""


def _facts(facts: list[tuple[str, str]]) -> str:
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts) + "</dl>"


def _warnings(warnings: list[str]) -> str:
    if not warnings:
        return ""
    return ('<section class="warnings"><strong>Warnings</strong><ul>'
            + "".join(f"<li>{escape(text)}</li>" for text in warnings) + "</ul></section>")


def _figure(drawing: Drawing) -> str:
    data = base64.b64encode(drawing.svg).decode("ascii")
    caption = escape(drawing.caption)
    # On a narrow screen the figure scrolls: shrunk, its labels could not be read.
    image = f'<img src="data:image/svg+xml;base64,{data}" alt="{caption}">'
    return (f'<figure><div class="scroll" tabindex="0">{image}</div>'
            f"<figcaption>{caption}</figcaption></figure>")


def _table(table: Table) -> str:
    first = table.rows[0] if table.rows else [Cell("", "")] * len(table.columns)
    head = "".join(f'<th scope="col" aria-sort="none"{_class(cell)}>'
                   f'<button type="button">{_breakable(name)}</button></th>'
                   for name, cell in zip(table.columns, first))
    body = "\n".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in table.rows)
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    inner = (f'{note}<div class="scroll table" tabindex="0"><table data-keys="{table.keys}"><thead><tr>{head}</tr></thead>'
             f"<tbody>\n{body}\n</tbody></table></div>")
    heading = f"<h2>{escape(table.heading)}</h2>"
    if table.folded:
        return f"<details><summary>{heading}</summary>{inner}</details>"
    return f"<section>{heading}{inner}</section>"


def _breakable(name: str) -> str:
    """Long names may break after a dot or an underscore."""
    return re.sub(r"([._])", r"\1<wbr>", escape(name))


def _cell(cell: Cell) -> str:
    key = f"{cell.key:.12g}" if isinstance(cell.key, float) else cell.key
    return f'<td{_class(cell)} data-key="{escape(key)}">{escape(cell.text)}</td>'


def _class(cell: Cell) -> str:
    kind = "number" if isinstance(cell.key, float) else "long" if len(cell.text) > LONG else ""
    return f' class="{kind}"' if kind else ""
