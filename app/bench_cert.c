/* bench_cert.c - machine, versions and the digest over everything */
#include "bench_cert.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "capture_filter.h"
#include "sha256.h"
#include "version.h"

enum { HEX = 64 };

/* "model name : AMD EPYC": the value of the first line that begins so. */
static void
line_value(const char *path, const char *name, char *out, size_t n)
{
    FILE *f = fopen(path, "re");
    char line[512];

    snprintf(out, n, "unknown");
    while (f && fgets(line, sizeof line, f)) {
        const char *colon = strchr(line, ':');

        if (strncmp(line, name, strlen(name)) != 0 || !colon)
            continue;
        colon += 1 + strspn(colon + 1, " \t");
        snprintf(out, n, "%.*s", (int)strcspn(colon, "\n"), colon);
        break;
    }
    if (f)
        fclose(f);
}

json_t *
bench_cert_machine(void)
{
    struct utsname u = {0};
    char model[256], memory[64];

    (void)uname(&u);
    line_value("/proc/cpuinfo", "model name", model, sizeof model);
    line_value("/proc/meminfo", "MemTotal", memory, sizeof memory);
    return json_pack("{s:s,s:i,s:I,s:s,s:s,s:s,s:s}", "cpu", model, "processors",
                     (int)sysconf(_SC_NPROCESSORS_ONLN), "memory_bytes",
                     (json_int_t)(strtoull(memory, NULL, 10) * 1024), "system", u.sysname, "kernel",
                     u.release, "kernel_version", u.version, "architecture", u.machine);
}

json_t *
bench_cert_versions(void)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:b}", "pavo", PAVO_VERSION, "pcap", cap_library(), "json",
                     JANSSON_VERSION, "compiler", __VERSION__, "dpdk",
#ifdef PAVO_HAVE_DPDK
                     1
#else
                     0
#endif
    );
}

/* Of all members but the digest. */
static int
digest_of(const json_t *cert, char out[HEX + 1])
{
    json_t *rest = json_copy((json_t *)(uintptr_t)cert);
    struct sha256 s;
    uint8_t sum[32];
    char *text;

    if (!rest)
        return -ENOMEM;
    json_object_del(rest, "digest");
    text = json_dumps(rest, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(rest);
    if (!text)
        return -ENOMEM;
    sha256_begin(&s);
    sha256_put(&s, text, strlen(text));
    sha256_end(&s, sum);
    free(text);
    for (unsigned i = 0; i < sizeof sum; i++)
        snprintf(out + 2 * (size_t)i, 3, "%02x", sum[i]);
    return 0;
}

int
bench_cert_seal(json_t *cert)
{
    char hex[HEX + 1];
    const int rc = digest_of(cert, hex);

    return rc < 0 ? rc : json_object_set_new(cert, "digest", json_sprintf("sha256:%s", hex));
}

bool
bench_cert_is_sound(const json_t *cert)
{
    const char *said = json_string_value(json_object_get(cert, "digest"));
    char hex[HEX + 1];

    return said && strncmp(said, "sha256:", 7) == 0 && digest_of(cert, hex) == 0 &&
           strcmp(said + 7, hex) == 0;
}

int
bench_cert_write(json_t *cert, const char *path, struct pavo_err *err)
{
    const int rc = bench_cert_seal(cert);

    if (rc < 0)
        return pavo_err_set(err, ENOMEM, "%s: no memory for a certificate", path);
    if (json_dump_file(cert, path, JSON_INDENT(2) | JSON_SORT_KEYS) != 0)
        return pavo_err_set(err, EIO, "%s: the certificate can't be written: %s", path,
                            strerror(errno));
    return 0;
}

json_t *
bench_cert_read(const char *path, struct pavo_err *err)
{
    json_error_t why;
    json_t *cert = json_load_file(path, 0, &why);

    if (!cert) {
        pavo_err_set(err, EINVAL, "%s: no certificate: %s", path, why.text);
        return NULL;
    }
    if (!bench_cert_is_sound(cert)) {
        pavo_err_set(err, EINVAL,
                     "%s: its digest is not that of its contents: it was changed, or "
                     "is no certificate of pavo bench",
                     path);
        json_decref(cert);
        return NULL;
    }
    return cert;
}

double
bench_cert_rate(const json_t *cert)
{
    const double rate = json_number_value(
        json_object_get(json_object_get(cert, "certified"), "packets_per_second_per_worker"));

    return rate > 0 ? rate : 0;
}
