-- Version 3. Every table is keyed by device, so that ten thousand devices share one database.
-- Times are milliseconds since 1970, in device time where nothing else is said; words are numbers (codes.rs).

-- One row a device: its number, and where its series stand.
CREATE TABLE devices (
    device            INTEGER PRIMARY KEY,
    id                BLOB    NOT NULL UNIQUE,      -- the UUID's 16 bytes
    last_event        INTEGER NOT NULL DEFAULT 0,
    last_sequence     INTEGER NOT NULL DEFAULT 0,
    last_decided_at   INTEGER,
    last_written_at   INTEGER,                      -- by the computer's clock
    last_used_id      INTEGER NOT NULL DEFAULT 0,
    published_through INTEGER NOT NULL DEFAULT 0,
    redelivered       INTEGER NOT NULL DEFAULT 0,
    next_held_key     INTEGER NOT NULL DEFAULT 1,
    jumped_at         INTEGER,                      -- the latest clock jump, by the computer's clock
    jumped_by         INTEGER,
    last_action       TEXT                          -- JSON; what came of a remote action since the newest event
) STRICT;

-- What happened to the device, append-only; `rules` is the version of the rules that judged it.
CREATE TABLE events (
    device INTEGER NOT NULL,
    event  INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    rules  INTEGER NOT NULL,
    json   TEXT    NOT NULL,
    PRIMARY KEY (device, event)
) STRICT, WITHOUT ROWID;

-- The device after the event of the same number; it outlives its event while receipts refer to it.
CREATE TABLE snapshots (
    device INTEGER NOT NULL,
    event  INTEGER NOT NULL,
    json   TEXT    NOT NULL,
    PRIMARY KEY (device, event)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipts (
    device      INTEGER NOT NULL,
    sequence    INTEGER NOT NULL,
    id          TEXT,                               -- the notification's
    target      BLOB,                               -- null: the device; else the group's 16 bytes
    outcome     INTEGER NOT NULL,
    problem     INTEGER,
    unmet       INTEGER,                            -- prerequisites as bits
    surface     INTEGER,
    delay       INTEGER,
    received_at INTEGER NOT NULL,
    decided_at  INTEGER NOT NULL,
    interaction INTEGER,
    event       INTEGER NOT NULL,                   -- the snapshot in force; 0: none yet
    detail      TEXT,
    push        TEXT,                               -- JSON; null where it could not be read
    marks       INTEGER,                            -- what it says yes or no to, as bits (codes.rs)
    PRIMARY KEY (device, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE held (
    device INTEGER NOT NULL,
    key    INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    push   TEXT    NOT NULL,
    PRIMARY KEY (device, key)
) STRICT, WITHOUT ROWID;

-- Ids in the order of use, so that the oldest are forgotten first.
CREATE TABLE used_ids (
    device INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hour   INTEGER NOT NULL,                        -- of use, since 1970
    hash   BLOB    NOT NULL,                        -- 16 bytes of SHA-256
    PRIMARY KEY (device, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX used_ids_by_hash ON used_ids (device, hash);

-- Ids of remote actions. None is forgotten while the enrollment lasts under which it came.
CREATE TABLE action_ids (
    device INTEGER NOT NULL,
    id     TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (device, id)
) STRICT, WITHOUT ROWID;
