# parts.sh - sourced by test.sh, check.sh and .ci/run: runs the parts of a check and counts them
#
# A part is a command with a log of its own. It passed with status 0, was skipped with 77 (its last line says why), and
# failed otherwise; then the end of its log is shown. A part whose last line is "N passed, N failed" counts as that
# many. parts_end prints the sum as the last line.
parts_dir=$(mktemp -d) || exit 1
trap 'rm -rf "$parts_dir"' EXIT
parts_passed=0
parts_failed=0
parts_n=0
parts_jobs=$(nproc 2>/dev/null || echo 2)

section() {
    printf '\n== %s\n' "$*"
}

# part NAME COMMAND...
part() {
    local name=$1 status last began=$SECONDS p=1 f=0 log
    shift
    parts_n=$((parts_n + 1))
    log=$parts_dir/$parts_n.log
    "$@" >"$log" 2>&1 </dev/null
    status=$?
    last=$(grep -v '^[[:space:]]*$' "$log" | tail -n 1)
    if [ $status = 77 ]; then
        printf 'skipped: %s: %s\n' "$name" "${last#skipped: }"
        return 0
    fi
    if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        p=${BASH_REMATCH[1]}
        f=${BASH_REMATCH[2]}
        [ $status != 0 ] && [ "$f" = 0 ] && f=1
    elif [ $status != 0 ]; then
        p=0
        f=1
    fi
    parts_passed=$((parts_passed + p))
    parts_failed=$((parts_failed + f))
    if [ "$f" = 0 ]; then
        printf 'ok      %-44s %4d s%s\n' "$name" $((SECONDS - began)) "$([ "$p" = 1 ] || echo ", $p passed")"
        grep -hE '^(skipped|report): ' "$log" | sed 's/^/        /'
        return 0
    fi
    printf 'FAILED  %-44s %4d s, status %d\n' "$name" $((SECONDS - began)) $status
    tail -n "${PARTS_TAIL:-40}" "$log" | sed 's/^/    | /'
    return 1
}

# meson_part NAME BUILD-DIR [ARGUMENT...]: meson test, each of its tests counted.
meson_part() {
    local name=$1 build=$2
    shift 2
    part "$name" meson_count "$build" "$@"
}

meson_count() {
    local build=$1 status log=$parts_dir/meson.log
    shift
    meson test -C "$build" --no-rebuild --print-errorlogs "$@" >"$log" 2>&1
    status=$?
    cat "$log"
    grep -q 'No tests defined\|no tests' "$log" && { echo "no tests ran"; return 1; }
    awk '/^(Ok|Expected Fail): / {p += $NF} /^(Fail|Unexpected Pass|Timeout): / {f += $NF} / SKIP / {skip = skip "\nskipped: " $0}
         END {print skip; printf "%d passed, %d failed\n", p, f}' "$log"
    return $status
}

# build_part NAME BUILD-DIR COMPILER [OPTION...]: sets up (once) and compiles everything, or the targets in $TARGETS.
build_part() {
    local name=$1 build=$2 compiler=$3
    shift 3
    part "$name" build_one "$build" "$compiler" "$@"
}

build_one() {
    local build=$1 compiler=$2
    shift 2
    command -v "$compiler" >/dev/null || { echo "skipped: no $compiler"; return 77; }
    if [ ! -f "$build/build.ninja" ]; then
        CC=$compiler meson setup "$build" "$@" || return
    fi
    # shellcheck disable=SC2086
    ninja -C "$build" -j "$parts_jobs" ${TARGETS:-}
}

parts_end() {
    printf '\n%d passed, %d failed\n' $parts_passed $parts_failed
    [ $parts_failed = 0 ]
}
