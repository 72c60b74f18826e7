-- Whose a notice is, what it has reached, and how it ended. The defaults are constants of
-- this statement: the table is not rewritten, and what stands counts as opened now.
alter table notice
  add column role              smallint not null default 0,
  add column is_copy           boolean not null default false,
  add column owner             text not null default '',
  add column owner_source      text not null default '',
  add column delivered_owner   text not null default '',
  add column band              integer not null default 0,
  add column limit_milli       bigint,
  add column opened_at         timestamptz not null default now(),
  add column closed_at         timestamptz,
  add column resolved_by       text not null default '',
  add column person_status     text not null default '';
