#!/usr/bin/env bash
# flood.sh BUILD-DIR [FLOWS] - a flood of new flows into a small table
#
# Millions of connection requests, each of a new flow, go into a table of 100 000. The memory must be the same after a
# fifth of them as after all, nothing may go uncounted, and `pavo verify` must agree. Time per packet is reported
# beside a quiet run of as many packets in 90 000 flows, which fill the same table; it is not judged. Last line: N passed, N failed.
set -u
build=${1:?usage: flood.sh BUILD-DIR [FLOWS]}
flows=${2:-5000000}
pavo=$build/app/pavo
gen=$build/test/gen/pavo-gen
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0
ok() { passed=$((passed + 1)); echo "ok      $1"; }
no() { failed=$((failed + 1)); echo "FAILED  $1"; }

# NAME WORKLOAD...: makes a capture, runs pavo over it, checks what it wrote
measure() {
    local name=$1
    shift
    "$gen" "$@" "$dir/$name.pcap" || exit 1
    timed "$name" -w "ipfix:$dir/$name.ipfix"
    if [ "$(cat "$dir/$name.status" 2>/dev/null)" = 0 ]; then
        ok "$name: pavo ended with a balanced ledger"
    else
        no "$name: status $(cat "$dir/$name.status" 2>/dev/null): $(tail -3 "$dir/$name.err")"
    fi
    if "$pavo" verify "$dir/$name.ipfix" >"$dir/$name.verify" 2>&1; then
        ok "$name: pavo verify agrees"
    else
        no "$name: $(tail -3 "$dir/$name.verify")"
    fi
    rm -f "$dir/$name.ipfix"
    timed "$name" -w ipfix:/dev/null # for the time: without the file system's part
    rm -f "$dir/$name.pcap"
}

# NAME SINK...: one run of pavo; leaves NAME.status, .rss (KiB), .cpu (seconds)
timed() {
    local name=$1
    shift
    python3 -B - "$dir/$name" "$pavo" run -q --workers 1 --set flow.limit=100000 -r "$dir/$name.pcap" "$@" <<'PY'
import resource, subprocess, sys
name, command = sys.argv[1], sys.argv[2:]
with open(name + '.err', 'w') as err:
    status = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=err, timeout=300).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
for end, what in (('status', status), ('rss', used.ru_maxrss), ('cpu', used.ru_utime + used.ru_stime)):
    open('%s.%s' % (name, end), 'w').write('%s\n' % what)
PY
}

measure part synflood --flows $((flows / 5))
measure flood synflood --flows "$flows"
measure quiet udp64 --flows 90000 --packets "$flows"
part=$(cat "$dir/part.rss") whole=$(cat "$dir/flood.rss")
# The C library's and the writer's buffers come and go: one part in fifty.
if [ $((whole)) -le $((part + part / 50 + 1024)) ]; then
    ok "memory stays flat: $part KiB after $((flows / 5)) flows, $whole KiB after $flows"
else
    no "memory grows: $part KiB after $((flows / 5)) flows, $whole KiB after $flows"
fi
awk -v n="$flows" -v f="$(cat "$dir/flood.cpu")" -v q="$(cat "$dir/quiet.cpu")" 'BEGIN {
    printf "report: %.0f ns of CPU per packet in the flood (each packet a flow and a record), %.0f ns in the quiet case: %.1f times\n", f * 1e9 / n, q * 1e9 / n, f / q }'
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
