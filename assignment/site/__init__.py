"""`make site`: the executed lessons, the derivations and the exercises as pages that need no network.

build.py executes the notebooks and writes what Sphinx reads, conf.py says how Sphinx shows it.
"""
