"""What notebooks show: static HTML and SVG without scripts, addresses or files; escaped, and bounded in size."""

from __future__ import annotations

import base64
import math
import os
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    from pathlib import Path

    from ._calls import CollectionInfo, DatasetInfo
    from .images import File, Files
    from .tables import Table

MOST_ROWS = 10
MOST_COLUMNS = 12
MOST_FIELDS = 200
MOST_SHAPES = 200
MOST_POINTS = 6000
MOST_PICTURES = 6
LONGEST_CELL = 60
LARGEST_PICTURE = 1 << 20  # bytes of the file; a third more as text

Point = tuple[float, float]
Paths = list["tuple[list[Point], bool]"]  # each and whether it is closed

_CELL = "padding:2px 10px 2px 0;text-align:left;vertical-align:top;white-space:nowrap"
_FAINT = "opacity:0.65"


def clip(value: Any, longest: int = LONGEST_CELL) -> str:
    """One line of escaped text; a time without the zeros at its end, nothing for what is missing."""
    text = "" if value is None else " ".join(str(value)[:20 * longest].split())
    if type(value).__name__ == "datetime64":
        text = "" if text == "NaT" else text.replace("T", " ").rstrip("0").rstrip(".") if "." in text else text
    return escape(text if len(text) <= longest else text[:longest - 1] + "…")


def many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def page(title: str, note: str, *parts: str) -> str:
    """What one object shows: a line in bold, a fainter one, then the parts side by side."""
    head = f"<div><b>{clip(title, 200)}</b> <span style='{_FAINT}'>{clip(note, 400)}</span></div>"
    body = "".join(f"<div>{part}</div>" for part in parts if part)
    return (f"<div class='datatake' style='margin:4px 0'>{head}"
            f"<div style='display:flex;flex-wrap:wrap;gap:8px 24px;align-items:flex-start;margin-top:6px'>{body}</div></div>")


def grid(names: Sequence[str], rows: Iterable[Sequence[Any]], total: int | None = None) -> str:
    """A table of at most MOST_ROWS rows and MOST_COLUMNS columns; `total` rows there are."""
    shown = [row for row, _ in zip(rows, range(MOST_ROWS))]
    left = len(names) - MOST_COLUMNS
    heads = "".join(f"<th style='{_CELL}'>{clip(name)}</th>" for name in names[:MOST_COLUMNS])
    lines = "".join("<tr>" + "".join(f"<td style='{_CELL}'>{clip(value)}</td>" for value in row[:MOST_COLUMNS]) + "</tr>"
                    for row in shown)
    hidden = []
    if total is not None and total > len(shown):
        hidden.append(f"{total - len(shown):,} more")
    if left > 0:
        hidden.append(f"{left} more columns: {', '.join(names[MOST_COLUMNS:])}")
    rest = f"<div style='{_FAINT}'>{clip('; '.join(hidden), 400)}</div>" if hidden else ""
    return f"<table style='border-collapse:collapse'><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>{rest}"


def facts(pairs: Iterable[tuple[str, Any]]) -> str:
    """Names and values, one pair a line; those without a value are left out."""
    lines = "".join(f"<tr><td style='{_CELL};{_FAINT}'>{clip(name)}</td><td style='{_CELL}'>{clip(value, 200)}</td></tr>"
                    for name, value in pairs if value not in (None, "", []))
    return f"<table style='border-collapse:collapse'><tbody>{lines}</tbody></table>"


# --- pictures ---

_KINDS = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"), (b"RIFF", "webp"))


def picture(image: Union[bytes, str, os.PathLike[str]], title: str = "", width: int = 320) -> str:
    """A PNG, JPEG or WebP inside the text; "" when it is none, is not there or is larger than LARGEST_PICTURE."""
    try:
        if not isinstance(image, bytes):
            if os.path.getsize(image) > LARGEST_PICTURE:
                return ""
            with open(image, "rb") as file:
                image = file.read()
    except OSError:
        return ""
    kind = next((kind for magic, kind in _KINDS if image.startswith(magic)), None)
    if kind is None or len(image) > LARGEST_PICTURE:
        return ""
    return (f"<img alt='{clip(title, 200)}' title='{clip(title, 200)}' style='max-width:{width}px;max-height:{width}px' "
            f"src='data:image/{kind};base64,{base64.b64encode(image).decode()}'>")


def paths_of(geometries: Iterable[Any]) -> Paths:
    """The lines, rings and points of the first MOST_SHAPES shapely geometries."""
    import shapely

    found: Paths = []
    points = 0
    for shape, _ in zip((g for g in geometries if g is not None and not g.is_empty), range(MOST_SHAPES)):
        for part in shapely.get_parts(shape, return_index=False).tolist():
            lines = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
            for line in lines if part.geom_type != "GeometryCollection" else ():
                many = len(line.coords)
                step = max(1, math.ceil(many / 200))
                path = [(float(x), float(y)) for x, y, *_ in line.coords[::step]]
                points += len(path)
                if points > MOST_POINTS:
                    return found
                found.append((path, part.geom_type == "Polygon"))
    return found


def paths_of_box(box: tuple[float, float, float, float] | None) -> Paths:
    """One ring, or two where it crosses the antimeridian."""
    if box is None:
        return []
    west, south, east, north = box
    sides = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    return [([(w, south), (e, south), (e, north), (w, north)], True) for w, e in sides]


def footprints(paths: Paths, width: int = 320, note: str = "") -> str:
    """Shapes in longitude and latitude as SVG, with a graticule; "" without any."""
    points = [(x, y) for path, _ in paths for x, y in path if math.isfinite(x) and math.isfinite(y)]
    if not points:
        return ""
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    margin = max(east - west, north - south, 0.01) * 0.15
    west, east = max(west - margin, -180.0 - margin), min(east + margin, 180.0 + margin)
    south, north = max(south - margin, -90.0), min(north + margin, 90.0)
    squeeze = max(math.cos(math.radians((south + north) / 2)), 0.2)  # a degree of longitude beside one of latitude
    span = max(east - west, (north - south) / squeeze / 2, 1e-6)
    middle = (west + east) / 2
    west = middle - span / 2
    scale = width / span
    tall = scale / squeeze
    height = min(max((north - south) * tall, 60.0), 1.5 * width)
    tall = min(tall, height / max(north - south, 1e-9))
    step = _nice(span / 4)

    def at(x: float, y: float) -> str:
        return f"{(x - west) * scale:.1f},{(north - y) * tall:.1f}"

    lines, words = [], []
    for k in range(math.ceil(west / step), math.floor((west + span) / step) + 1):
        x = (k * step - west) * scale
        lines.append(f"M{x:.1f},0V{height:.0f}")
        words.append(f"<text x='{x + 2:.1f}' y='{height - 3:.0f}'>{_degrees(k * step, step, 'W', 'E')}</text>")
    for k in range(math.ceil(south / step), math.floor(north / step) + 1):
        y = (north - k * step) * tall
        lines.append(f"M0,{y:.1f}H{width}")
        words.append(f"<text x='2' y='{y - 2:.1f}'>{_degrees(k * step, step, 'S', 'N')}</text>")
    drawn = []
    for path, closed in paths:
        good = [(x, y) for x, y in path if math.isfinite(x) and math.isfinite(y)]
        if len(good) == 1:
            drawn.append(f"<circle transform='translate({at(*good[0])})' r='3' fill='#1f77b4' fill-opacity='0.6'/>")
        elif good:
            drawn.append(f"<path d='M{' '.join(at(x, y) for x, y in good)}{'Z' if closed else ''}' fill='#1f77b4' "
                         f"fill-opacity='{0.15 if closed else 0}' stroke='#1f77b4' stroke-width='1'/>")
    text = f"<div style='{_FAINT}'>{clip(note, 200)}</div>" if note else ""
    return (f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height:.0f}' viewBox='0 0 {width} {height:.0f}' "
            f"role='img' aria-label='footprints' style='border:1px solid rgba(128,128,128,0.5)'>"
            f"<path d='{''.join(lines)}' stroke='currentColor' stroke-opacity='0.2' fill='none'/>"
            f"<g font-size='9' font-family='sans-serif' fill='currentColor' fill-opacity='0.6'>{''.join(words)}</g>"
            f"{''.join(drawn)}</svg>{text}")


def _nice(step: float) -> float:
    """The 1, 2 or 5 of a power of ten below it."""
    power: float = 10.0 ** math.floor(math.log10(step))
    return next(k * power for k in (5, 2, 1) if k * power <= step * 1.0001)


def _degrees(value: float, step: float, below: str, above: str) -> str:
    digits = max(0, -math.floor(math.log10(step)))
    return f"{abs(value):.{digits}f}°{'' if abs(value) < step / 2 else below if value < 0 else above}"


# --- what the objects show ---


def of_dataset(info: DatasetInfo) -> str:
    fields = info.schema.fields if info.schema is not None else []
    rows = [(name, f"{kind}{'[]' if repeated else ''}{f' in {unit}' if unit else ''}", description)
            for name, kind, _, repeated, _, _, unit, description, _ in fields]
    lines = "".join("<tr>" + "".join(f"<td style='{_CELL}'>{clip(value, 120)}</td>" for value in row) + "</tr>"
                    for row in rows[:MOST_FIELDS])
    table = (f"<details><summary>{many(len(rows), 'field')}</summary><table style='border-collapse:collapse'><tbody>{lines}</tbody>"
             "</table></details>")
    known = facts((("slug", info.slug), ("kind", info.kind), ("also", ", ".join(info.aliases)),
                   ("collections", info.collections or None), ("datapoints", f"{info.count:,}" if info.count else None)))
    return page(info.name, info.summary, known, table)


def of_collection(info: CollectionInfo) -> str:
    known = facts((("first", info.availability.start.isoformat(sep=" ") if info.count else None),
                   ("last", info.availability.end.isoformat(sep=" ") if info.count else None),
                   ("datapoints", f"{info.count:,}"), ("box", ", ".join(f"{v:.4g}" for v in info.bbox) if info.bbox else None)))
    return page(info.name, info.description, known, footprints(paths_of_box(info.bbox), 200))


def of_collections(infos: Iterable[CollectionInfo | None], names: Sequence[str]) -> str:
    rows = []
    for name, info in zip(names, infos):
        some = info is not None and info.count > 0
        rows.append((name, f"{info.count:,}" if info is not None else "", str(info.availability.start.date()) if info is not None and some else "",
                     str(info.availability.end.date()) if info is not None and some else ""))
    return page(many(len(rows), "collection"), "", grid(("name", "datapoints", "first", "last"), rows, len(rows)))


def of_tree(slugs_and_summaries: Sequence[tuple[str, str]]) -> str:
    return page(many(len(slugs_and_summaries), "dataset"), "", grid(("slug", "what it is"), slugs_and_summaries, len(slugs_and_summaries)))


def of_table(table: Table) -> str:
    names, rows, shapes = table._preview(MOST_ROWS, MOST_SHAPES)
    total = len(table)
    drawn = paths_of(shapes)
    return page(many(total, "datapoint"), many(len(names), "field"), grid(names, rows, total),
                footprints(drawn, note=f"the first {len(shapes)} of them" if total > len(shapes) else ""))


def of_file(file: File) -> str:
    known = facts((("path", file.path), ("pixels", f"{file.width} x {file.height}" if file.width else None),
                   ("bytes", f"{file.bytes:,}" if file.bytes else None),
                   ("fetched", f"{file.wire_bytes:,} bytes in {many(file.requests, 'request')}, {file.seconds:.2f} s"),
                   ("from", file.href), ("error", file.error)))
    return page(file.id, _state(file), known, picture(_small(file.path), file.id) if file.path is not None else "")


def of_files(files: Files) -> str:
    rows = [(file.id, _state(file), file.path.name if file.path is not None else "", f"{file.bytes:,}", f"{file.seconds:.2f}", file.error)
            for file in files[:MOST_ROWS]]
    shown: list[str] = []
    left = LARGEST_PICTURE
    for path in files.paths[:4 * MOST_PICTURES]:
        drawn = picture(_small(path), path.name, 160)
        if drawn and len(drawn) <= left and len(shown) < MOST_PICTURES:
            shown.append(drawn)
            left -= len(drawn)
    return page(many(len(files), "file"), f"{files.bytes:,} bytes, {len(files.failed)} failed",
                grid(("id", "", "file", "bytes", "seconds", "error"), rows, len(files)), " ".join(shown))


def _small(path: Path) -> Path:
    """Its quicklook, where there is one."""
    small = path.with_name(f"{path.stem}.quicklook.png")
    return small if small.is_file() else path


def _state(file: File) -> str:
    return "failed" if file.error is not None else "skipped" if file.skipped else "done"
