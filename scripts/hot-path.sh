#!/usr/bin/env bash
# hot-path.sh - what workers ask of the system while packets go through: no memory, no lock, no system call for each
#
#   hot-path.sh [BUILD-DIR] [PACKETS]      default: build, 2000000
# Runs `pavo bench` in memory and through DPDK's net_null and net_ring, once under strace and once with test/bench/calls.c preloaded.
# Ends with 1 when workers did any of the three for more than one packet in a thousand. Needs strace.
set -u
cd "$(dirname "$0")/.." || exit 1
build=${1:-build}
packets=${2:-2000000}
pavo=$build/app/pavo calls=$build/test/bench/calls.so
[ -x "$pavo" ] && [ -e "$calls" ] || { echo "no $pavo or $calls: meson setup $build && ninja -C $build"; exit 1; }
command -v strace >/dev/null || { echo "skipped: no strace"; exit 77; }
trace=$(mktemp) || exit 1
trap 'rm -f "$trace"' EXIT
roads=("")
"$pavo" version | grep -q "capture.*dpdk" && roads+=("--dpdk null" "--dpdk ring")
status=0
for road in "${roads[@]}"; do
    bench=("$pavo" bench --workload udp64 --flows 20000 --packets "$packets" --no-stages)
    read -ra more <<<"$road"
    strace -f -qq -o "$trace" "${bench[@]}" "${more[@]}" >/dev/null 2>&1 || { echo "pavo bench $road: status $?"; exit 1; }
    system=0
    for thread in $(sed -n 's/^\([0-9]*\) *prctl(PR_SET_NAME, "pavo-w.*/\1/p' "$trace"); do
        system=$((system + $(grep -c "^$thread " "$trace")))
    done
    read -r memory locks < <(LD_PRELOAD=$calls "${bench[@]}" "${more[@]}" 2>&1 >/dev/null |
        sed -n 's/^workers called: \([0-9]*\) allocations, \([0-9]*\) locks/\1 \2/p')
    echo "${road:-in memory}: $packets packets: $system system calls, ${memory:-?} allocations, ${locks:-?} locks of workers, start and end included"
    for n in "$system" "${memory:-$packets}" "${locks:-$packets}"; do
        [ "$n" -gt $((packets / 1000)) ] && status=1
    done
done
exit $status
