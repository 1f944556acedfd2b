#ifndef SANDBOX_FRONT_H
#define SANDBOX_FRONT_H

/* The stand-in portal as a program: the core behind HTTP, and its events posted. Serves until
 * SIGTERM or SIGINT; returns the exit code. argv[0] is the name in the usage text. */
int sandbox_main(int argc, char **argv);

#endif
