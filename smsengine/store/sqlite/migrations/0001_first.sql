-- +goose Up
-- Times are Unix milliseconds, 0 for none. Addresses are URIs ("sms:+1555…",
-- "mailto:…"), '' for nobody. What is only read whole is JSON.

CREATE TABLE source (
    id        TEXT PRIMARY KEY,
    received  INTEGER NOT NULL,
    data      TEXT NOT NULL, -- all but the original
    original  BLOB
) STRICT;

-- The candidate lists that messages carry, each once.
CREATE TABLE route (
    id       INTEGER PRIMARY KEY,
    gateways TEXT NOT NULL UNIQUE -- separated by spaces, best first
) STRICT;

CREATE TABLE message (
    seq       INTEGER PRIMARY KEY,
    id        TEXT NOT NULL UNIQUE,
    source    TEXT NOT NULL, -- stored in the same transaction; a foreign key would need one more index
    key       TEXT NOT NULL UNIQUE,
    kind      TEXT NOT NULL CHECK (kind IN ('text', 'incoming', 'report')),
    about     TEXT NOT NULL,
    account   TEXT NOT NULL,
    period    TEXT NOT NULL,
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
    state     TEXT NOT NULL CHECK (state IN ('ready', 'held', 'sending', 'sent', 'unsure',
                                             'delivered', 'failed', 'expired', 'cancelled')),
    attempt   INTEGER NOT NULL,
    repeats   INTEGER NOT NULL,
    next      INTEGER NOT NULL,
    node      TEXT NOT NULL,
    lease     INTEGER NOT NULL,
    awaits    INTEGER NOT NULL CHECK (awaits IN (0, 1)),
    cancel    INTEGER NOT NULL CHECK (cancel IN (0, 1)),
    parts     TEXT NOT NULL,
    status    TEXT NOT NULL,
    events    INTEGER NOT NULL, -- how many there are: the next one's number
    CHECK ((state = 'sending') = (node <> ''))
) STRICT;
CREATE INDEX message_ready   ON message (route, gateway, next) WHERE state = 'ready';
CREATE INDEX message_sending ON message (lease) WHERE state = 'sending';
CREATE INDEX message_expires ON message (expires)
    WHERE state IN ('ready', 'held', 'sending', 'unsure') OR awaits = 1;
CREATE INDEX message_warn    ON message (warn) WHERE warn > 0 AND state IN ('ready', 'held');
CREATE INDEX message_about   ON message (about) WHERE about <> '';

CREATE TABLE event (
    message TEXT NOT NULL,
    n       INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    data    TEXT NOT NULL,
    PRIMARY KEY (message, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage (
    account TEXT NOT NULL,
    period  TEXT NOT NULL,
    parts   INTEGER NOT NULL CHECK (parts >= 0),
    last    INTEGER NOT NULL,
    PRIMARY KEY (account, period)
) STRICT, WITHOUT ROWID;

CREATE TABLE link (
    ours    TEXT NOT NULL,
    theirs  TEXT NOT NULL,
    sender  TEXT NOT NULL,
    message TEXT NOT NULL,
    expires INTEGER NOT NULL,
    made    INTEGER NOT NULL,
    PRIMARY KEY (ours, theirs, sender)
) STRICT, WITHOUT ROWID;

-- Texts from phones, as far as their parts have come.
CREATE TABLE partset (
    id        TEXT PRIMARY KEY,
    gateway   TEXT NOT NULL,
    sender    TEXT NOT NULL,
    recipient TEXT NOT NULL,
    ref       INTEGER NOT NULL,
    total     INTEGER NOT NULL CHECK (total >= 1),
    have      INTEGER NOT NULL,
    first     INTEGER NOT NULL,
    consumed  INTEGER NOT NULL CHECK (consumed IN (0, 1))
) STRICT;
CREATE INDEX partset_open ON partset (gateway, sender, recipient, ref, total) WHERE consumed = 0;
CREATE TABLE part (
    partset TEXT NOT NULL REFERENCES partset (id),
    seq     INTEGER NOT NULL CHECK (seq >= 1),
    dedupe  TEXT NOT NULL UNIQUE,
    data    TEXT NOT NULL,
    PRIMARY KEY (partset, seq)
) STRICT;

-- What gateways call our parts, while a receipt may come.
CREATE TABLE reference (
    gateway TEXT NOT NULL,
    ref     TEXT NOT NULL,
    number  TEXT NOT NULL,
    message TEXT NOT NULL,
    part    INTEGER NOT NULL,
    at      INTEGER NOT NULL
) STRICT;
CREATE INDEX reference_ref ON reference (gateway, ref, at);
-- Receipts that came before their part was recorded.
CREATE TABLE receipt (
    id      INTEGER PRIMARY KEY,
    gateway TEXT NOT NULL,
    ref     TEXT NOT NULL,
    at      INTEGER NOT NULL,
    data    TEXT NOT NULL
) STRICT;
CREATE INDEX receipt_ref ON receipt (gateway, ref);
