/* messages.h - a good message or two of each label
 *
 * By side as it comes: what 'says' is a sentence that must be true. Over streams both sides may
 * have to speak before a label is known.
 */
#ifndef PAVO_INSPECT_MESSAGES_H
#define PAVO_INSPECT_MESSAGES_H

#include "pavo_inspect.h"
#include "t.h"

enum over { STREAM, DATAGRAM };

/* A message is a line. */
/* clang-format off */
#define B(text)   text, sizeof(text) - 1
#define NO_ANSWER "", 0
#define FF16      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
#define Z8        "\0\0\0\0\0\0\0\0"
#define NB_NAME   "CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const struct message {
    const char *says;
    enum pavo_app app;
    enum over over;
    const char *ask;
    size_t n_ask;
    const char *answer;
    size_t n_answer;
} messages[] = {
    {"a request of HTTP", PAVO_APP_HTTP, STREAM, B("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"),
     NO_ANSWER},
    {"a response of HTTP", PAVO_APP_HTTP, STREAM, B("HTTP/1.1 404 Not Found\r\n\r\n"), NO_ANSWER},
    {"both identifications of SSH", PAVO_APP_SSH, STREAM, B("SSH-2.0-OpenSSH_9.6\r\n"),
     B("SSH-2.0-dropbear\r\n")},
    {"a query of DNS", PAVO_APP_DNS, DATAGRAM,
     B("\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01"
       "a\x07"
       "example\0\0\x01\0\x01"),
     NO_ANSWER},
    {"a query of DNS over TCP", PAVO_APP_DNS, STREAM,
     B("\0\x1b\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01"
       "a\x07"
       "example\0\0\x01\0\x01"),
     NO_ANSWER},
    {"an answer of multicast DNS", PAVO_APP_DNS, DATAGRAM,
     B("\0\0\x84\0\0\0\0\x01\0\0\0\0\x01"
       "a\x05"
       "local\0\0\x01\x80\x01\0\0\0\x78\0\x04\x0a\0\0\x01"),
     NO_ANSWER},
    {"the preface of HTTP/2", PAVO_APP_HTTP2, STREAM,
     B("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\x04"), NO_ANSWER},
    {"a greeting of SMTP", PAVO_APP_SMTP, STREAM, B("220 mx.example ESMTP Postfix\r\n"), NO_ANSWER},
    {"a greeting of SMTP in two lines", PAVO_APP_SMTP, STREAM,
     B("220-mx.example welcomes\r\n220 ESMTP\r\n"), NO_ANSWER},
    {"EHLO behind a greeting that says nothing", PAVO_APP_SMTP, STREAM, B("220 mx.example\r\n"),
     B("EHLO a.example\r\n")},
    {"EHLO", PAVO_APP_SMTP, STREAM, B("EHLO [10.0.0.1]\r\n"), NO_ANSWER},
    {"a greeting of FTP", PAVO_APP_FTP, STREAM, B("220 (vsFTPd 3.0.3)\r\n"), NO_ANSWER},
    {"USER behind a greeting that says nothing", PAVO_APP_FTP, STREAM, B("220 Welcome\r\n"),
     B("USER anonymous\r\n")},
    {"a greeting of POP3", PAVO_APP_POP3, STREAM, B("+OK POP3 server ready\r\n"), NO_ANSWER},
    {"a greeting of POP3 with a timestamp", PAVO_APP_POP3, STREAM,
     B("+OK ready <1896.697170952@mx.example>\r\n"), NO_ANSWER},
    {"CAPA behind +OK", PAVO_APP_POP3, STREAM, B("+OK Dovecot ready.\r\n"), B("CAPA\r\n")},
    {"a greeting of IMAP", PAVO_APP_IMAP, STREAM,
     B("* OK [CAPABILITY IMAP4rev1 LITERAL+] ready\r\n"), NO_ANSWER},
    {"a command of IMAP", PAVO_APP_IMAP, STREAM, B("a001 CAPABILITY\r\n"), NO_ANSWER},
    {"LOGIN behind * OK", PAVO_APP_IMAP, STREAM, B("* OK Dovecot ready.\r\n"),
     B("1 LOGIN a b\r\n")},
    {"a greeting of NNTP", PAVO_APP_NNTP, STREAM,
     B("200 news.example InterNetNews NNRP server ready\r\n"), NO_ANSWER},
    {"a request of SIP", PAVO_APP_SIP, DATAGRAM,
     B("INVITE sip:bob@example.com SIP/2.0\r\nVia: x\r\n"), NO_ANSWER},
    {"a response of SIP over TCP", PAVO_APP_SIP, STREAM, B("SIP/2.0 180 Ringing\r\n"), NO_ANSWER},
    {"a request of RTSP", PAVO_APP_RTSP, STREAM,
     B("DESCRIBE rtsp://a.example/x RTSP/1.0\r\nCSeq: 1\r\n"), NO_ANSWER},
    {"a response of RTSP", PAVO_APP_RTSP, STREAM, B("RTSP/1.0 200 OK\r\n"), NO_ANSWER},
    {"RDP with a negotiation", PAVO_APP_RDP, STREAM,
     B("\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0"), NO_ANSWER},
    {"RDP with a cookie", PAVO_APP_RDP, STREAM,
     B("\x03\0\0\x28\x23\xe0\0\0\0\0\0Cookie: mstshash=bob\r\n\x01\0\x08\0\x03\0\0"), NO_ANSWER},
    {"RDP without negotiation", PAVO_APP_RDP, STREAM,
     B("\x03\0\0\x0b\x06\xe0\0\0\0\0\0\x03\0\x01\x9c\x02\xf0\x80\x7f\x65\x82"), NO_ANSWER},
    {"SMB 2", PAVO_APP_SMB, STREAM, B("\0\0\0\x66\xfeSMB\x40\0\0\0"), NO_ANSWER},
    {"a session of NetBIOS", PAVO_APP_NETBIOS, STREAM,
     B("\x81\0\0\x44\x20" NB_NAME "\0\x20" NB_NAME "\0"), NO_ANSWER},
    {"a name query of NetBIOS", PAVO_APP_NETBIOS, DATAGRAM,
     B("\x80\x01\x01\x10\0\x01\0\0\0\0\0\0\x20" NB_NAME "\0\0\x20\0\x01"), NO_ANSWER},
    {"a bind of LDAP", PAVO_APP_LDAP, STREAM,
     B("\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0"), NO_ANSWER},
    {"an entry of CLDAP", PAVO_APP_LDAP, DATAGRAM, B("\x30\x09\x02\x01\x01\x64\x04\x04\0\x30\0"),
     NO_ANSWER},
    {"a datagram of NetBIOS", PAVO_APP_NETBIOS, DATAGRAM,
     B("\x11\x1a\x12\x34\x0a\0\0\x01\0\x8a\0\x44\0\0\x20" NB_NAME "\0\x20" NB_NAME "\0"),
     NO_ANSWER},
    {"CLDAP", PAVO_APP_LDAP, DATAGRAM,
     B("\x30\x25\x02\x01\x01\x63\x20\x04\0\x0a\x01\0\x0a\x01\0\x02\x01\0\x02\x01\0\x01\x01\0\x87"
       "\x0bobjectclass\x30\0"),
     NO_ANSWER},
    {"AS-REQ of Kerberos", PAVO_APP_KERBEROS, STREAM,
     B("\0\0\0\x10\x6a\x0e\x30\x0c\xa1\x03\x02\x01\x05\xa2\x03\x02\x01\x0a\xa4\0"), NO_ANSWER},
    {"an error of Kerberos over UDP", PAVO_APP_KERBEROS, DATAGRAM,
     B("\x7e\x0e\x30\x0c\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x1e\xa4\0"), NO_ANSWER},
    {"a greeting of MySQL", PAVO_APP_MYSQL, STREAM,
     B("\x4a\0\0\0\x0a"
       "8.0.36\0\x08\0\0\0abcdefgh\0\xff\xf7\x21\x02\0"),
     NO_ANSWER},
    {"a startup of PostgreSQL", PAVO_APP_POSTGRESQL, STREAM,
     B("\0\0\0\x14\0\x03\0\0user\0alice\0\0"), NO_ANSWER},
    {"SSLRequest of PostgreSQL", PAVO_APP_POSTGRESQL, STREAM, B("\0\0\0\x08\x04\xd2\x16\x2f"),
     NO_ANSWER},
    {"a command of Redis", PAVO_APP_REDIS, STREAM, B("*2\r\n$3\r\nGET\r\n$1\r\na\r\n"), NO_ANSWER},
    {"OP_MSG of MongoDB", PAVO_APP_MONGODB, STREAM,
     B("\x1f\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0\x0a\0\0\0\x10"
       "a\0\0"),
     NO_ANSWER},
    {"OP_QUERY of MongoDB", PAVO_APP_MONGODB, STREAM,
     B("\x3a\0\0\0\x01\0\0\0\0\0\0\0\xd4\x07\0\0\0\0\0\0admin.$cmd\0\0\0\0\0"), NO_ANSWER},
    {"CONNECT of MQTT", PAVO_APP_MQTT, STREAM,
     B("\x10\x10\0\x04MQTT\x04\x02\0\x3c\0\x04"
       "abcd"),
     NO_ANSWER},
    {"the header of AMQP", PAVO_APP_AMQP, STREAM, B("AMQP\0\0\x09\x01"), NO_ANSWER},
    {"OPEN of BGP", PAVO_APP_BGP, STREAM, B(FF16 "\0\x1d\x01\x04"), NO_ANSWER},
    {"SOCKS 5 without authentication", PAVO_APP_SOCKS, STREAM,
     B("\x05\x01\0\x05\x01\0\x01\x0a\0\0\x01\0\x50"), B("\x05\0")},
    {"SOCKS 4", PAVO_APP_SOCKS, STREAM, B("\x04\x01\0\x50\x0a\0\0\x01\0"), B("\0\x5a\0\0\0\0\0\0")},
    {"a stream of XMPP", PAVO_APP_XMPP, STREAM, B("<?xml version='1.0'?><stream:stream to='a'>"),
     NO_ANSWER},
    {"NICK and USER of IRC", PAVO_APP_IRC, STREAM, B("NICK bob\r\nUSER bob 0 * :Bob\r\n"),
     NO_ANSWER},
    {"a server of IRC", PAVO_APP_IRC, STREAM, B(":irc.example.net NOTICE * :*** Looking up\r\n"),
     NO_ANSWER},
    {"the version of VNC", PAVO_APP_VNC, STREAM, B("RFB 003.008\n"), NO_ANSWER},
    {"negotiations of Telnet", PAVO_APP_TELNET, STREAM, B("\xff\xfd\x18\xff\xfd\x20\xff\xfd\x23"),
     NO_ANSWER},
    {"a command of memcached", PAVO_APP_MEMCACHED, STREAM, B("set key 0 60 4\r\nabcd\r\n"),
     NO_ANSWER},
    {"an answered command of memcached", PAVO_APP_MEMCACHED, STREAM, B("get key\r\n"),
     B("END\r\n")},
    {"memcached over UDP", PAVO_APP_MEMCACHED, DATAGRAM, B("\0\x01\0\0\0\x01\0\0stats\r\n"),
     NO_ANSWER},
    {"a fetch of git", PAVO_APP_GIT, STREAM,
     B("0033git-upload-pack /project.git\0host=a.example\0"), NO_ANSWER},
    {"the version of rsync", PAVO_APP_RSYNC, STREAM, B("@RSYNCD: 31.0\n"), NO_ANSWER},
    {"a bind of DCE RPC", PAVO_APP_DCERPC, STREAM,
     B("\x05\0\x0b\x03\x10\0\0\0\x48\0\0\0\x01\0\0\0"), NO_ANSWER},
    {"a request of DCE RPC over UDP", PAVO_APP_DCERPC, DATAGRAM,
     B("\x04\0\x28\0\x10\0\0\0" Z8 Z8 Z8 Z8 Z8 Z8 Z8 Z8 "\0\0\x04\0\0\0\0\0abcd"), NO_ANSWER},
    {"a call of the portmapper", PAVO_APP_RPC, DATAGRAM,
     B("\x12\x34\x56\x78\0\0\0\0\0\0\0\x02\0\x01\x86\xa0\0\0\0\x02\0\0\0\x03\0\0\0\0\0\0\0\0\0\0\0"
       "\0\0\0\0\0"),
     NO_ANSWER},
    {"a call of NFS", PAVO_APP_NFS, STREAM,
     B("\x80\0\0\x28\x12\x34\x56\x78\0\0\0\0\0\0\0\x02\0\x01\x86\xa3\0\0\0\x04\0\0\0\0\0\0\0\0\0\0"
       "\0\0\0\0\0\0\0\0\0\0"),
     NO_ANSWER},
    {"a request of Kafka", PAVO_APP_KAFKA, STREAM,
     B("\0\0\0\x12\0\x12\0\0\0\0\0\x01\0\x08"
       "producer"),
     NO_ANSWER},
    {"OPTIONS of Cassandra", PAVO_APP_CASSANDRA, STREAM, B("\x04\0\0\0\x05\0\0\0\0"),
     B("\x84\0\0\0\x06\0\0\0\x02\0\0")},
    {"STARTUP of Cassandra", PAVO_APP_CASSANDRA, STREAM,
     B("\x04\0\0\x01\x01\0\0\0\x16\0\x01\0\x0b"
       "CQL_VERSION\0\x05"
       "3.0.0"),
     NO_ANSWER},
    {"CER of Diameter", PAVO_APP_DIAMETER, STREAM,
     B("\x01\0\0\x28\x80\0\x01\x01\0\0\0\0\0\0\0\x01\0\0\0\x01\0\0\x01\x08\x40\0\0\x12"
       "host.realm\0\0"),
     NO_ANSWER},
    {"a request of DNP3", PAVO_APP_DNP3, STREAM, B("\x05\x64\x05\xc0\x01\0\0\x04\xe9\x21"),
     NO_ANSWER},
    {"a request of Modbus and its answer", PAVO_APP_MODBUS, STREAM,
     B("\0\x01\0\0\0\x06\x01\x03\0\0\0\x02"), B("\0\x01\0\0\0\x07\x01\x03\x04\0\0\0\0")},
    {"STARTDT of IEC 104", PAVO_APP_IEC104, STREAM, B("\x68\x04\x07\0\0\0"), NO_ANSWER},
    {"S7 behind its connection", PAVO_APP_S7COMM, STREAM,
     B("\x03\0\0\x16\x11\xe0\0\0\0\x01\0\xc0\x01\x0a\xc1\x02\x01\0\xc2\x02\x01\x02\x03\0\0\x19\x02"
       "\xf0\x80\x32\x01\0\0\0\0\0\x08\0\0\xf0\0\0\x01\0\x01\x01\xe0"),
     NO_ANSWER},
    {"RegisterSession of EtherNet/IP", PAVO_APP_ENIP, STREAM,
     B("\x65\0\x04\0\0\0\0\0\0\0\0\0" Z8 "\0\0\0\0\x01\0\0\0"), NO_ANSWER},
    {"ListIdentity of EtherNet/IP", PAVO_APP_ENIP, DATAGRAM,
     B("\x63\0\0\0\0\0\0\0\0\0\0\0" Z8 "\0\0\0\0"), NO_ANSWER},
    {"a handshake of BitTorrent", PAVO_APP_BITTORRENT, STREAM,
     B("\x13"
       "BitTorrent protocol" Z8),
     NO_ANSWER},
    {"a query of the DHT of BitTorrent", PAVO_APP_BITTORRENT, DATAGRAM,
     B("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"), NO_ANSWER},
    {"connect of a tracker", PAVO_APP_BITTORRENT, DATAGRAM,
     B("\0\0\x04\x17\x27\x10\x19\x80\0\0\0\0\x12\x34\x56\x78"), NO_ANSWER},
    {"a reset of OpenVPN", PAVO_APP_OPENVPN, DATAGRAM,
     B("\x38"
       "abcdefgh\0\0\0\0\0"),
     NO_ANSWER},
    {"a reset of OpenVPN over TCP", PAVO_APP_OPENVPN, STREAM,
     B("\0\x0e\x38"
       "abcdefgh\0\0\0\0\0"),
     NO_ANSWER},
    {"an initiation of WireGuard", PAVO_APP_WIREGUARD, DATAGRAM,
     B("\x01\0\0\0" FF16 FF16 FF16 FF16 FF16 FF16 FF16 FF16 FF16), NO_ANSWER},
    {"a binding request of STUN", PAVO_APP_STUN, DATAGRAM,
     B("\0\x01\0\0\x21\x12\xa4\x42"
       "abcdefghijkl"),
     NO_ANSWER},
    {"a hello of DTLS", PAVO_APP_DTLS, DATAGRAM,
     B("\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\x10\x01\0\0\x04\0\0\0\0\0\0\0\x04"
       "abcd"),
     NO_ANSWER},
    {"a request of NTP", PAVO_APP_NTP, DATAGRAM,
     B("\x23\x02\x06\xe8\0\0\x03\xfd\0\0\0\x7d\xd5\x7a\x0a\x01" Z8 Z8 Z8
       "\xe9\x12\x34\x56\0\0\0\0"),
     NO_ANSWER},
    {"a get of SNMP", PAVO_APP_SNMP, DATAGRAM,
     B("\x30\x18\x02\x01\x01\x04\x06public\xa0\x0b\x02\x01\x01\x02\x01\0\x02\x01\0\x30\0"),
     NO_ANSWER},
    {"SNMP version 3", PAVO_APP_SNMP, DATAGRAM,
     B("\x30\x12\x02\x01\x03\x30\x0d\x02\x01\x01\x02\x02\x05\xdc\x04\x01\x04\x02\x01\x03"),
     NO_ANSWER},
    {"DHCP", PAVO_APP_DHCP, DATAGRAM,
     B("\x01\x01\x06\0" FF16 FF16 FF16 FF16 FF16 FF16 FF16 FF16 FF16 FF16 FF16 FF16 FF16 FF16 Z8
       "\x63\x82\x53\x63\x35\x01\x01\xff"),
     NO_ANSWER},
    {"a solicitation of DHCPv6", PAVO_APP_DHCPV6, DATAGRAM,
     B("\x01\x12\x34\x56\0\x01\0\x0a\0\x03\0\x01\x02\0\0\0\0\x01\0\x08\0\x02\0\0"), NO_ANSWER},
    {"a request of TFTP", PAVO_APP_TFTP, DATAGRAM,
     B("\0\x01"
       "boot.img\0octet\0"),
     NO_ANSWER},
    {"a message of syslog with a version", PAVO_APP_SYSLOG, DATAGRAM,
     B("<34>1 2003-10-11T22:14:15.003Z a su - ID47 - x"), NO_ANSWER},
    {"a message of syslog with a date", PAVO_APP_SYSLOG, STREAM, B("<34>Oct 11 22:14:15 a su: x\n"),
     NO_ANSWER},
    {"a message of syslog with a count", PAVO_APP_SYSLOG, DATAGRAM,
     B("<189>12: *Mar  1 00:00:04.657: %LINK-5-CHANGED: x"), NO_ANSWER},
    {"a message of syslog of a firewall", PAVO_APP_SYSLOG, DATAGRAM, B("<166>%ASA-6-305011: x"),
     NO_ANSWER},
    {"IKE_SA_INIT", PAVO_APP_IKE, DATAGRAM,
     B("abcdefgh" Z8 "\x21\x20\x22\x08\0\0\0\0\0\0\0\x24" Z8), NO_ANSWER},
    {"IKE behind the marker", PAVO_APP_IKE, DATAGRAM,
     B("\0\0\0\0abcdefghijklmnop\x2e\x20\x23\x08\0\0\0\x01\0\0\0\x24" Z8), NO_ANSWER},
    {"a request of RADIUS", PAVO_APP_RADIUS, DATAGRAM,
     B("\x01\x01\0\x1b" FF16 "\x01\x07"
       "alice"),
     NO_ANSWER},
    {"a request of CoAP", PAVO_APP_COAP, DATAGRAM,
     B("\x40\x01\x12\x34\xbb.well-known\x04"
       "core"),
     NO_ANSWER},
    {"a search of SSDP", PAVO_APP_SSDP, DATAGRAM,
     B("M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"), NO_ANSWER},
    {"an answer of SSDP", PAVO_APP_SSDP, DATAGRAM,
     B("HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1\r\nST: upnp:rootdevice\r\n"), NO_ANSWER},
    {"PRELOGIN of TDS", PAVO_APP_TDS, STREAM,
     B("\x12\x01\0\x1b\0\0\x01\0\0\0\x0b\0\x06\x01\0\x11\0\x01\xff\x0b\0\x08\x34\0\0\0\0"),
     NO_ANSWER},
    {"CONNECT of TNS", PAVO_APP_TNS, STREAM,
     B("\0\x60\0\0\x01\0\0\0\x01\x3c\x01\x2c\0\0\x08\0\x7f\xff\xc6\x0e\0\0\x01\0\0\x26\0\x3a\0\0"
       "\x02\0\x61\x61" Z8 Z8 Z8 "(DESCRIPTION=(CONNECT_DATA=(SID=x)))"),
     NO_ANSWER},
    {"EXCSAT of DRDA", PAVO_APP_DRDA, STREAM, B("\0\x20\xd0\x41\0\x01\0\x1a\x10\x41\0\x16"),
     NO_ANSWER},
    {"a set-up of H.323", PAVO_APP_H323, STREAM, B("\x03\0\0\x40\x08\x02\x12\x34\x05\x04\x03\x88"),
     NO_ANSWER},
    {"a command of MGCP", PAVO_APP_MGCP, DATAGRAM, B("AUEP 1200 aaln/1@rgw.example MGCP 1.0\r\n"),
     NO_ANSWER},
    {"a login of iSCSI", PAVO_APP_ISCSI, STREAM,
     B("\x43\x87\0\0\0\0\0\x1e" Z8 Z8 Z8 Z8 Z8 "InitiatorName=iqn.1993-08.org\0"), NO_ANSWER},
    {"NBD", PAVO_APP_NBD, STREAM, B("NBDMAGICIHAVEOPT"), NO_ANSWER},
    {"the banner of Ceph", PAVO_APP_CEPH, STREAM, B("ceph v2\n"), NO_ANSWER},
    {"a set-up of X11", PAVO_APP_X11, STREAM, B("l\0\x0b\0\0\0\x12\0\x10\0\0\0MIT-MAGIC-COOKIE-1"),
     NO_ANSWER},
    {"SPICE", PAVO_APP_SPICE, STREAM, B("REDQ\x02\0\0\0\x02\0\0\0"), NO_ANSWER},
    {"Subversion", PAVO_APP_SVN, STREAM, B("( success ( 2 2 ( ) ( edit-pipeline ) ) ) "),
     NO_ANSWER},
    {"Music Player Daemon", PAVO_APP_MPD, STREAM, B("OK MPD 0.23.5\n"), NO_ANSWER},
    {"a logon of FIX", PAVO_APP_FIX, STREAM,
     B("8=FIX.4.4\x01"
       "9=65\x01"
       "35=A\x01"),
     NO_ANSWER},
    {"CONNECT of STOMP", PAVO_APP_STOMP, STREAM, B("CONNECT\naccept-version:1.2\nhost:a\n\n\0"),
     NO_ANSWER},
    {"INFO of NATS", PAVO_APP_NATS, STREAM, B("INFO {\"server_id\":\"x\",\"version\":\"2\"}\r\n"),
     NO_ANSWER},
    {"a greeting of ZeroMQ", PAVO_APP_ZMTP, STREAM, B("\xff" Z8 "\x7f\x03\0NULL\0\0\0\0"),
     NO_ANSWER},
    {"a hello of OPC UA", PAVO_APP_OPCUA, STREAM,
     B("HELF\x30\0\0\0\0\0\0\0\0\0\x01\0\0\0\x01\0\0\0\0\0\0\0\0\0\x10\0\0\0opc.tcp://a:4840"),
     NO_ANSWER},
    {"RTPS", PAVO_APP_RTPS, DATAGRAM,
     B("RTPS\x02\x03\x01\x0f"
       "abcdefghijkl\x09\x01\x08\0"),
     NO_ANSWER},
    {"Who-Is of BACnet", PAVO_APP_BACNET, DATAGRAM,
     B("\x81\x0b\0\x0c\x01\x20\xff\xff\0\xff\x10\x08"), NO_ANSWER},
    {"a search of KNXnet/IP", PAVO_APP_KNX, DATAGRAM,
     B("\x06\x10\x02\x01\0\x0e\x08\x01\x0a\0\0\x01\x0e\x57"), NO_ANSWER},
    {"a response of RIP", PAVO_APP_RIP, DATAGRAM,
     B("\x02\x02\0\0\0\x02\0\0\x0a\0\0\0\xff\0\0\0\0\0\0\0\0\0\0\x01"), NO_ANSWER},
    {"a response of RIPng", PAVO_APP_RIP, DATAGRAM,
     B("\x02\x01\0\0\x20\x01\x0d\xb8" Z8 "\0\0\0\0\0\0\x20\x01"), NO_ANSWER},
    {"NetFlow 5", PAVO_APP_NETFLOW, DATAGRAM, B("\0\x05\0\x01" Z8 Z8 "\0\0\0\0" FF16 FF16 FF16),
     NO_ANSWER},
    {"NetFlow 9", PAVO_APP_NETFLOW, DATAGRAM,
     B("\0\x09\0\x01" FF16 "\0\0\0\x0c\x01\0\0\x01\0\x08\0\x04"), NO_ANSWER},
    {"IPFIX", PAVO_APP_IPFIX, DATAGRAM,
     B("\0\x0a\0\x1c\x60\0\0\0\0\0\0\0\0\0\0\x01\0\x02\0\x0c\x01\0\0\x01\0\x08\0\x04"), NO_ANSWER},
    {"sFlow", PAVO_APP_SFLOW, DATAGRAM,
     B("\0\0\0\x05\0\0\0\x01\x0a\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0"
       "\x08" Z8),
     NO_ANSWER},
    {"PPTP", PAVO_APP_PPTP, STREAM, B("\0\x9c\0\x01\x1a\x2b\x3c\x4d\0\x01\0\0"), NO_ANSWER},
    {"a hello of LDP", PAVO_APP_LDP, DATAGRAM,
     B("\0\x01\0\x1e\x0a\0\0\x01\0\0\x01\0\0\x14\0\0\0\0\x04\0\0\x04\0\x0f\0\0\x04\x01\0\x04\x0a\0"
       "\0\x01"),
     NO_ANSWER},
    {"Zabbix", PAVO_APP_ZABBIX, STREAM, B("ZBXD\x01\x0a\0\0\0\0\0\0\0"), NO_ANSWER},
    {"version of Bitcoin", PAVO_APP_BITCOIN, STREAM,
     B("\xf9\xbe\xb4\xd9version\0\0\0\0\0\x55\0\0\0"), NO_ANSWER},
    {"Stratum", PAVO_APP_STRATUM, STREAM,
     B("{\"id\": 1, \"method\": \"mining.subscribe\", \"params\": []}\n"), NO_ANSWER},
    {"OpenWire", PAVO_APP_OPENWIRE, STREAM,
     B("\0\0\0\xf0\x01"
       "ActiveMQ\0\0\0\x0c"),
     NO_ANSWER},
    {"ADB", PAVO_APP_ADB, STREAM, B("CNXN\0\0\0\x01\0\0\x04\0"), NO_ANSWER},
    {"Gearman", PAVO_APP_GEARMAN, STREAM,
     B("\0REQ\0\0\0\x01\0\0\0\x07"
       "reverse"),
     NO_ANSWER},
    {"Hadoop RPC", PAVO_APP_HADOOP, STREAM, B("hrpc\x09\0\0"), NO_ANSWER},
    {"a query of the Source engine", PAVO_APP_STEAM, DATAGRAM,
     B("\xff\xff\xff\xffTSource Engine Query\0"), NO_ANSWER},
    {"TeamSpeak", PAVO_APP_TEAMSPEAK, DATAGRAM, B("TS3INIT1\0\x65\0\0\x88"), NO_ANSWER},
    {"Syncthing", PAVO_APP_SYNCTHING, DATAGRAM, B("\x2e\xa7\xd9\x0b\x0a\x20"), NO_ANSWER},
    {"Dropbox", PAVO_APP_DROPBOX, DATAGRAM, B("{\"host_int\": 1234, \"version\": [2, 0]}"),
     NO_ANSWER},
    {"WS-Discovery", PAVO_APP_WSD, DATAGRAM,
     B("<?xml version=\"1.0\"?><e:Envelope "
       "xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\">"),
     NO_ANSWER},
    {"CVS", PAVO_APP_CVS, STREAM, B("BEGIN AUTH REQUEST\n/cvs\n"), NO_ANSWER},
    {"Megaco", PAVO_APP_MEGACO, DATAGRAM, B("MEGACO/1 [10.0.0.1]:2944 Transaction = 1 {"),
     NO_ANSWER},
};

/* clang-format on */
enum { N_MESSAGES = sizeof messages / sizeof messages[0] };

#endif
