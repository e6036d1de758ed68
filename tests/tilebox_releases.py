"""The real tilebox-datasets, each release in an environment of its own below build/tilebox.

    python3 tests/tilebox_releases.py RELEASE      prints the interpreter that has it, or ends with pip's reason
"""
import fcntl
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SLOW = float(os.environ.get("DATATAKE_SLOW", "1"))

# What pip is told beside the release: libraries that came later and no longer have what it uses.
RELEASES = {
    "0.66.0": ["protobuf-py<0.7"],  # needs protobuf.wkt.timestamp_pb
    "0.53.0": [],
    "0.50.1": [],
    "0.36.1": ["protobuf<7", "pandas<3"],  # FieldDescriptor.label; `|` of pandas' types and a text
    "0.33.1": ["protobuf<7", "pandas<3"],
    "0.28.0": ["protobuf<7", "pandas<3"],
}
NEWEST = next(iter(RELEASES))


def environment(release):
    """The interpreter that has the release, or the reason why there is none. Made once for all workers."""
    folder = ROOT / "build/tilebox" / release
    folder.parent.mkdir(parents=True, exist_ok=True)
    wanted = [f"tilebox-datasets=={release}", *RELEASES[release]]
    stamp = folder / "stamp"
    with open(folder.parent / f"{release}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.is_file() or stamp.read_text() != " ".join(wanted):
            made = subprocess.run(["/usr/bin/python3", "-m", "venv", "--clear", folder], capture_output=True, text=True,
                                  timeout=120 * SLOW)
            if made.returncode != 0:
                return None, ((made.stdout + made.stderr).strip().splitlines() or ["no python3-venv"])[-1]
            done = subprocess.run([folder / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted],
                                  capture_output=True, text=True, timeout=600 * SLOW)
            if done.returncode != 0:
                return None, (done.stderr.strip().splitlines() or ["pip failed"])[-1]
            stamp.write_text(" ".join(wanted))
    return folder / "bin/python", "installed"


if __name__ == "__main__":
    interpreter, why = environment(sys.argv[1] if len(sys.argv) > 1 else NEWEST)
    print(interpreter or why)
    sys.exit(interpreter is None)
