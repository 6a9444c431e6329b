// PostgreSQL behind a real server: whatever befalls either, it comes to hold what the journal has, once, and nobody waits for
// it.
#include "integration/postgres_mirror.hpp"
#include "integration/store_audit.hpp"
#include "integration/story.hpp"
#include "support/ledger_loader.hpp"
#include "support/needs.hpp"
#include "support/postgres_server.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class StoreInPostgres : public testing::Test {
 protected:
  void SetUp() override {
    NEEDS_POSTGRES();
    database = std::make_unique<postgres_server>();
    database->run("CREATE DATABASE haulcast");
    options.environment["HAULCAST_STORE__URL"] = database->connection("haulcast") + " password=WordThatNobodyMaySee";
  }
  void terminate_backends() {
    database->run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'haulcast'");
  }
  /// Drained, ended, and compared with journal and books.
  void expect_whole_store(server& s, const ledger& books) {
    EXPECT_TRUE(await_store(s)) << s.log();
    EXPECT_EQ(s.stop().code, 0);
    mirror_postgres(database->connection("haulcast"), s.data_dir());
    const store_report report = audit_store(books, s.data_dir());
    EXPECT_TRUE(report.clean()) << report.to_string();
    EXPECT_GT(report.positions, 0U);
    EXPECT_EQ(s.log().find("WordThatNobodyMaySee"), std::string::npos);
  }

  std::unique_ptr<postgres_server> database;
  server_options options;
};

TEST_F(StoreInPostgres, HoldsEachAcknowledgedPositionOnceWhateverDies) {
  server s{options};
  ledger_loader loader{s.base(), {.token = s.token(), .workers = 2, .trucks = 8, .pause = 5ms}};
  const auto some_more = [&] {
    const auto before = loader.acknowledged();
    EXPECT_TRUE(eventually([&] { return loader.acknowledged() > before + 200; }, 60s)) << s.log();
  };
  some_more();
  for (int round = 0; round < 3; ++round) {
    terminate_backends();
    some_more();
    s.kill();
    s.start();
    some_more();
    database->kill_and_restart();
    some_more();
    database->freeze();
    some_more();  // nobody waits for it
    database->thaw();
  }
  const ledger books = loader.finish(60s);
  EXPECT_TRUE(books.contradictions.empty());
  expect_whole_store(s, books);
}

/// One that answers in time stops the start; of one that answers later the log tells.
TEST_F(StoreInPostgres, OfAnotherJournalIsNotWrittenUntilItIsAdopted) {
  {
    server first{options};
    api admin = first.as();
    must_post(admin, {driving("TRK-1", now_ms() - 3'600'000, 0)});
    EXPECT_TRUE(await_store(first)) << first.log();
  }
  server s;
  s.stop();
  s.options().environment.insert_or_assign("HAULCAST_STORE__URL", options.environment["HAULCAST_STORE__URL"]);
  s.spawn();
  EXPECT_TRUE(eventually([&] { return s.log().find("the store belongs to another journal") != std::string::npos; }, 60s));
  const auto ended = s.process().wait(10s);
  if (ended) EXPECT_EQ(ended->code, 3);
  s.kill();
  s.options().arguments = {"--adopt"};
  s.start();
  api admin = s.as();
  must_post(admin, {driving("TRK-2", now_ms() - 3'600'000, 0)});
  EXPECT_TRUE(await_store(s)) << s.log();
  EXPECT_EQ(database->run("SELECT count(*) FROM haulcast.position", 1min, "haulcast"), "2\n");
}

TEST_F(StoreInPostgres, IsAwaitedWhereItIsNotThereYetAndCaughtUp) {
  database->freeze();
  options.environment["HAULCAST_STORE__MIGRATE"] = "false";
  server s{options};
  EXPECT_TRUE(eventually([&] { return s.log().find("the store does not answer yet") != std::string::npos; })) << s.log();
  api admin = s.as();
  for (int i = 0; i < 50; ++i) must_post(admin, {driving("TRK-1", now_ms() - 3'600'000, i)});
  EXPECT_EQ(metric(admin.get("/metrics").raw.body, "haulcast_store_up"), 0);
  database->thaw();
  EXPECT_TRUE(eventually([&] { return s.log().find("waits for `haulcast migrate`") != std::string::npos; }, 60s)) << s.log();
  const auto migrated = run_to_end({.program = HAULCAST_BINARY, .arguments = {"migrate"}, .environment = options.environment});
  EXPECT_EQ(migrated.exit.code, 0) << migrated.err;
  EXPECT_NE(migrated.out.find("from version 0 to"), std::string::npos) << migrated.out;
  expect_whole_store(s, {});
}

}  // namespace
}  // namespace haulcast::support
