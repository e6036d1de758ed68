"""The Python package's words: types for type checkers, a reference, and pages whose snippets run as written."""
import inspect
import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT, SLOW
from python_rows import FOLDER

datatake = pytest.importorskip("datatake", reason="build/release/python is not built")
from datatake import aio, errors  # noqa: E402


def ran(*command, cwd=ROOT, **environ):
    done = subprocess.run([sys.executable, *map(str, command)], cwd=cwd, capture_output=True, text=True, timeout=300 * SLOW,
                          env={**os.environ, **environ})
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
    return done


@pytest.mark.slow
def test_its_types_pass_mypy_strict():
    pytest.importorskip("mypy")
    ran("-m", "mypy", "--strict", "--config-file", ROOT / "pyproject.toml", "-p", "datatake", cwd=ROOT / "python", MYPY_CACHE_DIR=str(ROOT / "build/mypy"))


@pytest.mark.slow
def test_every_public_name_has_a_type_that_pyright_knows():
    pytest.importorskip("pyright")
    if not shutil.which("node"):
        pytest.skip("pyright needs node (apt install nodejs)")
    said = ran("-m", "pyright", "--pythonpath", sys.executable, "--verifytypes", "datatake", "--ignoreexternal", PYTHONPATH=str(ROOT / "python"),
               PYRIGHT_PYTHON_IGNORE_WARNINGS="1").stdout
    assert "Type completeness score: 100%" in said, said


# --- the reference ---


def public():
    """(name, thing) of what users may call, with its methods and properties."""
    for module in (datatake, aio, errors):
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isclass(thing):
                yield f"{module.__name__}.{name}", thing
                yield from ((f"{module.__name__}.{name}.{member}", getattr(thing, member)) for member in dir(thing) if not member.startswith("_")
                            and (callable(getattr(thing, member)) or isinstance(inspect.getattr_static(thing, member), property)))
            elif callable(thing):
                yield f"{module.__name__}.{name}", thing


def test_all_that_users_may_call_has_words():
    named = dict(public())
    assert "datatake.Collection.load" in named and "datatake.aio.Client.datasets" in named
    assert [name for name, thing in named.items() if not inspect.getdoc(thing)] == []


@pytest.mark.slow
def test_the_reference_is_built_without_a_warning(tmp_path):
    pytest.importorskip("pdoc")
    done = ran("-W", "error", "-m", "pdoc", "--no-show-source", "-o", tmp_path, "datatake", "datatake.aio", PYTHONPATH=str(FOLDER))
    assert done.stderr == ""
    pages = {"datatake": tmp_path / "datatake.html", "datatake.aio": tmp_path / "datatake/aio.html", "datatake.errors": tmp_path / "datatake/errors.html"}
    for name, _ in public():
        module = next(m for m in ("datatake.aio", "datatake.errors", "datatake") if name.startswith(m + "."))
        thing = name.removeprefix(module + ".")
        if "." not in thing:
            assert f'id="{thing}"' in pages[module].read_text(), name


# --- the pages ---


def test_the_quick_start_runs_as_written(tmp_path):
    """The Python blocks of the page, one after another in one program."""
    text = (ROOT / "docs/python.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 3
    (tmp_path / "quick.py").write_text("\n".join(blocks))
    done = ran("-W", "error", tmp_path / "quick.py", cwd=tmp_path, PYTHONPATH=str(FOLDER), DATATAKE_SOURCE=str(tmp_path / "catalog.db"))
    for line in re.findall(r"^```text\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        assert line in done.stdout, done.stdout
