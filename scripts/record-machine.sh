#!/usr/bin/env bash
# record-machine.sh FOLDER - records this machine for `pavo plan --machine FOLDER/machine.xml --sys FOLDER/sys`
#
# machine.xml is what lstopo (package hwloc-nox) sees, without names and addresses of the host. sys/ holds the few files
# of /sys that a plan reads, links as plain files with the last part of where they lead. Reads only; needs no root.
set -u -o pipefail
out=${1:?usage: record-machine.sh FOLDER}
command -v lstopo >/dev/null || { echo "lstopo is missing: apt install hwloc-nox" >&2; exit 1; }
[ ! -e "$out/machine.xml" ] && [ ! -e "$out/sys" ] || { echo "$out holds a machine already" >&2; exit 1; }
mkdir -p "$out/sys" || exit 1

lstopo --disallowed --of xml - | sed -E '/<info /{/"(CPUVendor|CoreType|FrequencyMaxMHz|FrequencyBaseMHz|LinuxCapacity)"/!d}' \
    >"$out/machine.xml" || exit 1

put() { # PATH TEXT
    mkdir -p "$out/sys/$(dirname "$1")" && printf '%s\n' "$2" >"$out/sys/$1"
}
copy() { # PATHS: those that are there
    local path text
    for path; do
        [ -f "/sys/$path" ] && text=$(cat "/sys/$path" 2>/dev/null) && put "$path" "$text"
    done
}
cd_sys() { (cd /sys && compgen -G "$1"); }

copy devices/system/cpu/isolated devices/system/cpu/nohz_full kernel/mm/transparent_hugepage/enabled
# shellcheck disable=SC2046
copy $(cd_sys 'devices/system/cpu/cpu*/cpufreq/scaling_governor' | sort -V | head -n 1)
# shellcheck disable=SC2046
copy $(for folder in kernel/mm/hugepages $(cd_sys 'devices/system/node/node*/hugepages'); do
    cd_sys "$folder/hugepages-*/nr_hugepages"
    cd_sys "$folder/hugepages-*/free_hugepages"
done)

# One group tells that there is an IOMMU.
group=$(cd_sys 'kernel/iommu_groups/*' | head -n 1)
[ -z "$group" ] || put "$group/type" "$(cat "/sys/$group/type" 2>/dev/null)"

for device in /sys/bus/pci/devices/*; do
    grep -qs '^0x02' "$device/class" || continue # network controllers
    path=bus/pci/devices/$(basename "$device")
    copy "$path/numa_node"
    [ ! -e "$device/driver" ] || put "$path/driver" "$(basename "$(readlink "$device/driver")")"
    [ ! -e "$device/driver" ] && put "$path/class" "$(cat "$device/class")" # so that the folder is there
    [ ! -e "$device/iommu_group" ] || put "$path/iommu_group" "$(basename "$(readlink "$device/iommu_group")")"
done
for interface in /sys/class/net/*; do
    name=$(basename "$interface")
    put "class/net/$name/mtu" "$(cat "$interface/mtu" 2>/dev/null)"
    # virtio's interfaces hang on a device below the PCI device.
    address=$(readlink -f "$interface/device" 2>/dev/null | grep -oE '[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]' | tail -n 1)
    [ -z "$address" ] || { put "class/net/$name/device" "$address"; put "bus/pci/devices/$address/net/$name/mtu" 1500; }
done
echo "$out: $(find "$out" -type f | wc -l) files"
