#!/usr/bin/env bash
# Makes a virtual environment with the peers' libraries: PyTorch (CPU), JAX (CPU) and NumPy.
#
#   Benchmarks/peers/setup.sh [DIRECTORY]      default: Benchmarks/peers/.venv (ignored by git)
#
# Does nothing when the environment already has them. PYTHON names the interpreter to use.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
directory=${1:-${GRAYBOX_PEERS_VENV:-$here/.venv}}
python=${PYTHON:-python3}

if [ ! -x "$directory/bin/python" ]; then
  "$python" -m venv "$directory"
fi
if ! "$directory/bin/python" -c 'import numpy, torch, jax' 2>/dev/null; then
  # Any build of PyTorch does: the benchmarks use the processor alone.
  "$directory/bin/pip" install --quiet numpy 'jax[cpu]' torch
fi
"$directory/bin/python" - <<'PYTHON'
import jax, numpy, torch
print(f"numpy {numpy.__version__}, torch {torch.__version__}, jax {jax.__version__}")
PYTHON
