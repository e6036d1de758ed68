"""The command line itself: settings, help, manual pages, completion, output that ends early."""
import json
import os
import shutil
import signal
import subprocess

import cli_tables
import pytest

from conftest import SLOW


def visible_commands(run):
    text = run("help").out
    block = text.split("Commands:\n")[1].split("\n\n")[0]
    return [line.split()[0] for line in block.splitlines()]


def test_settings_count_in_the_documented_order(run, tmp_path):
    """Default, then the user's file, then ./datatake.toml, then the environment."""
    def jobs(**env):
        shown = run("config", "show", "--origin", env=env).out
        block = shown.split("[get]\n")[1].split("\n\n")[0]
        return next(line for line in block.splitlines() if line.startswith("jobs = "))

    assert jobs() == "jobs = 256  # default"
    user = tmp_path / "config/datatake/config.toml"
    user.parent.mkdir(parents=True)
    user.write_text("[get]\njobs = 8\n")
    assert jobs() == f"jobs = 8  # {user}:2"
    (tmp_path / "datatake.toml").write_text("# here\njobs = 16\n")
    assert jobs() == "jobs = 16  # datatake.toml:2"
    assert jobs(DATATAKE_JOBS="32") == "jobs = 32  # DATATAKE_JOBS"


def test_settings_can_be_shown_and_read_back(run, tmp_path):
    (tmp_path / "datatake.toml").write_text('[get]\noutput = "a \\"b\\" c"\nbands = "B8,B4"\noverwrite = true\n')
    first = run("config", "show").out
    assert 'output = "a \\"b\\" c"' in first and 'bands = "B8,B4"' in first and "overwrite = true" in first
    (tmp_path / "datatake.toml").write_text(first)
    assert run("config", "show").out == first


def test_broken_settings_stop_commands_that_use_them_but_not_help(run, tmp_path):
    (tmp_path / "datatake.toml").write_text("[get]\njobs = [1, 2]\n")
    ran = run("info", "a.tif", status=2)
    assert ran.err == 'datatake: datatake.toml:2: jobs = [array] is not read here; write a list as text: "a,b"\n'
    run("help", "get")
    run("version")
    run("config", "path")


def test_the_files_of_settings_are_listed(run, tmp_path):
    (tmp_path / "datatake.toml").write_text("")
    lines = run("config", "path").out.splitlines()
    assert lines[0] == "datatake.toml"
    assert lines[1] == f"{tmp_path}/config/datatake/config.toml (not there)"
    assert lines[2].startswith("/etc/datatake/config.toml")


def test_help_is_the_same_by_either_name(run):
    for command in visible_commands(run):
        assert run("help", command).out == run(command, "--help").out
        assert run(command, "-h").out != ""


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_manual_pages_are_clean_roff(run, tmp_path):
    for arguments in [[], *([c] for c in visible_commands(run))]:
        page = run("man", *arguments).out_bytes
        done = subprocess.run(["groff", "-man", "-Tascii", "-P-cbou", "-ww"], input=page, capture_output=True)
        assert done.returncode == 0 and done.stderr == b"", (arguments, done.stderr)
        assert b"SYNOPSIS" in done.stdout


def test_manual_pages_and_completions_are_built_beside_the_program(program):
    built = program.parent
    assert (built / "man/datatake.1").read_text().startswith(".TH datatake 1")
    assert "--bbox" in (built / "completions/datatake").read_text()


def bash_completes(run, tmp_path, *words):
    script = tmp_path / "completion.bash"
    script.write_text(run("completion", "bash").out)
    line = " ".join(f"'{w}'" for w in words)
    code = (f"source {script}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; compopt() {{ :; }}; _datatake; "
            f"printf '%s\\n' \"${{COMPREPLY[@]}}\"")
    done = subprocess.run(["bash", "--norc", "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout.split()


def test_bash_completes_commands_options_and_values(run, tmp_path):
    assert bash_completes(run, tmp_path, "datatake", "co") == ["composite", "compare", "collections", "config", "completion"]
    assert bash_completes(run, tmp_path, "datatake", "get", "--ba") == ["--bands"]
    assert bash_completes(run, tmp_path, "datatake", "get", "--of", "") == ["geotiff", "cog", "png", "jpeg", "npy"]
    assert bash_completes(run, tmp_path, "datatake", "config", "") == ["show", "path"]
    assert "worker" not in bash_completes(run, tmp_path, "datatake", "")
    (tmp_path / "scene one.tif").touch()
    assert bash_completes(run, tmp_path, "datatake", "info", "sc") == ["scene", "one.tif"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_accept_their_completion(run, tmp_path, shell):
    script = tmp_path / f"completion.{shell}"
    script.write_text(run("completion", shell).out)
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    assert subprocess.run([shell, "-n", str(script)]).returncode == 0


def test_the_page_of_the_command_line_has_the_tables_of_the_program(program):
    page = cli_tables.PAGE.read_text()
    made = cli_tables.tables(program)
    assert {m[2] for m in cli_tables.TABLE.finditer(page)} == {k for k, text in made.items() if text.strip()}
    assert cli_tables.with_tables(page, made) == page, "python3 tests/cli_tables.py PROGRAM writes them"


def test_every_command_is_on_the_page_of_the_command_line(run):
    page = cli_tables.PAGE.read_text()
    for command in visible_commands(run):
        assert f"`{command}" in page, command


def test_version_is_one_line_and_json_on_request(run):
    assert run("--version").out == run("version").out
    name, version = run("version").out.split()
    assert json.loads(run("version", "--json").out) == {"name": name, "version": version}


def test_a_reader_that_goes_away_ends_the_program_quietly(program, quiet_env, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([program, "man", "get"], stdout=writing, stderr=subprocess.PIPE, env=quiet_env, cwd=tmp_path)
    os.close(writing)
    assert done.returncode == 141 and done.stderr == b""


def test_a_full_disk_behind_standard_output_is_told(program, quiet_env, tmp_path):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([program, "help"], stdout=full, stderr=subprocess.PIPE, env=quiet_env, cwd=tmp_path)
    assert done.returncode == 8
    assert done.stderr == b"datatake: write to standard output: No space left on device\n"


def test_no_command_says_where_help_is(run):
    assert run(status=2).err == "datatake: no command given; see datatake --help\n"
    assert run("gte", status=2).err == "datatake: unknown command 'gte'; did you mean 'get'?\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_prints_its_url_and_stops_on_a_signal(program, quiet_env, tmp_path, number):
    process = subprocess.Popen([program, "serve", "--files", ".", "--listen", "127.0.0.1:0"], env=quiet_env, cwd=tmp_path,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    url = process.stdout.readline()
    assert url.startswith("http://127.0.0.1:") and url.endswith("/\n")
    process.send_signal(number)
    assert process.wait(10 * SLOW) == 0
    process.stdout.close()
    process.stderr.close()
