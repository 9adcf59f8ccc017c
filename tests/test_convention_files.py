"""Files of conventions: what each field says, and for every mistake its words and the place it is told at."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

import symcost
from symcost import conventions
from symcost.conventions import Convention, convention
from symcost.ops import Op
from symcost.source import Diagnostic

HEAD = 'title = "our tool"\nunit = "MACs"\nsource = "measured"\n'


def written(folder: Path, text: str, name: str = "ours.toml") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def refused(path: str) -> Diagnostic:
    with pytest.raises(symcost.SymcostError) as error:
        convention(path)
    (found,) = error.value.diagnostics
    return found


def read(folder: Path, text: str, name: str = "ours.toml") -> Convention:
    return convention(written(folder, text, name))


# ------------------------------------------------------------------------------------------------------- mistakes

RULE = HEAD + '[[departures]]\nkinds = ["conv"]\nvalue = "1"\nwhy = "so"\n'
OTHER = HEAD + '[[departures]]\nkinds = ["bn"]\nvalue = "outputs"\nwhy = "so"\n'
FIELDS = "title, unit, source, family, about, extends, prices, departures, checks"
DEPARTURE = "kinds, value, more, why, unseen, bug, options, form, where, each"
OPS = f"operations: {', '.join(Op)}"

# a file, «what the mistake is told at» in it, what is said, the help
MISTAKES = [
    # the file
    ("«t»itle", "this is no TOML: expected '=' after a key in a key/value pair", None),
    ('title = "a"\nunit = "MACs«\n»source', "this is no TOML: illegal character '\\n'", None),
    ('title = "a"\n\nunit = [1,\n\n«2»\n\n  \n', "this is no TOML: unclosed array", None),
    ('title = "a"\n«x» = [1', "this is no TOML: unclosed array", None),
    (f"{HEAD}x = {'9' * 5000}\ny = «1»\n", "this has a number of more digits than anyone reads", None),
    (HEAD + "«wieght» = 1", "a convention has no 'wieght'", f"a convention has {FIELDS}"),
    ("«price» = 1\n" + HEAD, "a convention has no 'price'", "did you mean 'prices'?"),
    (HEAD + "«price» = 1", "a convention has no 'price'", "did you mean 'prices'?"),
    # its texts
    ('«u»nit = "MACs"\nsource = "s"', "'title' is missing", None),
    ('«t»itle = "ours"\nsource = "s"', "'unit' is missing", None),
    ('«t»itle = "ours"\nunit = "MACs"', "'source' is missing", None),
    ('unit = "MACs"\n«title» = 3', "'title' is a text", None),
    ('title = "a"\n«unit» = ""', "'unit' is a text", None),
    (HEAD + "«family» = 3", "'family' is a text", None),
    (HEAD + "«about» = []", "'about' is a text", None),
    (HEAD + '«about» = ""', "'about' is a text", None),
    (HEAD + "«extends» = 3", "'extends' is a text", None),
    (HEAD + 'extends = "«ours.toml»"', "this convention extends itself", None),
    # prices and figures
    (HEAD + "«prices» = 3", "'prices' is a table: [prices]", None),
    (HEAD + "[prices]\n«mak» = 1", "there is no operation 'mak'", "did you mean 'mac'?"),
    (HEAD + "[prices]\nmac = 1\n«tangent» = 1", "there is no operation 'tangent'", OPS),
    (HEAD + "[prices]\n«mac» = true", "the price of 'mac' is a number", None),
    (HEAD + '[prices]\n«mac» = "much"', "the price of 'mac' is a number", None),
    (HEAD + '[prices]\n«mac» = "1/0"', "the price of 'mac' is a number", None),
    (HEAD + '[prices]\n«mac» = "1e999999999"', "the price of 'mac' is a number", None),
    (HEAD + "«checks» = 3", "'checks' is a table: [checks]", None),
    (HEAD + '[checks]\nvgg16 = 1\n«vgg19» = "many"\nvgg11 = "more"', "the figure of 'vgg19' is an integer", None),
    # departures
    (HEAD + "«departures» = 3", "'departures' are tables: [[departures]]", None),
    (HEAD + "«departures» = [3]", "'departures' are tables: [[departures]]", None),
    (RULE + "«vlaue» = 3", "a departure has no 'vlaue'", "did you mean 'value'?"),
    (RULE + "«zzzz» = 3", "a departure has no 'zzzz'", f"a departure has {DEPARTURE}"),
    (RULE.replace('value = "1"', "«value» = 1"), "'value' is a text", None),
    (RULE.replace('value = "1"\n', "").replace("title", "«t»itle"), "'value' is missing", None),
    (RULE.replace('why = "so"', "«why» = 3"), "'why' is a text", None),
    (RULE.replace('"1"', '"«1»"') + "form = 3", "a form is a text", None),
    *(
        (
            RULE.replace('["conv"]', wrong).replace('"1"', '"«1»"'),
            'a departure says for which kinds of layer: kinds = ["conv"]',
            None,
        )
        for wrong in ('"conv"', "[]", '["conv", 3]')
    ),
    (
        RULE.replace('["conv"]', '["«cnov»"]'),
        "there is no kind of layer 'cnov'",
        "did you mean 'conv', 'upconv' or 'dwconv'?",
    ),
    (RULE.replace('["conv"]', '["conv", "«zzzz»"]'), "there is no kind of layer 'zzzz'", None),
    (
        RULE.replace('"1"', '"«1»"') + "options = 3",
        "the options of a departure are a table: options = { bias = true }",
        None,
    ),
    (RULE + "options = { «affine» = true }", "'affine' is no word or flag of 'conv'", None),
    (RULE + "options = { «bias» = 3 }", "'bias' is no word or flag of 'conv'", None),
    (
        RULE.replace('"conv"', '"conv", "bn"') + "options = { «bias» = true, affine = true }",
        "'bias' is no word or flag of 'conv' and 'bn'",
        None,
    ),
]
# a formula that is none, «what it is told at»
FORMULAS = [
    RULE.replace('"1"', '"1 «+»"'),
    RULE + 'where = "k «=» 1"',
    RULE + 'each = "s + «)»"',
    OTHER + '[[departures]]\nkinds = ["conv"]\nvalue = "outputs + «)»"\nwhy = "so"\n',  # not in the departure before
    RULE.replace("our tool", "a + b").replace('"1"', '"«+»"'),
    RULE.replace("our tool", "a + b").replace('"1"', "'«+»'"),
    RULE.replace("our tool", "a + b").replace('"1"', "'''«+»'''"),
    OTHER + '[[departures]]\nkinds = ["conv"]\nvalue = "«+»"\nwhere = "k + 1 == 2"\nwhy = "so"\n',
]


@pytest.mark.parametrize(("text", "said", "help_"), MISTAKES, ids=range(len(MISTAKES)))
def test_mistakes(tmp_path: Path, text: str, said: str, help_: str | None) -> None:
    plain, start, end = marked(text)
    found = refused(written(tmp_path, plain))
    assert (found.code, found.message, found.help) == ("bad-convention", said, help_)
    assert found.span is not None
    assert (found.span.start, found.span.end) == (start, end)


@pytest.mark.parametrize("text", FORMULAS, ids=range(len(FORMULAS)))
def test_mistakes_in_formulas(tmp_path: Path, text: str) -> None:
    plain, start, end = marked(text)
    found = refused(written(tmp_path, plain))
    assert found.span is not None
    assert found.span.source.text == plain
    assert (found.span.start, found.span.end) == (start, end)


def marked(text: str) -> tuple[str, int, int]:
    before, _, rest = text.partition("«")
    word, _, behind = rest.partition("»")
    return before + word + behind, len(before), len(before + word)


def test_an_extended_file_that_is_wrong_is_told_at_its_own_place(tmp_path: Path) -> None:
    written(tmp_path, HEAD + "[prices]\nmak = 1\n", "base.toml")
    found = refused(written(tmp_path, HEAD + 'extends = "base.toml"\n'))
    assert found.span is not None
    assert (found.span.source.name, found.span.text) == (str(tmp_path / "base.toml"), "mak")


@pytest.mark.parametrize("base", ["fvcor", "base.toml", "ours.toml"])
def test_what_is_extended_and_is_not_there(tmp_path: Path, base: str) -> None:
    """Told at the name, in the file that says it."""
    found = refused(written(tmp_path, f'{HEAD}extends = "{base}"\n'))
    assert found.span is not None
    assert (found.span.source.name, found.span.text) == (str(tmp_path / "ours.toml"), base)


def test_nested_too_deeply(tmp_path: Path) -> None:
    found = refused(written(tmp_path, f"{HEAD}x = {'[' * 50_000}"))
    assert (found.code, found.message) == ("bad-convention", "this is nested too deeply")


# ---------------------------------------------------------------------------------------------------------- names


def test_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name alone is the newest release of it, 0.10 behind 0.9; no variant, and no branch where there is a release."""
    for name in ("tool@0.9", "tool@0.10", "tool@1.0-macs", "tool@master", "other@main", "tools", "two@0.9", "two@1.2"):
        written(tmp_path, HEAD, f"{name}.toml")
    written(tmp_path, HEAD, "notes.txt")
    monkeypatch.setattr(conventions, "FOLDER", tmp_path)
    conventions.names.cache_clear()
    try:
        assert conventions.names() == (
            "other@main",
            "tool@0.10",
            "tool@0.9",
            "tool@1.0-macs",
            "tool@master",
            "tools",
            "two@0.9",
            "two@1.2",
        )
        asked = ("tool", "tool@0.9", "tool@1.0-macs", "tool@master", "tools", "other", "two")
        assert [convention(name).name for name in asked] == ["tool@0.10", *asked[1:-2], "other@main", "two@1.2"]
        assert [conventions.known(name) for name in ("tool", "tool@0.9", "tool@0.8", "too", "my.toml")] == [
            True,
            True,
            False,
            False,
            True,
        ]
        found = refused("tool@0.8")
        assert (found.code, found.message) == ("unknown-convention", "unknown convention 'tool@0.8'")
        assert found.help is not None and found.help.startswith("did you mean 'tool@")
        assert str(refused("zzz").help).startswith("conventions: other@main, tool@0.10, ")
    finally:
        conventions.names.cache_clear()


# --------------------------------------------------------------------------------------------------------- fields


def test_fields(tmp_path: Path) -> None:
    rule = read(tmp_path, f'{HEAD}family = "tools"\nabout = "transformers"\n[prices]\nmac = 2\nadd = 0.1\nexp = "1/3"')
    assert (rule.name, rule.title, rule.unit, rule.source) == ("ours", "our tool", "MACs", "measured")
    assert (rule.family, rule.about, rule.departures, rule.checks) == ("tools", "transformers", (), {})
    assert rule.prices == {Op.MAC: Fraction(2), Op.ADD: Fraction(1, 10), Op.EXP: Fraction(1, 3)}


def test_a_family_is_the_name_without_its_version(tmp_path: Path) -> None:
    rule = read(tmp_path, HEAD + "[checks]\nvgg16 = 15", "tool@1.2.toml")
    assert (rule.name, rule.family, rule.about, rule.checks) == ("tool@1.2", "tool", "", {"vgg16": 15})


def test_extended(tmp_path: Path) -> None:
    """What is not said again is that of the other file; its departures come first, its checks are its own."""
    base = RULE + "[prices]\nmac = 2\nadd = 1\n[checks]\nvgg16 = 15\n"
    written(tmp_path, f'family = "tools"\nabout = "transformers"\n{base}', "base.toml")
    rule = read(tmp_path, OTHER.replace(HEAD, 'title = "mine"\nextends = "base.toml"\n[prices]\nadd = 3\nmul = 4\n'))
    assert (rule.name, rule.title, rule.unit, rule.source) == ("ours", "mine", "MACs", "measured")
    assert (rule.family, rule.about, rule.checks) == ("tools", "transformers", {})
    assert rule.prices == {Op.MAC: 2, Op.ADD: 3, Op.MUL: 4}
    assert [d.kinds for d in rule.departures] == [("conv",), ("bn",)]
    rule = read(tmp_path, HEAD + 'extends = "base.toml"\nfamily = "mine"\nabout = "all"\n')
    assert (rule.family, rule.about) == ("mine", "all")


def test_a_departure(tmp_path: Path) -> None:
    (plain,) = read(tmp_path, RULE).departures
    assert (plain.kinds, plain.why, plain.formula.span.text) == (("conv",), "so", "1")
    assert (plain.more, plain.unseen, plain.bug, plain.options) == (False, False, False, {})
    assert (plain.form, plain.where, plain.each) == (None, None, None)
    said = 'options = { bias = true }\nform = "function"\nwhere = "k == 1"\neach = "s"\n'
    (full,) = read(tmp_path, RULE + "more = true\nunseen = true\nbug = true\n" + said).departures
    assert (full.more, full.unseen, full.bug, full.options) == (True, True, True, {"bias": True})
    assert full.where is not None and full.each is not None
    assert (full.form, full.where.span.text, full.each.span.text) == ("function", "k == 1", "s")
    for kind in ("add", "concat", "upsample"):  # merges too, and options that are words
        options = 'options = { mode = "bilinear" }\n' if kind == "upsample" else ""
        assert read(tmp_path, RULE.replace("conv", kind) + options).departures[0].kinds == (kind,)


# ------------------------------------------------------------------------------------------------ what is counted

CONV = "set batch = 7 input 3@9x6 conv(3 x 2)-4/(2 x 1)(pad=0, bias=false)"  # puts out 4@4x5
ATTENTION = "input 8@5 id as x linear-8 attention(2{})"


@pytest.mark.parametrize(
    ("layer", "formulas"),
    [
        (
            CONV,
            {
                "inputs": 7 * 3 * 9 * 6,
                "outputs": 7 * 4 * 4 * 5,
                "batch": 7,
                "params": 4 * 3 * 3 * 2,
                "rank": 2,
                "mac": 7 * 4 * 4 * 5 * 3 * 3 * 2,
                "add + exp": 0,
                "in.c": 3,
                "in.h": 9,
                "in.w": 6,
                "in.n": 54,
                "in.size": 162,
                "out.c": 4,
                "out.h": 4,
                "out.w": 5,
                "out.n": 20,
                "c": 4,
                "k": 6,
                "k_h": 3,
                "k_w": 2,
                "s_h": 2,
                "s_w": 1,
                "groups": 1,
                "bias": 0,
                "if k_h == 3 then 5 else out.t": 5,  # the side that does not hold is not evaluated
            },
        ),
        (CONV.replace("false", "true"), {"bias": 1, "params": 4 * 3 * 3 * 2 + 4}),
        ("input 3@9 conv4-2(pad=0)", {"rank": 1, "k_t": 4, "in.t": 9, "out.t": 6}),
        ("input 3@9x8x7 conv(4 x 3 x 2)-2(pad=0)", {"rank": 3, "k": 24, "k_d": 4, "k_h": 3, "k_w": 2}),
        ("input 8@9x8 gap", {"o_given": 0}),
        ("input 8@9x8 gap(2 x 3)", {"o_given": 1, "o_h": 2, "o_w": 3, "o": 6}),
        (ATTENTION.format(""), {"kv": 0, "keys_given": 0, "heads": 2, "heads_given": 1}),
        (ATTENTION.format(", kv=x"), {"kv": 1, "keys_given": 0}),
        (ATTENTION.format(", keys=4"), {"kv": 0, "keys_given": 1, "keys": 4}),
    ],
    ids=["conv", "bias", "one axis", "three axes", "gap", "gap given", "attention", "kv", "keys"],
)
def test_names_in_a_formula(tmp_path: Path, layer: str, formulas: dict[str, int]) -> None:
    """Each name a formula may have, by its value at a layer worked out by hand."""
    net = symcost.parse(layer)
    told = {}
    for formula in formulas:
        text = RULE.replace('["conv"]', '["conv", "gap", "attention"]').replace('"1"', f'"{formula}"')
        told[formula] = int(net.cost(written(tmp_path, text, f"n{len(told)}.toml")))
    assert told == formulas


def departures(*several: str) -> str:
    """A file of departures, each as ``value; more fields``."""
    parts = []
    for each in several:
        value, *fields = each.split("; ")
        lines = "\n".join(fields)
        parts.append(f'[[departures]]\nkinds = ["conv", "relu", "gap"]\nvalue = "{value}"\nwhy = "so"\n{lines}\n')
    return HEAD + "\n".join(parts) + "[prices]\nmac = 10\ncmp = 1\n"


@pytest.mark.parametrize(
    ("several", "figure"),
    [
        ((), 480 + 480 + 16),  # two convolutions and a rectifier, by the prices
        (("100",), 300),  # instead of the prices, for every layer
        (("100; more = true",), 976 + 300),
        (("100", "7"), 21),  # the last one holds
        (("100", "7; more = true", "5", "3; more = true"), 3 * (5 + 7 + 3)),  # and all that are more
        (("100; options = { bias = true }",), 100 + 480 + 16),
        (("100; options = { bias = false }",), 480 + 100 + 16),
        (('100; form = "function"',), 480 + 480 + 100),
        (("100; where = 'k == 1'", "7; where = 'out.c == 4'"), 100 + 7 + 7),
        (("100; where = 'out.c == 3'",), 100 + 480 + 16),
        (("100; more = true; where = 'out.c == 3'",), 976 + 100),
    ],
    ids=range(11),
)
def test_which_departure_holds(tmp_path: Path, several: tuple[str, ...], figure: int) -> None:
    net = symcost.parse('input 4@2x2 conv1-3 conv1-4(bias=false) set relu.form = "function" relu')
    rule = departures(*several)
    if several and ("bias" in several[0] or "k ==" in several[0]):  # a convolution has these
        rule = rule.replace('"conv", "relu", "gap"', '"conv"', 1)
    assert net.cost(written(tmp_path, rule)) == figure


def test_an_axis_that_is_pooled_has_one_position(tmp_path: Path) -> None:
    path = written(tmp_path, departures("each; each = '10*in.n + out.n'"))
    assert symcost.parse("input 4@5x7 gap").cost(path) == 51 * 71
    assert symcost.parse("input 4@5x7 gap(2 x 3)").cost(path) == 52 * 73


def test_a_layer_that_runs_often_counts_as_often(tmp_path: Path) -> None:
    """Also where the figure of one turn is a formula of the turn."""
    path = written(tmp_path, departures("10*out.c"))
    assert symcost.parse("sym n input 4@5 conv1-4 x n").cost(path) == "40*n"
    assert symcost.parse("sym n input 4@5 for i in 1..n { conv1-i }").cost(path) == "5*n*(n + 1)"


def test_what_is_not_counted(tmp_path: Path) -> None:
    """Operations without a price in the order of the table, costs of the user, then the kinds the convention does not see."""
    layer = "metric zops metric bops layer mine : d@T -> d@T { zops = d bops = d exp = 0 log = 0 add = d sqrt = d } "
    net = symcost.parse(layer + "input 4@6 bn conv1-4(bias=false) maxpool2 relu mine silu")
    # bn has add, mul, div and sqrt, the convolution mac and dot, maxpool and relu cmp, silu exp, mul, div and add
    assert net.cost(written(tmp_path, HEAD + "[prices]\nmac = 1\n")).uncounted == (
        *(op.value for op in (Op.ADD, Op.MUL, Op.DIV, Op.CMP, Op.EXP, Op.SQRT)),
        "bops",
        "zops",
    )

    def uncounted(*several: tuple[str, str]) -> tuple[str, ...]:
        parts = [f'[[departures]]\nkinds = ["{kind}"]\nvalue = "0"\nwhy = "so"\n{more}\n' for kind, more in several]
        return net.cost(written(tmp_path, HEAD + "".join(parts) + "[prices]\nmac = 1\n")).uncounted

    seen = ("silu", ""), ("relu", "unseen = true"), ("bn", "unseen = true"), ("maxpool", "more = true")
    assert uncounted(*seen) == ("add", "cmp", "sqrt", "bops", "zops", "bn", "relu")
    assert uncounted(("bn", ""), ("silu", "")) == ("add", "cmp", "sqrt", "bops", "zops")


@pytest.mark.parametrize(
    "fields",
    [
        'value = "1 + «q»"',
        'value = " 1 + «q» "',
        "value = '''\n  1 +\n  «q»\n'''",
        'value = "1"\nwhere = " 2 == «q» "',
        'value = "1"\nwhere = " «(in.h == 2)»"',
        'value = "each"\neach = "  s + «q»"',
        'value = "«10^10^10»"',
        'value = "«1/0»"',
    ],
)
def test_a_mistake_in_a_formula_is_told_in_its_file(tmp_path: Path, fields: str) -> None:
    """When it is evaluated: with the file of the convention, which may be one that is extended."""
    plain, start, end = marked(f'{OTHER}[[departures]]\nkinds = ["conv"]\nwhy = "so"\n{fields}\n')
    written(tmp_path, plain, "base.toml")
    path = written(tmp_path, HEAD + 'extends = "base.toml"\n')
    with pytest.raises(symcost.SymcostError) as error:
        _ = symcost.parse("input 4@X x X bn conv1-4").cost(path).value
    (found,) = error.value.diagnostics
    assert found.span is not None
    assert (found.span.source.text, found.span.start, found.span.end) == (plain, start, end)
