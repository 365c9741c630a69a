"""A defect of this package as data: an exception of its own, without the value of any variable."""

from __future__ import annotations

import traceback
from pathlib import PurePath
from typing import NamedTuple, Self

from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.stage import Rung

#: The id by which a defect is told, in the one namespace of ids.
ID = "plugin-defect"
_PACKAGE = "pytest_acrauth"
_FRAMES = 12  # the innermost ones
_FEW_PARTS = 3  # of the path of a file that is not of this package
_LONGEST = 200  # characters of a line of the traceback; of an exception's words, 300
_LONGEST_WORDS = 300


class Defect(NamedTuple):
    """An exception that this package did not expect, and where it was: nothing about a registry or an identity.

    ``doing`` is what was being done, such as ``climbing``; ``rung`` the place in the climb that was reached, None
    outside a climb. ``trace`` names the innermost frames, the last one first to have failed, each with its line of
    source text: no values.
    """

    doing: str
    error: str
    text: str = ""
    trace: tuple[str, ...] = ()
    rung: Rung | None = None
    elapsed: float = 0.0

    @classmethod
    def of(cls, error: BaseException, doing: str, *, secrets: Secrets | None = None, rung: Rung | None = None) -> Self:
        """Record an exception. ``secrets`` is the register of the run, where the text could hold what it knows."""
        known = Secrets() if secrets is None else secrets
        frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
        return cls(
            doing=doing,
            error=type(error).__name__,
            text=known.clean(_words(error), _LONGEST_WORDS),
            trace=tuple(known.clean(_frame(frame), _LONGEST) for frame in frames),
            rung=rung,
        )

    @property
    def ok(self) -> bool:
        """False: it stands in the place of an observation that was never made."""
        return False

    @property
    def words(self) -> str:
        """The exception in a line."""
        return f"{self.error}: {self.text}" if self.text else self.error

    @property
    def why(self) -> str:
        """Why something could not be looked at on account of it."""
        return f"a defect of pytest-acrauth ({self.words}), please report it"


def _words(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, its type is told
        return ""


def _frame(frame: traceback.FrameSummary) -> str:
    """Return a frame in a line; of the path nothing that tells where this machine keeps its packages."""
    parts = PurePath(frame.filename).parts
    ours = parts.index(_PACKAGE) if _PACKAGE in parts else -_FEW_PARTS
    return f"{'/'.join(parts[ours:])}:{frame.lineno} in {frame.name}: {frame.line or ''}"
