#!/usr/bin/env bash
# seeds.sh DECAP-WALK DIR - makes seeds of the frames of the unit tests and gives them to the replay-* programs in DIR
set -u
walk=${1:?usage: seeds.sh DECAP-WALK DIR} replays=${2:?}
seeds=$(mktemp -d) || exit 1
trap 'rm -rf "$seeds"' EXIT
PAVO_SEEDS=$seeds "$walk" >"$seeds/log" 2>&1 || { tail -n 20 "$seeds/log"; exit 1; }
[ -d "$seeds/walk" ] || { echo "no seeds"; exit 1; }
status=0
for dir in "$seeds"/*/; do
    name=$(basename "$dir")
    if "$replays/replay-$name" "$dir" >"$seeds/log" 2>&1; then
        echo "$name: $(tail -n 1 "$seeds/log")"
    else
        echo "$name: FAILED"
        tail -n 20 "$seeds/log"
        base64 "$(sed -n 's/^\(.*\): [0-9]* bytes$/\1/p' "$seeds/log" | tail -n 1)"
        status=1
    fi
done
exit $status
