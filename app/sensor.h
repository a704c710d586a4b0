/* sensor.h - a run, put together: sources, workers, mesh, export thread
 *
 * The main thread opens, starts, stops and closes it; counts may be asked for by any thread in
 * between.
 */
#ifndef PAVO_SENSOR_H
#define PAVO_SENSOR_H

#include "capture.h"
#include "cfg.h"
#include "exporter.h"
#include "topo.h"
#include "worker.h"

struct sensor;

/* Workers of this configuration over so many queues: workers.count, or what auto means. */
unsigned sensor_n_workers(const struct cfg *cfg, unsigned n_queues);
/* The shard of one of 'n' workers, without id, memory and ring. */
struct pavo_shard_config sensor_shard_config(const struct cfg *cfg, unsigned n);
/* The worker whose flows have this owner hash. */
unsigned sensor_owner(uint32_t owner_hash, unsigned n);
/* Slots of a ring between two of 'n' workers: fewer when there are many, for the rings grow with
 * the square. */
/* First bytes of a payload that travel with its packet. */
uint32_t sensor_payload_room(const struct cfg *cfg);
uint32_t sensor_mesh_slots(const struct cfg *cfg, unsigned n);
enum { MESH_RESOLVE_PART = 4 }; /* rings for fragments are this much smaller */

/* Starts all threads, which wait for sensor_go(). The sinks stay the caller's and are finished by
 * the export thread. NULL with err when a thread or its memory can't be had; nothing is left
 * running then. */
struct sensor *sensor_open(const struct cfg *cfg, struct cap_set *set, struct pavo_sink **sinks,
                           unsigned n_sinks, struct pavo_err *err);
void sensor_go(struct sensor *s);
/* Moves the calling thread to where the control thread belongs; after sensor_open(). */
void sensor_settle_control(const struct sensor *s);
void sensor_stop(struct sensor *s);         /* any thread: receive nothing new, drain, flush, end */
void sensor_reopen(struct sensor *s);       /* sinks open their files anew */
int sensor_done_fd(const struct sensor *s); /* becomes readable when everything is written */
bool sensor_is_done(const struct sensor *s);
void sensor_join(struct sensor *s);
void sensor_close(struct sensor *s);

/* Sums over everything. 'final': after the workers' end, exact; before it a snapshot in which
 * packets that the sources know and we have not yet read don't count as offered. */
void sensor_counts(const struct sensor *s, bool final, struct pavo_counts *out);
uint64_t sensor_time(const struct sensor *s); /* event time, 0: no packet yet */
bool sensor_workers_done(const struct sensor *s);
bool sensor_was_stopped(const struct sensor *s);
unsigned sensor_workers(const struct sensor *s, const struct worker **workers,
                        const struct topo_place **places);
const struct cap_set *sensor_sources(const struct sensor *s);

/* For measurements. sensor_laps: where a worker's stages add their time, NULL nowhere; called by
 * that worker's thread (from its queue). sensor_cpu_ns: CPU time of a worker's thread so far, or of
 * the export thread for SENSOR_EXPORTER; between sensor_go() and sensor_join(), 0: not known. */
#define SENSOR_EXPORTER UINT32_MAX
void sensor_laps(struct sensor *s, unsigned worker, struct pavo_laps *laps);
/* Keeps the calling thread off the processors of the workers, if others remain. */
void sensor_avoid_workers(const struct sensor *s);
uint64_t sensor_cpu_ns(const struct sensor *s, unsigned worker);

#endif
