#!/usr/bin/env bash
# consumers.sh BUILD-DIR - what other people's programs make of our streams
#
# One capture of everything is read into IPFIX and NDJSON, and a stream is made of records with every part; then tshark, nfdump (fed over UDP), libfixbuf's ipfixDump and jq
# must read them and come to the same sums, and `pavo verify` must pass, and fail when one record is missing.
# A consumer that is not installed is skipped by name. Last line: N passed, N failed.
set -u
build=${1:?usage: consumers.sh BUILD-DIR}
here=$(cd "$(dirname "$0")" && pwd)
pavo=$build/app/pavo
gen=$build/test/gen/pavo-gen
parts=$build/test/unit/export/pavo-parts
tool="python3 -B $here/ipfix_tool.py"
dir=$(mktemp -d) || exit 1
nfcapd_pid=
finish() {
    [ -z "$nfcapd_pid" ] || { kill -TERM "$nfcapd_pid" 2>/dev/null; wait "$nfcapd_pid" 2>/dev/null; }
    rm -rf "$dir"
}
trap finish EXIT

passed=0 failed=0
ok() { passed=$((passed + 1)); echo "ok      $1"; }
no() { failed=$((failed + 1)); echo "FAILED  $1"; [ -z "${2:-}" ] || printf '%s\n' "$2" | head -20 | sed 's/^/        /'; }
same() { [ "$2" = "$3" ] && ok "$1" || no "$1" "ours:   $2
theirs: $3"; }
have() { command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || { echo "skipped: no $1, which $2"; return 1; }; }

"$gen" mix --packets 20000 --seed 11 --ns "$dir/mix.pcap" || exit 1
"$pavo" run -q -r "$dir/mix.pcap" -w "ipfix:$dir/out.ipfix" -w "json:$dir/out.jsonl" || { no "pavo run over the mix"; echo "0 passed, 1 failed"; exit 1; }

"$parts" >"$dir/parts.ipfix" || exit 1

# What the stream holds, by a reader of our own in another language.
$tool sums "$dir/out.ipfix" >"$dir/sums" || { no "an independent reader reads the IPFIX file"; cat "$dir/sums"; }
all=$(tail -n 1 "$dir/sums")
same "every frame of the capture is in a record" "$(printf '%s' "$all" | cut -d' ' -f2)" "$("$gen" mix --packets 20000 --seed 11 - | python3 -c '
import struct, sys
d = sys.stdin.buffer.read(); at = 24; n = 0
while at < len(d): at += 16 + struct.unpack_from("<I", d, at + 8)[0]; n += 1
print(n)')"

# ---- jq ----
if have jq "reads the NDJSON"; then
    theirs=$(jq -r 'select(.event.dataset == "flow") | [1, .network.packets, .network.bytes] | @tsv' "$dir/out.jsonl" |
        awk '{r += $1; p += $2; b += $3} END {printf "%d %d %d", r, p, b}')
    same "jq: records, packets and bytes of the NDJSON" "$all" "$theirs"
    theirs=$(jq -r 'select(.event.dataset == "flow") | [(.source.packets // 0) + (.destination.packets // 0), (.source.bytes // 0) + (.destination.bytes // 0)] | @tsv' "$dir/out.jsonl" |
        awk '{p += $1; b += $2} END {printf "%d %d", p, b}')
    same "jq: the two sides add up to the whole" "${all#* }" "$theirs"
    found=$(jq -c '[.. | numbers | select(. > 9007199254740992)] | select(length > 0)' "$dir/out.jsonl" | head -3)
    [ -z "$found" ] && ok "jq: no number above 2^53" || no "jq: no number above 2^53" "$found"
fi

# ---- tshark ----
if have tshark "reads the IPFIX file"; then
    bad=$(tshark -n -r "$dir/out.ipfix" -Y '_ws.malformed || _ws.expert.severity >= "Warning" || _ws.expert.severity == "Error"' 2>"$dir/tshark.err") || bad="tshark failed: $(cat "$dir/tshark.err")"
    [ -z "$bad" ] && ok "tshark: no malformed field, no warning" || no "tshark: no malformed field, no warning" "$bad"
    theirs=$(tshark -n -r "$dir/out.ipfix" -T fields -e cflow.packets -E occurrence=a -E aggregator=, 2>>"$dir/tshark.err" |
        tr ',' '\n' | awk '{p += $1} END {printf "%d", p}')
    bad=$(tshark -n -r "$dir/parts.ipfix" -Y '_ws.malformed || _ws.expert.severity >= "Warning" || _ws.expert.severity == "Error"' 2>"$dir/tshark.err") || bad="tshark failed: $(cat "$dir/tshark.err")"
    [ -z "$bad" ] && ok "tshark: no malformed field, no warning in a stream with all parts" || no "tshark: no malformed field, no warning in a stream with all parts" "$bad"
    same "tshark: packets" "$(printf '%s' "$all" | cut -d' ' -f2)" "$theirs"
fi

# ---- libfixbuf ----
if have ipfixDump "reads the IPFIX file"; then
    if ipfixDump --rfc5610 -y -i "$dir/out.ipfix" >"$dir/dump" 2>"$dir/dump.err"; then
        ok "ipfixDump reads all of it"
        theirs=$(awk '/\(2\) +packetDeltaCount :/ {r++; p += $NF} /\(29305\/2\)/ && / : / {p += $NF} /\(1\) +octetDeltaCount :/ {b += $NF}
            /\(29305\/1\)/ && / : / {b += $NF} END {printf "%d %d %d", r, p, b}' "$dir/dump")
        same "ipfixDump: records, packets and bytes" "$all" "$theirs"
    else
        no "ipfixDump reads all of it" "$(cat "$dir/dump.err")"
    fi
    if ipfixDump --rfc5610 -y -i "$dir/parts.ipfix" >"$dir/parts.dump" 2>>"$dir/dump.err"; then
        theirs=$(awk '/subTemplateMultiListEntry/ {n++} / retransmittedPackets :/ {r = $NF} / sslServerName :/ && !s {s = $NF}
            / echoRequests :/ && !e {e = $NF} / assocAnsweredBy :/ && !a {a = 1} END {print n, (r > 0), s, (e > 0), a}' "$dir/parts.dump")
        same "ipfixDump: every part, by the names that the stream gives" "25 1 www.example.org 1 1" "$theirs"
    else
        no "ipfixDump: every part, by the names that the stream gives" "$(cat "$dir/dump.err")"
    fi
    [ -s "$dir/dump.err" ] && no "ipfixDump has nothing to complain of" "$(cat "$dir/dump.err")" || ok "ipfixDump has nothing to complain of"
fi

# ---- nfdump, over UDP ----
if have nfcapd "collects IPFIX over UDP"; then
    port=$(python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    mkdir "$dir/flows"
    timeout 60 nfcapd -b 127.0.0.1 -p "$port" -w "$dir/flows" -t 3600 -B 8000000 >"$dir/nfcapd.log" 2>&1 &
    nfcapd_pid=$!
    for _ in $(seq 100); do # until its socket is there
        grep -q ":$(printf '%04X' "$port") " /proc/net/udp && break
        sleep 0.05
    done
    $tool send "$dir/out.ipfix" 127.0.0.1 "$port" >"$dir/sent"
    for _ in $(seq 100); do # until it has read what we sent
        [ "$(awk -v p=":$(printf '%04X' "$port")" '$2 ~ p {split($5, q, ":"); print q[2]}' /proc/net/udp)" = 00000000 ] && break
        sleep 0.05
    done
    kill -TERM "$nfcapd_pid" 2>/dev/null # timeout passes it on
    wait "$nfcapd_pid" 2>/dev/null
    nfcapd_pid=
    theirs=$(nfdump -q -R "$dir/flows" -o 'fmt:%pkt %byt %opkt %obyt' -N 2>"$dir/nfdump.err" |
        awk 'NF == 4 {r++; p += $1 + $3; b += $2 + $4} END {printf "%d %d %d", r, p, b}')
    same "nfdump: records, packets and bytes" "$all" "$theirs"
    # nfcapd 1.7.1 does not know that an interface name can have a variable length; it says so, and loses nothing.
    errors=$(grep -iE 'error|unknown|malformed|skip' "$dir/nfcapd.log" | grep -viE 'errors?: 0([^0-9]|$)|^Process_ifvrf_option: ' | head -5)
    [ -z "$errors" ] && ok "nfcapd has nothing to complain of" || no "nfcapd has nothing to complain of" "$errors"
fi

# ---- pavo verify ----
verify() { # STATUS FILE NAME
    local said status
    said=$("$pavo" verify "$2" 2>&1)
    status=$?
    [ "$status" = "$1" ] && ok "$3" || no "$3" "status $status, expected $1: $said"
}
same "pavo read: the parts of a stream in short messages, and what was left out" "6 1" \
    "$("$pavo" read "$dir/parts.ipfix" --format json | jq -s -r '[length, (map(select(.flow.parts_cut)) | length)] | map(tostring) | join(" ")')"
verify 0 "$dir/out.ipfix" "pavo verify passes the IPFIX file"
verify 0 "$dir/out.jsonl" "pavo verify passes the NDJSON"
for n in 0 100; do
    $tool cut "$dir/out.ipfix" "$dir/cut.ipfix" $n
    verify 3 "$dir/cut.ipfix" "pavo verify notices that IPFIX record $n is missing"
done
awk '/"dataset": *"flow"/ && !done {done = 1; next} {print}' "$dir/out.jsonl" >"$dir/cut.jsonl"
verify 3 "$dir/cut.jsonl" "pavo verify notices that an NDJSON line is missing"
same "pavo read: one digest from both" "$("$pavo" read --digest "$dir/out.ipfix")" "$("$pavo" run -q -r "$dir/mix.pcap" -w ipfix:- | "$pavo" read --digest -)"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
