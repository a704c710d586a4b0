#!/usr/bin/env python3
"""make.py - writes the machines of this folder that were made up: machine.xml and the few files of its /sys

usage: make.py [FOLDER]    (default: this one); lstopo --input NAME/machine.xml shows one
"""
import pathlib
import sys


class Xml:
    """hwloc's XML, without what does not matter here."""

    def __init__(self, allowed=None):
        self.lines, self.depth, self.gp, self.allowed = [], 0, 0, allowed

    @staticmethod
    def bits(numbers):
        value = sum(1 << n for n in numbers)
        words = []
        while value or not words:
            words.insert(0, value & 0xffffffff)
            value >>= 32
        return ",".join(f"0x{w:08x}" for w in words)

    def put(self, text):
        self.lines.append("  " * self.depth + text)

    def open(self, what, cpus=None, nodes=None, close=False, **attributes):
        self.gp += 1
        text = f'<object type="{what}"'
        if cpus is not None:
            text += f' cpuset="{self.bits(cpus)}" complete_cpuset="{self.bits(cpus)}"'
            if what == "Machine":
                text += f' allowed_cpuset="{self.bits(self.allowed or cpus)}"'
        if nodes is not None:
            text += f' nodeset="{self.bits(nodes)}" complete_nodeset="{self.bits(nodes)}"'
            if what == "Machine":
                text += f' allowed_nodeset="{self.bits(nodes)}"'
        for name, value in attributes.items():
            text += f' {name}="{value}"'
        self.put(text + f' gp_index="{self.gp}"' + ("/>" if close else ">"))
        self.depth += 0 if close else 1

    def close(self, tag="object"):
        self.depth -= 1
        self.put(f"</{tag}>")


def topology(packages, vendor, nics, small=(), allowed=None):
    """packages: list of lists of nodes; a node is a list of cores; a core is a list of processors.

    nics: (address, id of vendor and device, interface or None, number of its node)
    """
    x = Xml(allowed)
    cpus = [p for package in packages for node in package for core in node for p in core]
    n_nodes = sum(len(package) for package in packages)
    x.put('<?xml version="1.0" encoding="UTF-8"?>')
    x.put('<!DOCTYPE topology SYSTEM "hwloc2.dtd">')
    x.put('<topology version="2.0">')
    x.depth += 1
    x.open("Machine", cpus, range(n_nodes), os_index=0)

    def devices(node):
        for bus, (address, ids, interface, at) in enumerate(nics):
            if at != node:
                continue
            x.open("Bridge", bridge_type="0-1", depth=0, bridge_pci=f"0000:[{address[5:7]}-{address[5:7]}]")
            x.open("PCIDev", close=interface is None, pci_busid=address, pci_type=f"0200 [{ids}] [0000:0000] 00",
                   pci_link_speed="0.000000")
            if interface:
                x.open("OSDev", close=True, name=interface, osdev_type=2)
                x.close()
            x.close()

    node, core_number = 0, 0
    for number, package in enumerate(packages):
        mine = [p for n in package for core in n for p in core]
        x.open("Package", mine, range(node, node + len(package)), os_index=number)
        x.put(f'<info name="CPUVendor" value="{vendor}"/>')
        for cores in package:
            here = [p for core in cores for p in core]
            if len(package) > 1:
                x.open("Group", here, [node], kind=1001, subkind=0)
            x.open("NUMANode", here, [node], close=True, os_index=node, local_memory=64 << 30)
            for core in cores:
                x.open("Core", core, [node], os_index=core_number)
                core_number += 1
                for p in core:
                    x.open("PU", [p], [node], close=True, os_index=p)
                x.close()
            devices(node)
            if len(package) > 1:
                x.close()
            node += 1
        x.close()
    x.close()
    if small:
        x.put(f'<cpukind cpuset="{x.bits(set(cpus) - set(small))}"><info name="CoreType" value="IntelCore"/></cpukind>')
        x.put(f'<cpukind cpuset="{x.bits(small)}"><info name="CoreType" value="IntelAtom"/></cpukind>')
    x.close("topology")
    return "\n".join(x.lines) + "\n"


def system(nics=(), iommu=True, governor=None, isolated="", no_tick="", transparent="madvise", huge=()):
    """Files of /sys. nics: (address, driver, interface or None, node or None); huge: of each node (pages, free)."""
    files = {
        "devices/system/cpu/isolated": isolated,
        "devices/system/cpu/nohz_full": no_tick,
        "kernel/mm/transparent_hugepage/enabled":
            " ".join(f"[{w}]" if w == transparent else w for w in ("always", "madvise", "never")),
    }
    if governor:
        files["devices/system/cpu/cpu0/cpufreq/scaling_governor"] = governor
    for group, (address, driver, interface, node) in enumerate(nics):
        device = f"bus/pci/devices/{address}/"
        files[device + "driver"] = driver
        if node is not None:
            files[device + "numa_node"] = str(node)
        if iommu:
            files[device + "iommu_group"] = str(group + 10)
            files[f"kernel/iommu_groups/{group + 10}/type"] = "DMA"
        if interface:
            files[device + f"net/{interface}/mtu"] = "1500"
            files[f"class/net/{interface}/device"] = address
    for node, (pages, free) in enumerate(huge):
        folder = "kernel/mm/hugepages/" if len(huge) == 1 else f"devices/system/node/node{node}/hugepages/"
        files[folder + "hugepages-2048kB/nr_hugepages"] = str(pages)
        files[folder + "hugepages-2048kB/free_hugepages"] = str(free)
    return files


def cores(first, n, second=None):
    """n cores from 'first' on; their second hardware threads from 'second' on, as Linux numbers them on servers."""
    return [[first + i] + ([second + i] if second is not None else []) for i in range(n)]


def machines():
    yield ("laptop",
           topology([[cores(0, 4, 4)]], "GenuineIntel", [("0000:00:14.3", "8086:a0f0", "wlp0s20f3", 0)]),
           system([("0000:00:14.3", "iwlwifi", "wlp0s20f3", -1)], governor="powersave", huge=[(0, 0)]))
    yield ("hybrid",
           topology([[[[2 * i, 2 * i + 1] for i in range(6)] + [[p] for p in range(12, 20)]]], "GenuineIntel",
                    [("0000:03:00.0", "8086:15f3", "enp3s0", 0), ("0000:01:00.0", "8086:1572", None, 0)],
                    small=range(12, 20)),
           system([("0000:03:00.0", "igc", "enp3s0", -1), ("0000:01:00.0", "vfio-pci", None, -1)],
                  governor="performance", huge=[(512, 512)]))
    yield ("one-socket-16",
           topology([[cores(0, 16, 16)]], "AuthenticAMD",
                    [("0000:41:00.0", "15b3:101d", None, 0), ("0000:41:00.1", "15b3:101d", None, 0)]),
           system([("0000:41:00.0", "vfio-pci", None, 0), ("0000:41:00.1", "vfio-pci", None, 0)],
                  governor="performance", huge=[(1024, 1024)]))
    yield ("two-socket-64",
           topology([[cores(0, 32, 64)], [cores(32, 32, 96)]], "GenuineIntel",
                    [("0000:98:00.0", "8086:1592", None, 1), ("0000:b1:00.0", "8086:1592", "ens5f0", 1)]),
           system([("0000:98:00.0", "vfio-pci", None, 1), ("0000:b1:00.0", "ice", "ens5f0", 1)],
                  governor="performance", huge=[(1024, 1024), (0, 0)]))
    yield ("nps4",
           topology([[cores(8 * n, 8) for n in range(4)]], "AuthenticAMD",
                    [("0000:81:00.0", "15b3:101d", "ens3np0", 2)]),
           system([("0000:81:00.0", "mlx5_core", "ens3np0", -1)], governor="schedutil",
                  huge=[(0, 0), (0, 0), (256, 256), (0, 0)]))
    yield ("container",
           topology([[cores(0, 16)]], "GenuineIntel", [], allowed=[4, 5]),
           {**system(huge=[(0, 0)]), "class/net/eth0/mtu": "1500"})
    yield ("untidy",
           topology([[cores(0, 8)]], "GenuineIntel", [("0000:05:00.0", "8086:10fb", "enp5s0", 0)]),
           system([("0000:05:00.0", "ixgbe", "enp5s0", -1)], iommu=False, governor="powersave", isolated="2-5",
                  transparent="never", huge=[(16, 16)]))


def main():
    top = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    for name, xml, files in machines():
        (top / name).mkdir(parents=True, exist_ok=True)
        (top / name / "machine.xml").write_text(xml)
        for path, text in files.items():
            at = top / name / "sys" / path
            at.parent.mkdir(parents=True, exist_ok=True)
            at.write_text(text + "\n")


main()
