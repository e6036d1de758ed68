"""Holds the table of docs/layout.md: which folder may include which.

Reads the #include lines of src/ and include/, and of every header reached through headers, so that a folder can
not get at another's insides by a detour. Tests (*_test.c, and headers that include check.h) may include anything, and
nothing else may include them. Run by hand it prints each line
that breaks the table, and how it was reached:

    python3 tests/include_check.py [ROOT]
"""
import re
import sys
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
ROW = re.compile(r"^\|\s*`([^`]+)/`\s*\|[^|]*\|([^|]*)\|")
PUBLIC = "include/datatake"


def read_table(layout):
    """{folder: set of folders it may include}; folders as in the table, `src/io` or `include/datatake`."""
    table = {}
    for line in layout.read_text().splitlines():
        row = ROW.match(line)
        if row and (row[1].startswith("src/") or row[1] == PUBLIC):
            table[row[1]] = {f"src/{name}" for name in re.findall(r"`([^`]+)`", row[2])}
    return table


def folder_of(path, table):
    """The longest folder of the table that holds the file."""
    holders = [f for f in table if path.startswith(f + "/")]
    return max(holders, key=len, default=None)


class Checker:
    def __init__(self, root):
        self.root = Path(root)
        self.table = read_table(self.root / "docs/layout.md")
        self.problems = []
        self.known = {}

    def includes(self, path):
        """[(where, path or None)] of the project's files that `path` includes."""
        if path not in self.known:
            found = []
            text = (self.root / path).read_text()
            for match in INCLUDE.finditer(text):
                line = text.count("\n", 0, match.start(2)) + 1
                quote, name = match.groups()
                if quote == '"':
                    target = f"src/{name}" if (self.root / "src" / name).is_file() else None
                    found.append((f"{path}:{line}", target, name))
                elif name.startswith("datatake/"):
                    found.append((f"{path}:{line}", f"include/{name}", name))
            self.known[path] = found
        return self.known[path]

    def is_test(self, path):
        return path.endswith("_test.c") or any(name == "check.h" for _, _, name in self.includes(path))

    def check_file(self, path):
        own = folder_of(path, self.table)
        if own is None:
            self.problems.append(f"{path}: its folder is not in the table of docs/layout.md")
            return
        allowed = self.table[own] | {own, PUBLIC} if own != PUBLIC else {own}
        seen, ahead = {path}, [(path, "")]
        while ahead:
            current, way = ahead.pop()
            for where, target, name in self.includes(current):
                if target is None:
                    if current == path:
                        self.problems.append(f'{where}: "{name}" is not a file of src/ (paths start there)')
                    continue
                if target in seen:
                    continue
                seen.add(target)
                folder = folder_of(target, self.table)
                if (self.root / target).is_file() and self.is_test(target):
                    self.problems.append(f"{where}: {target} is for tests only")
                elif folder not in allowed:
                    self.problems.append(f"{where}: {own} may not include {target}{way}")
                elif (self.root / target).is_file():
                    ahead.append((target, f", reached from {path}"))

    def run(self):
        for path in sorted([*self.root.glob("src/**/*.[ch]"), *self.root.glob(f"{PUBLIC}/*.h")]):
            name = path.relative_to(self.root).as_posix()
            if not self.is_test(name):
                self.check_file(name)
        for folder in self.table:
            if not (self.root / folder).is_dir():
                self.problems.append(f"docs/layout.md: there is no folder {folder}")
        return self.problems


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    problems = Checker(root).run()
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
