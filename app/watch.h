/* watch.h - what the control thread looks at about once a second, and says once */
#ifndef PAVO_WATCH_H
#define PAVO_WATCH_H

#include "sensor.h"

/* Owner: the main thread. Zero is a new one. */
struct watch {
    struct watch_queue *queues; /* per queue of the sensor */
};

/* watch_look - looks at the sensor's sources and queues
 *
 * Warns, once for each queue, when a NIC that is to spread by the symmetric hash delivers flows to
 * workers that do not own them, or hashes otherwise than we do. */
void watch_look(struct watch *w, const struct sensor *s);
void watch_close(struct watch *w);

#endif
