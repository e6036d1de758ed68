"""The include table of docs/layout.md holds, and the checker that says so can see a breach."""
from pathlib import Path

import pytest

import include_check

ROOT = Path(__file__).resolve().parent.parent

LAYOUT = """
| folder | what lives there | may include |
| --- | --- | --- |
| `include/datatake/` | the public API | itself |
| `src/core/` | no I/O | |
| `src/format/` | bytes to values | `core` |
| `src/io/` | sockets | `core` |
| `src/raster/` | pixels | `core`, `format` |
"""


@pytest.fixture
def tree(tmp_path):
    def write(path, text):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    write("docs/layout.md", LAYOUT)
    write("include/datatake/api.h", "#include <stdint.h>\n")
    write("src/core/buf.h", "#include <datatake/api.h>\n")
    write("src/format/tiff.h", '#include "core/buf.h"\n')
    write("src/io/http.h", '#include "core/buf.h"\n')
    write("src/raster/plan.c", '#include "format/tiff.h"\n')
    write.root = tmp_path
    return write


def problems(tree):
    return include_check.Checker(tree.root).run()


def test_this_project_holds_its_table():
    assert include_check.Checker(ROOT).run() == []


def test_the_table_of_this_project_names_every_folder_with_code():
    table = include_check.read_table(ROOT / "docs/layout.md")
    assert len(table) >= 10
    assert table["src/core"] == set()
    assert table["src/raster"] == {"src/core", "src/format", "src/geo", "src/io", "src/query", "src/graph"}


def test_a_clean_tree_has_no_problem(tree):
    assert problems(tree) == []


def test_a_forbidden_include_is_named_with_its_line(tree):
    tree("src/format/json.c", '#include "core/buf.h"\n\n#include "io/http.h"\n')
    assert problems(tree) == ["src/format/json.c:3: src/format may not include src/io/http.h"]


def test_a_detour_through_an_allowed_header_is_found(tree):
    tree("src/format/tiff.h", '#include "io/http.h"\n')
    found = problems(tree)
    assert "src/format/tiff.h:1: src/format may not include src/io/http.h" in found
    assert "src/format/tiff.h:1: src/raster may not include src/io/http.h, reached from src/raster/plan.c" in found


def test_a_public_header_sees_public_headers_only(tree):
    tree("include/datatake/api.h", '#include "core/buf.h"\n')
    assert any(p.startswith("include/datatake/api.h:1: include/datatake may not include") for p in problems(tree))


def test_a_folder_that_the_table_does_not_know_is_a_problem(tree):
    tree("src/extra/x.c", "#include <stdio.h>\n")
    assert problems(tree) == ["src/extra/x.c: its folder is not in the table of docs/layout.md"]


def test_an_include_that_does_not_start_at_src_is_a_problem(tree):
    tree("src/io/http.c", '#include "http.h"\n')
    assert problems(tree) == ['src/io/http.c:1: "http.h" is not a file of src/ (paths start there)']


def test_tests_may_include_anything(tree):
    tree("src/core/buf_test.c", '#include "raster/nothing.h"\n#include "io/http.h"\n')
    assert problems(tree) == []


def test_a_header_of_tests_may_include_anything_and_only_tests_include_it(tree):
    tree("src/core/fixture.h", '#include "check.h"\n#include "io/http.h"\n')
    tree("src/core/buf_test.c", '#include "core/fixture.h"\n')
    assert problems(tree) == []
    tree("src/core/buf.c", '#include "core/fixture.h"\n')
    assert problems(tree) == ["src/core/buf.c:1: src/core/fixture.h is for tests only"]
