"""The project as others get it: sdist, wheel, editable install and plain checkout all count the same."""

import os
import re
import runpy
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

pytestmark = pytest.mark.packaging

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = {".py", ".typed", ".toml", ".lark", ".arch", ".js", ".css", ".html"}
PROGRAM = "input 3@8x8 conv3-4"
# 3*3*3*4 weights and 4 biases; two operations for each of the 8*8*4 dot products of length 27
ANSWER = ["112", "13824"]
COUNT = f"""
import symcost
net = symcost.parse({PROGRAM!r})
print(net.params, net.flops, symcost.__file__)
"""


def output(*command: str | Path, cwd: Path, **env: str) -> str:
    """What a command prints, run outside the project so that only what is installed can be found."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, cwd=cwd, env=clean | env, capture_output=True, text=True)
    assert done.returncode == 0, f"{command} gave {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def fresh(venv: Path, *install: str | Path) -> Path:
    """The Python of a new virtual environment with ``install`` in it."""
    environment = runpy.run_path(str(ROOT / "dev.py"))["environment"]
    python: Path = environment(venv)
    output(python, "-m", "pip", "install", "--quiet", *install, cwd=venv)
    return python


def counted(python: Path, cwd: Path, **env: str) -> Path:
    """The folder of the package that ``python`` imports, which has counted one line rightly."""
    *answer, file = output(python, "-c", COUNT, cwd=cwd, **env).split()
    assert answer == ANSWER
    return Path(file).resolve().parent


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel built from it."""
    dist = tmp_path_factory.mktemp("dist")
    output(sys.executable, "-m", "build", ROOT, "--outdir", dist, cwd=dist)
    return dist


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (wheel,) = dist.glob("symcost-*-py3-none-any.whl")
    return wheel


@pytest.fixture
def checkout(dist: Path, tmp_path: Path) -> Path:
    """The unpacked sdist: a checkout that no tool has yet touched."""
    (sdist,) = dist.glob("symcost-*.tar.gz")
    with tarfile.open(sdist) as archive:
        safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # from Python 3.11.4 on
        archive.extractall(tmp_path, **safe)
    return tmp_path / sdist.name.removesuffix(".tar.gz")


def test_sdist_holds_what_a_developer_needs(checkout: Path) -> None:
    wanted = {
        "README.md",
        "LICENSE",
        "CITATION.cff",
        "pyproject.toml",
        "dev.py",
        "grammar/symcost.lark",
        "grammar/latex.lark",
    }
    folders = [ROOT / name for name in ("docs", "tests", "examples")]
    wanted |= {file.relative_to(ROOT).as_posix() for folder in folders for file in folder.glob("*.*")}
    assert {name for name in wanted if not (checkout / name).exists()} == set()
    assert not (checkout / ".venv").exists()


def test_wheel_holds_the_package_its_data_and_its_grammars(wheel: Path) -> None:
    package = {f.relative_to(ROOT).as_posix() for f in (ROOT / "symcost").rglob("*") if f.suffix in SHIPPED}
    names = [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]
    assert sorted(names) == sorted(package | {"symcost/grammar/symcost.lark", "symcost/grammar/latex.lark"})
    assert "symcost/py.typed" in names
    assert any(re.fullmatch(r"symcost/conventions/[\w.-]+\.toml", name) for name in names)


def test_wheel_says_what_it_needs(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    info = wheel.name.removesuffix("-py3-none-any.whl") + ".dist-info"
    metadata = message_from_bytes(archive.read(f"{info}/METADATA"))
    needs = [need for need in metadata.get_all("Requires-Dist", []) if "extra ==" not in need]
    assert {re.split(r"\W", need)[0] for need in needs} == {"sympy", "lark", "click", "rich"}
    assert f"{info}/licenses/LICENSE" in archive.namelist()


def test_installed_wheel_counts(wheel: Path, tmp_path: Path) -> None:
    python = fresh(tmp_path / "venv", wheel)
    assert counted(python, tmp_path).parent.name == "site-packages"
    assert ANSWER[0] in output(python.with_name("symcost" + python.suffix), PROGRAM, cwd=tmp_path)


def test_editable_install_counts(checkout: Path, tmp_path: Path) -> None:
    python = fresh(tmp_path / "venv", "--editable", checkout)
    assert counted(python, tmp_path) == checkout.resolve() / "symcost"
    assert not (checkout / "symcost" / "grammar").exists()  # a copy would go stale


def test_plain_checkout_counts(checkout: Path, tmp_path: Path) -> None:
    assert counted(Path(sys.executable), tmp_path, PYTHONPATH=str(checkout)) == checkout.resolve() / "symcost"
