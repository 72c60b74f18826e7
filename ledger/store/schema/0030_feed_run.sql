-- Deletions are read by themselves, from the history of a type: what was read of them may lag behind the rest. A run that
-- reads everything again for a changed mapping goes on in a later round, and one that brought fewer resources than the
-- server had stated is read once more.
alter table feed
  add column deletions_watermark_at timestamptz,
  add column run_mapping_version text not null default '',
  add column is_short boolean not null default false;
