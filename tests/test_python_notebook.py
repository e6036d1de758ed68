"""What a notebook shows: pictures of datasets, collections and tables, and bars side by side; bars in a terminal."""
import re
import shutil
import struct
import sys
import threading
import zlib
from html.parser import HTMLParser

import pytest
import python_rows
from conftest import SLOW
from python_rows import FOLDER, SLUG
from test_terminal import Terminal
from tilebox_service import Service, made_dataset

datatake = pytest.importorskip("datatake", reason="build/release/python is not built")
from datatake import _html  # noqa: E402

NASTY = "<script>alert('1')</script> & \"<img src=x onerror=alert(2)>\""


class Read(HTMLParser):
    """The tags, attributes and texts of HTML that closes what it opens."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.addresses, self.texts = [], set(), [], []
        self.feed(html)
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href", "xlink:href", "action")]
        assert not [name for name, _ in attributes if name.startswith("on")]
        if tag != "img":
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def shown(thing):
    """Static, escaped, of bounded size, with nothing fetched from anywhere."""
    html = thing if isinstance(thing, str) else thing._repr_html_()
    read = Read(html)
    assert len(html) < 1_500_000 and "script" not in read.tags and "http://" not in html.replace("http://www.w3.org/2000/svg", "")
    assert all(address.startswith("data:image/") for address in read.addresses)
    return " ".join(" ".join(read.texts).split()), read


@pytest.fixture
def client(tmp_path):
    client, _ = python_rows.make(tmp_path / "catalog.db")
    yield client
    client.close()


def test_the_tree_of_datasets_is_a_table_of_slugs(client):
    assert shown(client.datasets())[0] == f"1 dataset slug what it is {SLUG} All types."


def test_a_dataset_shows_its_fields_with_types_and_words(client):
    dataset = client.dataset(SLUG)
    assert shown(dataset)[0] == shown(dataset.info())[0]
    text, _ = shown(dataset)
    assert "kind Spatiotemporal" in text and "17 fields" in text and "label string a word" in text and "words string[]" in text


def test_collections_show_how_many_when_and_where(client):
    found = client.dataset(SLUG).collections()
    text, _ = shown(found)
    assert "2 collections name datapoints first last" in text and "first 5 2024-01-01 2024-01-05" in text and "second 0" in text
    assert shown(found["first"])[0] == shown(found["first"].info())[0]
    text, read = shown(found["first"])
    assert "datapoints 5" in text and "box 0, -0.00" in text and "svg" in read.tags
    assert "svg" not in shown(found["second"].info())[1].tags


def test_a_table_shows_its_first_rows_and_the_footprints(client):
    first = client.dataset(SLUG).collection("first")
    text, read = shown(first.table(None))
    assert text.startswith("5 datapoints") and "2024-01-01 12:00:00.000000123" in text and "svg" in read.tags
    assert "more columns: " in text and first.table(None)._repr_html_().count("<path d='M") == 5  # the graticule, and four
    assert shown(client.dataset(SLUG).collection("second").table(None))[0].startswith("0 datapoints")


def test_what_users_wrote_is_text_and_much_of_it_is_cut(client):
    dataset = client.create_dataset("my.nasty", [(f"field{i}", str) for i in range(30)], name=NASTY, description=NASTY * 1000)
    nasty = dataset.create_collection(NASTY)
    # a polygon of 20,000 corners in each row
    ring = ", ".join(f"{i * 1e-3:.3f} {1 + i % 2}" for i in range(20_000))
    nasty.ingest([{"time": f"2024-01-01T00:00:{i:02d}Z", "geometry": f"POLYGON ((0 0, {ring}, 20 0, 0 0))", **{f"field{k}": NASTY * 200 for k in range(30)}}
                  for i in range(40)])
    for thing in (dataset, nasty, nasty.table(None), dataset.collections(), client.datasets()):
        text, read = shown(thing)
        assert not {"script", "img"} & read.tags
    text, read = shown(nasty.table(None))
    assert "40 datapoints" in text and "30 more;" in text and NASTY[:20] in text and "…" in text


def png(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(width) for _ in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def test_a_picture_is_inside_the_text_or_left_out(tmp_path):
    (tmp_path / "a.png").write_bytes(png(20, 10))
    _, read = shown(_html.picture(tmp_path / "a.png", NASTY))
    assert read.tags == {"img"} and read.addresses[0].startswith("data:image/png;base64,iVBOR")
    (tmp_path / "no.png").write_text("not one")
    (tmp_path / "large.png").write_bytes(png(1, 1) + bytes(_html.LARGEST_PICTURE))
    assert [_html.picture(tmp_path / name) for name in ("no.png", "large.png", "none.png")] == ["", "", ""]


def test_finished_files_show_their_pictures_and_their_errors(client, demo_scenes, tmp_path):
    options = {"bbox": (-82.48, 8.35, -82.39, 8.44), "bands": "B8,B4,B3", "visualize": "min=0,max=5000", "scale": 40, "on_error": "return"}
    (tmp_path / "scenes").mkdir()
    good, other, bad = [scene for scene in sorted(demo_scenes.iterdir()) if scene.is_dir()][:3]
    for scene in (good, other):
        (tmp_path / "scenes" / scene.name).symlink_to(scene)
    shutil.copytree(bad, tmp_path / "bad" / bad.name)
    (tmp_path / "bad" / bad.name / "B08.tif").write_bytes(b"II*\0" + bytes(10))
    files = client.get([tmp_path / "scenes", tmp_path / "bad"], out=tmp_path / "out", format="png", **options)
    text, read = shown(files)
    assert f"{len(files)} files" in text and "1 failed" in text and len(read.addresses) == len(files) - 1 and "done" in text
    text, read = shown(next(file for file in files if not file.error))
    assert "x" in text and "fetched" in text and read.addresses[0].startswith("data:image/png")
    assert "error" in shown(files.failed[0])[0]
    many = type(files)(list(files) * 20)  # as many as there may be: some rows, some pictures
    text, read = shown(many)
    assert f"{len(many) - 10} more" in text and len(read.addresses) <= 6
    tifs = client.get(tmp_path / "scenes", out=tmp_path / "tifs", **options)
    assert shown(tifs)[1].addresses == [] and shown(tifs[0])[1].addresses == []
    tifs = client.get(tmp_path / "scenes", out=tmp_path / "more", quicklook=100, **options)
    assert len(shown(tifs)[1].addresses) == 2 and len(shown(tifs[0])[1].addresses) == 1


@pytest.mark.parametrize("box", [(-180, -90, 180, 90), (170, -20, -170, -10), (10, 50, 10, 50), (0, 89.9, 1e-9, 90)])
def test_footprints_of_any_box_have_a_finite_size(box):
    drawn = _html.footprints(_html.paths_of_box(box))
    width, height = map(float, re.search(r"viewBox='0 0 (\d+) (\d+)'", drawn).groups())
    assert width == 320 and 60 <= height <= 480 and "nan" not in drawn and "inf" not in drawn
    assert len(drawn) < 5000


def test_footprints_of_nothing_are_nothing():
    assert _html.footprints([]) == "" and _html.footprints([([(float("nan"), 1.0)], True)]) == ""


# --- bars ---

CELL = """
import asyncio
from datatake.aio import Client
client = Client()
found = await (await client.dataset("made.rows")).collections()
await asyncio.gather(*(found[name].load(None, show_progress=True) for name in sorted(found)))
"""
WITHOUT = "import sys, warnings\nsys.modules['ipywidgets'] = None\nwarnings.simplefilter('ignore')"


@pytest.fixture
def execute(tmp_path, monkeypatch):
    """Runs the cells in a kernel of their own, with a service that answers queries when as many bars as `wait_for` are
    open; returns the book, and what the bars said in which order."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    pytest.importorskip("ipywidgets")

    def call(*cells, wait_for):
        said, both = [], threading.Event()

        class Listening(nbclient.NotebookClient):
            def process_message(self, message, cell, cell_index):
                content = message["content"]
                state = content.get("data", {}).get("state", {}) if message["header"]["msg_type"].startswith("comm_") else {}
                if state.get("_model_name") == "FloatProgressModel":
                    said.append((content["comm_id"], "opened"))
                elif content.get("comm_id") in dict(said) and "value" in state:
                    said.append((content["comm_id"], state["value"]))
                if len(dict(said)) >= wait_for:
                    both.set()
                return super().process_message(message, cell, cell_index)

        wait = dict.fromkeys(range(64), lambda service: both.wait(60 * SLOW) and None)
        dataset = made_dataset(counts=(("first", 4000), ("second", 4000)))
        with Service(dataset, page_rows=500, faults=wait) as service:
            for name, value in {"PYTHONPATH": FOLDER, "DATATAKE_SOURCE": service.source, "HOME": tmp_path, "TILEBOX_API_KEY": "any"}.items():
                monkeypatch.setenv(name, str(value))
            book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in (*cells, CELL)])
            both.set() if wait_for == 0 else None
            Listening(book, timeout=120 * SLOW, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
        return book.cells[-1].outputs, said
    return call


@pytest.mark.slow
def test_bars_of_loads_at_once_stand_side_by_side_and_stay_as_text(execute):
    outputs, said = execute(wait_for=2)
    bars = list(dict(said))
    assert len(bars) == 2 and [what for _, what in said[:2]] == ["opened", "opened"]
    for bar in bars:
        went = [value for comm, value in said if comm == bar][1:]
        assert went == sorted(went) and went[-1] > 0
    texts = [out["data"]["text/html"] for out in outputs if "text/html" in out.get("data", {})]
    assert len(texts) == 2 and all("4000 datapoints" in shown(text)[0] and "100% in" in text for text in texts)


@pytest.mark.slow
def test_bars_are_text_where_widgets_are_missing(execute):
    outputs, said = execute(WITHOUT, wait_for=0)
    text = "".join(out.get("text", "") for out in outputs if out.get("name") == "stderr")
    assert not said and text.count("Fetching ") >= 2 and text.count("100%") >= 2 and "4000 datapoints" in text


SCRIPT = """
import asyncio
from datatake.aio import Client
async def main():
    found = await (await Client().dataset("made.rows")).collections()
    return await asyncio.gather(*(found[name].load(None, show_progress=True) for name in sorted(found)))
for data in asyncio.run(main()):
    print(data.sizes["time"], "datapoints came")
"""


def screen(seen):
    """The lines of a terminal that has seen this."""
    rows, row, column = [[]], 0, 0
    for part in re.findall(r"\x1b\[[\d;?]*[A-Za-z]|.|[\r\n]", seen):
        if part == "\n":
            row += 1
            rows += [[] for _ in range(row + 1 - len(rows))]
        elif part == "\r":
            column = 0
        elif part == "\x1b[A":
            row -= 1
        elif part[0] != "\x1b":
            line = rows[row]
            line += " " * (column + 1 - len(line))
            line[column] = part
            column += 1
    return [line for line in ("".join(row).rstrip() for row in rows) if line]


def test_bars_in_a_terminal_stand_below_each_other_and_leave_a_line_each(tmp_path, quiet_env):
    begun = threading.Event()
    wait = dict.fromkeys(range(64), lambda service: begun.wait(60 * SLOW) and None)
    with Service(made_dataset(counts=(("first", 4000), ("second", 4000))), page_rows=500, faults=wait) as service:
        terminal = Terminal([sys.executable, "-c", SCRIPT], tmp_path, quiet_env, PYTHONPATH=str(FOLDER), DATATAKE_SOURCE=service.source,
                            TILEBOX_API_KEY="any")
        terminal.read_until(r"Fetching[^\n]*\n[^\n]*Fetching", timeout_s=60)
        assert [line[:23] for line in screen(terminal.seen)] == ["Fetching A dataset:   0"] * 2
        begun.set()
        assert terminal.end() == 0
    lines = screen(terminal.seen)
    assert [line[:24] for line in lines[:2]] == ["Fetching A dataset: 100%"] * 2 and all("4000 datapoints" in line for line in lines[:2])
    assert lines[2:] == ["4000 datapoints came"] * 2
