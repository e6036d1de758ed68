"""The Python package from beginning to end: import, signals, forks, the interpreter's end."""
import os
import signal
import subprocess
import sys
import threading

import pytest
from conftest import SLOW
from python_rows import FOLDER, SLUG, path, python  # noqa: F401
from tilebox_service import Service, made_dataset

datatake = pytest.importorskip("datatake", reason="build/release/python is not built")


class Mute:
    """A server that takes connections and says nothing."""

    def __enter__(self):
        import socket
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        return self

    def __exit__(self, *_):
        self.socket.close()


def test_ctrl_c_ends_a_call_that_waits():
    with Mute() as server:
        process = subprocess.Popen([sys.executable, "-c", "import sys, datatake\nclient = datatake.Client(sys.argv[1])\n"
                                    "print('asking', flush=True)\ntry:\n    client.datasets()\nexcept KeyboardInterrupt:\n"
                                    "    print('interrupted', flush=True)", server.url], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(FOLDER)})
        assert process.stdout.readline() == "asking\n"
        server.socket.settimeout(30 * SLOW)
        connection, _ = server.socket.accept()  # it waits now
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60 * SLOW)
        connection.close()
    assert (process.returncode, out, err) == (0, "interrupted\n", "")


ENDS = {
    "a thread that lists": "threading.Thread(target=client.datasets, daemon=True).start()",
    "a thread that loads": "threading.Thread(target=collection.load, args=(None,), daemon=True).start()",
    "a loop in a thread": "threading.Thread(target=asyncio.run, args=(later(),), daemon=True).start()",
    "a load that nobody waits for": "core = client._core.load(datatake.queries.make_query('made.rows', ['only'], None))\n"
                                    "core.collect(None)",
}


@pytest.mark.parametrize("act", ENDS.values(), ids=ENDS)
def test_the_interpreter_ends_quietly_in_the_middle_of_a_transfer(act):
    code = ("import asyncio, sys, threading, datatake.queries\nfrom datatake import aio\n"
            "client = datatake.Client(sys.argv[1])\ncollection = client.dataset('made.rows').collection('only')\n"
            "async def later():\n    other = aio.Client(sys.argv[1])\n"
            "    await (await (await other.dataset('made.rows')).collection('only')).load(None)\n"
            "print('ready', flush=True)\nsys.stdin.readline()\n" + act + "\nprint('begun', flush=True)\nsys.stdin.readline()")
    if "client.datasets" in act:
        code = code.replace("collection = client.dataset('made.rows').collection('only')\n", "")
    asked, answer = threading.Event(), threading.Event()

    def hold(_):
        asked.set()
        answer.wait(60 * SLOW)

    with Service(made_dataset(counts=(("only", 5000),)), faults={n: hold for n in range(100)}) as service:
        if "client.datasets" in act:
            service.answer_of, service.answer = service.answer, lambda *a: (hold(0), service.answer_of(*a))[1]
        process = subprocess.Popen([sys.executable, "-c", code, service.source], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(FOLDER)})
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "begun\n"
        assert asked.wait(60 * SLOW)
        out, err = process.communicate("\n", timeout=60 * SLOW)
        answer.set()
    assert (process.returncode, out, err) == (0, "", "")


def test_a_client_from_before_a_fork_is_refused_and_a_new_one_works(path):
    done = python("""
import multiprocessing, os, sys, datatake
client = datatake.Client(sys.argv[1])
first = client.dataset(sys.argv[2]).collection("first")
first.load(None)
def again(_):
    with datatake.Client(sys.argv[1]) as other:
        return other.dataset(sys.argv[2]).collection("first").load(None).sizes["time"]
pid = os.fork()
if pid == 0:
    try:
        first.load(None)
    except RuntimeError as error:
        print(error, flush=True)
    print(again(0), flush=True)
    sys.exit(0)
assert os.waitpid(pid, 0)[1] == 0
for how in ("fork", "spawn"):
    if how == "fork":
        with multiprocessing.get_context(how).Pool(2) as pool:
            print(pool.map(again, range(3)))
print(first.load(None).sizes["time"])
""", path, SLUG)
    assert done.stderr == "" and done.stdout.splitlines() == [
        "this client was made before a fork: make a new one in the child process", "5", "[5, 5, 5]", "5"], done.stdout + done.stderr


def test_pools_of_processes_load(path, tmp_path):
    """However the processes begin; each has a client of its own."""
    (tmp_path / "pools.py").write_text(
        "import multiprocessing, sys, datatake\n"
        "def rows(n):\n    with datatake.Client(sys.argv[1]) as client:\n"
        "        return client.dataset(sys.argv[2]).collection('first').table(None, limit=n).num_rows\n"
        "if __name__ == '__main__':\n    rows(1)\n"
        "    for how in ('spawn', 'fork', 'forkserver'):\n"
        "        with multiprocessing.get_context(how).Pool(2) as pool:\n            print(how, pool.map(rows, range(1, 5)))\n")
    done = subprocess.run([sys.executable, tmp_path / "pools.py", path, SLUG], capture_output=True, text=True, timeout=120 * SLOW,
                          env={**os.environ, "PYTHONPATH": str(FOLDER)})
    assert (done.stdout, done.stderr) == ("".join(f"{how} [1, 2, 3, 4]\n" for how in ("spawn", "fork", "forkserver")), "")


OWN = {"", "_arguments", "_calls", "_core", "_engine", "_imagery", "_later", "_nouns", "_options", "_sources", "_ways", "arrays", "errors",
       "filters", "groups", "progress", "queries", "tables", "times"}
STANDARD = {"__future__", "_weakrefset", "annotationlib", "ast", "atexit", "collections", "contextlib", "copyreg", "datetime", "enum", "functools",
            "genericpath", "importlib", "itertools", "keyword", "math", "operator", "os", "posixpath", "re", "reprlib", "stat", "threading", "types",
            "typing", "warnings", "weakref"}


@pytest.mark.parametrize(("line", "own"), [("import datatake", {""}), ("from datatake import Client", OWN | {"client"}),
                                           ("from datatake.aio import Client", OWN | {"aio"})])
def test_an_import_brings_few_modules(line, own):
    """What takes long is imported by who needs it: with the interpreter, which brings next to nothing itself (-S), it is 50 ms."""
    code = f"import sys\nbefore = set(sys.modules)\n{line}\nprint(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, timeout=60 * SLOW, check=True,
                          env={**os.environ, "PYTHONPATH": str(FOLDER)})
    brought = done.stdout.split()
    assert {m.removeprefix("datatake").removeprefix(".") for m in brought if m.startswith("datatake")} == own
    others = {m.partition(".")[0] for m in brought} - {"datatake"}
    assert {m for m in others if not m.startswith("_")} <= STANDARD


def test_what_is_imported_later_is_there_all_the_same():
    done = python("import datatake\nassert all(getattr(datatake, name) is not None for name in datatake.__all__)\n"
                  "assert set(datatake.__all__) <= set(dir(datatake))\n"
                  "from datatake import *\nprint(Client.get.__doc__[:6], field('a') < 3, datatake.graph.band('B8'), open is datatake.open)\n"
                  "try:\n    datatake.nothing\nexcept AttributeError as error:\n    print(error)")
    assert done.stdout == ("Images Expression({\"op\": \"<\", \"args\": [{\"property\": \"a\"}, 3]}) Image.select(image, \"B8\") True\n"
                           "module 'datatake' has no attribute 'nothing'\n"), done.stderr
