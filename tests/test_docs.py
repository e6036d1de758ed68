"""What the README and docs/ tell a reader to type works as written.

A ```console block is one shell session: its lines that begin with `$ ` (a backslash goes on to the next line) run
in order, in a scratch folder that has the program on its PATH and small scenes under `scenes/`. Every command must
exit with 0, unless the line after it reads `(exit status N)`. `make` runs as `make -n`: the target must exist.
What installs packages or clones is known by name and not run.
"""
import os
import re
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NOT_RUN = ("apt install make git", "sudo apt install make git", "git clone ", "cd datatake")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")


def console_blocks(text):
    """[(line number, [(command, expected status)])] of the page."""
    blocks = []
    for match in re.finditer(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        commands, lines = [], match[1].splitlines()
        while lines:
            line = lines.pop(0)
            status = re.fullmatch(r"\(exit status (\d+)\)", line)
            if status and commands:
                commands[-1] = (commands[-1][0], int(status[1]))
            if not line.startswith("$ "):
                continue
            command = line[2:]
            while command.endswith("\\") and lines:
                command = command[:-1].rstrip() + " " + lines.pop(0).strip()
            commands.append((command, 0))
        blocks.append((text.count("\n", 0, match.start()) + 1, commands))
    return blocks


def script_of(commands):
    out = ["set -u"]
    for command, status in commands:
        if command.startswith(NOT_RUN):
            continue
        if command.startswith("make"):
            command = command.replace("make", f"make -n -C '{ROOT}'", 1)
        said = shlex.quote(f"not {status}: {command}")
        out += [command, f'got=$?; [ "$got" = {status} ] || {{ echo "exit status $got," {said} >&2; exit 1; }}']
    return "\n".join(out) + "\n"


def cases():
    for page in PAGES:
        if page.exists():
            for line, commands in console_blocks(page.read_text()):
                yield pytest.param(commands, id=f"{page.relative_to(ROOT)}:{line}")


@pytest.fixture(scope="session")
def sandbox(program, demo_scenes, tmp_path_factory):
    """A folder as the reader has it after `make demo`: the program on the PATH, `scenes/`."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "bin").mkdir()
    (folder / "bin/datatake").symlink_to(program)
    (folder / "scenes").symlink_to(demo_scenes)
    return folder


@pytest.mark.parametrize("commands", cases())
def test_commands_run_as_written(commands, sandbox, quiet_env, tmp_path):
    for name in ("bin", "scenes"):
        (tmp_path / name).symlink_to((sandbox / name).resolve())
    env = {**quiet_env, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    process = subprocess.Popen(["bash", "-c", script_of(commands)], cwd=tmp_path, env=env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    timer_s = 120
    try:
        # Not communicate(): a server left running in the background keeps the pipe open.
        process.wait(timer_s)
        status = process.returncode
    finally:
        try:
            os.killpg(process.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
    output = process.stdout.read().decode(errors="replace")
    assert status == 0, f"{commands}\n{output}"


def test_the_checker_sees_a_command_that_fails():
    script = script_of([("true", 0), ("false", 0)])
    assert subprocess.run(["bash", "-c", script], capture_output=True).returncode == 1
    assert subprocess.run(["bash", "-c", script_of([("false", 1)])], capture_output=True).returncode == 0
    assert shutil.which("bash")


def test_blocks_are_read_with_their_continuations_and_statuses():
    text = "x\n```console\n$ datatake get a \\\n    --bands B4\nout\n$ datatake nonsense\n(exit status 2)\n```\n"
    assert console_blocks(text) == [(2, [("datatake get a --bands B4", 0), ("datatake nonsense", 2)])]


@pytest.mark.parametrize("page", [p for p in PAGES if p.exists()], ids=lambda p: p.name)
def test_links_between_pages_lead_somewhere(page):
    for target in LINK.findall(page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_tour_names_files_that_exist():
    tour = ROOT / "docs/tour.md"
    named = set(re.findall(r"`((?:src|include|demo|tests|bench)/[\w/.]+\.[ch])`", tour.read_text()))
    assert len(named) > 15
    assert [n for n in sorted(named) if not (ROOT / n).is_file()] == []
