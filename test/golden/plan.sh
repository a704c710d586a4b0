#!/usr/bin/env bash
# plan.sh PAVO [--update] - the plans for the machines of test/data/machines are the ones that lie in test/golden/plan
#
# Each configuration NAME.json beside a machine.xml is planned for; plan.json gives MACHINE.txt, others MACHINE-NAME.txt.
# A plan that lies here as .json, too, is asked for in both forms. Sizes of ordinary memory are left out: they follow the
# structures of the program, and have tests of their own. refused.txt is what bad input is told.
# --update, or PAVO_UPDATE=1, writes them anew: read the difference before it is kept. Last line: N passed, N failed.
set -u -o pipefail
pavo=$(realpath "${1:?usage: plan.sh PAVO [--update]}") || exit 1
[ "${2:-}" = --update ] && PAVO_UPDATE=1
cd "$(dirname "$0")/../data/machines" || exit 1
golden=../../golden/plan
passed=0 failed=0 skipped=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

same() { # FILE: as it lies in golden/plan; $dir/new: as it is
    [ -z "${PAVO_UPDATE:-}" ] || cp "$dir/new" "$golden/$1"
    if diff -u "$golden/$1" "$dir/new"; then
        passed=$((passed + 1))
    else
        echo "FAILED  test/golden/plan/$1"
        failed=$((failed + 1))
    fi
}

without_sizes() {
    sed -E -e '/huge pages$/!s/^  [0-9]+ (KiB|MiB|GiB) +/  .. /' -e '/huge pages$/!s/, [0-9]+ (KiB|MiB|GiB) for each/, .. for each/' \
        -e 's/: [0-9]+ (KiB|MiB|GiB) for the tables/: .. for the tables/' -e 's/"bytes": [0-9]+/"bytes": ".."/'
}

for config in */*.json; do
    machine=${config%/*} name=$(basename "$config" .json)
    [ "$name" = plan ] && name=$machine || name=$machine-$name
    ask=(plan -c "$config" --machine "$machine/machine.xml" --sys "$machine/sys")
    "$pavo" "${ask[@]}" >"$dir/text" 2>"$dir/errors"
    status=$?
    if grep -q 'built without DPDK' "$dir/errors"; then
        skipped=$((skipped + 1))
        continue
    fi
    [ $status = 0 ] || { echo "FAILED  $name: status $status"; cat "$dir/errors"; failed=$((failed + 1)); }
    without_sizes <"$dir/text" >"$dir/new"
    same "$name.txt"
    if [ -f "$golden/$name.json" ]; then
        "$pavo" "${ask[@]}" --json | without_sizes >"$dir/new"
        same "$name.json"
    fi
done

# ---- bad input: a sentence, and status 1 ----------------------------------------------------------------------------

refuse() { # ARGUMENTS
    echo "pavo plan $*"
    "$pavo" plan "$@" >"$dir/out" 2>"$dir/errors"
    echo "  status $?"
    sed 's/^/  /' "$dir/errors"
    [ ! -s "$dir/out" ] || echo "  and a plan"
}
head -c 2000 laptop/machine.xml >"$dir/cut.xml"
echo "<topology version=\"2.0\"></topology>" >"$dir/empty.xml"
: >"$dir/nothing.xml"
{
    refuse -i eth0 --machine "$dir/cut.xml"
    refuse -i eth0 --machine "$dir/empty.xml"
    refuse -i eth0 --machine "$dir/nothing.xml"
    refuse -i eth0 --machine no/such/machine.xml
    refuse -i eth0 --machine laptop
    refuse -i eth0 --machine laptop/machine.xml --sys no/such/sys
    refuse -i eth0 --machine laptop/machine.xml --sys laptop/machine.xml
    refuse -i eth0 --sys laptop/sys
    refuse -i eth0 --machine laptop/machine.xml --workers 2 --set workers.cores=1,8
    refuse -i eth0 --machine laptop/machine.xml --workers 2 --set workers.cores=1,1
    refuse -i eth0 --machine laptop/machine.xml --workers 2 --set workers.cores=1
    refuse -i eth0 --machine laptop/machine.xml --set workers.cores=fast
    refuse -i eth0 --machine container/machine.xml --sys container/sys --workers 2 --set workers.cores=4,6
} | sed "s#$dir#DIR#g" >"$dir/new"
same refused.txt

# ---- what is not there is no error: the plan says what to do --------------------------------------------------------

steps() { "$pavo" plan "$@" 2>&1 | sed -n '/^to be done before/,$p'; }
{
    steps -i eth9 --machine laptop/machine.xml --sys laptop/sys
    "$pavo" plan -i eth9 --machine laptop/machine.xml | sed -n '/^sources/,/^threads/p'
} >"$dir/new"
same missing.txt

echo "$passed passed, $failed failed, $skipped skipped: no DPDK"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
