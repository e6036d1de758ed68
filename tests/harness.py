"""What tests/run is made of: commands with a time limit and nothing left behind, and one tally of all tests."""
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORES = os.cpu_count() or 1
AT_ONCE = CORES + 2  # test programs; many of them wait most of the time
LEFT_BEHIND_S = 10   # for what a command started to end after it
LONGEST = ["io_http_help_test", "alloc_torture_test", "server_http2_test", "raster_raster_real_test", "output_output_test", "demo_scene_test", "access_modes_test",
           "io_http_retry_test"]  # begin first, so that no core waits for them at the end


@dataclass
class Result:
    """Of one command or one file of tests. `output` is shown only when something failed."""
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    output: str = ""
    words: list = field(default_factory=list)  # why tests were skipped

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.words += other.words
        if other.failed:
            self.output += other.output


def alive(group):
    """The command lines of the processes of a group that still run. One that has ended and waits for a parent to ask
    how is no fault of ours: there are machines whose first process never asks."""
    running = []
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            state, _, its_group = Path(entry.path, "stat").read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == group and state not in "ZX":
                running.append(Path(entry.path, "cmdline").read_text().replace("\0", " ").strip())
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
    return running


def end_group(group):
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def left_behind(group, seconds):
    """What of the group is still there after that time; a sanitizer's symbolizer ends a moment after its program."""
    until = time.monotonic() + seconds
    while running := alive(group):
        if time.monotonic() > until:
            return running
        time.sleep(0.02)
    return []


def run(command, timeout_s, env=None):
    """(exit status, output, what is wrong about how it ended or ""). The command leads a process group; whatever
    of it is still there afterwards is a fault, and is ended. Signals do what they do by default, even when we run
    under nohup or in the background of a script, which ignore some."""
    process = subprocess.Popen(["env", "--default-signal", *command], cwd=ROOT, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    wrong = ""
    try:
        output, _ = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        wrong = f"not finished after {timeout_s} s, ended by force"
        end_group(process.pid)
        output, _ = process.communicate()
    except BaseException:
        end_group(process.pid)
        raise
    if not wrong and (left := left_behind(process.pid, LEFT_BEHIND_S)):
        wrong = f"left a process behind: {'; '.join(left)}"
    end_group(process.pid)
    return process.returncode, output.decode(errors="replace"), wrong


def check(name, command, timeout_s, env=None):
    """One command that is one test: exit status 0 or failed."""
    status, output, wrong = run(command, timeout_s, env)
    if status == 0 and not wrong:
        return Result(passed=1)
    reason = wrong or f"exit status {status}"
    return Result(failed=1, output=f"--- {name}: {reason}\n$ {' '.join(map(str, command))}\n{output}\n")


def cmocka_tally(output):
    """Counts from cmocka's standard output. It lists failed and skipped tests a second time at the end."""
    started = len(re.findall(r"^\[ RUN      \]", output, re.MULTILINE))
    passed = len(re.findall(r"^\[       OK \]", output, re.MULTILINE))
    skipped = len(set(re.findall(r"^\[  SKIPPED \] (?!tests: |\d+ test)(\S+)$", output, re.MULTILINE)))
    return Result(passed=passed, skipped=skipped, failed=started - passed - skipped)


def cmocka_program(program, timeout_s, env):
    status, output, wrong = run([program], timeout_s, env)
    result = cmocka_tally(output)
    if not wrong and status != 0 and result.failed == 0:
        wrong = f"exit status {status}"
    if not wrong and result.passed + result.failed + result.skipped == 0:
        wrong = "ran no test"
    if wrong:
        result.failed += 1
    if result.failed:
        result.output = f"--- {program.relative_to(ROOT)}: {wrong or 'failed'}\n{output}\n"
    return result


def executables(folder, pattern):
    return sorted(p for p in folder.rglob(pattern)
                  if p.is_file() and os.access(p, os.X_OK) and "CMakeFiles" not in p.parts)


def cmocka_programs(preset, timeout_s, env=None):
    """All C test programs of a build folder, several at once."""
    programs = executables(ROOT / "build" / preset, "*_test")
    programs.sort(key=lambda p: LONGEST.index(p.name) if p.name in LONGEST else len(LONGEST))
    total = Result()
    if not programs:
        return Result(failed=1, output=f"--- no test programs in build/{preset}\n")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for result in pool.map(lambda p: cmocka_program(p, timeout_s, env), programs):
            total.add(result)
    return total


def pytest(name, arguments, timeout_s, env=None, at_once=AT_ONCE, interpreter="python"):
    """A pytest session of the project's own environment, counted from its JUnit report. Several workers; tests that
    must share one say so by the mark xdist_group. Prints what tests told (the fixture `tell`)."""
    report = ROOT / "build" / f"pytest-{name}.xml"
    report.unlink(missing_ok=True)
    command = [ROOT / ".venv/bin" / interpreter, "-m", "pytest", "-q", "-ra", "-n", str(at_once), "--dist", "loadgroup",
               f"--junitxml={report}", *arguments]
    status, output, wrong = run(command, timeout_s, env)
    if wrong or not report.exists():
        return Result(failed=1, output=f"--- pytest {name}: {wrong or f'exit status {status}'}\n{output}\n")
    result = Result()
    for case in ElementTree.parse(report).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            result.failed += 1
        elif case.find("skipped") is not None:
            result.skipped += 1
            result.words.append(f"{case.get('name').split('@')[0]}: {case.find('skipped').get('message')}")
        else:
            result.passed += 1
    for words in told(report):
        print(words, flush=True)
    if status not in (0, 1) and result.failed == 0:
        result.failed = 1
    if result.failed:
        result.output = f"--- pytest {name}\n{output}\n"
    return result


def told(report):
    """What tests told, in words."""
    return [p.get("value") for p in ElementTree.parse(report).iter("property") if p.get("name") == "told"]


def properties(name):
    """What tests of a session recorded (record_property), numbers all: {function: [{name: value}]}."""
    report, found = ROOT / "build" / f"pytest-{name}.xml", {}
    for case in ElementTree.parse(report).iter("testcase") if report.exists() else ():
        told = {p.get("name"): float(p.get("value")) for p in case.iter("property") if p.get("name") != "told"}
        if told:
            found.setdefault(case.get("name").split("[")[0], []).append(told)
    return found


def sanitizer_reports(folder):
    """Reports that sanitizers wrote (log_path=folder/...), each a failure, wherever the program ran."""
    result = Result()
    for report in sorted(Path(folder).glob("*")):
        result.failed += 1
        result.output += f"--- {report.name}\n{report.read_text(errors='replace')[:20000]}\n"
    return result


class Session:
    """Runs stages one after another and keeps the tally; a line a stage, and the output of what failed."""

    def __init__(self):
        self.total = Result()

    def stage(self, name, *steps):
        """Each step is a function that returns a Result; after a failure the rest of the stage is left out."""
        started, result = time.monotonic(), Result()
        for step in steps:
            result.add(step())
            if result.failed:
                break
        seconds = time.monotonic() - started
        counts = f"{result.passed} passed, {result.failed} failed, {result.skipped} skipped"
        print(f"{name:<28} {counts:<40} {seconds:6.1f} s", flush=True)
        if result.failed:
            print(result.output, flush=True)
        self.total.add(result)
        return result.failed == 0

    def finish(self):
        for reason in sorted(set(self.total.words)):
            print(f"skipped {reason}")
        print(f"{self.total.passed} passed, {self.total.failed} failed, {self.total.skipped} skipped", flush=True)
        return 1 if self.total.failed else 0


def die_politely():
    """SIGTERM ends like Ctrl-C, so that process groups are ended on the way out."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
