"""The table of methods and what stands for each of its rows: a way to a token, and an identity of the emulator."""

from __future__ import annotations

import pytest

from pytest_acrauth.auth import METHODS, Method, choose
from pytest_acrauth.emulator import Emulator
from pytest_acrauth.emulator.scenarios.variants import IDENTITIES
from pytest_acrauth.model.target import Flow, Reference, Registry, Target
from pytest_acrauth.probes.entra.client_secret import ask_with_secret
from pytest_acrauth.probes.entra.methods import complete
from pytest_acrauth.running.run import Run

MY = Registry.parse("myacr")


@pytest.mark.parametrize("row", METHODS, ids=lambda row: row.name)
def test_every_method_reaches_the_layer(row: Method) -> None:
    """On a machine that has its credential, each method that is asked for by name gets through to the layer."""
    with Emulator() as emulator:
        emulator.change(IDENTITIES[row.name])
        (chosen,) = choose([row.name], emulator.environ, [MY])
        (seen,) = Run(emulator.machine).check([Target(MY, chosen.identity, (Reference.parse("team/app"),))])
    assert list(seen.broken()) == []
    assert seen.accesses[0].data is not None
    assert seen.accesses[0].data.received


def test_ways_to_a_token_are_as_many_as_rows() -> None:
    """A row of the Entra flow without a way to its token, and a way of no row, are told by name on loading."""
    rows = [method for method in METHODS if method.flow is Flow.ENTRA]
    ways = dict.fromkeys((row.name for row in rows), ask_with_secret)
    assert complete(ways, METHODS) == ways
    with pytest.raises(LookupError, match="made-up"):
        complete({**ways, "made-up": ask_with_secret}, METHODS)
    del ways[rows[0].name]
    with pytest.raises(LookupError, match=rows[0].name):
        complete(ways, METHODS)
