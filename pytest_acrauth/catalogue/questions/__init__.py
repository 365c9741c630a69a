"""Questions that several families of causes ask, by where the answer is found, and how answers are judged.

A question that one family asks stands beside its causes.
"""
