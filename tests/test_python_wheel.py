"""What the package promises beside its behaviour: types, a wheel that installs, no leak over ten thousand calls."""
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, SLOW


@pytest.mark.slow
def test_its_types_pass_mypy_strict():
    pytest.importorskip("mypy")
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--config-file", ROOT / "pyproject.toml", "-p", "datatake"],
                          cwd=ROOT / "python", capture_output=True, text=True, timeout=300 * SLOW,
                          env={**os.environ, "MYPY_CACHE_DIR": str(ROOT / "build/mypy")})
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
def test_a_wheel_installs_into_a_bare_environment_and_runs_the_quick_start(tmp_path):
    def run(*command):
        done = subprocess.run([str(part) for part in command], cwd=tmp_path, capture_output=True, text=True, timeout=1800 * SLOW,
                              env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    run("/usr/bin/python3", "-m", "venv", "build")
    run("build/bin/pip", "wheel", "--quiet", "--no-deps", "-w", "wheels", ROOT)
    (wheel,) = Path(tmp_path / "wheels").glob("datatake-*-cp311-abi3-linux_*.whl")
    assert wheel.stat().st_size < 10 << 20
    run("/usr/bin/python3", "-m", "venv", "bare")
    run("bare/bin/pip", "install", "--quiet", wheel)
    (tmp_path / "quick.py").write_text(
        "from datatake import Client\nclient = Client()\n"
        "things = client.create_dataset('my.things', [('label', str), ('number', int)]).create_collection('first')\n"
        "things.ingest([{'time': '2024-01-01', 'label': 'a', 'number': 1, 'geometry': 'POINT (1 2)'}])\n"
        "print(client.datasets().my.things.collections()['first'].load(('2024-01-01', '2025-01-01')).label.values)\n")
    assert run("bare/bin/python", "quick.py") == "['a']\n"
    assert run("bare/bin/datatake", "version").startswith("datatake ")
    assert "my.things" in run("bare/bin/datatake", "datasets")
