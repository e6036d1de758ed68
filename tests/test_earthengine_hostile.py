"""Hostile expressions over HTTP: each is answered by a refusal of the service's kind, in bounded time and memory, and the
server goes on."""
import json
import os
import re
import time
import urllib.error
import urllib.request

import pytest
from conftest import SLOW
from ee_hostile import PIXELS, VALUES, alone, invoke, text

MEMORY_MB = 900 * (SLOW if SLOW > 1 else 1)  # values 512 MB at most, expressions 256


def post(url, body):
    request = urllib.request.Request(url, (json.dumps(body) if isinstance(body, dict) else body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=120 * SLOW) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()


class Watched:
    """What a server takes for one request."""

    def __init__(self, server):
        self.url, self.pid = server.url.rstrip("/") + "/v1/projects/p/", server.process.pid

    def seconds(self):
        fields = open(f"/proc/{self.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def most_mb(self):
        return int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{self.pid}/status").read())[1]) / 1024

    def refused(self, what, method, body):
        """(status, the error), with the figures printed. `body`: an expression as text, or all of it."""
        with open(f"/proc/{self.pid}/clear_refs", "w") as peak:
            peak.write("5")
        before, start = self.seconds(), time.monotonic()
        status, answer = post(self.url + method, body if isinstance(body, dict) else '{"expression":' + body + "}")
        took, most = self.seconds() - before, self.most_mb()
        error = json.loads(answer).get("error") if status != 200 else None
        print(f"{what}: {status} after {time.monotonic() - start:.2f} s, {took:.2f} s of the processor, {most:.0f} MB: "
              f"{error['message'][:150] if error else answer[:100]}")
        assert most < MEMORY_MB and took < 30 * SLOW, what
        return status, error

    def works(self):
        status, answer = post(self.url + "value:compute", {"expression": alone(invoke("Number.add", left=1, right=2))})
        assert (status, json.loads(answer)) == (200, {"result": 3})


@pytest.fixture
def watched(serve, run, tmp_path):
    (tmp_path / "none.ndjson").write_text("")
    run("catalog", "info", "--source", tmp_path / "c.db", status=None)
    return Watched(serve(tmp_path, "--catalog", tmp_path / "c.db"))


def right(status, error):
    return (status, error and error["code"], error and error["status"]) == (400, 400, "INVALID_ARGUMENT") and "\n" not in error["message"]


@pytest.mark.slow
def test_hostile_values_are_refused(watched):
    answers = {}
    for name, made in VALUES.items():
        answers[name] = watched.refused(name, "value:compute", text(made()))
        watched.works()
    wrong = {name: answer for name, answer in answers.items() if not right(*answer)}
    assert not wrong


def test_images_without_measure_are_refused(watched):
    answers = {}
    for name, (made, grid) in PIXELS.items():
        body = {"expression": alone(made()), "fileFormat": "NPY", **({"grid": grid} if grid else {})}
        answers[name] = watched.refused(name, "image:computePixels", body)
        watched.works()
    wrong = {name: answer for name, answer in answers.items() if not right(*answer)}
    assert not wrong
