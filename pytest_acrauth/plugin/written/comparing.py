"""What a test compared granted actions with: where the test then fails, that is explained beside its own words."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from collections.abc import Set as AbstractSet
from typing import Any

import pytest

from pytest_acrauth.model.defect import Defect
from pytest_acrauth.model.target import ACTIONS, Target
from pytest_acrauth.plugin.checks.failures import diagnoses_of, not_ready, tell
from pytest_acrauth.plugin.climbing.climbs import Climbs, Compared
from pytest_acrauth.plugin.keys import ABOUT


class Granted(frozenset[str]):
    """The actions that are granted on a repository: a frozenset, which notes what it is compared with.

    It has to stand on the left of a comparison with a set, which asks nobody else.
    """

    _note: Callable[[Iterable[str], Iterable[str]], None]

    @classmethod
    def noting(cls, actions: Iterable[str], note: Callable[[Iterable[str], Iterable[str]], None]) -> Granted:
        """Return these actions; ``note`` is called with what is missing and what is too many, at each comparison."""
        granted = cls(actions)
        granted._note = note
        return granted

    def __repr__(self) -> str:
        return repr(frozenset(self))

    __hash__ = frozenset.__hash__

    def __eq__(self, other: object) -> bool:
        if isinstance(other, AbstractSet):
            self._note(other - frozenset(self), frozenset(self) - other)
        return frozenset.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __le__(self, other: AbstractSet[object]) -> bool:
        self._note((), frozenset(self) - other)
        return frozenset.__le__(self, other)

    def __lt__(self, other: AbstractSet[object]) -> bool:
        self._note((), frozenset(self) - other)
        return frozenset.__lt__(self, other)

    def __ge__(self, other: AbstractSet[object]) -> bool:
        self._note(_texts(other) - frozenset(self), ())
        return frozenset.__ge__(self, other)

    def __gt__(self, other: AbstractSet[object]) -> bool:
        self._note(_texts(other) - frozenset(self), ())
        return frozenset.__gt__(self, other)

    def __contains__(self, action: object) -> bool:
        found = frozenset.__contains__(self, action)
        self._note(() if found else _texts([action]), ())
        return found

    def __and__(self, other: AbstractSet[object]) -> frozenset[str]:
        found = frozenset.__and__(self, other)
        self._note((), found)
        return found

    def __sub__(self, other: AbstractSet[object]) -> frozenset[str]:
        found = frozenset.__sub__(self, other)
        self._note((), found)
        return found

    def issuperset(self, other: Iterable[object], /) -> bool:
        return self >= frozenset(other)

    def issubset(self, other: Iterable[object], /) -> bool:
        return self <= frozenset(other)

    def isdisjoint(self, other: Iterable[object], /) -> bool:
        return not self & frozenset(other)


def _texts(values: Iterable[object]) -> frozenset[str]:
    return frozenset(value for value in values if isinstance(value, str))


def granted(climbs: Climbs, target: Target, repository: str, actions: Iterable[str]) -> Granted:
    """Return granted actions whose comparisons are noted."""

    def note(missing: Iterable[object], excess: Iterable[object]) -> None:
        # What is no action is a mistake of the test, which its own words show.
        found = Compared(target, repository, _known(missing), _known(excess))
        last = climbs.compared[-1] if climbs.compared else None
        # pytest takes the sets apart once more to show how they differ.
        if (found.missing or found.excess) and not (last is not None and _within(found, last)):
            climbs.compared.append(found)

    return Granted.noting(actions, note)


class Comparisons:
    """Hooks that explain what a test compared where it fails."""

    def __init__(self, climbs: Climbs) -> None:
        self._climbs = climbs

    def pytest_runtest_setup(self) -> None:
        """Forget what another test compared."""
        self._climbs.compared.clear()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self,
        item: pytest.Item,  # noqa: ARG002 - pytest's names
        call: pytest.CallInfo[None],
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if self._climbs.compared and report.failed and call.when == "call":
            if call.excinfo is not None and not_ready(call.excinfo.value) is None:
                self._explain(report)
            self._climbs.compared.clear()
        return report

    def _explain(self, report: pytest.TestReport) -> None:
        last = self._climbs.compared[-1]
        try:
            parts = [((last.missing, ()), last.missing), (((), last.excess), last.excess)]
            seen = [self._climbs.ask(last.target, last.repository, *wanted) for wanted, some in parts if some]
            told = [tell(diagnosis) for transcript in seen for diagnosis in diagnoses_of(transcript)]
            setattr(report, ABOUT, [each.to_report() for each in told])
        except Exception as error:  # noqa: BLE001 - a defect of ours never takes the place of a failure that is not
            from pytest_acrauth.report.defect import told as defect_told

            defect = Defect.of(error, "explaining what was compared", secrets=self._climbs.run.secrets)
            report.sections.append(("a defect of pytest-acrauth", defect_told(defect)))


def _within(found: Compared, last: Compared) -> bool:
    same = (found.target, found.repository) == (last.target, last.repository)
    return same and {*found.missing} <= {*last.missing} and {*found.excess} <= {*last.excess}


def _known(actions: Iterable[Any]) -> tuple[str, ...]:
    found = frozenset(actions)
    return tuple(action for action in ACTIONS if action in found)
