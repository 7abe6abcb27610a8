# Two commands are enough for a newcomer: `make demo` and `make test`.
PYTHON ?= python3
export UV_PROJECT_ENVIRONMENT := .venv
BIN := .venv/bin
# Tests start hundreds of processes: none should compile again what another has compiled.
unexport PYTHONDONTWRITEBYTECODE
UV := $(shell command -v uv 2>/dev/null || echo .venv/tools/bin/uv)

.PHONY: demo test check lint browser readers java spark soak lock format docs

demo: .venv/.ready
	$(BIN)/ledger demo

# Tests wait for processes, brokers and disks more than they compute: twice as many as cores.
# Those of a file share what they set up: they stay together until a worker has nothing left to do.
PYTEST := $(BIN)/python -m pytest -n 4 --dist worksteal

test: lint
	$(PYTEST) -m "not soak and not broker and not spark"

# With the parts that `make test` does without: a browser, to look at the page as a person does, a
# broker, for which Java and Maven are enough, and Spark.
check: export CI := true
check: browser java readers spark lint
	$(PYTEST)

lint: .venv/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports

browser:
	command -v chromium >/dev/null || \
		{ apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; }

# What opens the readers' snapshot beside ours: the DuckDB before, pandas and polars. In folders of
# their own: pyarrow imports numpy wherever it finds it, which every command would pay for.
readers: .venv/.ready .venv/frames
	test -d .venv/duckdb-1.5 || \
		$(BIN)/python -m pip install --quiet --no-deps --target .venv/duckdb-1.5 duckdb==1.5.6

.venv/frames: .venv/.uv requirements-frames.lock
	$(UV) pip install --quiet --python .venv --target $@ --require-hashes -r requirements-frames.lock
	touch $@

java:
	test -n "$$LEDGER_TEST_KAFKA" || { command -v java && command -v mvn; } >/dev/null || { apt-get update -qq && \
		apt-get install -y -qq --no-install-recommends default-jre-headless maven >/dev/null; }

spark: .venv/.spark
	command -v java >/dev/null || { apt-get update -qq && \
		apt-get install -y -qq --no-install-recommends default-jre-headless >/dev/null; }

.venv/.spark: .venv/.ready requirements-spark.lock
	VIRTUAL_ENV=.venv $(UV) pip install --quiet --require-hashes -r requirements-spark.lock
	touch $@

soak: .venv/.ready
	$(PYTEST) -m soak

format: .venv/.ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: .venv/.ready
	$(BIN)/python docs/generate.py

# The lock names versions and hashes, and no registry's host.
lock: .venv/.uv
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --group dev pyproject.toml -o requirements.lock
	for group in frames spark; do \
		$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-header --group $$group -o requirements-$$group.lock; done

.venv/.uv:
	test -d .venv || $(PYTHON) -m venv .venv
	command -v uv >/dev/null || { $(PYTHON) -m venv .venv/tools && .venv/tools/bin/pip install --quiet uv; }
	touch $@

.venv/.ready: .venv/.uv requirements.lock pyproject.toml
	VIRTUAL_ENV=.venv $(UV) pip install --quiet --compile-bytecode --require-hashes -r requirements.lock
	VIRTUAL_ENV=.venv $(UV) pip install --quiet --no-deps --no-build-isolation -e .
	touch $@
