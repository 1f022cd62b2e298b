"""`make site`: executed lessons, derivations and exercises as pages that need no network.

build.py executes the notebooks and writes what Sphinx reads, conf.py says how Sphinx shows it.
"""
