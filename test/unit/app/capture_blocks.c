/* capture_blocks.c - files made by hand, through the reader of regular files */
#include "t.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture_blocks.h"

/* ---- files ------------------------------------------------------------------------------------
 */

static uint8_t bytes[4 * 1024 * 1024];
static size_t n_bytes;
static bool is_big; /* byte order of what is written next */

static void
put(const void *p, size_t n)
{
    assert_true(n_bytes + n <= sizeof bytes);
    memcpy(bytes + n_bytes, p, n);
    n_bytes += n;
}

static void
put_number(uint64_t v, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const uint8_t byte = (uint8_t)(v >> 8 * (is_big ? n - 1 - i : i));

        put(&byte, 1);
    }
}

static void
put16(unsigned v)
{
    put_number(v, 2);
}

static void
put32(uint32_t v)
{
    put_number(v, 4);
}

/* Bytes of a frame that tell which one it is. */
static void
put_frame(unsigned number, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        put(&(const uint8_t){(uint8_t)(number * 7 + i)}, 1);
}

static void
put_pcap(uint32_t magic, unsigned major, unsigned minor, uint32_t snaplen, uint32_t link)
{
    n_bytes = 0;
    put32(magic);
    put16(major);
    put16(minor);
    put32(0);
    put32(0);
    put32(snaplen);
    put32(link);
}

static void
put_record(uint32_t sec, uint32_t part, uint32_t caplen, uint32_t len, unsigned number)
{
    put32(sec);
    put32(part);
    put32(caplen);
    put32(len);
    put_frame(number, caplen);
}

static size_t block_at;

static void
block_begin(uint32_t type)
{
    block_at = n_bytes;
    put32(type);
    put32(0);
}

static void
block_end(void)
{
    size_t end;

    while (n_bytes % 4)
        put("", 1);
    put32((uint32_t)(n_bytes + 4 - block_at));
    end = n_bytes;
    n_bytes = block_at + 4;
    put32((uint32_t)(end - block_at));
    n_bytes = end;
}

static void
put_section(unsigned minor)
{
    block_begin(0x0a0d0d0a);
    put32(0x1a2b3c4d);
    put16(1);
    put16(minor);
    put_number(UINT64_MAX, 8);
    block_end();
}

static void
iface_begin(unsigned link, uint32_t snaplen)
{
    block_begin(1);
    put16(link);
    put16(0);
    put32(snaplen);
}

static void
put_iface(unsigned link, uint32_t snaplen)
{
    iface_begin(link, snaplen);
    block_end();
}

static void
put_option(unsigned code, uint64_t value, unsigned n)
{
    put16(code);
    put16(n);
    put_number(value, n);
    while (n_bytes % 4)
        put("", 1);
}

static void
put_packet(uint32_t iface, uint64_t units, uint32_t caplen, uint32_t len, unsigned number)
{
    block_begin(6);
    put32(iface);
    put32((uint32_t)(units >> 32));
    put32((uint32_t)units);
    put32(caplen);
    put32(len);
    put_frame(number, caplen);
    block_end();
}

/* ---- reading ----------------------------------------------------------------------------------
 */

enum { FRAMES_MAX = 64 };

/* What came out of a file. */
static struct {
    int opened, ended;
    unsigned n; /* frames handed out, of which 'f' has the first */
    struct pavo_frame f[FRAMES_MAX];
    uint64_t n_frames, n_filtered, n_unread;
    char says[1024];
} got;

static struct cap_filter *filter;
static bool cut_us;
static unsigned burst = 32;
static const unsigned sizes[] = {60, 61,   62,  1,
                                 0,  1514, 9000}; /* of the frames of numbered files */

static void
read_n(size_t n)
{
    const struct cap_reader_config cfg = {
        .name = "x.pcap", .source = 5, .filter = filter, .cut_us = cut_us};
    struct cap_reader *r = NULL;
    struct pavo_frame out[64];
    struct pavo_err err = {""};
    const int fd = memfd_create("t", MFD_CLOEXEC);

    memset(&got, 0, sizeof got);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), (ssize_t)n);
    lseek(fd, 0, SEEK_SET);
    got.opened = cap_blocks_open(fd, &cfg, &r, &err);
    if (got.opened < 0) {
        snprintf(got.says, sizeof got.says, "%s", err.text);
        assert_true(strncmp(err.text, "x.pcap: ", 8) == 0);
        return;
    }
    while ((got.ended = r->ops->read(r, out, burst)) >= 0) {
        assert_true((unsigned)got.ended <= burst);
        for (int i = 0; i < got.ended; i++) {
            uint8_t sum = 0;

            for (uint32_t k = 0; k < out[i].caplen; k++) /* all of it can be read */
                sum ^= out[i].data[k];
            out[i].rss = out[i].caplen ? out[i].data[0] : sum;
            assert_int_equal(out[i].source, 5);
            assert_true(out[i].len >= out[i].caplen);
            if (got.n < FRAMES_MAX)
                got.f[got.n] = out[i];
            got.n++;
        }
    }
    assert_int_equal(r->ops->read(r, out, burst), got.ended); /* and so it stays */
    got.n_frames = r->n_frames;
    got.n_filtered = r->n_filtered;
    got.n_unread = r->n_unread;
    assert_int_equal(got.n_frames, got.n + got.n_filtered + got.n_unread);
    if (got.ended == CAP_FAILED)
        snprintf(got.says, sizeof got.says, "%s", r->error.text);
    for (unsigned i = 0; i < r->n_unread_kinds; i++)
        snprintf(got.says + strlen(got.says), sizeof got.says - strlen(got.says), " %llu: %s",
                 (unsigned long long)r->unread[i].n_frames, r->unread[i].why);
    r->ops->close(r);
}

static void
read_all(void)
{
    read_n(n_bytes);
}

#define ASSERT_SAYS(part)                                                                          \
    do {                                                                                           \
        if (!strstr(got.says, part))                                                               \
            fail_msg("'%s' is not in '%s'", part, got.says);                                       \
    } while (0)

static void
assert_broken_after(unsigned n, const char *part)
{
    read_all();
    assert_int_equal(got.opened, 0);
    assert_int_equal(got.ended, CAP_FAILED);
    assert_int_equal(got.n, n);
    ASSERT_SAYS(part);
}

static void
assert_refused(int rc, const char *part)
{
    read_all();
    assert_int_equal(got.opened, rc);
    ASSERT_SAYS(part);
}

static void
assert_whole(unsigned n)
{
    read_all();
    if (got.opened != 0 || got.ended != CAP_END)
        fail_msg("%s", got.says);
    assert_int_equal(got.n, n);
}

static void
with_filter(const char *text)
{
    struct pavo_err err;

    cap_filter_close(filter);
    filter = text ? cap_filter_open(text, &err) : NULL;
}

/* ---- pcap -------------------------------------------------------------------------------------
 */

static void
pcap_orders_and_magics(void **state)
{
    for (int big = 0; big < 2; big++) {
        is_big = big;
        put_pcap(0xa1b2c3d4, 2, 4, 65535, 1);
        put_record(1000, 999999, 60, 64, 1);
        put_record(1001, 5, 0, 0, 0);
        assert_whole(2);
        assert_int_equal(got.f[0].ts_ns, 1000999999000);
        assert_int_equal(got.f[0].caplen, 60);
        assert_int_equal(got.f[0].len, 64);
        assert_int_equal(got.f[0].rss, 7);
        assert_int_equal(got.f[0].link, PAVO_LINK_ETHER);
        assert_int_equal(got.f[1].ts_ns, 1001000005000);

        put_pcap(0xa1b23c4d, 2, 4, 65535, 101);
        put_record(1000, 999999999, 60, 60, 1);
        assert_whole(1);
        assert_int_equal(got.f[0].ts_ns, 1000999999999);
        assert_int_equal(got.f[0].link, PAVO_LINK_RAW);
        cut_us = true;
        assert_whole(1);
        assert_int_equal(got.f[0].ts_ns, 1000999999000);
        cut_us = false;

        put_pcap(0xa1b2cd34, 2, 4, 50, 1); /* eight bytes more before each frame, fourteen in it */
        for (unsigned i = 0; i < 2; i++) {
            put_record(7, i, 0, 100, 0);
            n_bytes -= 8;
            put32(70);
            put32(100);
            put_number(0, 8);
            put_frame(i + 1, 70);
        }
        assert_whole(2);
        assert_int_equal(got.f[1].rss, 14);
        assert_int_equal(got.f[1].caplen, 64);
    }
    is_big = false;
}

static void
pcap_versions(void **state)
{
    static const struct {
        unsigned major, minor;
        bool is_len_first;
    } ok[] = {{2, 0, true},  {2, 2, true},  {2, 3, true},
              {2, 3, false}, {2, 4, false}, {543, 0, true}};

    for (size_t i = 0; i < sizeof ok / sizeof ok[0]; i++) {
        put_pcap(0xa1b2c3d4, ok[i].major, ok[i].minor, 65535, 1);
        put_record(1, 2, 0, 0, 0);
        n_bytes -= 8;
        put32(ok[i].is_len_first ? 100 : 60);
        put32(ok[i].is_len_first ? 60 : 100);
        put_frame(3, 60);
        assert_whole(1);
        assert_int_equal(got.f[0].caplen, 60);
        assert_int_equal(got.f[0].len, 100);
    }
    put_pcap(0xa1b2c3d4, 2, 5, 65535, 1);
    assert_refused(-EBADMSG, "version 2.5");
    put_pcap(0xa1b2c3d4, 1, 9, 65535, 1);
    assert_refused(-EBADMSG, "version 1.9");
    put_pcap(0xa1b2c3d5, 2, 4, 65535, 1);
    assert_refused(-EBADMSG, "no pcap, pcapng or snoop");
    n_bytes = 0;
    assert_refused(-EBADMSG, "empty");
    put_number(0x8b1f, 8);
    assert_refused(-EBADMSG, "gzip");
}

static void
pcap_link_types(void **state)
{
    put_pcap(0xa1b2c3d4, 2, 4, 65535, 0xf4000001); /* with four bytes of check sequence */
    assert_whole(0);
    put_pcap(0xa1b2c3d4, 2, 4, 65535, 100); /* LINKTYPE_ and DLT_ differ */
    assert_whole(0);
    put_pcap(0xa1b2c3d4, 2, 4, 65535, 187);
    assert_refused(-EPROTONOSUPPORT, "link type BLUETOOTH_HCI_H4 (187, ");
    put_pcap(0xa1b2c3d4, 2, 4, 65535, 0x3000001);
    assert_refused(-EPROTONOSUPPORT, "link type unknown (50331649)");
    with_filter("ether host 02:00:00:00:00:01");
    put_pcap(0xa1b2c3d4, 2, 4, 65535, 101);
    assert_refused(-EINVAL, "filter");
    with_filter(NULL);
}

static void
pcap_lengths(void **state)
{
    put_pcap(0xa1b2c3d4, 2, 4, 64, 1);
    put_record(1, 2000000, 100, 150, 1); /* more than the snapshot length, more than a second */
    put_record(1, 2, 60, 20, 2);         /* less on the wire than captured */
    put_record(0xffffffff, 2, 60, 60, 3);
    assert_whole(3);
    assert_int_equal(got.f[0].caplen, 64);
    assert_int_equal(got.f[0].len, 150);
    assert_int_equal(got.f[0].ts_ns, 1999999999);
    assert_int_equal(got.f[1].rss, 14);
    assert_int_equal(got.f[1].len, 60);
    assert_int_equal(got.f[2].ts_ns, 4294967295000002000);

    put_pcap(0xa1b2c3d4, 2, 4, 0, 1); /* no snapshot length */
    put_record(1, 2, 262144, 262144, 1);
    put_record(1, 2, 262145, 262145, 1);
    assert_broken_after(1, "262145");
    assert_int_equal(got.f[0].caplen, 262144);
    put_pcap(0xa1b2c3d4, 2, 4, 0xffffffff, 1);
    put_record(1, 2, 5, 5, 1);
    put_record(1, 2, 0, 5, 1);
    n_bytes -= 8;
    put32(0xffffffff);
    put32(0xffffffff);
    assert_broken_after(1, "4294967295");
}

static void
pcap_cut_anywhere(void **state)
{
    size_t ends[9], whole;
    unsigned n = 0;

    put_pcap(0xa1b2c3d4, 2, 4, 65535, 1);
    ends[n++] = n_bytes;
    for (; n < 6; n++) {
        put_record(n, n, sizes[n - 1], 2000, n);
        ends[n] = n_bytes;
    }
    whole = n_bytes;
    for (size_t cut = 0; cut <= whole; cut++) {
        unsigned frames = 0;

        read_n(cut);
        if (cut < 24) {
            assert_int_equal(got.opened, -EBADMSG);
            continue;
        }
        while (frames + 1 < n && ends[frames + 1] <= cut)
            frames++;
        assert_int_equal(got.n, frames);
        assert_int_equal(got.ended, cut == ends[frames] ? CAP_END : CAP_FAILED);
        if (cut != ends[frames])
            ASSERT_SAYS("cut inside the ");
    }
}

/* ---- snoop ------------------------------------------------------------------------------------
 */

static void
put_snoop(uint32_t version, uint32_t datalink)
{
    n_bytes = 0;
    is_big = true;
    put("snoop\0\0\0", 8);
    put32(version);
    put32(datalink);
}

/* A record of 'record' bytes, filled up with zeros. */
static void
put_snoop_record(uint32_t sec, uint32_t usec, uint32_t caplen, uint32_t len, uint32_t record)
{
    const size_t at = n_bytes;

    put32(len);
    put32(caplen);
    put32(record);
    put32(3); /* dropped by snoop */
    put32(sec);
    put32(usec);
    put_frame(1, caplen);
    while (n_bytes < at + record)
        put("", 1);
}

static void
snoop_files(void **state)
{
    size_t whole, first;

    put_snoop(2, 4);
    assert_whole(0);
    put_snoop_record(1000, 999999, 61, 100, 88);
    first = n_bytes;
    put_snoop_record(1001, 5, 60, 60, 84);
    whole = n_bytes;
    assert_whole(2);
    assert_int_equal(got.f[0].ts_ns, 1000999999000);
    assert_int_equal(got.f[0].caplen, 61);
    assert_int_equal(got.f[0].len, 100);
    assert_int_equal(got.f[0].rss, 7);
    assert_int_equal(got.f[0].link, PAVO_LINK_ETHER);
    assert_int_equal(got.f[1].ts_ns, 1001000005000);
    for (size_t n = 0; n < whole; n++) {
        read_n(n);
        if (n < 16)
            assert_int_equal(got.opened, -EBADMSG);
        else if (n == 16)
            assert_int_equal(got.ended, CAP_END);
        else if (n >= first - 3 && n <= first) /* only what fills it up is missing */
            assert_true(got.n == 1 && got.ended == CAP_END);
        else
            assert_true(got.n == (n > first) && got.ended == CAP_FAILED);
    }
    put_snoop(2, 8);
    put_snoop_record(1, 0, 60, 60, 84);
    assert_whole(1);
    assert_int_equal(got.f[0].link, PAVO_LINK_FDDI);
    put_snoop(2, 5);
    assert_refused(-EPROTONOSUPPORT, "link type 5 of snoop");
    put_snoop(3, 4);
    assert_refused(-EBADMSG, "snoop version 3");
    is_big = false;
}

static void
snoop_lies(void **state)
{
    static const struct {
        uint32_t caplen, record;
    } lies[] = {
        {60, 83},        {60, 23}, {60, 0}, {UINT32_MAX, 84}, {BLOCKS_FRAME_MAX + 1, UINT32_MAX},
        {60, UINT32_MAX}};

    for (unsigned i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        put_snoop(2, 4);
        put_snoop_record(1, 0, 60, 60, 84);
        put32(60);
        put32(lies[i].caplen);
        put32(lies[i].record);
        put_number(0, 8);
        put32(0);
        put_frame(1, 60);
        assert_broken_after(1, "the next frame claims");
    }
    is_big = false;
}

/* ---- pcapng -----------------------------------------------------------------------------------
 */

static void
ng_begin(unsigned link, uint32_t snaplen)
{
    n_bytes = 0;
    put_section(0);
    put_iface(link, snaplen);
}

static void
ng_sections_in_both_orders(void **state)
{
    n_bytes = 0;
    for (unsigned i = 0; i < 4; i++) {
        is_big = i % 2;
        put_section(i % 2 ? 2 : 0);
        put_iface(i < 2 ? 1 : 101, 0);
        put_packet(0, 0x100000000 + i, 60 + i, 99, i);
    }
    is_big = false;
    assert_whole(4);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(got.f[i].ts_ns, (0x100000000 + i) * 1000);
        assert_int_equal(got.f[i].caplen, 60 + i);
        assert_int_equal(got.f[i].rss, i * 7);
        assert_int_equal(got.f[i].link, i < 2 ? PAVO_LINK_ETHER : PAVO_LINK_RAW);
    }
    put_section(0); /* a section has only interfaces of its own */
    put_packet(0, 1, 60, 60, 1);
    assert_broken_after(4, "interface 0; the section has 0");
}

static void
ng_interfaces_of_different_kinds(void **state)
{
    ng_begin(1, 60);
    put_iface(0, 100);
    put_iface(113, 0);
    put_packet(2, 1, 1500, 1500, 2);
    put_packet(0, 2, 60, 1500, 0);
    put_packet(1, 3, 100, 1500, 1);
    put_iface(276, 262144); /* in the middle */
    put_packet(3, 4, 200, 1500, 3);
    assert_whole(4);
    assert_int_equal(got.f[0].link, PAVO_LINK_SLL);
    assert_int_equal(got.f[1].link, PAVO_LINK_ETHER);
    assert_int_equal(got.f[2].link, PAVO_LINK_NULL_);
    assert_int_equal(got.f[3].link, PAVO_LINK_SLL2);
    put_packet(1, 5, 101, 1500, 1);
    assert_broken_after(4, "claims 101 bytes; its interface captures 100");
}

static const struct ng_time {
    const char *says;
    int resolution; /* -1: none */
    int64_t offset;
    uint64_t units, ts_ns;
} ng_times[] = {
    {"microseconds without a word", -1, 0, 1234567890123456, 1234567890123456000},
    {"microseconds", 6, 0, 1234567890123456, 1234567890123456000},
    {"nanoseconds", 9, 0, 1234567890123456789, 1234567890123456789},
    {"seconds", 0, 0, 1234567890, 1234567890000000000},
    {"milliseconds", 3, 0, 1234567890123, 1234567890123000000},
    {"tenths of nanoseconds", 10, 0, 12345678901234567899u, 1234567890123456789},
    {"10^-19 seconds", 19, 0, 12345678901234567899u, 1234567890},
    {"2^-0 seconds", 0x80, 0, 77, 77000000000},
    {"2^-1 seconds", 0x81, 0, 77, 38500000000},
    {"2^-32 seconds", 0xa0, 0, 0x499602d280000000, 1234567890500000000},
    {"2^-34 seconds", 0xa2, 0, 0x0ffffffffffffffe, 67108863999999999},
    {"2^-35 seconds", 0xa3, 0, (UINT64_C(5) << 35) + (UINT64_C(3) << 33), 5750000000},
    {"2^-63 seconds", 0xbf, 0, (UINT64_C(1) << 63) + (UINT64_C(1) << 62), 1500000000},
    {"2^-63 seconds, all ones", 0xbf, 0, UINT64_MAX, 1999999999},
    {"an offset", -1, 1000000, 5000001, 1000005000001000},
    {"an offset back", 9, -5, 6000000001, 1000000001},
    {"an offset to before 1970", 9, -7, 6000000001, 1},
    {"a time past what 64 bits of nanoseconds hold", 0, 0, 99999999999, 18446744072000000000u},
    {"microseconds past what nanoseconds hold", -1, 0, UINT64_MAX, 18446744072551615000u},
};

static void
ng_time_says(void **state)
{
    const struct ng_time *t = *state;

    for (int big = 0; big < 2; big++) {
        is_big = big;
        n_bytes = 0;
        put_section(0);
        iface_begin(1, 65535);
        put_option(2, 0x3068746574680000, 5); /* its name */
        if (t->resolution >= 0)
            put_option(9, (unsigned)t->resolution, 1);
        if (t->offset)
            put_option(14, (uint64_t)t->offset, 8);
        put_option(0, 0, 0);
        put_number(0xffffffffffffffff, 8); /* behind the end of options: not looked at */
        block_end();
        put_packet(0, t->units, 60, 60, 1);
        is_big = false;
        assert_whole(1);
        if (t->offset == -7)
            assert_int_equal(got.f[0].ts_ns, 0);
        else
            assert_int_equal(got.f[0].ts_ns, t->ts_ns);
    }
}

static void
ng_old_and_simple_packets(void **state)
{
    for (int big = 0; big < 2; big++) {
        is_big = big;
        n_bytes = 0;
        put_section(0);
        put_iface(1, 50);
        put_iface(101, 100);
        block_begin(3);
        put32(70); /* longer than the interface captures: cut there */
        put_frame(1, 50);
        block_end();
        block_begin(3);
        put32(33);
        put_frame(2, 33);
        block_end();
        block_begin(2);
        put16(1);
        put16(17); /* drops */
        put32(0);
        put32(5000000);
        put32(61);
        put32(90);
        put_frame(3, 61);
        put_option(2, 0, 4);
        block_end();
        is_big = false;
        assert_whole(3);
        assert_int_equal(got.f[0].caplen, 50);
        assert_int_equal(got.f[0].len, 70);
        assert_int_equal(got.f[0].ts_ns, 0);
        assert_int_equal(got.f[1].caplen, 33);
        assert_int_equal(got.f[2].caplen, 61);
        assert_int_equal(got.f[2].len, 90);
        assert_int_equal(got.f[2].ts_ns, 5000000000);
        assert_int_equal(got.f[2].link, PAVO_LINK_RAW);
        assert_int_equal(got.f[2].rss, 21);
    }
    ng_begin(1, 0);
    block_begin(3);
    put32(61);
    put_frame(1, 60);
    block_end();
    assert_broken_after(0, "claims 61 bytes; its block holds 60");
}

static void
ng_other_blocks_are_skipped(void **state)
{
    n_bytes = 0;
    put_section(0);
    for (uint32_t type = 4; type < 12; type++) {
        if (type == 6)
            continue;
        block_begin(type);
        put_frame(type, type);
        block_end();
    }
    put_iface(1, 0);
    block_begin(0x80000bad);
    put_frame(9, BLOCKS_HOLD_MAX + 12345); /* longer than is held */
    block_end();
    put_packet(0, 1, 60, 60, 1);
    block_begin(5);
    put_frame(9, 2 * BLOCKS_BUFFER);
    block_end();
    put_packet(0, 2, 60, 60, 2);
    block_begin(6); /* a frame with long options */
    put_number(0, 4);
    put_number(3, 8);
    put32(60);
    put32(60);
    put_frame(3, 60);
    put_frame(0, BLOCKS_HOLD_MAX);
    block_end();
    put_packet(0, 4, 60, 60, 4);
    assert_whole(4);
    assert_int_equal(got.f[1].rss, 14);
    assert_int_equal(got.f[2].rss, 21);
    assert_int_equal(got.f[3].rss, 28);
    bytes[n_bytes - 4 - 60 - 28 - 8 + 4] ^= 1; /* the length behind the long one */
    assert_broken_after(2, "before and");
}

static void
ng_files_without_frames(void **state)
{
    n_bytes = 0;
    put_section(0);
    assert_whole(0);
    block_begin(0xbad);
    block_end();
    assert_whole(0);
    put_packet(0, 1, 60, 60, 1);
    assert_refused(-EBADMSG, "a frame before any interface");
    ng_begin(1, 0);
    assert_whole(0);
}

static void
ng_unknown_link_types(void **state)
{
    ng_begin(147, 0);
    put_packet(0, 1, 60, 60, 1);
    assert_refused(-EPROTONOSUPPORT, "link type unknown (147");
    ng_begin(187, 0);
    assert_refused(-EPROTONOSUPPORT, "link type BLUETOOTH_HCI_H4 (187");

    ng_begin(147, 0);
    put_iface(1, 0);
    put_iface(187, 0);
    put_packet(0, 1, 60, 60, 1);
    put_packet(1, 1, 60, 60, 1);
    put_packet(0, 1, 60, 60, 1);
    assert_whole(1);
    assert_int_equal(got.n_unread, 2);
    ASSERT_SAYS("2: link type unknown (147");
    ASSERT_SAYS("0: link type BLUETOOTH_HCI_H4 (187");

    ng_begin(1, 0);
    put_packet(0, 1, 60, 60, 1);
    put_iface(147, 0);
    put_packet(1, 2, 60, 60, 1);
    put_packet(0, 3, 60, 60, 1);
    assert_whole(2);
    assert_int_equal(got.n_unread, 1);
    ASSERT_SAYS("1: link type unknown (147");

    for (unsigned i = 0; i < 40; i++) { /* more kinds than are named */
        put_iface(1000 + i, 0);
        put_packet(2 + i, 3, 60, 60, 1);
    }
    put_packet(0, 3, 60, 60, 1);
    assert_whole(3);
    assert_int_equal(got.n_unread, 41);
    ASSERT_SAYS("26: still other link types");
}

static void
ng_filters(void **state)
{
    ng_begin(1, 0);
    put_iface(101, 0);
    put_packet(0, 1, 60, 60, 1);
    put_packet(1, 1, 100, 100, 1);
    put_packet(0, 1, 101, 101, 1);
    with_filter("greater 100");
    assert_whole(2);
    assert_int_equal(got.n_filtered, 1);
    assert_int_equal(got.f[0].link, PAVO_LINK_RAW);
    with_filter("ether host 02:00:00:00:00:01"); /* refused while nothing is written yet .. */
    assert_refused(-EINVAL, "filter");

    ng_begin(1, 0);
    put_packet(0, 1, 60, 60, 1);
    put_iface(101, 0);
    put_packet(1, 1, 60, 60, 1);
    put_packet(0, 1, 60, 60, 2);
    with_filter("ether host 02:00:00:00:00:01");
    assert_whole(0); /* .. and lost, by name, later on */
    assert_int_equal(got.n_filtered, 2);
    assert_int_equal(got.n_unread, 1);
    ASSERT_SAYS("1: filter");
    with_filter(NULL);
}

static const struct ng_odd_options {
    const char *says, *hex; /* of the options, little endian */
    const char *part;       /* of the complaint; NULL: they are fine */
} ng_odd_options[] = {
    {"no options are fine", "", NULL},
    {"no end of options is fine", "0900 0100 06 000000", NULL},
    {"an unknown option is fine", "ffff 0300 010203 00 0000 0000", NULL},
    {"an empty option is fine", "0200 0000 0000 0000", NULL},
    {"a resolution with two bytes is not", "0900 0200 0606 0000", "resolution"},
    {"nor with none", "0900 0000", "resolution"},
    {"nor twice", "0900 0100 06000000 0900 0100 06000000", "resolution"},
    {"nor 10^-20", "0900 0100 14000000", "resolution"},
    {"nor 2^-64", "0900 0100 c0000000", "resolution"},
    {"an offset of four bytes is not", "0e00 0400 00000000", "offset"},
    {"nor two of them", "0e00 0800 0000000000000000 0e00 0800 0000000000000000", "offset"},
    {"an option longer than the block is not", "0200 0500 01020304", "longer than its block"},
    {"nor one of 65535 bytes", "0200 ffff 01020304", "longer than its block"},
    {"an end with a length is not", "0000 0400 00000000", "end of an interface's options"},
};

static void
ng_odd_options_says(void **state)
{
    const struct ng_odd_options *o = *state;
    size_t n;
    uint8_t *options = t_hex(o->hex, &n);

    n_bytes = 0;
    put_section(0);
    iface_begin(1, 0);
    put(options, n);
    block_end();
    put_packet(0, 1, 60, 60, 1);
    if (o->part)
        assert_refused(-EBADMSG, o->part);
    else
        assert_whole(1);
    ng_begin(1, 0);
    put_packet(0, 1, 60, 60, 1);
    iface_begin(1, 0);
    put(options, n);
    block_end();
    put_packet(1, 1, 60, 60, 1);
    if (o->part)
        assert_broken_after(1, o->part);
    else
        assert_whole(2);
    free(options);
}

/* The first length of the last block of a file, the one behind it, and what is said. */
static void
with_lengths(uint32_t before, uint32_t behind, const char *part)
{
    size_t last;

    ng_begin(1, 0);
    put_packet(0, 1, 60, 60, 1);
    last = n_bytes;
    put_packet(0, 2, 60, 60, 2);
    n_bytes = last + 4;
    put32(before);
    n_bytes = last + 88;
    put32(behind);
    assert_broken_after(1, part);
}

static void
ng_bad_lengths(void **state)
{
    with_lengths(92, 96, "92 bytes before and 96 behind");
    with_lengths(92, 0, "92 bytes before and 0 behind");
    with_lengths(0, 92, "claims 0 bytes");
    with_lengths(8, 92, "claims 8 bytes");
    with_lengths(11, 92, "claims 11 bytes");
    with_lengths(91, 92, "claims 91 bytes");
    with_lengths(12, 92, "12 bytes before and");
    with_lengths(0xfffffffc, 92, "cut inside the next block");
    with_lengths(0xffffffff, 92, "claims 4294967295 bytes");
    with_lengths(0x80000000, 92, "cut inside the next block");

    ng_begin(1, 0);
    put_packet(0, 1, 60, 60, 1);
    for (unsigned type = 1; type < 7; type++) { /* too short for what must be in them */
        const size_t before = n_bytes;

        block_begin(type);
        if (type != 3)
            put32(0);
        block_end();
        if (type <= 3 || type == 6)
            assert_broken_after(1, "too short");
        else
            assert_whole(1);
        n_bytes = before;
    }
    block_begin(6);
    put32(0);
    put_number(1, 8);
    put32(0xffffffff);
    put32(0xffffffff);
    block_end();
    assert_broken_after(1, "claims 4294967295 bytes");
}

static void
ng_bad_sections(void **state)
{
    const size_t at[] = {8, 12, 14};
    static const char *const parts[] = {"without its magic", "version", "version"};

    for (size_t i = 0; i < 3; i++) {
        ng_begin(1, 0);
        bytes[at[i]] += 7;
        assert_refused(-EBADMSG, parts[i]);
        ng_begin(1, 0);
        put_packet(0, 1, 60, 60, 1);
        put_section(0);
        bytes[n_bytes - 28 + at[i]] += 7;
        assert_broken_after(1, parts[i]);
    }
    n_bytes = 0;
    block_begin(0x0a0d0d0a);
    put32(0x1a2b3c4d);
    block_end();
    assert_refused(-EBADMSG, "too short");
    n_bytes = 0;
    put_number(0x0a0d0d0a, 4); /* a text file may begin so */
    assert_refused(-EBADMSG, "cut inside");

    ng_begin(1, 0); /* one that is too short, and the last of what the buffer takes */
    block_begin(5);
    put_frame(0, (uint32_t)(BLOCKS_BUFFER - n_bytes - 4 - 12));
    block_end();
    block_begin(0x0a0d0d0a);
    n_bytes -= 4;
    put32(12);
    put32(0x1a2b3c4d);
    assert_int_equal(n_bytes, BLOCKS_BUFFER);
    assert_broken_after(0, "says 12 bytes before and");
}

static void
ng_cut_anywhere(void **state)
{
    size_t ends[16], whole;
    bool is_frame[16] = {false};
    unsigned n = 0;

    n_bytes = 0;
    put_section(0);
    ends[n++] = n_bytes;
    put_iface(1, 0);
    ends[n++] = n_bytes;
    for (unsigned i = 0; i < 5; i++) {
        put_packet(0, i, sizes[i], 2000, i);
        is_frame[n] = true;
        ends[n++] = n_bytes;
    }
    put_section(0);
    ends[n++] = n_bytes;
    put_iface(101, 0);
    ends[n++] = n_bytes;
    put_packet(0, 9, 5, 5, 9);
    is_frame[n] = true;
    ends[n++] = n_bytes;
    whole = n_bytes;
    for (size_t cut = 0; cut <= whole; cut++) {
        unsigned frames = 0;
        bool at_end = false;

        read_n(cut);
        for (unsigned i = 0; i < n; i++) {
            frames += is_frame[i] && ends[i] <= cut;
            at_end = at_end || ends[i] == cut;
        }
        if (cut < ends[1] && !at_end) {
            assert_int_equal(got.opened, -EBADMSG);
            continue;
        }
        assert_int_equal(got.opened, 0);
        assert_int_equal(got.n, frames);
        assert_int_equal(got.ended, at_end ? CAP_END : CAP_FAILED);
        if (!at_end)
            ASSERT_SAYS("cut inside the ");
    }
}

/* ---- the buffer -------------------------------------------------------------------------------
 */

static unsigned at_frame;

/* Frames of all sizes over many fillings, each byte compared while the burst is out. */
static void
check_numbered(unsigned n)
{
    const struct cap_reader_config cfg = {.name = "x"};
    struct cap_reader *r;
    struct pavo_frame out[64];
    struct pavo_err err;
    const int fd = memfd_create("t", MFD_CLOEXEC);
    int in_burst;

    assert_int_equal(write(fd, bytes, n_bytes), (ssize_t)n_bytes);
    lseek(fd, 0, SEEK_SET);
    assert_int_equal(cap_blocks_open(fd, &cfg, &r, &err), 0);
    at_frame = 0;
    while ((in_burst = r->ops->read(r, out, burst)) >= 0) {
        for (int i = 0; i < in_burst; i++, at_frame++) {
            assert_int_equal(out[i].caplen, sizes[at_frame % 7]);
            for (uint32_t k = 0; k < out[i].caplen; k++)
                if (out[i].data[k] != (uint8_t)(at_frame * 7 + k))
                    fail_msg("frame %u, byte %u", at_frame, k);
        }
    }
    assert_int_equal(in_burst, CAP_END);
    assert_int_equal(at_frame, n);
    assert_int_equal(r->n_bytes, n_bytes);
    r->ops->close(r);
}

static void
frames_stay_until_the_next_read(void **state)
{
    for (burst = 1; burst <= 64; burst = burst * 2 + 3) {
        unsigned n = 0;

        put_pcap(0xa1b2c3d4, 2, 4, 65535, 1);
        for (; n_bytes < sizeof bytes - 10000; n++)
            put_record(n, 0, sizes[n % 7], sizes[n % 7], n);
        check_numbered(n);
        ng_begin(1, 0);
        for (n = 0; n_bytes < sizeof bytes - 10000; n++)
            put_packet(0, n, sizes[n % 7], sizes[n % 7], n);
        check_numbered(n);
    }
    burst = 32;
}

static void
a_filter_that_takes_nothing(void **state)
{
    unsigned n = 0;

    put_pcap(0xa1b2c3d4, 2, 4, 65535, 1);
    for (; n < 3 * BLOCKS_LOOK_MAX; n++)
        put_record(n, 0, 14, 14, n);
    with_filter("greater 1000");
    assert_whole(0);
    assert_int_equal(got.n_filtered, n);
    with_filter(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(snoop_files),
        cmocka_unit_test(snoop_lies),
        cmocka_unit_test(pcap_orders_and_magics),
        cmocka_unit_test(pcap_versions),
        cmocka_unit_test(pcap_link_types),
        cmocka_unit_test(pcap_lengths),
        cmocka_unit_test(pcap_cut_anywhere),
        cmocka_unit_test(ng_sections_in_both_orders),
        cmocka_unit_test(ng_interfaces_of_different_kinds),
        cmocka_unit_test(ng_old_and_simple_packets),
        cmocka_unit_test(ng_other_blocks_are_skipped),
        cmocka_unit_test(ng_files_without_frames),
        cmocka_unit_test(ng_unknown_link_types),
        cmocka_unit_test(ng_filters),
        cmocka_unit_test(ng_bad_lengths),
        cmocka_unit_test(ng_bad_sections),
        cmocka_unit_test(ng_cut_anywhere),
        cmocka_unit_test(frames_stay_until_the_next_read),
        cmocka_unit_test(a_filter_that_takes_nothing),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    failed += T_RUN_TABLE(ng_times, ng_time_says);
    failed += T_RUN_TABLE(ng_odd_options, ng_odd_options_says);
    return failed;
}
