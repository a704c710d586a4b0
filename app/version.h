/* version.h - the version as the build gives it */
#ifndef PAVO_VERSION_H
#define PAVO_VERSION_H

#ifndef PAVO_VERSION
#error "the build defines PAVO_VERSION"
#endif

#endif
