#!/usr/bin/env bash
# good.sh PAVO-GEN - tshark finds no malformed packet and no wrong checksum in what the generator makes, and does
# find one where a byte was changed. Exit 77 (skipped) without tshark.
set -u
command -v tshark >/dev/null || { echo "skipped: no tshark"; exit 77; }
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

bad='_ws.malformed'
for p in ip tcp udp icmp icmpv6 sctp gre; do bad="$bad || $p.checksum.status == \"Bad\""; done
look() { # FILE: the frames that are not good
    tshark -n -r "$1" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE \
        -o sctp.checksum:TRUE -Y "$bad" 2>"$dir/err" || { cat "$dir/err"; exit 1; }
}
failed=0
for what in "demo" "mix --packets 6000 --seed 1" "mix --packets 6000 --seed 2 --ns" "udp64 --packets 200 --flows 20" \
    "vxlan --packets 200 --flows 20" "pairs --flows 100" "synflood --flows 200"; do
    # shellcheck disable=SC2086
    "$1" $what "$dir/a.pcap" || exit 1
    found=$(look "$dir/a.pcap" | head -5)
    [ -z "$found" ] || { printf '%s:\n%s\n' "$what" "$found"; failed=1; }
done
# The last byte of the last SYN: its checksum must not hold any more.
printf '\377' | dd of="$dir/a.pcap" bs=1 seek=$(($(stat -c %s "$dir/a.pcap") - 10)) conv=notrunc status=none
[ -n "$(look "$dir/a.pcap")" ] || { echo "tshark did not notice a changed byte: this test can't see anything"; failed=1; }
exit $failed
