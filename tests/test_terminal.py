"""A job on a terminal and in a pipe: bars that move, Ctrl-C, readers that go away, lines for logs and programs."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pytest

from conftest import SLOW
from small_scenes import BBOX, item, write_raster

IMAGES = 12


@pytest.fixture
def far(serve, tmp_path):
    """Twelve images on a server whose answers take 150 ms; the arguments of their get."""
    folder = tmp_path / "far"
    folder.mkdir()
    write_raster(folder / "B04.tif", pixels=512, noise=True)
    server = serve(folder, "--first-byte-delay", "150")
    lines = [json.dumps(item(f"image-{i:02}", B04=server.href("B04.tif"))) for i in range(IMAGES)]
    (tmp_path / "items.ndjson").write_text("\n".join(lines) + "\n")
    return ["get", "items.ndjson", BBOX, "--bands", "B4", "-o", "out", "--no-cache"]


class Terminal:
    """A program on a terminal of 24 x 100."""

    def __init__(self, command, cwd, env, **more):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        env = {k: v for k, v in env.items() if k not in ("NO_COLOR", "CI")}
        self.process = subprocess.Popen(command, cwd=cwd, env={**env, "TERM": "xterm-256color", **more}, stdin=slave, stdout=slave,
                                        stderr=slave, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.seen = ""

    def read_until(self, pattern, timeout_s=20):
        """Everything until `pattern` matches, or the program has ended (pattern None)."""
        until = time.monotonic() + timeout_s * SLOW
        while time.monotonic() < until:
            if pattern is not None and re.search(pattern, self.seen):
                return self.seen
            ready, _, _ = select.select([self.master], [], [], 0.1)
            if not ready:
                continue
            try:
                piece = os.read(self.master, 65536)
            except OSError:
                piece = b""
            if piece == b"":
                break
            self.seen += piece.decode(errors="replace")
        assert pattern is None or re.search(pattern, self.seen), self.seen
        return self.seen

    def end(self):
        self.read_until(None)
        status = self.process.wait(10 * SLOW)
        os.close(self.master)
        return status


@pytest.fixture
def terminal(program, quiet_env, tmp_path):
    opened = []

    def call(*arguments, **env):
        opened.append(Terminal([str(program), *map(str, arguments)], tmp_path, quiet_env, **env))
        return opened[-1]

    yield call
    for one in opened:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def test_bars_move_on_a_terminal_and_leave_the_summary(terminal, far):
    shown = terminal(*far, "--mode", "sequential")
    assert shown.end() == 0
    totals = re.findall(r"total\S* (\d+)/12 images", shown.seen)
    assert len(set(totals)) >= 5 and totals == sorted(totals, key=int)
    assert re.search(r"\x1b\[\dA", shown.seen), "nothing was rewritten in place"
    assert "──" in shown.seen and "image-00 " in shown.seen
    last = shown.seen.replace("\r\n", "\n").split("\x1b[J")[-1]
    assert last.startswith("datatake: 12 images, ") and " 0 failed; ideal " in last and last.count("\n") == 1


def test_ascii_without_utf8_and_no_colour_on_request(terminal, far):
    shown = terminal(*far, "--mode", "sequential", LC_ALL="C", NO_COLOR="1")
    assert shown.end() == 0
    assert shown.seen.isascii() and "\x1b[36m" not in shown.seen and re.search(r"total \d+/12 images \| ", shown.seen)


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"CI": "1"}, {"DATATAKE_PROGRESS": "plain"}], ids=str)
def test_nothing_is_rewritten_where_nothing_can_be(terminal, far, env):
    shown = terminal(*far, **env)
    assert shown.end() == 0
    assert "\x1b[" not in shown.seen and "datatake: 12 images\r\n" in shown.seen


def test_ctrl_c_says_how_to_go_on_and_going_on_works(terminal, far, run, tmp_path):
    shown = terminal(*far, "--mode", "sequential")
    shown.read_until(r"total\S* [34]/12 images")
    os.write(shown.master, b"\x03")
    assert shown.end() == 130
    said = re.search(r"interrupted: (\d+) of 12 done; run the same command again to go on", shown.seen)
    assert said, shown.seen
    done = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "out").glob("image-*.tif")}
    assert len(done) == int(said[1]) and 3 <= len(done) < 12

    ran = run(*far)
    assert len(list((tmp_path / "out").glob("image-*.tif"))) == 12
    assert {p: (tmp_path / "out" / p).stat().st_mtime_ns for p in done} == done
    assert sorted(line["status"] for line in ran.lines()) == ["done"] * (12 - len(done)) + ["skipped"] * len(done)
    assert [p.name for p in (tmp_path / "out").iterdir() if not re.fullmatch(r"image-\d\d\.tif", p.name)] == []


def test_a_second_ctrl_c_ends_at_once(terminal, far):
    shown = terminal(*far, "--mode", "sequential", "--timeout", "60")
    shown.read_until(r"total\S* 1/12 images")
    os.write(shown.master, b"\x03")
    shown.process.send_signal(signal.SIGINT)
    assert shown.end() == 130


def test_sigterm_is_143(program, quiet_env, far, tmp_path):
    process = subprocess.Popen([str(program), *far, "--mode", "sequential", "--progress", "json"], cwd=tmp_path,
                               env=quiet_env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if json.loads(line)["event"] == "item":
            break
    process.send_signal(signal.SIGTERM)
    rest = process.stderr.read()
    assert process.wait(10 * SLOW) == 143
    assert "interrupted: " in rest
    process.stderr.close()


def test_head_ends_a_job_quietly(program, quiet_env, far, tmp_path):
    script = '"$@" | head -n 1; echo "${PIPESTATUS[0]}"'
    done = subprocess.run(["bash", "-c", script, "bash", str(program), *far, "--mode", "sequential", "--progress", "none"],
                          cwd=tmp_path, env=quiet_env, capture_output=True, text=True, timeout=60 * SLOW)
    first, status = done.stdout.splitlines()
    assert json.loads(first)["status"] == "done"
    assert status == "141" and done.stderr == ""
    assert len(list((tmp_path / "out").glob("*.tif"))) < 12


def test_a_pipe_gets_one_line_for_each_finished_file(run, far, tmp_path):
    import hashlib
    lines = run(*far).lines()
    assert len(lines) == 12
    for line in lines:
        assert list(line)[:8] == ["v", "id", "asset", "path", "bytes", "sha256", "seconds", "status"]
        data = (tmp_path / line["path"]).read_bytes()
        assert (line["bytes"], line["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())


def test_progress_as_json_tells_the_same_as_the_lines(run, far):
    ran = run(*far, "--progress", "json", "-q")
    events = [json.loads(line) for line in ran.err.splitlines()]
    assert events[0]["event"] == "start" and events[-1]["event"] == "end"
    items = [{k: v for k, v in e.items() if k != "event"} for e in events if e["event"] == "item"]
    assert items == ran.lines()
    assert events[-1]["items_done"] == 12 and events[-1]["requests"] >= 24


def test_plain_progress_is_a_line_at_the_start_and_the_summary(run, far):
    lines = run(*far, "--progress", "plain").err.splitlines()
    assert lines[0] == "datatake: 12 images"
    assert lines[-1].startswith("datatake: 12 images, ")
    assert run(*far, "--overwrite", "-q").err == ""


def test_no_bars_mix_with_data_on_its_way_through_a_pipe(program, run, quiet_env, tmp_path):
    """Nobody reads the pipe, so the load goes on as long as the test looks."""
    (tmp_path / "a.csv").write_text("time,text\n" + "".join(f"2024-01-01T00:00:00Z,{i}{'x' * 1000}\n" for i in range(2000)))
    run("ingest", "a.csv", "-d", "d")

    def shown(*options, until):
        master, slave = pty.openpty()
        process = subprocess.Popen([program, "load", "d", *options], cwd=tmp_path, stdin=slave, stdout=subprocess.PIPE, stderr=slave,
                                   env={**{k: v for k, v in quiet_env.items() if k not in ("NO_COLOR", "CI")}, "TERM": "xterm"})
        os.close(slave)
        ready, _, _ = select.select([master], [], [], until)
        process.kill()
        process.wait()
        process.stdout.close()
        os.close(master)
        return ready

    assert shown("--progress", "bar", until=20 * SLOW)
    assert not shown(until=0.6)
