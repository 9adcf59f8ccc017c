"""Formulas as source text of programming languages, exact as the formulas are: one module a language."""
