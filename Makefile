# Two commands: `make lab` to learn, `make test` to check. Both make .venv first, which takes a minute once and nothing after.
# PYTHON=…    the Python >= 3.11 to use            BROWSER=0  leave the browser tests out
# LAB_ARGS=…  more for JupyterLab (--no-browser)   WORKERS=2  processes that the tests run on

WORKERS ?= 2
LAB_ARGS ?=
BROWSER ?= 1

RUN = .venv/bin/python
PAGE = tdxkit/view/stepper/page tdxkit/view/editor/page tdxkit/view/kit/page
PYTEST = $(RUN) -m pytest -n $(WORKERS) --timeout 300
TOGETHER = --dist loadgroup  # what shares a browser or a long table; no quick test does
ASKED = $(if $(filter command environment,$(firstword $(origin PYTHON))),--asked)
MAKE_ENV = python=$$(sh tools/find-python $(if $(PYTHON),"$(PYTHON)")) && "$$python" tools/venv.py

.PHONY: help lab test test-fast lint bench book editions site bundle site-serve mutants clean env env-test env-book env-site env-hub hub hub-test

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 18

lab: env  ## open JupyterLab on the first notebook
	@$(RUN) -m tdxkit doctor --quiet
	@$(RUN) -m tdxkit lab notebooks --lab-args="$(LAB_ARGS)"

test: lint  ## everything: lint, tests, notebooks, browser (BROWSER=0 leaves that out)
ifeq ($(BROWSER),0)
	@echo "browser tests: left out (BROWSER=0)"
	@$(PYTEST) $(TOGETHER) --nbmake --durations=10 -m "not browser" tests tdxkit notebooks
else
	@CHROMIUM=$$($(RUN) tools/browser.py) && export CHROMIUM && $(PYTEST) $(TOGETHER) --nbmake --durations=10 tests tdxkit notebooks
endif

test-fast: env-test  ## the quick tests, in under a minute
	@$(PYTEST) -p no:nbmake -m "not slow and not many and not browser" tests tdxkit

lint: env-test  ## ruff, types, the rules for notebooks, and the same for the page's script and style
	@$(RUN) -m ruff check -q .
	@$(RUN) -m ruff format -q --check .
	@$(RUN) -m mypy --no-error-summary
	@$(RUN) tools/nblint.py notebooks
	@.venv/bin/oxlint -f unix $(PAGE)
	@.venv/bin/oxfmt --list-different $(PAGE)

bench: env-test  ## every benchmarks/bench_*.py, one after the other
	@for script in benchmarks/bench_*.py; do echo "== $$script"; $(RUN) "$$script" || exit 1; done

book: env-book  ## the notebooks as HTML pages, in dist/book: they step and ask without Python and without a network
	@$(RUN) tools/book.py

editions: env-test  ## give each notebook that has changed its next edition, which a saved copy compares with
	@$(RUN) tools/editions.py

site: env-site  ## the workbook as pages that run in a browser alone, in dist/site: Python and all, no server
	@$(RUN) tools/lite.py

bundle: book site  ## one zip for a room without a network: site, book, handout, wheels for machines like this one
	@$(RUN) tools/bundle.py

site-serve: env-site  ## dist/site on 127.0.0.1 (PORT=8765)
	@$(RUN) tools/served.py --port $(or $(PORT),8765) dist/site

hub: env-hub  ## one server for a room, as root: HUB_ARGS="--ip … --tls-key … --tls-cert …"
	@$(RUN) tools/hub.py $(HUB_ARGS)

hub-test: env-test  ## the hub under twenty learners, as root: seconds, memory, one who takes all (some five minutes)
	@$(RUN) benchmarks/hub_of_twenty.py

mutants: env-test  ## plant faults and see which the tests notice: AREA="seam status", SEED=1, COUNT=25
	@$(RUN) tools/mutants.py --seed $(or $(SEED),1) --count $(or $(COUNT),25) --workers $(WORKERS) $(AREA)

clean:  ## remove .venv and all that tests and tools left behind
	rm -rf .venv .venv.making .venv.before .pytest_cache .ruff_cache .mypy_cache .hypothesis test-artifacts build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find . -name .ipynb_checkpoints -type d -prune -exec rm -rf {} +

env:
	@$(MAKE_ENV) lab $(ASKED)

env-test:
	@$(MAKE_ENV) test $(ASKED)

env-book:
	@$(MAKE_ENV) book $(ASKED)

env-site:
	@$(MAKE_ENV) site $(ASKED)

env-hub:
	@$(MAKE_ENV) hub $(ASKED)
