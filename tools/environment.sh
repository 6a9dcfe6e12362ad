#!/bin/sh
# Creates or updates a virtual environment, with the exact versions of requirements-dev.txt.
#
#   sh tools/environment.sh FOLDER ITS_PYTHON run            ep-mock and what it needs to run
#   sh tools/environment.sh FOLDER ITS_PYTHON development    what the checks need, too
#
# PYTHON names the Python to use; the default is the newest one on the PATH that CI tests with.
set -eu
venv=$1 venv_python=$2 level=$3

fail() {
  printf 'ep-mock: %s\n' "$1" >&2
  exit 1
}

step() { sh "$(dirname "$0")/step.sh" "$@"; }

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
makes_environments() { "$1" -c 'import venv, ensurepip' 2>/dev/null; }

find_python() {
  if [ -n "${PYTHON:-}" ]; then
    "$PYTHON" -c '' 2>/dev/null || fail "PYTHON=$PYTHON does not run; name a Python 3.11 or newer"
    is_new_enough "$PYTHON" || fail "PYTHON=$PYTHON is $("$PYTHON" --version 2>&1); ep-mock needs Python 3.11 or newer"
    python=$PYTHON
    return
  fi
  python=
  for candidate in python3.13 python3.12 python3.11 python3 python; do
    if is_new_enough "$candidate"; then
      python=${python:-$candidate}
      if makes_environments "$candidate"; then
        python=$candidate
        return
      fi
    fi
  done
  [ -n "$python" ] || fail "no Python 3.11 or newer found; install one, or name it: make PYTHON=/path/to/python3.11"
}

make_environment() {
  find_python
  makes_environments "$python" || fail "$python cannot make virtual environments; install what it lacks (Debian, Ubuntu: apt-get install python3-venv; Fedora: dnf install python3-pip)"
  step "environment ($("$python" --version 2>&1))" "$python" -m venv --clear "$venv"
}

install() {
  what=$1
  shift
  step "$what" "$venv_python" -m pip install --quiet --disable-pip-version-check --no-input "$@"
}

if ! "$venv_python" -m pip --version >/dev/null 2>&1; then
  make_environment
fi
case $level in
  run) install "packages to run" --constraint requirements-dev.txt --editable . ;;
  development) install "packages to develop" --requirement requirements-dev.txt ;;
  *) fail "expected run or development, got $level" ;;
esac
