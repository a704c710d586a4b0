/* dpdk_port.h - one DPDK port: found or made, set up, started, asked for its losses, taken down
 *
 * Drivers differ in what they offer and in how far their word can be trusted; that knowledge is one
 * table in dpdk_port.c. Nothing here runs per packet.
 */
#ifndef PAVO_DPDK_PORT_H
#define PAVO_DPDK_PORT_H

#include <pthread.h>

#include "capture.h"
#include "cfg.h"
#include "dpdk_rss.h"

struct rte_mempool;

/* Owner: the main thread, from open to close. dpdk_port_lost() may be called by any thread in
 * between. */
struct dpdk_port {
    const struct cfg_device *device;
    char name[64];   /* "0000:81:00.0", "net_pcap0": the device without its arguments */
    char driver[32]; /* "net_ice" */
    uint16_t id;     /* of ethdev */
    unsigned n_queues;
    int node;     /* NUMA node of the device, -1 unknown */
    uint8_t link; /* enum pavo_link of its frames */
    uint32_t
        cut_bytes; /* the driver cuts longer frames to this, and does not say so; 0: it cuts none */
    bool is_vdev;
    bool is_file;        /* frames come from capture files and end with them */
    bool can_wait;       /* nothing is lost while nobody polls */
    bool has_stamps;     /* net_pcap: packets carry microseconds since the epoch */
    bool has_clock;      /* stamps of its packets are ticks of a clock that can be read */
    bool may_sleep;      /* capture.dpdk.poll: its workers may sleep when it is silent */
    bool has_interrupts; /* it was configured to interrupt for each queue */
    bool spreads;        /* its table brings each hash to the queue that sensor.c expects */
    bool has_rss; /* the NIC computes the symmetric hash that pavo computes, over the same fields */

    enum dpdk_rss { RSS_AUTO, RSS_TRUST, RSS_OFF } rss; /* capture.dpdk.rss */

    struct rte_mempool *pool;

    /* The rest is dpdk_port.c's own. */
    unsigned traits; /* of its driver */
    struct dpdk_rss_rules rules;
    bool is_made; /* a vdev that we added, and remove */
    bool is_open, is_started, is_promiscuous;
    pthread_mutex_t lock; /* over what follows, and the driver's counters */
    uint32_t ring_frame;  /* af_packet: bytes of a frame in its ring */
    int *sockets;         /* af_packet: the driver's sockets; their counters are reset when read */
    unsigned n_sockets;
    uint64_t if_drops_before; /* tap */
    bool is_frozen;           /* the losses stay as they are: below */
    uint64_t lost[PAVO_LOSSES];
    uint64_t broken;
    _Atomic uint8_t link_state; /* enum cap_link */
    _Atomic uint64_t link_downs;
};

/* dpdk_port_open - sets a port up, ready to start
 *
 *   workers  queues to ask for where the configuration says "auto"
 *
 * Returns 0, or -errno with err; the port is closed then. */
int dpdk_port_open(struct dpdk_port *p, const struct cfg *cfg, const struct cfg_device *device,
                   unsigned workers, struct pavo_err *err);
int dpdk_port_start(struct dpdk_port *p, const struct cfg *cfg, struct pavo_err *err);
void dpdk_port_close(struct dpdk_port *p);

/* A descriptor that is readable when the queue has packets, or -1. */
int dpdk_port_fd(const struct dpdk_port *p, unsigned queue);

/* The device's clock now; false: it has none that can be read. */
bool dpdk_port_clock(const struct dpdk_port *p, uint64_t *ticks);

/* The capture file of the 'nth' queue of a port with is_file; false: there is none. */
bool dpdk_port_file(const struct dpdk_port *p, unsigned nth, char *path, size_t size);

/* dpdk_port_lost - what the port lost since it started, per reason; read errors of a capture file
 * in *broken
 *
 * Any thread. dpdk_port_freeze(): nobody polls any more. What the device loses from then on is not
 * the sensor's loss, and the numbers stay as they are. dpdk_port_tells(): does the driver tell of
 * its losses at all? */
void dpdk_port_lost(struct dpdk_port *p, uint64_t lost[PAVO_LOSSES], uint64_t *broken);
void dpdk_port_freeze(struct dpdk_port *p);
bool dpdk_port_tells(const struct dpdk_port *p);

/* dpdk_port_look - asks for the link and says it when it has changed. Main thread. */
void dpdk_port_look(struct dpdk_port *p);

/* Every counter of the driver that is not 0, as debug lines. */
void dpdk_port_debug(const struct dpdk_port *p);

#endif
