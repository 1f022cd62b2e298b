# One target per wish; `make` alone lists them. README.md says how to do the same without make.

# PYTHON picks the interpreter. Without it the one that .venv was made with stays.
WORKING := $(shell .venv/bin/python -P -c 'import pip' 2>/dev/null && echo .venv/bin/python)
PYTHON ?= $(or $(WORKING),python3)
LAB_ARGS ?=
PYODIDE ?=
AS_ROOT := $(if $(filter 0,$(shell id -u 2>/dev/null)),--allow-root)
$(if $(WORKING),,$(shell rm -f .venv/ready-*))
export PIP_USER := 0

# uv fetches many packages at a time, in a third of the time; where it cannot, pip does it.
PIP_INSTALL = $(RUN) pip install --quiet --disable-pip-version-check
install = { $(PIP_INSTALL) --only-binary uv uv \
  && $(RUN) uv pip install --quiet --compile-bytecode --python .venv/bin/python -r $(1); } 2>/dev/null || $(PIP_INSTALL) -r $(1)

# Of a file here that hides a module, such as random.py, one sentence is said instead of all else.
FIND_HIDING = import importlib.machinery, os, signal, sys; sys.path.insert(0, "."); import assignment
HIDING = $(shell .venv/bin/python -P -c '$(FIND_HIDING)' 2>&1 | sed -n '/hides the module/s/^ImportError: //p')
$(if $(wildcard *.py),$(if $(HIDING),$(error $(HIDING))))

VERSION := $(shell "$(PYTHON)" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
READY := .venv/ready-$(VERSION)
RUN := .venv/bin/python -m
# full suite
BENCH_ARGS ?=
MUTANTS_ARGS ?=
GRADE_ARGS ?=
NET_ARGS ?=
SUBMISSIONS ?=
DIR ?=
COLAB_PYTHON ?= python3.12
COLAB := PYDEVD_DISABLE_FILE_VALIDATION=1 PYTHONPATH="$(CURDIR)" .venv/colab/bin/python -m
COLAB_TESTS = $(filter-out tests/browser tests/conftest.py tests/test_lock.py tests/test_make.py,$(wildcard tests/[!_]*))
# end of full suite

# The longest lessons first: none is left to run alone at the end.
LESSONS := $(patsubst %,notebooks/%.ipynb,knn two_layer_net svm further/exact_neighbors softmax further/metric_learning start)
NBVAL := pytest -q -n 2 --dist loadfile --no-loadscope-reorder --nbval-lax --nbval-current-env --nbval-cell-timeout=600

.PHONY: help lab setup check lint test notebooks progress watch mutants inputs derivations data net bench figures grade release site check-browser check-colab stubs clean-notebooks picture lock

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*  ## ' Makefile | sed -E 's/:.*  ## /\t/' | expand -t 18

lab: $(READY)  ## open the notebooks in JupyterLab (LAB_ARGS="--no-browser --port 8899")
	@$(RUN) jupyterlab --LabApp.default_url=/lab/tree/notebooks/start.ipynb \
	  --FileContentsManager.pre_save_hook=assignment.notebook.clean.before_saving $(AS_ROOT) $(LAB_ARGS)

setup: $(READY)  ## set up .venv, as every target does by itself when it is first called

# full suite
check: lint test notebooks progress  ## prove that everything is sound: all of the four below
# end of full suite
# edition: check: lint progress notebooks  ## prove that everything is sound: all of the three below

lint: $(READY)  ## the style of the code
	@$(RUN) ruff check --quiet
	@$(RUN) ruff format --check --quiet

# full suite
test: $(READY)  ## the tests
	@$(RUN) pytest -q -n 2 --dist loadfile

notebooks: $(READY)  ## execute the notebooks with the reference solutions
	@$(RUN) assignment with assignment/solutions $(RUN) $(NBVAL) $(LESSONS)
# end of full suite
# edition: notebooks: $(READY)  ## execute the notebooks with your files, once all exercises are right
# edition: 	@if $(RUN) assignment finished; then $(RUN) $(NBVAL) $(LESSONS); fi

progress: $(READY)  ## your exercises: right, wrong or to do
	@$(RUN) assignment progress

watch: $(READY)  ## check again whenever you save, and say which exercise comes next
	@$(RUN) assignment watch

derivations: $(READY)  ## every line of the derivations, tried on random numbers
	@$(RUN) assignment derivations

data: $(READY)  ## fetch the full CIFAR-10 (139 MB or 170 MB; 180 MB on disk)
	@$(RUN) assignment data

site: .venv/ready-site  ## execute the notebooks and build a site of them, in results/site (PYODIDE=folder)
	@$(RUN) assignment site $(if $(PYODIDE),--pyodide "$(PYODIDE)")

# full suite
mutants: $(READY)  ## what the checks catch: wrong solutions, and right ones written differently (MUTANTS_ARGS="--seeds 1 20")
	@.venv/bin/python -W ignore tests/checking/mutants.py $(MUTANTS_ARGS)

inputs: $(READY)  ## what becomes of bad and unusual input: 6,000 calls, by how they end
	@.venv/bin/python tests/given/inputs.py

net: $(READY)  ## train the best two-layer net on the full CIFAR-10: eight minutes; goes on if interrupted (NET_ARGS=--restart)
	@$(RUN) assignment net $(NET_ARGS)

bench: $(READY)  ## the speed of the reference beside other libraries (BENCH_ARGS=--quick: one minute)
	@$(RUN) assignment bench $(BENCH_ARGS)

grade: $(READY)  ## grade a class (SUBMISSIONS=folder; GRADE_ARGS="--resume --due 2026-10-31T23:59")
	@test -n "$(SUBMISSIONS)" || { echo "Say where the hand-ins are: make grade SUBMISSIONS=folder" >&2; exit 1; }
	@$(RUN) assignment grade "$(SUBMISSIONS)" $(GRADE_ARGS)

release: $(READY)  ## write an edition without answers, for students (DIR=folder)
	@test -n "$(DIR)" || { echo "Say where: make release DIR=folder" >&2; exit 1; }
	@$(RUN) assignment release "$(DIR)"

check-browser: .venv/ready-site  ## JupyterLab and the site as a browser shows them; installs Chromium where it may
	@if test -n "$$CHROMIUM"; then \
	  command -v "$$CHROMIUM" >/dev/null || { echo "CHROMIUM=$$CHROMIUM is no program." >&2; exit 1; }; \
	else for browser in chromium chromium-browser google-chrome; do \
	  command -v $$browser >/dev/null && exit; done; \
	  { apt-get update -qq && apt-get install -qq -y chromium; } >/dev/null 2>&1 \
	  || { echo "There is no Chromium: install the package chromium, or name a browser with CHROMIUM=..." >&2; exit 1; }; \
	fi
	@$(MAKE) --no-print-directory .venv/pyodide
	@$(RUN) assignment site --pyodide .venv/pyodide
	@$(RUN) pytest -q tests/site
	@$(RUN) pytest -q -n 2 --dist worksteal --screenshot=only-on-failure \
	  --output=results/screenshots/failures tests/browser

check-colab: .venv/ready-colab  ## lessons and tests with the versions that Colab has (COLAB_PYTHON=/path/to/python3.12)
	@$(RUN) pytest -q -n 2 --dist loadfile -k "colab or ipython8" tests/notebook
	@$(COLAB) pytest -q -n 2 --dist loadfile --disable-warnings $(COLAB_TESTS)
	@$(COLAB) assignment with assignment/solutions .venv/colab/bin/python -m $(NBVAL) --disable-warnings $(LESSONS)
	@$(COLAB) assignment with assignment/solutions .venv/colab/bin/python -m assignment progress

stubs: $(READY)  ## write the five stubs anew from the solutions; an edited file is kept beside it
	@$(RUN) assignment stubs

clean-notebooks: $(READY)  ## strip outputs, counts and metadata from the notebooks
	@$(RUN) assignment clean

picture: $(READY)  ## draw the picture of the README
	@.venv/bin/python .github/overview.py

figures: $(READY)  ## the README's figures of speed, from the last bench
	@$(RUN) assignment figures

lock: $(READY)  ## pin what pyproject.toml asks for, and all that it needs, in requirements.txt
	@$(RUN) pip install --quiet uv
	@(echo '# Made by `make lock` from pyproject.toml: every package, for every system and Python.'; \
	  echo '-e .'; \
	  $(RUN) uv pip compile --quiet --universal --no-header --no-annotate pyproject.toml) \
	  > requirements.txt.partial && mv requirements.txt.partial requirements.txt

# end of full suite

# The set-up, once for each interpreter and each change of what is required.
.venv/ready-%: requirements.txt pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit("This suite needs Python 3.11 or newer, but $(PYTHON) is %d.%d: say PYTHON=python3.12 make ..." % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@test -n "$(WORKING)" && .venv/bin/python -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "$*")' \
	  || "$(PYTHON)" -m venv --clear .venv
	@echo "Setting up .venv with Python $*; this takes about a minute, once."
	@$(call install,requirements.txt)
	@touch $@

# What the site needs besides.
.venv/ready-site: requirements-site.txt $(READY)
	@echo "Installing what the site takes besides; once."
	@$(call install,requirements-site.txt)
	@touch $@

# full suite
# Pyodide, for tests alone: 80 MB are fetched, each file is checked.
.venv/pyodide: assignment/tab/pyodide.json $(READY)
	@echo "Fetching Pyodide for the tests; once."
	@rm -rf $@ $@.partial
	@.venv/bin/python tests/browser/fetch_pyodide.py $@.partial && mv $@.partial $@ && touch $@

# Colab's versions, and the same with IPython 8.
.venv/ready-colab: requirements-colab.txt | $(READY)
	@"$(COLAB_PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 12))' 2>/dev/null \
	  || { echo "Colab has Python 3.12, which $(COLAB_PYTHON) is not: say COLAB_PYTHON=/path/to/python3.12 make check-colab" >&2; exit 1; }
	@echo "Installing the versions that Colab has, and IPython 8, within .venv; two minutes, once."
	@for name in colab ipython8; do "$(COLAB_PYTHON)" -m venv --clear .venv/$$name \
	  && .venv/$$name/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-colab.txt \
	  || exit 1; done
	@.venv/ipython8/bin/python -m pip install --quiet --disable-pip-version-check 'ipython ==8.39.0'
	@touch $@
# end of full suite

# Reached only where $(PYTHON) could not be run.
.venv/ready-:
	@echo '$(PYTHON) cannot be run: install Python 3.11 or newer, or name one with PYTHON=...' >&2; exit 1
