-- One replica's file. Facts first, then projections; every projection can be dropped and folded
-- again from the facts. The organisation is first in every key and index. An `id` is a row's address
-- in this file and no key: it is unique whatever the organisation, and means nothing outside.

-- Facts ------------------------------------------------------------------------------------------

CREATE TABLE organisation (
    org         INTEGER PRIMARY KEY,
    id          BLOB NOT NULL UNIQUE,
    public_key  BLOB NOT NULL,
    name        TEXT NOT NULL,
    zone        TEXT NOT NULL,
    currency    TEXT NOT NULL,
    relay_url   TEXT,
    epoch       BLOB,
    -- Newest relay time that a stamp or an answer of the relay's proves, ms.
    proven      INTEGER NOT NULL DEFAULT 0
) STRICT;

-- This device: its key, its clock's last reading, how far its journal is acknowledged.
CREATE TABLE self (
    org          INTEGER PRIMARY KEY,
    device       BLOB NOT NULL,
    seed         BLOB NOT NULL,
    clock        INTEGER NOT NULL DEFAULT 0,
    acknowledged INTEGER NOT NULL DEFAULT 0,
    last_sync    INTEGER,
    fault        TEXT,
    -- What the program that last judged the changes here knew: rules, shape, kinds of documents.
    reads        TEXT NOT NULL DEFAULT '',
    -- 0 the relay's journal of this device is ours; 1 it went on without us, and what it has is being
    -- fetched; 2 that is fetched.
    mending      INTEGER NOT NULL DEFAULT 0,
    -- Its own entries are asked for with their bytes: the relay named some by a number that says nothing here.
    wants_own    INTEGER NOT NULL DEFAULT 0,
    -- The head of the relay's journal of this device, where it went on without us: what the next entry
    -- follows, once it is adopted.
    journal_sequence INTEGER,
    journal_hash     BLOB,
    -- The key of the device that comes in this one's place, until its grant is here.
    successor_seed   BLOB,
    -- The machine that wrote last, by its ids and its name, and until when no other may. Not a fact: it
    -- says where the file is in use, and never leaves it.
    holder_boot  TEXT NOT NULL DEFAULT '',
    holder_id    TEXT NOT NULL DEFAULT '',
    holder_name  TEXT NOT NULL DEFAULT '',
    held_until   INTEGER NOT NULL DEFAULT 0,
    -- After so many days without an event a closed document's changes are let go; 0: never.
    horizon_days INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE number (org INTEGER NOT NULL, kind TEXT NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (org, kind)) STRICT;

CREATE TABLE grant_fact (
    id     INTEGER PRIMARY KEY,
    org    INTEGER NOT NULL,
    hash   BLOB NOT NULL,
    wire   BLOB NOT NULL,
    -- Whether it came from the relay: HQ brings those along that the relay may lack.
    logged INTEGER NOT NULL DEFAULT 0,
    UNIQUE (org, hash)
) STRICT;
CREATE INDEX grant_unlogged ON grant_fact (org) WHERE logged = 0;

-- HQ's word that changes that were set apart are to count.
CREATE TABLE admission_fact (
    -- From 2^40 on, so that a position names a grant or an admission by its id alone.
    id       INTEGER PRIMARY KEY,
    org      INTEGER NOT NULL,
    hash     BLOB NOT NULL,
    -- The identity of the document whose changes it names.
    document BLOB NOT NULL,
    wire     BLOB NOT NULL,
    -- Whether it came from the relay.
    logged   INTEGER NOT NULL DEFAULT 0,
    UNIQUE (org, hash)
) STRICT;
-- That a change arrived earlier than the entry says that it hangs on.
CREATE TABLE arrival_fact (
    -- From 2^41 on.
    id     INTEGER PRIMARY KEY,
    org    INTEGER NOT NULL,
    hash   BLOB NOT NULL,
    change BLOB NOT NULL,
    -- Null where it proves nothing.
    time   INTEGER,
    wire   BLOB NOT NULL,
    UNIQUE (org, hash)
) STRICT;
CREATE INDEX arrival_change ON arrival_fact (org, change);
-- What is signed, isn't a change, and is carried by feeds.
CREATE VIEW signed_fact (org, id, hash) AS
    SELECT org, id, hash FROM grant_fact UNION ALL SELECT org, id, hash FROM admission_fact
    UNION ALL SELECT org, id, hash FROM arrival_fact;
CREATE INDEX admission_document ON admission_fact (org, document);
CREATE INDEX admission_unlogged ON admission_fact (org) WHERE logged = 0;

-- Sequence -1 is no entry: it holds what a device wrote beyond the point where its journal went two ways,
-- until its successor has written that again.
CREATE TABLE entry (
    id          INTEGER PRIMARY KEY,
    org         INTEGER NOT NULL,
    device      BLOB NOT NULL,
    sequence    INTEGER NOT NULL,
    hash        BLOB NOT NULL,
    previous    BLOB NOT NULL,
    root        BLOB NOT NULL,
    time        INTEGER NOT NULL,
    signature   BLOB NOT NULL,
    -- The earliest valid stamp.
    stamp_time  INTEGER,
    stamp_relay BLOB,
    stamp       BLOB,
    -- The leaves of changes that aren't held: each its place (4 bytes, the most significant first) and 32 bytes.
    -- With them the entry can be brought to a relay that lost it.
    absent      BLOB,
    -- Not sealed here. This device's own are so where its file was restored, or stand beside its journal: a
    -- relay took them there, from a clone, that was lost since. Changes of it may be lacking here.
    pulled      INTEGER NOT NULL DEFAULT 0,
    -- Whether the relay may have stamped it later than it is stamped here, and is to be shown it.
    unsure      INTEGER NOT NULL DEFAULT 0,
    UNIQUE (org, device, sequence, hash)
) STRICT;
CREATE INDEX entry_unsure ON entry (org, id) WHERE unsure;

CREATE INDEX entry_aside ON entry (org) WHERE sequence = -1;

CREATE TABLE document (
    id       INTEGER PRIMARY KEY,
    org      INTEGER NOT NULL,
    identity BLOB NOT NULL,
    kind     TEXT NOT NULL DEFAULT '',
    site     TEXT,
    number   TEXT NOT NULL DEFAULT '',
    -- The union of the sites that its changes' envelopes name, one a line.
    sites    TEXT NOT NULL DEFAULT '',
    -- read | unknown (a kind this program doesn't know) | newer (rules it doesn't know) | unreadable
    state    TEXT NOT NULL DEFAULT 'unreadable',
    detail   TEXT,
    -- The latest recorded or seen time of its events: a stamp below it moves a rank.
    recorded INTEGER NOT NULL DEFAULT 0,
    -- The rank of the event by which its rows count.
    rank     TEXT,
    -- Brought in with history.
    historic INTEGER NOT NULL DEFAULT 0,
    -- An intent to pay out waits for its acknowledgement.
    intent   INTEGER NOT NULL DEFAULT 0,
    -- Its changes' bytes were let go: its rows stand for it, and are facts until the bytes are here again.
    let_go   INTEGER NOT NULL DEFAULT 0,
    -- When its bytes came back from the relay, or a try to let them go found a reason to keep them, ms.
    looked_at INTEGER NOT NULL DEFAULT 0,
    UNIQUE (org, identity)
) STRICT;
CREATE INDEX document_age ON document (org, recorded, looked_at)
    WHERE let_go = 0 AND recorded > 0 AND kind IN ('sale_batch', 'return', 'adjustment');
CREATE INDEX document_let_go ON document (org) WHERE let_go = 1;
CREATE INDEX document_number ON document (org, number);
CREATE INDEX document_kind ON document (org, kind, site);

CREATE TABLE change (
    id          INTEGER PRIMARY KEY,
    org         INTEGER NOT NULL,
    document    INTEGER NOT NULL,
    hash        BLOB NOT NULL,
    -- May be absent once the document is closed and past the horizon.
    bytes       BLOB,
    entry       INTEGER,
    leaf        INTEGER,
    sites_added TEXT NOT NULL DEFAULT '',
    -- 0 stands, 1 refused by the relay, 2 set apart by the relay, 3 set apart here
    status      INTEGER NOT NULL DEFAULT 0,
    rule        TEXT,
    detail      TEXT,
    -- How often its content was refused and written again.
    reissues    INTEGER NOT NULL DEFAULT 0,
    -- Refused, but its events and lines were written again and stand.
    reissued    INTEGER NOT NULL DEFAULT 0,
    -- When another entry that has it, too, arrived, where one did.
    arrived     INTEGER
) STRICT;
CREATE UNIQUE INDEX change_hash ON change (org, hash);
CREATE INDEX change_document ON change (org, document);
CREATE INDEX change_entry ON change (org, entry, leaf);
CREATE INDEX change_unsealed ON change (org, id) WHERE entry IS NULL;
CREATE INDEX change_aside ON change (org, status) WHERE status <> 0;

-- How far its device's clock was ahead of the relay's when an entry was stamped.
CREATE INDEX entry_ahead ON entry (org, time - stamp_time) WHERE stamp_time IS NOT NULL;

CREATE TABLE cursor (
    org      INTEGER NOT NULL,
    feed     TEXT NOT NULL,
    position INTEGER NOT NULL,
    sum      BLOB NOT NULL,
    -- Whether the relay had the same sum at the same position, and when that was compared.
    agreed   INTEGER,
    checked  INTEGER,
    -- Since when they differ, or the relay lacks what is held here; null: they don't.
    differs  INTEGER,
    PRIMARY KEY (org, feed)
) STRICT;

-- What stands at the positions of a feed that the cursor counts, by runs: `first`, `first` + 1... for changes by
-- their ids; minus its id for a grant, which is a run of its own. A run is a few bytes for up to 64 changes.
CREATE TABLE feed_item (
    org      INTEGER NOT NULL,
    feed     TEXT NOT NULL,
    -- Of the run's first.
    position INTEGER NOT NULL,
    count    INTEGER NOT NULL,
    first    INTEGER NOT NULL,
    -- The sum before the run, at every 64th position or so. In between, hashes are added.
    sum      BLOB,
    -- Compared as a whole, not one after another: no sums are known within, and after it there is one.
    block    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (org, feed, position)
) STRICT, WITHOUT ROWID;

-- What is held and was counted, or refused for want of what it builds on, and the relay's feed lacks: it is offered.
CREATE TABLE stray (
    org     INTEGER NOT NULL,
    feed    TEXT NOT NULL,
    -- As in `feed_item`.
    item    INTEGER NOT NULL,
    -- In this order each finds what it builds on.
    ordinal INTEGER NOT NULL,
    -- The rule by which the relay refused it for good.
    rule    TEXT,
    PRIMARY KEY (org, feed, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX stray_order ON stray (org, feed, ordinal);

-- A key per customer; it never enters a document.
CREATE TABLE customer_key (org INTEGER NOT NULL, customer TEXT NOT NULL, key BLOB NOT NULL, PRIMARY KEY (org, customer)) STRICT;

-- Projections ------------------------------------------------------------------------------------

CREATE TABLE site (
    org INTEGER NOT NULL, code TEXT NOT NULL, name TEXT NOT NULL, zone TEXT NOT NULL, currency TEXT NOT NULL,
    document INTEGER NOT NULL, PRIMARY KEY (org, code)
) STRICT;

CREATE TABLE supplier (
    org INTEGER NOT NULL, code TEXT NOT NULL, name TEXT NOT NULL, document INTEGER NOT NULL, PRIMARY KEY (org, code)
) STRICT;

-- Who works here, what they may grant, and where; `active` where the role stands.
CREATE TABLE staff (
    org INTEGER NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL, sites TEXT NOT NULL, active INTEGER NOT NULL,
    document INTEGER NOT NULL, PRIMARY KEY (org, name)
) STRICT;

-- When a user's role was withdrawn, and until when; by the user's document.
CREATE TABLE absence (
    org INTEGER NOT NULL, document INTEGER NOT NULL, ordinal INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER,
    PRIMARY KEY (org, document, ordinal)
) STRICT, WITHOUT ROWID;

-- On whose word a return or a count was decided, and when that was recorded, within what stamps prove.
CREATE TABLE word (
    org INTEGER NOT NULL, document INTEGER NOT NULL, event TEXT NOT NULL, name TEXT NOT NULL, time INTEGER NOT NULL,
    PRIMARY KEY (org, document, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX word_name ON word (org, name, time);

CREATE TABLE product (
    org INTEGER NOT NULL, sku TEXT NOT NULL, name TEXT NOT NULL, category TEXT, service INTEGER NOT NULL, cost INTEGER,
    list_price INTEGER, document INTEGER NOT NULL, PRIMARY KEY (org, sku)
) STRICT;

-- Which article a barcode is of. Several may share one, so a barcode alone need not settle it.
CREATE TABLE product_barcode (
    org INTEGER NOT NULL, barcode TEXT NOT NULL, sku TEXT NOT NULL, document INTEGER NOT NULL,
    PRIMARY KEY (org, barcode, sku, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX product_barcode_document ON product_barcode (org, document);

CREATE TABLE receipt (
    id       INTEGER PRIMARY KEY,
    org      INTEGER NOT NULL,
    site     TEXT NOT NULL,
    till     TEXT NOT NULL,
    number   TEXT NOT NULL,
    -- As the lowest-ranked batch that holds a part of it says; absent where only returns name it.
    occurred INTEGER,
    zone     TEXT,
    currency TEXT,
    customer TEXT,
    tenders  BLOB,
    historic INTEGER NOT NULL DEFAULT 0,
    document INTEGER,
    rank     TEXT,
    -- What of it was paid in cash, and its invoice's number.
    cash     INTEGER NOT NULL DEFAULT 0,
    invoice  TEXT,
    -- Of a live sale: the lines of which something can still come back, what that is worth, and the dearest.
    open_lines  INTEGER NOT NULL DEFAULT 0,
    open_worth  INTEGER NOT NULL DEFAULT 0,
    worst_line  TEXT,
    worst_worth INTEGER NOT NULL DEFAULT 0,
    UNIQUE (org, site, till, number)
) STRICT;
-- What the chain can lose is asked of a window: from this index alone.
CREATE INDEX receipt_open ON receipt (org, currency, occurred, open_lines, open_worth, worst_worth)
    WHERE open_lines > 0;
CREATE INDEX receipt_worst ON receipt (org, currency, worst_worth) WHERE open_lines > 0;
CREATE INDEX receipt_cash ON receipt (org, site, occurred) WHERE cash <> 0;
CREATE INDEX receipt_invoice ON receipt (org, id) WHERE invoice IS NOT NULL;
CREATE INDEX receipt_number ON receipt (org, number);
CREATE INDEX receipt_customer ON receipt (org, customer) WHERE customer IS NOT NULL;

-- What was sold, once a row, as the standing document says.
CREATE TABLE receipt_line (
    org      INTEGER NOT NULL,
    receipt  INTEGER NOT NULL,
    line     TEXT NOT NULL,
    document INTEGER NOT NULL,
    position INTEGER NOT NULL,
    sku      TEXT NOT NULL,
    code     TEXT,
    name     TEXT,
    quantity INTEGER NOT NULL,
    paid     INTEGER NOT NULL,
    service  INTEGER NOT NULL,
    cost     INTEGER,
    lot      TEXT,
    list_price INTEGER,
    -- Lines of one group belong together: a gift with its purchase, a bundle.
    bundle   INTEGER,
    PRIMARY KEY (org, receipt, line)
) STRICT, WITHOUT ROWID;

-- Who claims a row that more than one document may stand for: every imported return and adjustment
-- row, and those sale rows that came twice. The lowest rank stands.
CREATE TABLE row_claim (
    org      INTEGER NOT NULL,
    receipt  INTEGER NOT NULL,
    line     TEXT NOT NULL,
    document INTEGER NOT NULL,
    position INTEGER NOT NULL,
    rank     TEXT NOT NULL,
    PRIMARY KEY (org, receipt, line, document, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX row_claim_document ON row_claim (org, document);

-- What a document that doesn't stand for a sale row tells of it differently; line '': of the receipt as a whole.
CREATE TABLE sale_changed (
    org      INTEGER NOT NULL,
    receipt  INTEGER NOT NULL,
    line     TEXT NOT NULL,
    document INTEGER NOT NULL,
    position INTEGER NOT NULL,
    standing INTEGER NOT NULL,
    -- CBOR: an array of [field, what stands, what the other says].
    differs  BLOB NOT NULL,
    PRIMARY KEY (org, receipt, line, document, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE return_head (
    org        INTEGER NOT NULL,
    document   INTEGER NOT NULL,
    occurred   INTEGER NOT NULL,
    zone       TEXT NOT NULL,
    site       TEXT NOT NULL,
    currency   TEXT NOT NULL,
    historic   INTEGER NOT NULL,
    states     TEXT NOT NULL,
    receipt    INTEGER,
    accepted   INTEGER NOT NULL,
    queued     INTEGER NOT NULL,
    paid       INTEGER NOT NULL,
    committed  INTEGER NOT NULL,
    -- The business date on which goods came; refunds are due from there.
    arrived    TEXT,
    conflicts  TEXT,
    clock      INTEGER NOT NULL,
    -- Taken off what is owed: missing parts, gifts that were kept.
    deducted   INTEGER NOT NULL,
    -- Sold on the return itself: what was given in exchange, repairs.
    sold       INTEGER NOT NULL,
    -- Store credit that was spent beyond what was issued; what shows it, one fact a line, where a branch spent
    -- more than its share.
    credit_short INTEGER NOT NULL DEFAULT 0,
    overspent  TEXT,
    -- When what is owed was last decided on, and when money was last paid, ms.
    settled    INTEGER NOT NULL,
    paid_last  INTEGER NOT NULL,
    -- Folded from the lines' verdicts:
    entitled   INTEGER NOT NULL DEFAULT 0,
    excess     INTEGER NOT NULL DEFAULT 0,
    unverified INTEGER NOT NULL DEFAULT 0,
    over       INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (org, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX return_latest ON return_head (org, historic, occurred);
CREATE INDEX return_site ON return_head (org, site, historic, occurred);
CREATE INDEX return_unverified ON return_head (org, historic) WHERE unverified > 0;
CREATE INDEX return_overspent ON return_head (org) WHERE overspent IS NOT NULL;
CREATE INDEX return_over ON return_head (org, historic) WHERE over > 0;
CREATE INDEX return_conflicts ON return_head (org) WHERE conflicts IS NOT NULL OR clock <> 0;
CREATE INDEX return_queued ON return_head (org) WHERE queued > 0;

CREATE TABLE return_line (
    org      INTEGER NOT NULL,
    document INTEGER NOT NULL,
    position INTEGER NOT NULL,
    line     TEXT NOT NULL,
    sku      TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    -- How much came back to stay.
    kept     INTEGER NOT NULL,
    -- What is asked for what no sale line covers.
    unlinked INTEGER NOT NULL,
    unlinked_value INTEGER NOT NULL,
    -- What it comes to: imported, what was refunded; else what is owed. And how much of it is valid.
    value    INTEGER NOT NULL,
    valid    INTEGER NOT NULL DEFAULT 0,
    service  INTEGER NOT NULL,
    reason   TEXT NOT NULL,
    counts   INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (org, document, position)
) STRICT, WITHOUT ROWID;

-- What of a sale line a return's line takes back, and the verdict.
CREATE TABLE line_claim (
    org      INTEGER NOT NULL,
    receipt  INTEGER NOT NULL,
    line     TEXT NOT NULL,
    document INTEGER NOT NULL,
    position INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    pinned   INTEGER NOT NULL,
    rank     TEXT NOT NULL,
    -- The sale as the return knows it, for those who don't hold it.
    sold     INTEGER NOT NULL,
    paid     INTEGER NOT NULL,
    -- Money off without goods.
    allowance INTEGER NOT NULL DEFAULT 0,
    counts   INTEGER NOT NULL DEFAULT 1,
    -- By a decision: 1 what an over-return had in excess, 2 what was entered a second time.
    voided   INTEGER NOT NULL DEFAULT 0,
    valid    INTEGER NOT NULL DEFAULT 0,
    excess   INTEGER NOT NULL DEFAULT 0,
    entitled INTEGER NOT NULL DEFAULT 0,
    -- The newest relay time that the device knew when it took the goods in, ms.
    seen     INTEGER NOT NULL,
    -- Another device took as much of the line in at the same site.
    twin     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (org, receipt, line, document, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX line_claim_twin ON line_claim (org, receipt, line) WHERE twin;
CREATE INDEX line_claim_document ON line_claim (org, document);
CREATE INDEX line_claim_excess ON line_claim (org, receipt, line) WHERE excess > 0 OR voided;

-- What of a return went back, or is to go back, by which tender; without those that failed.
CREATE TABLE refund (
    org      INTEGER NOT NULL,
    document INTEGER NOT NULL,
    refund   TEXT NOT NULL,
    tender   TEXT NOT NULL,
    amount   INTEGER NOT NULL,
    -- Whether a rail pays it; what was asked for, and what of it was paid, how far it is.
    electronic INTEGER NOT NULL,
    requested  INTEGER NOT NULL,
    paid       INTEGER NOT NULL,
    state      TEXT NOT NULL,
    -- When it was paid, for the last time; absent while it isn't.
    paid_at    INTEGER,
    PRIMARY KEY (org, document, refund)
) STRICT, WITHOUT ROWID;

-- Decisions that the policy was asked for, by the version that was asked.
CREATE TABLE judged (
    org      INTEGER NOT NULL,
    document INTEGER NOT NULL,
    event    TEXT NOT NULL,
    version  TEXT NOT NULL,
    -- When it was decided, ms: the time of its rank, held within what stamps prove.
    time     INTEGER NOT NULL,
    -- When the return occurred, ms.
    occurred INTEGER NOT NULL,
    PRIMARY KEY (org, document, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX judged_version ON judged (org, version, time);

-- The signed receipts that returns carry: by which device, whether it is believed of the return, and whether HQ
-- has told since what it knows of the sale. A device's grant may come after what it signed.
CREATE TABLE receipt_proof (
    org INTEGER NOT NULL, document INTEGER NOT NULL, signer BLOB NOT NULL, stands INTEGER NOT NULL,
    verified INTEGER NOT NULL, PRIMARY KEY (org, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX receipt_proof_signer ON receipt_proof (org, signer);

-- What was granted on sales that HQ hasn't seen yet, by return; gone once the sale is verified.
CREATE TABLE provisional (
    org      INTEGER NOT NULL,
    document INTEGER NOT NULL,
    site     TEXT NOT NULL,
    -- The business date of the decision.
    day      TEXT NOT NULL,
    -- As the customer named it; empty without one.
    receipt  TEXT NOT NULL,
    value    INTEGER NOT NULL,
    -- Whether a signed receipt proves the sale.
    proven   INTEGER NOT NULL,
    PRIMARY KEY (org, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX provisional_site ON provisional (org, site, day, receipt, value);

CREATE TABLE bucket (
    id      INTEGER PRIMARY KEY,
    org     INTEGER NOT NULL,
    site    TEXT NOT NULL,
    sku     TEXT NOT NULL,
    place   TEXT NOT NULL,
    lot     TEXT NOT NULL,
    account INTEGER NOT NULL,
    UNIQUE (org, site, sku, place, lot, account)
) STRICT;
CREATE INDEX bucket_sku ON bucket (org, sku);

CREATE TABLE posting (
    org      INTEGER NOT NULL,
    document INTEGER NOT NULL,
    ordinal  INTEGER NOT NULL,
    bucket   INTEGER NOT NULL,
    position INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    -- At cost: as the document says, or (derived) at the site's moving average.
    value    INTEGER NOT NULL,
    derived  INTEGER NOT NULL DEFAULT 0,
    occurred INTEGER NOT NULL,
    counts   INTEGER NOT NULL DEFAULT 1,
    -- Says how much there is (opening, delivery, count): the bucket is no longer uncounted.
    asserts  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (org, document, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX posting_bucket ON posting (org, bucket, occurred, counts, quantity, value, asserts);

-- Where no posting of an article has a value there is no average to fold.
CREATE INDEX posting_valued ON posting (org, bucket) WHERE value <> 0;

CREATE TABLE stock (
    org INTEGER NOT NULL, bucket INTEGER NOT NULL, quantity INTEGER NOT NULL, value INTEGER NOT NULL,
    asserted INTEGER NOT NULL, PRIMARY KEY (org, bucket)
) STRICT, WITHOUT ROWID;
CREATE INDEX stock_negative ON stock (org, bucket) WHERE quantity < 0 AND asserted;

-- Stocktakes.
CREATE TABLE count_head (
    org      INTEGER NOT NULL,
    document INTEGER NOT NULL,
    site     TEXT NOT NULL,
    -- open | closed | approved | cancelled
    stage    TEXT NOT NULL,
    opened   INTEGER NOT NULL,
    zone     TEXT NOT NULL,
    currency TEXT NOT NULL,
    blind    INTEGER NOT NULL,
    -- What is counted: places one a line, how many articles are listed (0: all), their category.
    places   TEXT NOT NULL,
    skus     INTEGER NOT NULL,
    category TEXT,
    note     TEXT,
    -- The identity of the plan that it follows.
    plan     BLOB,
    -- Who counted, one a line.
    counters TEXT NOT NULL,
    closed   INTEGER,
    approved INTEGER,
    approver TEXT,
    losers   TEXT,
    PRIMARY KEY (org, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX count_plan_done ON count_head (org, plan, site, closed);
CREATE INDEX count_blind ON count_head (org, site) WHERE blind AND stage IN ('open', 'closed');
CREATE INDEX count_losers ON count_head (org) WHERE losers IS NOT NULL;

-- What a count asserts of a bucket.
CREATE TABLE count_bucket (
    org       INTEGER NOT NULL,
    document  INTEGER NOT NULL,
    position  INTEGER NOT NULL,
    bucket    INTEGER NOT NULL,
    counted   INTEGER NOT NULL,
    first     INTEGER NOT NULL,
    last      INTEGER NOT NULL,
    -- The ids of the devices that scanned it, one after another.
    devices   BLOB NOT NULL,
    cost      INTEGER,
    unscanned INTEGER NOT NULL,
    unclear   INTEGER NOT NULL,
    -- Whether the ledger follows it, and whether it was dropped.
    holds     INTEGER NOT NULL,
    dropped   INTEGER NOT NULL,
    -- The variance that the approval saw.
    seen      INTEGER,
    -- Folded from the bucket's ledger: what it says at the time of the last scan, and the variance.
    book      INTEGER NOT NULL DEFAULT 0,
    variance  INTEGER NOT NULL DEFAULT 0,
    -- How far the nearest other posting is from its scans, ms; 0: between them, or a scan is unclear. Absent
    -- where there is none, it was dropped, or a later count holds: then nothing asks for a recount.
    near      INTEGER,
    PRIMARY KEY (org, document, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX count_bucket_near ON count_bucket (org, near) WHERE near IS NOT NULL;
CREATE INDEX count_bucket_bucket ON count_bucket (org, bucket, last);

CREATE TABLE count_plan (
    org INTEGER NOT NULL, document INTEGER NOT NULL, name TEXT NOT NULL, site TEXT, every_days INTEGER NOT NULL,
    starts TEXT NOT NULL, PRIMARY KEY (org, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX count_plan_name ON count_plan (org, name);

CREATE TABLE money (
    org INTEGER NOT NULL, document INTEGER NOT NULL, account TEXT NOT NULL,
    -- Empty for what is the organisation's own.
    site TEXT NOT NULL,
    currency TEXT NOT NULL, amount INTEGER NOT NULL,
    -- The business time that it counts at, ms.
    occurred INTEGER NOT NULL,
    PRIMARY KEY (org, document, account, occurred)
) STRICT, WITHOUT ROWID;
CREATE INDEX money_site ON money (org, site, occurred, account, currency, amount);

CREATE INDEX money_loss ON money (org, account) WHERE account >= 'loss:' AND account < 'loss;';

-- Cash that went out of a drawer for a return, payment by payment; below zero what customers paid, for a
-- repair or on top of an exchange.
CREATE TABLE cash_paid (
    org INTEGER NOT NULL, document INTEGER NOT NULL, event TEXT NOT NULL, site TEXT NOT NULL,
    device BLOB NOT NULL, amount INTEGER NOT NULL, occurred INTEGER NOT NULL,
    PRIMARY KEY (org, document, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX cash_paid_site ON cash_paid (org, site, occurred);

CREATE TABLE cash_shift (
    org       INTEGER NOT NULL,
    document  INTEGER NOT NULL,
    site      TEXT NOT NULL,
    till      TEXT NOT NULL,
    shift     TEXT,
    date      TEXT NOT NULL,
    zone      TEXT NOT NULL,
    currency  TEXT NOT NULL,
    device    BLOB NOT NULL,
    rank      TEXT NOT NULL,
    opened    INTEGER NOT NULL,
    -- The end of its time; the last moment there is while it is open.
    until     INTEGER NOT NULL,
    opening   INTEGER NOT NULL,
    counted   INTEGER,
    paid_in   INTEGER NOT NULL,
    paid_out  INTEGER NOT NULL,
    -- What the close saw.
    seen_sales    INTEGER,
    seen_receipts INTEGER,
    seen_refunds  INTEGER,
    seen_in       INTEGER,
    seen_out      INTEGER,
    conflicts TEXT,
    -- Folded from receipts, payments, and the shifts of its time:
    sales     INTEGER NOT NULL DEFAULT 0,
    receipts  INTEGER NOT NULL DEFAULT 0,
    refunds   INTEGER NOT NULL DEFAULT 0,
    overlap   TEXT,
    PRIMARY KEY (org, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX cash_shift_site ON cash_shift (org, site, until);
CREATE INDEX cash_shift_conflicts ON cash_shift (org) WHERE conflicts IS NOT NULL OR overlap IS NOT NULL;

-- Closes of periods; of one period the lowest rank stands. The figures are read from the document.
CREATE TABLE period_close (
    org INTEGER NOT NULL, document INTEGER NOT NULL, period TEXT NOT NULL, event TEXT NOT NULL, rank TEXT NOT NULL,
    PRIMARY KEY (org, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX period_close_period ON period_close (org, period, rank);

CREATE TABLE red_invoice (
    org INTEGER NOT NULL, document INTEGER NOT NULL, returned BLOB NOT NULL, receipt INTEGER NOT NULL,
    state TEXT NOT NULL, PRIMARY KEY (org, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX red_invoice_state ON red_invoice (org, state);

-- What red invoices take of a receipt's lines.
CREATE TABLE red_line (
    org INTEGER NOT NULL, document INTEGER NOT NULL, line TEXT NOT NULL,
    -- The return and its line.
    returned BLOB NOT NULL, of TEXT NOT NULL,
    receipt INTEGER NOT NULL, sold TEXT NOT NULL,
    quantity INTEGER NOT NULL, amount INTEGER NOT NULL, tax INTEGER NOT NULL,
    -- Whether it counts against the blue invoice, and whether it is out.
    counts INTEGER NOT NULL, issued INTEGER NOT NULL,
    PRIMARY KEY (org, document, line)
) STRICT, WITHOUT ROWID;
CREATE INDEX red_line_sold ON red_line (org, receipt, sold);

-- What adjustments moved and counts found, for totals.
CREATE TABLE moved (
    org INTEGER NOT NULL, document INTEGER NOT NULL, position INTEGER NOT NULL, site TEXT NOT NULL,
    movement TEXT NOT NULL, quantity INTEGER NOT NULL, value INTEGER NOT NULL, counts INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (org, document, position)
) STRICT, WITHOUT ROWID;

-- What imports brought, and whether it still stands.
CREATE TABLE brought (
    org INTEGER NOT NULL, document INTEGER NOT NULL, import TEXT NOT NULL, file TEXT NOT NULL, profile TEXT NOT NULL,
    user TEXT NOT NULL, recorded INTEGER NOT NULL, device TEXT NOT NULL, rows INTEGER NOT NULL,
    reversed INTEGER NOT NULL, PRIMARY KEY (org, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX brought_import ON brought (org, import, device, reversed);

-- Dispatches, and deliveries that name one by its number; those of one number between two sites are folded
-- together. What is folded stands in the dispatch's row.
CREATE TABLE transfer (
    org       INTEGER NOT NULL,
    document  INTEGER NOT NULL,
    sender    TEXT NOT NULL,
    receiver  TEXT NOT NULL,
    joined    TEXT NOT NULL,
    delivery  INTEGER NOT NULL,
    currency  TEXT NOT NULL,
    states    TEXT NOT NULL DEFAULT '',
    -- When goods left; when a delivery by itself arrived.
    since     INTEGER,
    open      INTEGER NOT NULL DEFAULT 0,
    short     INTEGER NOT NULL DEFAULT 0,
    over      INTEGER NOT NULL DEFAULT 0,
    lost      INTEGER NOT NULL DEFAULT 0,
    conflicts TEXT,
    PRIMARY KEY (org, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX transfer_joined ON transfer (org, sender, receiver, joined);
CREATE INDEX transfer_since ON transfer (org, since);
CREATE INDEX transfer_flagged ON transfer (org) WHERE open > 0 OR short > 0 OR over > 0 OR conflicts IS NOT NULL;

CREATE TABLE supplier_return (
    org       INTEGER NOT NULL,
    document  INTEGER NOT NULL,
    site      TEXT NOT NULL,
    supplier  TEXT NOT NULL,
    currency  TEXT NOT NULL,
    states    TEXT NOT NULL,
    raised    INTEGER,
    shipped   INTEGER,
    claimed   INTEGER NOT NULL,
    credited  INTEGER NOT NULL,
    open      INTEGER NOT NULL,
    open_value INTEGER NOT NULL,
    conflicts TEXT,
    PRIMARY KEY (org, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX supplier_return_raised ON supplier_return (org, raised);
CREATE INDEX supplier_return_open ON supplier_return (org, supplier) WHERE open > 0;
CREATE INDEX supplier_return_conflicts ON supplier_return (org) WHERE conflicts IS NOT NULL;

-- What is still kept of a reservation's lines, whatever the time is.
CREATE TABLE reservation (
    org      INTEGER NOT NULL,
    document INTEGER NOT NULL,
    position INTEGER NOT NULL,
    site     TEXT NOT NULL,
    sku      TEXT NOT NULL,
    place    TEXT NOT NULL,
    lot      TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    kept     INTEGER NOT NULL,
    until    INTEGER,
    PRIMARY KEY (org, document, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX reservation_kept ON reservation (org, site, sku) WHERE kept > 0;

-- What HQ keeps of sale lines for a branch. What isn't granted has a row for each line that was asked for.
CREATE TABLE hold (
    org      INTEGER NOT NULL,
    document INTEGER NOT NULL,
    position INTEGER NOT NULL,
    site     TEXT NOT NULL,
    receipt  INTEGER NOT NULL,
    -- The sale line; empty where HQ hasn't granted it.
    line     TEXT NOT NULL,
    sku      TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    sold     INTEGER NOT NULL,
    paid     INTEGER NOT NULL,
    state    TEXT NOT NULL,
    -- Of the grant; else of the request.
    rank     TEXT NOT NULL,
    until    INTEGER,
    PRIMARY KEY (org, document, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX hold_asked ON hold (org, rank) WHERE state = 'asked';
CREATE INDEX hold_granted ON hold (org, receipt, line) WHERE state = 'granted';

CREATE TABLE resolution (
    org INTEGER NOT NULL, document INTEGER NOT NULL, exception TEXT NOT NULL, action TEXT NOT NULL,
    owner TEXT NOT NULL, amount INTEGER NOT NULL, rank TEXT NOT NULL,
    -- The fingerprint of the evidence that it saw; absent where it names claims, or is an older program's.
    seen BLOB,
    PRIMARY KEY (org, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX resolution_exception ON resolution (org, exception);

CREATE TABLE resolution_claim (
    org INTEGER NOT NULL, resolution INTEGER NOT NULL, identity BLOB NOT NULL, line TEXT NOT NULL,
    valid INTEGER NOT NULL, excess INTEGER NOT NULL, voided INTEGER NOT NULL,
    PRIMARY KEY (org, resolution, identity, line)
) STRICT, WITHOUT ROWID;
CREATE INDEX resolution_claim_identity ON resolution_claim (org, identity, line);
