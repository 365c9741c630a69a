"""Who fails: which of a target's selected checks answer for what broke in its climb.

Pure functions. Their promise: whatever is selected, when a selected stage is broken or was not reached, a selected
check of that target fails.
"""

from __future__ import annotations

from collections.abc import Collection

from pytest_acrauth.model.stage import Rung
from pytest_acrauth.model.target import Target
from pytest_acrauth.model.transcript import Transcript


def broken_before(transcript: Transcript, rung: Rung) -> tuple[Rung, ...]:
    """Return the broken rungs because of which this one is broken itself or was not reached; none if it passed."""
    broken = tuple(transcript.broken())
    needed = {rung, *transcript.target.needs(rung)}
    found = tuple(other for other in broken if other in needed)
    # A leg may be given up because the other one broke: then nothing it needs is broken, and everything counts.
    return found if found or transcript.at(rung) is not None else broken


def answers_for(
    transcript: Transcript, selected: Collection[Rung], failed_before: Collection[Rung] = ()
) -> dict[Rung, tuple[Rung, ...]]:
    """Return the selected rungs that fail, each with the broken rungs it fails for.

    A broken rung's own check fails if it is selected; else the first selected one that needs it stands in; else those
    that failed in an earlier run and have to do with it, so that ``--lf`` never forgets what it did not select.
    """
    fails: dict[Rung, tuple[Rung, ...]] = {}
    order = [rung for rung in transcript.target.rungs if rung in selected]
    for broken in transcript.broken():
        if broken in selected:
            answering = [broken]
        else:
            answering = [rung for rung in order if broken in broken_before(transcript, rung)][:1]
            answering = answering or [
                rung for rung in order if rung in failed_before and broken in around(transcript.target, rung)
            ]
        for rung in answering:
            fails[rung] = (*fails.get(rung, ()), broken)
    return fails


def fails_again(transcript: Transcript, rung: Rung) -> tuple[Rung, ...]:
    """Return the broken rungs for which a check that is run again after it failed fails once more.

    Stages that need this one may have been skipped on its account, here or in another process: it passes only if
    nothing that it or they need is broken now.
    """
    concerned = around(transcript.target, rung)
    found = tuple(broken for broken in transcript.broken() if broken in concerned)
    return found or broken_before(transcript, rung)


def around(target: Target, rung: Rung) -> frozenset[Rung]:
    """Return the rung, every rung that needs it, and everything that any of these needs."""
    concerned = {rung, *(other for other in target.rungs if rung in target.needs(other))}
    return frozenset(concerned.union(*(target.needs(other) for other in concerned)))
