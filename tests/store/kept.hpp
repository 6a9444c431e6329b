// A store of a test's own, of either kind, written by batches that follow one another.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/story.hpp"
#include "haulcast/store/reader.hpp"
#include "haulcast/store/writer.hpp"

namespace haulcast::store::story {

using namespace engine::story;
using engine::verdict;

/// Where a store is, whichever it is.
class ground {
 public:
  virtual ~ground() = default;
  virtual std::unique_ptr<writer> make_writer() = 0;
  virtual std::unique_ptr<reader> make_reader() = 0;
  /// What is said to a client that is not ours: "1|2;3|4;".
  virtual std::string ask(const std::string& sql) = 0;
};

/// That file, or one in a directory of its own.
std::unique_ptr<ground> sqlite_ground(std::filesystem::path path = {});
/// A new database in a server that all tests of the process share; null where PostgreSQL is not installed.
std::unique_ptr<ground> postgres_ground();

class kept {
 public:
  explicit kept(std::unique_ptr<ground> on) : where{std::move(on)} {
    const auto opened = to->open();
    EXPECT_TRUE(opened) << opened.error().why;
  }

  batch& next(offset_t records = 1) {
    rows = {};
    rows.begins = last + 1;
    rows.reaches = last + records;
    rows.heard = morning;
    return rows;
  }
  void add(std::uint32_t truck, const engine::position& p, verdict what = verdict::live) {
    rows.positions.push_back({.at = {rows.begins, static_cast<std::uint32_t>(rows.positions.size())},
                              .truck = truck,
                              .may_repeat = what != verdict::live,
                              .judged = {what},
                              .received_at = p.timestamp + 1s,
                              .what = p});
  }
  store_result<void> write() {
    auto done = to->write(rows, "j");
    if (done) last = rows.reaches;
    return done;
  }
  void hear(const std::string& truck, const std::vector<engine::position>& sent, verdict what = verdict::live) {
    next();
    rows.trucks.push_back(truck);
    for (const auto& p : sent) add(0, p, what);
    const auto written = write();
    EXPECT_TRUE(written) << written.error().why;
  }
  std::vector<std::int64_t> seconds_of(const std::string& truck, milliseconds from = 0ms, milliseconds to_time = 24h) {
    std::vector<std::int64_t> all;
    const auto got = from_store->history({.truck_id = truck, .from = morning + from, .to = morning + to_time});
    EXPECT_TRUE(got) << got.error().why;
    if (!got) return all;
    for (const auto& row : got->rows) all.push_back((row.what.timestamp() - morning) / 1s);
    return all;
  }
  std::string ask(const std::string& sql) const { return where->ask(sql); }

  std::unique_ptr<ground> where;
  std::unique_ptr<writer> to = where->make_writer();
  std::unique_ptr<reader> from_store = where->make_reader();
  batch rows;
  offset_t last = 0;
};

event_row told(offset_t offset, std::uint32_t index, milliseconds when, engine::event_type type, std::string truck);
/// With every member.
engine::position full(milliseconds when);

}  // namespace haulcast::store::story
