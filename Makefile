# Learning in the Loop.  `make book` and `make test` need only Python 3.11 to
# 3.13 (with venv) and make.  All paths are relative, so the folder's own name
# may hold spaces.
PYTHON ?= python3
PY := .venv/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet install

# Settings of the shell that must not matter here: assertions stay on,
# packages go into .venv, imports come from this folder, kernels from .venv.
unexport PYTHONOPTIMIZE PYTHONSAFEPATH PYTHONHOME PYTHONPATH PYTHONSTARTUP
unexport PYTHONWARNINGS PIP_USER PIP_TARGET PIP_PREFIX
unexport PIP_REQUIRE_VIRTUALENV VIRTUAL_ENV
export PYTHONNOUSERSITE := 1
export PYTHONUTF8 := 1
export JUPYTER_PREFER_ENV_PATH := 1

# The stamp of the installed package names this folder, so that a checkout
# that was moved or copied is installed again and not the old one used.
$(shell test ! -e .venv/book.stamp || test "$$(cat .venv/book.stamp)" = "$$(pwd -P)" || rm -f .venv/book.stamp)

.DEFAULT_GOAL := help
.PHONY: help book test test-oldest test-newest book-newest-sphinx newest claims-check bench seeds lab serve course grade formgrade dryrun soak pins clean distclean zip pdf epub

help:  ## show this list
	@echo 'Learning in the Loop: make ...'
	@sed -n 's/^\([a-z-]*\):.*## /  \1|/p' Makefile | column -t -s '|' 2>/dev/null \
	 || sed -n 's/^\([a-z-]*\):.*## /  \1  /p' Makefile

book: .venv/book.stamp  ## run every chapter and build the site in _build/html
	@$(PY) -m tools.book

test: .venv/dev.stamp book  ## run all tests: package, notebooks, site, browser
	@$(PY) -m tools.test

claims-check: .venv/book.stamp  ## break the package once for each claim; its evidence must notice
	@$(PY) -m tools.claims_check

test-oldest: .venv-oldest/stamp  ## run package, claims and chapters with the oldest versions that pyproject.toml allows
	@PYTHONPATH="$$(pwd -P)" .venv-oldest/bin/python -m tools.versions

test-newest: newest  ## run package, claims and chapters with the newest versions that there are
	@PYTHONPATH="$$(pwd -P)" .venv-newest/bin/python -m tools.versions

book-newest-sphinx: book newest  ## build the book with the newest Sphinx and without Jupyter Book, in _build/newest
	@$(PY) -m tools.newest_sphinx .venv-newest/bin/python

seeds: .venv/book.stamp  ## run Part 4 under five other seeds: do its conclusions hold?
	@$(PY) -m tools.seeds

bench: .venv-bench/stamp  ## time the package beside NumPy, PyTorch and JAX (4 minutes; nothing else should run)
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 \
	  PYTHONPATH=. .venv-bench/bin/python -m pytest benchmarks -q \
	  -o python_files='bench_*.py' -o addopts= -p no:cacheprovider \
	  --random-order --benchmark-columns=median --benchmark-sort=name \
	  --benchmark-max-time=0.5 --benchmark-min-rounds=5 \
	  --benchmark-json=_build/bench.json >_build/bench.log
	@PYTHONPATH=. .venv-bench/bin/python benchmarks/report.py _build/bench.json

lab: book  ## open the chapters as notebooks in JupyterLab, as copies in work/
	@$(PY) -m tools.lab

serve: book  ## build the book and serve it at http://localhost:8000
	@$(PY) -m tools.serve

zip: book  ## pack the site in one file, to unpack and read anywhere
	@$(PY) -m tools.book.archive

pdf: .venv/dev.stamp book  ## print the whole book into one PDF (needs Chromium)
	@$(PY) -m tools.book.pdf

epub: .venv/dev.stamp book  ## the whole book for e-readers (checked where Java is installed)
	@$(PY) -m tools.book.epub

course: .venv/dev.stamp  ## build the problem sets in _build/course (SEED=7: other numbers)
	@$(PY) -m course.build $(if $(SEED),--seed $(SEED))

grade: .venv/dev.stamp  ## grade a folder of submissions: SUBMISSIONS=dir OUT=dir [ROSTER=csv] [SET=ps1]
	@$(PY) -m course.grade "$(SUBMISSIONS)" "$(OUT)" $(if $(ROSTER),--roster "$(ROSTER)") $(if $(SET),--set $(SET)) $(if $(UNCONFINED),--unconfined)

formgrade: .venv/dev.stamp  ## grade the written answers in a browser: OUT=dir of `make grade`
	@test -x $(PY) || { echo "$(PY): you cannot read the Python that it stands for; run make in a copy of the repository of your own"; exit 1; }
	@$(PY) -m course.formgrade "$(OUT)"

dryrun: .venv/dev.stamp  ## grade thirty submissions whose points are known beforehand
	@$(PY) -m tests.course.dryrun

soak: .venv/dev.stamp  ## grade three hundred with the grader killed twice (20 minutes)
	@$(PY) -m tests.course.soak

pins:  ## recompile requirements*.txt from pyproject.toml (needs uv)
	@sh tools/pins.sh

clean:  ## remove everything that a build made
	rm -rf _build .pytest_cache .hypothesis .ruff_cache
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean  ## remove the installed packages as well
	rm -rf .venv .venv-bench .venv-oldest .venv-newest lttutor.egg-info

# Each stamp says: what this file lists is installed in .venv.
.venv/venv.stamp:
	@case "$$(pwd -P)" in *:*) echo "make: Python makes no environment in a folder with : in its path, such as $$(pwd -P); choose another" >&2; exit 1;; esac
	@"$(PYTHON)" -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else "make: Python 3.11, 3.12 or 3.13 is needed, and $(PYTHON) is %d.%d; say: make PYTHON=python3.13" % v)'
	@echo 'Making the virtual environment .venv'
	@"$(PYTHON)" -m venv .venv
	@touch $@

.venv/book.stamp: .venv/venv.stamp requirements.txt pyproject.toml
	@echo 'Installing the pinned packages (the first time: about a minute)'
	@$(PIP) --require-hashes --requirement requirements.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@pwd -P > $@

.venv/dev.stamp: .venv/book.stamp requirements-dev.txt
	@echo 'Installing what the tests need'
	@$(PIP) --require-hashes --requirement requirements-dev.txt
	@touch $@

.venv-oldest/stamp: requirements-oldest.txt
	@echo 'Installing the oldest versions in .venv-oldest'
	@"$(PYTHON)" -m venv --clear .venv-oldest
	@.venv-oldest/bin/python -m pip --disable-pip-version-check --quiet install --requirement requirements-oldest.txt
	@touch $@

newest:
	@test -x .venv-newest/bin/python || "$(PYTHON)" -m venv .venv-newest
	@echo 'Installing the newest versions in .venv-newest'
	@.venv-newest/bin/python -m pip --disable-pip-version-check --quiet install --upgrade --upgrade-strategy eager --editable '.[plain,test]'

.venv-bench/stamp: benchmarks/requirements.txt
	@echo 'Installing PyTorch, JAX and the harness in .venv-bench'
	@"$(PYTHON)" -m venv .venv-bench
	@.venv-bench/bin/python -m pip --disable-pip-version-check --quiet install --requirement benchmarks/requirements.txt
	@mkdir -p _build
	@touch $@
