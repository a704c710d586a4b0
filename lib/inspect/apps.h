/* apps.h - what the files of labels share
 *
 * A test of a label looks at what was seen and says no, more, or yes; it says no as soon as a byte
 * contradicts. What it says of some bytes it says of all that begin with them, so that it does not
 * matter how a stream was cut.
 */
#ifndef PAVO_APPS_H
#define PAVO_APPS_H

#include <string.h>

#include "ins.h"

typedef enum ins_got app_test(const struct ins_seen *s);

static inline bool
app_is_stream(const struct ins_seen *s)
{
    return s->told == UINT32_MAX;
}

/* A datagram ends where the message does; a stream goes on. */
static inline bool
app_fits(const struct ins_seen *s, uint64_t bytes)
{
    return app_is_stream(s) || bytes == s->told;
}

static inline enum ins_got
app_begins(const uint8_t *at, uint32_t n, const void *want, uint32_t bytes)
{
    if (memcmp(at, want, n < bytes ? n : bytes) != 0)
        return INS_NO;
    return n < bytes ? INS_MORE : INS_YES;
}

static inline uint8_t
app_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* Does the word, in small letters, stand somewhere in 'n' bytes, in letters of any case? */
bool app_has_word(const uint8_t *at, size_t n, const char *word);

/* app_text.c: protocols of lines */
app_test app_smtp, app_smtp_hello, app_ftp, app_pop3, app_imap, app_imap_command, app_nntp, app_sip,
    app_rtsp, app_mgcp, app_xmpp, app_irc, app_irc_server, app_vnc, app_redis, app_memcached,
    app_memcached_answered, app_git, app_rsync, app_syslog, app_stratum, app_nats, app_ssdp,
    app_wsd, app_megaco;

/* app_binary.c: protocols of bytes over streams */
app_test app_rdp, app_smb, app_netbios, app_mysql, app_postgresql, app_mongodb, app_mqtt, app_amqp,
    app_bgp, app_socks, app_socks_server, app_rtmp, app_telnet, app_kafka, app_cassandra, app_tds,
    app_tns, app_drda, app_h323, app_iscsi, app_x11, app_zmtp, app_opcua, app_pptp, app_openwire,
    app_gearman, app_bitcoin;

/* app_rpc.c: RPC, and what is coded in BER */
app_test app_ldap, app_kerberos, app_snmp, app_dcerpc, app_dcerpc_udp, app_rpc, app_nfs;

/* app_plant.c: industrial and building automation */
app_test app_dnp3, app_modbus, app_iec104, app_s7comm, app_enip, app_bacnet, app_knx;

/* app_network.c: what networks run on, most of it in datagrams */
app_test app_bittorrent, app_openvpn, app_wireguard, app_stun, app_dtls, app_ntp, app_dhcp,
    app_dhcpv6, app_tftp, app_ike, app_radius, app_coap, app_diameter, app_netbios_udp,
    app_memcached_udp, app_rip, app_netflow, app_ipfix, app_sflow, app_ldp, app_rtps;

#endif
