"""JSON that somebody else wrote: never nested deeper than a machine can walk through it."""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import Any

#: Levels of a value; what peers send and programs keep has a handful.
DEEPEST = 64
#: What is no bracket: whole strings (the last may lack its end) and whatever stands between.
_OTHER = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[^"\[\]{}]++', re.DOTALL)


def load_foreign_json(content: str | bytes) -> Any:
    """Return the JSON value in a text. Raises `ValueError` for one that holds none, or is nested deeper than `DEEPEST`.

    The depth is counted before anything is parsed. The parser would answer a deep value with a RecursionError, but
    only once the stack is full, where the garbage collector may run somebody's finaliser, which fails in its place.
    """
    text = content if isinstance(content, str) else content.decode(json.detect_encoding(content))
    if is_too_deep(text):
        raise ValueError(f"nested deeper than {DEEPEST} levels")
    return json.loads(text.removeprefix("\ufeff"))


def is_too_deep(text: str) -> bool:
    """Whether a text, parsed as JSON, would be nested deeper than `DEEPEST`."""
    depths = accumulate(1 if bracket in "[{" else -1 for bracket in _OTHER.sub("", text))
    return any(depth > DEEPEST for depth in depths)
