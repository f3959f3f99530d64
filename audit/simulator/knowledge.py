"""What a simulated model knows: sums, a few facts, and how to say exactly what it is told to say."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from fractions import Fraction

__all__ = ["known_answer", "sum_in"]


def known_answer(prompt: str, *, wrong: bool = False) -> str | None:
    """Return the answer to a prompt that has one right answer, or with `wrong` one that is not; None for the rest."""
    prompt = prompt[-_ENOUGH:]
    if exact := _EXACT.search(prompt):
        words = next(group for group in exact.groups() if group)
        return "something else" if wrong else words.strip()
    number = sum_in(prompt)
    if number is not None:
        return _number(number + 1 if wrong else number)
    for question, answer in _FACTS.items():
        if question in prompt.lower():
            return "I believe it is Springfield" if wrong else answer
    return None


def sum_in(prompt: str) -> Fraction | None:
    """Return the value of the sum that a prompt asks for, None when it asks for none."""
    if named := _NAMED.search(prompt):
        return _OPERATORS[_SIGNS[named[1].lower()]](Fraction(named[2]), Fraction(named[3]))
    if not _ASKS.search(prompt):
        return None
    written = max(_SUM.findall(prompt), key=len, default="")
    for sign, meant in (("×", "*"), ("÷", "/"), ("−", "-"), ("–", "-")):
        written = written.replace(sign, meant)
    try:
        return _value(ast.parse(written.strip(), mode="eval").body) if written else None
    except (SyntaxError, ZeroDivisionError):
        return None


def _value(node: ast.expr) -> Fraction:
    if isinstance(node, ast.BinOp):
        return _OPERATORS[type(node.op)](_value(node.left), _value(node.right))
    return Fraction(str(ast.literal_eval(node)))


def _number(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.6g}"


_ENOUGH = 2000
"""Characters at a prompt's end that are read: agents put pages before the question."""
_OPERATORS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_NAMED = re.compile(r"\b(sum|product)\s+of\s+(\d{1,12})\s+and\s+(\d{1,12})\b", re.IGNORECASE)
_SIGNS: dict[str, type[ast.operator]] = {"sum": ast.Add, "product": ast.Mult}
_ASKS = re.compile(r"what is|what's|how much is|compute|calculate|add up|multiply|=\s*\?", re.IGNORECASE)
_NUMBER = r"[( ]{0,4}\d{1,12}(?:\.\d{1,6})?[) ]{0,4}"
_SUM = re.compile(rf"(?:{_NUMBER}(?:[+*×÷]|(?<= )[-/−–](?= ))){{1,8}}{_NUMBER}")  # 2026-11-23 is no sum
_EXACT = re.compile(
    r"(?:reply|respond|answer|say|return|output)\b[^\n.\"“”'`]{0,40}"
    r"(?:exactly:?\s+[\"“'`](.+?)[\"”'`]|exactly:\s*([^\n]+)|the (?:single |one )?word:?\s+[\"“'`]?([\w-]+))",
    re.IGNORECASE,
)
_FACTS = {
    "capital of france": "Paris",
    "capital of spain": "Madrid",
    "capital of germany": "Berlin",
    "capital of china": "Beijing",
    "capital of japan": "Tokyo",
    "chemical symbol for gold": "Au",
    "chemical symbol of gold": "Au",
    "how many days are in a week": "7",
    "largest planet": "Jupiter",
}
