#!/usr/bin/env bash
# Installs what the program uses when it is there: OpenBLAS, zlib, libpng and gnuplot.
#
# On Debian and Ubuntu, as root and with a network, missing packages are installed. Anywhere else,
# and when that fails, one line says what is missing and the build goes on: without OpenBLAS matrix
# products are slower, without zlib compressed .npz files cannot be read, without gnuplot a study
# writes its data and scripts but no pictures. Fast, and silent, when all is there.
set -u

# library or program -> Debian package
missing=()
has_library() {
  ldconfig -p 2>/dev/null | grep -q "$1" || compgen -G "/usr/lib/*/$1*" >/dev/null
}

if [ "$(uname -s)" != Linux ]; then
  command -v gnuplot >/dev/null 2>&1 || echo "setup: gnuplot is missing: no pictures" >&2
  exit 0
fi

has_library libopenblas.so.0 || missing+=(libopenblas0-pthread)
has_library libz.so.1 || missing+=(zlib1g)
has_library libpng16.so.16 || missing+=(libpng16-16)
command -v gnuplot >/dev/null 2>&1 || missing+=(gnuplot-nox)

[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "setup: warning: missing ${missing[*]} (Debian's names) and no apt-get; going on without" >&2
  exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "setup: warning: missing ${missing[*]}; as root: apt-get install ${missing[*]}" >&2
  exit 0
fi

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
  timeout 300 apt-get install -y -q --no-install-recommends "${missing[@]}" >>"$log" 2>&1
}
# Newer releases rename libpng16-16 to libpng16-16t64; the name without suffix is then provided.
if install || { timeout 180 apt-get update -q >>"$log" 2>&1 && install; }; then
  ldconfig 2>/dev/null || true
  echo "setup: installed ${missing[*]}" >&2
else
  echo "setup: warning: could not install ${missing[*]} ($(tail -n 1 "$log")); going on without" >&2
fi
exit 0
