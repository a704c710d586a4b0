/* sysfs.c - reads small files and links below a root that is given */
#include "sysfs.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cfg_table.h"

/* ---- files and links --------------------------------------------------------------------------
 */

static bool path_make(char out[PATH_MAX], const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static bool
path_make(char out[PATH_MAX], const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(out, PATH_MAX, fmt, ap);
    va_end(ap);
    return n > 0 && n < PATH_MAX;
}

/* The first line, without blanks at its end; "" if there is none. */
static void
line_read(const char *path, char *out, size_t n)
{
    struct stat st;
    FILE *f = stat(path, &st) == 0 && S_ISREG(st.st_mode) ? fopen(path, "r") : NULL;
    size_t len;

    out[0] = '\0';
    if (!f)
        return;
    if (!fgets(out, (int)n, f))
        out[0] = '\0';
    fclose(f);
    for (len = strlen(out); len > 0 && isspace((unsigned char)out[len - 1]);)
        out[--len] = '\0';
}

static bool
number_read(const char *path, uint64_t *out)
{
    char line[32], *end;

    line_read(path, line, sizeof line);
    *out = strtoull(line, &end, 10);
    return isdigit((unsigned char)line[0]) && *end == '\0';
}

static void
text_copy(char *out, size_t n, const char *text)
{
    const size_t len = strnlen(text, n - 1);

    memcpy(out, text, len);
    out[len] = '\0';
}

/* The last part of where a link leads; of a plain file, its line. */
static void
target_read(const char *path, char *out, size_t n)
{
    char to[PATH_MAX];
    const ssize_t len = readlink(path, to, sizeof to - 1);
    const char *slash;

    if (len < 0) {
        line_read(path, out, n);
        return;
    }
    to[len] = '\0';
    slash = strrchr(to, '/');
    text_copy(out, n, slash ? slash + 1 : to);
}

/* The first entry of a folder that is not hidden; "" if there is none. */
static void
entry_read(const char *path, char *out, size_t n)
{
    DIR *d = opendir(path);
    const struct dirent *e;

    out[0] = '\0';
    while (d && out[0] == '\0' && (e = readdir(d)))
        if (e->d_name[0] != '.')
            text_copy(out, n, e->d_name);
    if (d)
        closedir(d);
}

/* ---- NICs -------------------------------------------------------------------------------------
 */

bool
sysfs_pci_address(const char *device, char out[SYSFS_ADDRESS])
{
    unsigned domain = 0, bus, slot, function;
    int n = 0;

    if (sscanf(device, "%4x:%2x:%2x.%1u%n", &domain, &bus, &slot, &function, &n) != 4 || n == 0) {
        domain = 0;
        n = 0;
        if (sscanf(device, "%2x:%2x.%1u%n", &bus, &slot, &function, &n) != 3 || n == 0)
            return false;
    }
    if ((device[n] != '\0' && device[n] != ',') || function > 7)
        return false;
    snprintf(out, SYSFS_ADDRESS, "%04x:%02x:%02x.%u", domain & 0xffff, bus & 0xff, slot & 0xff,
             function & 7);
    return true;
}

/* A virtual device of DPDK on an interface of the kernel: "net_af_packet0,iface=eth0". */
static const char *
interface_of(const char *device, char *out, size_t n)
{
    const char *at = strstr(device, ",iface=");

    if (!at)
        return device;
    at += strlen(",iface=");
    snprintf(out, n, "%.*s", (int)strcspn(at, ","), at);
    return out;
}

/* virtio's interfaces hang on a device whose parent is the PCI device. */
static void
address_of_interface(const char *root, const char *name, char out[SYSFS_ADDRESS])
{
    char path[PATH_MAX], real[PATH_MAX], last[64];

    out[0] = '\0';
    if (!path_make(path, "%s/class/net/%s/device", root, name))
        return;
    target_read(path, last, sizeof last);
    if (sysfs_pci_address(last, out) || !realpath(path, real))
        return;
    *strrchr(real, '/') = '\0';
    if (!strrchr(real, '/') || !sysfs_pci_address(strrchr(real, '/') + 1, out))
        out[0] = '\0';
}

static bool
is_name(const char *s)
{
    return s[0] != '\0' && s[0] != '.' && strlen(s) < 32 && !strchr(s, '/');
}

static void
pci_read(const char *root, struct sysfs_nic *out)
{
    char path[PATH_MAX], line[32];

    if (!path_make(path, "%s/bus/pci/devices/%s", root, out->address) || access(path, F_OK) != 0)
        return;
    out->is_there = true;
    if (path_make(path, "%s/bus/pci/devices/%s/driver", root, out->address))
        target_read(path, out->driver, sizeof out->driver);
    if (path_make(path, "%s/bus/pci/devices/%s/iommu_group", root, out->address))
        out->has_iommu_group = access(path, F_OK) == 0;
    if (path_make(path, "%s/bus/pci/devices/%s/numa_node", root, out->address)) {
        line_read(path, line, sizeof line);
        out->node = isdigit((unsigned char)line[0]) ? atoi(line) : -1;
    }
    if (!out->interface[0] && path_make(path, "%s/bus/pci/devices/%s/net", root, out->address))
        entry_read(path, out->interface, sizeof out->interface);
}

void
sysfs_nic_read(const char *root, const char *device, struct sysfs_nic *out)
{
    char path[PATH_MAX], name[64];
    const char *interface = interface_of(device, name, sizeof name);

    *out = (struct sysfs_nic){.node = -1};
    if (!sysfs_pci_address(device, out->address)) {
        out->address[0] = '\0';
        if (!root || !is_name(interface) || !path_make(path, "%s/class/net/%s", root, interface) ||
            access(path, F_OK) != 0)
            return;
        out->is_there = true;
        text_copy(out->interface, sizeof out->interface, interface);
        address_of_interface(root, interface, out->address);
    }
    if (root && out->address[0])
        pci_read(root, out);
}

/* ---- the machine ------------------------------------------------------------------------------
 */

static void
governor_read(const char *root, char *out, size_t n)
{
    char path[PATH_MAX];

    out[0] = '\0';
    for (unsigned cpu = 0; cpu < 1024 && out[0] == '\0'; cpu++)
        if (path_make(path, "%s/devices/system/cpu/cpu%u/cpufreq/scaling_governor", root, cpu))
            line_read(path, out, n);
}

/* "always [madvise] never": what stands in brackets. */
static void
transparent_read(const char *root, char *out, size_t n)
{
    char path[PATH_MAX], line[64];
    const char *at = NULL;

    if (path_make(path, "%s/kernel/mm/transparent_hugepage/enabled", root)) {
        line_read(path, line, sizeof line);
        at = strchr(line, '[');
    }
    if (at)
        snprintf(out, n, "%.*s", (int)strcspn(at + 1, "]"), at + 1);
}

void
sysfs_machine_read(const char *root, struct sysfs_machine *out)
{
    char path[PATH_MAX], first[32];

    *out = (struct sysfs_machine){.has_iommu = false};
    if (!root)
        return;
    if (path_make(path, "%s/devices/system/cpu/isolated", root))
        line_read(path, out->isolated, sizeof out->isolated);
    if (path_make(path, "%s/devices/system/cpu/nohz_full", root))
        line_read(path, out->no_tick, sizeof out->no_tick);
    if (!isdigit((unsigned char)out->no_tick[0])) /* "(null)" where the kernel has it not */
        out->no_tick[0] = '\0';
    governor_read(root, out->governor, sizeof out->governor);
    transparent_read(root, out->transparent, sizeof out->transparent);
    if (path_make(path, "%s/kernel/iommu_groups", root)) {
        entry_read(path, first, sizeof first);
        out->has_iommu = first[0] != '\0';
    }
}

void
sysfs_huge_read(const char *root, int node, struct sysfs_huge out[SYSFS_HUGE_SIZES])
{
    static const uint64_t sizes[SYSFS_HUGE_SIZES] = {2048, 1048576};

    for (unsigned i = 0; i < SYSFS_HUGE_SIZES; i++) {
        char folder[PATH_MAX], path[PATH_MAX];
        bool has_folder;

        out[i] = (struct sysfs_huge){.page_bytes = sizes[i] << 10};
        if (!root)
            continue;
        has_folder = node < 0 ? path_make(folder, "%s/kernel/mm/hugepages/hugepages-%llukB", root,
                                          (unsigned long long)sizes[i])
                              : path_make(folder,
                                          "%s/devices/system/node/node%d/hugepages/"
                                          "hugepages-%llukB",
                                          root, node, (unsigned long long)sizes[i]);
        if (!has_folder || !path_make(path, "%s/nr_hugepages", folder))
            continue;
        out[i].is_there = number_read(path, &out[i].n);
        if (!path_make(path, "%s/free_hugepages", folder) || !number_read(path, &out[i].n_free))
            out[i].n_free = 0;
    }
}

bool
sysfs_list(const char *list, void (*each)(void *ctx, unsigned cpu), void *ctx)
{
    return cfg_core_list(list, each, ctx) == 0;
}
