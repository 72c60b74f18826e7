-- By which rule version a notice is as it is (wanted, or to be retired), and by which the EHR was last written.
alter table notice add column rule_version bigint not null default 1;
alter table notice alter column rule_version drop default;
alter table notice add column delivered_rule_version bigint default 1;
alter table notice alter column delivered_rule_version drop default;
-- Why a notice is held; and that an operator let this write pass, whatever the blast-radius limits say.
alter table notice add column held_reason text not null default '';
alter table notice add column is_released boolean not null default false;
alter table delivery add column rule_version bigint;

-- What the rules that wait (a dry run) would do to notices. Never delivered; made anew whenever a subject is reckoned.
create table rule_preview (
  tenant_id             bigint not null,
  subject_id            bigint not null,
  notice_key            text collate "C" not null,
  effect                smallint not null,
  kind                  smallint not null,
  severity              smallint not null,
  notice_text           text not null,
  due_day               date,
  authorization_number  text,
  primary key (tenant_id, subject_id, notice_key)
);

grant select, insert, delete on rule_preview to authledger_app;

alter table rule_preview enable row level security;
alter table rule_preview force row level security;
create policy rule_preview_of_tenant on rule_preview
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);
