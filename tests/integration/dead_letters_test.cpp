// Rows that the database alone refuses, for a reason that nobody here knows of: a constraint of its owner's. The others arrive.
#include "integration/either_store.hpp"
#include "integration/past.hpp"

namespace haulcast::support {
namespace {

using nlohmann::json;

class DeadLetters : public EitherStore {
 protected:
  /// From now on the tables take no position at 66 km/h, no event of a truck BAD-..., and nothing refused for its latitude.
  void forbid(const server& s) {
    if (!in_postgres()) {
      for (const char* each : {"fresh_position WHEN NEW.speed_kmh = 66", "event WHEN NEW.truck_id LIKE 'BAD-%'",
                               "quarantine WHEN NEW.code = 'latitude_out_of_range'"}) {
        static int made = 0;
        ASSERT_EQ(ask_store(s, "CREATE TRIGGER forbid" + std::to_string(++made) + " BEFORE INSERT ON " + each +
                                   " BEGIN SELECT RAISE(ABORT, 'the owner forbids it'); END"),
                  "");
      }
      return;
    }
    ASSERT_EQ(ask_store(s, R"sql(
CREATE FUNCTION public.forbid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the owner forbids it' USING ERRCODE = 'check_violation'; END $$;
CREATE TRIGGER forbid BEFORE INSERT ON position FOR EACH ROW WHEN (NEW.speed_kmh = 66) EXECUTE FUNCTION public.forbid();
CREATE TRIGGER forbid BEFORE INSERT ON event FOR EACH ROW WHEN (NEW.truck_id LIKE 'BAD-%') EXECUTE FUNCTION public.forbid();
CREATE TRIGGER forbid BEFORE INSERT ON quarantine FOR EACH ROW WHEN (NEW.code = 'latitude_out_of_range')
  EXECUTE FUNCTION public.forbid();)sql"),
              "");
  }
};
TOLD_OF_EITHER_STORE(DeadLetters);

TEST_P(DeadLetters, TheRowsToBlameAndNoOthersAreSetAsideWithTheReason) {
  server s{kept()};
  auto admin = s.as();
  const auto begin = now_ms() - 3'600'000;
  must_post(admin, {driving("TRK-1", begin, 0)});
  ASSERT_TRUE(eventually([&] { return store_has_all(admin); }));
  forbid(s);
  if (HasFatalFailure()) return;
  constexpr int batches = 60;
  int bad = 0;
  for (int i = 1; i <= batches; ++i) {
    std::vector<json> positions;
    for (int j = 0; j < 10; ++j) {
      positions.push_back(driving("TRK-1", begin, i * 10 + j));
      if ((i * 10 + j) % 97 == 0) positions.back()["speed_kmh"] = 66, ++bad;
    }
    if (i % 20 == 0) positions.push_back(driving("BAD-" + std::to_string(i), begin, i));  // truck.online of it
    if (i % 30 == 0) {
      positions.push_back(driving("TRK-1", begin, i));
      positions.back()["latitude"] = 91;
    }
    must_post(admin, std::move(positions));
  }
  ASSERT_TRUE(eventually([&] { return store_has_all(admin); }, std::chrono::minutes{2})) << s.log();
  ASSERT_GT(bad, 3);
  const int letters = bad + batches / 20 + batches / 30;
  EXPECT_EQ(metric(admin.get("/metrics").raw.body, "haulcast_store_dead_letters_total"), letters);
  EXPECT_EQ(metric(admin.get("/metrics").raw.body, "haulcast_store_up"), 1);
  const auto items = all_pages(admin, "/v1/trucks/TRK-1/history", 1'000);
  EXPECT_EQ(items.size(), 1U + batches * 10 - static_cast<std::size_t>(bad));
  for (const auto& item : items) EXPECT_NE(item.at("speed_kmh"), 66);
  EXPECT_EQ(all_pages(admin, "/v1/events", 100).size(), 1U) << "those of the bad trucks are set aside, that of TRK-1 is there";
  EXPECT_TRUE(all_pages(admin, "/v1/quarantine", 100).empty());
  EXPECT_EQ(must_get(admin, "/v1/trucks/BAD-20/history").at("items").size(), 1U) << "its position is not to blame";

  EXPECT_EQ(s.stop().code, 0);
  const std::string schema = in_postgres() ? "haulcast." : "";
  EXPECT_EQ(ask_store(s, "SELECT count(*) FROM " + schema + "dead_letter WHERE reason LIKE '%the owner forbids it%'"),
            std::to_string(letters) + ";");
  EXPECT_EQ(ask_store(s, "SELECT count(*) FROM " + schema + "dead_letter WHERE truck_id = 'TRK-1'"),
            std::to_string(bad + batches / 30) + ";");
}

}  // namespace
}  // namespace haulcast::support
