"""The Python package on event loops: many of them, in threads; tasks that are given up end their transfers."""
import asyncio
import random
import threading
import uuid
from contextlib import suppress

import pytest
from conftest import SLOW
from python_rows import SLUG, YEAR, first, path  # noqa: F401
from tilebox_service import Service, made_dataset

datatake = pytest.importorskip("datatake", reason="build/release/python is not built")
from datatake import aio, errors  # noqa: E402


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


# --- given up ---


@pytest.mark.parametrize("way", ["cancel", "timeout", "group", "close"])
def test_a_load_that_is_given_up_ends_its_transfer(way):
    asked, ended = threading.Event(), threading.Event()

    def hold(service):
        """No answer: until the other side has closed the connection."""
        asked.set()
        connection = service.serving.request.connection
        connection.settimeout(60 * SLOW)
        with suppress(ConnectionError):
            assert connection.recv(1) == b""
        ended.set()

    async def main(service):
        loop = asyncio.get_running_loop()
        async with aio.Client(service.source) as client:
            load = (await (await client.dataset("made.rows")).collection("only")).load
            await loop.run_in_executor(None, lambda: None)
            task = loop.create_task(load(None))
            await loop.run_in_executor(None, asked.wait, 60 * SLOW)
            assert service.at_once > 0
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
            assert await loop.run_in_executor(None, ended.wait, 60 * SLOW)

    async def wait_for(task):
        await task

    with Service(made_dataset(counts=(("only", 5000),)), faults={n: hold for n in range(100)}) as service:
        asyncio.run(main(service))


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
