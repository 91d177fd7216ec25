-- Run once, by the first start of PostgreSQL. The ledger's own, zhuhang, is there already.
CREATE DATABASE zhuhang_keys;
CREATE DATABASE temporal;
CREATE DATABASE temporal_visibility;
