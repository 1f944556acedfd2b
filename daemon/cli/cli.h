#ifndef DAEMON_CLI_CLI_H
#define DAEMON_CLI_CLI_H

/* Finds the verb and runs it; the result is main's. */
int cli_main(int argc, char **argv);

#endif
