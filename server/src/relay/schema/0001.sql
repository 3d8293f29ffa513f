-- The relay's log. Never edited once released: what changes gets the next number.
--
-- The organisation stands first in every key, so that the tables distribute by it. Tables with
-- blobs of any size keep their rowid: without one, the blobs stand in the key's tree, at twice
-- the size. Identities that people never see are local numbers; they don't leave this file.

CREATE TABLE organisation (
    id          INTEGER PRIMARY KEY,
    public_key  BLOB NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    -- Random, one for each life of this log.
    epoch       BLOB NOT NULL,
    -- The seed of the key that this relay stamps with.
    relay_seed  BLOB NOT NULL
) STRICT;

CREATE TABLE grant_ (
    id           INTEGER PRIMARY KEY,
    organisation INTEGER NOT NULL REFERENCES organisation (id),
    hash         BLOB NOT NULL,
    -- CBOR of a signed grant.
    signed       BLOB NOT NULL,
    UNIQUE (organisation, hash)
) STRICT;

-- HQ's word that changes that were set apart are to count.
CREATE TABLE admission (
    id           INTEGER PRIMARY KEY,
    organisation INTEGER NOT NULL REFERENCES organisation (id),
    hash         BLOB NOT NULL,
    -- CBOR of a signed admission.
    signed       BLOB NOT NULL,
    UNIQUE (organisation, hash)
) STRICT;

-- The changes that admissions name, whether they are held or not.
CREATE TABLE admitted (
    organisation INTEGER NOT NULL,
    creator      BLOB NOT NULL,
    uuid         BLOB NOT NULL,
    hash         BLOB NOT NULL,
    PRIMARY KEY (organisation, creator, uuid, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE entry (
    id              INTEGER PRIMARY KEY,
    organisation    INTEGER NOT NULL REFERENCES organisation (id),
    device          BLOB NOT NULL,
    sequence        INTEGER NOT NULL,
    hash            BLOB NOT NULL,
    -- CBOR of a sealed entry: head and signature.
    sealed          BLOB NOT NULL,
    -- All its leaves one after the other, 32 bytes each: those of refused changes too.
    leaves          BLOB NOT NULL,
    -- The earliest valid stamp: ours, or one that came along.
    stamp_time      INTEGER NOT NULL,
    stamp_relay     BLOB NOT NULL,
    stamp_signature BLOB NOT NULL,
    -- Not in the journal: another relay took it there, and here its place is another's.
    beside          INTEGER NOT NULL DEFAULT 0,
    UNIQUE (organisation, device, sequence, hash)
) STRICT;
CREATE UNIQUE INDEX entry_journal ON entry (organisation, device, sequence) WHERE NOT beside;
CREATE INDEX entry_beside ON entry (organisation, device) WHERE beside;

-- Changes that were refused, so that they stay so: their device has re-issued what they said.
CREATE TABLE refused (
    organisation INTEGER NOT NULL,
    entry        INTEGER NOT NULL REFERENCES entry (id),
    -- Its place among the entry's leaves, from 0.
    place        INTEGER NOT NULL,
    rule         TEXT NOT NULL,
    PRIMARY KEY (organisation, entry, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE document (
    id           INTEGER PRIMARY KEY,
    organisation INTEGER NOT NULL REFERENCES organisation (id),
    creator      BLOB NOT NULL,
    uuid         BLOB NOT NULL,
    -- CBOR of an array: the sites that accepted changes name. Empty: master data, in everybody's feed.
    sites        BLOB NOT NULL,
    -- The same for changes that are set apart.
    sites_apart  BLOB NOT NULL,
    UNIQUE (organisation, creator, uuid)
) STRICT;

-- Whose an actor is: the device that used it first, in any document.
CREATE TABLE actor (
    organisation INTEGER NOT NULL,
    actor        BLOB NOT NULL,
    device       BLOB NOT NULL,
    PRIMARY KEY (organisation, actor)
) STRICT, WITHOUT ROWID;

-- How far an actor has come in a document.
CREATE TABLE document_actor (
    organisation INTEGER NOT NULL,
    document     INTEGER NOT NULL REFERENCES document (id),
    actor        BLOB NOT NULL,
    seq          INTEGER NOT NULL,
    max_op       INTEGER NOT NULL,
    PRIMARY KEY (organisation, document, actor)
) STRICT, WITHOUT ROWID;

CREATE TABLE change (
    -- In order of acceptance.
    id           INTEGER PRIMARY KEY,
    organisation INTEGER NOT NULL REFERENCES organisation (id),
    document     INTEGER NOT NULL REFERENCES document (id),
    hash         BLOB NOT NULL,
    entry        INTEGER NOT NULL REFERENCES entry (id),
    -- Its place among the entry's leaves, from 0.
    place        INTEGER NOT NULL,
    max_op       INTEGER NOT NULL,
    -- The rule by which it is set apart; null: it is accepted.
    apart        TEXT,
    -- CBOR of an array of sites, or null for none.
    sites_added  BLOB,
    raw          BLOB NOT NULL,
    UNIQUE (organisation, document, hash)
) STRICT;

-- The log is the feed `log`.
CREATE TABLE feed (
    id           INTEGER PRIMARY KEY,
    organisation INTEGER NOT NULL REFERENCES organisation (id),
    name         TEXT NOT NULL,
    head         INTEGER NOT NULL,
    sum          BLOB NOT NULL,
    UNIQUE (organisation, name)
) STRICT;

-- That a change arrived earlier than the entry says that it is held by.
CREATE TABLE arrival (
    id           INTEGER PRIMARY KEY,
    organisation INTEGER NOT NULL,
    hash         BLOB NOT NULL,
    change       INTEGER NOT NULL REFERENCES change (id),
    time         INTEGER NOT NULL,
    -- CBOR of an arrival.
    wire         BLOB NOT NULL,
    UNIQUE (organisation, hash)
) STRICT;
CREATE INDEX arrival_change ON arrival (organisation, change);

CREATE TABLE feed_item (
    organisation INTEGER NOT NULL,
    feed         INTEGER NOT NULL REFERENCES feed (id),
    -- From 1, without gaps.
    position     INTEGER NOT NULL,
    change       INTEGER REFERENCES change (id),
    grant_       INTEGER REFERENCES grant_ (id),
    admission    INTEGER REFERENCES admission (id),
    arrival      INTEGER REFERENCES arrival (id),
    -- Of the hashes of all items up to here.
    sum          BLOB NOT NULL,
    PRIMARY KEY (organisation, feed, position),
    CHECK ((change IS NOT NULL) + (grant_ IS NOT NULL) + (admission IS NOT NULL) + (arrival IS NOT NULL) = 1)
) STRICT, WITHOUT ROWID;

CREATE TABLE device_report (
    organisation   INTEGER NOT NULL,
    device         BLOB NOT NULL,
    last_sync      INTEGER NOT NULL,
    -- CBOR of what the device said it still holds back; null: it never said.
    report         BLOB,
    -- When it said so.
    reported       INTEGER,
    -- When it was last proven equal in all that it follows.
    proven         INTEGER,
    PRIMARY KEY (organisation, device)
) STRICT, WITHOUT ROWID;

-- What each device brought lately, as the time that pays for it. Without a row: nothing.
CREATE TABLE device_quota (
    organisation  INTEGER NOT NULL,
    device        BLOB NOT NULL,
    -- Microseconds since 1970.
    paid_until_us INTEGER NOT NULL,
    -- Set apart of it while it had no right.
    apart_bytes   INTEGER NOT NULL,
    PRIMARY KEY (organisation, device)
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolment_code (
    organisation INTEGER NOT NULL,
    -- The code itself is nowhere.
    hash         BLOB NOT NULL,
    site         TEXT NOT NULL,
    until        INTEGER NOT NULL,
    -- The key that used it. The same key may ask again, since the answer may have been lost.
    used_by      BLOB,
    PRIMARY KEY (organisation, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE lease (
    organisation INTEGER NOT NULL,
    name         TEXT NOT NULL,
    holder       BLOB NOT NULL,
    fence        INTEGER NOT NULL,
    until        INTEGER NOT NULL,
    PRIMARY KEY (organisation, name)
) STRICT, WITHOUT ROWID;
