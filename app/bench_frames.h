/* bench_frames.h - the frames that `pavo bench` fills in: headers made once, bytes to patch known
 *
 * A template is the head of a frame, in whole cache lines, as far as a decoder reads it. What the
 * frame has behind it is whatever stands in the buffer: a NIC would have written it, nobody looks.
 */
#ifndef PAVO_BENCH_FRAMES_H
#define PAVO_BENCH_FRAMES_H

#include "pavo_flow.h"

enum {
    BENCH_HEAD_MAX = 192,   /* bytes of a template */
    BENCH_FRAME_MAX = 1514, /* without the check sequence, which a NIC takes off */
    BENCH_TCP_PACKETS = 16, /* of a session, handshake and close included */
    BENCH_TUNNELS = 256,    /* pairs of tunnel ends, each with an id of its own */
    BENCH_PIECES = 3,       /* of a fragmented datagram */
    BENCH_PORT_UDP = 5001,  /* ports of the service, which say nothing of a protocol */
    BENCH_PORT_TCP = 8080,
    BENCH_PORT_DNS = 53,
    BENCH_PORT_PIECES = 5002,
    BENCH_PORT_SYN = 8443,
};

/* Which of the frames. */
enum bench_frame {
    BENCH_FRAME_UDP64,
    BENCH_FRAME_UDP594,
    BENCH_FRAME_UDP1518,
    BENCH_FRAME_QUERY,
    BENCH_FRAME_ANSWER,
    BENCH_FRAME_SYN,
    BENCH_FRAME_VXLAN,
    BENCH_FRAME_GENEVE6,
    BENCH_FRAME_GTPU,
    BENCH_FRAME_PIECE,                                  /* BENCH_PIECES */
    BENCH_FRAME_TCP = BENCH_FRAME_PIECE + BENCH_PIECES, /* BENCH_TCP_PACKETS */
    BENCH_FRAMES = BENCH_FRAME_TCP + BENCH_TCP_PACKETS,
};

struct bench_template {
    _Alignas(PAVO_CACHE_LINE) uint8_t head[BENCH_HEAD_MAX];
    uint32_t lines; /* of 'head' that are copied */
    uint32_t len;   /* of the frame */
    uint32_t ip_at; /* innermost IPv4 header */
    uint32_t
        seq[2]; /* TCP: sequence and acknowledgement, counted from the first ones of the sides */
    bool back;  /* from the server; where a frame goes both ways it is false */
};

/* All of them. */
void bench_frames_make(struct bench_template t[BENCH_FRAMES]);

#endif
