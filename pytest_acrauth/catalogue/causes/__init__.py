"""The documented causes, one module for each family, with the questions that only that family asks above them.

The first line of a module is what its family is about, as it is printed. Causes stand in the order of its page.
"""
