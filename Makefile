# Each of `make book` and `make test` is enough on a fresh machine: Python >= 3.11, git and make.
PYTHON ?= python3
PORT ?= 8000
CONSTRAINTS ?= constraints.txt
STAGES ?=
BENCHMARKS ?= build_time detection monitor_overhead grading propagation lstm fixes playground
VENV := .venv
RUN := $(VENV)/bin/python
INSTALL := $(RUN) -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS)

.PHONY: help book serve test robust colab bench lighthouse repository notebooks assignments clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

book: $(VENV)/book.installed  ## Build the website into _build/html
	@$(RUN) -m tools.build

serve:  ## Serve the built website at http://127.0.0.1:8000 (PORT=…)
	@test -f _build/html/index.html || \
	  { echo "There is no built website in _build/html. Build it first: make book" >&2; exit 1; }
	@echo "http://127.0.0.1:$(PORT)  (stop: Ctrl-C)"
	@$(PYTHON) -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

test: $(VENV)/test.installed  ## Run everything that must hold (STAGES="format unit chapters book site")
	@$(RUN) -m tools.run_tests $(STAGES)

robust: $(VENV)/test.installed  ## Try every result on other kinds of CPU, with two threads, with noise
	@$(RUN) -m tools.robust --every --unit

colab:  ## Run each chapter alone with Colab's versions (PYTHON=python3.13, TORCH=2.13.0)
	@$(PYTHON) -m tools.colab $(if $(TORCH),--torch $(TORCH))

notebooks: $(VENV)/test.installed  ## Run the notebooks and bring them into their stored form
	@$(RUN) -m tools.notebooks

assignments: $(VENV)/book.installed $(VENV)/coursework.installed  ## Build the assignments into _build/assignments
	@$(RUN) -m tools.assignments

bench: $(VENV)/test.installed  ## Measure into benchmarks/results.md (BENCHMARKS="build_time detection …")
	@$(RUN) -m tools.assignments
	@for name in $(BENCHMARKS); do $(RUN) -m benchmarks.$$name || exit 1; done

lighthouse: $(VENV)/test.installed  ## Measure the built website with Lighthouse into benchmarks/results.md
	@$(RUN) -m tools.lighthouse

repository:  ## Write the repository's address everywhere (ADDRESS=https://github.com/owner/name)
	@$(PYTHON) -m tools.repository "$(ADDRESS)"

clean:  ## Remove what was built; keep the environment
	rm -rf _build build dist book/assets/vendor

$(VENV)/%.installed: pyproject.toml $(wildcard $(CONSTRAINTS)) | $(VENV)/bin/pip
	@echo "Installing what '$*' needs into $(VENV) (the first time takes minutes)"
	@$(RUN) -m tools.cpu_torch $(CONSTRAINTS)
	@$(INSTALL) -e ".[$*]"
	@touch $@

# An environment whose making was interrupted has no pip and is made anew.
$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; ok = sys.version_info >= (3, 11); found = sys.version.split()[0]; \
	  sys.exit(None if ok else "Python 3.11 or newer is needed, $(PYTHON) is " + found \
	  + "; name another: make PYTHON=python3.12 …")'
	@echo "Making the environment $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV)
