"""Commands about formulas: how a cost grows, how two compare, what a budget allows."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

from symcost.cli.app import cli
from symcost.cli.reading import choose, is_program, net_of, network, shown, values
from symcost.cli.writing import console_of, piped, reported
from symcost.source import DomainError, SymcostError

if TYPE_CHECKING:
    from rich.console import Console

    from symcost.architecture import Architecture
    from symcost.cost import Cost
    from symcost.growth import Study
    from symcost.invert import Budget
    from symcost.sizes.atoms import Rational, Size, Symbol

NET = click.option("--net", metavar="NAME", help="A net the file defines, such as 'resnet(3, 4, 6, 3)'.")
SET = click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="Give a symbol a value or a formula.")
JSON = click.option("--json", "form", flag_value="json", help="One JSON document; exact integers as strings.")
LATEX = click.option("--latex", "form", flag_value="latex", help="A LaTeX fragment.")

_RANGE = re.compile(r"(.+?)\.\.(.+?)(?::(.+))?$")
_BUDGET = re.compile(r"(.+?)\s*(<=|>=|≤|≥)\s*(.+)$")


def _asked(program: str, net: str | None, given: tuple[str, ...]) -> tuple[Architecture, str]:
    arch, title = network(program)
    if net is not None:
        arch, title = net_of(arch, net), net
    elif arch.input is None:
        raise SymcostError(choose(arch, program))
    return arch.at(values(given)), title


def _written(write: Callable[[Console], None]) -> None:
    """What a function prints, once all of it is known."""
    console = console_of()
    with console.capture() as done:
        write(console)
    click.echo(done.get(), nl=False)


def _number(text: str, option: str) -> Fraction:
    from symcost.parser import too_many_digits

    try:
        if too_many_digits(text.strip()):
            raise ValueError
        return Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        raise click.UsageError(f"{option}: '{text}' is no number") from None


def range_of(text: str, option: str) -> tuple[str, tuple[Fraction, Fraction, Fraction] | None]:
    """``X=192..256:32`` as a name with first, last and step; a name alone has no range."""
    name, equals, written = text.partition("=")
    if not equals:
        return name.strip(), None
    found = _RANGE.match(written.strip())
    if found is None:
        raise click.UsageError(f"{option}: '{text}' is not of the form NAME=FIRST..LAST or NAME=FIRST..LAST:STEP")
    low, high, step = (_number(part, option) for part in (found[1], found[2], found[3] or "1"))
    if step <= 0:
        raise click.UsageError(f"{option}: the step in '{text}' is not positive")
    return name.strip(), (low, high, step)


# ------------------------------------------------------------ scale


@cli.command(short_help="Say how a cost grows.")
@click.argument("program", metavar="FILE|-|TEXT")
@click.option("--in", "symbols", multiple=True, metavar="NAME", help="The symbol that grows; all of them by default.")
@click.option("--convention", default="flops", metavar="NAME", help="Which cost: a convention, params, act, ...")
@NET
@SET
@click.option("--at", "at", multiple=True, metavar="NAME=VALUE", help="Where to say it in numbers.")
@click.option("--assume", "assumed", multiple=True, metavar="'A >= B'", help="What is at least as large: 'd >= T'.")
@click.option("--steps", multiple=True, metavar="NAME=A..B", help="The steps of the exact cost in a range.")
@click.option("--all", "every_step", is_flag=True, help="All steps, not the largest only.")
@JSON
@LATEX
def scale(
    program: str,
    symbols: tuple[str, ...],
    convention: str,
    net: str | None,
    given: tuple[str, ...],
    at: tuple[str, ...],
    assumed: tuple[str, ...],
    steps: tuple[str, ...],
    every_step: bool,
    form: str | None,
) -> None:
    """Say how a cost grows: leading terms, doubling, elasticity, the form without roundings, its steps.

    \b
    symcost scale net.arch --in T --in d
    symcost scale zoo/vgg --net 'vgg(2, 2, 3, 3, 3)' --in H --set W=H
    """
    from symcost.render import growth

    with reported(form == "json"), piped():
        arch, title = _asked(program, net, given)
        cost = arch.cost(convention)
        found = _study(cost, arch, symbols, at, assumed, steps)
        if form is not None:
            click.echo({"json": growth.study_page, "latex": growth.study_latex}[form](found, cost), nl=False)
            return
        _written(lambda console: growth.show_study(found, cost, title, console, every_step=every_step))


def _study(
    cost: Cost,
    arch: Architecture,
    names: tuple[str, ...],
    at: tuple[str, ...],
    assumed: tuple[str, ...],
    steps: tuple[str, ...],
) -> Study:
    from symcost.growth import Study, dominant, scaling

    formula, known = cost._public, cost.domain.facts()
    free = {s.name for s in formula.symbols()}
    asked = [cost.domain.declared(n).symbol for n in (names or [n for n in arch.symbols if n in free])]
    together = dominant(formula, asked, [_pair(a, cost) for a in assumed], known) if asked else None
    point = {**{n: v for n, v in arch.defaults().items() if n in free}, **cost.domain.values(values(at))}
    numbers = {cost.domain.declared(n).symbol: v.number for n, v in point.items()}
    stairs = tuple(_stairs(cost, text) for text in steps)
    found = tuple(scaling(formula, s, known) for s in asked)
    return Study(formula, found, together, {s: v for s, v in numbers.items() if v is not None}, stairs)


def _pair(text: str, cost: Cost) -> tuple[Size, Size]:
    found = _BUDGET.match(text)
    if found is None:
        raise click.UsageError(f"--assume: '{text}' is not of the form 'A >= B'")
    left, right = cost.domain.read(found[1]), cost.domain.read(found[3])
    left, right = cost.domain.public(left), cost.domain.public(right)
    return (left, right) if found[2] in (">=", "≥") else (right, left)


def _stairs(cost: Cost, text: str) -> tuple[Symbol, Any]:
    from symcost.growth import staircase
    from symcost.invert import Unknown, undecided

    name, found = range_of(text, "--steps")
    if found is None or any(n.denominator > 1 for n in found):
        raise click.UsageError(f"--steps: '{text}' is not of the form NAME=FIRST..LAST, in integers")
    unknown, symbol = Unknown.of(cost.domain, name), cost.domain.declared(name).symbol
    others = sorted(s.name for s in cost._public.symbols() - {symbol})
    if others:
        raise undecided(f"the steps in {name} depend on {', '.join(others)}", "give them values with --set")
    step = max(int(found[2]), unknown.outside(2) - unknown.outside(1))
    low = -(-int(found[0]) // step) * step if step > found[2] else int(found[0])
    return symbol, staircase(cost._public, symbol, low, int(found[1]), step)


# ------------------------------------------------------------ compare


@cli.command(short_help="Compare two costs.")
@click.argument("programs", nargs=-1, required=True, metavar="A [B]")
@click.option("--convention", "conventions", multiple=True, metavar="NAME", help="Which cost; twice for two of one.")
@click.option("--net", "nets", multiple=True, metavar="NAME", help="A net the file defines; twice for two programs.")
@SET
@JSON
@LATEX
def compare(
    programs: tuple[str, ...],
    conventions: tuple[str, ...],
    nets: tuple[str, ...],
    given: tuple[str, ...],
    form: str | None,
) -> None:
    """Compare the costs of two networks, two formulas, or two costs of one network: ratio, limits, which is larger where.

    \b
    symcost compare small.arch large.arch --convention flops
    symcost compare '2*T^2*d' '8*T*d^2'
    symcost compare net.arch --convention macs --convention params
    """
    from symcost.render import growth

    if len(programs) > 2 or (len(programs) == 1) != (len(conventions) == 2):
        raise click.UsageError("two programs or formulas, or one program with two --convention")
    if nets and len(nets) != len(programs):
        raise click.UsageError("say --net once for each program")
    with reported(form == "json"), piped():
        costs = _two(programs, conventions, nets or (None,) * len(programs), given)
        found = _compared(*costs.values())
        if form is not None:
            write = {"json": growth.comparison_page, "latex": growth.comparison_latex}[form]
            click.echo(write(found, costs), nl=False)
            return
        _written(lambda console: growth.show_comparison(found, costs, console))


def _compared(first: Cost, second: Cost) -> Any:
    from symcost.comparison import compared
    from symcost.domain import by_name

    left, right = by_name(first._public, second._public)
    known = [by_name(left, fact)[1] for c in (first, second) for fact in c.domain.facts()]
    hints = [by_name(left, c.domain.public(h))[1] for c in (first, second) for h in c._hints]
    steps = {s: n for c in (first, second) for s, n in _steps(c).items()}
    return compared(left, right, known, hints, {s: steps[s.name] for s in (left - right).symbols() if s.name in steps})


def _steps(cost: Cost) -> dict[str, int]:
    """Of what symbols are multiples: ``assume X % 32 == 0``."""
    found = {}
    for name, declared in cost.domain.symbols.items():
        inner = declared.size.symbols()
        factor = (declared.size / declared.size.of(next(iter(inner)))).number if len(inner) == 1 else None
        if isinstance(factor, int):
            found[name] = factor
    return found


def _two(
    programs: tuple[str, ...], conventions: tuple[str, ...], nets: tuple[str | None, ...], given: tuple[str, ...]
) -> dict[str, Cost]:
    """The two costs by name: those of the programs where they differ, otherwise first and second."""
    if len(programs) == 1:
        arch, _ = _asked(programs[0], nets[0], given)
        titles, costs = list(conventions), [arch.cost(name) for name in conventions]
    else:
        name = conventions[0] if conventions else "flops"
        found = [_quantity(p, net, given, name) for p, net in zip(programs, nets, strict=True)]
        titles, costs = [title for title, _ in found], [cost for _, cost in found]
    if titles[0] == titles[1] or any(len(t) > 24 for t in titles):
        titles = ["first", "second"]
    return dict(zip(titles, costs, strict=True))


def _quantity(text: str, net: str | None, given: tuple[str, ...], name: str) -> tuple[str, Cost]:
    """A formula, or the cost of a network."""
    if net is not None or not _is_formula(text):
        arch, title = _asked(text, net, given)
        return title if title != shown(text) or not is_program(text) else "first", arch.cost(name)
    from symcost.cost import Cost
    from symcost.domain import Domain
    from symcost.graph.scope import Declared

    size = Domain({}, (), (), ()).read(text)
    domain = Domain({s.name: Declared(s) for s in sorted(size.symbols(), key=lambda s: s.key)}, (), (), ())
    given_here = {n: v for n, v in values(given).items() if domain.knows(n)}
    return text, Cost(size, "", None, (), domain).at(given_here)


def _is_formula(text: str) -> bool:
    """Whether an argument is a formula: it has an operator or a digit, and is no program, no network of the zoo and no file."""
    program = text == "-" or "@" in text or re.search(r"\b(input|net)\b", text) or text.endswith(".arch")
    if program or text.startswith("zoo/") or not re.search(r"[*+^()-]|\d", text) or re.fullmatch(r"[\w.-]*", text):
        return bool(re.fullmatch(r"\d+", text))
    from symcost.files import exists

    return not exists(text)


# ------------------------------------------------------------ invert


@cli.command(short_help="Find the largest sizes within a budget.")
@click.argument("program", metavar="FILE|-|TEXT")
@click.option(
    "--within",
    "budgets",
    multiple=True,
    required=True,
    metavar="'COST <= N'",
    help="'flops <= 4G'; several hold together.",
)
@click.option(
    "--for", "unknowns", multiple=True, required=True, metavar="NAME", help="The symbol to find; X, or X=32..512:32."
)
@NET
@SET
@JSON
def invert(
    program: str,
    budgets: tuple[str, ...],
    unknowns: tuple[str, ...],
    net: str | None,
    given: tuple[str, ...],
    form: str | None,
) -> None:
    """Find the largest value of a symbol within a budget, exactly; of several symbols, the values none of which can be raised.

    With 'COST >= N' alone it is the smallest value. Other symbols take their default values.

    \b
    symcost invert vgg16.arch --within 'flops <= 4G' --for X
    symcost invert net.arch --within 'act <= 9M' --for d=64..512:64 --for n=1..8
    """
    with reported(form == "json"), piped():
        arch, _ = _asked(program, net, given)
        asked = dict(range_of(u, "--for") for u in unknowns)
        rest = {n: v for n, v in arch.defaults().items() if n not in asked and n in arch.symbols}
        arch = arch.at(rest)
        limits = [_limit(arch, text) for text in budgets]
        if len(asked) == 1 and None in asked.values():
            _invert_one(next(iter(asked)), limits, form)
        else:
            _invert_several(arch, asked, limits, form)


def _limit(arch: Architecture, text: str) -> tuple[Cost, str, Budget]:
    from symcost.claims import figure
    from symcost.graph import resolved
    from symcost.invert import Budget

    found = _BUDGET.match(text.strip())
    if found is None:
        raise click.UsageError(f"--within: '{text}' is not of the form 'COST <= N'")
    cost, bound = arch.cost(found[1]), figure(found[3])
    size = cost.domain.convert(found[3] if bound is None else bound)
    return cost, found[3], Budget(resolved(cost._size), size, found[2] in ("<=", "≤"))


def _invert_one(name: str, limits: list[tuple[Cost, str, Budget]], form: str | None) -> None:
    from symcost.invert import Unknown, closed, inverted
    from symcost.render import growth
    from symcost.sizes.notation import ASCII, UNICODE, text

    budgets = [b for _, _, b in limits]
    domain = limits[0][0].domain
    unknown = Unknown.of(domain, name)
    most = any(b.most for b in budgets)
    formula = closed(budgets[0], unknown.symbol) if len(budgets) == 1 and most else None
    whole = None if formula is None or formula.number is not None else unknown.formula.subs({unknown.symbol: formula})
    if whole is not None and budgets[0].slack.symbols() - {unknown.symbol}:
        _closed(name, text(whole, domain.spelled(ASCII if form == "json" else UNICODE)), form)
        return
    answer = inverted(domain, budgets, name, least=not most)
    if form == "json":
        written = None if whole is None else text(whole, domain.spelled(ASCII))
        click.echo(growth.answer_page(answer, name, written), nl=False)
        return
    costs = []
    for cost, bound, _ in limits if answer.value is not None else ():
        beyond = (
            cost.at({name: answer.beyond}) if answer.beyond is not None and _exists(cost, name, answer.beyond) else None
        )
        costs.append((cost.at({name: answer.value}), beyond, bound))
    word = "largest" if most else "smallest"
    written = None if whole is None else f"{name} = {text(whole, domain.spelled(UNICODE))}"
    _written(lambda console: growth.show_answer(answer, name, word, written, costs, console))


def _closed(name: str, formula: str, form: str | None) -> None:
    """The largest value as a formula of the symbols that have no value."""
    from symcost.invert import Answer
    from symcost.render import growth

    if form == "json":
        click.echo(growth.answer_page(Answer(None), name, formula), nl=False)
    else:
        click.echo(f"largest {name}   {formula}   (where the smallest {name} fits)")


def _exists(cost: Cost, name: str, value: int) -> bool:
    try:
        cost.at({name: value})
    except DomainError:
        return False
    return True


def _invert_several(
    arch: Architecture, asked: dict[str, Any], limits: list[tuple[Cost, str, Budget]], form: str | None
) -> None:
    from symcost.invert import Unknown, existing, frontier, undecided, values_of
    from symcost.render import growth

    domain = limits[0][0].domain
    if not all(b.most for _, _, b in limits):
        raise click.UsageError("several unknowns go with 'COST <= N' only")
    ranges: dict[Symbol, tuple[Rational, ...]] = {}
    unknowns: dict[Symbol, Size] = {}
    for name, found in asked.items():
        if found is None:
            raise undecided(f"no range of values for '{name}'", f"say which to try: --for {name}=32..512:32")
        declared = domain.declared(name)
        inner = declared.symbol if declared.inside is None else Unknown.of(domain, name).symbol
        unknowns[inner] = declared.size
        ranges[inner] = _inside(inner, declared.size, values_of(*found))
    symbols = list(ranges)
    result = frontier([b for _, _, b in limits], ranges, existing(domain, symbols))
    if result is None:
        raise undecided("the costs are no numbers at these values", "give the other symbols values with --set")
    points = [_outside(unknowns, p) for p in result.points]
    costs = {cost.unit: [cost.at(dict(zip(asked, p, strict=True))) for p in points] for cost, _, _ in limits}
    if form == "json":
        click.echo(growth.frontier_page(list(asked), points, costs), nl=False)
        return
    _written(lambda console: growth.show_frontier(list(asked), points, costs, console))


def _inside(inner: Symbol, size: Size, given: tuple[Rational, ...]) -> tuple[Rational, ...]:
    """Values of the user's symbol as those of the symbol inside: multiples of 32 only, of ``32*m``."""
    factor = Fraction(size.subs({inner: size.of(1)}).number or 1)
    found = [Fraction(v) / factor for v in given]
    bounds = (inner.low, inner.high)
    kept = [v for v in found if not inner.integer or v.denominator == 1]
    return tuple(v for v in kept if (bounds[0] is None or v >= bounds[0]) and (bounds[1] is None or v <= bounds[1]))


def _outside(unknowns: dict[Symbol, Size], point: tuple[Rational, ...]) -> tuple[Rational, ...]:
    pairs = zip(unknowns.items(), point, strict=True)
    found = [size.subs({symbol: size.of(value)}).number for (symbol, size), value in pairs]
    return tuple(v for v in found if v is not None)
