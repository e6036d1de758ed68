"""Every fault that a downloader must survive, by name: docs/faults.md is the table of them.

Whatever goes wrong, a run ends by itself, with the right exit status; a file under its final name has the pixels of a
run without the fault; nothing half written is left; a failure is one line. Rows run several at a time, since most of
them wait. What was observed is written to build/fault-table.md.
"""
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

import odd_rasters
from conftest import ROOT, SLOW
from fault_answers import FAULTS
from fault_rows import PATIENCE_S, Place, Row, digest
from fault_rows_http import HTTP_ROWS
from fault_rows_machine import MACHINE_ROWS
from fault_rows_network import NETWORK_ROWS
from faultd import FaultServer

pytestmark = pytest.mark.xdist_group("faults")  # one worker, which runs many rows at a time


# --- formats ---

def broken_raster(place, row, make):
    path = place.folder / "a.tif"
    make(path)
    message = place.check(place.get(path), row.status)
    if path.stat().st_size < 1 << 20:
        server = FaultServer(place.folder)
        try:
            place.check(place.get(server.url("none", "a.tif"), out="remote"), row.status)
            assert len(server.of("none")) <= 8, "a broken file is not asked for again and again"
        finally:
            server.stop()
    return message


def unusual_raster(place, row, make):
    path = place.folder / "a.tif"
    make(path)
    place.good = digest(path)
    server = FaultServer(place.folder)
    try:
        message = place.check(place.get(path), row.status)
        place.check(place.get(server.url("none", "a.tif"), out="remote"), row.status)
    finally:
        server.stop()
    return message


def name_of(kind):
    return "format-" + re.sub(r"[^a-z0-9]+", "-", kind.lower()).strip("-")


FORMAT_ROWS = {
    **{name_of(kind): Row(kind, 1, run=lambda place, row, make=make: broken_raster(place, row, make))
       for kind, make in odd_rasters.BROKEN.items()},
    **{name_of(kind): Row(kind, 0, run=lambda place, row, make=make: unusual_raster(place, row, make), note="as GDAL reads it")
       for kind, make in odd_rasters.UNUSUAL.items()},
}


# --- all rows ---

ROWS = {**HTTP_ROWS, **NETWORK_ROWS, **MACHINE_ROWS, **FORMAT_ROWS}
NOT_BY_NAME = {"redirected", "redirect-to-other-host", "other-bytes", "slow"}  # of the fault server, used by other rows


class Common:
    def __init__(self, program, folder):
        self.program, self.folder, self.rasters = program, folder, folder / "rasters"
        self.shim = program.parent / "tests/libfaultshim.so"
        self.rasters.mkdir()
        odd_rasters.write(self.rasters / "a.tif", "BLOCKSIZE=128", driver="COG")
        odd_rasters.write(self.rasters / "a.other", "BLOCKSIZE=256", driver="COG")  # the same pixels, in other bytes
        for copy in ("b.tif", "clock.tif"):
            shutil.copy(self.rasters / "a.tif", self.rasters / copy)
        self.good = digest(self.rasters / "a.tif")
        self.server = FaultServer(self.rasters)

    def run(self, name):
        folder = self.folder / name
        folder.mkdir()
        return ROWS[name].run(Place(folder, self), ROWS[name])


@pytest.fixture(scope="module")
def observe(request, program, tmp_path_factory):
    """The message of a row. All rows that this session wants are begun with the first."""
    common = Common(program, tmp_path_factory.mktemp("faults"))
    wanted = [item.callspec.params["name"] for item in request.session.items
              if item.function.__name__ == "test_fault" and item.module.__name__ == __name__]
    messages = {}
    with ThreadPoolExecutor(4 if SLOW > 1 else 8) as pool:
        running = {name: pool.submit(common.run, name) for name in wanted}

        def observe(name):
            messages[name] = running[name].result()
            return messages[name]
        yield observe
    common.server.stop()
    write_table(messages, common.folder)


@pytest.mark.parametrize("name", ROWS)
def test_fault(observe, name):
    observe(name)


# --- the table ---

def shown(message, folder):
    text = message.replace(str(folder), "").replace("datatake: ", "", 1)
    text = re.sub(r"127\.0\.0\.1:\d+", "HOST", text)
    text = re.sub(r"port \d+", "port N", text)
    text = re.sub(r"x{20,}", "xxx...", text)
    text = re.sub(r"after \d+ ms", "after N ms", text)
    return text.replace("|", "\\|").replace("<", "\\<")


def write_table(messages, folder):
    lines = ["| fault | test | status | observed |", "| --- | --- | --- | --- |"]
    for name, message in messages.items():
        row = ROWS[name]
        text = "; ".join(part for part in (shown(message, folder), row.note) if part)
        lines.append(f"| {row.fault} | `{name}` | {row.status} | {text} |")
    target = ROOT / "build/fault-table.md"
    target.parent.mkdir(exist_ok=True)
    target.write_text("\n".join(lines) + "\n")


def test_docs_list_every_fault_with_its_status():
    text = (ROOT / "docs/faults.md").read_text()
    listed = re.findall(r"^\| (.+?) \| `([^`]+)` \| (\d+) \|", text, re.MULTILINE)
    assert listed == [(row.fault, name, str(row.status)) for name, row in ROWS.items()]


def test_every_fault_of_the_server_has_a_row():
    assert set(FAULTS) - NOT_BY_NAME == set(HTTP_ROWS)


def test_bytes_from_another_place_under_right_headers_do_not_unpack(program, tmp_path):
    """No header tells; packed tiles do. Of a file that is not packed nobody can know."""
    rasters = tmp_path / "rasters"
    rasters.mkdir()
    odd_rasters.write(rasters / "a.tif", "COMPRESS=DEFLATE", "BLOCKSIZE=128", driver="COG")
    server = FaultServer(rasters)
    try:
        done = subprocess.run([program, "get", server.url("other-bytes", "a.tif"), "-q", "-o", tmp_path / "out", "--no-cache"],
                              capture_output=True, text=True, timeout=PATIENCE_S * SLOW)
    finally:
        server.stop()
    assert done.returncode == 1 and "deflate" in done.stderr and len(done.stderr.splitlines()) == 1
