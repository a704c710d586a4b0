#!/usr/bin/env bash
# golden.sh BUILD-DIR [--update] - the real binary, one worker, turns each capture into exactly the records that lie here
#
# NAME.jsonl belongs to NAME.pcap here or in test/data. --update writes them anew: read the difference before it is kept.
# Last line: N passed, N failed.
set -u -o pipefail
build=$(cd "${1:?usage: golden.sh BUILD-DIR [--update]}" && pwd) || exit 1
cd "$(dirname "$0")" || exit 1
passed=0 failed=0
now=$(mktemp) || exit 1
trap 'rm -f "$now"' EXIT
for capture in ./*.pcap ../data/*.pcap; do
    [ -f "$capture" ] || continue
    name=$(basename "$capture" .pcap)
    # The observer's name and version would differ from host to host and from release to release.
    if ! "$build/app/pavo" run -q --workers 1 --set observer.name=golden -r "$capture" -w json:- 2>&1 |
        sed -E 's/("version": *")[^"]*"/\1*"/' >"$now"; then
        echo "FAILED  $name: pavo run"
        failed=$((failed + 1))
        continue
    fi
    [ "${2:-}" != --update ] || cp "$now" "$name.jsonl"
    if [ -f "$name.jsonl" ] && diff -u "$name.jsonl" "$now"; then
        passed=$((passed + 1))
    else
        echo "FAILED  $name: other records than in test/golden/$name.jsonl"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
