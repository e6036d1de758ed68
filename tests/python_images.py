"""A client, small and real scenes, for tests/test_python_*.py of images."""
import subprocess
from pathlib import Path

import pytest
import python_rows  # noqa: F401  (finds the package)
from conftest import SLOW
from small_scenes import EAST, NORTH, SOUTH, WEST, item, write_raster

BOX = (WEST, SOUTH, EAST, NORTH)
REAL = (15.1, 45.3, 15.4, 45.5)


@pytest.fixture
def client(tmp_path):
    import datatake

    with datatake.Client(str(tmp_path / "catalog.db")) as client:
        yield client


@pytest.fixture
def scenes(tmp_path):
    """Three dates of two bands."""
    out = []
    for day in range(3):
        hrefs = {}
        for at, band in enumerate(("B4", "B8")):
            hrefs[band] = str(tmp_path / f"{day}{band}.tif")
            write_raster(hrefs[band], bands=1, pixels=256, noise=at == 1)
        one = item(f"day{day}", **hrefs)
        one["properties"]["datetime"] = f"2024-01-0{3 - day}T15:59:00Z"
        out.append(one)
    return out


@pytest.fixture
def real(shared):
    return str(shared / "data/imagery/sentinel2-l2a-33TWL-5dates")


def run_program(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=120 * SLOW)
    assert done.returncode == 0, done.stderr
    return done


def files_of(folder):
    return {path.name: path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()}


def stalling(tmp_path, scenes):
    """A server that answers no request, and items whose files it has."""
    import socket

    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(30 * SLOW)
    for at, one in enumerate(scenes):
        one["assets"]["B4"]["href"] = f"http://127.0.0.1:{server.getsockname()[1]}/{at}.tif"
    return server, scenes
