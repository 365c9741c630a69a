"""One test over many small cases: each is judged, and what fails is told case by case."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import pytest

Test = Callable[..., None]
_PARAM = type(pytest.param())  # which pytest does not name in public


def for_each(
    names: str | tuple[str, ...], cases: Iterable[Any], ids: Callable[[Any], str] | Iterable[str] | None = None
) -> Callable[[Test], Test]:
    """Call a test with every case, as ``pytest.mark.parametrize`` would, but within one test.

    For hundreds of cases of a millisecond, of which pytest's own part is the larger one. A case that fails keeps none
    of the others from being judged: the test fails with a group of all, each with a note that names its case.
    """
    taken = (names,) if isinstance(names, str) else names
    every = [_values(case, several=not isinstance(names, str)) for case in cases]
    labels = [_label(case, ids) for case in every] if ids is None or callable(ids) else list(ids)

    def over_all(test: Test) -> Test:
        @functools.wraps(test)
        def judge(**fixtures: Any) -> None:
            assert every, "there is no case"
            failed = []
            for label, case in zip(labels, every, strict=True):
                try:
                    test(**fixtures, **dict(zip(taken, case, strict=True)))
                except Exception as error:  # noqa: BLE001 - whatever a test fails by
                    error.add_note(f"case: {label}")
                    failed.append(error)
            if failed:
                raise ExceptionGroup(f"{len(failed)} of {len(every)} cases", failed)

        signature = inspect.signature(test)
        left = [one for name, one in signature.parameters.items() if name not in taken]
        judge.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
        return judge

    return over_all


def _values(case: Any, *, several: bool) -> tuple[Any, ...]:
    if isinstance(case, _PARAM):
        assert not case.marks, "a case of many has no marks of its own"
        return tuple(case.values)
    return tuple(case) if several else (case,)


def _label(case: tuple[Any, ...], label: Callable[[Any], str] | None) -> str:
    return "-".join(label(part) if label else repr(part) for part in case)
