-- How urgent the notice was that the EHR was last shown: what a person closes is that, not what was to be written next.
alter table notice add column delivered_severity smallint;
