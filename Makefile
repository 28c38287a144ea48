# Proteus, from a fresh clone: `make demo`. Needs Python 3.11 or newer on Linux x86-64, no Docker, no GPU.
# What is installed is remembered in .venv/.stamps, so a repeated target starts at once.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export PIP_ROOT_USER_ACTION := ignore
# Where it is set, each of the hundreds of processes of a test run would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
# pip also warns about every find-links folder without a package, and about one that another pip beside it replaces: not
# our reader's concern.
PIP := $(BIN)/python -m pip install --quiet --no-compile 2> >(grep -v -e "^WARNING: Location" -e "invalid distribution ~" >&2)
# Third parties' packages by their hashes, ours from here: pip cannot do both in one step.
LOCKED := $(PIP) --no-deps --require-hashes
PACKAGES := $(wildcard libs/*/pyproject.toml clients/*/pyproject.toml services/*/pyproject.toml tools/*/pyproject.toml)
FAST := tests/unit tests/contract
# Four processes on two cores, for much of it waits; the slow ones first, and idle processes take from busy ones.
PYTEST := $(BIN)/pytest -q -n 4 --dist worksteal
GATE := tests/chaos tests/e2e tests/integration tests/models tests/chart $(FAST)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: install ## Three real try-ons through the whole fleet, from nothing to a picture
	@$(BIN)/proteus demo

.PHONY: up
up: install ## Run the fleet here until Ctrl+C; data is kept; builds the pages where they are not built
	@$(BIN)/python -m workbench.pages --or-go-on
	@$(BIN)/proteus up

.PHONY: pages
pages: install ## Build the pages (Studio at /app) into the gateway; nothing to do while nothing changed
	@$(BIN)/python -m workbench.pages

.PHONY: down
down: ## Stop the fleet that `make up` started
	@if [ -x $(BIN)/proteus ]; then $(BIN)/proteus down; else echo "Nothing is installed, so nothing runs."; fi

.PHONY: logs
logs: install ## Show the fleet's logs and go on showing them
	@$(BIN)/proteus logs

.PHONY: clean
clean: ## Stop the fleet, delete its data, logs and secrets
	@if [ -x $(BIN)/proteus ]; then $(BIN)/proteus clean; else rm -rf .proteus; fi
	@rm -rf proteus-demo

.PHONY: check
check: install-dev ## The fast gate: format, lint, types, import laws, unit and contract tests
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@said=$$($(BIN)/lint-imports) || { echo "$$said"; exit 1; }; echo "$$said" | tail -n 1
	@$(PYTEST) -m "not slow" $(FAST)

.PHONY: test
test: install-tests ## Every test that a laptop can run, with embedded servers
	@$(PYTEST) -m "not browser and not long" $(GATE)

.PHONY: test-all
test-all: install-tests ## `make test`, the browser tests, and more forms of what takes long
	@$(PYTEST) tests

.PHONY: e2e
e2e: install-dev ## The pages in a real Chromium on a fleet of their own; a quarter of an hour, longer on a busy machine
	@$(BIN)/python -m workbench.pages
	@$(BIN)/pytest -q -m browser tests/e2e

.PHONY: clip
clip: install-dev ## Record the README's clip in a real Chromium: upload, Mirror, Snap, result; into docs/images
	@$(BIN)/python -m workbench.clip

.PHONY: shots
shots: install-dev ## Take the pictures of every page, light, dark and on a phone, into docs/images
	@$(BIN)/python -m workbench.shots

.PHONY: test-pages
test-pages: install ## The pages' types, lint and unit tests, with their own Node
	@$(BIN)/python -m workbench.pages --only-install
	@cd frontend && PATH="$$PWD/.venv/bin:$$PATH" npm run --silent check && PATH="$$PWD/.venv/bin:$$PATH" npm run --silent types -- --check && PATH="$$PWD/.venv/bin:$$PATH" npm test --silent

.PHONY: test-clients
test-clients: install-dev ## Both clients: what docs/tasks and examples/ say is run, TypeScript with the pages' Node (needs curl and jq)
	@$(BIN)/python -m workbench.pages --only-install
	@cd frontend && PATH="$$PWD/.venv/bin:$$PATH" npm run --silent client
	@PROTEUS_NEEDS_NODE=1 $(BIN)/pytest -q tests/integration/gateway/test_snippets.py tests/integration/gateway/test_clients.py

.PHONY: coverage
coverage: install-tests ## Branch coverage of libs and services by `make test`, as a table; fails under 85 %
	@$(BIN)/python -m workbench.coverage $(TESTS)

.PHONY: chaos
chaos: install-dev ## Break a fleet by absence, then by answers and garbage; counted from outside, JSON, status 1 if a bar is missed
	@$(BIN)/python -m workbench.chaos full $(if $(SEED),--seed $(SEED))
	@$(BIN)/python -m workbench.chaos answers $(if $(SEED),--seed $(SEED))

.PHONY: chaos-slow
chaos-slow: install ## The same at the production lease of 30 s: lost jobs are back within 35 s
	@$(BIN)/python -m workbench.chaos slow

.PHONY: rollout
rollout: install-dev ## Release this version over the one before (PREVIOUS=tag) and roll it back, under load; JSON (ten minutes)
	@$(BIN)/python -m workbench.chaos rollout $(if $(SEED),--seed $(SEED))

.PHONY: fuzz
fuzz: install-dev ## Invented requests, frames and pictures against a fleet, ten minutes (FOR=seconds, SEED=); JSON, status 1 if a bar is missed
	@$(BIN)/python -m workbench.fuzz $(if $(FOR),--seconds $(FOR)) $(if $(SEED),--seed $(SEED))

.PHONY: weights
weights: install-models ## Fetch and check one model's weights: make weights MODEL=catvton ACCEPT=1
	@$(BIN)/proteus weights "$(MODEL)" $(if $(ACCEPT),--accept-licence)

.PHONY: eval
eval: install-dev ## Cut every drawn garment: tables, JSON on the last line, contact sheets into SHEETS=folder
	@$(BIN)/python -m workbench.eval $(if $(SHEETS),--sheets "$(SHEETS)")

.PHONY: quality
quality: install-eval ## Measure the engines that run here on drawn try-ons; writes docs/quality.md, contact sheet into SHEET=file.html
	@$(BIN)/python -m workbench.eval drawn --page docs/quality.md $(if $(SHEET),--sheet "$(SHEET)")

.PHONY: sheet
sheet: install-dev ## README's picture: four people in three garments, by `puppet`, into docs/images/tryons.webp
	@$(BIN)/python -m workbench.eval.showcase docs/images/tryons.webp

.PHONY: bench-first
bench-first: install-dev ## A first picture of two fresh photos against its bar, and what a photo costs; JSON on the last line
	@$(BIN)/python -m workbench.bench.first_picture

.PHONY: bench-queue
bench-queue: install-dev ## Our queue beside celery, taskiq and arq, each in its own environment; JSON on the last line
	@$(BIN)/python -m workbench.bench.queue

.PHONY: bench-depth
bench-depth: install-dev ## What the queue's calls cost Redis while 100 to 20,000 jobs wait, and what a job weighs; JSON on the last line
	@$(BIN)/python -m workbench.bench.depth

.PHONY: bench-tailor
bench-tailor: install-models ## Measure SegFormer against transformers: labels, speed, memory; JSON on the last line
	@$(BIN)/python -m workbench.bench.tailor

.PHONY: bench-pages
bench-pages: install-dev ## Measure the Mirror's CPU time in Chromium with a generated camera; JSON on the last line
	@$(BIN)/python -m workbench.bench.mirror

.PHONY: bench-weaver
bench-weaver: install-models ## Measure CatVTON against diffusers: t(b), levers, presets, error; JSON on the last line
	@$(BIN)/python -m workbench.bench.weaver

.PHONY: bench-cold-start
bench-cold-start: install-models ## Start a CatVTON weaver cold from published and merged weights: bytes, seconds, memory; JSON on the last line (3 minutes, 10 GB of disk)
	@$(BIN)/python -m workbench.bench.cold_start

.PHONY: bench-gpu
bench-gpu: ## Ten minutes on one GPU: t(b), graphs, overlap, joining, memory, cold start; JSON (PY=/path/to/python with torch)
	@PYTHONPATH=libs/proteus/src:services/weaver/src:tools/workbench/src $(or $(PY),$(BIN)/python) -m workbench.bench.gpu --out bench-gpu.json

.PHONY: bench-shortcuts
bench-shortcuts: install-models ## Count what the quality approximate leaves out, and its distance on random weights; JSON on the last line (6 minutes)
	@$(BIN)/python -m workbench.bench.shortcuts

.PHONY: bench-delivery
bench-delivery: install ## 1,000 sockets on two gateways while jobs complete: time from completion to socket; JSON
	@$(BIN)/python -m workbench.bench.delivery

.PHONY: bench-fashn
bench-fashn: install-models ## Measure the FASHN engine: t(b), levers, memory; JSON on the last line
	@$(BIN)/python -m workbench.bench.fashn

.PHONY: fmt
fmt: install-dev ## Format the code, mend what lint can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: schema
schema: install ## Write docs/openapi.json, docs/events.schema.json, llms.txt and the Python client's models from the code
	@$(BIN)/python -m workbench.schemas

.PHONY: bench-batches
bench-batches: install-dev ## Simulate what batches cost those who wait, and make of idle GPUs; JSON on the last line (3 minutes)
	@$(BIN)/python -m workbench.simulate.batches

.PHONY: bench-billing
bench-billing: install-dev ## Simulate a scale-in that uses the paid hour, with batches and without; JSON on the last line (5 minutes)
	@$(BIN)/python -m workbench.simulate.billing

.PHONY: bench-joining
bench-joining: install-dev ## Simulate joining beside run to completion and others' rules, into docs/benchmarks.md (2 minutes); JSON
	@$(BIN)/python -m workbench.simulate.joining docs/benchmarks.md

.PHONY: simulate
simulate: install-dev ## Simulate fleets with the production rules; writes docs/benchmarks.md (up to 3 minutes)
	@$(BIN)/proteus simulate --page docs/benchmarks.md

.PHONY: calibrate
calibrate: install-dev ## One trace through the simulator and the real stack, side by side (4 minutes, an idle machine)
	@$(BIN)/proteus simulate calibrate

.PHONY: install install-dev install-models install-deploy install-tests install-audit
install: $(STAMPS)/run ## Only install what running needs, into .venv
install-dev: $(STAMPS)/dev
install-models: $(STAMPS)/dev $(STAMPS)/models
install-deploy: $(STAMPS)/dev $(STAMPS)/deploy
# Side by side, for pip unpacks with one core and no package stands in two of these lists.
install-tests: $(STAMPS)/run
	@$(MAKE) -j3 install-dev install-models install-deploy
install-audit: $(STAMPS)/audit
install-eval: $(STAMPS)/eval ## What `proteus eval` reads text and compares faces with

$(BIN)/python:
	@python=""; for one in $${PYTHON:-} python3.11 python3.12 python3.13 python3; do \
	  if "$$one" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$one; break; fi; done; \
	if [ -z "$$python" ]; then \
	  echo "Proteus needs Python 3.11 or newer; this machine's python3 is $$(python3 --version 2>&1 || true)." >&2; \
	  echo "Install one and name it: make PYTHON=/path/to/python3.12 demo" >&2; exit 2; fi; \
	echo "→ making a virtual environment with $$("$$python" --version)"; \
	"$$python" -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "This Python cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 2; }

$(STAMPS)/run: requirements.txt requirements-build.lock requirements.lock $(PACKAGES) | $(BIN)/python
	@echo "→ installing the services and the embedded servers (about a minute)"
	@mkdir -p $(STAMPS)
	@$(LOCKED) -r requirements-build.lock -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -r requirements.txt
	@touch $@

$(STAMPS)/dev: requirements-dev.lock $(STAMPS)/run
	@echo "→ installing what the checks need"
	@$(LOCKED) -r requirements-dev.lock
	@touch $@

# torch apart: its builds differ from machine to machine, and only its CUDA build asks for more than the lock holds.
$(STAMPS)/models: requirements-models.lock $(STAMPS)/run
	@echo "→ installing torch and what the model engines need (a minute or two)"
	@$(LOCKED) -r requirements-models.lock
	@$(PIP) -c constraints.txt "$$(grep '^torch==' constraints.txt)"
	@touch $@

$(STAMPS)/eval: requirements-eval.lock $(STAMPS)/dev
	@echo "→ installing what reads text and compares faces (40 MB)"
	@$(LOCKED) -r requirements-eval.lock
	@touch $@

$(STAMPS)/deploy: requirements-deploy.lock $(STAMPS)/run
	@echo "→ installing the tools that check chart, manifests and images"
	@$(LOCKED) -r requirements-deploy.lock
	@touch $@

$(STAMPS)/audit: requirements-audit.lock $(STAMPS)/dev
	@echo "→ installing the tools that look after the packages"
	@$(LOCKED) -r requirements-audit.lock
	@touch $@

.PHONY: lock audit sbom digests digests-check
lock: install-audit ## Write every *.lock anew from the requirements and constraints.txt (needs a registry)
	@$(BIN)/python -m workbench.deploy.locks

audit: install-audit ## Known advisories against every locked package; status 3: nothing could be checked
	@$(BIN)/python -m workbench.deploy.audit

sbom: install-audit ## What each image holds, as CycloneDX, into sbom/
	@$(BIN)/python -m workbench.deploy.sbom

digests: install-dev ## Resolve images and actions to digests and commits (needs a registry); say what stays unresolved
	@$(BIN)/python -m workbench.deploy.digests

digests-check: install-dev ## Fail where a tag has moved away from its recorded digest; write nothing
	@$(BIN)/python -m workbench.deploy.digests --check

.PHONY: chart-test manifests cluster-secrets images push version release-chart compose-test compose-test-gpu
chart-test: install-deploy ## Lint and render the chart, check schemas, refusals, policies and what KEDA counts
	@$(PYTEST) tests/chart

manifests: install-deploy ## Write the chart's rights from the code, and deploy/k8s from the chart
	@$(BIN)/python -m workbench.deploy.manifests

cluster-secrets: install-deploy ## Make the secrets of deploy/k8s/overlays/local, on this machine alone
	@$(BIN)/python -m workbench.deploy.cluster_secrets

images: install-deploy ## Build the services' images (GPU=1: the GPU weaver too) and say their sizes
	@$(BIN)/python -m workbench.deploy.images $(if $(GPU),--gpu)

push: install-deploy ## Build the images and push them: make push REGISTRY=registry.example.com/proteus
	@test -n "$(REGISTRY)" || { echo "Name the registry: make push REGISTRY=registry.example.com/proteus" >&2; exit 2; }
	@$(BIN)/python -m workbench.deploy.images $(if $(GPU),--gpu) --push $(REGISTRY)

version: install-deploy ## Say the version that everything carries, or set it: make version TO=0.2.0
	@$(BIN)/python -m workbench.deploy.version $(TO)

release-chart: install-deploy ## The chart as a release publishes it, into dist/: make release-chart REGISTRY=ghcr.io/owner/proteus
	@test -n "$(REGISTRY)" || { echo "Say where the images are: make release-chart REGISTRY=ghcr.io/owner/proteus" >&2; exit 2; }
	@$(BIN)/python -m workbench.deploy.release $(REGISTRY) dist

compose-test: install-deploy ## docker compose up for real: a try-on, a weaver killed in the middle of another, down
	@$(BIN)/python -m workbench.deploy.compose_test

compose-test-gpu: install-models install-deploy ## The GPU weaver's image in the profile gpu, on this CPU, with small random weights
	@$(BIN)/python -m workbench.deploy.compose_gpu_test
