"""The real clients of Earth Engine, each set in an environment of its own below build/earthengine.

    python3 tests/earthengine_releases.py SET      prints the interpreter that has it, or ends with pip's reason
"""
import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SLOW = float(os.environ.get("DATATAKE_SLOW", "1"))

# The newest of today; older geedim beside them, as far as they install.
SETS = {
    "geedim-2": ["earthengine-api==1.7.50", "geemap==0.37.2", "geedim==2.0.0", "xee==0.1.2"],
    "geedim-1.9": ["earthengine-api==1.7.50", "geemap==0.37.2", "geedim==1.9.1"],
    "geedim-1.3": ["earthengine-api==1.7.50", "geemap==0.37.2", "geedim==1.3.2", "numpy<2", "pandas<3"],  # np.product
}
JS = "@google/earthengine@1.7.45"


def locked(name, wanted, make):
    """Made once for all workers, again when what is wanted changes: (folder, reason)."""
    folder = ROOT / "build/earthengine" / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    stamp = folder / "stamp"
    with open(folder.parent / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.is_file() or stamp.read_text() != wanted:
            for command in make(folder):
                done = subprocess.run(command, capture_output=True, text=True, timeout=900 * SLOW, cwd=folder.parent)
                if done.returncode != 0:
                    return None, ((done.stderr + done.stdout).strip().splitlines() or [f"{command[0]} failed"])[-1]
            stamp.write_text(wanted)
    return folder, "installed"


def environment(name):
    """The interpreter that has the set, or the reason why there is none."""
    def make(folder):
        yield ["/usr/bin/python3", "-m", "venv", "--clear", folder]
        yield [folder / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *SETS[name]]
    folder, why = locked(name, " ".join(SETS[name]), make)
    return folder and folder / "bin/python", why


def javascript():
    """The folder whose node_modules have the client, or the reason."""
    def make(folder):
        folder.mkdir(exist_ok=True)
        yield ["npm", "install", "--no-audit", "--no-fund", "--prefix", folder, JS]
    return locked("javascript", JS, make)


def versions(interpreter):
    """"earthengine-api 1.7.50, geedim 2.0.0": what is there of those that matter."""
    listed = subprocess.run([interpreter, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"],
                            capture_output=True, text=True, timeout=120 * SLOW)
    names = ("earthengine-api", "geemap", "geedim", "xee")
    return ", ".join(f"{p['name']} {p['version']}" for p in json.loads(listed.stdout) if p["name"] in names)


if __name__ == "__main__":
    interpreter, why = environment(sys.argv[1] if len(sys.argv) > 1 else "geedim-2")
    print(interpreter or why)
    sys.exit(interpreter is None)
