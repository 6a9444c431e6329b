# shellcheck shell=bash
# What the scripts share. Sourced, never run; leaves the caller in the top directory of the tree.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }
die() { say "$*"; exit 1; }

# phase NAME COMMAND...: runs it and says how long it took.
phase() {
  local name=$1 begin=$SECONDS
  shift
  say "$name ..."
  "$@" || return
  say "$name took $((SECONDS - begin)) s"
}

# One compiler job per core, fewer where memory is short: a file that includes Beast takes up to 1.5 GiB.
build_jobs() {
  local cores fit
  cores=$(nproc)
  fit=$(awk '/^MemAvailable/ { print int($2 / 1572864) }' /proc/meminfo)
  ((fit >= 1)) || fit=1
  echo $((cores < fit ? cores : fit))
}

# configure PRESET ON|OFF: ON with the tests, OFF without.
configure() {
  local log="build/$1/configure.log"
  mkdir -p "build/$1"
  cmake --preset "$1" -DHAULCAST_TESTS="$2" >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    die "cmake could not configure the preset $1; the whole log is $log."
  }
}

# build PRESET [TARGET...]: everything when no target is named. Ninja shows the progress.
build() {
  local preset=$1
  shift
  cmake --build --preset "$preset" --parallel "$(build_jobs)" ${1:+--target "$@"} >&2 ||
    die "the $preset build failed; the first error is above."
}
