"""What the benchmark shows: the machine, tables for a terminal and for a page, a plot."""
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

import peers
from workload import ROOT


def first_line(*command):
    if not shutil.which(str(command[0])) and not Path(command[0]).exists():
        return ""
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout.strip().splitlines()[0] if done.stdout.strip() else ""


def machine():
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    return {"cores": os.cpu_count(), "cpu": model[1] if model else platform.machine(),
            "memory_gb": round(int(memory[1]) / 1e6, 1), "kernel": platform.release(),
            "load_before": os.getloadavg()[0],
            "versions": {"datatake": first_line(peers.PROGRAM, "--version"),
                         "commit": first_line("git", "-C", ROOT, "describe", "--always", "--dirty"),
                         "gdal_translate": first_line("gdal_translate", "--version"),
                         "curl": first_line("curl", "--version").split(" (")[0],
                         "aria2c": first_line("aria2c", "--version"), "rclone": first_line("rclone", "--version"),
                         "node": first_line("node", "--version")}}


def setting(report):
    rtt_ms, mbit = report["setting"]
    return f"{rtt_ms:g} ms, {mbit} Mbit/s" if mbit else "loopback"


def times(value):
    return "" if value is None else f"x{value:.2f}"


HEADS = ("", "median s", "least-most", "x ideal", "requests", "", "MB", "", "CPU s", "", "peak MB")


def spread(row):
    return f"{row['min']:.2f}-{row['max']:.2f}" if row["runs"] > 1 else "one run"


def rows_of(report):
    """The cells of a table: the ideal, then every client, fastest first."""
    least = report["ideal"]
    yield ("ideal", f"{least['seconds']:.2f}", "", "1.00", str(least["requests"]), "", f"{least['bytes'] / 1e6:.1f}", "",
           f"{least['decode_s']:.2f}", "", "")
    for name, row in sorted(report["clients"].items(), key=lambda item: item[1]["seconds"]):
        yield (name, f"{row['seconds']:.2f}", spread(row), f"{row['ratio']:.2f}",
               f"{row['requests']:.0f}", times(row["requests_ratio"]), f"{row['bytes'] / 1e6:.1f}", times(row["bytes_ratio"]),
               f"{row['cpu_seconds']:.2f}", times(row["cpu_ratio"]), f"{row['peak_rss_mb']:.0f}")


def heading(report):
    measured = report["calibration"]
    return (f"{report['task']['name']}: {report['task']['words']}; {setting(report)}; measured {measured['rtt_ms']:g} ms, 8 "
            f"plain streams {measured['mb_per_s']:g} MB/s (ideal at that rate {report['ideal_calibrated']['seconds']:.2f} s)")


def missing_lines(report):
    for name, about in report["missing"].items():
        why = about["why"].splitlines()[-1] if about["why"] else ""
        yield f"missing: {name}: {why[:200]}; published: {about['published']}"


def text_table(report):
    rows = [HEADS, *rows_of(report)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADS))]
    lines = ["  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths)))
             for row in rows]
    return "\n".join([heading(report), *lines, *missing_lines(report)])


def markdown(results):
    """All tables of a run for a page."""
    parts = []
    for report in results["workloads"]:
        parts.append(f"**{heading(report)}**\n")
        parts.append("| " + " | ".join(HEADS) + " |\n" + "| --- " * len(HEADS) + "|")
        parts += ["| " + " | ".join(row) + " |" for row in rows_of(report)]
        parts.append("")
        parts += [f"- {line}" for line in missing_lines(report)]
        parts.append("")
    settings = {name: row["settings"] for report in results["workloads"] for name, row in report["clients"].items()}
    versions = {row["version"] for report in results["workloads"] for row in report["clients"].values() if row["version"]}
    about = results["machine"]
    parts += ["| client | settings |", "| --- | --- |", *(f"| {n} | {s} |" for n, s in settings.items()), ""]
    tools = ", ".join(f"{name}: {words}" for name, words in about["versions"].items() if words)
    parts.append(f"{about['cores']} cores of {about['cpu']}, {about['memory_gb']} GB, Linux {about['kernel']}; load "
                 f"{about['load_before']:.1f} before, {about['load_after']:.1f} after (the run itself makes load). "
                 f"{tools}; {', '.join(sorted(versions))}.")
    return "\n".join(parts) + "\n"


def plot(results):
    """Bars: times the ideal, a group a workload; as SVG."""
    bar, label, width, most = 16, 190, 720, 6.0
    scale = (width - label - 60) / most
    parts, y = [], 30
    for report in results["workloads"]:
        parts.append(f'<text x="8" y="{y + 12}" font-weight="bold">{report["task"]["name"]}: {setting(report)}</text>')
        y += bar + 4
        for name, row in sorted(report["clients"].items(), key=lambda item: item[1]["ratio"]):
            length = min(row["ratio"], most) * scale
            colour = "#1b6ca8" if name.startswith("datatake") else "#b9bec4"
            parts.append(f'<text x="{label - 6}" y="{y + 12}" text-anchor="end">{name}</text>'
                         f'<rect x="{label}" y="{y + 1}" width="{length:.1f}" height="{bar - 3}" fill="{colour}"/>'
                         f'<text x="{label + length + 5:.1f}" y="{y + 12}">{row["ratio"]:.2f}</text>')
            y += bar
        y += 10
    line = label + scale
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y + 10}" font-family="sans-serif" '
            f'font-size="12"><rect width="100%" height="100%" fill="white"/>'
            f'<text x="8" y="18">Median time as a multiple of the ideal time; less is better (cut at {most:g})</text>'
            f'{"".join(parts)}<line x1="{line:.1f}" x2="{line:.1f}" y1="26" y2="{y}" stroke="#d33" '
            f'stroke-dasharray="4 3"/></svg>\n')
