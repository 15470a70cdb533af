PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
DEMO := $(VENV)/.demo
CACHE_FREE := env -u PYTHONDONTWRITEBYTECODE
# The tests of the rooms that lead through all the others. Measuring doubles what a test costs.
MEASURED := tests/domain tests/signals tests/services tests/snapshot
# Many tests wait for a terminal or for a server: two workers more than there are cores keep all of these busy.
WORKERS := $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 2)')
PYTEST := $(CACHE_FREE) $(BIN)/python -m pytest -q -n $(WORKERS)

.PHONY: demo test check coverage lint format bench damage storm attacks operators why wall cluster tenancy lock picture man clean setup

demo: $(DEMO)               ## the console on a scratch copy of the demo database
	@echo "Opening the console on a scratch copy of the demo: nothing can be spoiled. Ctrl+Q leaves it."
	@PYTHONPATH=src $(BIN)/python -m ringfence demo

test: $(STAMP)              ## every test
	@$(PYTEST)

check: lint                 ## lint, format, types, import contracts, tests: first what is always tried, then what is slow
	@failed=; $(PYTEST) || failed=1; \
	PATH="$$PATH:/usr/sbin" command -v sshd >/dev/null || echo "Left out: whoever comes in over ssh, for there is no sshd here (openssh-server)."; \
	test -z "$$failed"

coverage: $(STAMP)          ## what share of the lines below the console is run by the tests of the rooms there
	@$(PYTEST) --cov --cov-report= $(MEASURED)
	@echo "$$($(BIN)/coverage report --format=total) % of the lines below the console, by $(MEASURED)"

lint: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(STAMP)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(STAMP)             ## what scoping costs, and how soon the first paint comes
	@$(BIN)/python -m benchmarks

damage: $(STAMP)            ## thousands of damaged databases and snapshots: no traceback, no crash
	@$(BIN)/python tests/damage.py

storm: $(STAMP)             ## half an hour of signals, those who take them in killed fifty times: the right alarms
	@$(BIN)/python tests/storm.py

attacks: $(STAMP)           ## ten minutes of attacks on whatever lets people and programs in: nobody comes in, nothing is told
	@PYTHONPATH=tests $(BIN)/python tests/attacks.py

operators: $(STAMP)         ## twenty operators in the console over ssh, five minutes: from key to paint, against one alone
	@$(BIN)/python -m benchmarks.operators

why: $(STAMP)              ## why, why not and who, by the thousand, against slow statements of the rule
	@PYTHONPATH=tests $(BIN)/python tests/why.py

wall: $(STAMP)             ## the services on PostgreSQL as the roles of providers: by tenant, in strict mode, and the grants
	@PYTHONPATH=tests $(BIN)/python tests/wall.py

cluster: $(STAMP)          ## what asks and changes, on a cluster with Citus: SERVERS='postgresql+psycopg://… …'
	@PYTHONPATH=tests $(BIN)/python tests/cluster.py $(SERVERS)

tenancy: $(STAMP)          ## whether the statements of the tests on PostgreSQL say whose rows they mean
	@PYTHONPATH=tests $(BIN)/python tests/tenancy.py

demo.db: $(STAMP) $(wildcard src/ringfence/snapshot/story*) src/ringfence/snapshot/past.py
	@rm -f demo.db
	@$(BIN)/python -m ringfence.snapshot.story demo.db

picture: $(STAMP)           ## regenerates docs/console.svg
	@$(BIN)/python -m docs.picture docs/console.svg

man: $(STAMP)               ## regenerates docs/ringfence.1
	@$(BIN)/python -m docs.man docs/ringfence.1

setup: $(STAMP)

$(DEMO): requirements-demo.txt
	@echo "Setting up .venv with the $$(grep -c == $<) packages that the demo needs, once: 10 MB, about half a minute…"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-demo.txt
	@$(CACHE_FREE) $(BIN)/python -m compileall -q src
	@touch $@

$(STAMP): requirements-dev.txt pyproject.toml
	@echo "Setting up .venv with the development tools, once: 70 MB, a minute or two…"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(CACHE_FREE) $(BIN)/python -m compileall -q src
	@touch $(DEMO) $@

lock: ## pins what pyproject.toml asks for, with hashes and without addresses
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group dev pyproject.toml -o requirements-dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group demo -c requirements-dev.txt -o requirements-demo.txt

clean:
	rm -rf $(VENV) .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis
