"""What stands on the command line: programs, nets, values, figures."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from symcost.cli.app import cli
from symcost.source import Diagnostic, Source, SymcostError, listed

if TYPE_CHECKING:
    from symcost.architecture import Architecture


def shown(name: str) -> str:
    return "<stdin>" if name == "-" else "<program>" if is_program(name) else name


def text_of(program: str) -> str:
    """The text of a file, of standard input, or the argument itself when it is no file but looks like a program."""
    from symcost.files import read, text_of

    if program == "-":
        if sys.stdin is None:
            raise SymcostError(Diagnostic("unreadable", "standard input is closed"))
        return text_of(sys.stdin.buffer, "standard input")
    if is_program(program):
        return program
    try:
        return read(program)
    except SymcostError as error:
        meant = _meant(program)
        raise SymcostError([replace(d, help=d.help or meant) for d in error.diagnostics]) from None


def _meant(program: str) -> str | None:
    """A program beside the one that is not there, a command, or a family of the zoo, of nearly that name."""
    from difflib import get_close_matches

    from symcost.zoo import families

    folder = Path(program).parent
    try:
        files = [folder / path.name for path in folder.glob("*.arch") if path.name != Path(program).name]
    except (OSError, ValueError):
        files = []
    known = {name: f"zoo/{name}" for name in families()} | {name: name for name in cli.commands}
    known |= {str(path.with_suffix("")): str(path) for path in files}
    near = get_close_matches(program.removesuffix(".arch"), known)
    return f"did you mean {listed([known[name] for name in near], 'or')}?" if near else None


def is_program(argument: str) -> bool:
    """Whether an argument is program text: it has blanks or an @, it does not end as a file does, and no such file exists."""
    if argument.endswith(".arch") or not any(c in argument for c in " \n@;"):
        return False
    from symcost.files import exists

    return not exists(argument)


def network(program: str) -> tuple[Architecture, str]:
    from symcost.files import exists
    from symcost.parser import parse

    if program.startswith("zoo/") and not exists(program):
        from symcost.zoo import load

        return load(program.removeprefix("zoo/")), program
    name = shown(program)
    inside = name != program
    file = parse(Source(name, text_of(program), None if inside else Path(program).parent))
    from symcost.architecture import network  # behind the parser: an error of syntax answers before the rest is loaded

    return network(file), name if inside else Path(program).name


def net_of(arch: Architecture, call: str) -> Architecture:
    """``vgg(2, 2, q=1)`` as a network of the file."""
    from symcost import syntax as s
    from symcost.parser import parse_formula

    asked = parse_formula(call, "--net")
    match asked:
        case s.Ref(names=(name,)):
            return arch.net(name)
        case s.Apply(function=s.Ref(names=(name,)), attribute=None):
            args = asked.args or ()
            plain = [argument(a.value.span.text) for a in args if a.name is None]
            named = {a.name: argument(a.value.span.text) for a in args if a.name is not None}
            if len(plain) + len(named) < len(args):
                raise SymcostError(Diagnostic("given-twice", f"an argument of '{name}' is given twice", asked.span))
            return arch.net(name, *plain, **named)
    raise SymcostError(
        Diagnostic("unknown-net", f"'{call}' is no net", help="write it as in: --net 'vgg(2, 2, 3, 3, 3)'")
    )


def argument(text: str) -> str | bool:
    return {"true": True, "false": False}.get(text, text)


def described(family: str, width: int) -> str:
    """What stands at the top of a file of the zoo, its nets with their parameters, how many asserts it has."""
    from symcost.render.terminal import prose
    from symcost.zoo import about, load, signatures

    listed = "".join(f"  {signature}\n" for signature in signatures(family).values())
    return "\n".join([prose(about(family), width), "", listed, f"{len(load(family)._program.asserts)} asserts\n"])


def choose(arch: Architecture, program: str) -> Diagnostic:
    if not arch.nets:
        message = f"{shown(program)} has no network: no input, no layers"
        return Diagnostic("no-network", message, help="begin with what comes in: input 3@224x224")
    message = f"{shown(program)} has no network of its own"
    return Diagnostic("choose-net", message, help=f"choose one of its nets with --net: {', '.join(arch.nets)}")


def values(given: tuple[str, ...]) -> dict[str, str]:
    """``X=224``, ``n=3,K=5`` as values by name."""
    found: dict[str, str] = {}
    for part in (p for g in given for p in split(g.rstrip(", "))):
        name, equals, value = part.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise click.UsageError(f"'{part}' is not of the form NAME=VALUE")
        if name.strip() in found:
            raise click.UsageError(f"'{name.strip()}' is given twice")
        found[name.strip()] = value.strip()
    return found


def split(given: str) -> list[str]:
    """At commas outside parentheses."""
    parts, depth = [""], 0
    for c in given:
        depth += {"(": 1, ")": -1}.get(c, 0)
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return parts


def rate_of(speed: str | None) -> Any:
    """``312T`` as operations a second."""
    if speed is None:
        return None
    from symcost.claims import figure

    rate = figure(speed)
    if rate is None or rate <= 0:
        raise click.UsageError(f"'{speed}' is no speed; write 312T for 312*10^12 operations a second")
    return rate


def spelled(given: tuple[str, ...], option: str) -> dict[str, str]:
    """``Cin as C_{\\mathrm{in}}`` by name."""
    found: dict[str, str] = {}
    for style in given:
        name, word, written = style.partition(" as " if " as " in style else "=")
        if not word or not name.strip() or not written.strip():
            raise click.UsageError(f"{option} '{style}' is not of the form 'NAME as TEX'")
        found[name.strip()] = written.strip()
    return found


def form_of(given: str | None) -> tuple[str, ...]:
    """``collected:X,n`` as its parts."""
    name, _, by = (given or "").partition(":")
    return tuple(part.strip() for part in (name, *by.split(",")) if part.strip())


def asked(program: str, net: str | None, given: tuple[str, ...]) -> tuple[Architecture, str]:
    """A network at values, and what it is called."""
    arch, title = network(program)
    if net is not None:
        arch, title = net_of(arch, net), net
    return arch.at(values(given)), title
