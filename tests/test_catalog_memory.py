"""How much memory an ingest takes, whatever order its rows come in."""
import os
import random
import subprocess

import pytest

MOST_MB = 300


def write(path, rows, collections):
    """Rows in random order, with names, of so many collections."""
    order = list(range(rows))
    random.Random(1).shuffle(order)
    with open(path, "w") as file:
        file.write("epoch,value,tile,name,lon,lat\n")
        file.writelines(f"{1577836800 + 10 * n},{n * 7919 % 10007 / 10007:.4f},{n % collections},S2A_MSIL1C_{n:09}_{n % 977},"
                        f"{n % 36000 / 100 - 180},{n % 17000 / 100 - 85}\n" for n in order)


@pytest.mark.long
@pytest.mark.parametrize("rows, collections", [(3_000_000, 1), (1_000_000, 977)])
def test_rows_in_any_order_take_little_memory(program, quiet_env, run, tmp_path, rows, collections):
    write(tmp_path / "rows.csv", rows, collections)
    words = ["ingest", "rows.csv", "-d", "d", "--time", "epoch(epoch)", "--name", "name", "-q"]
    words += ["--collection-from", "tile"] if collections > 1 else []
    process = subprocess.Popen([program, *words], env=quiet_env, cwd=tmp_path)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0 and run("search", "d", "--count").out == f"{rows}\n"
    if "DATATAKE_SLOW" not in os.environ:  # what watches itself takes more
        assert used.ru_maxrss / 1024 < MOST_MB, f"{used.ru_maxrss / 1024:.0f} MB"
