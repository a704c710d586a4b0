/* words.h - lists of words of enumerations, for the rows of fields.def
 *
 * Private to the export library.
 */
#ifndef PAVO_WORDS_H
#define PAVO_WORDS_H

extern const char *const words_end[];
extern const char *const words_detail[];
extern const char *const words_basis[];
extern const char *const words_direction[];
extern const char *const words_kind[];
extern const char *const words_why[];
extern const char *const words_carrier[];
extern const char *const words_name[];
extern const char *const words_proto[];
extern const char *const words_state[];
extern const char *const words_side[];
extern const char *const words_ip_id[];
extern const char *const words_assoc[];
extern const char *const words_assoc_state[];
extern const char *const words_cast[];
extern const char *const words_dns_type[];
extern const char *const words_dns_rcode[];
extern const char *const words_app[];

#endif
