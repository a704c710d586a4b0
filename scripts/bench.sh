#!/usr/bin/env bash
# bench.sh - packets per CPU-second of pavo beside tcpdump and argus, and memory per flow
#
#   bench.sh [BUILD-DIR] [ROUNDS]      default: build, 3
# Captures of 10 M packets are made in a temporary folder, one after the other (1 GB): 64 bytes over 100 k and over 1 M
# flows, TCP sessions, 5 M flows of a query and an answer, and the first inside VXLAN. In each round every program reads
# every capture once, results to /dev/null; "libpcap" only reads it. CPU is user and system time of the whole process by
# getrusage; printed is the median of the rounds, and the least and the most. BENCH_DIR: where the captures go;
# BENCH_SCALE: a part of them (0.1 for a try); BENCH_TOOLS: besides pavo, of libpcap, tcpdump and argus.
set -u
cd "$(dirname "$0")/.." || exit 1
build=${1:-build}
rounds=${2:-3}
dir=$(mktemp -d "${BENCH_DIR:-${TMPDIR:-/tmp}}/pavo-bench.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
[ -f "$build/build.ninja" ] || CC=${CC:-gcc} meson setup "$build" -Dbuildtype=release >"$dir/log" || { cat "$dir/log"; exit 1; }
ninja -C "$build" app/pavo test/gen/pavo-gen test/bench/bench-pcap-loop >"$dir/log" || { tail -n 20 "$dir/log"; exit 1; }
PATH=$PATH:/usr/sbin exec python3 -B scripts/bench.py "$build" "$rounds" "$dir"
