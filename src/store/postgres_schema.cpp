#include "postgres_schema.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <chrono>

namespace haulcast::store {

namespace {

constexpr std::chrono::days a_monday{10'959};  // 2000-01-03

// Of two programs that start at once the second waits, and finds nothing to do. "HAUL".
constexpr std::int64_t migration_lock = 0x4841554C;

// Unknown is NULL. `record` and `place` say where in the journal a row comes from.
//
// Positions have one index, which is their identity too. It begins with the quarter of a minute: all that trucks send now goes
// to the same few pages of it, which are filled once, whatever the number of trucks. That and the truck are one number, `slot`,
// which is compared at once. A question about one truck looks into the slots of the hours of which `hour` and `unsettled_hour`
// say that it sent something.
constexpr std::array migrations{
    R"sql(
    CREATE TABLE checkpoint (
      one boolean PRIMARY KEY DEFAULT true CHECK (one),
      journal text,
      record bigint
    ) WITH (fillfactor = 50);
    INSERT INTO checkpoint DEFAULT VALUES;

    CREATE TABLE truck (
      number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      truck_id text COLLATE "C" NOT NULL UNIQUE,
      removed boolean NOT NULL DEFAULT false,
      version bigint NOT NULL DEFAULT 0,
      name text, plate text,
      max_speed_kmh float8, length_m float8, width_m float8, height_m float8, weight_kg float8,
      attributes text
    );

    CREATE TABLE geofence (
      geofence_id text COLLATE "C" PRIMARY KEY,
      version bigint NOT NULL,
      name text,
      active boolean NOT NULL,
      shape geography(Geometry,4326) NOT NULL,
      reach_m float8 NOT NULL,
      geofence json NOT NULL
    );
    COMMENT ON COLUMN geofence.shape IS 'a circle''s centre, a polygon, a corridor''s path';
    COMMENT ON COLUMN geofence.reach_m IS 'a circle''s radius, half a corridor''s width, 0 for a polygon: a point is inside if ST_DWithin(shape, point, reach_m)';

    CREATE TABLE position (
      time timestamptz NOT NULL,
      received_at timestamptz NOT NULL,
      record bigint NOT NULL,
      speed_kmh float8, heading float8, altitude_m float8, accuracy_m float8, odometer_km float8,
      fuel_level_pct float8, battery_pct float8,
      truck integer NOT NULL,
      minute integer NOT NULL,
      place integer NOT NULL,
      verdict smallint NOT NULL,
      suspicion smallint NOT NULL,
      point geography(Point,4326) NOT NULL,
      engine_status text, trip_id text, driver_id text, attributes text
    ) PARTITION BY RANGE (time);
    CREATE UNIQUE INDEX ON position (minute, truck, time);
    COMMENT ON COLUMN position.minute IS 'of time, since 1970; ask by haulcast.track(truck_id, from, to)';
    COMMENT ON COLUMN position.verdict IS '0 live, 1 late, 2 suspect';
    COMMENT ON COLUMN position.suspicion IS '0 none, 1 null island, 2 inaccurate, 3 implausible speed';

    CREATE TABLE event (
      time timestamptz NOT NULL,
      record bigint NOT NULL,
      place integer NOT NULL,
      type text COLLATE "C" NOT NULL,
      truck_id text COLLATE "C",
      subject text COLLATE "C",
      event json NOT NULL
    ) PARTITION BY RANGE (time);
    CREATE UNIQUE INDEX ON event (time, record, place);
    CREATE INDEX ON event (type, time, record, place);
    CREATE INDEX ON event (truck_id, time, record, place);
    COMMENT ON COLUMN event.event IS 'CloudEvents 1.0';

    CREATE TABLE quarantine (
      received_at timestamptz NOT NULL,
      record bigint NOT NULL,
      place integer NOT NULL,
      code text COLLATE "C" NOT NULL,
      truck_id text,
      raw text
    ) PARTITION BY RANGE (received_at);
    CREATE UNIQUE INDEX ON quarantine (received_at, record, place);

    CREATE TABLE hour (
      hour timestamptz NOT NULL,
      truck integer NOT NULL,
      distance_m float8 NOT NULL,
      max_speed_kmh float8,
      moving_ms bigint NOT NULL,
      idle_ms bigint NOT NULL,
      coordinates_count bigint NOT NULL
    ) PARTITION BY RANGE (hour);
    CREATE UNIQUE INDEX ON hour (truck, hour);

    CREATE TABLE unsettled_hour (
      hour integer NOT NULL,
      truck integer NOT NULL,
      PRIMARY KEY (hour, truck)
    );
    CREATE INDEX ON unsettled_hour (truck, hour);
    COMMENT ON TABLE unsettled_hour IS 'hours (since 1970) with positions that are not in their figures yet';

    CREATE TABLE dead_letter (
      time timestamptz NOT NULL,
      record bigint NOT NULL,
      place integer NOT NULL,
      kind smallint NOT NULL,
      truck_id text,
      reason text NOT NULL,
      letter text
    );
    CREATE INDEX ON dead_letter (time);

    -- Partitions are their owner's to make and to drop. The server's role may be another one, which these let do just that.
    CREATE FUNCTION partition_width(kind text) RETURNS interval LANGUAGE sql IMMUTABLE AS
      $$ SELECT CASE kind WHEN 'position' THEN interval '1 day' WHEN 'event' THEN interval '7 days'
                          WHEN 'quarantine' THEN interval '1 day' WHEN 'hour' THEN interval '28 days' END $$;

    -- Made apart and attached, which waits for nobody who reads.
    CREATE FUNCTION add_partition(kind text, at timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = haulcast, pg_temp SET TimeZone = 'UTC' AS $$
    DECLARE
      width interval := haulcast.partition_width(kind);
      begins timestamptz := date_bin(width, at, timestamptz '2000-01-03 00:00:00Z');
      part text := kind || to_char(begins, '_YYYYMMDD');
    BEGIN
      IF width IS NULL THEN RAISE EXCEPTION 'there are no partitions of %', kind; END IF;
      IF to_regclass('haulcast.' || quote_ident(part)) IS NOT NULL THEN RETURN; END IF;
      EXECUTE format('CREATE TABLE haulcast.%I (LIKE haulcast.%I INCLUDING ALL)', part, kind);
      EXECUTE format('ALTER TABLE haulcast.%I ATTACH PARTITION haulcast.%I FOR VALUES FROM (%L) TO (%L)',
                     kind, part, begins, begins + width);
      EXECUTE format('GRANT INSERT ON haulcast.%I TO %I', part, session_user);
    END $$;

    CREATE FUNCTION drop_partition(kind text, before timestamptz) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = haulcast, pg_temp SET TimeZone = 'UTC' AS $$
    DECLARE
      width interval := haulcast.partition_width(kind);
      part text;
    BEGIN
      SELECT c.relname INTO part FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE width IS NOT NULL AND i.inhparent = to_regclass('haulcast.' || quote_ident(kind))
          AND to_date(right(c.relname, 8), 'YYYYMMDD')::timestamptz + width <= before
        ORDER BY c.relname LIMIT 1;
      IF part IS NOT NULL THEN EXECUTE format('DROP TABLE haulcast.%I', part); END IF;
      RETURN part;
    END $$;
    REVOKE ALL ON FUNCTION add_partition(text, timestamptz), drop_partition(text, timestamptz) FROM PUBLIC;

    -- For people: one truck over a time range, by the index.
    CREATE FUNCTION track(truck_id text, begins timestamptz, ends timestamptz) RETURNS SETOF haulcast.position
    LANGUAGE sql STABLE AS $$
      SELECT p.* FROM haulcast.truck t
        CROSS JOIN generate_series(floor(extract(epoch FROM begins) / 60)::int, floor(extract(epoch FROM ends) / 60)::int) AS m
        CROSS JOIN LATERAL (SELECT * FROM haulcast.position
                            WHERE minute = m AND truck = t.number AND time BETWEEN begins AND ends OFFSET 0) p
        WHERE t.truck_id = track.truck_id ORDER BY p.time $$;
    )sql",
    // Names of others are not looked at as if they ended with a day, whatever the plan: the oldest of ours is found first.
    R"sql(
    CREATE OR REPLACE FUNCTION drop_partition(kind text, before timestamptz) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = haulcast, pg_temp SET TimeZone = 'UTC' AS $$
    DECLARE
      width interval := haulcast.partition_width(kind);
      part text;
    BEGIN
      SELECT c.relname INTO part FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE width IS NOT NULL AND i.inhparent = to_regclass('haulcast.' || quote_ident(kind))
        ORDER BY c.relname LIMIT 1;
      IF part IS NULL OR to_date(right(part, 8), 'YYYYMMDD')::timestamptz + width > before THEN RETURN NULL; END IF;
      EXECUTE format('DROP TABLE haulcast.%I', part);
      RETURN part;
    END $$;
    )sql",
    // Writes every position anew.
    R"sql(
    DROP INDEX position_minute_truck_time_idx;
    ALTER TABLE position ALTER COLUMN minute TYPE bigint USING floor(extract(epoch FROM time) / 15)::bigint << 32 | truck;
    ALTER TABLE position RENAME COLUMN minute TO slot;
    CREATE UNIQUE INDEX ON position (slot, time);
    COMMENT ON COLUMN position.slot IS 'floor(seconds since 1970 / 15) << 32 | truck; ask by haulcast.track(truck_id, from, to)';
    CREATE OR REPLACE FUNCTION track(truck_id text, begins timestamptz, ends timestamptz) RETURNS SETOF haulcast.position
    LANGUAGE sql STABLE AS $$
      SELECT p.* FROM haulcast.truck t
        CROSS JOIN generate_series(floor(extract(epoch FROM begins) / 15)::bigint,
                                   floor(extract(epoch FROM ends) / 15)::bigint) AS s
        CROSS JOIN LATERAL (SELECT * FROM haulcast.position
                            WHERE slot = s << 32 | t.number AND time BETWEEN begins AND ends OFFSET 0) p
        WHERE t.truck_id = track.truck_id ORDER BY p.time $$;
    )sql",
};

void run_migrations(pqxx::work& in, int from) {
  if (from == 0) {
    if (in.exec1("SELECT count(*) FROM pg_extension WHERE extname = 'postgis'")[0].as<int>() == 0) {
      in.exec("CREATE EXTENSION postgis");
    }
    if (in.exec1("SELECT count(*) FROM pg_namespace WHERE nspname = 'haulcast'")[0].as<int>() == 0) {
      in.exec("CREATE SCHEMA haulcast");
    }
    in.exec(
        "CREATE TABLE haulcast.schema_version (version integer PRIMARY KEY, migrated_at timestamptz NOT NULL DEFAULT now())");
  }
  in.exec(
      "SELECT set_config('search_path', 'haulcast, ' || quote_ident(n.nspname), true) FROM pg_extension e "
      "JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'postgis'");
  for (int next = from; next < postgres_schema_version(); ++next) {
    in.exec(migrations[static_cast<std::size_t>(next)]);
    in.exec_params("INSERT INTO haulcast.schema_version VALUES ($1)", next + 1);
  }
}

void refuse_newer(int version) {
  if (version <= postgres_schema_version()) return;
  throw hopeless{fmt::format("the store in PostgreSQL was written by a newer version (schema {}, this one knows {})", version,
                             postgres_schema_version())};
}

}  // namespace

int postgres_schema_version() noexcept { return static_cast<int>(migrations.size()); }

// By the catalogue's rows: names that were looked up before, in vain, are remembered until a transaction ends.
int schema_version(pqxx::transaction_base& in) {
  const auto found = in.exec1(
      "SELECT count(*), count(*) FILTER (WHERE c.relname = 'schema_version') FROM pg_class c JOIN pg_namespace n "
      "ON n.oid = c.relnamespace WHERE n.nspname = 'haulcast'");
  if (found[1].as<int>() > 0) {
    return in.exec1("SELECT coalesce(max(version), 0) FROM haulcast.schema_version")[0].as<int>();
  }
  if (found[0].as<int>() == 0) return 0;
  throw hopeless{"the database has a schema haulcast that is somebody else's: give the store a database of its own"};
}

migration migrate(postgres_session& session, bool dry_run) {
  pqxx::work in{session.sql()};
  const int found = schema_version(in);
  refuse_newer(found);
  if (found == postgres_schema_version()) return {found, found};
  in.exec(
      fmt::format("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; "
                  "SET LOCAL lock_timeout = '30s'; SELECT pg_advisory_xact_lock({})",
                  migration_lock));
  const int from = schema_version(in);  // somebody may have been faster
  refuse_newer(from);
  run_migrations(in, from);
  if (!dry_run) in.commit();
  return {from, postgres_schema_version()};
}

bool is_current(postgres_session& session) {
  pqxx::work in{session.sql()};
  const int found = schema_version(in);
  refuse_newer(found);
  return found == postgres_schema_version();
}

void await_schema(postgres_session& session) {
  pqxx::work in{session.sql()};
  const int found = schema_version(in);
  refuse_newer(found);
  if (found == postgres_schema_version()) return;
  throw std::runtime_error{fmt::format("the store's schema is at version {} of {}: it waits for `haulcast migrate`", found,
                                       postgres_schema_version())};
}

std::string partition_name(const partitions_of& table, utc_time t) {
  const auto since = std::chrono::floor<std::chrono::days>(t).time_since_epoch() - a_monday;
  const auto into = ((since % table.days) + std::chrono::days{table.days}) % table.days;
  const std::chrono::year_month_day begins{std::chrono::sys_days{a_monday + since - into}};
  return fmt::format("{}_{:04}{:02}{:02}", table.table, static_cast<int>(begins.year()), static_cast<unsigned>(begins.month()),
                     static_cast<unsigned>(begins.day()));
}

}  // namespace haulcast::store
