-- Where the letters of an authorization are, and what their content hashes to. The content itself has no place here.
create table fact_document (
  patient               text not null,
  status                text,
  attachment_urls       text[] not null,
  attachment_hashes     text[] not null,
  related               text[] not null,
  authorization_numbers text[] not null,
  replaces              text[] not null,
  issued_at             timestamptz,
  primary key (tenant_id, subject_id, fact_seq)
) inherits (fact);
alter table fact_document enable row level security;
alter table fact_document force row level security;
create policy fact_document_of_tenant on fact_document
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);
grant select, insert on fact_document to authledger_app;
