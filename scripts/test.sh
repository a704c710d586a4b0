#!/usr/bin/env bash
# test.sh - installs what is missing, builds, and runs the tests that a developer runs: unit, golden, live
#
# Last line: N passed, N failed. Exit status 0 if none failed.
set -u
cd "$(dirname "$0")/.." || exit 1
. scripts/parts.sh
build=${PAVO_BUILD:-build-test}

section "packages"
./scripts/deps.sh --test || exit 1
section "build"
build_part "build" "$build" "${CC:-gcc}" -Dtests=enabled || { parts_end; exit 1; }
section "tests"
meson_part "unit, stress, replays, generator" "$build" --no-suite live
part "golden records" test/golden/golden.sh "$build"
part "same records for any workers and bursts" python3 -B test/conformance/digest.py --build "$build" --generated
if [ "$(id -u)" = 0 ]; then
    part "live traffic" python3 -B test/live/live.py --pavo "$build/app/pavo" --carrier "$build/test/live/pavo-carrier"
    part "the carrier of tunnels" python3 -B test/live/carrier.py "$build/test/live/pavo-carrier"
else
    echo "skipped: live traffic: only root can make network namespaces"
fi
parts_end
