// docker-compose.yml does what it says: its commands, settings, health checks and scripts, run without Docker.
#include "integration/composed.hpp"
#include "integration/past.hpp"
#include "support/needs.hpp"

namespace haulcast::support {
namespace {

using nlohmann::json;

const std::map<std::string, std::string> secrets{{"HAULCAST_AUTH__HS256_SECRET", std::string{server::secret()}},
                                                 {"POSTGRES_PASSWORD", "of-the-superuser"},
                                                 {"HAULCAST_OWNER_PASSWORD", "of-the-owner/@:"},
                                                 {"HAULCAST_DB_PASSWORD", "of-the-server'\""}};

class ComposedWithPostgres : public testing::Test {
 protected:
  void SetUp() override {
    NEEDS_POSTGRES();
    HAULCAST_NEEDS(std::filesystem::exists("/usr/bin/docker-compose"), "docker-compose");
    HAULCAST_NEEDS(std::filesystem::exists("/usr/bin/redis-server"), "redis-server");
    all = std::make_unique<composed>(secrets);
  }
  api admin() const {
    return {client::parse_base_url("http://" + all->address("haulcast") + ":8080").value(), token_of("admin")};
  }
  /// What PostgreSQL says to somebody who comes over the network, with that password.
  child_outcome ask(const std::string& role, const std::string& password, const std::string& sql) {
    return all->run_in("postgres",
                       "psql -X -A -t -v ON_ERROR_STOP=1 -h 127.0.0.1 -U " + role + " -d haulcast -c \"" + sql + "\"",
                       {{"PGPASSWORD", password}});
  }

  std::unique_ptr<composed> all;
};

TEST_F(ComposedWithPostgres, PositionsArriveInTheDatabaseAndItStopsInItsGracePeriod) {
  for (const auto& service : all->services()) {
    if (service != "migrate") EXPECT_FALSE(all->healthy(service)) << service << " is healthy before it is there";
    all->start(service);
    ASSERT_TRUE(all->becomes_healthy(service)) << service << ": " << all->log(service);
  }
  auto as = admin();
  const auto begin = now_ms() - 3'600'000;
  std::vector<json> positions;
  for (int i = 0; i < 50; ++i) positions.push_back(driving("TRK-1", begin, i));
  must_post(as, positions);
  EXPECT_TRUE(eventually([&] { return store_has_all(as); }, std::chrono::minutes{1}))
      << all->log("haulcast") << all->log("migrate");
  EXPECT_EQ(must_get(as, "/v1/trucks/TRK-1/history").at("items").size(), 50U);
  EXPECT_EQ(ask("haulcast", secrets.at("HAULCAST_DB_PASSWORD"), "SELECT count(*) FROM haulcast.position").out, "50\n");

  const auto ended = all->stop("haulcast");
  ASSERT_TRUE(ended) << "it takes longer than its grace period";
  EXPECT_EQ(ended->code, 0) << all->log("haulcast");
  all->start("haulcast");
  ASSERT_TRUE(all->becomes_healthy("haulcast"));
  auto again = admin();
  EXPECT_EQ(must_get(again, "/v1/trucks/TRK-1/history").at("items").size(), 50U);
  for (const char* service : {"haulcast", "postgres", "redis"}) {
    const auto left = all->stop(service);
    ASSERT_TRUE(left) << service;
    EXPECT_EQ(left->code, 0) << all->log(service);
    EXPECT_FALSE(all->healthy(service));
  }
}

TEST_F(ComposedWithPostgres, TheServersRoleReadsAndWritesRowsAndNothingElse) {
  all->start("postgres");
  ASSERT_TRUE(all->becomes_healthy("postgres")) << all->log("postgres");
  all->start("migrate");
  const auto rows = [&](const std::string& sql) { return ask("haulcast", secrets.at("HAULCAST_DB_PASSWORD"), sql); };
  ASSERT_TRUE(
      eventually([&] { return rows("SELECT count(*) FROM haulcast.position").exit.code == 0; }, std::chrono::minutes{1}))
      << all->log("migrate");
  for (const char* refused : {"CREATE TABLE haulcast.mine (a int)", "DROP TABLE haulcast.event", "TRUNCATE haulcast.position",
                              "ALTER TABLE haulcast.truck ADD mine int", "CREATE SCHEMA mine",
                              "CREATE TABLE public.mine (a int)", "CREATE ROLE other", "COPY haulcast.truck TO PROGRAM 'cat'",
                              "UPDATE pg_catalog.pg_class SET relname = 'x' WHERE false"}) {
    const auto told = rows(refused);
    EXPECT_NE(told.exit.code, 0) << refused;
    EXPECT_TRUE(told.err.find("permission denied") != told.err.npos || told.err.find("must be") != told.err.npos) << told.err;
  }
  EXPECT_EQ(rows("INSERT INTO haulcast.dead_letter SELECT * FROM haulcast.dead_letter").exit.code, 0);
  EXPECT_NE(ask("haulcast", "wrong", "SELECT 1").exit.code, 0) << "any password will do";
  EXPECT_NE(ask("haulcast_owner", secrets.at("HAULCAST_DB_PASSWORD"), "SELECT 1").exit.code, 0);
}

/// The server is there before its database, and catches up.
TEST_F(ComposedWithPostgres, WithoutItsDatabaseItTakesPositionsAndWritesThemLater) {
  all->start("haulcast");
  ASSERT_TRUE(all->becomes_healthy("haulcast")) << all->log("haulcast");
  auto as = admin();
  must_post(as, {driving("TRK-1", now_ms() - 60'000, 0)});
  expect_problem(as.get("/v1/trucks/TRK-1/history"), 503, "store_unavailable");
  all->start("postgres");
  ASSERT_TRUE(all->becomes_healthy("postgres")) << all->log("postgres");
  all->start("migrate");
  EXPECT_TRUE(eventually([&] { return store_has_all(as); }, std::chrono::minutes{2})) << all->log("haulcast");
  EXPECT_EQ(must_get(as, "/v1/trucks/TRK-1/history").at("items").size(), 1U);
}

}  // namespace
}  // namespace haulcast::support
