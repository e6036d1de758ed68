"""Run by an interpreter that has tilebox-datasets: `python_against_tilebox.py URL CATALOG`. Compares what our client gives
with what the real one gives, of every collection, and by asyncio."""
import asyncio
import sys
import warnings

import xarray as xr

warnings.simplefilter("ignore")
import datatake  # noqa: E402
from datatake import aio as our_aio  # noqa: E402
from tilebox.datasets import Client, field  # noqa: E402
from tilebox.datasets.aio import Client as AsyncClient  # noqa: E402

URL, CATALOG = sys.argv[1:]
EVER = ("1980-01-01", "2100-01-01")


def same(ours, theirs, what):
    xr.testing.assert_identical(ours, theirs)
    assert {k: v.dtype for k, v in ours.variables.items()} == {
        k: v.dtype for k, v in theirs.variables.items()}, what
    assert list(ours.data_vars) == list(theirs.data_vars) and list(ours.coords) == list(theirs.coords), what
    assert {n: v.dims for n, v in ours.variables.items()} == {n: v.dims for n, v in theirs.variables.items()}, what


def in_ms(keys):
    """Times of ingestion come to the millisecond when data is skipped; those of the catalogue itself are finer."""
    return keys.assign(ingestion_time=keys.ingestion_time.astype("datetime64[ms]").astype("datetime64[ns]"))


def slugs_of(group, prefix=""):
    for name, member in group._clients.items():
        if hasattr(member, "_clients"):
            yield from slugs_of(member, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", member


def main():
    theirs = Client(url=URL, token="anything")
    compared = 0
    for source in (URL, CATALOG):
        with datatake.Client(source) as ours:
            for slug, dataset in slugs_of(theirs.datasets()):
                mine = ours.dataset(slug.removeprefix("local."))
                assert repr(mine).split("[")[1] == repr(dataset).split("[")[1], (mine, dataset)
                for name, collection in dataset.collections().items():
                    own = mine.collections()[name]
                    assert str(own.info()) == str(collection.info()) and repr(own) == repr(collection)
                    reference = collection.query(temporal_extent=EVER)
                    if not reference.sizes:
                        assert own.query(temporal_extent=EVER).sizes == {}
                        continue
                    same(own.query(temporal_extent=EVER), reference, name)
                    same(*(in_ms(d) for d in (own.load(EVER, skip_data=True),
                                              collection.query(temporal_extent=EVER, skip_data=True))), name)
                    for i in (0, -1):
                        xr.testing.assert_identical(own.find(reference.id.values[i]), collection.find(reference.id.values[i]))
                    middle = reference.time.values[len(reference.time) // 2]
                    same(own.load((reference.time.values[0], middle)),
                         collection.query(temporal_extent=(reference.time.values[0], middle)), name)
                    compared += reference.sizes["time"]
                    if "cloud_cover" in reference:
                        condition = field("cloud_cover") < 50
                        if collection.query(temporal_extent=EVER, filter=condition).sizes:
                            same(own.query(temporal_extent=EVER, filter=datatake.field("cloud_cover") < 50),
                                 collection.query(temporal_extent=EVER, filter=condition), name)
    asyncio.run(by_asyncio())
    print(f"{compared} datapoints are identical")


async def by_asyncio():
    theirs = AsyncClient(url=URL, token="anything")
    async with our_aio.Client(URL) as ours:
        for slug, dataset in slugs_of(await theirs.datasets()):
            collections = await (await ours.dataset(slug.removeprefix("local."))).collections()
            names = list(collections)
            reference = await dataset.collections()
            mine = await asyncio.gather(*[collections[n].load(EVER) for n in names])
            for name, data in zip(names, mine):
                xr.testing.assert_identical(data, await reference[name].query(temporal_extent=EVER))


main()
