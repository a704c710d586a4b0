/* wlan.c - IEEE 802.11 frames
 *
 * A data frame has LLC behind a header whose length its first two bytes tell, and up to four
 * addresses: of the radio link, and of the two ends. The ends are kept, as those of Ethernet are.
 * Management and control frames, frames without data, protected frames and later pieces of a frame
 * are flows of link-layer addresses with a name; they have no EtherType.
 */
#include "routes.h"

/* Frame control, read as a little-endian number: IEEE 802.11-2020 section 9.2.4.1. */
enum {
    FC_VERSION = 0x0003,
    FC_NULL = 0x0040, /* of a data frame: it has no data */
    FC_QOS = 0x0080,  /* of a data frame: QoS control stands in its header */
    FC_TO_DS = 0x0100,
    FC_FROM_DS = 0x0200,
    FC_MORE_FRAGMENTS = 0x0400,
    FC_PROTECTED = 0x4000,
    FC_HTC = 0x8000, /* of a QoS data frame: HT control stands in its header */

    TYPE_MANAGEMENT = 0,
    TYPE_CONTROL = 1,
    TYPE_DATA = 2,

    CONTROL_WRAPPER = 7,
    CONTROL_CTS = 12,
    CONTROL_ACK = 13,

    QOS_AMSDU = 0x0080,
    QOS_MESH = 0x0100, /* between mesh stations only; others use the bit for other things */
    FRAGMENT = 0x000f, /* of sequence control */

    MESH_EXTENSION = 0x03,
    MESH_RESERVED = 0xfc,
    LLC_SNAP = 0xaa,
};

enum order { ORDER_RIGHT, ORDER_SWAPPED };

/* The frame is one of these ends; 'src' may be NULL. */
static void
put_ends(struct dec_walk *w, const uint8_t *dst, const uint8_t *src)
{
    struct pavo_layers *out = w->out;

    if (out->kind != PAVO_KIND_LINK)
        dec_leave_ip(out);
    if (w->on_trial && src && (src[0] & 1))
        w->in_doubt = true; /* nobody sends from a group address */
    memcpy(out->dst_mac, dst, 6);
    if (src)
        memcpy(out->src_mac, src, 6);
    else
        memset(out->src_mac, 0, 6);
    out->has_mac = 1;
}

static enum dec_step
end_named(struct dec_walk *w, const struct cur *rest, enum pavo_name name)
{
    dec_mark_link(w, rest, 0, false);
    w->out->named = (uint8_t)name;
    return DEC_STOP;
}

/* Receiver and mostly transmitter, IEEE 802.11-2020 section 9.3.1. */
static enum dec_step
control(const uint8_t *h, struct cur *rest, struct dec_walk *w, uint32_t subtype)
{
    const uint8_t *transmitter = NULL;

    if (subtype != CONTROL_WRAPPER && subtype != CONTROL_CTS && subtype != CONTROL_ACK) {
        transmitter = cur_take(rest, 6);
        if (!transmitter)
            return dec_cut(w, rest, 6);
    }
    put_ends(w, h + 4, transmitter);
    return end_named(w, rest, PAVO_NAME_WLAN_CONTROL);
}

/* Receiver, transmitter, BSSID and sequence control, section 9.3.3. */
static enum dec_step
management(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint8_t *p = cur_take(rest, 14);

    if (!p)
        return dec_cut(w, rest, 14);
    put_ends(w, h + 4, p);
    return end_named(w, rest, PAVO_NAME_WLAN_MANAGEMENT);
}

/* Mesh control, section 9.2.4.7.3: flags, TTL, sequence number 4 bytes, and no, one or two more
 * addresses, which are those of the ends then. The bit that announces it means other things outside
 * of a mesh, so it must fit: addresses as a mesh has them, and SNAP behind it. False: cut. */
static bool
skip_mesh(struct cur *rest, struct dec_walk *w, bool is_unicast)
{
    const uint8_t *h = cur_peek(rest, 1);
    uint32_t extension, bytes;

    if (!h)
        return false;
    extension = h[0] & MESH_EXTENSION;
    /* Two more addresses where there were four, one where there were three. */
    if ((h[0] & MESH_RESERVED) || (extension && extension != (is_unicast ? 2u : 1u)))
        return true;
    bytes = 6 + extension * 6;
    h = cur_peek(rest, bytes + 3);
    if (!h)
        return false;
    if (h[bytes] != LLC_SNAP || h[bytes + 1] != LLC_SNAP || h[bytes + 2] != 0x03)
        return true;
    h = cur_take(rest, bytes);
    if (extension == 1)
        memcpy(w->out->src_mac, h + 6, 6);
    else if (extension == 2)
        put_ends(w, h + 6, h + 12);
    dec_mark_link(w, rest, 0, false);
    return true;
}

/* What is behind the header of a data frame on trial is LLC, mostly SNAP; else it may be anything.
 */
static enum dec_step
enter_llc(const struct cur *rest, struct dec_walk *w)
{
    const uint8_t *h = cur_peek(rest, 2);

    if (w->on_trial && (!h || h[0] != LLC_SNAP || h[1] != LLC_SNAP))
        w->in_doubt = true;
    return DEC_LLC;
}

/* Section 9.3.2.1: which of the addresses are those of the ends goes by the directions. */
static enum dec_step
data(const uint8_t *h, struct cur *rest, struct dec_walk *w, uint32_t fc, enum order order,
     bool is_padded)
{
    const bool is_four = (fc & FC_TO_DS) && (fc & FC_FROM_DS);
    const bool is_qos = fc & FC_QOS;
    const uint32_t qos_at = is_four ? 20 : 14;
    const uint32_t bytes = qos_at + (is_qos ? 2 : 0) + (is_qos && (fc & FC_HTC) ? 4 : 0);
    const uint32_t pad = is_padded ? (0u - (10 + bytes)) & 3 : 0;
    const uint8_t *p = cur_take(rest, bytes);
    const uint8_t *dst, *src;
    uint32_t sequence, qos;

    if (!p)
        return dec_cut(w, rest, bytes);
    sequence = order == ORDER_SWAPPED ? be16(p + 12) : le16(p + 12);
    qos = is_qos ? le16(p + qos_at) : 0;
    dst = fc & FC_TO_DS ? p + 6 : h + 4;
    src = is_four ? p + 14 : fc & FC_FROM_DS ? p + 6 : p;
    put_ends(w, dst, src);
    if (fc & FC_PROTECTED)
        return end_named(w, rest, PAVO_NAME_WLAN_PROTECTED);
    if ((fc & FC_NULL) || rest->told + w->over == 0)
        return end_named(w, rest, PAVO_NAME_WLAN_NULL);
    if (sequence & FRAGMENT)
        return end_named(w, rest, PAVO_NAME_WLAN_FRAGMENT);
    if (!cur_take(rest, pad)) {
        dec_mark_link(w, rest, 0, false);
        return dec_cut(w, rest, pad);
    }
    dec_mark_link(w, rest, 0, false);
    if (fc & FC_MORE_FRAGMENTS)
        w->is_piece = true;
    if ((qos & QOS_AMSDU) && order == ORDER_RIGHT)
        return DEC_WLAN_AMSDU;
    if ((qos & QOS_MESH) && (fc & FC_FROM_DS) && (is_four || (h[4] & 1)) &&
        !skip_mesh(rest, w, is_four))
        return dec_cut(w, rest, rest->held + 1);
    return enter_llc(rest, w);
}

static enum dec_step
frame(const uint8_t *h, struct cur *rest, struct dec_walk *w, enum order order, bool is_padded)
{
    const uint32_t fc = order == ORDER_SWAPPED ? be16(h) : le16(h);
    const uint32_t type = fc >> 2 & 3;

    if (!(fc & FC_VERSION) && type == TYPE_DATA)
        return data(h, rest, w, fc, order, is_padded);
    if (!(fc & FC_VERSION) && type == TYPE_MANAGEMENT)
        return management(h, rest, w);
    if (!(fc & FC_VERSION) && type == TYPE_CONTROL)
        return control(h, rest, w, fc >> 4 & 15);
    if (!w->out->has_mac)
        dec_mark_link(w, rest, 0, false);
    return dec_stop(w, PAVO_WHY_WLAN_VERSION);
}

/* Frame control, duration, and the address that all frames have. */
enum dec_step
dec_wlan(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    return frame(h, rest, w, ORDER_RIGHT, false);
}

/* The capture says that there is padding behind the header, so that the body begins at a multiple
 * of 4 bytes. */
enum dec_step
dec_wlan_pad(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    return frame(h, rest, w, ORDER_RIGHT, true);
}

/* As access points send it to their controller. Some of them exchange the two bytes of the frame
 * control and of the sequence control. The version, 0, shows it in data frames, for the same two
 * bits of the other byte tell the direction and are not both 0 there. */
enum dec_step
dec_wlan_swap(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const bool is_swapped = (h[0] & FC_VERSION) && !(h[1] & FC_VERSION);

    return frame(h, rest, w, is_swapped ? ORDER_SWAPPED : ORDER_RIGHT, false);
}

/* The first of several frames in one, each with a header of its own: destination, source, length.
 */
enum dec_step
dec_wlan_amsdu(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    put_ends(w, h, h + 6);
    if (!cur_narrow(rest, be16(h + 12)))
        dec_flaw(w, PAVO_WHY_MALFORMED);
    dec_mark_link(w, rest, 0, false);
    return enter_llc(rest, w);
}
