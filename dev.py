#!/usr/bin/env python3
"""Run or work on symcost on a machine that has only Python 3.11 or later, and pip.

    python3 dev.py demo             count VGG-16
    python3 dev.py test [ARGS]      run the tests; ARGS go to pytest
    python3 dev.py check            ruff, its formatter and mypy, none of which changes a file
    python3 dev.py docs             the documentation as a site in build/docs, warnings being errors
    python3 dev.py versions         some tests with the lowest and the newest versions of what is needed, and python-flint

The first run makes a virtual environment and installs the project into it, editable. Later runs install again
only when pyproject.toml has changed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
BIN, EXE = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
PLAIN, TEST, DEV = EXTRAS = ("", "[test]", "[dev]")  # each installs what those before it install
PIP = ("-m", "pip", "install", "-qq", "--no-input", "--disable-pip-version-check")
WORKERS = ("-n", "auto", "--maxprocesses", "4")  # each imports SymPy anew, so that more would not pay
CHECKS = ("ruff check", "ruff format --check", "mypy")
TELLING = "bridge api grammar fmt latex_formula diagnostics programs cli"  # tests of what meets SymPy, Lark and Click
FLINT = "bridge api founding"  # and of what meets SymPy's numbers
SHOW = """
import importlib.metadata as m, sympy.external.gmpy as g
print("with", ", ".join(f"{n} {m.version(n)}" for n in ("sympy", "lark", "click", "rich")), "and integers of", g.GROUND_TYPES)
"""


def stop(reason: str) -> NoReturn:
    sys.exit(f"dev.py: {reason}")


def run(*command: str | Path, **env: str) -> int:
    """The exit code a shell would give for a command run in the project's folder."""
    code = subprocess.run(command, cwd=ROOT, env=os.environ | env).returncode
    return code if code >= 0 else 128 - code


def environment(venv: Path) -> Path:
    """The Python of the virtual environment ``venv``, which is made if it is missing or broken."""
    python, pip = (venv / BIN / (name + EXE) for name in ("python", "pip"))
    if python.exists() and pip.exists():
        return python
    if venv.exists() and not (venv / "pyvenv.cfg").exists() and (venv.is_file() or any(venv.iterdir())):
        stop(f"{venv} exists and is not a virtual environment; name another folder with --venv.")
    make = ("--clear", str(venv))
    if subprocess.run([sys.executable, "-m", "venv", *make], capture_output=True).returncode:
        # some systems ship Python without `venv` or the `ensurepip` it needs
        with tempfile.TemporaryDirectory() as tools:
            if run(sys.executable, *PIP, "--target", tools, "virtualenv"):
                stop("this Python has no working venv, and pip could not install virtualenv instead.")
            if run(sys.executable, "-m", "virtualenv", "--quiet", *make, PYTHONPATH=tools):
                stop(f"virtualenv could not make an environment in {venv}.")
    return python


def installed(venv: Path, extra: str) -> Path:
    """The Python of ``venv``, where the project is installed with at least ``extra``."""
    stamp = venv / "symcost.stamp"
    digest = hashlib.sha256(bytes(ROOT) + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    python = environment(venv)
    if not (stamp.exists() and stamp.read_text() in [digest + e for e in EXTRAS[EXTRAS.index(extra) :]]):
        print(f"dev.py: installing symcost{extra} into {venv}", file=sys.stderr, flush=True)
        if run(python, *PIP, "--editable", f".{extra}"):
            stop(f"pip could not install symcost{extra}; what it said is above.")
        stamp.write_text(digest + extra)
    return python


def demo(venv: Path, args: list[str]) -> int:
    return run(installed(venv, PLAIN).with_name("symcost" + EXE), "examples/vgg16.arch", *args)


def test(venv: Path, args: list[str]) -> int:
    chosen = any(arg.startswith(("-n", "--numprocesses")) for arg in args)
    return run(installed(venv, TEST), "-m", "pytest", *(() if chosen else WORKERS), *args)


def check(venv: Path, args: list[str]) -> int:
    if args:
        stop(f"check takes no arguments, and got {' '.join(args)}.")
    python = installed(venv, DEV)
    return max([run(python, "-m", *tool.split()) for tool in CHECKS])  # a list: all of them run


def docs(venv: Path, args: list[str]) -> int:
    site = ROOT / "build" / "docs"
    options = ("-q", "-W", "--keep-going", "-c", "docs", "-d", "build/doctrees", *args)
    code = run(installed(venv, DEV), "-m", "sphinx", *options, ".", site)
    if not code:
        print(f"open {site / 'docs' / 'index.html'}")
    return code


def versions(venv: Path, args: list[str]) -> int:
    import tomllib  # which an old Python has not, and it is to be greeted

    python = installed(venv, TEST)
    needed: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    newest = [need.partition(">=")[0] for need in needed]
    found = [
        tested(python, venv / "versions" / "lowest", [need.replace(">=", "==") for need in needed], TELLING, args),
        tested(python, venv / "versions" / "newest", newest, TELLING, args),
        tested(python, venv / "versions" / "flint", ["python-flint", *newest], FLINT, args, SYMPY_GROUND_TYPES="flint"),
    ]
    return max(found)


def tested(python: Path, folder: Path, packages: list[str], tests: str, args: list[str], **env: str) -> int:
    """The exit code of some tests with ``packages`` in front of those of the environment, which have passed them already."""
    shutil.rmtree(folder, ignore_errors=True)
    print(f"dev.py: {' '.join(packages)}", file=sys.stderr, flush=True)
    if run(python, *PIP, "--target", folder, *packages):
        stop(f"pip could not install {' '.join(packages)}; what it said is above.")
    env["PYTHONPATH"] = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    before, now = (subprocess.check_output([python, "-c", SHOW], text=True, env=os.environ | e) for e in ({}, env))
    print(now.strip(), "" if before != now else "as in the environment", flush=True)
    files = [f"tests/test_{name}.py" for name in tests.split()]
    return 0 if before == now else run(python, "-m", "pytest", "-q", *WORKERS, *files, *args, **env)


def main() -> int:
    if sys.version_info < (3, 11):
        stop(f"symcost needs Python 3.11 or later, and {sys.executable} is {sys.version.split()[0]}.")
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("dev.py", description=__doc__, formatter_class=form, allow_abbrev=False)
    parser.add_argument("command", choices=("demo", "test", "check", "docs", "versions"))
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv", metavar="DIR", help="instead of .venv here")
    options, rest = parser.parse_known_args()
    command = {"demo": demo, "test": test, "check": check, "docs": docs, "versions": versions}[options.command]
    return command(options.venv.resolve(), rest)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
