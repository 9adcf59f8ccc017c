"""The languages with statements: C, Rust, Python, JavaScript, each as data."""

from __future__ import annotations

from keyword import kwlist

from symcost.emit.writing import Language

_C_WORDS = """
    auto break case char const continue default do double else enum extern float for goto if inline int long register
    restrict return short signed sizeof static struct switch typedef union unsigned void volatile while bool true
    false value main asm typeof linux unix
""".split()  # noqa: SIM905
_RUST_WORDS = """
    as break const continue crate else enum extern false fn for if impl in let loop match mod move mut pub ref return
    self Self static struct super trait true type unsafe use where while async await dyn abstract become box do final
    macro override priv typeof unsized virtual yield try Some None Ok Err Option
""".split()  # noqa: SIM905
_JAVASCRIPT_WORDS = """
    arguments await break case catch class const continue debugger default delete do else enum eval export extends
    false finally for function if implements import in instanceof interface let new null package private protected
    public return static super switch this throw true try typeof var void while with yield BigInt RangeError
""".split()  # noqa: SIM905

_C_HELPERS = {
    "floor": "static inline TYPE NAME(TYPE a, TYPE b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }",
    "min": "static inline TYPE NAME(TYPE a, TYPE b) { return b < a ? b : a; }",
    "max": "static inline TYPE NAME(TYPE a, TYPE b) { return b > a ? b : a; }",
    "gcd": """static inline TYPE NAME(TYPE a, TYPE b) {
    while (b != 0) { const TYPE rest = a % b; a = b; b = rest; }
    return a < 0 ? -a : a;
}""",
    "power": """static inline TYPE NAME(TYPE base, TYPE exponent) {
    TYPE value = 1;
    while (exponent-- > 0) value *= base;
    return value;
}""",
    "root": """static inline TYPE NAME(TYPE square) {  /* -1 where it is no integer */
    TYPE low = 0, high = 1;
    if (square < 0) return -1;
    while (high <= square / high) high *= 2;
    while (low + 1 < high) {
        const TYPE middle = low + (high - low) / 2;
        if (middle <= square / middle) low = middle;
        else high = middle;
    }
    return low * low == square ? low : -1;
}""",
    "log2": """static inline TYPE NAME(TYPE power) {  /* -1 where it is no integer */
    TYPE value = 0;
    if (power < 1) return -1;
    while (power % 2 == 0) { power /= 2; value++; }
    return power == 1 ? value : -1;
}""",
}

C = Language(
    name="C",
    comment="// {}",
    define="bool {name}({parameters}) {{",
    parameter="{type} {name}",
    out="{type} *value",
    answer="*value = {value};\nreturn true;",
    close="}",
    constant="const {type} {name} = {value};",
    variable="{type} {name} = {value};",
    assign="{name} = {value};",
    branch="if ({condition}) {{",
    loop="for ({type} {name} = 0; {name} < {count}; {name}++) {{",
    end="}",
    fail="if ({condition}) return false;  // {why}",
    divide=" / ",
    long_number="(({type}){high} * 1000000000000000000 + {low})",
    widths=(63, 127),
    types=("int64_t", "__int128"),
    truth="bool",
    helpers=_C_HELPERS,
    head={"": "#include <stdbool.h>\n#include <stdint.h>\n"},
    taken=frozenset(_C_WORDS),
    reserved=r"_.*|u?int\w*_t|U?INT\w*|(PTRDIFF|SIG_ATOMIC|SIZE|WCHAR|WINT)_\w*",
)

_RUST_HELPERS = {
    "floor": "fn NAME(a: TYPE, b: TYPE) -> TYPE { a / b - TYPE::from(a % b != 0 && (a < 0) != (b < 0)) }",
    "min": "fn NAME(a: TYPE, b: TYPE) -> TYPE { a.min(b) }",
    "max": "fn NAME(a: TYPE, b: TYPE) -> TYPE { a.max(b) }",
    "gcd": """fn NAME(mut a: TYPE, mut b: TYPE) -> TYPE {
    while b != 0 { (a, b) = (b, a % b); }
    a.abs()
}""",
    "power": """fn NAME(base: TYPE, exponent: TYPE) -> TYPE {
    let mut value: TYPE = 1;
    for _ in 0..exponent { value *= base; }
    value
}""",
    "root": """fn NAME(square: TYPE) -> TYPE {  // -1 where it is no integer
    let (mut low, mut high): (TYPE, TYPE) = (0, 1);
    if square < 0 { return -1; }
    while high <= square / high { high *= 2; }
    while low + 1 < high {
        let middle = low + (high - low) / 2;
        if middle <= square / middle { low = middle } else { high = middle }
    }
    if low * low == square { low } else { -1 }
}""",
    "log2": """fn NAME(power: TYPE) -> TYPE {  // -1 where it is no integer
    if power < 1 || power & (power - 1) != 0 { -1 } else { TYPE::from(power.trailing_zeros()) }
}""",
}

RUST = Language(
    name="Rust",
    comment="// {}",
    define="pub fn {name}({parameters}) -> Option<{type}> {{",
    parameter="{name}: {type}",
    answer="Some({value})",
    close="}",
    constant="let {name}: {type} = {value};",
    variable="let mut {name}: {type} = {value};",
    assign="{name} = {value};",
    branch="if {condition} {{",
    loop="for {name} in 0..{count} {{",
    end="}",
    fail="if {condition} {{ return None; }} // {why}",
    divide=" / ",
    widths=(63, 127),
    types=("i64", "i128"),
    truth="bool",
    cast="({source} as {type})",
    helpers=_RUST_HELPERS,
    head={"": "#![allow(non_snake_case, unused_parens, dead_code)]\n"},
    taken=frozenset(_RUST_WORDS),
    reserved="_",
)

_EXACT_PYTHON = {
    "root": """def NAME(square):
    value = isqrt(square)
    if value*value != square:
        raise ValueError("the root is no integer")
    return value
""",
    "log2": """def NAME(power):
    if power < 1 or power & (power - 1):
        raise ValueError("the logarithm is no integer")
    return power.bit_length() - 1
""",
    "power": """def NAME(base, exponent):
    return base**exponent
""",
}

PYTHON = Language(
    name="Python",
    comment="# {}",
    define="def {name}({parameters}):",
    parameter="{name}",
    answer="return {value}",
    close="",
    constant="{name} = {value}",
    variable="{name} = {value}",
    assign="{name} = {value}",
    branch="if {condition}:",
    loop="for {name} in range({count}):",
    end="",
    fail='if {condition}:\n    raise ValueError("{why}")',
    divide="//",
    power="{base}**{exponent}",
    check="{name} = index({name})",
    words=("and", "or", "not ", "True", "False"),
    native=frozenset({"min", "max", "gcd"}),
    helpers=_EXACT_PYTHON,
    head={
        "index(": "from operator import index\n",
        "Fraction": "from fractions import Fraction\n",
        "gcd(": "from math import gcd\n",
        "isqrt(": "from math import isqrt\n",
    },
    taken=frozenset({*kwlist, "__debug__", "min", "max", "gcd", "range", "index", "isqrt", "Fraction", "ValueError"}),
    fraction="Fraction({top}, {bottom})",
)

JAVASCRIPT_HELPERS = {
    "floor": """function NAME(a, b) {
    const q = a / b;
    return a % b !== 0n && a < 0n !== b < 0n ? q - 1n : q;
}""",
    "min": "function NAME(a, b) { return b < a ? b : a; }",
    "max": "function NAME(a, b) { return b > a ? b : a; }",
    "gcd": """function NAME(a, b) {
    while (b !== 0n) [a, b] = [b, a % b];
    return a < 0n ? -a : a;
}""",
    "power": """function NAME(base, exponent) {
    if (exponent * BigInt(base.toString(2).length) > 1000000n) throw new RangeError("a number too large to write out");
    return base ** exponent;
}""",
    "root": """function NAME(square) {
    if (square < 0n) throw new RangeError("the root of a negative number");
    let [low, high] = [0n, 1n];
    while (high * high <= square) high *= 2n;
    while (low + 1n < high) {
        const middle = (low + high) / 2n;
        if (middle * middle <= square) low = middle;
        else high = middle;
    }
    if (low * low !== square) throw new RangeError("the root is no integer");
    return low;
}""",
    "log2": """function NAME(power) {
    const value = power > 0n ? BigInt(power.toString(2).length - 1) : 0n;
    if (1n << value !== power) throw new RangeError("the logarithm is no integer");
    return value;
}""",
}

JAVASCRIPT = Language(
    name="JavaScript",
    comment="// {}",
    define="function {name}({parameters}) {{",
    parameter="{name}",
    answer="return {value};",
    close="}",
    constant="const {name} = {value};",
    variable="let {name} = {value};",
    assign="{name} = {value};",
    branch="if ({condition}) {{",
    loop="for (let {name} = 0n; {name} < {count}; {name}++) {{",
    end="}",
    fail='if ({condition}) throw new RangeError("{why}");',
    divide=" / ",
    number="{value}n",
    power="({base}**{exponent}n)",
    check='if (typeof {name} !== "bigint") throw new TypeError("a BigInt is needed");',
    equal="===",
    helpers=JAVASCRIPT_HELPERS,
    taken=frozenset(_JAVASCRIPT_WORDS),
)

LANGUAGES = {"c": C, "rust": RUST, "python": PYTHON, "javascript": JAVASCRIPT}
