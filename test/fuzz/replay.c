/* replay.c - gives files to a fuzz target, one after the other: what fuzzing once found stays found
 *
 * Arguments are files, and folders whose files are taken. Without any it fails: a test that replays
 * nothing proves nothing.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static int
replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *bytes = NULL;
    size_t n = 0, got;

    if (!f) {
        perror(path);
        return 0;
    }
    do {
        uint8_t *more = realloc(bytes, n + 65536);

        if (!more)
            abort();
        bytes = more;
        got = fread(bytes + n, 1, 65536, f);
        n += got;
    } while (got > 0);
    (void)fclose(f);
    bytes = realloc(bytes,
                    n ? n : 1); /* exactly its size: a byte too far is seen by AddressSanitizer */
    printf("%s: %zu bytes\n", path, n);
    fflush(stdout);
    (void)LLVMFuzzerTestOneInput(bytes, n);
    free(bytes);
    return 1;
}

static int
replay_folder(const char *path)
{
    DIR *d = opendir(path);
    const struct dirent *e;
    int n = 0;

    while (d && (e = readdir(d))) {
        char name[4096];

        if (e->d_name[0] == '.')
            continue;
        (void)snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        n += replay_file(name);
    }
    if (d)
        (void)closedir(d);
    return n;
}

int
main(int argc, char **argv)
{
    int n = 0;

    for (int i = 1; i < argc; i++) {
        struct stat st;

        if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
            n += replay_folder(argv[i]);
        else
            n += replay_file(argv[i]);
    }
    printf("%d inputs replayed\n", n);
    return n ? 0 : 1;
}
