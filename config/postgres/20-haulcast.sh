#!/usr/bin/env bash
# Run once by the image of PostgreSQL, as its superuser and when its data directory is new: two roles, of which one owns the
# tables and the other, the server's, reads and writes their rows and nothing else (docs/postgresql.md).
set -euo pipefail

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname "$POSTGRES_DB" <<'SQL'
\getenv owner_password HAULCAST_OWNER_PASSWORD
\getenv server_password HAULCAST_DB_PASSWORD
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS postgis;

CREATE ROLE haulcast_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE haulcast LOGIN PASSWORD :'server_password';
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"DBNAME" TO haulcast_owner;
GRANT CONNECT, TEMPORARY ON DATABASE :"DBNAME" TO haulcast;

CREATE SCHEMA haulcast AUTHORIZATION haulcast_owner;
GRANT USAGE ON SCHEMA haulcast TO haulcast;
ALTER DEFAULT PRIVILEGES FOR ROLE haulcast_owner IN SCHEMA haulcast
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO haulcast;
ALTER DEFAULT PRIVILEGES FOR ROLE haulcast_owner IN SCHEMA haulcast
  GRANT EXECUTE ON FUNCTIONS TO haulcast;
SQL
