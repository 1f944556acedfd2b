-- What waits, by its time: lists of timers are asked for from the soonest on.
CREATE INDEX run_waiting ON run (due_ms, id) WHERE state = 2;
