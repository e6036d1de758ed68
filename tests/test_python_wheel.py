"""What the package promises beside its behaviour: a wheel that installs anywhere, and what it brings along."""
import os
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT, SLOW

QUICK_START = """
from datatake import Client
client = Client()
things = client.create_dataset('my.things', [('label', str), ('number', int)]).create_collection('first')
things.ingest([{'time': '2024-01-01', 'label': 'a', 'number': 1, 'geometry': 'POINT (1 2)'}])
print(client.datasets().my.things.collections()['first'].load(('2024-01-01', '2025-01-01')).label.values)
"""


def ran(*command, home, **environ):
    done = subprocess.run([str(part) for part in command], cwd=home, capture_output=True, text=True, timeout=1800 * SLOW,
                          env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(home), **environ})
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.long
def test_pip_install_builds_it_and_it_runs_the_quick_start(tmp_path):
    ran("/usr/bin/python3", "-m", "venv", "bare", home=tmp_path)
    ran("bare/bin/pip", "install", "--quiet", ROOT, home=tmp_path)
    assert ran("bare/bin/python", "-c", QUICK_START, home=tmp_path) == "['a']\n"
    assert ran("bare/bin/datatake", "version", home=tmp_path).startswith("datatake ")
    assert "my.things" in ran("bare/bin/python", "-m", "datatake", "datasets", home=tmp_path)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The one that `make wheel` makes."""
    path = Path(ran(ROOT / "tools/wheel", home=tmp_path_factory.mktemp("home")).split()[-1])
    return ROOT / path


def libraries_of(path):
    """The names of the libraries that an executable file or a library asks for."""
    said = subprocess.run(["readelf", "-d", path], capture_output=True, text=True, check=True).stdout
    return {line.split("[")[1].rstrip("]") for line in said.splitlines() if "(NEEDED)" in line}


@pytest.mark.long
def test_the_wheel_brings_all_but_the_c_and_cpp_libraries(wheel, tmp_path):
    assert wheel.stat().st_size < 10_000_000 and "-cp311-abi3-manylinux_" in wheel.name
    ran("/usr/bin/python3", "-m", "zipfile", "-e", wheel, ".", home=tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes()[:4] == b"\x7fELF"]
    brought = {path.name for path in files}
    asked = set().union(*map(libraries_of, files)) - brought
    assert asked <= {"libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1", "libz.so.1", "ld-linux-x86-64.so.2"}
    assert "datatake" in brought and (tmp_path / "datatake/share/proj/proj.db").is_file()
    assert (tmp_path / "datatake/share/licenses/libgeos-c1v5").is_file()


@pytest.fixture
def bare_root(wheel, tmp_path):
    """A root folder with Python, the C and C++ libraries and the wheel with its Python dependencies; no other
    library of this machine is there."""
    if os.geteuid() != 0:
        pytest.skip("a root folder of its own needs root")
    root = tmp_path / "root"
    libs = root / "usr/lib/x86_64-linux-gnu"
    for folder in (libs, root / "usr/bin", root / "lib64", root / "proc", root / "tmp", root / "etc"):
        folder.mkdir(parents=True)
    (root / "lib").symlink_to("usr/lib")
    for name in ("python3", "python3.11"):
        ran("cp", "-a", f"/usr/bin/{name}", root / "usr/bin", home=tmp_path)
    ran("cp", "-a", "/usr/lib/python3.11", root / "usr/lib", home=tmp_path)
    for name in ("libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libutil.so.1", "libresolv.so.2", "libstdc++.so.6",
                 "libgcc_s.so.1", "libz.so.1", "libexpat.so.1", "libffi.so.8", "libuuid.so.1"):
        ran("cp", "-L", f"/usr/lib/x86_64-linux-gnu/{name}", libs, home=tmp_path)
    ran("cp", "-L", "/lib64/ld-linux-x86-64.so.2", root / "lib64", home=tmp_path)
    ran("/usr/bin/python3", "-m", "venv", root / "venv", home=tmp_path)
    ran(root / "venv/bin/pip", "install", "--quiet", wheel, home=tmp_path)

    def run(*command):
        return ran("unshare", "--mount", "--pid", "--fork", f"--mount-proc={root}/proc", "chroot", root, *command, home=tmp_path)
    run.root = root
    return run


@pytest.mark.long
def test_the_wheel_runs_where_nothing_else_is(bare_root, demo_scenes, serve, tmp_path):
    assert bare_root("/venv/bin/python", "-c", QUICK_START) == "['a']\n"
    assert bare_root("/venv/bin/python", "-m", "datatake", "version").startswith("datatake ")
    # PROJ finds its database, and what writes and reads files is there
    ran("cp", "-r", next(demo_scenes.iterdir()), bare_root.root / "scene", home=bare_root.root)
    bare_root("/venv/bin/python", "-m", "datatake", "get", "/scene", "--bbox=-82.48,8.35,-82.39,8.44", "--bands", "B8", "--crs", "EPSG:3857",
              "--scale", "20", "-o", "/out")
    assert len(list((bare_root.root / "out").glob("*.tif"))) == 1
    # authorities where Fedora keeps them
    cert, key = bare_root.root / "etc/pki/tls/certs/ca-bundle.crt", tmp_path / "server.key"
    cert.parent.mkdir(parents=True)
    ran("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert, "-days", "2",
        "-subj", "/CN=datatake test", "-addext", "subjectAltName=IP:127.0.0.1", home=tmp_path)
    server = serve(demo_scenes, "--tls-cert", cert, "--tls-key", key)
    band = next(demo_scenes.glob("*/B08.tif")).relative_to(demo_scenes)
    assert '"epsg":32617' in bare_root("/venv/bin/python", "-m", "datatake", "info", server.href(band))
