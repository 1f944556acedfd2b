-- How many events each portal sent in which hour of the week: what is usual is learnt from it. A row
-- is written over when its lap comes round again, so a portal has 168 hours times 8 weeks of them.
CREATE TABLE silence (
    portal INTEGER NOT NULL,
    slot   INTEGER NOT NULL CHECK (slot BETWEEN 0 AND 167), -- hour of the portal's week, 0: Monday 00:00
    lap    INTEGER NOT NULL CHECK (lap BETWEEN 0 AND 7), -- the week's number modulo 8
    at_ms  INTEGER NOT NULL, -- when the hour began
    events INTEGER NOT NULL, -- -1: a day off
    PRIMARY KEY (portal, slot, lap)
) STRICT;

-- When each portal was heard last, as far as was known at `at_ms`: the watch goes on over a short
-- restart.
CREATE TABLE heard (
    portal   INTEGER PRIMARY KEY,
    heard_ms INTEGER NOT NULL,
    at_ms    INTEGER NOT NULL
) STRICT;
