#!/usr/bin/env bash
# Makes a virtual environment with the peers' libraries: PyTorch (CPU), JAX (CPU) and NumPy.
#
#   Benchmarks/peers/setup.sh [DIRECTORY]      default: Benchmarks/peers/.venv (ignored by git)
#
# Does nothing when the environment already has them. PYTHON names the interpreter to use. With DEEPINV=1 it makes
# DIRECTORY-deepinv too, for restoration_deepinv.py: deepinv brings a build of PyTorch of its own.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
directory=${1:-${GRAYBOX_PEERS_VENV:-$here/.venv}}
python=${PYTHON:-python3}

if [ ! -x "$directory/bin/python" ]; then
  "$python" -m venv "$directory"
fi
if ! "$directory/bin/python" -c 'import numpy, torch, jax' 2>/dev/null; then
  # A wheel that pip finds without an index (a local CPU build) comes first. Builds for graphics
  # processors ask for a device on every step, which slows them down.
  "$directory/bin/pip" install --quiet --no-index --no-deps torch 2>/dev/null || true
  "$directory/bin/pip" install --quiet numpy 'jax[cpu]' torch
fi
"$directory/bin/python" - <<'PYTHON'
import jax, numpy, torch
print(f"numpy {numpy.__version__}, torch {torch.__version__}, jax {jax.__version__}")
PYTHON

if [ "${DEEPINV:-0}" = 1 ]; then
  [ -x "$directory-deepinv/bin/python" ] || "$python" -m venv "$directory-deepinv"
  "$directory-deepinv/bin/python" -c 'import deepinv, ptwt' 2>/dev/null \
    || "$directory-deepinv/bin/pip" install --quiet deepinv ptwt
  "$directory-deepinv/bin/python" -c 'import deepinv; print(f"deepinv {deepinv.__version__}")'
fi
