"""Measures how fast pytest-acrauth is, side by side with ``az acr check-health`` against the same emulated Azure.

Run ``python benchmarks/run.py``. The page docs/explanation/speed.md says how to read the table.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.metadata import entry_points, version
from pathlib import Path

from emulated import HERE, Azure, namespace, serve
from measuring import Failed, Spent, Taken, alternate, environment, run
from table import Row, further, medians, ratio, share, shown, written

ROUND_TRIP = 0.05
FLEETS = (1, 10, 20, 100)
#: Holds, inside, the network namespace that the benchmarks came from.
OUTSIDE = "ACR_BENCHMARKS_OUTSIDE"
_CHECK = ("--acr-registry", "myacr", "--acr-repository", "team/app", "--acr-auth", "service-principal")
_HEALTH = ("acr", "check-health", "--name", "myacr", "--ignore-errors", "--yes")


class Bench:
    """What the rows share: how often each process runs, where az is, and a folder for their files."""

    def __init__(self, runs: int, az: str | None, folder: Path) -> None:
        self.runs = runs
        self.az = az
        self.folder = folder
        self._suite = folder / "suite"
        self._suite.mkdir()
        (self._suite / "pytest.ini").write_text("[pytest]\n", encoding="ascii")
        (self._suite / "test_one.py").write_text("def test_passes():\n    assert True\n", encoding="ascii")

    def pytest(self, *options: str, **environ: str) -> Spent:
        """Run pytest on a suite of one test; of the plugins installed here, at most ours is loaded."""
        others = sorted({plugin.name for plugin in entry_points(group="pytest11")} - {"acrauth"})
        blocked = [part for name in others for part in ("-p", f"no:{name}")]
        command = [sys.executable, "-m", "pytest", "-q", *blocked, *options]
        return run(command, environment(HOME=str(self.folder), **environ), self._suite)

    def bare(self) -> Spent:
        """Run pytest without the plugin."""
        return self.pytest("-p", "no:acrauth")

    def check(self, azure: Azure) -> Spent:
        """Check myacr and one repository as a service principal, down to the data endpoint, and run the one test."""
        who = {name: value for name, value in azure.environ.items() if name.startswith("AZURE_")}
        return self.pytest(*_CHECK, f"--acr-ca-bundle={azure.bundle}", **who)

    def az_health(self, azure: Azure) -> Callable[[], Spent]:
        """Log az in, with settings of its own and without telemetry, and return its check-health."""
        environ = environment(
            HOME=str(self.folder),
            AZURE_CONFIG_DIR=str(self.folder / "azure"),
            AZURE_CORE_COLLECT_TELEMETRY="0",
            REQUESTS_CA_BUNDLE=str(azure.bundle),
            SSL_CERT_FILE=str(azure.bundle),
        )
        environ.pop("PYTHONPATH", None)  # az has its own
        user, secret, tenant = (azure.environ[f"AZURE_{part}"] for part in ("CLIENT_ID", "CLIENT_SECRET", "TENANT_ID"))
        # A password may begin with a dash, which az takes for an option of its own.
        login = ("login", "--service-principal", "--username", user, f"--password={secret}", "--tenant", tenant)
        run([str(self.az), *login, "--output", "none"], environ, self.folder)
        return partial(run, [str(self.az), *_HEALTH], environ, self.folder)

    def climb(self, count: int, file: Path) -> Spent:
        """Check so many registries in a process that does nothing else."""
        spent = run([sys.executable, str(HERE / "climbing.py"), str(file), str(count)], environment(), self.folder)
        if broken := json.loads(spent.out)["broken"]:
            raise Failed(f"{len(broken)} of {count} registries were not ready, such as {broken[0]}")
        return spent

    def read(self, kind: str, megabytes: int) -> Spent:
        """Read a log in a process that does nothing else."""
        return run([sys.executable, str(HERE / "reading.py"), kind, str(megabytes)], environment(), self.folder)


def inactive(bench: Bench) -> Iterator[Row]:
    """Compare pytest with the plugin installed and not used with pytest without it; the difference is small."""
    found = alternate(3 * bench.runs, {"without": bench.bare, "with": bench.pytest})
    walls = found.figures(wall)
    row = Row("plugin installed and inactive, against -p no:acrauth", 1.03, "")
    yield row._replace(result=ratio(walls, "with", "without"), medians=medians(walls), note=found.why)


def health(bench: Bench) -> Iterator[Row]:
    """Compare a healthy check with az, both under Azure's real names, without and with a round trip."""
    added = Row("what a healthy check adds to bare pytest, as a share of check-health", 0.20, "")
    whole = Row("whole process of a healthy check at 50 ms round trip, against check-health", 0.58, "")
    requests, connections = Row("what that check sends", 7, "requests"), Row("what that check opens", 3, "connections")
    if reason := outside():
        yield from (row._replace(note=reason) for row in (added, whole, requests, connections))
        return
    with serve(0, bench.folder, real_names=True) as azure:
        take: dict[str, Callable[[], Spent]] = {"check": partial(bench.check, azure)}
        if bench.az:
            take["az"] = bench.az_health(azure)
        near = alternate(bench.runs, {"bare": bench.bare, **take})
        azure.delay(ROUND_TRIP)
        far = alternate(bench.runs, take)
        before = azure.counts()
        bench.check(azure)
        after = azure.counts()
    missing = "" if bench.az else "no az here; --az PATH or ACR_AZ names it"
    walls = near.figures(wall)
    yield added._replace(result=share(walls, "check", "bare", "az"), medians=medians(walls), note=near.why or missing)
    walls = far.figures(wall)
    yield whole._replace(result=ratio(walls, "check", "az"), medians=medians(walls), note=far.why or missing)
    yield requests._replace(result=after.requests - before.requests)
    yield connections._replace(result=after.connections - before.connections)


def fleets(bench: Bench) -> Iterator[Row]:
    """Check up to a hundred registries at once, at 50 ms round trip."""
    found, note = climbed(bench, FLEETS)
    walls, cpus = found.figures(alone), found.figures(lambda spent: spent.cpu)
    row = Row("wall time of 100 registries at 50 ms round trip, against 1", 2.0, "")
    yield row._replace(result=ratio(walls, "100", "1"), medians=medians(walls), note=note)
    for count in ("20", "100"):
        row = Row(f"processor time of each registry beyond the first, of {count}", 0.010, "ms")
        yield row._replace(result=further(cpus, count, "1"), medians=medians(cpus), note=found.why)
    row = Row("peak memory of 100 registries", 60, "MB")
    yield row._replace(result=medians(found.figures(peak)).get("100"), note=found.why)


def large(bench: Bench) -> Iterator[Row]:
    """Check a thousand registries at once, at 50 ms round trip."""
    found, note = climbed(bench, [1000])
    row = Row("wall time of 1000 registries at 50 ms round trip", 12, "s")
    yield row._replace(result=medians(found.figures(alone)).get("1000"), note=note)
    row = Row("peak memory of 1000 registries", 200, "MB")
    yield row._replace(result=medians(found.figures(peak)).get("1000"), note=found.why)


def climbed(bench: Bench, fleet_sizes: Sequence[int]) -> tuple[Taken, str]:
    """Check fleets of these sizes; return what that took and, where all were ready, what the emulator spent on it."""
    with serve(max(fleet_sizes), bench.folder) as azure:
        azure.delay(ROUND_TRIP)
        take = {str(count): partial(bench.climb, count, azure.machine) for count in fleet_sizes}
        found = alternate((bench.runs + 2) // 3, take)
        emulator = azure.counts()
    spent = f"the emulator itself took {shown(emulator.cpu / max(1, emulator.requests), 'ms')} of processor per request"
    return found, found.why or spent


def logs(bench: Bench) -> Iterator[Row]:
    """Read logs of two sizes and several kinds; four times the text may take little more than four times as long."""
    for kind in ("plain", "pulls", "hostile"):
        take = {f"{size} MB": partial(bench.read, kind, size) for size in (2, 8, 10)}
        found = alternate((bench.runs + 2) // 3, take)
        walls = found.figures(alone)
        row = Row(f"reading a log, {kind}: 8 MB against 2 MB", 4.4, "")
        yield row._replace(result=ratio(walls, "8 MB", "2 MB"), medians=medians(walls), note=found.why)
        if kind != "hostile":
            row = Row(f"reading a log of 10 MB, {kind}", 2, "s")
            yield row._replace(result=medians(walls).get("10 MB"), note=found.why)


def wall(spent: Spent) -> float:
    """Return how long a process took."""
    return spent.wall


def peak(spent: Spent) -> float:
    """Return the most memory that a process had at once."""
    return spent.peak


def alone(spent: Spent) -> float:
    """Return how long the check alone took, in a process that says so."""
    return float(json.loads(spent.out)["seconds"])


ROWS = {"inactive": inactive, "health": health, "fleets": fleets, "large": large, "logs": logs}


def network() -> str:
    """Return which network namespace this is."""
    return str(Path("/proc/self/ns/net").readlink())


def outside() -> str:
    """Return why nothing may run here under Azure's real names; '' inside a namespace of its own."""
    if os.environ.get(OUTSIDE, "") in {"", network()}:
        return namespace()[1] or "not in a network namespace of its own"
    return ""


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=",".join(ROWS), help="which to measure, comma-separated (%(default)s)")
    parser.add_argument(
        "--runs",
        type=int,
        default=15,
        help="runs of each process; for inactive three times as many, for fleets and logs a third (%(default)s)",
    )
    parser.add_argument("--az", default=os.environ.get("ACR_AZ") or shutil.which("az"), help="az, if not on PATH")
    parser.add_argument("--json", type=Path, help="also write the results to this file")
    found = parser.parse_args()
    found.rows = found.rows.split(",")
    if unknown := set(found.rows) - set(ROWS):
        parser.error(f"no such rows: {', '.join(sorted(unknown))}; choose from {', '.join(ROWS)}")
    return found


def main() -> int:
    """Measure and print the table; a missed goal is a result like another, so return 0."""
    wanted = options()
    if "health" in wanted.rows and OUTSIDE not in os.environ and (enter := namespace()[0]):
        command = [*enter, sys.executable, *sys.argv]
        return subprocess.run(command, check=False, env=os.environ | {OUTSIDE: network()}).returncode
    if not outside():
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.TemporaryDirectory(prefix="acr-benchmarks-") as folder:
        bench = Bench(wanted.runs, wanted.az, Path(folder))
        rows: list[Row] = []
        for name in wanted.rows:
            print(f"measuring {name}", file=sys.stderr)
            rows += ROWS[name](bench)
    about = (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"pytest {version('pytest')}, {wanted.runs} runs"
    )
    print(f"{about}\n\n{written(rows)}")
    if wanted.json:
        found = {"about": about, "rows": [row._asdict() | {"met": row.met} for row in rows]}
        wanted.json.write_text(json.dumps(found, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
