-- Under which mapping a feed was read to its end: another one maps again what was read before.
alter table feed add column mapping_version text not null default '';
