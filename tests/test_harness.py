"""The harness counts what happened, ends what hangs, and leaves no process behind."""
import os
import select
import sys
import time

import harness

PASSING = """[==========] Running 3 test(s).
[ RUN      ] one
[       OK ] one
[ RUN      ] two
[  SKIPPED ] two
[ RUN      ] three
[       OK ] three
[==========] 3 test(s) run.
[  PASSED  ] 2 test(s).
[  SKIPPED ] tests: 1 test(s), listed below:
[  SKIPPED ] two
"""


def python(code):
    return [sys.executable, "-c", code]


def test_skipped_tests_of_cmocka_are_counted_once():
    result = harness.cmocka_tally(PASSING)
    assert (result.passed, result.failed, result.skipped) == (2, 0, 1)


def test_a_failed_test_of_cmocka_is_counted_once():
    output = "[ RUN      ] one\n[  FAILED  ] one\n[ RUN      ] two\n[       OK ] two\n" \
             "[  FAILED  ] group: 1 test(s), listed below:\n[  FAILED  ] one\n"
    result = harness.cmocka_tally(output)
    assert (result.passed, result.failed, result.skipped) == (1, 1, 0)


def test_a_test_that_ended_the_program_counts_as_failed():
    result = harness.cmocka_tally("[ RUN      ] one\n[       OK ] one\n[ RUN      ] two\n")
    assert (result.passed, result.failed) == (1, 1)


def test_a_program_that_runs_no_test_fails(tmp_path):
    program = harness.ROOT / "build" / "quiet_test_of_the_harness"
    program.parent.mkdir(exist_ok=True)
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    try:
        result = harness.cmocka_program(program, 10, {})
    finally:
        program.unlink()
    assert result.failed == 1 and "ran no test" in result.output


def test_a_command_that_hangs_is_ended_in_time():
    started = time.monotonic()
    result = harness.check("hang", python("import time; time.sleep(60)"), 0.5)
    assert result.failed == 1 and "not finished after 0.5 s" in result.output
    assert time.monotonic() - started < 10


def test_a_process_left_behind_is_a_failure_and_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(harness, "LEFT_BEHIND_S", 0.5)
    note = tmp_path / "pid"
    code = ("import subprocess, sys, pathlib\n"
            "child = subprocess.Popen(['sleep', '60'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
            f"pathlib.Path({str(note)!r}).write_text(str(child.pid))\n")
    result = harness.check("leave", python(code), 20)
    assert result.failed == 1 and "left a process behind: sleep 60" in result.output
    try:
        child = os.pidfd_open(int(note.read_text()))
    except ProcessLookupError:
        return
    try:
        assert select.select([child], [], [], 60)[0], "the child still runs"
    finally:
        os.close(child)


def test_one_that_has_ended_unasked_is_no_process_left_behind(tmp_path, monkeypatch):
    """Its parent has left the group and does not wait for it, as the first process of some machines."""
    monkeypatch.setattr(harness, "LEFT_BEHIND_S", 0)
    note = tmp_path / "pid"
    code = ("import os, pathlib, time\n"
            "said, says = os.pipe()\n"
            "if os.fork() == 0:\n"
            "    ended = os.fork()\n"
            "    if ended == 0: os._exit(0)\n"
            "    os.waitid(os.P_PID, ended, os.WEXITED | os.WNOWAIT)\n"
            "    os.setsid()\n"
            "    null = os.open('/dev/null', os.O_RDWR)\n"
            "    os.dup2(null, 1), os.dup2(null, 2)\n"
            f"    pathlib.Path({str(note)!r}).write_text(str(os.getpid()))\n"
            "    os.write(says, b'.')\n"
            "    time.sleep(60)\n"
            "os.read(said, 1)\n")
    result = harness.check("unasked", python(code), 20)
    os.kill(int(note.read_text()), 9)
    assert result.passed == 1, result.output


def test_a_failure_shows_its_output_and_a_success_does_not():
    assert harness.check("fine", python("print('hello')"), 20).output == ""
    bad = harness.check("bad", python("print('hello'); raise SystemExit(3)"), 20)
    assert "exit status 3" in bad.output and "hello" in bad.output


def test_a_sanitizer_report_is_a_failure(tmp_path):
    assert harness.sanitizer_reports(tmp_path).failed == 0
    (tmp_path / "asan.1").write_text("ERROR: AddressSanitizer: heap-use-after-free")
    result = harness.sanitizer_reports(tmp_path)
    assert result.failed == 1 and "heap-use-after-free" in result.output


def test_signals_that_the_caller_ignores_work_in_the_command():
    code = ("import signal as s, harness; s.signal(s.SIGHUP, s.SIG_IGN)\n"
            "kill = 'import os, signal; os.kill(os.getpid(), signal.SIGHUP)'\n"
            "raise SystemExit(0 if harness.run([%r, '-c', kill], 20)[0] == -s.SIGHUP else 1)" % sys.executable)
    assert harness.check("nohup", python(code), 20, {"PYTHONPATH": str(harness.ROOT / "tests")}).passed == 1


def test_the_environment_reaches_the_command():
    assert os.environ.get("DATATAKE_X") is None
    code = "import os; raise SystemExit(0 if os.environ['DATATAKE_X'] == '7' else 1)"
    assert harness.check("env", python(code), 20, {"DATATAKE_X": "7"}).passed == 1


def test_what_tests_tell_is_kept_apart_from_their_numbers(tmp_path, monkeypatch):
    report = tmp_path / "build/pytest-some.xml"
    report.parent.mkdir()
    report.write_text('<testsuite><testcase name="one[a]"><properties><property name="told" value="geedim 2.0.0&#10;  Speedup: 2x"/>'
                      '<property name="sent" value="7"/></properties></testcase></testsuite>')
    monkeypatch.setattr(harness, "ROOT", tmp_path)
    assert harness.told(report) == ["geedim 2.0.0\n  Speedup: 2x"]
    assert harness.properties("some") == {"one": [{"sent": 7}]}
