"""Waiting for what other processes do and give no signal of: looked at until it holds, with a deadline."""
import os
import signal
import struct
import time

SLOW = float(os.environ.get("DATATAKE_SLOW", "1"))


def wait_until(check, what="it did not come to that", timeout_s=60):
    until = time.monotonic() + timeout_s * SLOW
    while not check():
        assert time.monotonic() < until, what
        time.sleep(0.005)


def catches(process, number=signal.SIGINT):
    """Has it set its handler of the signal yet, or ended?"""
    if process.poll() is not None:
        return True
    try:
        with open(f"/proc/{process.pid}/status") as status:
            caught = next(line for line in status if line.startswith("SigCgt:")).split()[1]
    except (FileNotFoundError, StopIteration):
        return True
    return int(caught, 16) >> (number - 1) & 1


def has_read_all(sock):
    """Has the other end of this connection on 127.0.0.1 taken all that was sent out of its socket, or gone?"""
    def name(address):
        host, port = address[:2]
        return "%08X:%04X" % (struct.unpack("=I", bytes(map(int, host.split("."))))[0], port)

    near, far = name(sock.getsockname()), name(sock.getpeername())
    with open("/proc/net/tcp") as table:
        for line in table:
            words = line.split()
            if words[1:3] == [near, far] and not words[4].startswith("00000000:"):
                return False  # not acknowledged yet
            if words[1:3] == [far, near]:
                return words[4].endswith(":00000000")
    return True
