"""The Python package: single datapoints, of a catalogue and of a service."""
import asyncio
import copy
import pickle
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import python_rows
import xarray as xr
from python_rows import YEAR, first, path  # noqa: F401
from tilebox_service import Service, made_dataset, other_type

datatake = pytest.importorskip("datatake", reason="build/release/python is not built")
from datatake import aio, errors  # noqa: E402


def made(found):
    """The same, but that xarray was given numpy arrays."""
    return xr.Dataset({name: (v.dims, v.values.copy()) for name, v in found.data_vars.items()},
                      {name: (v.dims, v.values.copy()) for name, v in found.coords.items()})


def test_a_datapoint_is_found_by_its_id(first):
    data = first.load(YEAR)
    for i in range(5):
        one = first.find(str(data.id.values[i]))
        xr.testing.assert_identical(one.drop_dims("n_numbers", errors="ignore").drop_dims("n_words", errors="ignore")[
            ["label", "number", "velocity"]], data.isel(time=i)[["label", "number", "velocity"]])
        assert one.time.values == data.time.values[i] and one.time.dims == ()
    assert str(first.find(uuid.UUID(str(data.id.values[0]))).label.values) == "a"
    assert set(first.find(str(data.id.values[0]), skip_data=True).data_vars) == {"id", "ingestion_time", "geometry"}


@pytest.mark.parametrize("row", range(5))
def test_variables_that_are_made_at_the_first_look_behave_as_all_others(first, row):
    key = str(first.load(YEAR).id.values[row])
    whole = made(first.find(key))
    for way in (lambda d: d, lambda d: d.copy(), lambda d: d.copy(deep=True), lambda d: copy.deepcopy(d), lambda d: d.load(),
                lambda d: pickle.loads(pickle.dumps(d)), lambda d: d[["label", "velocity"]].rename(label="x"),
                lambda d: d.assign(label="new"), lambda d: d.drop_vars("number"), lambda d: d.expand_dims("time"),
                lambda d: xr.concat([d, d], "time"), lambda d: d.set_coords("number"), lambda d: d.reset_coords(),
                lambda d: xr.merge([d[["label"]], d[["number"]]]), lambda d: d.map(lambda v: v), lambda d: d.squeeze(),
                lambda d: xr.Dataset(d.variables), lambda d: xr.Dataset(dict(d._variables)), lambda d: xr.Dataset({**d._variables})):
        xr.testing.assert_identical(way(first.find(key)), way(whole))
    assert repr(first.find(key)) == repr(whole) and first.find(key).nbytes == whole.nbytes
    assert list(first.find(key)._variables) == list(first.find(key).variables)
    assert first.find(key).sizes == whole.sizes and set(first.find(key).coords) == set(whole.coords)
    assert "label" in first.find(key) and "labels" not in first.find(key)
    with pytest.raises(AttributeError, match="labels"):
        first.find(key).labels


def test_what_is_changed_in_a_found_datapoint_stays_changed(first):
    key = str(first.load(YEAR).id.values[0])
    one, other = first.find(key), first.find(key)
    one["label"] = "changed"
    one.number.values[...] = 7
    del one["ratio"]
    assert one.label.item() == "changed" and one.number.item() == 7 and "ratio" not in one
    assert other.label.item() == "a" and other.number.item() == 1
    with ThreadPoolExecutor(4) as pool:
        assert len({id(variable) for variable in pool.map(lambda _: other.variables["geometry"], range(40))}) == 1


def test_variables_are_a_dict_to_those_who_take_them_apart(first):
    key = str(first.load(YEAR).id.values[0])
    names = list(first.find(key).variables)

    def fresh():
        return first.find(key)._variables
    for way in (lambda v: dict(v), lambda v: {**v}, lambda v: v.copy(), lambda v: v | {}, lambda v: {} | v, lambda v: dict(v.items()),
                lambda v: dict(zip(v.keys(), v.values())), lambda v: copy.copy(v), lambda v: pickle.loads(pickle.dumps(v)),
                lambda v: {name: v.get(name) for name in v}, lambda v: {name: v.pop(name) for name in list(v)},
                lambda v: dict(reversed([v.popitem() for _ in names])), lambda v: {name: v.setdefault(name) for name in v}):
        taken = way(fresh())
        assert list(taken) == names and all(isinstance(variable, xr.Variable) for variable in taken.values()), way
    assert fresh().get("labels") is None and fresh().get("labels", 3) == 3 and fresh().pop("labels", 4) == 4
    variables = fresh()
    assert variables == dict(variables) and repr(variables) == repr(dict(fresh())) and len(variables) == len(names)
    with pytest.raises(KeyError, match="labels"):
        fresh()["labels"]


# --- of a service ---


def asked(service):
    return [called.rpartition("/")[2] for called, _, _ in service.calls]


def test_finds_one_after_another_ask_once_what_the_dataset_is():
    with Service(made_dataset(counts=(("a", 30), ("b", 20)))) as service, datatake.Client(service.source) as client:
        collections = client.dataset("made.rows").collections()
        keys = [str(i) for i in collections["a"].load(None).id.values]
        service.calls.clear()
        assert [collections["a"].find(key).name.item() for key in keys] == [f"a-{i:06}" for i in range(30)]
        assert asked(service) == 30 * ["QueryByID"]

        async def at_once():
            async with aio.Client(service.source) as other:
                collection = await (await other.dataset("made.rows")).collection("a")
                return await asyncio.gather(*[collection.find(key) for key in keys])

        assert [one.orbit.item() for one in asyncio.run(at_once())] == [i % 3 for i in range(30)]


def test_a_datapoint_that_is_missing_is_asked_for_once_and_the_dataset_again():
    with Service(made_dataset(counts=(("a", 30), ("b", 20)))) as service, datatake.Client(service.source) as client:
        collections = client.dataset("made.rows").collections()
        key = str(collections["a"].load(None).id.values[0])
        service.calls.clear()
        with pytest.raises(errors.NotFoundError, match=f"No such datapoint {key}"):
            collections["b"].find(key)
        assert asked(service) == ["QueryByID", "GetDataset", "ListCollections"]
        assert collections["a"].find(key).name.item() == "a-000000"


def test_a_dataset_that_was_changed_meanwhile_is_asked_for_again():
    """What a client was told a moment ago does not hide a new collection, nor a dataset made anew."""
    def key_of(dataset, name):
        return str(uuid.UUID(bytes=dataset.collections[name][3][1]))
    with Service(made_dataset(counts=(("a", 30),))) as service, datatake.Client(service.source) as client:
        a = client.dataset("made.rows").collection("a")
        assert a.find(key_of(service.datasets["made.rows"], "a")).name.item() == "a-000003"
        more, other = made_dataset(counts=(("a", 30), ("b", 20))), other_type("made.rows", 40)
        b, z = (type(a)(a._dataset, a._info) for _ in range(2))
        b.name, z.name = "b", "z"
        service.put(more)
        assert b.find(key_of(more, "b")).name.item() == "b-000003"
        service.put(other)
        assert z.find(key_of(other, "z")).n.item() == 3
        with pytest.raises(errors.NotFoundError):
            a.find(key_of(more, "a"))


def test_datapoints_of_several_datasets_and_of_lists_of_any_length_are_found_in_turn(tmp_path):
    client, collection = python_rows.make(tmp_path / "catalog.db")
    other = client.create_dataset("plain", [("words", list[str])]).create_collection("c")
    other.ingest([{"time": f"2024-01-0{i}", "words": ["w"] * i} for i in range(1, 5)])
    keys, others = collection.load(YEAR).id.values, other.load(YEAR).id.values
    for _ in range(2):
        for i in range(4):
            assert other.find(str(others[i])).words.values.tolist() == ["w"] * (i + 1)
            words = collection.find(str(keys[i]))
            assert words.words.values.tolist() == [["x", "y"], None, None, ["z"]][i] if "words" in words else i in (1, 2)
    client.close()
