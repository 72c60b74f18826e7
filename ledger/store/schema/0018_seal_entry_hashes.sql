-- The hashes of the sealed heads, in their order (32 bytes each): where an entry was rewritten together with its chain,
-- the seal itself names it. Null in seals from before.
alter table seal add column entry_hashes bytea;
