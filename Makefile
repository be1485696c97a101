# Each target sets up .venv first, which takes about a minute once and nothing later.
# PYTHON makes .venv; to change it later, remove .venv first.
PYTHON ?= python3
BIN := .venv/bin
# nbgrader and Jupyter start programs of the environment by their bare names.
ACTIVE := PATH="$(CURDIR)/$(BIN):$$PATH"
DATA ?=
UNIT ?=
UNITS ?=
LEAVE ?=
# The units whose long proofs have their turn.
TURN = $(or $(UNITS),$(shell $(PYTHON) scripts/rotation.py 2))
SLOWEST := --durations=15 --durations-min=1
# One thread per process: tests and grading run side by side on all cores.
PARALLEL := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
PYTEST := $(ACTIVE) $(PARALLEL) $(BIN)/python -m pytest -n 2 --dist loadgroup
# Format, lint, types, and the contracts on who imports whom.
ALL_UNITS := $(notdir $(wildcard solutions/[0-9][0-9]_*))
UNIT_SCRIPTS := $(foreach unit,$(ALL_UNITS),solutions/$(unit)/$(shell echo $(unit) | cut -d_ -f2-).py)
STYLE := $(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet . && $(BIN)/mypy && \
	$(BIN)/mypy --config-file solutions/mypy.ini $(UNIT_SCRIPTS) && $(BIN)/lint-imports --no-logo
# In a container one often is root, whom JupyterLab turns away unless told otherwise.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-browser check accept lab slides lecture site release verify thorough real clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

setup:
	@$(PYTHON) scripts/setup.py

demo: setup ## grade a small class, train a U-Net on phantoms, show the results
	@$(ACTIVE) $(BIN)/python -m medseg_grader.demo

test: setup ## everything: format, lint, types, all tests (the long ones of two units in turn)
	@$(STYLE)
	@UNITS="$(TURN)" $(PYTEST) $(SLOWEST) -m "not acceptance and not browser" tests

test-browser: setup ## notebooks, lecture and pages in Chromium (UNITS="03 07": notebooks of these)
	@UNITS="$(UNITS)" $(PYTEST) $(SLOWEST) $(addprefix --ignore=,$(LEAVE)) tests/browser

check: setup ## the quick lane: format, lint, types, fast tests
	@$(STYLE)
	@$(PYTEST) -m "not slow and not acceptance and not browser" tests

accept: setup ## all long proofs: full training, every unit verified, every notebook in a browser
	@$(ACTIVE) $(BIN)/python -m pytest $(SLOWEST) -m acceptance tests
	@$(PYTEST) $(SLOWEST) -m slow tests/solutions tests/medseg_grader/verify
	@$(MAKE) --no-print-directory verify test-browser

lab: setup ## open JupyterLab on the student's notebooks
	@$(ACTIVE) $(BIN)/jupyter lab notebooks $(AS_ROOT)

slides: setup ## the lecture: slides, handout as PDF
	@$(ACTIVE) $(BIN)/medseg slides

lecture: setup ## open the lecture in JupyterLab, with live demos
	@$(ACTIVE) $(BIN)/medseg slides --notebook
	@$(ACTIVE) $(BIN)/jupyter lab output/slides/unets_by_hand.ipynb $(AS_ROOT)

site: setup ## the course as pages for the web: output/site
	@$(ACTIVE) $(PARALLEL) $(BIN)/medseg site

release: setup ## build the students' notebooks and hints from solutions/
	@$(ACTIVE) $(BIN)/medseg release $(if $(UNIT),--unit $(UNIT))

verify: setup ## prove that the release is sound: untouched 0, solution 100 %, mistakes found
	@$(ACTIVE) $(PARALLEL) $(BIN)/medseg verify $(if $(UNIT),--unit $(UNIT))

thorough: setup ## small changes of the solutions, by rule: tests and check should see each
	@$(ACTIVE) $(PARALLEL) $(BIN)/medseg verify --thorough $(if $(UNIT),--unit $(UNIT))

real: setup ## unit 07 on real data: make real DATA=folder (Medical Segmentation Decathlon layout)
	@test -n "$(DATA)" || { echo "Say where the data lies: make real DATA=path/to/folder" >&2; exit 2; }
	@$(ACTIVE) $(BIN)/python -m medseg_grader.prostate_run "$(DATA)"

clean: ## remove what was generated; .venv and grades stay
	@rm -rf output solutions/*/*.ipynb .pytest_cache .mypy_cache .ruff_cache .hypothesis
