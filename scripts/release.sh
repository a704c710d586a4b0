#!/usr/bin/env bash
# release.sh - builds pavo as fast as gcc can make it: by the profile of a training, across all files at link time
#
#   release.sh [BUILD-DIR]      default: build-release; it is set up from scratch
# What is trained on: captures of pavo-gen, read into IPFIX, JSON and CSV, and workloads of pavo bench; code that they
# do not reach is compiled as without a profile. TRAINING_PACKETS (1000000) is the length of each capture and workload.
# CFLAGS are kept. Two to four minutes.
set -u
cd "$(dirname "$0")/.." || exit 1
build=${1:-build-release}
packets=${TRAINING_PACKETS:-1000000}
export CC=${CC:-gcc}
dir=$(mktemp -d) || exit 1
log=$dir/log
trap 'rm -rf "$dir"' EXIT
. scripts/quietly.sh

# shellcheck disable=SC2086
macros=$($CC -dM -E -x c /dev/null 2>/dev/null) || { echo "release: CC=$CC is no compiler that runs here" >&2; exit 1; }
if ! grep -q __GNUC__ <<<"$macros" || grep -q __clang__ <<<"$macros"; then
    echo "release: CC=$CC is not gcc, which alone this script can train" >&2
    exit 1
fi

setup() {
    local again=()
    [ ! -f "$build/build.ninja" ] || again=(--wipe)
    meson setup "${again[@]}" "$build" -Dbuildtype=release -Db_lto=true -Db_pgo=generate -Dtests=disabled \
        -Dc_args="${CFLAGS:-} -fprofile-update=prefer-atomic"
}

# Code that the training does not reach is compiled as without a profile; a file that has nothing to run has none.
by_profile() {
    meson configure "$build" -Db_pgo=use -Dc_args="${CFLAGS:-} -fprofile-partial-training -Wno-missing-profile" &&
        ninja -C "$build" app/pavo
}

captures() {
    local gen=$build/test/gen/pavo-gen flows=$((packets / 10))
    "$gen" udp64 --flows $flows --packets "$packets" "$dir/udp64.pcap" &&
        "$gen" tcp --flows $flows --packets "$packets" "$dir/tcp.pcap" &&
        "$gen" vxlan --flows $flows --packets "$packets" "$dir/vxlan.pcap" &&
        "$gen" pairs --flows $((packets / 2)) "$dir/pairs.pcap" &&
        "$gen" mix --packets $((packets / 10)) "$dir/mix.pcap"
}

pavo() {
    "$build/app/pavo" "$@"
}

train() {
    local name
    for name in udp64 tcp vxlan pairs; do
        pavo run -q --workers 1 -r "$dir/$name.pcap" -w ipfix:/dev/null || return
    done
    for name in "$dir/mix.pcap" test/data/demo.pcap; do
        pavo run -q -r "$name" -w "ipfix:$dir/out.ipfix" -w json:/dev/null -w csv:/dev/null &&
            pavo read "$dir/out.ipfix" --by dst.ip --top 10 || return
        rm -f "$dir/out.ipfix"
    done
    for name in udp64 imix tcp dns synflood vxlan geneve6 gtpu fragments mixed; do
        pavo bench --workload "$name" --flows $((packets / 10)) --packets "$packets" --no-stages || return
    done
    pavo bench --workload mixed --workers 2 --flows $((packets / 10)) --packets "$packets" --no-stages || return
    # Not everybody may start DPDK everywhere.
    if pavo version | grep -q 'capture.*dpdk'; then
        pavo bench --workload imix --dpdk ring --flows $((packets / 10)) --packets "$packets" --no-stages ||
            echo "the DPDK backend was not trained"
    fi
}

quietly "setting up $build" setup
quietly "building pavo to be trained" ninja -C "$build" app/pavo test/gen/pavo-gen
quietly "making captures" captures
quietly "training" train
quietly "building pavo by its profile" by_profile
echo "$build/app/pavo"
