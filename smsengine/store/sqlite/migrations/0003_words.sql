-- +goose Up
-- Links have the sender's name for the phone, and a code to answer with where
-- several join the same numbers. Their first column is now the phone, which is
-- looked for with and without a number of ours.

CREATE TABLE link_new (
    ours    TEXT NOT NULL,
    theirs  TEXT NOT NULL,
    sender  TEXT NOT NULL,
    message TEXT NOT NULL,
    expires INTEGER NOT NULL,
    made    INTEGER NOT NULL,
    name    TEXT NOT NULL,
    code    INTEGER NOT NULL CHECK (code >= 1),
    PRIMARY KEY (theirs, ours, sender)
) STRICT, WITHOUT ROWID;
INSERT INTO link_new
    SELECT ours, theirs, sender, message, expires, made, '',
           row_number() OVER (PARTITION BY ours, theirs ORDER BY made, sender)
    FROM link;
DROP TABLE link;
ALTER TABLE link_new RENAME TO link;

-- Phones that said STOP to one of our numbers.
CREATE TABLE suppressed (
    theirs TEXT NOT NULL,
    ours   TEXT NOT NULL,
    since  INTEGER NOT NULL,
    PRIMARY KEY (theirs, ours)
) STRICT, WITHOUT ROWID;

-- The last text of a phone that answered one of several senders.
CREATE TABLE conflict (
    ours    TEXT NOT NULL,
    theirs  TEXT NOT NULL,
    message TEXT NOT NULL,
    day     INTEGER NOT NULL,
    told    INTEGER NOT NULL,
    PRIMARY KEY (ours, theirs)
) STRICT, WITHOUT ROWID;
