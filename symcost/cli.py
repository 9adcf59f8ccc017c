"""The command line: arguments, colour, exit codes. It computes nothing.

Exit codes: 0 fine; 1 the program is wrong, an assert failed, or `fmt --check` would change something; 2 a wrong command line;
130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from symcost import __version__
from symcost.source import Diagnostic, Source, SymcostError, nearest

if TYPE_CHECKING:
    from rich.console import Console

    from symcost.architecture import Architecture
    from symcost.render.document import Document


class _DefaultShow(click.Group):
    """``symcost vgg16.arch`` is ``symcost show vgg16.arch``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h", "--version"):
            args = ["show", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:  # the reader has seen enough; an error that nobody read is still one
            _abandon_output()
            raise SystemExit(1 if isinstance(error.__context__, SymcostError) else 0) from None


@click.group(cls=_DefaultShow, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
@click.version_option(__version__, prog_name="symcost")
def cli() -> None:
    """The formula behind the network: exact parameters, MACs and FLOPs of an architecture with symbolic sizes.

    \b
    symcost vgg16.arch                          its formulas, layer by layer
    symcost vgg16.arch --set X=224              ... at a size
    symcost 'input 3@X x X  conv3-64 maxpool'   a program on the command line
    symcost vgg16.arch --latex                  for the paper
    """


def _showing(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every command that prints a network."""
    options = (
        click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="Give a symbol a value or a formula."),
        click.option(
            "--convention", "conventions", multiple=True, metavar="NAME", help="Count by this convention too."
        ),
        click.option("--speed", metavar="FLOPS", help="Add the time on a device of this speed, such as 312T."),
        click.option("--resolve", is_flag=True, help="Write named sizes out."),
        click.option("--json", "form", flag_value="json", help="One JSON document; exact integers as strings."),
        click.option("--latex", "form", flag_value="latex", help="A LaTeX fragment."),
        click.option("--markdown", "form", flag_value="markdown", help="A Markdown table."),
        click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write to a file."),
        click.option("--force", is_flag=True, help="Overwrite the file."),
        click.option("-q", "--quiet", is_flag=True, help="Totals only, no table of layers."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@cli.command(short_help="Print the costs of a network.")
@click.argument("program", metavar="FILE|-|TEXT")
@click.argument("more", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--net", "net", metavar="NAME", help="A net the file defines, such as 'vgg(2, 2, 3, 3, 3)'.")
@_showing
def show(program: str, more: tuple[str, ...], net: str | None, **options: Any) -> None:
    """Print the costs of a network: a FILE, - for standard input, or the program itself.

    \b
    symcost show vgg16.arch --set X=224
    symcost show net.arch --set n=3,K=5 --convention exact
    """
    with _reported(options["form"] == "json"):
        arch, title = _network(program)
        if net is not None:
            arch, title = _net(arch, net), net
        elif arch.input is None:
            raise SymcostError(_choose(arch, program))
        _print(arch, title, more, **options)


def _print(
    arch: Architecture,
    title: str,
    more: tuple[str, ...],
    given: tuple[str, ...],
    conventions: tuple[str, ...],
    speed: str | None,
    resolve: bool,
    form: str | None,
    output: str | None,
    force: bool,
    quiet: bool,
) -> None:
    from symcost.render.document import STANDARD, Document

    arch = arch.at(_values((*given, *more)))
    document = Document(arch, title, tuple(dict.fromkeys((*STANDARD, *conventions))), resolve)
    rate = _rate(speed)
    with _written(output, force) as stream:
        _render(document, form, stream, quiet, rate)


@cli.command(short_help="Published architectures.")
@click.argument("family", required=False)
@click.argument("net", required=False)
@click.argument("more", nargs=-1, metavar="[NAME=VALUE]...")
@_showing
def zoo(family: str | None, net: str | None, more: tuple[str, ...], **options: Any) -> None:
    """List published architectures, say what a FAMILY has, or print a NET of it as show does.

    \b
    symcost zoo
    symcost zoo vgg
    symcost zoo vgg 'vgg(2, 2, 3, 3, 3)' --set H=224,W=224
    """
    from symcost.zoo import families, load, path

    if net is None and any(options.values()):
        raise click.UsageError("options are for a net: symcost zoo FAMILY NET")
    with _reported(options["form"] == "json"), _piped():
        if family is None:
            width = max(len(name) for name in families())
            for name in families():
                click.echo(f"{name:<{width}}  {', '.join(load(name).nets)}")
        elif net is None:
            click.echo(_described(path(family), load(family)), nl=False)
        else:
            _print(_net(load(family), net), net, more, **options)


@cli.command(short_help="Run the asserts of programs.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("-q", "--quiet", is_flag=True, help="Print failures only.")
def check(files: tuple[str, ...], quiet: bool) -> None:
    """Run the asserts of programs; exit code 1 when one fails.

    \b
    symcost check vgg16.arch resnet.arch
    """
    from symcost.claims import check as run

    failed = False
    for name in files:
        with _reported(False, ends=False) as outcome:
            arch, title = _network(name)
            results = list(run(arch))
            wrong = [d for _, d in results if d is not None]
            if wrong:
                raise SymcostError(wrong)
            if not quiet:
                held = f"{len(results)} {'assert holds' if len(results) == 1 else 'asserts hold'}"
                click.echo(f"{title}: {held if results else 'no asserts'}")
        failed = failed or outcome.failed
    if failed:
        raise SystemExit(1)


@cli.command(short_help="Format programs.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit code 1 when something would change.")
def fmt(files: tuple[str, ...], only_check: bool) -> None:
    """Format programs in place; - formats standard input to standard output.

    \b
    symcost fmt vgg16.arch
    symcost fmt --check networks/*.arch
    """
    from symcost.fmt import formatted

    changed = failed = False
    for name in files:
        with _reported(False, ends=False) as outcome:
            text = _text(name)
            result = formatted(Source(_shown(name), text))
            if name == "-" and not only_check:
                click.echo(result, nl=False)
            elif result != text:
                changed = True
                if only_check:
                    click.echo(f"would change {name}")
                else:
                    _write_whole(Path(name), result)
                    click.echo(f"changed {name}", err=True)
        failed = failed or outcome.failed
    if failed or (only_check and changed):
        raise SystemExit(1)


@cli.command(short_help="List the layer kinds with their general formulas.")
@click.argument("kind", required=False)
@click.option("--markdown", "form", flag_value="markdown", help="The reference page of the documentation.")
def layers(kind: str | None, form: str | None) -> None:
    """List the layer kinds with their general formulas, or say everything about one KIND.

    \b
    symcost layers
    symcost layers conv
    """
    from symcost.render.kinds import describe, listing, page

    with _reported(False), _piped():
        console = _console()
        if form == "markdown":
            click.echo(page(), nl=False)
            return
        with console.capture() as shown:
            listing(console) if kind is None else describe(kind, console)
        click.echo(shown.get(), nl=False)


@cli.command(short_help="Print the script for shell completion.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes symcost's commands and options.

    \b
    eval "$(symcost completion bash)"
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(cli, {}, "symcost", "_SYMCOST_COMPLETE").source())


def main() -> None:
    """The entry point of the command ``symcost``."""
    _open_streams()
    try:
        code = cli.main(prog_name="symcost", standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except OSError as error:
        _abandon_output()
        click.echo(f"error[unwritable]: cannot write the result: {error.strerror}", err=True)
        code = 1
    raise SystemExit(code)


def _open_streams() -> None:
    """A stream that was closed before we started takes and gives nothing; what it cannot spell is escaped."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")


def _abandon_output() -> None:
    """Nothing more is written: what is left in the buffers would raise again when Python ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(nowhere, stream.fileno())


# ------------------------------------------------------------ reading


def _shown(name: str) -> str:
    return "<stdin>" if name == "-" else "<program>" if _is_program(name) else name


def _text(program: str) -> str:
    """The text of a file, of standard input, or the argument itself when it is no file but looks like a program."""
    from symcost.files import read, text_of

    if program == "-":
        if sys.stdin is None:
            raise SymcostError(Diagnostic("unreadable", "standard input is closed"))
        return text_of(sys.stdin.buffer, "standard input")
    if _is_program(program):
        return program
    try:
        return read(program)
    except SymcostError as error:
        meant = nearest(program, cli.commands)
        raise SymcostError([replace(d, help=d.help or meant) for d in error.diagnostics]) from None


def _is_program(argument: str) -> bool:
    """Whether an argument is program text: it has blanks or an @, it does not end as a file does, and no such file exists."""
    if argument.endswith(".arch") or not any(c in argument for c in " \n@;"):
        return False
    try:
        return not Path(argument).exists()
    except (OSError, ValueError):  # too long for a file name
        return True


def _network(program: str) -> tuple[Architecture, str]:
    from symcost.parser import parse

    name = _shown(program)
    inside = name != program
    file = parse(Source(name, _text(program), None if inside else Path(program).parent))
    from symcost.architecture import network  # behind the parser: an error of syntax answers before the rest is loaded

    return network(file), name if inside else Path(program).name


def _net(arch: Architecture, call: str) -> Architecture:
    """``vgg(2, 2, q=1)`` as a network of the file."""
    from symcost import syntax as s
    from symcost.parser import parse_formula

    asked = parse_formula(call, "--net")
    match asked:
        case s.Ref(names=(name,)):
            return arch.net(name)
        case s.Apply(function=s.Ref(names=(name,)), attribute=None):
            args = asked.args or ()
            plain = [_argument(a.value.span.text) for a in args if a.name is None]
            named = {a.name: _argument(a.value.span.text) for a in args if a.name is not None}
            if len(plain) + len(named) < len(args):
                raise SymcostError(Diagnostic("given-twice", f"an argument of '{name}' is given twice", asked.span))
            return arch.net(name, *plain, **named)
    raise SymcostError(
        Diagnostic("unknown-net", f"'{call}' is no net", help="write it as in: --net 'vgg(2, 2, 3, 3, 3)'")
    )


def _argument(text: str) -> str | bool:
    return {"true": True, "false": False}.get(text, text)


def _described(path: Path, arch: Architecture) -> str:
    """What stands at the top of a file, its nets with their parameters, how many asserts it has."""
    from symcost.files import read

    program = arch._program
    comments = takewhile(lambda line: line.startswith("#"), read(path).splitlines())
    about = "".join(f"{line.removeprefix('#').strip()}\n" for line in comments)
    nets = [f"{name}({', '.join(p.span.text for p in b.definition.params)})" for name, b in program.nets().items()]
    listed = "".join(f"  {net.removesuffix('()')}\n" for net in nets)
    return f"{about}\n{listed}\n{len(program.asserts)} asserts\n"


def _choose(arch: Architecture, program: str) -> Diagnostic:
    if not arch.nets:
        message = f"{_shown(program)} has no network: no input, no layers"
        return Diagnostic("no-network", message, help="begin with what comes in: input 3@224x224")
    message = f"{_shown(program)} has no network of its own"
    return Diagnostic("choose-net", message, help=f"choose one of its nets with --net: {', '.join(arch.nets)}")


def _values(given: tuple[str, ...]) -> dict[str, str]:
    """``X=224``, ``n=3,K=5`` as values by name."""
    found: dict[str, str] = {}
    for part in (p for g in given for p in _split(g)):
        name, equals, value = part.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise click.UsageError(f"'{part}' is not of the form NAME=VALUE")
        if name.strip() in found:
            raise click.UsageError(f"'{name.strip()}' is given twice")
        found[name.strip()] = value.strip()
    return found


def _split(given: str) -> list[str]:
    """At commas outside parentheses."""
    parts, depth = [""], 0
    for c in given:
        depth += {"(": 1, ")": -1}.get(c, 0)
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return parts


def _rate(speed: str | None) -> Any:
    """``312T`` as operations a second."""
    if speed is None:
        return None
    from symcost.claims import figure

    rate = figure(speed)
    if rate is None or rate <= 0:
        raise click.UsageError(f"'{speed}' is no speed; write 312T for 312*10^12 operations a second")
    return rate


# ------------------------------------------------------------ writing


def _console(file: Any = None) -> Console:
    from rich.console import Console

    return Console(file=file, highlight=False, emoji=False, markup=False)


def _render(document: Document, form: str | None, stream: Any, quiet: bool, rate: Any) -> None:
    if form is None:
        from symcost.render.terminal import show

        console = _console(stream)
        with console.capture() as shown:  # nothing is written before everything is known
            show(document, console, table=not quiet, speed=rate)
        stream.write(shown.get())
        return
    from symcost.render.document import rendered

    stream.write(rendered(document, form))


@contextmanager
def _written(output: str | None, force: bool) -> Iterator[Any]:
    """Standard output, or a file that is written whole or not at all."""
    if output is None:
        with _piped():
            yield sys.stdout
        return
    path = Path(output)
    if path.is_file() and not force:
        raise SymcostError(Diagnostic("file-exists", f"{output} exists", help="use --force to overwrite it"))
    from io import StringIO

    buffer = StringIO()
    yield buffer
    _write_whole(path, buffer.getvalue())


def _write_whole(path: Path, text: str) -> None:
    """Write beside the file, then put it in its place. A link stays a link; a device or a pipe is written to."""
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8", newline="\n")
            return
        whole = path.resolve()
        beside = whole.with_name(f".symcost-{os.getpid()}")
        try:
            beside.write_text(text, encoding="utf-8", newline="\n")
            if whole.exists():
                beside.chmod(whole.stat().st_mode & 0o777)
            beside.replace(whole)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise SymcostError(Diagnostic("unwritable", f"cannot write {path}: {error.strerror}")) from None


@contextmanager
def _piped() -> Iterator[None]:
    yield
    sys.stdout.flush()


class _Outcome:
    failed = False


@contextmanager
def _reported(as_json: bool, ends: bool = True) -> Iterator[_Outcome]:
    """Diagnostics on standard error (as JSON on standard output when that was asked for), exit code 1."""
    outcome = _Outcome()
    if as_json and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")  # as JSON is, whatever the terminal
    try:
        yield outcome
    except SymcostError as error:
        outcome.failed = True
        if as_json:
            from symcost.render.json import errors

            click.echo(errors(error.diagnostics), nl=False)
        else:
            click.echo(_coloured(str(error)), err=True)
        if ends:
            raise SystemExit(1) from None


def _coloured(message: str) -> str:
    """Errors stand out on a terminal, and nowhere else."""
    if not sys.stderr.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return message
    lines = []
    for line in message.split("\n"):
        if line.startswith("error["):
            head, _, rest = line.partition(":")
            line = click.style(head, fg="red", bold=True) + click.style(":" + rest, bold=True)
        elif line.lstrip(" |").startswith("^"):
            line = click.style(line, fg="red")
        lines.append(line)
    return "\n".join(lines)
