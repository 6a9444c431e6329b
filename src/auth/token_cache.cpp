#include "haulcast/auth/token_cache.hpp"

#include <algorithm>
#include <boost/multi_index/hashed_index.hpp>
#include <boost/multi_index/member.hpp>
#include <boost/multi_index/sequenced_index.hpp>
#include <boost/multi_index_container.hpp>
#include <functional>
#include <string>
#include <utility>

namespace haulcast::auth {
namespace {

namespace mi = boost::multi_index;

struct entry {
  std::string token;
  believed what;
  std::size_t bytes;
};

/// A token ends in its signature, which is as good as random: its last bytes are a hash already, and hashing only them makes
/// the cost independent of the token's length.
struct signature_hash {
  std::size_t operator()(std::string_view token) const noexcept {
    const auto tail = std::min<std::size_t>(token.size(), 16);
    return std::hash<std::string_view>{}(token.substr(token.size() - tail));
  }
};

using entries = mi::multi_index_container<
    entry, mi::indexed_by<mi::sequenced<>,
                          mi::hashed_unique<mi::member<entry, std::string, &entry::token>, signature_hash, std::equal_to<>>>>;

/// An estimate: texts, the nodes they live in, and a bucket.
std::size_t bytes_of(std::string_view token, const principal& who) noexcept {
  std::size_t bytes = token.size() + sizeof(entry) + sizeof(principal) + 6 * sizeof(void*);
  bytes += who.subject.capacity() + who.customer_id.capacity() + who.merchant_id.capacity();
  for (const auto& truck : who.trucks) bytes += sizeof(std::string) + truck.capacity();
  return bytes;
}

}  // namespace

struct token_cache::table {
  std::size_t bytes_max;
  std::size_t bytes = 0;
  entries all;  // the first is the most recently used

  auto& by_token() noexcept { return all.get<1>(); }
  auto look_up(std::string_view token) { return by_token().find(token, signature_hash{}, std::equal_to<>{}); }
};

token_cache::token_cache(std::size_t bytes_max) : table_{std::make_unique<table>(table{bytes_max, 0, {}})} {}
token_cache::~token_cache() = default;

const believed* token_cache::find(std::string_view token) noexcept {
  const auto found = table_->look_up(token);
  if (found == table_->by_token().end()) return nullptr;
  table_->all.relocate(table_->all.begin(), table_->all.project<0>(found));
  return &found->what;
}

void token_cache::put(std::string_view token, believed what) {
  erase(token);
  const auto bytes = bytes_of(token, *what.who);
  table_->all.push_front({std::string{token}, std::move(what), bytes});
  table_->bytes += bytes;
  while (table_->bytes > table_->bytes_max) {
    table_->bytes -= table_->all.back().bytes;
    table_->all.pop_back();
  }
}

void token_cache::erase(std::string_view token) noexcept {
  const auto found = table_->look_up(token);
  if (found == table_->by_token().end()) return;
  table_->bytes -= found->bytes;
  table_->by_token().erase(found);
}

std::size_t token_cache::size() const noexcept { return table_->all.size(); }
std::size_t token_cache::bytes() const noexcept { return table_->bytes; }

}  // namespace haulcast::auth
