#!/usr/bin/env bash
# deps.sh [--runtime] [--dev] [--test] - installs what pavo needs on Debian 12, only what is missing, asking nothing
#
#   --runtime  libraries to run a built pavo
#   --dev      to build it (default)
#   --test     to run every test
# As root (or with a sudo that asks for no password) it installs. Otherwise it names what is missing and ends with 0 if
# the build can go on without it, else with 1.
set -u

runtime=(libpcap0.8 libjansson4 libhwloc15 libssl3)
dev=(gcc libc6-dev meson ninja-build pkg-config libpcap-dev libjansson-dev libhwloc-dev libdpdk-dev libssl-dev)
test=(libcmocka-dev clang libclang-rt-14-dev clang-format-14 python3 git iproute2 iputils-ping ethtool procps
    tcpdump tshark nfdump argus-server argus-client jq libfixbuf-tools valgrind)
# Without these there is no build at all; the others only switch parts off.
needed=(gcc libc6-dev meson ninja-build pkg-config libpcap-dev libjansson-dev)

wanted=()
for arg in "$@"; do
    case $arg in
    --runtime) wanted+=("${runtime[@]}") ;;
    --dev) wanted+=("${dev[@]}") ;;
    --test) wanted+=("${dev[@]}" "${test[@]}") ;;
    *)
        sed -n '2,8s/^# \{0,1\}//p' "$0"
        exit 1
        ;;
    esac
done
[ ${#wanted[@]} -gt 0 ] || wanted=("${dev[@]}")

if ! command -v dpkg-query >/dev/null; then
    echo "deps: this is not Debian; install what corresponds to: ${wanted[*]}"
    exit 0
fi
missing=()
for p in "${wanted[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root=(sudo)
    else
        echo "deps: not installed, and only root can: ${missing[*]}"
        echo "deps: as root: apt-get install ${missing[*]}"
        for p in "${missing[@]}"; do
            case " ${needed[*]} " in *" $p "*)
                echo "deps: the build can't do without $p"
                exit 1
                ;;
            esac
        done
        echo "deps: going on without; the build leaves out what needs them"
        exit 0
    fi
fi

log=$(mktemp) || exit 1
no_services=
finish() {
    rm -f "$log"
    [ -z "$no_services" ] || "${as_root[@]}" rm -f /usr/sbin/policy-rc.d
}
trap finish EXIT
# argus-server and nfdump would start daemons on installation; the tests start their own.
if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee /usr/sbin/policy-rc.d >/dev/null &&
        "${as_root[@]}" chmod +x /usr/sbin/policy-rc.d && no_services=1
fi
if command -v debconf-set-selections >/dev/null; then
    echo 'wireshark-common wireshark-common/install-setuid boolean false' | "${as_root[@]}" debconf-set-selections
fi
echo "deps: installing ${missing[*]}"
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Options::=--force-confold "$@" </dev/null >>"$log" 2>&1
}
apt install --no-install-recommends "${missing[@]}" || { apt update && apt install --no-install-recommends "${missing[@]}"; } || {
    tail -n 20 "$log"
    echo "deps: installing failed"
    exit 1
}
