// A server that dies again and again under a loader that keeps books, and the audit of what is left.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <random>
#include <string>

#include "auditor.hpp"
#include "fence_keeper.hpp"
#include "store_audit.hpp"
#include "support/ledger_loader.hpp"
#include "support/server.hpp"
#include "watcher_ledger.hpp"

namespace haulcast::support {

/// What a hook sees.
struct crash_scene {
  server& it;
  const ledger_loader& loader;
  std::mt19937_64& dice;  // the plan's seed
  int deaths = 0;         // so far
};

struct crash_plan {
  std::filesystem::path binary;                    // empty: the real one
  std::map<std::string, std::string> environment;  // of the server, over the story's own
  int kills = 20;                                  // deaths, those while starting among them
  std::uint64_t seed = 1;
  ledger_mix mix;
  std::size_t workers = 6;
  std::size_t trucks_each = 3;
  std::chrono::milliseconds rest{0};  // of all workers, after each 400 ms of posting
  bool watched = false;               // by subscribers and readers of the event stream; see watch_plans()
  bool fences = false;                // somebody creates, changes and deletes geofences all the while
  std::size_t bystanders = 0;         // of silent subscribers to the trucks that single watchers follow
  bool conflated = false;             // they fall behind at once; else they must be told everything

  double while_starting = 0;              // share of starts that are killed before they are over, as far as the last one tells
  double before_first = 0;                // ... once the server listens, before or about when it acknowledges something
  std::uint64_t acknowledged_min = 1;     // positions between a start and a death under load; waited for up to a minute
  std::uint64_t acknowledged_in_all = 0;  // with duplicates and refused ones: after the last death the load goes on until then
  std::chrono::milliseconds longer_max{200};  // lived on after them, drawn evenly

  /// How the next death comes about, instead of those shares; each may be missing.
  /// Before every start but the first: it may change the server's options, so that something is armed. True: this start may
  /// end in a death. Otherwise a start that fails ends the story (`why`); so does one that gives a reason, in any case.
  std::function<bool(const crash_scene&)> before_start;
  /// The server listens and has its load. Returns when it is to be killed; it may be dead by then.
  std::function<void(const crash_scene&)> live;
  /// The server has left, for good.
  std::function<void(const std::filesystem::path& data_dir)> before_audit;
};

struct crash_outcome {
  ledger books;
  audit_report report;
  store_report store;
  std::vector<watch_report> watched;
  std::uint64_t events = 0;  // in the journal, where watched
  fence_keeper::report fences;
  int deaths = 0;
  int while_starting = 0;  // of the deaths: before it listened
  int before_first = 0;    // of the others: before it acknowledged anything
  int by_itself = 0;       // of all: dead before it was killed
  std::string why;         // a start was refused: what it said; the story ends there
  std::string from_start;  // what `haulcast verify` says of the world
  std::string from_snapshots;
};

/// Lets the loader finish its batches after the last death, and stops the server. gtest failures tell of what must never be:
/// it does not leave with code 0, or `verify` fails.
crash_outcome crash(const crash_plan& plan);

}  // namespace haulcast::support
