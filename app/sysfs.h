/* sysfs.h - what Linux says in /sys about NICs, processors and memory
 *
 * Every function takes the root of the tree, "/sys" or a recorded one (test/data/machines), so that
 * a plan for another machine needs nothing of this one. NULL is a machine of which nothing is
 * recorded: everything is unknown then. A recorded tree may hold plain files where /sys has links.
 */
#ifndef PAVO_SYSFS_H
#define PAVO_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SYSFS_ADDRESS = 16, SYSFS_HUGE_SIZES = 2 };

/* A NIC, named by its PCI address or by its interface. */
struct sysfs_nic {
    bool is_there; /* the tree knows it */
    bool has_iommu_group;
    int node;                    /* -1: unknown, or the machine has one node */
    char address[SYSFS_ADDRESS]; /* "0000:17:00.0"; "": no PCI device */
    char driver[32];             /* "": none */
    char interface[32];          /* the kernel's name for it; "": the kernel has no interface */
};

/* Huge pages of one size, on one node or on the machine. */
struct sysfs_huge {
    bool is_there; /* the kernel has pages of this size */
    uint64_t page_bytes, n, n_free;
};

/* What holds for the whole machine. Texts are "" when the tree does not say. */
struct sysfs_machine {
    bool has_iommu;                   /* there are IOMMU groups */
    char isolated[256], no_tick[256]; /* lists of processors: isolcpus=, nohz_full= */
    char governor[32];                /* of frequency, of the first processor that has one */
    char transparent[16];             /* huge pages: "always", "madvise", "never" */
};

/* "17:00.0" or "0000:17:00.0", perhaps with arguments behind a comma, in full; false: it is none.
 */
bool sysfs_pci_address(const char *device, char out[SYSFS_ADDRESS]);
void sysfs_nic_read(const char *root, const char *device, struct sysfs_nic *out);
void sysfs_machine_read(const char *root, struct sysfs_machine *out);
/* Pages of 2 MiB and 1 GiB of a node; -1: of the machine, where it has no nodes. */
void sysfs_huge_read(const char *root, int node, struct sysfs_huge out[SYSFS_HUGE_SIZES]);
/* A list of processors, such as "2-5,8", for each of its members; false: it is no list. */
bool sysfs_list(const char *list, void (*each)(void *ctx, unsigned cpu), void *ctx);

#endif
