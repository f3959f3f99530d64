"""What a simulated model writes when nothing else is asked of it, and how its tokens are counted.

A token is a run of up to four letters, digits or underscores, or one other character that is not blank; blanks belong
to the token after them. A message costs four tokens more than its text, an image 85.
"""

from __future__ import annotations

import random
import re
from hashlib import sha256

__all__ = ["IMAGE_TOKENS", "MESSAGE_TOKENS", "UNICODE", "count_tokens", "dice", "pieces", "prose"]

IMAGE_TOKENS = 85
MESSAGE_TOKENS = 4
UNICODE = "Grüße, Ünal Ñandú – 你好,世界 – Привет – שלום – مرحبا – नमस्ते – e\u0301 – 👩‍👩‍👧‍👦 🇪🇺 👍🏽 – 𝔘𝔫𝔦𝔠𝔬𝔡𝔢"


def count_tokens(text: str) -> int:
    """Return how many tokens a text has."""
    return len(_TOKEN.findall(text))


def pieces(text: str) -> list[str]:
    """Return a text's tokens, each with the blanks before it; joined they are the text."""
    return _PIECE.findall(text)


def dice(*seed: object) -> random.Random:
    """Return a generator that always throws the same for the same seed."""
    digest = sha256("\x1f".join(map(str, seed)).encode("utf-8", "surrogatepass")).digest()
    return random.Random(digest)  # noqa: S311  # the same text for the same prompt is the point


def prose(model: str, prompt: str, index: int = 0) -> str:
    """Return two to seven sentences about the prompt's longest word; the same for the same arguments."""
    thrown = dice(model, prompt, index)
    words = [word for word in re.findall(r"[^\W\d_]{4,24}", prompt.lower()) if word not in _IDLE]
    topic = max(words, key=len, default="this")
    sentences = [thrown.choice(_OPENINGS).format(topic=topic)]
    for _ in range(thrown.randint(1, 6)):
        subject, verb, matter, tail = (thrown.choice(words) for words in (_SUBJECTS, _VERBS, _MATTERS, _TAILS))
        sentences.append(f"{subject} {verb} {matter}{tail}.".format(topic=topic))
    return " ".join(sentences)


_TOKEN = re.compile(r"\w{1,4}|[^\w\s]")
_PIECE = re.compile(r"\s*(?:\w{1,4}|[^\w\s])|\s+\Z")
_IDLE = frozenset({"write", "about", "tell", "please", "explain", "answer", "what", "when", "where", "which", "with"})
_OPENINGS = (
    "A short answer on {topic} first, the reasons after it.",
    "There are three things to know about {topic}.",
    "With {topic} it helps to begin at the end.",
    "Most questions about {topic} come down to one: who pays for it?",
    "Let us take {topic} step by step.",
    "Here is a draft on {topic}; cut it where it is too long.",
)
_SUBJECTS = (
    "The committee",
    "A careful reader",
    "The second chapter",
    "Anyone who has worked with {topic}",
    "The harbour office",
    "An early report",
    "The team in Málaga",
    "Experience",
    "The table above",
    "Every version since spring",
)
_VERBS = (
    "confirms",
    "doubts",
    "explains",
    "leaves out",
    "measures",
    "overlooks",
    "repeats",
    "shows",
    "weighs",
    "names",
)
_MATTERS = (
    "the cost of a late start",
    "what the figures cannot tell",
    "two ways to store the results",
    "a rule with few exceptions",
    "the part that {topic} plays in winter",
    "how small the difference is",
    "a simple test – ten lines at most",
    "why nobody asked before",
    "the café’s opening hours",
    "an order of steps that works",
)
_TAILS = (
    "",
    ", at least for now",
    ", and that is enough",
    " without saying so",
    ", which saves about a third",
    "; the rest is habit",
    " – quietly",
    ", as the notes from 2019 say",
)
