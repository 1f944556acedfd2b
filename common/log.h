#ifndef COMMON_LOG_H
#define COMMON_LOG_H

/* One line an event, to stderr: message first, then key=value. When stderr is the journal's, each
 * line begins with its priority ("<4>"), elsewhere with a word ("warning: "). Text from outside can
 * neither start a line, colour a terminal nor pass for another key: where the format says key="%s"
 * or key=%s quotes, backslashes and control characters of the text are escaped (\", \\, \n, \x1b),
 * and key=%s gets quotes when the text is not one word; in the message control characters become
 * blanks. A value beyond 1 KiB and a line beyond 2 KiB are cut. Secrets are never passed here.
 * Only the top of a thread logs; library code returns errors. Thread-safe: one write a line. */

enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7
};

/* Lines above `level` are dropped; LOG_LEVEL_INFO at start. */
void log_set_level(enum log_level level);

/* Conversions: s d u f, with a precision and the lengths l ll z; no flags, no width. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
