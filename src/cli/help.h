/** The text of --help. Not argp's own: glibc 2.36 puts the indentation of a line before what has
 *  been printed just before it, wherever that is near the end of a buffer of 200 bytes. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <argp.h>
#include <stdio.h>

/** Prints paragraphs, wrapped. Local; cannot fail. */
void nnt_help_text(FILE *stream, const char *text);

/** Prints options in groups, in the order of names: an option without a name is a group's heading,
 *  and an empty one the end.
 *  Local; cannot fail. */
void nnt_help_options(FILE *stream, const struct argp_option *options);

#endif
