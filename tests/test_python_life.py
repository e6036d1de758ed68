"""The Python package: event loops, threads, forks, signals, the interpreter's end; nothing leaks."""
import asyncio
import gc
import os
import random
import signal
import subprocess
import sys
import threading
import tracemalloc
import uuid
from contextlib import suppress

import pytest
from conftest import SLOW
from python_rows import FOLDER, SLUG, YEAR, first, path, python  # noqa: F401
from tilebox_service import Service, made_dataset

datatake = pytest.importorskip("datatake", reason="build/release/python is not built")
from datatake import aio, errors  # noqa: E402

SANITIZED = "DATATAKE_PYTHON" in os.environ  # its memory is kept for a while

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


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Calls:
    """Finds that succeed and fail, loads, loads that are cancelled: as many of each."""

    def __init__(self, source):
        self.source, self.client = source, datatake.Client(source)
        self.first = self.client.dataset(SLUG).collection("first")
        self.ids = self.first.load(YEAR).id.values

    def make(self, times):
        for i in range(times):
            self.first.find(self.ids[i % 5])
            self.first.load(YEAR).label.values  # noqa: B018
            with pytest.raises(KeyError):
                self.first.find(uuid.UUID(int=i))
        asyncio.run(self.cancel(times))
        gc.collect()

    async def cancel(self, times):
        async with aio.Client(self.source) as client:
            collection = await (await client.dataset(SLUG)).collection("first")
            for i in range(times):
                task = asyncio.ensure_future(collection.load(YEAR))
                for _ in range(i % 3 + 1):
                    await asyncio.sleep(0)
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


@pytest.mark.parametrize("where", ["catalogue", pytest.param("server", marks=pytest.mark.slow)])
def test_nothing_leaks(path, where, serve, tmp_path):
    """600 calls of a catalogue, 600 of a server: what Python holds stays, and nearly all of the rest."""
    calls = Calls(path if where == "catalogue" else "tilebox+" + serve(tmp_path, "--catalog", path).url.rstrip("/"))
    calls.make(100)
    tracemalloc.start()
    try:
        calls.make(20)
        before, pages = tracemalloc.get_traced_memory()[0], resident()
        calls.make(150)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 60_000, f"Python's memory grew by {grown} bytes in 600 calls"
    assert SANITIZED or resident() - pages < 20 << 20


@pytest.mark.long
@pytest.mark.parametrize("where", ["catalogue", "server"])
def test_nothing_leaks_over_ten_thousand_calls(path, where, serve, tmp_path, record_property):
    calls = Calls(path if where == "catalogue" else "tilebox+" + serve(tmp_path, "--catalog", path).url.rstrip("/"))
    tracemalloc.start()
    try:
        calls.make(500)
        before, pages = tracemalloc.get_traced_memory()[0], resident()
        calls.make(2000)
        grown, more = tracemalloc.get_traced_memory()[0] - before, resident() - pages
    finally:
        tracemalloc.stop()
    record_property("traced_bytes", grown)
    record_property("resident_bytes", more)
    assert grown < 60_000 and (SANITIZED or more < 8 << 20), f"{grown} bytes of Python's, {more} resident more after 8,000 calls"


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


def established(port):
    """Connections of this process to a port of this machine."""
    with open("/proc/self/net/tcp") as table:
        rows = [line.split() for line in list(table)[1:]]
    return sum(row[2].endswith(f":{port:04X}") and row[3] == "01" for row in rows)


@pytest.mark.parametrize("way", ["cancel", "timeout", "group", "close"])
def test_a_load_that_is_given_up_ends_its_transfer(way):
    asked, answer = threading.Event(), threading.Event()

    def hold(_):
        asked.set()
        answer.wait(60 * SLOW)

    async def main(service):
        loop = asyncio.get_running_loop()
        async with aio.Client(service.source) as client:
            load = (await (await client.dataset("made.rows")).collection("only")).load
            await loop.run_in_executor(None, lambda: None)
            task = loop.create_task(load(None))
            await loop.run_in_executor(None, asked.wait, 60 * SLOW)
            assert service.at_once > 0
            before = established(service.port)
            if way == "cancel":
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            elif way == "timeout":
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.01):
                        await task
            elif way == "group":
                with pytest.raises(ExceptionGroup, match="unhandled errors"):
                    async with asyncio.TaskGroup() as group:
                        group.create_task(wait_for(task))
                        group.create_task(client.dataset(7))
            else:
                client.close()
                with pytest.raises(errors.CancelledError):
                    await task
            while established(service.port) >= before:
                await asyncio.sleep(0.01)
        return before

    async def wait_for(task):
        await task

    with Service(made_dataset(counts=(("only", 5000),)), faults={n: hold for n in range(100)}) as service:
        try:
            assert asyncio.run(asyncio.wait_for(main(service), 60 * SLOW)) > 0
        finally:
            answer.set()


def test_a_loop_of_uvloop_is_one_too(path):
    uvloop = pytest.importorskip("uvloop")

    async def main():
        async with aio.Client(path) as client:
            first = await (await client.dataset(SLUG)).collection("first")
            task = asyncio.ensure_future(first.load(YEAR))
            await asyncio.sleep(0)
            task.cancel()
            loads = await asyncio.gather(*[first.load(YEAR) for _ in range(20)], first.find(str((await first.load(YEAR)).id.values[3])))
            with pytest.raises(asyncio.CancelledError):
                await task
            return [int(data.number.sum()) for data in loads]

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(main()) == [1 - 4 + 2**60] * 20 + [-4]


def test_loops_in_threads_cancel_and_close_at_any_moment(path):
    """Each thread has its loop and its clients; tasks end anywhere; what comes after still works."""
    wrong, sums = [], []

    async def main(seed):
        chance = random.Random(seed)
        for _ in range(8):
            client = aio.Client(path)
            first = await (await client.dataset(SLUG)).collection("first")
            tasks = [asyncio.ensure_future(first.load(YEAR) if chance.random() < 0.5 else first.find(uuid.UUID(int=1))) for _ in range(12)]
            for _ in range(chance.randrange(6)):
                await asyncio.sleep(0)
            for task in chance.sample(tasks, 5):
                task.cancel()
            if chance.random() < 0.5:
                client.close()
            for result in await asyncio.gather(*tasks, return_exceptions=True):
                if not isinstance(result, (errors.StateError, errors.NotFoundError, asyncio.CancelledError)):
                    sums.append(int(result.number.sum()))
            client.close()

    def work(seed):
        try:
            asyncio.run(main(seed))
        except BaseException as error:  # told by the test
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and sums and set(sums) == {1 - 4 + 2**60}


def test_a_client_is_closed_while_threads_load(path):
    with datatake.Client(path) as client:
        first = client.dataset(SLUG).collection("first")
        ended, begun = [], threading.Barrier(5)

        def work():
            begun.wait(60 * SLOW)
            try:
                for _ in range(10**6):
                    first.load(YEAR)
            except errors.StateError as error:  # CancelledError is one
                ended.append(error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        begun.wait(60 * SLOW)
        client.close()
        for thread in threads:
            thread.join(60 * SLOW)
    assert len(ended) == 4


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


def test_importing_is_quick_and_imports_nothing_big():
    done = python("import sys, datatake\nprint([m for m in ('numpy', 'pandas', 'xarray', 'shapely', 'tqdm', 'asyncio') "
                  "if m in sys.modules])")
    assert done.stdout == "[]\n", done.stderr
