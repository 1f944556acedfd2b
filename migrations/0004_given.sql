-- What a deputy was given by rules in the place of somebody who was away: it goes back when he is
-- there again.
CREATE TABLE given (
    portal      INTEGER NOT NULL,
    owner       INTEGER NOT NULL, -- whom it was meant for
    entity_type INTEGER NOT NULL, -- a record, a task (-1), an activity (-2)
    entity_id   TEXT NOT NULL,
    deputy      INTEGER NOT NULL,
    run_type    INTEGER NOT NULL, -- the entity of the run that gave it: `why` tells of it there
    run_entity  TEXT NOT NULL,
    at_ms       INTEGER NOT NULL,
    PRIMARY KEY (portal, entity_type, entity_id)
) STRICT;

CREATE INDEX given_owner ON given (portal, owner, at_ms);

CREATE INDEX given_time ON given (at_ms);
