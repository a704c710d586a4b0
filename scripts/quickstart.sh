#!/usr/bin/env bash
# quickstart.sh - from a clone to a first look at flows: packages, build, a run over the demo capture
set -u
cd "$(dirname "$0")/.." || exit 1
build=${PAVO_BUILD:-build}
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
. scripts/quietly.sh

./scripts/deps.sh --dev || exit 1
[ -f "$build/build.ninja" ] || quietly "setting up $build" meson setup "$build" -Dbuildtype=release
quietly "building pavo" ninja -C "$build" app/pavo

echo
echo "pavo run -r test/data/demo.pcap"
echo
"$build/app/pavo" run -r test/data/demo.pcap || exit

cat <<TXT

That was an ordinary minute in an office, some of it inside tunnels. Now with your own packets:

  $build/app/pavo run -r YOUR.pcap                     flows of a capture file, as a table
  $build/app/pavo run -r YOUR.pcap -w out.jsonl        the same as JSON lines (ECS names), one flow each
  $build/app/pavo run -r YOUR.pcap -w out.ipfix        as an IPFIX file; read it with
  $build/app/pavo read out.ipfix --by dst.ip --top 10
  sudo $build/app/pavo run -i eth0                     a network interface, until Ctrl-C
  $build/app/pavo help                                 everything else

To run the tests: ./scripts/test.sh
TXT
