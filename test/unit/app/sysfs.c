/* sysfs.c - what is read from a tree such as /sys, and that nothing is believed that is not there
 */
#include "sysfs.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "t.h"

static char root[] = "/tmp/pavo-sysfs-XXXXXX";

/* A file with all folders on its way. */
static void
put(const char *path, const char *text)
{
    char full[300];
    FILE *f;

    snprintf(full, sizeof full, "%s/%s", root, path);
    for (char *at = full + strlen(root) + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        mkdir(full, 0700);
        *at = '/';
    }
    f = fopen(full, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void
put_link(const char *path, const char *to)
{
    char full[300];

    put(path, "");
    snprintf(full, sizeof full, "%s/%s", root, path);
    unlink(full);
    assert_int_equal(symlink(to, full), 0);
}

static int
tree_make(void **state)
{
    if (!mkdtemp(root))
        return -1;
    put("bus/pci/devices/0000:17:00.0/numa_node", "1\n");
    put_link("bus/pci/devices/0000:17:00.0/driver", "../../../bus/pci/drivers/ice");
    put_link("bus/pci/devices/0000:17:00.0/iommu_group", "../../../../kernel/iommu_groups/7");
    put("bus/pci/devices/0000:17:00.0/net/ens1f0/mtu", "1500\n");
    put("bus/pci/devices/0000:18:00.0/driver", "ixgbe\n"); /* recorded: a plain file */
    put("bus/pci/devices/0000:18:00.0/numa_node", "-1\n");
    put("class/net/ens2f0/device", "0000:18:00.0\n");
    put_link("class/net/ens1f0/device", "../../../bus/pci/devices/0000:17:00.0");
    put("class/net/tap0/mtu", "1500\n");
    put("kernel/iommu_groups/7/type", "DMA\n");
    put("kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
    put("devices/system/cpu/isolated", "2-3,8\n");
    put("devices/system/cpu/nohz_full", "  (null)\n");
    put("devices/system/cpu/cpu3/cpufreq/scaling_governor", "powersave\n");
    put("devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages", "64\n");
    put("devices/system/node/node1/hugepages/hugepages-2048kB/free_hugepages", "60\n");
    put("devices/system/node/node1/hugepages/hugepages-1048576kB/nr_hugepages", "many\n");
    put("kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "128\n");
    return 0;
}

static int
tree_remove(void **state)
{
    char command[100];

    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command);
}

static const struct nic_case {
    const char *says, *device, *address, *driver, *interface;
    bool is_there, has_group;
    int node;
} nics[] = {
    {.says = "a PCI device by its short address",
     .device = "17:00.0",
     .address = "0000:17:00.0",
     .driver = "ice",
     .interface = "ens1f0",
     .is_there = true,
     .has_group = true,
     .node = 1},
    {.says = "with arguments of DPDK behind it",
     .device = "0000:17:00.0,queues=4",
     .address = "0000:17:00.0",
     .driver = "ice",
     .interface = "ens1f0",
     .is_there = true,
     .has_group = true,
     .node = 1},
    {.says = "an interface by the link to its device",
     .device = "ens1f0",
     .address = "0000:17:00.0",
     .driver = "ice",
     .interface = "ens1f0",
     .is_there = true,
     .has_group = true,
     .node = 1},
    {.says = "an interface of a recorded tree, where links are files; -1 is no node",
     .device = "ens2f0",
     .address = "0000:18:00.0",
     .driver = "ixgbe",
     .interface = "ens2f0",
     .is_there = true,
     .node = -1},
    {.says = "a virtual device on an interface stands where that one does",
     .device = "net_af_packet0,iface=ens1f0,qpairs=2",
     .address = "0000:17:00.0",
     .driver = "ice",
     .interface = "ens1f0",
     .is_there = true,
     .has_group = true,
     .node = 1},
    {.says = "an interface without a device has no address",
     .device = "tap0",
     .address = "",
     .driver = "",
     .interface = "tap0",
     .is_there = true,
     .node = -1},
    {.says = "a device that is not there",
     .device = "0000:99:00.0",
     .address = "0000:99:00.0",
     .driver = "",
     .interface = "",
     .node = -1},
    {.says = "no name leads out of the tree",
     .device = "../net/tap0",
     .address = "",
     .driver = "",
     .interface = "",
     .node = -1},
};

static void
is_found(void **state)
{
    const struct nic_case *c = *state;
    struct sysfs_nic nic;

    sysfs_nic_read(root, c->device, &nic);
    assert_int_equal(nic.is_there, c->is_there);
    assert_string_equal(nic.address, c->address);
    assert_string_equal(nic.driver, c->driver);
    assert_string_equal(nic.interface, c->interface);
    assert_int_equal(nic.has_iommu_group, c->has_group);
    assert_int_equal(nic.node, c->node);
}

static const struct address_case {
    const char *says, *text, *full;
} addresses[] = {
    {.says = "a full address", .text = "0001:af:1f.7", .full = "0001:af:1f.7"},
    {.says = "capital letters", .text = "AF:00.1", .full = "0000:af:00.1"},
    {.says = "function 8 is none", .text = "0000:17:00.8"},
    {.says = "an interface", .text = "eth0"},
    {.says = "text behind the address", .text = "17:00.0x"},
    {.says = "nothing", .text = ""},
};

static void
is_address(void **state)
{
    const struct address_case *c = *state;
    char full[SYSFS_ADDRESS];

    assert_int_equal(sysfs_pci_address(c->text, full), c->full != NULL);
    if (c->full)
        assert_string_equal(full, c->full);
}

static void
the_machine_is_read(void **state)
{
    struct sysfs_machine m;

    sysfs_machine_read(root, &m);
    assert_true(m.has_iommu);
    assert_string_equal(m.isolated, "2-3,8");
    assert_string_equal(m.no_tick, "");
    assert_string_equal(m.governor, "powersave");
    assert_string_equal(m.transparent, "madvise");
}

static void
huge_pages_are_read(void **state)
{
    struct sysfs_huge huge[SYSFS_HUGE_SIZES];

    sysfs_huge_read(root, 1, huge);
    assert_true(huge[0].is_there);
    assert_int_equal(huge[0].page_bytes, 2 << 20);
    assert_int_equal(huge[0].n, 64);
    assert_int_equal(huge[0].n_free, 60);
    assert_false(huge[1].is_there); /* "many" is no number */
    sysfs_huge_read(root, 0, huge);
    assert_false(huge[0].is_there);
    sysfs_huge_read(root, -1, huge);
    assert_true(huge[0].is_there);
    assert_int_equal(huge[0].n, 128);
}

static void
no_tree_says_nothing(void **state)
{
    const char *roots[] = {NULL, "/no/such/tree"};

    for (unsigned i = 0; i < 2; i++) {
        struct sysfs_huge huge[SYSFS_HUGE_SIZES];
        struct sysfs_machine m;
        struct sysfs_nic nic;

        sysfs_machine_read(roots[i], &m);
        assert_false(m.has_iommu);
        assert_string_equal(m.isolated, "");
        sysfs_huge_read(roots[i], 0, huge);
        assert_false(huge[0].is_there);
        sysfs_nic_read(roots[i], "lo", &nic);
        assert_false(nic.is_there);
        sysfs_nic_read(roots[i], "17:00.0", &nic);
        assert_false(nic.is_there);
        assert_string_equal(nic.address, "0000:17:00.0");
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_machine_is_read),
        cmocka_unit_test(huge_pages_are_read),
        cmocka_unit_test(no_tree_says_nothing),
    };
    int failed = T_RUN_TABLE(addresses, is_address);

    if (tree_make(NULL) != 0)
        return 1;
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    failed += T_RUN_TABLE(nics, is_found);
    tree_remove(NULL);
    return failed;
}
