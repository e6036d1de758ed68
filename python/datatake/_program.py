"""The command `datatake`: becomes the program that lies in the package, with the same arguments."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn


def main() -> NoReturn:
    program = Path(__file__).with_name("bin") / "datatake"
    try:
        os.execv(program, [str(program), *sys.argv[1:]])
    except OSError as error:
        sys.exit(f"datatake: cannot run {program}: {error.strerror}; was the package built by `pip install`?")
