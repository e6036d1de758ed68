"""The arithmetic of bench/catalog."""
import importlib.machinery
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def bench():
    loader = importlib.machinery.SourceFileLoader("bench_catalog", str(ROOT / "bench/catalog"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench_catalog", loader))
    loader.exec_module(module)
    return module


def test_the_ninety_ninth_of_a_hundred_is_the_one_that_only_one_passes(bench):
    assert bench.percentile(range(1, 101), 99) == 99 and bench.percentile(range(1, 101), 50) == 50
    assert bench.percentile([7], 99) == 7 and bench.percentile(range(1, 501), 99) == 495


def test_an_answer_with_another_row_is_no_answer(bench):
    questions = {"box": [{"hits": 2, "sum": 7}]}
    bench.check_answers({"box": {"hits": [2], "sums": [7]}}, questions)
    for hits, total in ((2, 8), (1, 7)):
        with pytest.raises(RuntimeError, match="came to"):
            bench.check_answers({"box": {"hits": [hits], "sums": [total]}}, questions)
    truth = {"rows": 3, "row": 3, "tile_row": 9, "cloud_pct": 50.5}
    bench.check_scan({**truth, "cloud_pct": 50.5 + 1e-12}, truth)
    with pytest.raises(RuntimeError):
        bench.check_scan({**truth, "row": 4}, truth)


def test_the_table_has_medians_and_names_who_failed(bench):
    row = {"fill_s": [2.0, 1.0, 9.0], "scan_s": [0.5], "box_p50": [0.1], "box_p99": [0.3, 0.2, 0.4], "box_time_p50": [1],
           "box_time_p99": [2], "bytes": 24_000_000}
    about = {"rows": 1_000_000, "rounds": 3, "questions": 500, "hits": {}, "load_before": 0, "load_after": 1,
             "clients": {"datatake": row}, "missing": {"DuckDB": "no such module"}}
    text = bench.table(about)
    assert text.splitlines()[2].split() == ["datatake", "2.00", "0.100", "0.300", "1.000", "2.000", "24.0", "500,000"]
    assert "missing: DuckDB: no such module" in text


def test_every_client_has_a_script_and_says_its_settings(bench):
    assert set(bench.CLIENTS) == set(bench.SETTINGS)
    assert all((bench.PEERS / script).is_file() for script, *_ in bench.CLIENTS.values())
