#include "postgres_session.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <vector>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
// libpqxx 6.4 asks the connection for its encoding before it takes a result into its keeping, and throws where that is broken:
// the result (2 KiB) is lost, once for each connection that is. Its own frame has no name, so this is where libpq makes
// results; whatever else is lost, by libpqxx too, is told.
extern "C" const char* __lsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier): the sanitizer's own name
extern "C" const char* __lsan_default_suppressions() { return "leak:PQmakeEmptyPGresult"; }
#endif
#endif

namespace haulcast::store {

namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds look_up_every{100};  // whether it was interrupted, while it connects

struct free_options {
  void operator()(PQconninfoOption* o) const noexcept { PQconninfoFree(o); }
};
using url_parts = std::unique_ptr<PQconninfoOption, free_options>;

url_parts parse(const std::string& url) {
  char* why = nullptr;
  url_parts parts{PQconninfoParse(url.c_str(), &why)};
  PQfreemem(why);  // it may show a piece of the password
  return parts;
}

/// What the URL says, and behind it what it leaves to us.
struct parameters {
  std::vector<const char*> names;
  std::vector<const char*> values;
  std::size_t hosts = 1;

  explicit parameters(const PQconninfoOption* said, const std::string& timeout_ms) {
    for (const auto* o = said; o != nullptr && o->keyword != nullptr; ++o) {
      if (o->val == nullptr) continue;
      add(o->keyword, o->val);
      if (std::string_view{o->keyword} == "host")
        hosts = 1 + static_cast<std::size_t>(std::ranges::count(std::string_view{o->val}, ','));
    }
    const auto otherwise = [&](std::string_view name, const char* value) {
      for (const char* has : names) {
        if (name == has) return;
      }
      add(name.data(), value);
    };
    otherwise("fallback_application_name", "haulcast");
    otherwise("client_encoding", "UTF8");
    otherwise("keepalives", "1");
    otherwise("keepalives_idle", "30");
    otherwise("keepalives_interval", "10");
    otherwise("keepalives_count", "3");
    otherwise("tcp_user_timeout", timeout_ms.c_str());
    names.push_back(nullptr);
    values.push_back(nullptr);
  }

 private:
  void add(const char* name, const char* value) {
    names.push_back(name);
    values.push_back(value);
  }
};

bool is_poison(const std::string& state) noexcept {
  return state.starts_with("22") || state.starts_with("23") || state.starts_with("54");
}

}  // namespace

// A password that is not encoded ends early, and its rest is taken for something else, which messages show: so that is refused
// here.
std::string problem_of_postgres_url(const std::string& url) {
  const auto said = parse(url);
  if (!said) return "must be a PostgreSQL URL, such as postgresql://haulcast@db.example.org/haulcast";
  for (const auto* o = said.get(); o->keyword != nullptr; ++o) {
    const std::string_view name{o->keyword};
    const std::string_view value{o->val == nullptr ? "" : o->val};
    const bool odd = name == "port" ? value.find_first_not_of("0123456789,") != value.npos
                                    : (name == "host" || name == "dbname") && value.find('@') != value.npos;
    if (odd)
      return "must be a PostgreSQL URL in which the port is a number, and / @ ? : # and % in the password are written as %2F "
             "and "
             "so on";
  }
  return {};
}

/// libpqxx asks for a connection here; we make it without waiting for longer than we want to.
class postgres_session::connecting final : public pqxx::connectionpolicy {
 public:
  connecting(const postgres_options& options, postgres_watch& watch)
      : connectionpolicy{std::string{}}, options_{options}, watch_{watch} {}

  handle do_startconnect(handle had) override {
    // A connection that was lost is not made anew behind our back: what it was told is forgotten.
    if (had != nullptr && PQstatus(had) == CONNECTION_OK) return had;
    if (raw_ != nullptr) throw pqxx::broken_connection{"the connection was lost"};
    if (const auto why = problem_of_postgres_url(options_.url); !why.empty()) throw pqxx::broken_connection{"store.url " + why};
    const auto said = parse(options_.url);
    const std::string timeout = std::to_string(options_.connect_timeout.count());
    const parameters with{said.get(), timeout};
    raw_ = PQconnectStartParams(with.names.data(), with.values.data(), 0);
    if (raw_ == nullptr) throw std::bad_alloc{};
    PQsetNoticeProcessor(raw_, [](void*, const char*) {}, nullptr);
    try {
      come_through(clock::now() + options_.connect_timeout * static_cast<int>(with.hosts));
    } catch (...) {
      PQfinish(raw_);
      raw_ = nullptr;
      throw;
    }
    watch_.attend(PQsocket(raw_));
    return raw_;
  }
  handle do_dropconnect(handle had) noexcept override { return had; }
  handle do_disconnect(handle had) noexcept override {
    if (had == nullptr) return nullptr;
    watch_.attend(-1);
    PQfinish(had);
    return nullptr;
  }
  bool is_ready(handle had) const noexcept override { return had != nullptr; }
  PGconn* raw() const noexcept { return raw_; }

 private:
  void come_through(clock::time_point until) {
    PostgresPollingStatusType wants = PGRES_POLLING_WRITING;
    for (; wants != PGRES_POLLING_OK; wants = PQconnectPoll(raw_)) {
      if (wants == PGRES_POLLING_FAILED || PQstatus(raw_) == CONNECTION_BAD) {
        throw pqxx::broken_connection{first_line(PQerrorMessage(raw_))};
      }
      pollfd waits{.fd = PQsocket(raw_), .events = static_cast<short>(wants == PGRES_POLLING_READING ? POLLIN : POLLOUT)};
      while (::poll(&waits, 1, static_cast<int>(look_up_every.count())) <= 0) {
        if (watch_.interrupted()) throw pqxx::broken_connection{"interrupted"};
        if (clock::now() > until) {
          throw pqxx::broken_connection{fmt::format("it took no connection within {} ms", options_.connect_timeout.count())};
        }
      }
    }
  }

  const postgres_options& options_;
  postgres_watch& watch_;
  PGconn* raw_ = nullptr;
};

class postgres_session::connection final : public pqxx::connection_base {
 public:
  explicit connection(connecting& how) : connection_base{how} { init(); }
  ~connection() { close(); }
};

postgres_session::postgres_session(const postgres_options& options, use how, postgres_watch& watch)
    : how_{std::make_unique<connecting>(options, watch)}, sql_{std::make_unique<connection>(*how_)} {
  const bool writes = how == use::writing;
  const milliseconds most = writes ? options.answer_timeout : options.query_timeout;
  const postgres_watch::spell bounded{watch, options.connect_timeout + grace};
  pqxx::nontransaction set{*sql_};
  set.exec(
      fmt::format("SET statement_timeout = {0}; SET lock_timeout = {1}; SET idle_in_transaction_session_timeout = {2}; "
                  "SET client_connection_check_interval = 2000; SET client_min_messages = error; SET jit = off; "
                  "SET extra_float_digits = 1; SET TimeZone = 'UTC'; SET bytea_output = hex; {3}",
                  most.count(), std::min(most, milliseconds{5'000}).count(), (most + grace).count(),
                  // Answers do not hang on how fresh a partition's statistics are: there is an index for each question.
                  writes ? "SET synchronous_commit = off" : "SET enable_seqscan = off; SET enable_bitmapscan = off"));
}

postgres_session::~postgres_session() = default;

pqxx::connection_base& postgres_session::sql() noexcept { return *sql_; }
PGconn* postgres_session::raw() noexcept { return how_->raw(); }

void postgres_session::set_search_path() {
  pqxx::nontransaction set{*sql_};
  set.exec(
      "SELECT set_config('search_path', 'haulcast, ' || coalesce((SELECT quote_ident(n.nspname) FROM pg_extension e "
      "JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'postgis'), 'public'), false)");
}

std::string first_line(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  for (const std::string_view mark : {"ERROR:  ", "FATAL:  ", "PANIC:  "}) {
    if (text.starts_with(mark)) text.remove_prefix(mark.size());
  }
  return std::string{text};
}

void raise(PGconn* connection, const PGresult* result) {
  const char* const state = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (state == nullptr) throw pqxx::broken_connection{first_line(PQerrorMessage(connection))};
  const std::string why = first_line(PQresultErrorMessage(result));
  if (std::string_view{state} == "23505") throw pqxx::unique_violation{why, {}, state};
  throw pqxx::sql_error{why, {}, state};
}

store_error error_of(const std::exception& thrown, const postgres_watch& watch, milliseconds waited) {
  if (watch.interrupted()) return {trouble::unavailable, "the store is being left"};
  if (watch.timed_out()) {
    return {trouble::unavailable, fmt::format("PostgreSQL does not answer (for {} s)", waited.count() / 1'000)};
  }
  if (dynamic_cast<const hopeless*>(&thrown) != nullptr) return {trouble::fatal, thrown.what()};
  if (dynamic_cast<const unstorable*>(&thrown) != nullptr) return {trouble::poison, thrown.what()};
  const auto* const said = dynamic_cast<const pqxx::sql_error*>(&thrown);
  return {said != nullptr && is_poison(said->sqlstate()) ? trouble::poison : trouble::unavailable,
          "PostgreSQL: " + first_line(thrown.what())};
}

std::string text_array(const std::vector<std::string_view>& texts) {
  std::string text = "{";
  for (const std::string_view each : texts) {
    text += '"';
    for (const char c : each) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += "\",";
  }
  if (text.size() > 1) text.pop_back();
  return text += '}';
}

}  // namespace haulcast::store
