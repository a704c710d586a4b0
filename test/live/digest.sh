#!/bin/bash
# digest.sh - the same packets give the same records, whoever captures them and however many work on them
#
#   digest.sh [--pavo PATH] CAPTURE...
#
# Each capture is read by libpcap with 1, 2 and 4 workers and bursts of 1 and 64 packets, and by DPDK (net_pcap) with one
# queue and 1 and 2 workers, with the same bursts. All must end with the same status and the same digest of records. A
# capture that pavo refuses (link type) is skipped, by name. Frames above 65535 bytes are more than net_pcap can deliver;
# where DPDK's digest differs, and pavo says that it lost such frames, that is said.
set -u

pavo=${PAVO:-}
while [ $# -gt 0 ]; do
    case $1 in
    --pavo) pavo=$2; shift 2 ;;
    -h | --help) sed -n '2,/^set/{/^#/p}' "$0" | sed 's/^# \{0,1\}//'; exit 0 ;;
    --) shift; break ;;
    -*) echo "digest.sh: unknown option $1" >&2; exit 1 ;;
    *) break ;;
    esac
done
[ -n "$pavo" ] || pavo=$(command -v pavo) || { echo "digest.sh: no pavo; name it with --pavo" >&2; exit 1; }
[ $# -gt 0 ] || { echo "usage: digest.sh [--pavo PATH] CAPTURE..." >&2; exit 1; }

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

# Huge pages are quicker to start with, but none are needed.
huge=false
for f in /sys/kernel/mm/hugepages/*/free_hugepages; do
    [ -r "$f" ] && [ "$(cat "$f")" -ge 32 ] && huge=true
done
dpdk=
"$pavo" version | grep -q dpdk && dpdk=yes
[ -n "$dpdk" ] || echo "skipped: DPDK: this pavo was built without it"

# One run. Says "STATUS DIGEST COUNTS", where status 2 is a capture that is broken itself.
digest_of() {
    local status
    rm -f "$tmp/out.ipfix"
    timeout 60 "$pavo" run -q "$@" --set workers.cores=none \
        -w "ipfix:$tmp/out.ipfix" 2>"$tmp/err"
    status=$?
    echo "$status $([ -f "$tmp/out.ipfix" ] && timeout 60 "$pavo" read "$tmp/out.ipfix" --digest 2>>"$tmp/err")"
}

# Was a frame more than the driver can deliver whole? Then pavo has counted it as lost, and the records can't be the same.
is_unreadable() {
    "$pavo" run --set capture.backend=dpdk --set capture.dpdk.hugepages=$huge --set workers.cores=none \
        -i "net_pcap0,rx_pcap=$tmp/capture" -w json:/dev/null 2>&1 | grep -q 'lost .* unreadable:' &&
        note=" (DPDK: net_pcap carries no frame above 65535 bytes; they are counted as unreadable)"
}

passed=0 failed=0
for file in "$@"; do
    name=${file##*/}
    # A name without commas, for the arguments of a vdev are separated by them.
    ln -sfn "$(readlink -f "$file")" "$tmp/capture"
    want=$(digest_of -r "$file" --workers 1 --set capture.burst=32)
    if [ "${want%% *}" = 1 ]; then
        echo "skipped: $name: $(head -1 "$tmp/err")"
        continue
    fi
    bad= note=
    if [ "${want%% *}" != 0 ] && [ "${want%% *}" != 2 ]; then
        bad="status ${want%% *}: $(head -1 "$tmp/err")"
    fi
    runs=1
    for workers in 1 2 4; do
        for burst in 1 64; do
            got=$(digest_of -r "$file" --workers $workers --set capture.burst=$burst)
            runs=$((runs + 1))
            [ "$got" = "$want" ] || bad="$bad; libpcap, $workers workers, burst $burst: $got"
        done
    done
    if [ -n "$dpdk" ]; then
        for workers in 1 2; do
            for burst in 1 64; do
                got=$(digest_of --set capture.backend=dpdk --set capture.dpdk.hugepages=$huge \
                    -i "net_pcap0,rx_pcap=$tmp/capture" --workers $workers --set capture.burst=$burst)
                runs=$((runs + 1))
                [ "$got" = "$want" ] || is_unreadable || bad="$bad; DPDK, $workers workers, burst $burst: $got $(head -1 "$tmp/err")"
            done
        done
    fi
    if [ -z "$bad" ]; then
        echo "ok - $name: $runs runs give the same records: $want$note"
        passed=$((passed + 1))
    else
        echo "not ok - $name: want $want; got ${bad#; }"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
