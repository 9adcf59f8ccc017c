"""Signals, closed pipes and full disks: a command ends at once, says nothing of Python, and leaves no file half written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from symcost.cli import cli

try:
    import resource
except ImportError:  # Windows
    pytest.skip("needs a POSIX system", allow_module_level=True)

ROOT = Path(__file__).parent.parent
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
# what takes long by itself, on a fast machine too: loops in loops, each of symbolic length; a grid; a catalogue
SLOW = (
    "sym n\ninput 3@8x8\n" + "".join(f"for i{k}_ in 0..<n {{ " for k in range(9)) + "conv1-(i0_ + i8_ + 1)" + " }" * 9
)
GRID = ["--set", "C=8", "--over", "X=1..9000000000"]
NET = "sym C = 8\ninput 3@X x X  conv3-C/2 relu conv3-C gap fc-10"

# every command with something to do, and to write
COMMANDS: dict[str, list[str]] = {
    "check": ["net.arch"],
    "compare": ["2*T^2*d", "8*T*d^2"],
    "completion": ["bash"],
    "conventions": [],
    "derive": ["net.arch"],
    "diff": ["net.arch", "--convention", "fvcore", "--convention", "thop"],
    "emit": ["net.arch", "-l", "c"],
    "explain": ["net.arch", "--value", "3.7k", "--set", "C=8,X=8"],
    "fmt": ["-"],
    "invert": ["net.arch", "--within", "flops <= 10M", "--for", "X"],
    "layers": ["conv"],
    "limits": [],
    "memory": ["net.arch"],
    "prove": ["net.arch", "params >= 1"],
    "receptive": ["net.arch"],
    "report": ["net.arch"],
    "scale": ["net.arch"],
    "show": ["net.arch"],
    "sweep": ["net.arch", "--set", "C=8", "--over", "X=1..50"],
    "train": ["net.arch"],
    "verify": ["kv_cache"],
    "zoo": ["vgg", "vgg"],
}
WITHOUT = {"lsp": "waits for an editor", "plot": "writes files only"}


def test_every_command_is_tried() -> None:
    assert set(COMMANDS) | set(WITHOUT) == set(cli.commands)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.arch").write_text(NET)
    (tmp_path / "slow.arch").write_text(SLOW)
    return tmp_path


def started(*args: str, folder: Path, **options: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "symcost", *args]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, **pipes)  # type: ignore[call-overload, no-any-return]


# ------------------------------------------------------------ signals


def listening(process: subprocess.Popen[bytes]) -> None:
    """Wait until the command answers to signals: Python alone does nothing about SIGTERM."""
    status = Path(f"/proc/{process.pid}/status")
    for _ in range(1000):
        caught = next((line for line in status.read_text().splitlines() if line.startswith("SigCgt:")), "SigCgt: 0")
        if int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.005)
    raise AssertionError("the command never began")


LONG = [
    ["check", "slow.arch"],
    ["show", "slow.arch", "--json", "-o", "old.txt", "--force"],
    ["report", "slow.arch", "-o", "old.txt", "--force"],
    ["emit", "slow.arch", "-l", "c", "-o", "old.txt", "--force"],
    ["prove", "slow.arch", "macs == 3*n"],
    ["scale", "slow.arch"],
    ["sweep", "net.arch", *GRID, "-o", "old.txt", "--force"],
    ["sweep", "net.arch", *GRID, "-o", "old.parquet", "--force"],
    ["sweep", "net.arch", *GRID],
    ["plot", "slow.arch", "--over", "n=1..9", "-o", "old.svg", "--force"],
    ["verify", *["kv_cache"] * 2000],
    ["show", "-"],
]
KINDS = ["SIGINT", "SIGINT SIGINT", "SIGTERM"]
signals = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")


@signals
@pytest.mark.parametrize("index", range(len(LONG)))
def test_signals(index: int, folder: Path) -> None:
    """At any time: while modules are imported, in a loop of ours, in NumPy, in DuckDB."""
    interrupted(KINDS[index % len(KINDS)], index, folder)


@signals
@pytest.mark.slow
@pytest.mark.parametrize("index", range(len(LONG)))
@pytest.mark.parametrize("kind", KINDS * 5)
def test_many_signals(kind: str, index: int, folder: Path) -> None:
    interrupted(kind, index, folder)


def interrupted(kind: str, index: int, folder: Path) -> None:
    for name in ("old.txt", "old.parquet", "old.svg"):
        (folder / name).write_text("as it was")
    before = {p.name: p.read_text() for p in folder.iterdir()}
    draw = Random()
    process = started(*LONG[index], folder=folder, stdout=subprocess.DEVNULL)
    assert process.stderr is not None
    listening(process)
    time.sleep(draw.choice([0.0, draw.uniform(0, 0.3), draw.uniform(0.3, 1.5)]))
    sent = [getattr(signal, name) for name in kind.split()]
    for number in sent:
        process.send_signal(number)
        time.sleep(draw.uniform(0, 0.05))
    began = time.monotonic()
    said = process.stderr.read().decode()
    assert process.wait(60) == 128 + sent[0]
    assert time.monotonic() - began < 20  # most take a few milliseconds; a machine may be busy
    assert said.strip() == ""
    assert {p.name: p.read_text() for p in folder.iterdir()} == before
    process.communicate()


@signals
def test_an_interruption_that_is_lost(folder: Path) -> None:
    """Where the exception is raised in a place that swallows it, the command ends all the same."""
    code = "\n".join(
        [
            "import time, symcost.cli.programs as p, symcost.interruption as i",
            "def deaf(name):",
            "    while True:",
            "        try:",
            "            print('deaf', flush=True)",
            "            time.sleep(1)",
            "        except BaseException: pass",
            "p.network, i.GRACE = deaf, 0.3",
            "from symcost.__main__ import main",
            "import sys; sys.argv = ['symcost', 'check', 'net.arch']",
            "main()",
        ]
    )
    command, pipe = [sys.executable, "-c", code], subprocess.PIPE
    process = subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stdout=pipe, stderr=pipe)
    assert process.stdout is not None
    assert process.stdout.readline() == b"deaf\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said.strip()) == (130, b"")


@signals
def test_what_is_ignored_stays_ignored(folder: Path) -> None:
    """As `nohup` and a shell's `&` want it."""

    def ignoring() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    process = started("show", "-", folder=folder, preexec_fn=ignoring)
    listening(process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(NET.encode(), timeout=60)
    assert (process.returncode, err) == (0, b"")
    assert b"parameters" in out


# ------------------------------------------------------------ pipes


@pytest.mark.parametrize("name", COMMANDS)
def test_nobody_reads(name: str, folder: Path) -> None:
    """``symcost ... | head -0`` is no error, for any command."""
    process = started(name, *COMMANDS[name], folder=folder)
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, said = process.communicate(NET.encode(), timeout=60)
    assert (process.returncode, said) == (0, b"")


def test_somebody_reads_a_line(folder: Path) -> None:
    """``symcost sweep ... | head -1``: what is too long for the pipe is given up."""
    process = started("sweep", "net.arch", *GRID, folder=folder)
    assert process.stdout is not None
    assert process.stdout.readline() == b"X,params,macs\n"
    process.stdout.close()
    process.stdout = None
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, b"")


# ------------------------------------------------------------ files

WRITING: dict[str, list[str]] = {
    "a.txt": ["show", "net.arch"],
    "a.c": ["emit", "net.arch", "-l", "c"],
    "a.csv": ["sweep", "net.arch", "--set", "C=8", "--over", "X=1..900"],
    "a.parquet": ["sweep", "net.arch", "--set", "C=8", "--over", "X=1..900"],
    "a.svg": ["plot", "net.arch", "--over", "X=1..9"],
    "a.html": ["report", "net.arch"],
}


def test_every_command_that_writes_is_tried() -> None:
    writing = {name for name, c in cli.commands.items() if any("--output" in option.opts for option in c.params)}
    assert {args[0] for args in WRITING.values()} | {"zoo"} == writing  # zoo writes as show does


@pytest.mark.parametrize("name", WRITING)
def test_files(name: str, folder: Path) -> None:
    """None without --force where there is one; whole or not at all; the permissions stay."""
    place = folder / name
    place.write_text("as it was")
    place.chmod(0o640)
    names = sorted(p.name for p in folder.iterdir())

    def said(*more: str, room: int | None = None) -> tuple[int, str]:
        def small() -> None:
            if room is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

        process = started(*WRITING[name], "-o", name, *more, folder=folder, preexec_fn=small)
        return process.wait(60), process.communicate()[1].decode()

    code, told = said()
    assert (code, told.partition(":")[0], place.read_text()) == (1, "error[file-exists]", "as it was")
    code, told = said("--force", room=100)  # as a disk that is full after 100 bytes
    assert (code, "error[unwritable]: " in told, "Traceback" in told) == (1, True, False)
    assert (place.read_text(), sorted(p.name for p in folder.iterdir())) == ("as it was", names)
    assert said("--force") == (0, "")
    assert b"as it was" not in place.read_bytes()
    assert place.stat().st_size > 100
    assert place.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in folder.iterdir()) == names


@pytest.mark.parametrize(
    ("output", "code"), [("none/a.txt", "unwritable"), ("circle", "unwritable"), ("/proc/a", "unwritable")]
)
def test_places_that_cannot_be_written(output: str, code: str, folder: Path) -> None:
    (folder / "circle").symlink_to("circle")
    for force in ((), ("--force",)):
        process = started("show", "net.arch", "-o", output, *force, folder=folder)
        assert process.wait(60) == 1
        assert process.communicate()[1].decode().startswith(f"error[{code}]: cannot write {output}: ")
    assert (folder / "circle").is_symlink()


def test_a_file_that_comes_meanwhile(folder: Path) -> None:
    """What somebody else writes while we are at work is not overwritten either."""
    from symcost.cli.writing import beside
    from symcost.source import SymcostError

    place = folder / "new"
    with pytest.raises(SymcostError, match="file-exists"), beside(place, force=False) as path:
        path.write_text("ours")
        place.write_text("theirs")
    assert place.read_text() == "theirs"
    assert sorted(p.name for p in folder.iterdir()) == ["net.arch", "new", "slow.arch"]


def test_a_dash_is_standard_output(folder: Path) -> None:
    for command in (["show", "net.arch", "-q"], ["emit", "net.arch", "-l", "c"], WRITING["a.csv"]):
        plain, dashed = (started(*command, *more, folder=folder).communicate() for more in ([], ["-o", "-"]))
        assert plain == dashed
        assert plain[0]
    assert not (folder / "-").exists()
