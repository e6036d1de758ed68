"""The tables of docs/cli.md, made from the program's own manual pages.

    python3 tests/cli_tables.py PROGRAM     writes them anew into docs/cli.md

A table stands between `<!-- options of COMMAND -->` and `<!-- end -->`. A group of options that several commands share
stands at the first of them.
"""
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs/cli.md"
COMMANDS = ["get", "composite", "search", "load", "find", "datasets", "collections", "ingest", "delete", "catalog", "compare", "info", "verify", "redo", "serve", "keys", "doctor", "config"]
COMMON = "Every command"
TABLE = re.compile(r"(<!-- options of (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def plain(text):
    for roff, char in (("\\fB", ""), ("\\fI", ""), ("\\fR", ""), ("\\-", "-"), ("\\(aq", "'"), ("\\&", ""), ("\\e", "\\")):
        text = text.replace(roff, char)
    return text


def man_page(program, *command):
    return subprocess.run([str(program), "man", *command], capture_output=True, text=True, check=True).stdout


def option_groups(page):
    """[(title, [(name, help)])] of a manual page."""
    groups = []
    for block in page.split(".SH OPTIONS\n")[1].split(".SH EXAMPLES")[0].split(".SS ")[1:]:
        title, *entries = block.split(".TP\n")
        options = [plain(e).split("\n", 1) for e in entries]
        groups.append((title.strip(), [(name, text.strip().rstrip(".")) for name, text in options]))
    return groups


def exit_statuses(page):
    block = page.split(".SH EXIT STATUS\n")[1].split(".SH ENVIRONMENT")[0]
    return [plain(e).split("\n")[:2] for e in block.split(".TP\n.B ")[1:]]


def environment(page):
    block = page.split(".SH ENVIRONMENT\n")[1].split(".SH FILES")[0]
    return [plain(e).split("\n")[:2] for e in block.split(".TP\n.B ")[1:]]


def cell(text):
    return re.sub(r"(?<![\w-])(--[a-z][a-z-]+)", r"`\1`", text.replace("|", "\\|"))


def rows(pairs, left):
    return "".join(f"| `{name.replace('|', chr(92) + '|')}` | {cell(text)} |\n" for name, text in pairs).join(
        (f"| {left} | |\n| --- | --- |\n", ""))


def tables(program):
    """{marker: text of the table}."""
    made, seen = {}, {COMMON}
    for command in COMMANDS:
        text = ""
        for title, options in option_groups(man_page(program, command)):
            if title == COMMON:
                made["every"] = rows(options, "option")
            elif title not in seen:
                text += f"\n{title}:\n\n{rows(options, 'option')}"
                seen.add(title)
        made[command] = text + "\n"
    made["exit"] = rows(exit_statuses(man_page(program)), "status")
    made["environment"] = rows(environment(man_page(program)), "variable")
    return made


def with_tables(page, made):
    return TABLE.sub(lambda m: m[1] + made[m[2]] + m[3], page)


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(), tables(sys.argv[1])))
