-- +goose Up
-- What rules want done is a message of its own kind.

-- The table of messages is made anew: SQLite cannot change a CHECK.
CREATE TABLE message_new (
    seq       INTEGER PRIMARY KEY,
    id        TEXT NOT NULL UNIQUE,
    source    TEXT NOT NULL, -- stored in the same transaction; a foreign key would need one more index
    key       TEXT NOT NULL UNIQUE,
    kind      TEXT NOT NULL CHECK (kind = 'text' OR kind = 'incoming' OR kind = 'report' OR kind = 'note' OR kind = 'call'
                                   OR kind = 'deed'),
    about     TEXT NOT NULL,
    account   TEXT NOT NULL,
    charges   TEXT NOT NULL, -- '' for none
    sender    TEXT NOT NULL,
    recipient TEXT NOT NULL,
    original  TEXT NOT NULL,
    body      TEXT NOT NULL,
    cost      INTEGER NOT NULL CHECK (cost >= 0),
    notify    INTEGER NOT NULL,
    created   INTEGER NOT NULL,
    expires   INTEGER NOT NULL,
    warn      INTEGER NOT NULL,
    link_for  INTEGER NOT NULL,
    route     INTEGER NOT NULL REFERENCES route (id),
    gateway   TEXT NOT NULL,
    state     TEXT NOT NULL CHECK (state = 'ready' OR state = 'sending' OR state = 'sent' OR state = 'delivered' OR state = 'held'
                                OR state = 'unsure' OR state = 'failed' OR state = 'expired' OR state = 'cancelled'),
    attempt   INTEGER NOT NULL,
    repeats   INTEGER NOT NULL,
    next      INTEGER NOT NULL,
    node      TEXT NOT NULL,
    lease     INTEGER NOT NULL,
    awaits    INTEGER NOT NULL CHECK (awaits = 0 OR awaits = 1),
    cancel    INTEGER NOT NULL CHECK (cancel = 0 OR cancel = 1),
    parts     TEXT NOT NULL,
    status    TEXT NOT NULL,
    events    INTEGER NOT NULL, -- how many there are: the next one's number
    history   TEXT NOT NULL,    -- the last of them, a line of JSON each; those before are in the table of events
    watch     TEXT NOT NULL,    -- '' for none
    CHECK ((state = 'sending') = (node <> ''))
) STRICT;
INSERT INTO message_new
    SELECT seq, id, source, key, kind, about, account, charges, sender, recipient, original, body, cost, notify, created,
           expires, warn, link_for, route, gateway, state, attempt, repeats, next, node, lease, awaits, cancel, parts,
           status, events, history, watch
    FROM message;
DROP TABLE message;
ALTER TABLE message_new RENAME TO message;
CREATE INDEX message_ready   ON message (route, gateway, next) WHERE state = 'ready';
CREATE INDEX message_sending ON message (lease) WHERE state = 'sending';
CREATE INDEX message_expires ON message (expires)
    WHERE state = 'ready' OR state = 'held' OR state = 'unsure' OR awaits = 1;
CREATE INDEX message_warn    ON message (warn) WHERE warn > 0 AND (state = 'ready' OR state = 'held');
CREATE INDEX message_about   ON message (about) WHERE about <> '';
CREATE INDEX message_account ON message (account) WHERE account <> '';
