"""The worked programs of the language, and what importing does."""

from __future__ import annotations

from pathlib import Path

import pytest

import symcost

PROGRAMS = sorted((Path(__file__).parent / "data" / "programs").glob("*.arch"))


def test_there_are_32() -> None:
    assert len(PROGRAMS) == 32


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda p: p.stem)
def test_every_assert_holds(path: Path) -> None:
    assert symcost.load(path).check() == ()


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda p: p.stem)
def test_a_wrong_assert_is_found(path: Path) -> None:
    """The same programs with every number on the right of an equation changed: none of those asserts holds."""
    lines = path.read_text(encoding="utf-8").splitlines()
    wrong = [
        f"{line.split('#')[0].rstrip()} + 1" if line.startswith("assert") and "==" in line else line for line in lines
    ]
    arch = symcost.parse("\n".join(wrong), folder=path.parent)
    changed = sum(a != b for a, b in zip(lines, wrong, strict=True))
    assert len([d for d in arch.check() if d.code == "assertion-failed"]) >= changed


# imports


def program(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.arch").write_text(text, encoding="utf-8")
    return folder / "main.arch"


def test_a_file_beside_the_program_is_imported(tmp_path: Path) -> None:
    path = program(
        tmp_path,
        main='import blocks (double)\nimport "blocks.arch" as b\ninput 3@8x8 double-4 b.double-4',
        blocks="set conv.bias = false\nblock double-c { conv3-c conv3-c }",
    )
    assert symcost.load(path).params == 9 * (3 * 4 + 4 * 4 + 4 * 4 + 4 * 4)


@pytest.mark.parametrize("alias", ["", " as kit"])
def test_a_file_in_folders_has_its_own_name(tmp_path: Path, alias: str) -> None:
    (tmp_path / "parts" / "deep").mkdir(parents=True)
    (tmp_path / "parts" / "deep" / "lib.arch").write_text("block b { conv1-4 }", encoding="utf-8")
    name = "kit" if alias else "lib"
    for written in ("parts.deep.lib", '"parts/deep/lib.arch"'):
        path = program(tmp_path, main=f"import {written}{alias}\ninput 3@8 {name}.b")
        assert symcost.load(path).params == 3 * 4 + 4


def code_of(path: Path) -> list[str]:
    with pytest.raises(symcost.SymcostError) as error:
        symcost.load(path)
    return [d.code for d in error.value.diagnostics]


def test_a_setting_of_a_library_never_leaks(tmp_path: Path) -> None:
    path = program(
        tmp_path, main="import lib (a)\ninput 3@8x8 a conv1-5", lib="set conv.bias = false\nblock a { relu }"
    )
    assert symcost.load(path).params == 3 * 5 + 5


def test_a_cycle_is_a_diagnostic(tmp_path: Path) -> None:
    path = program(
        tmp_path,
        main="import a (x1)\ninput 3@8x8",
        a="import b (y1)\nblock x1 { relu }",
        b="import a (x1)\nblock y1 { relu }",
    )
    assert "import-cycle" in code_of(path)


def test_a_missing_file_is_a_diagnostic(tmp_path: Path) -> None:
    assert code_of(program(tmp_path, main="import nowhere (a)\ninput 3@8x8")) == ["unknown-import"]


def test_a_missing_name_is_a_diagnostic(tmp_path: Path) -> None:
    path = program(tmp_path, main="import lib (shortcat)\ninput 3@8x8", lib="block shortcut { relu }")
    with pytest.raises(symcost.SymcostError, match="did you mean 'shortcut'"):
        symcost.load(path)


def test_no_path_leaves_the_folder(tmp_path: Path) -> None:
    inside = tmp_path / "project"
    inside.mkdir()
    (tmp_path / "secret.arch").write_text("block s { relu }", encoding="utf-8")
    assert code_of(program(inside, main='import "../secret.arch" (s)\ninput 3@8x8')) == ["import-outside"]
    assert code_of(program(inside, main=f'import "{tmp_path / "secret.arch"}" (s)\ninput 3@8x8')) == ["import-outside"]


def test_a_text_imports_the_standard_library_only() -> None:
    assert symcost.parse("import std.resnet (stem)\ninput 3@224x224 stem : 64@56x56").output is not None
    with pytest.raises(symcost.SymcostError, match="no file"):
        symcost.parse("import blocks (a)\ninput 3@8x8")
