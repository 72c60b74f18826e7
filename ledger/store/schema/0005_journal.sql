-- What was believed, when, and from which inputs; append-only, one hash chain per subject.
create table journal_entry (
  tenant_id          bigint not null,
  subject_id         bigint not null,
  entry_seq          bigint not null,
  facts_seq          bigint not null,
  as_of_day          date not null,
  policy_version     bigint not null,
  allocator_version  integer not null,
  posted_at          timestamptz not null,
  outcome_hash       bytea not null,
  previous_hash      bytea not null,
  entry_hash         bytea not null,
  primary key (tenant_id, subject_id, entry_seq),
  constraint journal_entry_inputs
    unique (tenant_id, subject_id, facts_seq, as_of_day, policy_version, allocator_version)
);

-- One positive quantity moves between two accounts of a book: an unbalanced entry cannot be written.
create table transfer (
  tenant_id       bigint not null,
  subject_id      bigint not null,
  entry_seq       bigint not null,
  no              integer not null,
  book            text collate "C" not null,
  from_account    smallint not null,
  to_account      smallint not null,
  measure         smallint not null,
  quantity_milli  bigint not null,
  service_key     text collate "C",
  is_reversal     boolean not null,
  reason          text not null,
  primary key (tenant_id, subject_id, entry_seq, no),
  constraint transfer_moves_a_positive_quantity check (quantity_milli > 0),
  constraint transfer_moves_between_two_accounts check (from_account <> to_account)
);

-- A projection of transfer: may be dropped and rebuilt.
create table balance (
  tenant_id       bigint not null,
  subject_id      bigint not null,
  book            text collate "C" not null,
  account         smallint not null,
  measure         smallint not null,
  quantity_milli  bigint not null,
  primary key (tenant_id, subject_id, book, account, measure)
) with (fillfactor = 80);

-- The Merkle root of the heads that changed since the seal before, chained to it. The heads are named, so that a
-- verifier can compute the root again.
create table seal (
  tenant_id      bigint not null,
  seal_seq       bigint not null,
  sealed_at      timestamptz not null,
  root_hash      bytea not null,
  previous_hash  bytea not null,
  seal_hash      bytea not null,
  subject_ids    bigint[] not null,
  entry_seqs     bigint[] not null,
  primary key (tenant_id, seal_seq)
);
