#!/usr/bin/env bash
# damage.sh PAVO CAPTURE - what pavo run stores is whole for pavo verify and the same for pavo read, and no damage
# goes unnoticed: each kind is made with ipfix_edit.py (IPFIX) or sed (NDJSON) and must be named.
# Last line: N passed, N failed.
set -u
pavo=${1:?usage: damage.sh PAVO CAPTURE} capture=${2:?}
edit=$(cd "$(dirname "$0")" && pwd)/ipfix_edit.py
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0

check() { # SAYS STATUS TEXT COMMAND..: the command ends with STATUS and says TEXT
    local says=$1 status=$2 text=$3 got
    shift 3
    "$@" >"$dir/out" 2>&1
    got=$?
    if [ "$got" = "$status" ] && grep -qE -- "$text" "$dir/out"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED  $says: status $got, not $status, or it does not say '$text':"
        head -5 "$dir/out"
    fi
}
same() { # SAYS A B
    if [ "$2" = "$3" ] && [ -n "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED  %s:\n  %s\n  %s\n' "$1" "$2" "$3"
    fi
}
damaged() { # SAYS STATUS TEXT HOW N: the IPFIX file, damaged
    python3 "$edit" "$dir/a.ipfix" "$dir/d.ipfix" "$4" "$5" || { failed=$((failed + 1)); return; }
    check "$1" "$2" "$3" "$pavo" verify "$dir/d.ipfix"
}
bent() { # SAYS STATUS TEXT SED..: the NDJSON file, through sed
    local says=$1 status=$2 text=$3
    shift 3
    sed "$@" "$dir/a.jsonl" >"$dir/d.jsonl"
    check "$says" "$status" "$text" "$pavo" verify "$dir/d.jsonl"
}
count() { "$pavo" read "$dir/a.ipfix" --count -- "$@"; }

"$pavo" run -q --workers 1 -r "$capture" -w "ipfix:$dir/a.ipfix" -w "json:$dir/a.jsonl" || exit 1
n=$(grep -c '"dataset":"flow"' "$dir/a.jsonl")
line=$(grep -n '"dataset":"flow"' "$dir/a.jsonl" | sed -n '3s/:.*//p') # the third flow record
ledger=$(grep -n '"dataset":"ledger"' "$dir/a.jsonl" | sed -n '$s/:.*//p')

check "the IPFIX file is whole" 0 "all add up" "$pavo" verify "$dir/a.ipfix"
check "the NDJSON file is whole" 0 "all add up" "$pavo" verify "$dir/a.jsonl"
check "both, and by standard input" 0 "all add up" sh -c "'$pavo' verify - <'$dir/a.ipfix'"

damaged "a record cut out" 3 "$n records told, $((n - 1)) found: 1 missing" cut 2
damaged "a record that stands twice" 3 "1 too many; record [0-9]+ of flow [0-9a-f]{16} stands more than once" twice 2
damaged "a changed counter" 3 "all $n records are there.*a counter was changed" bump 2
damaged "no end" 3 "has no end.*$n records that no ledger covers" tail 1
damaged "no beginning" 3 "begins with ledger record 1, which is no start" ledger 0
head -c "$(($(stat -c %s "$dir/a.ipfix") - 7))" "$dir/a.ipfix" >"$dir/d.ipfix"
check "a file cut inside a message is broken, not only without end" 2 "BROKEN" "$pavo" verify "$dir/d.ipfix"
check "what is left of it is read" 2 "^$n records" "$pavo" read "$dir/d.ipfix" --count

bent "a line cut out" 3 "1 missing" "${line}d"
bent "a line that stands twice" 3 "stands more than once" "${line}p"
bent "a changed sum" 3 "network.bytes is" "${line}s/\"bytes\":/\"bytes\":1/"
bent "no end" 3 "has no end" "${ledger}d"
bent "a line cut short" 2 "BROKEN: line $line is not JSON" "${line}s/}}\$//"

same "read gives the JSON that run wrote" "$("$pavo" read "$dir/a.ipfix" --format json | md5sum)" \
    "$(grep '"dataset":"flow"' "$dir/a.jsonl" | md5sum)"
same "records rewritten as IPFIX keep their digest" "$("$pavo" read "$dir/a.ipfix" --digest)" \
    "$("$pavo" read "$dir/a.ipfix" --format ipfix | "$pavo" read - --digest)"
same "sorted or not, the digest is the same" "$("$pavo" read "$dir/a.ipfix" --digest)" \
    "$("$pavo" read "$dir/a.ipfix" --format ipfix --sort -bytes | "$pavo" read - --digest)"
same "a filter and its opposite have all records together" "$n" \
    "$(($(count tcp | cut -d' ' -f1) + $(count not tcp | cut -d' ' -f1)))"
same "groups add up to the whole" "$(count | awk '{print $1, $3, $5}')" \
    "$("$pavo" read "$dir/a.ipfix" --by proto,src.ip --fields records,packets,bytes --format csv |
        awk -F, 'NR > 1 {r += $1; p += $2; b += $3} END {printf "%d %d %d\n", r, p, b}')"
same "--sort puts numbers in order" "$("$pavo" read "$dir/a.ipfix" --fields bytes --format csv | tail -n +2 | sort -rn)" \
    "$("$pavo" read "$dir/a.ipfix" --fields bytes --format csv --sort -bytes | tail -n +2)"
same "--top is the head of --sort" "$("$pavo" read "$dir/a.ipfix" --sort -bytes --fields flow.id,seq,bytes --format csv | head -4)" \
    "$("$pavo" read "$dir/a.ipfix" --sort -bytes --top 3 --fields flow.id,seq,bytes --format csv)"
same "two files are twice the records" "$((2 * n))" \
    "$("$pavo" read "$dir/a.ipfix" "$dir/a.ipfix" --count | cut -d' ' -f1)"

check "a reader that went away is no failure" 0 "status 0" bash -c \
    "for i in 1 2 3 4 5 6 7 8; do cat '$dir/a.ipfix'; done | '$pavo' read - --format json | head -1 >/dev/null; echo status \${PIPESTATUS[1]}"
check "a full disk is" 2 "No space left" sh -c "'$pavo' read '$dir/a.ipfix' >/dev/full"
check "an unknown word names the nearest" 1 "did you mean 'host'" "$pavo" read "$dir/a.ipfix" hots 10.0.0.1
check "an unknown field names the nearest" 1 "did you mean 'bytes'" "$pavo" read "$dir/a.ipfix" --by byts
check "listening is refused" 1 "does not listen" "$pavo" read 127.0.0.1:4739
check "no file" 2 "No such file" "$pavo" read "$dir/none.ipfix"
check "NDJSON is named" 2 "NDJSON" "$pavo" read "$dir/a.jsonl"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
