# quietly.sh - sourced by scripts that set up and build: says what goes on, and shows a log only when it fails
#
# Needs $log, the file that output goes to.
set -u
quietly() { # WHAT COMMAND...
    local what=$1
    shift
    printf '%s ... ' "$what"
    if "$@" >"$log" 2>&1; then
        echo "done"
        return
    fi
    echo "failed: $*"
    tail -n 40 "$log"
    exit 1
}
