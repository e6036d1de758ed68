"""The Python package: event loops, threads, forks, signals, the interpreter's end; nothing leaks."""
import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
import tracemalloc
import uuid

import pytest
from conftest import SLOW
from python_rows import FOLDER, SLUG, YEAR, first, path, python  # noqa: F401

datatake = pytest.importorskip("datatake", reason="build/release/python is not built")
from datatake import aio, errors  # noqa: E402

# --- event loops ---


def test_await_gives_the_same(path):
    async def main():
        async with aio.Client(path) as client:
            dataset = (await client.datasets()).open_data.test.every_type
            collections = await dataset.collections()
            one, other = await asyncio.gather(collections["first"].load(YEAR), collections["second"].load(YEAR))
            found = await collections["first"].find(one.id.values[2])
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(collections["first"].find(i)) for i in one.id.values for _ in range(20)]
            assert [str(t.result().id.values) for t in tasks] == [i for i in one.id.values for _ in range(20)]
            assert (await collections["first"].count()) == 5 and (await collections["first"].info()).count == 5
            await collections["second"].ingest(one)
            assert (await collections["second"].info()).count == 5
            assert await collections["second"].delete(await collections["second"].load(None)) == 5
            with pytest.raises(errors.NotFoundError):
                await collections["first"].find(uuid.UUID(int=1))
            return one, other, found

    one, other, found = asyncio.run(main())
    with datatake.Client(path) as client:
        first = client.dataset(SLUG).collection("first")
        assert one.identical(first.load(YEAR)) and other.sizes == {} and found.identical(first.find(one.id.values[2]))


def test_many_loops_in_many_threads(path):
    seen = []

    def work():
        async def main():
            async with aio.Client(path) as client:
                first = await (await client.dataset(SLUG)).collection("first")
                for _ in range(10):
                    seen.append((await first.load(YEAR)).sizes["time"])
        asyncio.run(main())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [5] * 40


def test_sync_calls_work_inside_a_running_loop(path):
    async def main():
        with datatake.Client(path) as client:
            return client.dataset(SLUG).collection("first").load(YEAR).sizes["time"]
    assert asyncio.run(main()) == 5


def test_bars_stand_side_by_side(path, capfd):
    async def main():
        async with aio.Client(path) as client:
            dataset = await client.dataset(SLUG)
            await asyncio.gather(*[(await dataset.collection(n)).load(YEAR, show_progress=True) for n in ("first", "second")])
    asyncio.run(main())
    shown = capfd.readouterr().err
    assert f"Fetching {SLUG}: 100%" in shown and "5 datapoints" in shown and "\x1b[A" in shown


def test_progress_is_told_by_a_function(first):
    seen = []
    first.load(YEAR, show_progress=seen.append)
    assert seen == sorted(seen) and seen[-1] == 1.0


# --- life ---


def test_nothing_leaks(path, first):
    """Finds that succeed and fail, loads, loads that are cancelled: what Python holds stays, and nearly all of the rest."""
    ids = first.load(YEAR).id.values

    async def cancelled(times):
        async with aio.Client(path) as client:
            collection = await (await client.dataset(SLUG)).collection("first")
            for _ in range(times):
                task = asyncio.ensure_future(collection.load(YEAR))
                await asyncio.sleep(0)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

    def work(times):
        for i in range(times):
            first.find(ids[i % 5])
            first.load(YEAR)
            with pytest.raises(KeyError):
                first.find(uuid.UUID(int=i))
        asyncio.run(cancelled(times))
        gc.collect()

    def resident():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    work(100)
    tracemalloc.start()
    try:
        work(20)
        before, pages = tracemalloc.get_traced_memory()[0], resident()
        work(150)
        grown = tracemalloc.get_traced_memory()[0] - before
        assert grown < 60_000, f"Python's memory grew by {grown} bytes in 600 calls"
        assert resident() - pages < 20 << 20
    finally:
        tracemalloc.stop()


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


def test_the_interpreter_ends_quietly_in_the_middle_of_a_transfer():
    code = ("import sys, threading, datatake\nclient = datatake.Client(sys.argv[1])\n"
            "threading.Thread(target=client.datasets, daemon=True).start()\n"
            "import socket, time\nprint('begun', flush=True)\nsys.stdin.readline()")
    with Mute() as server:
        process = subprocess.Popen([sys.executable, "-c", code, server.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(FOLDER)})
        assert process.stdout.readline() == "begun\n"
        server.socket.settimeout(30 * SLOW)
        connection, _ = server.socket.accept()
        out, err = process.communicate("\n", timeout=60 * SLOW)
        connection.close()
    assert (process.returncode, err) == (0, "")


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


def test_importing_is_quick_and_imports_nothing_big():
    done = python("import sys, datatake\nprint([m for m in ('numpy', 'pandas', 'xarray', 'shapely', 'tqdm', 'asyncio') "
                  "if m in sys.modules])")
    assert done.stdout == "[]\n", done.stderr
