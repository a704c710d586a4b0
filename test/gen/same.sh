#!/usr/bin/env bash
# same.sh PAVO-GEN DEMO.pcap - the demo that lies in the tree is the one that the generator makes, and the random
# captures are the same on every machine and with every compiler.
set -u
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
"$1" demo "$dir/demo.pcap" || exit 1
cmp "$dir/demo.pcap" "$2" || {
    echo "the generator makes another demo; if that is meant: pavo-gen demo test/data/demo.pcap"
    exit 1
}
want='3228090340 10052653'
now=$("$1" mix --seed 1 --packets 20000 --ns - | cksum)
[ "$now" = "$want" ] || {
    echo "mix, seed 1: checksum and length $now, not $want; if that is meant: change it in $0"
    exit 1
}
