#ifndef COMMON_LOG_H
#define COMMON_LOG_H

/* One line an event, to stderr, with journald's priority prefix ("<6>") when stderr is not a
 * terminal: message first, then key=value. Control characters in what is logged are replaced, so
 * text from outside can neither start a line nor colour a terminal. Secrets are never passed here.
 * Only the top of a thread logs; library code returns errors. Thread-safe: one write a line. */

enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7
};

/* Lines above `level` are dropped; LOG_LEVEL_INFO at start. */
void log_set_level(enum log_level level);

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
