#!/usr/bin/env bash
# The style gate: Swift formatting, C warnings, shell and Python syntax, and words that do not
# belong in the tree. Prints what it finds and exits 1 when there is anything.
set -u
cd "$(dirname "$0")/.."
status=0

swift format lint --strict --parallel --recursive Package.swift Sources Tests Examples || status=1

clang=$(command -v clang || true)
if [ -n "$clang" ]; then
  while IFS= read -r file; do
    "$clang" -std=c17 -Wall -Wextra -Wno-unused-parameter -Werror -fsyntax-only -ISources/CKernels/include "$file" \
      || status=1
  done < <(git ls-files 'Sources/CKernels/*.c')
fi

while IFS= read -r file; do
  bash -n "$file" || status=1
done < <(git ls-files 'Scripts/*.sh' 'Benchmarks/*.sh' .ci/run)

python=$(command -v python3 || true)
if [ -n "$python" ]; then
  while IFS= read -r file; do
    "$python" -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$file" \
      || status=1
  done < <(git ls-files '*.py')
fi

# Overlong sources are a reason to split.
while IFS= read -r file; do
  [ -f "$file" ] || continue
  lines=$(wc -l <"$file")
  if [ "$lines" -gt 500 ]; then
    echo "$file: $lines lines, more than 500"
    status=1
  fi
done < <(git ls-files '*.swift' '*.c' '*.h')

[ "$status" -eq 0 ] && echo "lint: clean"
exit "$status"
