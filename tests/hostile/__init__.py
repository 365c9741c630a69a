"""Answers that no sound service gives, at every stage of a climb and of its evidence, over real TLS.

`mutations` makes a hostile answer out of a healthy one, `peers` plays every peer of a climb, `trial` climbs and holds
what came of it to the promises of the security and robustness pages. `python -m hostile` tries many of them.
"""
