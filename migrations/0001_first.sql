-- The first schema. A released file is never edited: what changes is a new file with the next
-- number, applied in one transaction at start (daemon/store/migrate.c).
--
-- …_ms are Unix milliseconds UTC. entity_type and entity_id are those of daemon/model/entity.h; 0 and
-- "" stand for none. Ids of event, run and effect are given by the daemon from one counter.
-- Columns hold 0 or "" for "none" where the struct does, NULL where it has a null pointer.
PRAGMA application_id = 1647457378; -- "b24b"

CREATE TABLE portal (
    id        INTEGER PRIMARY KEY,
    name      TEXT NOT NULL UNIQUE,
    member_id TEXT -- pinned by the first good event; NULL: not yet
) STRICT;

-- What arrived. No unique key on purpose: two changes within a second send the same body.
CREATE TABLE event (
    id          INTEGER PRIMARY KEY,
    state       INTEGER NOT NULL DEFAULT 1 CHECK (state IN (1, 2)), -- 1 new, 2 seen
    portal      INTEGER NOT NULL,
    priority    INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 2), -- 0 is the most urgent
    source      INTEGER NOT NULL CHECK (source BETWEEN 1 AND 4), -- enum event_source
    happening   INTEGER NOT NULL CHECK (happening BETWEEN 0 AND 3), -- enum entity_happening
    entity_type INTEGER NOT NULL,
    entity_id   TEXT NOT NULL,
    name        TEXT NOT NULL,
    own_id      TEXT NOT NULL,
    received_ms INTEGER NOT NULL,
    sent_s      INTEGER NOT NULL, -- as the portal says, never trusted
    cause_run   INTEGER NOT NULL,
    query       TEXT,
    body        TEXT
) STRICT;

-- Each index names the question it answers. The first two hold unseen events only, so they stay as
-- small as the backlog however many seen events are kept, and the entries of the others arrive in
-- the order of time: an insert costs the same at ten rows and at five million.
-- which entities want a look next? (with the state, or counting would have to look at each row)
CREATE INDEX event_new ON event (state, portal, priority) WHERE state = 1;
-- what is new about this entity?
CREATE INDEX event_new_entity ON event (portal, entity_type, entity_id) WHERE state = 1;
-- what is old enough to go?
CREATE INDEX event_seen ON event (received_ms) WHERE state = 2;

-- What an entity looked like when it was last looked at.
CREATE TABLE snapshot (
    portal         INTEGER NOT NULL,
    entity_type    INTEGER NOT NULL,
    entity_id      TEXT NOT NULL,
    digest         INTEGER NOT NULL, -- 64 bits, unsigned in the program
    added_told     INTEGER NOT NULL CHECK (added_told IN (0, 1)),
    deleted        INTEGER NOT NULL CHECK (deleted IN (0, 1)),
    history_id     INTEGER NOT NULL,
    stage_since_ms INTEGER NOT NULL,
    looked_ms      INTEGER NOT NULL,
    fields         TEXT, -- JSON object
    PRIMARY KEY (portal, entity_type, entity_id)
) STRICT;

CREATE INDEX snapshot_deleted ON snapshot (looked_ms) WHERE deleted = 1;

-- One rule at work on one entity.
CREATE TABLE run (
    id          INTEGER PRIMARY KEY,
    -- 1 ready, 2 waiting, 3 running (these three are live), 4 done, 5 cancelled, 6 dead, 7 parked
    state       INTEGER NOT NULL CHECK (state BETWEEN 1 AND 7),
    portal      INTEGER NOT NULL,
    priority    INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 2),
    entity_type INTEGER NOT NULL,
    entity_id   TEXT NOT NULL,
    rule        TEXT NOT NULL,
    version     INTEGER NOT NULL, -- digest of the rule's text; 64 bits, unsigned in the program
    step        INTEGER NOT NULL CHECK (step >= 0),
    attempt     INTEGER NOT NULL CHECK (attempt >= 0),
    due_ms      INTEGER NOT NULL, -- 0: now
    cause_event INTEGER NOT NULL,
    cause_run   INTEGER NOT NULL,
    created_ms  INTEGER NOT NULL,
    updated_ms  INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    chain       TEXT, -- JSON array
    vars        TEXT -- JSON object
) STRICT;

-- what is due, and when is the next?
CREATE INDEX run_due ON run (portal, priority, due_ms) WHERE state <= 3;
-- which runs of this entity have not ended?
CREATE INDEX run_live ON run (portal, entity_type, entity_id) WHERE state <= 3;
-- one thing at a time per entity (promise 4); after a crash: what was under way?
CREATE UNIQUE INDEX run_running ON run (portal, entity_type, entity_id) WHERE state = 3;
-- how often did the rule fire on this entity lately? and the story of an entity
CREATE INDEX run_entity ON run (entity_type, entity_id, portal, rule, created_ms);
-- lists by state, and what is old enough to go
CREATE INDEX run_state ON run (state, updated_ms, portal);

-- One intended call and what came of it.
CREATE TABLE effect (
    id          INTEGER PRIMARY KEY,
    run_id      INTEGER NOT NULL,
    portal      INTEGER NOT NULL,
    entity_type INTEGER NOT NULL,
    entity_id   TEXT NOT NULL,
    step        INTEGER NOT NULL,
    attempt     INTEGER NOT NULL,
    verdict     INTEGER NOT NULL CHECK (verdict BETWEEN 0 AND 6), -- 0: intended, outcome not known
    kind        INTEGER NOT NULL CHECK (kind IN (0, 1)), -- enum command_kind
    writes      INTEGER NOT NULL CHECK (writes IN (0, 1)),
    unsure      INTEGER NOT NULL CHECK (unsure BETWEEN 0 AND 2), -- enum unsure
    looked      INTEGER NOT NULL CHECK (looked IN (0, 1)),
    intended_ms INTEGER NOT NULL,
    sent_ms     INTEGER NOT NULL,
    settled_ms  INTEGER NOT NULL,
    call        TEXT NOT NULL, -- the command's key, unique in its step
    method      TEXT NOT NULL,
    error       TEXT NOT NULL,
    text        TEXT NOT NULL,
    params      TEXT, -- JSON
    look        TEXT, -- JSON, see struct command
    result      TEXT -- JSON; whole while the run lives, 2 KiB of it after
) STRICT;

CREATE INDEX effect_run ON effect (run_id);

-- What `why` tells.
CREATE TABLE trace (
    id          INTEGER PRIMARY KEY,
    at_ms       INTEGER NOT NULL,
    portal      INTEGER NOT NULL,
    entity_type INTEGER NOT NULL,
    entity_id   TEXT NOT NULL,
    event_id    INTEGER NOT NULL,
    run_id      INTEGER NOT NULL,
    rule        TEXT NOT NULL,
    what        TEXT NOT NULL,
    say         TEXT NOT NULL,
    detail      TEXT -- JSON
) STRICT;

CREATE INDEX trace_entity ON trace (entity_type, entity_id);
CREATE INDEX trace_time ON trace (at_ms);

-- What a rule did to an entity over its life: once-per and the loop budget.
CREATE TABLE fired (
    portal      INTEGER NOT NULL,
    entity_type INTEGER NOT NULL,
    entity_id   TEXT NOT NULL,
    rule        TEXT NOT NULL,
    total       INTEGER NOT NULL DEFAULT 0,
    last_ms     INTEGER NOT NULL DEFAULT 0,
    visit_ms    INTEGER NOT NULL DEFAULT 0,
    frozen_ms   INTEGER NOT NULL DEFAULT 0, -- until then; 0: not frozen
    frozen_why  TEXT NOT NULL DEFAULT '',
    thawed_run  INTEGER NOT NULL DEFAULT 0, -- runs up to this id no longer count
    PRIMARY KEY (portal, entity_type, entity_id, rule)
) STRICT;

CREATE INDEX fired_frozen ON fired (frozen_ms) WHERE frozen_ms > 0;
-- Calls, comments and events without an entity happen once: nothing will ask for them again.
CREATE INDEX fired_passing ON fired (last_ms) WHERE entity_type IN (0, -3, -4);

-- Ids of events themselves (a call's) on which a rule has fired.
CREATE TABLE fired_own (
    portal      INTEGER NOT NULL,
    entity_type INTEGER NOT NULL,
    entity_id   TEXT NOT NULL,
    rule        TEXT NOT NULL,
    own_id      TEXT NOT NULL,
    at_ms       INTEGER NOT NULL,
    PRIMARY KEY (portal, entity_type, entity_id, rule, own_id)
) STRICT;

CREATE INDEX fired_own_time ON fired_own (at_ms);

-- Both budgets of a portal, so that a restart does not stampede.
CREATE TABLE budget (
    portal INTEGER PRIMARY KEY,
    data   TEXT NOT NULL -- JSON of daemon/portal/
) STRICT;

-- Facts worth keeping over a restart: stages, fields, users (daemon/model/need.h).
CREATE TABLE name (
    portal INTEGER NOT NULL,
    need   TEXT NOT NULL,
    at_ms  INTEGER NOT NULL,
    value  TEXT NOT NULL, -- JSON
    PRIMARY KEY (portal, need)
) STRICT;

CREATE INDEX name_time ON name (at_ms);

-- Small state. Names beginning with "store." are the store's own.
CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
