#!/usr/bin/env bash
# decode-cost.sh - instructions that the decoder takes for one frame, by callgrind
#
#   decode-cost.sh [BUILD-DIR] [FRAME ...]      default: build, all frames of test/bench/decode.c
#
# Two runs with different numbers of rounds; their difference is what the frame costs. The build's own optimisation
# counts (debugoptimized is -O2). Ends with 1 when a frame of 64 KiB of nested headers costs more than twice one of 1 KiB.
set -u
cd "$(dirname "$0")/.." || exit 1
build=${1:-build}
shift
tool=$build/test/bench/bench-decode
[ -x "$tool" ] || { echo "no $tool: meson setup $build -Dtests=enabled && ninja -C $build"; exit 1; }
command -v valgrind >/dev/null || { echo "skipped: no valgrind"; exit 77; }

instructions() { # FRAME TIMES
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$tool" "$1" "$2" 2>&1 | awk '/Collected :/ {print $NF}'
}
declare -A cost
frames=("$@")
[ ${#frames[@]} = 0 ] && mapfile -t frames < <("$tool")
for frame in "${frames[@]}"; do
    few=$(instructions "$frame" 1000)
    many=$(instructions "$frame" 11000)
    [[ $few =~ ^[0-9]+$ && $many =~ ^[0-9]+$ ]] || { echo "$frame: valgrind counted nothing"; exit 1; }
    cost[$frame]=$(((many - few) / 10000))
    printf '%-12s %6d instructions\n' "$frame" "${cost[$frame]}"
done
status=0
for kind in nested labels; do
    small=${cost[$kind-1k]:-} large=${cost[$kind-64k]:-}
    [ -n "$small" ] && [ -n "$large" ] && [ "$large" -gt $((2 * small)) ] && { echo "$kind: 64 KiB cost more than twice 1 KiB"; status=1; }
done
exit $status
