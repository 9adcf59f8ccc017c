// Formulas from standard input as a JSON list; to standard output, also as JSON, what KaTeX or Temml says against some of them.
// The folder with their packages is the first argument.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const load = createRequire(`${process.argv[2]}/`);
const katex = load("katex");
const temml = load("temml");

// The limit on expansions is against loops: a display of a hundred lines has more than the usual thousand.
const limits = { maxExpand: 1_000_000 };
const checkers = {
  KaTeX: (formula) => katex.renderToString(formula, { throwOnError: true, strict: "error", displayMode: true, ...limits }),
  Temml: (formula) => temml.renderToString(formula, { throwOnError: true, strict: true, displayMode: true, ...limits }),
};

const complaints = [];
for (const formula of JSON.parse(readFileSync(0, "utf8")))
  for (const [name, check] of Object.entries(checkers))
    try {
      check(formula);
    } catch (error) {
      complaints.push([name, formula, String(error.message)]);
    }
process.stdout.write(JSON.stringify(complaints));
