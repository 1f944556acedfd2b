-- Whose turn it is in a [team NAME]. The rotation outlives a restart, a change of the members and
-- the team's absence from the configuration.
CREATE TABLE team (
    portal    INTEGER NOT NULL,
    name      TEXT NOT NULL,
    turn      INTEGER NOT NULL, -- how many have been taken
    last_user INTEGER NOT NULL, -- who had the last one: the next is the one behind him
    at_ms     INTEGER NOT NULL,
    PRIMARY KEY (portal, name)
) STRICT;
