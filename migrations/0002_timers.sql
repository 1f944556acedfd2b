-- Timers of rules. One that is set is a row of `run` that waits before its first step; here stands
-- what has to be known beyond that.

-- Each timer trigger of the rules in use, by portal: since when it is known (an earlier moment never
-- goes off), and how far the portal's records have been searched for those that nobody touches.
CREATE TABLE timer (
    portal     INTEGER NOT NULL,
    rule       TEXT NOT NULL,
    trigger    TEXT NOT NULL, -- as written: another text is another timer
    born_ms    INTEGER NOT NULL,
    scanned_ms INTEGER NOT NULL, -- when the last whole search began; 0: none yet
    begun_ms   INTEGER NOT NULL, -- when the one under way began; 0: none is
    cursor     INTEGER NOT NULL, -- records up to this id have been seen by it
    PRIMARY KEY (portal, rule, trigger)
) STRICT;

-- For which values of its field a timer has gone off or was cancelled.
CREATE TABLE timer_over (
    portal      INTEGER NOT NULL,
    entity_type INTEGER NOT NULL,
    entity_id   TEXT NOT NULL,
    rule        TEXT NOT NULL,
    trigger     TEXT NOT NULL,
    base        TEXT NOT NULL, -- the value
    gone        INTEGER NOT NULL CHECK (gone IN (0, 1)), -- 1: the field had another value since
    until_ms    INTEGER NOT NULL, -- after this nobody needs to know
    PRIMARY KEY (portal, entity_type, entity_id, rule, trigger, base)
) STRICT;

CREATE INDEX timer_over_time ON timer_over (until_ms);
