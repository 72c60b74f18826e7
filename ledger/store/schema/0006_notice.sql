-- What should stand in the EHR, what was written there, and the log of every write.
create table notice (
  tenant_id             bigint not null,
  notice_key            text collate "C" not null,
  subject_id            bigint not null,
  topic                 text collate "C" not null,
  kind                  smallint not null,
  episode               bigint not null,
  is_open               boolean not null,
  severity              smallint not null,
  notice_text           text not null,
  due_day               date,
  first_day             date,
  last_day              date,
  authorization_number  text,
  focus                 text,
  desired_hash          bytea not null,
  close_reason          text not null default '',
  channel               text not null default '',
  remote_id             text not null default '',
  etag                  text not null default '',
  delivered_hash        bytea,
  create_begun_at       timestamptz,
  is_closed_by_person   boolean not null default false,
  is_held               boolean not null default false,
  is_retired            boolean not null default false,
  parked_reason         text,
  attempts              integer not null default 0,
  due_at                timestamptz,
  lease_token           text,
  lease_until           timestamptz,
  primary key (tenant_id, notice_key)
) with (fillfactor = 80);
create index notice_subject on notice (tenant_id, subject_id);
create index notice_due on notice (tenant_id, due_at) where due_at is not null;

create table delivery (
  tenant_id     bigint not null,
  notice_key    text collate "C" not null,
  no            bigint not null,
  action        smallint not null,
  delivered_at  timestamptz not null,
  channel       text not null,
  remote_id     text not null,
  failure       text not null,
  primary key (tenant_id, notice_key, no)
);
