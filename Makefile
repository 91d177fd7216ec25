# One environment, .venv, serves running, testing and checking: two would be built twice and drift apart.
# PYTHON=/path/to/python chooses the interpreter that .venv is made from (3.11 or newer).

SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin
READY := .venv/.ready
READY_TO_MEASURE := .venv/.ready-bench
LOCKS := requirements-dev.lock requirements-build.lock
PYTHON ?=

.PHONY: help run cluster test check bench chaos restore-drill lock clean

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(READY) ## start everything (Temporal, worker, API) until Ctrl-C; DEMO=0 starts with an empty ledger
	@exec $(BIN)/zhuhang up

cluster: $(READY) ## the production form on this machine (PostgreSQL, full Temporal, 2 workers, 2 APIs, proxy)
	@exec $(BIN)/python -m deploy.local up $(ARGS)

test: $(READY) ## run the tests; ARGS="tests/setup -x" narrows them
	@$(BIN)/python -m tests.servers
	@test -x /usr/bin/chromium || echo "没有 /usr/bin/chromium：页面测试将跳过 / no chromium: the tests of the pages are skipped" >&2
	$(BIN)/python -m pytest $(ARGS)

check: $(READY) ## lint, format, import rules, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pyright

bench: $(READY_TO_MEASURE) ## measure; writes bench/results/latest.json
	$(BIN)/python -m bench $(ARGS)

chaos: $(READY) ## kill, stop and starve the parts under load and judge what is left; SEED=1 fixes the faults
	$(BIN)/python -m bench.chaos --seed $(or $(SEED),1) $(ARGS)

restore-drill: $(READY) ## back a cluster up under load, destroy it, restore it, and tell what is left
	$(BIN)/python -m deploy.local.restore_drill $(ARGS)

# uv resolves for all platforms at once; it is needed here only, never to set up.
lock: ## pin anew what pyproject.toml asks for (needs uv on PATH)
	@command -v uv >/dev/null || { echo "make lock needs uv on PATH: pip install uv" >&2; exit 1; }
	uv pip compile pyproject.toml --python-version 3.11 --universal --generate-hashes -o requirements.lock
	uv pip compile pyproject.toml --extra dev --python-version 3.11 --universal --generate-hashes \
	    -c requirements.lock -o requirements-dev.lock
	uv pip compile pyproject.toml --extra bench --python-version 3.11 --universal --generate-hashes \
	    -c requirements-dev.lock -o requirements-bench.lock

clean: ## remove the environment and caches, never the data in .zhuhang
	rm -rf .venv *.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The order: the interpreter asked for, the machine's own, then any other that is new enough.
# setuptools, which pip needs to install the checkout itself, is pinned beside the other packages
# because Python 3.12 and newer no longer bring it and pip would otherwise fetch whichever is newest.
# editable_mode=compat puts the checkout itself on the path, so that new packages need no new install.
$(READY): $(LOCKS) pyproject.toml
	@set -e; \
	if ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    found=; \
	    for python in $(or $(PYTHON),python3 python3.11 python3.12 python3.13 python3.14); do \
	        if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	            found="$$python"; break; \
	        fi; \
	    done; \
	    if [ -z "$$found" ]; then \
	        echo "需要 Python 3.11 或更高版本:请安装,或用 PYTHON=路径 指定。" >&2; \
	        echo "Python 3.11 or newer is needed: install it, or name it with PYTHON=path." >&2; \
	        exit 1; \
	    fi; \
	    if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
	        echo "$$found 缺少 venv 模块:请安装(Debian/Ubuntu:apt-get install python3-venv)。" >&2; \
	        echo "$$found lacks the venv module: install it (Debian/Ubuntu: apt-get install python3-venv)." >&2; \
	        exit 1; \
	    fi; \
	    echo "创建 .venv / making .venv with $$("$$found" --version)"; \
	    "$$found" -m venv --clear .venv; \
	fi
	@echo "安装锁定的依赖 / installing the pinned packages"
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes $(LOCKS:%=-r %)
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation \
	    --config-settings editable_mode=compat --editable .
	@touch $@

# The peers that are measured beside, and plots: too much for those who only run and test.
$(READY_TO_MEASURE): $(READY) requirements-bench.lock
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@
