#!/usr/bin/env bash
# check.sh - the long checks: both compilers, sanitizers, fuzzing, real captures, other people's programs, the rules
#
#   check.sh          everything (what .ci/run runs after test.sh)
#   check.sh rules    only what reads the sources: seconds, good before a commit
# The corpus of captures is looked for in $PAVO_SHARED, else ../shared. FUZZ_SECONDS (30) is the time of each fuzz
# target. Last line: N passed, N failed.
set -u
cd "$(dirname "$0")/.." || exit 1
. scripts/parts.sh
out=${PAVO_BUILD_CI:-build-ci}
shared=${PAVO_SHARED:-../shared}
fuzz_seconds=${FUZZ_SECONDS:-30}

sources() { # every C file and header of ours
    git ls-files -co --exclude-standard -- '*.c' '*.h' 2>/dev/null || find app lib test -name '*.[ch]'
}

# ---- the rules that a machine can read -----------------------------------------------------------------------

check_format() {
    local tool
    tool=$(command -v clang-format-14 || command -v clang-format) || { echo "skipped: no clang-format"; return 77; }
    "$tool" --version | grep -q 'version 14\.' || { echo "skipped: clang-format 14 is the one that counts, not $("$tool" --version)"; return 77; }
    sources | xargs "$tool" --dry-run -Werror
}

check_headers() {
    local dpdk status=0 h
    dpdk=$(pkg-config --cflags libdpdk 2>/dev/null)
    while read -r h; do
        if [ -z "$dpdk" ] && grep -q 'rte_' "$h"; then
            echo "left out without DPDK: $h"
            continue
        fi
        # shellcheck disable=SC2086
        echo "#include \"$(basename "$h")\"" |
            "${CC:-gcc}" -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wno-unused-function -Wno-unused-parameter -DPAVO_VERSION='"0"' -fsyntax-only -x c \
                -I"$(dirname "$h")" -Iapp -Ilib/export -Ilib/flow -Ilib/inspect -Ilib/decap -Itest -Itest/unit -Itest/gen \
                $dpdk - || { echo "^ $h"; status=1; }
    done < <(sources | grep '\.h$')
    return $status
}

# Only cursor.h moves along a packet or lessens a length; and lib/ knows no backend, prints nothing, never exits.
check_walls() {
    local status=0 found
    complain() {
        [ -z "$2" ] && return
        printf '%s:\n%s\n' "$1" "$2"
        status=1
    }
    found=$(grep -nE '(->|\.)(held|told)[[:space:]]*(\+|-)?=[^=]|(->|\.)at[[:space:]]*(\+=|-=|\+\+)|(\+\+|--)[a-z_]+(->|\.)(at|held|told)\b' lib/decap/*.c)
    complain "a cursor moved outside cursor.h" "$found"
    found=$(grep -nE '#include[[:space:]]*[<"](rte_|pcap|hwloc|jansson)' -r lib --include='*.[ch]')
    complain "lib/ includes a backend's header" "$found"
    found=$(grep -nwE 'printf|fprintf|puts|perror|exit|_exit' -r lib --include='*.c' | grep -vE ':[[:space:]]*(/\*|\*|//)|format\(printf')
    complain "lib/ prints or exits" "$found"
    found=$(grep -lE '#include[[:space:]]*<rte_' -r app --include='*.[ch]' | grep -vE '/(capture_dpdk|dpdk_[a-z]+)\.[ch]$')
    complain "DPDK outside its backend" "$found"
    found=$(grep -lE '#include[[:space:]]*<pcap' -r app --include='*.[ch]' | grep -vE '/(capture|dpdk)_[a-z]+\.[ch]$')
    complain "libpcap outside its backend" "$found"
    return $status
}

check_open_ends() {
    local found status=0
    found=$(grep -rnIE '\b(TODO|FIXME|XXX)\b|[nN]ot (yet )?implemented' app lib test scripts docs README.md meson.build .ci \
        --include='*' 2>/dev/null | grep -vE '^(scripts/check\.sh|docs/.*no .TODO)')
    [ -z "$found" ] || { echo "left open:"; echo "$found"; status=1; }
    found=$(sources | grep -v '^test/' | xargs wc -l | awk '$2 != "total" && $1 > 900 {print $2 ": " $1 " lines"}')
    [ -z "$found" ] || { echo "about more than one thing?"; echo "$found"; status=1; }
    return $status
}

check_scripts() {
    local status=0 f
    for f in scripts/*.sh test/*/*.sh .ci/run; do
        bash -n "$f" || status=1
        head -n 20 "$f" | grep -q '^set -u' || [ "$f" = scripts/parts.sh ] || { echo "$f: no set -u"; status=1; }
    done
    for f in $(find test scripts -name '*.py'); do
        python3 -B -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$f" || status=1
    done
    return $status
}

section "rules"
part "formatting" check_format
part "every header compiles alone" check_headers
part "the walls between the parts stand" check_walls
part "nothing is left open" check_open_ends
part "scripts parse" check_scripts
if [ "${1:-}" = rules ]; then
    parts_end
    exit
fi

# ---- builds --------------------------------------------------------------------------------------------------------

section "builds"
build_part "gcc, warnings are errors" "$out/gcc" gcc --werror -Dtests=enabled
build_part "clang, warnings are errors" "$out/clang" clang --werror -Dtests=enabled
build_part "gcc, without DPDK and hwloc, optimised" "$out/small" gcc --werror -Dbuildtype=release -Ddpdk=disabled -Dhwloc=disabled -Dtests=enabled

# As scripts/release.sh builds pavo, with a short training: the same records.
release_build() {
    CC=gcc TRAINING_PACKETS=50000 scripts/release.sh "$out/release"
}
release_same() {
    local dir status=0 seed by
    dir=$(mktemp -d) || return 1
    for seed in 1 2 3; do
        "$out/gcc/test/gen/pavo-gen" mix --packets 30000 --seed $seed "$dir/mix.pcap" || status=1
        for by in gcc release; do
            "$out/$by/app/pavo" run -q --workers 1 --set observer.name=check -r "$dir/mix.pcap" -w "json:$dir/$by.jsonl" || status=1
        done
        [ -s "$dir/gcc.jsonl" ] && cmp "$dir/gcc.jsonl" "$dir/release.jsonl" || status=1
    done
    rm -rf "$dir"
    return $status
}
part "release.sh: a build by profile" release_build
part "golden records of the build by profile" test/golden/golden.sh "$out/release"
part "the build by profile has the same records" release_same
meson_part "tests of the clang build" "$out/clang" --no-suite live
meson_part "tests of the small build" "$out/small" --no-suite live

# ---- sanitizers ----------------------------------------------------------------------------------------------------

section "sanitizers"
export ASAN_OPTIONS=detect_leaks=1:exitcode=99 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:exitcode=99
export TSAN_OPTIONS=halt_on_error=1:exitcode=66:second_deadlock_stack=1
build_part "build with ASan and UBSan" "$out/asan" gcc -Db_sanitize=address,undefined -Dtests=enabled
meson_part "tests under ASan and UBSan" "$out/asan" --no-suite live --timeout-multiplier 4
build_part "build with TSan" "$out/tsan" gcc -Db_sanitize=thread -Dtests=enabled -Ddpdk=disabled

# The stress tests, and the whole sensor with four workers over everything at once.
thread_tests() {
    meson_count "$out/tsan" --suite stress --timeout-multiplier 8
}
thread_run() {
    local dir status=0 seed
    dir=$(mktemp -d) || return 1
    for seed in 1 2; do
        "$out/gcc/test/gen/pavo-gen" mix --packets 30000 --seed $seed "$dir/mix.pcap" &&
            "$out/tsan/app/pavo" run -q --workers 4 -r "$dir/mix.pcap" -w "json:$dir/out.jsonl" -w "ipfix:$dir/out.ipfix" &&
            "$out/gcc/app/pavo" verify "$dir/out.jsonl" "$dir/out.ipfix" || status=$?
    done
    rm -rf "$dir"
    return $status
}
part "stress tests under TSan" thread_tests
part "four workers under TSan" thread_run

# ---- fuzzing -------------------------------------------------------------------------------------------------------

fuzz_one() { # TARGET SECONDS: what it finds is left in the folder for the log
    local name=$1 dir status
    dir=$(mktemp -d) || return 1
    mkdir -p "$dir/new" "$dir/found/"
    local seeds=()
    [ -d "test/fuzz/corpus/$name" ] && seeds+=("test/fuzz/corpus/$name")
    [ -d "$out/seeds/$name" ] && seeds+=("$out/seeds/$name")
    "$out/fuzz/test/fuzz/fuzz-$name" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$dir/found/" "$dir/new" "${seeds[@]}"
    status=$?
    for f in "$dir"/found/*; do
        [ -f "$f" ] && { echo "found $(basename "$f"):"; base64 "$f"; }
    done
    rm -rf "$dir"
    return $status
}
fuzz_seeds() { # inputs made of the frames of the unit tests
    rm -rf "$out/seeds"
    PAVO_SEEDS="$out/seeds" "$out/gcc/test/unit/decap/decap-walk"
}
fuzz_all() { # two at a time
    local targets=() t status=0 passed=0 failed=0 dir
    dir=$(mktemp -d) || return 1
    for t in "$out"/fuzz/test/fuzz/fuzz-*; do
        [ -x "$t" ] && [ -f "$t" ] && targets+=("${t##*/fuzz-}")
    done
    [ ${#targets[@]} -gt 0 ] || { echo "no fuzz targets"; return 1; }
    for ((i = 0; i < ${#targets[@]}; i += 2)); do
        for t in "${targets[@]:i:2}"; do
            fuzz_one "$t" "$fuzz_seconds" >"$dir/$t.log" 2>&1 && touch "$dir/$t.ok" &
        done
        wait
    done
    for t in "${targets[@]}"; do
        if [ -f "$dir/$t.ok" ]; then
            passed=$((passed + 1))
            echo "report: $t: $(sed -n 's/^stat::number_of_executed_units: *//p' "$dir/$t.log") inputs in $fuzz_seconds s"
        else
            failed=$((failed + 1))
            echo "---- $t"
            tail -n 30 "$dir/$t.log"
        fi
    done
    rm -rf "$dir"
    echo "$passed passed, $failed failed"
    [ $failed = 0 ]
}
section "fuzzing"
TARGETS=fuzz-targets \
    build_part "build of the fuzz targets" "$out/fuzz" clang -Dfuzz=enabled -Db_sanitize=address,undefined -Db_lundef=false -Ddpdk=disabled -Dtests=disabled
part "seeds of the decoder's fuzz targets" fuzz_seeds
part "fuzz targets, $fuzz_seconds s each" fuzz_all

# ---- cost ----------------------------------------------------------------------------------------------------------

section "cost"
part "nested headers cost no more than their number" scripts/decode-cost.sh "$out/gcc"

# ---- the real binary -------------------------------------------------------------------------------------------------

section "the real binary"
part "real captures against the oracle" python3 -B test/conformance/conformance.py --binary "$out/asan/app/pavo" --sanitize \
    --run-option=--set --run-option=flow.names=true --run-option=--set --run-option=flow.payload=1500 \
    --run-option=--set --run-option=flow.entropy=true --run-option=--set --run-option=flow.first_packets=true \
    --run-option=--set --run-option=flow.name_limit=1000 --shared "$shared" --timeout 120 --out "$out/conformance.tsv"
part "as far down as tshark and argus" python3 -B test/conformance/descent.py --binary "$out/gcc/app/pavo" --argus table --shared "$shared"
part "the comparison with Zeek finds what differs" python3 -B test/conformance/zeek.py --self-test --shared "$shared"
part "conversations as Zeek has them" python3 -B test/conformance/zeek.py --binary "$out/gcc/app/pavo" --shared "$shared"
part "the comparison with tshark finds what differs" python3 -B test/conformance/tcp.py --self-test
part "TCP as tshark has it" python3 -B test/conformance/tcp.py --binary "$out/gcc/app/pavo" --shared "$shared" --cache "$out/tshark" --out "$out/tcp.tsv"
part "same records of real captures" python3 -B test/conformance/digest.py --build "$out/gcc" --corpus --shared "$shared"
part "the block reader and libpcap are twins" python3 -B test/conformance/twin.py --build "$out/gcc" --shared "$shared"
part "what other programs read" test/consumers/consumers.sh "$out/gcc"
part "a flood of new flows" test/flood/flood.sh "$out/small"
if [ "$(id -u)" = 0 ]; then
    part "live traffic, under ASan and UBSan" python3 -B test/live/live.py --pavo "$out/asan/app/pavo" --carrier "$out/gcc/test/live/pavo-carrier"
    part "what a silent sensor costs" python3 -B test/live/idle.py --pavo "$out/gcc/app/pavo"
    part "RSS for real, in a virtual machine" python3 -B test/live/rss_vm.py --pavo "$out/gcc/app/pavo" --shared "$shared" --cache "$out/qemu"
    part "loss, delay and disorder made on purpose" python3 -B test/live/impair.py --pavo "$out/gcc/app/pavo" --wire "$out/gcc/test/live/pavo-wire"
else
    echo "skipped: live traffic: only root can make network namespaces"
fi
parts_end
