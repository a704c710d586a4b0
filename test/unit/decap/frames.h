/* frames.h - pieces of frames as hex text, for the tables of the decoder's tests
 *
 * Lengths are written out by hand, so that no code computes what the decoder is to check.
 */
#ifndef FRAMES_H
#define FRAMES_H

#define ETH(type)       "02000000000b 02000000000a " type " "
#define VLAN(tci, type) tci type " "

/* Outer IPv4 10.0.0.1 > 10.0.0.2 and IPv6 fd00::1 > fd00::2; total and payload length, protocol. */
#define IP4F(len, frag, proto) "4500 " len " 1234 " frag " 40" proto "0000 0a000001 0a000002 "
#define IP4(len, proto)        IP4F(len, "0000", proto)
#define A6                     "fd000000000000000000000000000001 "
#define B6                     "fd000000000000000000000000000002 "
#define IP6(len, next)         "60000000 " len next "40 " A6 B6

#define UDP(src, dst, len) src dst len "0000 "
/* TCP 1234 > 80, sequence 1, acknowledgment 2, SYN and ACK, window 8192. */
#define TCP "04d2 0050 00000001 00000002 5012 2000 0000 0000 "

/* What tunnels carry: 28 bytes IPv4 and 48 bytes IPv6 with UDP 1000 > 53, 42 bytes Ethernet with
 * the first. */
#define IN4 "4500001c 00090000 40110000 c0a80001 c0a80002 03e8003500080000 "
#define IN6                                                                                        \
    "60000000 00081140 fd010000000000000000000000000001 fd010000000000000000000000000002 "         \
    "03e8003500080000 "
#define INE "020000000bbb 020000000aaa 0800 " IN4
/* 42 bytes of Ethernet with ARP, 18 with a protocol that has no route. */
#define INARP                                                                                      \
    "ffffffffffff 020000000aaa 0806 0001 0800 06 04 0001 020000000aaa c0a80001 000000000000 "      \
    "c0a80002 "
#define INLLDP "0180c200000e 020000000aaa 88cc 02070400 "
/* Nine words of four bytes. */
#define WORDS9 "00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 "

/* 802.11: data from station 0a over the access point bb to 0b; SNAP with IPv4. */
#define AP   "0200000000bb "
#define STA  "02000000000a "
#define PEER "02000000000b "
#define TODS "0801 2c00 " AP STA PEER "1000 "
#define SNAP "aaaa03 000000 0800 "

#endif
