/* apps.c - who is asked for a label, and the labels that are a fixed prefix
 *
 * Evidence is in the bytes: at least three that are fixed, and lengths that agree. No two rows know
 * the same bytes; their order is of no matter.
 */
#include "apps.h"

enum over {
    STREAM = 1,
    DATAGRAM = 2,
    BOTH = STREAM | DATAGRAM,
};

/* What begins so is that. */
#define PREFIX(app_, over_, text)                                                                  \
    {                                                                                              \
        PAVO_APP_##app_, over_, sizeof(text) - 1, text                                             \
    }
static const struct prefix_row {
    uint8_t app, over, bytes;
    const char *text;
} prefixes[] = {
    PREFIX(HTTP2, STREAM, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    PREFIX(BITTORRENT, STREAM,
           "\x13"
           "BitTorrent protocol"),
    PREFIX(NBD, STREAM, "NBDMAGIC"),
    PREFIX(CEPH, STREAM, "ceph v"),
    PREFIX(SPICE, STREAM, "REDQ\x02\0\0\0"),
    PREFIX(SVN, STREAM, "( success ( 2 2 ("),
    PREFIX(MPD, STREAM, "OK MPD 0."),
    PREFIX(FIX, STREAM, "8=FIX.4."),
    PREFIX(FIX, STREAM, "8=FIX.5."),
    PREFIX(FIX, STREAM, "8=FIXT.1.1\x01"),
    PREFIX(STOMP, STREAM, "CONNECT\naccept-version:"),
    PREFIX(STOMP, STREAM, "CONNECT\nhost:"),
    PREFIX(STOMP, STREAM, "CONNECT\nlogin:"),
    PREFIX(STOMP, STREAM, "STOMP\naccept-version:"),
    PREFIX(STOMP, STREAM, "CONNECTED\nversion:1."),
    PREFIX(STOMP, STREAM, "CONNECTED\nsession:"),
    PREFIX(ZABBIX, STREAM, "ZBXD\x01"),
    PREFIX(ZABBIX, STREAM, "ZBXD\x03"),
    PREFIX(ADB, STREAM, "CNXN\0\0\0\x01"),
    PREFIX(ADB, STREAM, "CNXN\x01\0\0\x01"),
    PREFIX(HADOOP, STREAM, "hrpc\x09"),
    PREFIX(CVS, STREAM, "BEGIN AUTH REQUEST\n"),
    PREFIX(CVS, STREAM, "BEGIN VERIFICATION REQUEST\n"),
    PREFIX(STEAM, DATAGRAM, "\xff\xff\xff\xffTSource Engine Query"),
    PREFIX(TEAMSPEAK, DATAGRAM, "TS3INIT1"),
    PREFIX(SYNCTHING, DATAGRAM, "\x2e\xa7\xd9\x0b"),
    PREFIX(DROPBOX, DATAGRAM, "{\"host_int\": "),
};
#undef PREFIX

/* The bytes with which it may begin, where they are few and none is 0: most rows are done with at a
 * glance. */
#define ANY ""
static const struct test_row {
    uint8_t app, over;
    const char first[18];
    app_test *test;
} tests[] = {
    {PAVO_APP_SMTP, STREAM, "2EeHh", app_smtp},
    {PAVO_APP_SMTP, STREAM, "EeHh", app_smtp_hello},
    {PAVO_APP_FTP, STREAM, "2UuAaFf", app_ftp},
    {PAVO_APP_POP3, STREAM, "+UuAaCcSs", app_pop3},
    {PAVO_APP_IMAP, STREAM, "*", app_imap},
    {PAVO_APP_IMAP, STREAM, ANY, app_imap_command},
    {PAVO_APP_NNTP, STREAM, "2MmCc", app_nntp},
    {PAVO_APP_SIP, BOTH, ANY, app_sip},
    {PAVO_APP_RTSP, STREAM, ANY, app_rtsp},
    {PAVO_APP_RDP, STREAM, "\x03", app_rdp},
    {PAVO_APP_SMB, STREAM, ANY, app_smb},
    {PAVO_APP_NETBIOS, STREAM, "\x81", app_netbios},
    {PAVO_APP_NETBIOS, DATAGRAM, ANY, app_netbios_udp},
    {PAVO_APP_LDAP, BOTH, "0", app_ldap},
    {PAVO_APP_KERBEROS, BOTH, ANY, app_kerberos},
    {PAVO_APP_MYSQL, STREAM, ANY, app_mysql},
    {PAVO_APP_POSTGRESQL, STREAM, ANY, app_postgresql},
    {PAVO_APP_REDIS, STREAM, "*", app_redis},
    {PAVO_APP_MONGODB, STREAM, ANY, app_mongodb},
    {PAVO_APP_MQTT, STREAM, "\x10", app_mqtt},
    {PAVO_APP_AMQP, STREAM, "A", app_amqp},
    {PAVO_APP_BGP, STREAM, "\xff", app_bgp},
    {PAVO_APP_SOCKS, STREAM, ANY, app_socks},
    {PAVO_APP_SOCKS, STREAM, ANY, app_socks_server},
    {PAVO_APP_RTMP, STREAM, "\x03", app_rtmp},
    {PAVO_APP_XMPP, STREAM, "<", app_xmpp},
    {PAVO_APP_IRC, STREAM, "NnUuPpCc", app_irc},
    {PAVO_APP_IRC, STREAM, ":Nn", app_irc_server},
    {PAVO_APP_VNC, STREAM, "R", app_vnc},
    {PAVO_APP_TELNET, STREAM, "\xff", app_telnet},
    {PAVO_APP_MEMCACHED, STREAM, "SsAaRrVv", app_memcached},
    {PAVO_APP_MEMCACHED, STREAM, "GgSsVvEe", app_memcached_answered},
    {PAVO_APP_MEMCACHED, DATAGRAM, ANY, app_memcached_udp},
    {PAVO_APP_GIT, STREAM, "0123456789abcdef", app_git},
    {PAVO_APP_RSYNC, STREAM, "@", app_rsync},
    {PAVO_APP_DCERPC, STREAM, "\x05", app_dcerpc},
    {PAVO_APP_DCERPC, DATAGRAM, "\x04", app_dcerpc_udp},
    {PAVO_APP_RPC, BOTH, ANY, app_rpc},
    {PAVO_APP_NFS, BOTH, ANY, app_nfs},
    {PAVO_APP_KAFKA, STREAM, ANY, app_kafka},
    {PAVO_APP_CASSANDRA, STREAM, "\x03\x04\x05\x83\x84\x85", app_cassandra},
    {PAVO_APP_DIAMETER, BOTH, "\x01", app_diameter},
    {PAVO_APP_DNP3, BOTH, "\x05", app_dnp3},
    {PAVO_APP_MODBUS, STREAM, ANY, app_modbus},
    {PAVO_APP_IEC104, STREAM, "h", app_iec104},
    {PAVO_APP_S7COMM, STREAM, "\x03", app_s7comm},
    {PAVO_APP_ENIP, BOTH, ANY, app_enip},
    {PAVO_APP_BITTORRENT, DATAGRAM, ANY, app_bittorrent},
    {PAVO_APP_OPENVPN, BOTH, ANY, app_openvpn},
    {PAVO_APP_WIREGUARD, DATAGRAM, ANY, app_wireguard},
    {PAVO_APP_STUN, BOTH, ANY, app_stun},
    {PAVO_APP_DTLS, DATAGRAM, "\x16", app_dtls},
    {PAVO_APP_NTP, DATAGRAM, ANY, app_ntp},
    {PAVO_APP_SNMP, BOTH, "0", app_snmp},
    {PAVO_APP_DHCP, DATAGRAM, ANY, app_dhcp},
    {PAVO_APP_DHCPV6, DATAGRAM, ANY, app_dhcpv6},
    {PAVO_APP_TFTP, DATAGRAM, ANY, app_tftp},
    {PAVO_APP_SYSLOG, BOTH, "<123456789", app_syslog},
    {PAVO_APP_IKE, DATAGRAM, ANY, app_ike},
    {PAVO_APP_RADIUS, DATAGRAM, ANY, app_radius},
    {PAVO_APP_COAP, DATAGRAM, ANY, app_coap},
    {PAVO_APP_SSDP, DATAGRAM, "MmNnHh", app_ssdp},
    {PAVO_APP_TDS, STREAM, "\x12", app_tds},
    {PAVO_APP_TNS, STREAM, ANY, app_tns},
    {PAVO_APP_DRDA, STREAM, ANY, app_drda},
    {PAVO_APP_H323, STREAM, "\x03", app_h323},
    {PAVO_APP_MGCP, DATAGRAM, ANY, app_mgcp},
    {PAVO_APP_ISCSI, STREAM, "C", app_iscsi},
    {PAVO_APP_X11, STREAM, "lB", app_x11},
    {PAVO_APP_NATS, STREAM, "Ii", app_nats},
    {PAVO_APP_ZMTP, STREAM, "\xff", app_zmtp},
    {PAVO_APP_OPCUA, STREAM, "AH", app_opcua},
    {PAVO_APP_RTPS, DATAGRAM, "R", app_rtps},
    {PAVO_APP_BACNET, DATAGRAM, "\x81", app_bacnet},
    {PAVO_APP_KNX, DATAGRAM, "\x06", app_knx},
    {PAVO_APP_RIP, DATAGRAM, ANY, app_rip},
    {PAVO_APP_NETFLOW, DATAGRAM, ANY, app_netflow},
    {PAVO_APP_IPFIX, BOTH, ANY, app_ipfix},
    {PAVO_APP_SFLOW, DATAGRAM, ANY, app_sflow},
    {PAVO_APP_PPTP, STREAM, ANY, app_pptp},
    {PAVO_APP_LDP, BOTH, ANY, app_ldp},
    {PAVO_APP_BITCOIN, STREAM, "\xf9\x0b\x0a\xfa", app_bitcoin},
    {PAVO_APP_STRATUM, STREAM, "{", app_stratum},
    {PAVO_APP_OPENWIRE, STREAM, ANY, app_openwire},
    {PAVO_APP_GEARMAN, STREAM, ANY, app_gearman},
    {PAVO_APP_WSD, DATAGRAM, "<", app_wsd},
    {PAVO_APP_MEGACO, BOTH, "!Mm", app_megaco},
};
#undef ANY

static bool
may_begin(const char *first, uint8_t c)
{
    if (!*first)
        return true;
    for (; *first; first++)
        if ((uint8_t)*first == c)
            return true;
    return false;
}

static enum ins_got
ask_all(const struct ins_seen *s, unsigned over, enum pavo_app *app)
{
    enum ins_got all = INS_NO, got;

    for (size_t k = 0; k < sizeof prefixes / sizeof prefixes[0]; k++) {
        const struct prefix_row *row = &prefixes[k];

        if (!(row->over & over) || (uint8_t)row->text[0] != s->at[0])
            continue;
        got = app_begins(s->at, s->n, row->text, row->bytes);
        if (got == INS_YES) {
            *app = (enum pavo_app)row->app;
            return INS_YES;
        }
        if (got == INS_MORE)
            all = INS_MORE;
    }
    for (size_t k = 0; k < sizeof tests / sizeof tests[0]; k++) {
        if (!(tests[k].over & over) || !may_begin(tests[k].first, s->at[0]))
            continue;
        got = tests[k].test(s);
        if (got == INS_YES) {
            *app = (enum pavo_app)tests[k].app;
            return INS_YES;
        }
        if (got == INS_MORE)
            all = INS_MORE;
    }
    return all;
}

enum ins_got
ins_app_stream(const struct ins_seen *s, enum pavo_app *app)
{
    return s->n ? ask_all(s, STREAM, app) : INS_MORE;
}

enum ins_got
ins_app_datagram(const struct ins_seen *s, enum pavo_app *app)
{
    return s->n ? ask_all(s, DATAGRAM, app) : INS_NO;
}
