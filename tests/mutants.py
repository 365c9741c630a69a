"""Would the tests notice? Changes one small thing of the package at a time, and runs the tests on each.

``python tests/mutants.py --seed 1 --mutants 30`` in an environment that has the tests' dependencies. The checkout stays
as it is: each mutant is made in a copy, which is what gets imported. What the tests of every day let live meets all of
them; what lives then is shown, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PACKAGE = "pytest_acrauth"
_OPPOSITE = {
    ast.Eq: "!=", ast.NotEq: "==", ast.Lt: ">=", ast.LtE: ">", ast.Gt: "<=", ast.GtE: "<",
    ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is",
}  # fmt: skip
#: Seconds after which a run is over: a mutant that makes tests wait for ever was noticed, too.
_LIMIT = 1800


class Mutant(NamedTuple):
    """One change: the file, the place in it by line and column (of bytes, from 0), what stands there and what will."""

    path: Path
    line: int
    start: int
    end: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.path.as_posix()}:{self.line + 1}: {self.before} -> {self.after}"

    def make(self, root: Path) -> None:
        """Change the file in a copy of the checkout."""
        file = root / self.path
        lines = file.read_bytes().split(b"\n")
        line = lines[self.line]
        lines[self.line] = line[: self.start] + self.after.encode() + line[self.end :]
        file.write_bytes(b"\n".join(lines))


def mutants_of(path: Path, source: str) -> Iterator[Mutant]:
    """Return every change of a module: conditions turned round, values replaced, numbers off by one."""
    lines = source.encode().split(b"\n")

    def change(node: ast.expr, after: str) -> Iterator[Mutant]:
        if node.lineno == node.end_lineno and node.end_col_offset is not None:
            line = node.lineno - 1
            before = lines[line][node.col_offset : node.end_col_offset].decode()
            yield Mutant(path, line, node.col_offset, node.end_col_offset, before, after)

    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Compare(left=left, ops=[operator], comparators=[right]):
                yield from change(node, f"{ast.unparse(left)} {_OPPOSITE[type(operator)]} {ast.unparse(right)}")
            case ast.BoolOp(op=operator, values=values):
                word = " or " if isinstance(operator, ast.And) else " and "
                yield from change(node, word.join(f"({ast.unparse(value)})" for value in values))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                yield from change(node, f"({ast.unparse(operand)})")
            case ast.Constant(value=bool(value)):
                yield from change(node, str(not value))
            case ast.Constant(value=int(value)):
                yield from change(node, str(value + 1))
            case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
                yield from change(value, "None")
            case ast.If(test=test) if not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp):
                yield from change(test, f"(not ({ast.unparse(test)}))")


def drawn(seed: int, number: int) -> list[Mutant]:
    """Return some mutants, each of another module, so that large modules are not all that is looked at."""
    chance = Random(seed)
    files = sorted((ROOT / PACKAGE).rglob("*.py"))
    chance.shuffle(files)
    found = []
    for file in files:
        if every := list(mutants_of(file.relative_to(ROOT), file.read_text("utf-8"))):
            found.append(chance.choice(every))
        if len(found) == number:
            break
    return found


def noticed(mutant: Mutant | None, options: list[str]) -> bool:
    """Whether a test fails on a mutant, or, for None, on the package as it is."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "checkout"
        shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(".git", ".tox", ".venv", "__pycache__", ".*_cache"))
        if mutant is not None:
            mutant.make(root)
        command = [sys.executable, "-m", "pytest", "-n", "4", "-x", "-q", "-p", "no:cacheprovider", *options]
        environ = {**os.environ, "PYTHONPATH": str(root)}
        try:
            done = subprocess.run(command, cwd=root, env=environ, capture_output=True, timeout=_LIMIT, check=False)
        except subprocess.TimeoutExpired:
            return True
    return done.returncode != 0


def main() -> int:
    """Try the mutants that the arguments ask for, and tell of each who noticed it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="other mutants with another one (default: 1)")
    parser.add_argument("--mutants", type=int, default=30, metavar="N", help="how many (default: 30)")
    asked = parser.parse_args()
    tests = ["--hypothesis-profile=repeatable"]
    if noticed(None, [*tests, "--thorough=none"]):
        parser.exit(2, "A test fails on the package as it is: nothing would be shown.\n")
    living = 0
    for mutant in drawn(asked.seed, asked.mutants):
        if noticed(mutant, [*tests, "--thorough=none"]):
            found = "noticed"
        elif noticed(mutant, [*tests, "--thorough=only"]):
            found = "noticed by the thorough tests alone"
        else:
            found = "LIVES"
            living += 1
        print(f"{found}: {mutant}", flush=True)
    return min(living, 1)


if __name__ == "__main__":
    raise SystemExit(main())
