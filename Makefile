# Everything a newcomer runs: make demo, make test. Needs Python 3.11 to 3.13.
PYTHON ?= python3
PY := .venv/bin/python
STAMP := .venv/.installed

.PHONY: .venv demo test lint types check lock bench chaos speech messages
.DEFAULT_GOAL := demo

.venv: $(STAMP) .env

$(STAMP): requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "VocalBorn needs Python 3.11, 3.12 or 3.13: make PYTHON=python3.11"; exit 1; }
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv -q --allow-existing --python $(PYTHON) .venv && uv pip sync -q --python $(PY) requirements.txt requirements-dev.txt; \
	else \
	  $(PYTHON) -m venv .venv && $(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.txt -r requirements-dev.txt; \
	fi
	@touch $@

# The secrets of this checkout: development mode and a random key, readable by its owner only.
.env:
	@umask 077 && printf 'DEBUG=true\nSECRET_KEY=%s\n' "$$($(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(64))')" > $@

demo: .venv
	@$(PY) manage.py demo $(if $(EXIT),--exit)

test: .venv
	$(PY) -m pytest -n auto --dist loadgroup

lint: .venv
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: .venv
	$(PY) -m mypy .

check: lint types
	$(PY) manage.py makemigrations --check --dry-run

# What a job costs, and how long the one waits who comes after many. Needs PostgreSQL and Redis.
bench: .venv
	@$(PY) -m bench.jobs
	@$(PY) -m bench.fairness

# Two hundred jobs and one fault, for each fault, or for FAULT=redis-kill alone. Needs PostgreSQL and Redis.
chaos: .venv
	@$(PY) -m bench.chaos $(FAULT)

# One lock for Python 3.11 to 3.13 each, with hashes.
lock: .venv
	$(PY) -m uv pip compile --universal --python-version 3.11 --no-emit-index-url --generate-hashes -q requirements.in -o requirements.txt
	$(PY) -m uv pip compile --universal --python-version 3.11 --no-emit-index-url --generate-hashes -q requirements-dev.in -o requirements-dev.txt

# The documents' pictures again. Needs Chromium, and a font with Chinese characters.
screenshots: .venv
	$(PY) -m analysis.demo.screenshots

# The demo's speech again, from its text. Needs espeak-ng.
speech: .venv
	$(PY) -m analysis.demo.make_speech

# The translations: collects our own msgids and compiles both catalogues. Translate what it leaves empty, and run it
# again. The libraries' words in vocalborn/locale_libraries are written by hand.
messages: .venv
	@command -v xgettext >/dev/null || { echo "make messages needs GNU gettext: apt-get install gettext" >&2; exit 1; }
	$(PY) manage.py makemessages -l zh_Hant -e html,py --add-location file --no-obsolete -i 'tests/*' -i 'bench/*' -i 'data/*'
	@$(PY) -c "$$COMPILE"

# The date of collecting is dropped, so that the files change only where the words do.
define COMPILE
import pathlib, polib
for path in pathlib.Path("vocalborn").glob("locale*/*/LC_MESSAGES/*.po"):
    catalogue = polib.pofile(str(path))
    catalogue.metadata.pop("POT-Creation-Date", None)
    catalogue.save()
    catalogue.save_as_mofile(str(path.with_suffix(".mo")))
endef
export COMPILE
