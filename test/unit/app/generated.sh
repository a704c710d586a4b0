#!/usr/bin/env bash
# generated.sh PAVO SOURCE - man page, schema and the table of docs/config.md are what the program says, and the
# configurations that lie in the tree are good. PAVO_UPDATE=1 writes the generated ones anew.
set -u
pavo=$1 source=$2 failed=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

same() { # FILE: as in the tree; $dir/new: as it should be
    [ -n "${PAVO_UPDATE:-}" ] && cp "$dir/new" "$1"
    diff -u "$1" "$dir/new" || {
        echo "$1 is not what the program says: PAVO_UPDATE=1 meson test --suite app"
        failed=1
    }
}
"$pavo" help --man >"$dir/new" || exit 1
same "$source/man/pavo.1"
"$pavo" keys --schema >"$dir/new" || exit 1
same "$source/config/schema.json"
{
    sed '/<!-- keys: generated -->/q' "$source/docs/config.md"
    "$pavo" keys --markdown
    sed -n '/<!-- keys: end -->/,$p' "$source/docs/config.md"
} >"$dir/new"
same "$source/docs/config.md"
for f in endpoint appliance lab; do
    # A build without DPDK refuses the backend, and only that.
    "$pavo" check "$source/config/$f.json" 2>"$dir/errors" >/dev/null ||
        grep -q 'built without DPDK' "$dir/errors" || {
        cat "$dir/errors"
        failed=1
    }
    grep -qF "$(sed -n 2,3p "$source/config/$f.json")" "$source/docs/config.md" || {
        echo "docs/config.md does not show config/$f.json"
        failed=1
    }
done
exit $failed
