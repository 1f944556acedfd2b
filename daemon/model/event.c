#include "daemon/model/event.h"

#include <string.h>

#include "common/mem.h"

void event_done(struct event *event)
{
    mem_free(event->body);
    mem_free(event->query);
    memset(event, 0, sizeof *event);
}

bool event_is_found(const struct event *event)
{
    return event->source == EVENT_INNER && strcmp(event->name, EVENT_FOUND) == 0;
}

bool event_is_signal(const struct event *event)
{
    return event->source == EVENT_INNER && !event_is_found(event);
}

const char *event_source_word(enum event_source source)
{
    switch (source) {
    case EVENT_WEBHOOK:
        return "webhook";
    case EVENT_ROBOT:
        return "robot";
    case EVENT_OWN:
        return "own";
    case EVENT_INNER:
        return "inner";
    }
    return "?";
}
